//! What becomes of an approved transaction (docs/centre.md §21): pending until it is posted, voided or expired, and once only.

use super::*;
use crate::configuration::kinds::kind;
use crate::terminal::pending::PendingBound;

const STAN: u32 = 7;

/// A transaction of 35.80 at noon, and what can happen to it.
struct Deal {
    centre: Centre,
    card: CardRecord,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Transaction,
    Confirmation,
    Reversal,
    /// Four days pass, and what is due is done.
    Days,
}

impl Deal {
    fn new() -> Self {
        let card = inactive(b"X00000019");
        Self { centre: centre_with(&card), card }
    }

    /// Makes something happen; the answer, if it is a message.
    fn happen(&mut self, event: Event) -> Option<Answer> {
        let original = unknown_original();
        let stan = Stan(STAN);
        match event {
            Event::Transaction => Some(transact(&mut self.centre, PHARMACY, STAN, &self.card, &purchase(3_580))),
            Event::Confirmation => Some(self.confirm(original, None)),
            Event::Reversal => Some(send(&mut self.centre, PHARMACY, Body::Reverse { stan, original }).unwrap()),
            Event::Days => {
                self.at(4 * 24);
                self.centre.expire().unwrap();
                self.at(0);
                None
            }
        }
    }

    fn happen_all(&mut self, events: &[Event]) {
        for event in events {
            self.happen(*event);
        }
    }

    fn confirm(&mut self, original: Original, result: Option<Reason>) -> Answer {
        send(&mut self.centre, PHARMACY, Body::Confirm { stan: Stan(STAN), original, result }).unwrap()
    }

    /// So many hours after noon.
    fn at(&mut self, hours: i64) {
        let now = noon_here().checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
        self.centre.set_clock(Box::new(SetClock::new(now)));
    }

    fn phase(&self) -> Option<Phase> {
        let journal = self.centre.journal().unwrap();
        journal.iter().find(|line| line.decided_by == DecidedBy::Centre && line.outcome == Outcome::Approved)?.phase
    }

    /// What the account has lost, and whether the card is in use.
    fn effect(&self) -> (i128, bool) {
        let card = now(&self.centre, &self.card);
        (i128::from(self.card.account.0) - i128::from(card.account.0), card.social)
    }
}

/// The table of the page: what was before, and what is answered then.
#[test]
fn each_way_of_being_late_has_its_own_answer() {
    use Event::{Confirmation, Days, Reversal, Transaction};
    let refused = |reason| Some(Answer::Refused(reason));
    let done = Some(Answer::Done);
    let first = Some(approved(true, false, 3_580, 46_420));
    let rows = [
        (&[Transaction][..], Phase::Pending, (3_580, true), [done.clone(), done.clone(), first.clone()]),
        (
            &[Transaction, Confirmation],
            Phase::Posted,
            (3_580, true),
            [done.clone(), refused(Reason::AlreadyConfirmed), first],
        ),
        (
            &[Transaction, Reversal],
            Phase::Voided,
            (0, false),
            [refused(Reason::AlreadyReversed), done.clone(), refused(Reason::AlreadyReversed)],
        ),
        (&[Transaction, Days], Phase::Expired, (0, false), [refused(Reason::Expired), done, refused(Reason::Expired)]),
    ];
    for (before, phase, effect, answers) in rows {
        for (event, answer) in [Confirmation, Reversal, Transaction].into_iter().zip(answers) {
            let mut deal = Deal::new();
            deal.happen_all(before);
            assert_eq!((deal.phase(), deal.effect()), (Some(phase), effect), "{before:?}");
            let pending = deal.centre.pending().unwrap();
            assert_eq!(pending, u32::from(phase == Phase::Pending), "{before:?}");
            for _ in 0..2 {
                assert_eq!(deal.happen(event), answer, "{before:?}, then {event:?}");
            }
            if phase != Phase::Pending {
                assert_eq!((deal.phase(), deal.effect()), (Some(phase), effect), "{before:?}, then {event:?}");
            }
        }
    }
}

#[test]
fn what_was_never_approved_is_not_confirmed() {
    let mut deal = Deal::new();
    let unknown = Answer::Refused(Reason::UnknownTransaction);
    assert_eq!(deal.happen(Event::Confirmation), Some(unknown.clone()));
    // Refused by a rule.
    let dear = transact(&mut deal.centre, PHARMACY, STAN, &deal.card, &purchase(90_000));
    assert_eq!(dear, Answer::Refused(Reason::InsufficientFunds));
    let original = Original { total: Fen(90_000), ..unknown_original() };
    assert_eq!(deal.confirm(original, None), unknown);
    let journal = deal.centre.journal().unwrap();
    assert_eq!(journal.iter().filter(|line| line.reason == Some(Reason::UnknownTransaction)).count(), 2);
    assert_eq!((deal.phase(), deal.centre.pending().unwrap()), (None, 0));
    // Reversed before it came: it never comes.
    let mut deal = Deal::new();
    deal.happen(Event::Reversal);
    assert_eq!(deal.happen(Event::Confirmation), Some(Answer::Refused(Reason::AlreadyReversed)));
}

#[test]
fn a_confirmation_of_something_else_confirms_nothing() {
    let mut deal = Deal::new();
    deal.happen(Event::Transaction);
    let original = unknown_original();
    for other in [
        Original { card: CardNumber::new(b"A12345674").unwrap(), ..original },
        Original { total: Fen(3_581), ..original },
        Original { time: original.time.after(1), ..original },
    ] {
        assert_eq!(deal.confirm(other, None), Answer::Refused(Reason::NumberReused));
    }
    assert_eq!(deal.phase(), Some(Phase::Pending));
    // What failed on the card is on record; said again otherwise, the first stays.
    for result in [Some(Reason::PinBlocked), None] {
        assert_eq!(deal.confirm(original, result), Answer::Done);
        let journal = deal.centre.journal().unwrap();
        assert_eq!(journal.iter().find_map(|line| line.result), Some(Reason::PinBlocked));
    }
}

/// Neither a lease nor a right clock is needed for telling what has happened.
#[test]
fn a_confirmation_needs_no_lease_and_no_clock() {
    let mut deal = Deal::new();
    deal.happen(Event::Transaction);
    deal.centre.release(InstitutionCode::new(PHARMACY).unwrap(), TILL).unwrap();
    let body = Body::Confirm { stan: Stan(STAN), original: unknown_original(), result: None };
    let time = Timestamp { hour: 3, ..noon() };
    assert_eq!(send_at(&mut deal.centre, PHARMACY, time, body).unwrap(), Answer::Done);
    assert_eq!(deal.phase(), Some(Phase::Posted));
}

/// The centre's clock counts, from the approval, and the area says how long.
#[test]
fn what_is_due_is_undone_to_the_hour_and_nothing_else() {
    for (hours, expired) in [(0, 0), (71, 0), (72, 1), (500, 1)] {
        let mut deal = Deal::new();
        deal.happen(Event::Transaction);
        deal.at(hours);
        assert_eq!(deal.centre.expire().unwrap(), expired, "{hours}");
        assert_eq!(deal.centre.expire().unwrap(), 0, "once");
        assert_eq!(deal.effect(), if expired == 1 { (0, false) } else { (3_580, true) }, "{hours}");
    }
    assert_eq!(kind::<PendingBound>().name, "terminal.pending");
    for (hours, fits) in [(0, false), (1, true), (720, true), (721, false)] {
        assert_eq!(crate::configuration::Parameter::check(&PendingBound { hours }).is_ok(), fits, "{hours}");
    }
}

/// More than one turn of work; each card is charged nothing in the end.
#[test]
fn a_backlog_is_worked_off_and_the_books_are_whole() {
    let mut deal = Deal::new();
    for stan in 1..=450 {
        transact(&mut deal.centre, PHARMACY, stan, &deal.card, &purchase(1));
    }
    assert_eq!((deal.effect(), deal.centre.pending().unwrap()), ((450, true), 450));
    deal.at(100);
    assert_eq!(deal.centre.expire().unwrap(), 450);
    assert_eq!((deal.effect(), deal.centre.pending().unwrap()), ((0, false), 0));
    deal.centre.verify().unwrap().iter().for_each(|(_, chain, wrong)| {
        assert!(matches!(chain, Chain::Whole(_)) && wrong.is_none());
    });
}

/// An activation that expired is inherited by a transaction that stands, as after a reversal.
#[test]
fn a_card_stays_in_use_if_something_that_stands_would_have_put_it_into_use() {
    let mut deal = Deal::new();
    deal.happen(Event::Transaction);
    transact(&mut deal.centre, PHARMACY, 8, &deal.card, &purchase(100));
    let body =
        Body::Confirm { stan: Stan(8), original: Original { total: Fen(100), ..unknown_original() }, result: None };
    assert_eq!(send(&mut deal.centre, PHARMACY, body).unwrap(), Answer::Done);
    deal.happen(Event::Days);
    assert_eq!(deal.effect(), (100, true));
    assert_eq!(
        activations(&deal.centre, &deal.card),
        [(Function::Social, PHARMACY.into(), STAN, true), (Function::Social, PHARMACY.into(), 8, false)]
    );
}

/// Faults of the table of phases, and the claim of the page that each breaks.
#[test]
fn each_fault_of_the_phases_is_noticed() {
    use Event::{Confirmation, Days, Reversal, Transaction};
    let faults: [(&str, &[Event], Event, fn(&Answer, &Deal) -> bool); 4] = [
        // A confirmation that is forgotten lets a posted sale be undone.
        (
            "UPDATE phases SET state = 'pending', resolved = NULL",
            &[Transaction, Confirmation],
            Reversal,
            |answer, _| *answer == Answer::Refused(Reason::AlreadyConfirmed),
        ),
        // An expiry that is forgotten undoes twice.
        ("UPDATE phases SET state = 'pending', resolved = NULL", &[Transaction, Days], Reversal, |_, deal| {
            deal.effect() == (0, false)
        }),
        // Whoever takes what expired for posted tells the operator that all is well.
        ("UPDATE phases SET state = 'posted'", &[Transaction, Days], Confirmation, |answer, _| {
            *answer == Answer::Refused(Reason::Expired)
        }),
        // What is not noted as pending cannot expire.
        ("DELETE FROM phases", &[Transaction], Transaction, |_, deal| deal.centre.pending().unwrap() == 1),
    ];
    for (fault, before, event, holds) in faults {
        let run = |is_faulty: bool| {
            let mut deal = Deal::new();
            deal.happen_all(before);
            if is_faulty {
                crate::store::database::Database::execute(&deal.centre.store, fault, &[]).unwrap();
            }
            // A centre that undoes twice may notice it itself.
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| deal.happen(event))).ok().flatten();
            answer.is_some_and(|answer| holds(&answer, &deal))
        };
        assert!(run(false) && !run(true), "{fault}: {before:?}, then {event:?}");
    }
}
