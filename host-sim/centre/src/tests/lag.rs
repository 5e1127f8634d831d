//! A terminal whose clock is wrong: it gets nothing that it asks for, and what it tells is heard (docs/centre.md §18).

use jiff::SignedDuration;
use qiyong_protocol::centre::Policy;

use crate::configuration;

use super::*;

/// A centre whose clock stands so many seconds after the terminals'.
fn centre_after(card: &CardRecord, seconds: i64) -> Centre {
    let mut centre = centre_with(card);
    move_clock(&mut centre, seconds);
    centre
}

fn move_clock(centre: &mut Centre, seconds: i64) {
    let moved = noon_here().checked_add(SignedDuration::from_secs(seconds)).unwrap();
    centre.set_clock(Box::new(SetClock::new(moved)));
}

/// At the bound of five minutes, and a second beyond it; behind and ahead.
const RIGHT: [i64; 4] = [300, -300, 1, 0];
const WRONG: [i64; 5] = [301, -301, 86_400, -86_400, 365 * 86_400];

/// What a terminal asks for: whether it got something, or was refused for its clock.
fn asks(centre: &mut Centre, card: &CardRecord) -> [Answer; 3] {
    let (shown, operation) = (presented(card), purchase(100));
    let inquiry = Body::Inquire { card: &shown, operation: &operation };
    [
        sign_in(centre, PHARMACY, TILL, TOKEN),
        send(centre, PHARMACY, inquiry).unwrap(),
        transact(centre, PHARMACY, 1, card, &operation),
    ]
}

#[test]
fn whoever_asks_under_a_wrong_clock_is_refused_and_recorded() {
    let card = inactive(b"X00000019");
    for seconds in RIGHT {
        let answers = asks(&mut centre_after(&card, seconds), &card);
        assert!(!answers.contains(&Answer::Refused(Reason::ClockWrong)), "{seconds}: {answers:?}");
    }
    for seconds in WRONG {
        let mut centre = centre_after(&card, seconds);
        assert_eq!(asks(&mut centre, &card), [const { Answer::Refused(Reason::ClockWrong) }; 3], "{seconds}");
        assert_eq!(now(&centre, &card), card);
        let journal = centre.journal().unwrap();
        let lines: Vec<_> = journal.iter().map(|line| (line.stan, line.reason, line.time, line.received)).collect();
        let wrong = (Some(Reason::ClockWrong), noon(), Some(centre.now()));
        let line = |stan| (stan, wrong.0, wrong.1, wrong.2);
        assert_eq!(lines, [line(None), line(None), line(Some(Stan(1)))], "{seconds}");
    }
}

/// What has happened has, whatever the clock says: nobody is charged because a clock is wrong, and nothing unheard.
#[test]
fn whoever_tells_is_heard_under_any_clock() {
    let card = inactive(b"X00000019");
    for seconds in WRONG {
        let mut centre = centre_with(&card);
        transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
        move_clock(&mut centre, seconds);
        assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done, "{seconds}");
        assert_eq!(now(&centre, &card).account, card.account, "{seconds}");
        let operation = purchase(100);
        let report = Body::Report { card: Some(card.number), operation: &operation, reason: Reason::PinBlocked };
        assert_eq!(send(&mut centre, PHARMACY, report).unwrap(), Answer::Done, "{seconds}");
        let question = Authenticate {
            ident: card.ident,
            historical: &[1; 13],
            algorithm: Algorithm::Sm4,
            internal: [0; 16],
            external: None,
        };
        let answer = send(&mut centre, PHARMACY, Body::Authenticate(question)).unwrap();
        assert!(matches!(answer, Answer::Authenticated { .. }), "{seconds}");
        // The inquiry before it goes by the clock; the change itself does not.
        let mut centre = centre_with(&card);
        inquire(&mut centre, PHARMACY, &card);
        let told = Timestamp { hour: 25, ..noon() };
        let body = Body::PinChanged { card: card.number, ident: card.ident };
        let institution = InstitutionCode::new(PHARMACY).unwrap();
        let changed = Request { institution, terminal: TILL, batch: Batch(1), time: told, body };
        assert_eq!(centre.handle(&changed).unwrap(), Answer::Done);
    }
}

/// The terminal was told that nothing was done, and is done with its number: the same message, come once more when the
/// clocks agree, must not be carried out.
#[test]
fn a_number_that_was_refused_for_the_clock_stays_refused() {
    let card = inactive(b"X00000019");
    // The terminal's clock is ahead, and the centre's comes up to it.
    let mut centre = centre_after(&card, -600);
    let refused = Answer::Refused(Reason::ClockWrong);
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), refused);
    move_clock(&mut centre, 0);
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), refused);
    assert_eq!(now(&centre, &card), card);
    assert!(matches!(transact(&mut centre, PHARMACY, 2, &card, &purchase(100)), Answer::Approved(_)));
    assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done, "there is nothing to undo");
    assert_eq!(now(&centre, &card).account, Fen(49_900));
}

/// A repetition keeps its time, and may come an hour later.
#[test]
fn a_repetition_gets_its_answer_whenever_it_comes() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let first = transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
    assert!(matches!(first, Answer::Approved(_)));
    move_clock(&mut centre, 3_600);
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), first);
    assert_eq!(now(&centre, &card).account, Fen(49_900));
}

#[test]
fn the_bound_is_the_area_of_the_terminals_and_its_reasons_come_in_their_order() {
    let card = inactive(b"X00000019");
    let mut centre = centre_after(&card, 600);
    let area = Region::new("320100").unwrap();
    let since = centre.now().date();
    configuration::keep(&centre.store, area, "terminal.clock", since, r#"{"minutes":10}"#).unwrap();
    assert!(matches!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), Answer::Approved(_)));
    // The other area has the default.
    assert_eq!(transact(&mut centre, SUZHOU, 1, &card, &purchase(100)), Answer::Refused(Reason::ClockWrong));
    // A place that nobody knows and a terminal without a lease are told that first.
    assert_eq!(transact(&mut centre, STRANGER, 1, &card, &purchase(100)), Answer::Refused(Reason::InstitutionUnknown));
    let (institution, shown, operation) = (InstitutionCode::new(SUZHOU).unwrap(), presented(&card), purchase(100));
    let body = Body::Transact { stan: Stan(2), card: &shown, operation: &operation };
    let other_batch = Request { institution, terminal: TILL, batch: Batch(2), time: noon(), body };
    assert_eq!(centre.handle(&other_batch).unwrap(), Answer::Refused(Reason::NotSignedIn));
}

/// What the area lays down of how often a terminal tries comes with a sign-in; an area that lays down nothing says nothing.
#[test]
fn a_sign_in_brings_the_policy_of_the_terminals_area() {
    let mut centre = centre_with(&inactive(b"X00000019"));
    let area = Region::new("320100").unwrap();
    let policy = |centre: &mut Centre, place| {
        let body = Body::SignIn { token: TOKEN };
        let institution = InstitutionCode::new(place).unwrap();
        let request = Request { institution, terminal: TILL, batch: Batch::NONE, time: noon(), body };
        match centre.handle(&request).unwrap() {
            Answer::SignedIn { session, .. } => session.policy,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(policy(&mut centre, PHARMACY), None);
    let since = centre.now().date();
    let value = r#"{"tries":4,"rounds":16,"wait":45,"pause":10}"#;
    configuration::keep(&centre.store, area, "terminal.policy", since, value).unwrap();
    assert_eq!(policy(&mut centre, PHARMACY), Some(Policy { tries: 4, rounds: 16, wait: 45, pause: 10 }));
    assert_eq!(policy(&mut centre, SUZHOU), None, "the other area has the default");

    // What no terminal would do is refused when it is set.
    let kind = crate::terminal::PARAMETERS.iter().find(|kind| kind.name == "terminal.policy").unwrap();
    let check = |value: &str| (kind.check)(serde_json::from_str(value).unwrap());
    assert!(check(value).is_ok());
    for wrong in [
        r#"{"tries":0,"rounds":16,"wait":45,"pause":10}"#,
        r#"{"tries":4,"rounds":100,"wait":45,"pause":10}"#,
        r#"{"tries":4,"rounds":16,"wait":4,"pause":10}"#,
        r#"{"tries":4,"rounds":16,"wait":45,"pause":61}"#,
    ] {
        assert!(check(wrong).unwrap_err().contains("tries: 1 to 9"), "{wrong}");
    }
    assert!(check(r#"{"tries":4}"#).is_err());
}
