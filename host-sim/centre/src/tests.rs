//! The centre, message by message. What holds for any sequence of messages is in [`model`].

pub(crate) mod acts;
pub(crate) mod batches;
pub(crate) mod closing;
mod coverage;
mod damage;
mod endpoint;
mod hsm;
mod keys;
mod killed;
mod lag;
mod leases;
pub(crate) mod met;
mod migration;
mod model;
mod phases;
mod proxy;
pub(crate) mod reading;
mod regions;
pub(crate) mod rejections;
mod reversals;
mod rooms;
mod server;
mod silent;
pub(crate) mod sweep;
mod version_2;

use std::fs;

use tempfile::TempDir;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::keys::{Algorithm, Scheme};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX};
use qiyong_protocol::centre::{
    Answer, Authenticate, Batch, Body, Lease, Original, Receipt, Request, Session, Stan, Standing, TerminalId, Token,
    WorkingKey,
};
use qiyong_protocol::rules::decision::{CardRecord, Effects, Institution, Operation, PresentedCard};
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::*;
use crate::clock::SetClock;
use crate::life::card_file;

const BANK: &str = "B32010000001";
const HOSPITAL: &str = "H32010000002";
const PHARMACY: &str = "P32010000017";
/// A pharmacy of another area.
const SUZHOU: &str = "P32050000003";
const STRANGER: &str = "P32010099999";
const TILL: TerminalId = TerminalId(*b"TILL0001");
const TOKEN: Token = Token(*b"a token!");
const ID_NUMBER: &[u8; 18] = b"111111198101011110";
const NAME: &[u8] = b"\xD5\xC5\xC8\xFD";

fn institution(code: &str) -> Institution {
    Institution::of_region(InstitutionCode::new(code).unwrap())
}

/// The holder of each card is another person.
fn id_number(card: &[u8; 9]) -> [u8; 18] {
    let mut number = *ID_NUMBER;
    if card != b"X00000019" {
        let own = card.iter().map(|byte| u32::from(*byte)).sum::<u32>() % 1000;
        number[14..17].copy_from_slice(format!("{own:03}").as_bytes());
        number[17] = IdNumber::check_character(&number[..17]);
    }
    number
}

/// A centre whose clock stands at noon, as the terminals' do.
fn at_noon(mut centre: Centre) -> Centre {
    centre.set_clock(Box::new(SetClock::new(noon_here())));
    centre
}

fn noon_here() -> jiff::civil::DateTime {
    jiff::civil::date(2026, 3, 2).at(12, 0, 7, 0)
}

/// No transaction has touched its account yet, and it is not active.
pub(crate) fn inactive(number: &[u8; 9]) -> CardRecord {
    let area = Region::new("320100").unwrap();
    CardRecord {
        number: CardNumber::new(number).unwrap(),
        ident: IdentCode::from_parts(area, [1, 2, 3, 4], [5, 6, 7, 8]),
        id_number: IdNumber::new(&id_number(number)).unwrap(),
        name: Name::new(NAME).unwrap(),
        document: None,
        area,
        expires: Date::new(2036, 1, 1).unwrap(),
        status: CardStatus::Inactive,
        social: false,
        financial: false,
        pin_is_initial: true,
        account: Fen(50_000),
        insured: true,
    }
}

fn presented(card: &CardRecord) -> PresentedCard {
    let CardRecord { number, ident, id_number, name, .. } = card.clone();
    PresentedCard { number, ident, id_number, name }
}

fn id_card(card: &CardRecord) -> Document {
    let (number, name) = (card.id_number.into(), card.name.clone());
    Document { kind: DocumentKind::IdCard, number, name, valid_until: Validity::LongTerm }
}

fn apply(card: &CardRecord) -> Operation {
    Operation::Apply { document: Some(id_card(card)) }
}

const fn purchase(fen: u64) -> Operation {
    Operation::Purchase(Bill::new(Fen(fen), Fen(0)).unwrap())
}

fn noon() -> Timestamp {
    Timestamp { date: Date::new(2026, 3, 2).unwrap(), hour: 12, minute: 0, second: 7 }
}

/// A moment as a terminal's clock shows it.
pub(crate) fn told(now: DateTime) -> Timestamp {
    let date = Date::new(now.year().unsigned_abs(), now.month().unsigned_abs(), now.day().unsigned_abs());
    let [hour, minute, second] = [now.hour(), now.minute(), now.second()].map(i8::unsigned_abs);
    Timestamp { date: date.unwrap(), hour, minute, second }
}

/// Institutions, in each of which the terminal has signed in.
fn known_places(centre: &mut Centre) {
    for code in [BANK, HOSPITAL, PHARMACY, SUZHOU] {
        centre.add_institution(&institution(code)).unwrap();
        assert_eq!(sign_in(centre, code, TILL, TOKEN), signed_in(1, 1));
    }
}

fn sign_in(centre: &mut Centre, place: &str, terminal: TerminalId, token: Token) -> Answer {
    let institution = InstitutionCode::new(place).unwrap();
    let body = Body::SignIn { token };
    let answer = centre.handle(&Request { institution, terminal, batch: Batch::NONE, time: noon(), body });
    without_session(answer.unwrap())
}

/// The answer to a sign-in, without what is another each time.
const fn signed_in(batch: u32, next: u32) -> Answer {
    let key = WorkingKey { enciphered: [0; 16], check: [0; 3] };
    let session = Session { key, time: Timestamp::UNSET, policy: None };
    Answer::SignedIn { lease: Lease { batch: Batch(batch), next: Stan(next) }, session }
}

fn without_session(answer: Answer) -> Answer {
    match answer {
        Answer::SignedIn { lease, .. } => signed_in(lease.batch.0, lease.next.0),
        other => other,
    }
}

/// The keys of a terminal that has this master key, after it has signed in over the line.
fn keys_of(centre: &mut Centre, place: &str, terminal: TerminalId, master: X919) -> Keys {
    let mut keys = Keys::new(master);
    let institution = InstitutionCode::new(place).unwrap();
    let time = told(centre.now());
    let request = Request { institution, terminal, batch: Batch::NONE, time, body: Body::SignIn { token: TOKEN } };
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = keys.write(&request, Stan(9), &mut buffer).unwrap();
    let answer = centre.handle_bytes(bytes).unwrap().unwrap();
    keys.read(&answer, &sent).unwrap();
    keys
}

/// A centre with all institutions except the unknown one, and with one card.
fn centre_with(card: &CardRecord) -> Centre {
    let mut centre = at_noon(Centre::in_memory().unwrap());
    known_places(&mut centre);
    centre.add_card(card).unwrap();
    centre
}

fn send(centre: &mut Centre, place: &str, body: Body<'_>) -> Result<Answer, CentreError> {
    send_at(centre, place, noon(), body)
}

/// The same when the terminal's clock shows this.
fn send_at(centre: &mut Centre, place: &str, time: Timestamp, body: Body<'_>) -> Result<Answer, CentreError> {
    let institution = InstitutionCode::new(place).unwrap();
    let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(1) };
    centre.handle(&Request { institution, terminal: TILL, batch, time, body })
}

fn transact(centre: &mut Centre, place: &str, stan: u32, card: &CardRecord, operation: &Operation) -> Answer {
    let card = &presented(card);
    send(centre, place, Body::Transact { stan: Stan(stan), card, operation }).unwrap()
}

fn reverse(centre: &mut Centre, place: &str, stan: u32) -> Answer {
    // What the terminal that used the number knows of it.
    let same = |entry: &JournalEntry| entry.stan == Some(Stan(stan)) && entry.institution.as_str() == place;
    let entry = centre.journal().unwrap().into_iter().find(same);
    let original = entry.map(|entry| Original { card: entry.card.unwrap(), total: entry.total, time: entry.time });
    let body = Body::Reverse { stan: Stan(stan), original: original.unwrap_or(unknown_original()) };
    send(centre, place, body).unwrap()
}

/// Of a purchase of 35.80 that has not come.
fn unknown_original() -> Original {
    Original { card: CardNumber::new(b"X00000019").unwrap(), total: Fen(3_580), time: noon() }
}

fn now(centre: &Centre, card: &CardRecord) -> CardRecord {
    centre.card(&card.number).unwrap().unwrap()
}

/// Function, institution, number and `reversed` of each activation.
fn activations(centre: &Centre, card: &CardRecord) -> Vec<(Function, String, u32, bool)> {
    let all = centre.activations(&card.number).unwrap();
    all.into_iter().map(|a| (a.function, a.institution.to_string(), a.stan.0, a.reversed)).collect()
}

const fn approved(activates: bool, financial: bool, charge: u64, balance: u64) -> Answer {
    let effects = Effects { activates, activates_financial: financial, charge: Fen(charge) };
    Answer::Approved(Receipt { effects, balance: Fen(balance) })
}

#[test]
fn the_first_transaction_at_each_kind_of_place_activates() {
    let settle = Operation::Settle(Bill::new(Fen(12_000), Fen(8_000)).unwrap());
    let card = inactive(b"X00000019");
    let rows = [
        (BANK, apply(&card), approved(true, true, 0, 50_000)),
        (HOSPITAL, settle, approved(true, false, 4_000, 46_000)),
        (PHARMACY, purchase(3_580), approved(true, false, 3_580, 46_420)),
    ];
    for (place, operation, answer) in rows {
        let mut centre = centre_with(&card);
        assert_eq!(transact(&mut centre, place, 1, &card, &operation), answer, "{place}");
        let after = now(&centre, &card);
        assert_eq!((after.status, after.social, after.financial), (CardStatus::Active, true, place == BANK));

        let code = InstitutionCode::new(place).unwrap();
        let social = Activation {
            function: Function::Social,
            card: card.number,
            institution: code,
            terminal: "TILL0001".into(),
            time: noon(),
            channel: code.channel(),
            stan: Stan(1),
            reversed: false,
        };
        let mut expected = vec![social.clone()];
        if place == BANK {
            expected.push(Activation { function: Function::Financial, channel: Channel::Bank, ..social });
        }
        assert_eq!(centre.activations(&card.number).unwrap(), expected);
        assert_eq!(transact(&mut centre, place, 2, &card, &Operation::Query), {
            approved(false, false, 0, after.account.0)
        });
    }
}

/// docs/card.md §2.5.
#[test]
fn a_repetition_gets_the_first_answer_even_if_it_would_be_decided_differently() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let most = transact(&mut centre, PHARMACY, 1, &card, &purchase(40_000));
    assert_eq!(most, approved(true, false, 40_000, 10_000));
    assert_eq!(
        transact(&mut centre, PHARMACY, 2, &card, &purchase(10_001)),
        Answer::Refused(Reason::InsufficientFunds)
    );
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(40_000)), most);
    assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done);
    // There is enough money now, but the refusal remains.
    assert_eq!(
        transact(&mut centre, PHARMACY, 2, &card, &purchase(10_001)),
        Answer::Refused(Reason::InsufficientFunds)
    );
    assert_eq!(now(&centre, &card), card);
}

#[test]
fn numbers_are_the_terminals_own() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
    let other_place =
        transact(&mut centre, HOSPITAL, 1, &card, &Operation::Settle(Bill::new(Fen(100), Fen(0)).unwrap()));
    assert_eq!(other_place, approved(false, false, 100, 49_800));
    // Even names that are no text are distinguished.
    for (n, name) in [[0xFF; 8], [0xFE; 8], *b"TILL\0\0\0\0", *b"TILL    "].into_iter().enumerate() {
        let (stan, shown, operation) = (Stan(1), presented(&card), purchase(100));
        let institution = InstitutionCode::new(PHARMACY).unwrap();
        let body = Body::Transact { stan, card: &shown, operation: &operation };
        let terminal = TerminalId(name);
        assert_eq!(sign_in(&mut centre, PHARMACY, terminal, TOKEN), signed_in(1, 1));
        let request = Request { institution, terminal, batch: Batch(1), time: noon(), body };
        let expected = approved(false, false, 100, 49_700 - 100 * n as u64);
        assert_eq!(centre.handle(&request).unwrap(), expected);
    }
}

#[test]
fn a_reversal_undoes_once_and_a_repetition_after_it_is_refused() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(3_580));
    for _ in 0..3 {
        assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done);
        assert_eq!(now(&centre, &card), card);
        assert_eq!(
            transact(&mut centre, PHARMACY, 1, &card, &purchase(3_580)),
            Answer::Refused(Reason::AlreadyReversed)
        );
    }
    assert_eq!(activations(&centre, &card), [(Function::Social, PHARMACY.into(), 1, true)]);
    let [line] = &centre.journal().unwrap()[..] else { panic!("one line") };
    assert!(line.reversed && line.activated && line.outcome == Outcome::Approved);
    // The next transaction activates the card again.
    assert_eq!(transact(&mut centre, PHARMACY, 2, &card, &purchase(100)), approved(true, false, 100, 49_900));
}

#[test]
fn a_reversal_that_overtakes_its_transaction_keeps_it_from_being_done() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done);
    for _ in 0..2 {
        assert_eq!(
            transact(&mut centre, PHARMACY, 1, &card, &purchase(3_580)),
            Answer::Refused(Reason::AlreadyReversed)
        );
        assert_eq!(reverse(&mut centre, PHARMACY, 1), Answer::Done);
    }
    assert_eq!(now(&centre, &card), card);
    let [line] = &centre.journal().unwrap()[..] else { panic!("one line") };
    assert_eq!((line.reason, line.reversed, line.charge), (Some(Reason::AlreadyReversed), false, Fen(0)));
}

#[test]
fn reversing_a_refused_transaction_or_a_query_changes_nothing() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(50_001));
    transact(&mut centre, PHARMACY, 2, &card, &Operation::Query);
    for stan in [1, 2] {
        assert_eq!(reverse(&mut centre, PHARMACY, stan), Answer::Done);
    }
    assert_eq!(
        transact(&mut centre, PHARMACY, 1, &card, &purchase(50_001)),
        Answer::Refused(Reason::InsufficientFunds)
    );
    assert_eq!(now(&centre, &card), card);
}

#[test]
fn a_later_payment_takes_the_place_of_the_undone_activation() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(1_000));
    // Neither of these two would have activated the card: one is a query, one is in another area.
    transact(&mut centre, PHARMACY, 2, &card, &Operation::Query);
    assert_eq!(transact(&mut centre, SUZHOU, 1, &card, &purchase(200)), approved(false, false, 200, 48_800));
    transact(&mut centre, PHARMACY, 3, &card, &purchase(30));
    transact(&mut centre, PHARMACY, 4, &card, &purchase(5));
    reverse(&mut centre, PHARMACY, 1);
    let after = now(&centre, &card);
    assert_eq!((after.status, after.social, after.account), (CardStatus::Active, true, Fen(49_765)));
    let social = |stan, reversed| (Function::Social, PHARMACY.to_owned(), stan, reversed);
    assert_eq!(activations(&centre, &card), [social(1, true), social(3, false)]);

    // Undoing a transaction that activated nothing changes only money.
    reverse(&mut centre, PHARMACY, 4);
    assert_eq!(now(&centre, &card), CardRecord { account: Fen(49_770), ..after });

    // Now only the payment in the other area is left. It stays, and the card must be put into use at home again.
    reverse(&mut centre, PHARMACY, 3);
    let after = now(&centre, &card);
    assert_eq!((after.status, after.social, after.account), (CardStatus::Inactive, false, Fen(49_800)));
    assert_eq!(activations(&centre, &card), [social(1, true), social(3, true)]);
    assert_eq!(transact(&mut centre, SUZHOU, 2, &card, &purchase(200)), Answer::Refused(Reason::OtherArea));
}

/// docs/card.md §2.1.
#[test]
fn social_function_and_bank_account_are_taken_back_each_for_itself() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    assert_eq!(transact(&mut centre, BANK, 1, &card, &apply(&card)), approved(true, true, 0, 50_000));
    transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
    reverse(&mut centre, BANK, 1);
    let after = now(&centre, &card);
    assert_eq!((after.status, after.social, after.financial), (CardStatus::Active, true, false));
    assert_eq!(
        activations(&centre, &card),
        [
            (Function::Social, BANK.into(), 1, true),
            (Function::Financial, BANK.into(), 1, true),
            (Function::Social, PHARMACY.into(), 1, false)
        ]
    );
    // The second application put the bank account into use; when it is undone, the third one counts.
    assert_eq!(transact(&mut centre, BANK, 2, &card, &apply(&card)), approved(false, true, 0, 49_900));
    assert_eq!(transact(&mut centre, BANK, 3, &card, &apply(&card)), approved(false, false, 0, 49_900));
    reverse(&mut centre, BANK, 2);
    assert!(now(&centre, &card).financial);
    assert_eq!(activations(&centre, &card).last(), Some(&(Function::Financial, BANK.into(), 3, false)));
}

#[test]
fn a_card_that_was_active_or_lost_keeps_its_status_when_a_payment_is_undone() {
    let active = CardRecord { status: CardStatus::Active, social: true, ..inactive(b"X00000019") };
    let mut centre = centre_with(&active);
    transact(&mut centre, PHARMACY, 1, &active, &purchase(100));
    reverse(&mut centre, PHARMACY, 1);
    assert_eq!(now(&centre, &active), active);

    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
    let files = centre.files();
    let mut lost = files.card(card.number).unwrap().unwrap().file;
    lost.set_status(CardStatus::Lost);
    card_file::update(&files.office(card.area), &lost).unwrap();
    reverse(&mut centre, PHARMACY, 1);
    assert_eq!(now(&centre, &card), CardRecord { status: CardStatus::Lost, ..card });
}

#[test]
fn an_inquiry_shows_how_the_card_stands_or_is_refused_on_the_journal() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let (shown, operation) = (presented(&card), purchase(100));
    let inquire = || Body::Inquire { card: &shown, operation: &operation };
    let standing = Standing {
        status: CardStatus::Inactive,
        social: false,
        financial: false,
        pin_is_initial: true,
        initial_is_common: false,
    };
    assert_eq!(send(&mut centre, PHARMACY, inquire()).unwrap(), Answer::Standing(standing));
    assert!(centre.journal().unwrap().is_empty());
    assert_eq!(send(&mut centre, SUZHOU, inquire()).unwrap(), Answer::Refused(Reason::OtherArea));
    let [line] = &centre.journal().unwrap()[..] else { panic!("one line") };
    let expected = JournalEntry {
        time: noon(),
        received: Some(noon_here()),
        institution: InstitutionCode::new(SUZHOU).unwrap(),
        terminal: "TILL0001".into(),
        stan: None,
        card: Some(card.number),
        operation: Some("purchase".into()),
        total: Fen(100),
        charge: Fen(0),
        outcome: Outcome::Refused,
        reason: Some(Reason::OtherArea),
        decided_by: DecidedBy::Centre,
        activated: false,
        reversed: false,
        phase: None,
        result: None,
    };
    assert_eq!(*line, expected);
}

/// A terminal's clock on the other side of midnight, as far from the centre's as is allowed, changes nothing; what it says is
/// on the journal beside the centre's time.
#[test]
fn the_day_is_the_centres() {
    let card = CardRecord { expires: Date::new(2026, 3, 1).unwrap(), ..inactive(b"X00000019") };
    let passport = Document { valid_until: Validity::Until(card.expires), ..id_card(&card) };
    let clock = SetClock::new(noon_here());
    let mut centre = Centre::in_memory().unwrap();
    centre.set_clock(Box::new(clock.clone()));
    known_places(&mut centre);
    centre.add_card(&card).unwrap();
    let valid = CardRecord { expires: Date::new(2036, 1, 1).unwrap(), ..inactive(b"A12345674") };
    centre.add_card(&valid).unwrap();
    let mut stan = 0;
    let mut ask = |centre: &mut Centre, place, card: &CardRecord, operation: &Operation, time| {
        stan += 1;
        let (institution, shown) = (InstitutionCode::new(place).unwrap(), presented(card));
        let body = Body::Transact { stan: Stan(stan), card: &shown, operation };
        centre.handle(&Request { institution, terminal: TILL, batch: Batch(1), time, body }).unwrap()
    };
    let before_midnight = Timestamp { date: card.expires, hour: 23, minute: 58, second: 0 };
    let after_midnight = Timestamp { hour: 0, minute: 2, second: 0, ..noon() };
    let old_document = Operation::Apply {
        document: Some(Document { name: valid.name.clone(), number: valid.id_number.into(), ..passport }),
    };
    clock.set(jiff::civil::date(2026, 3, 2).at(0, 2, 0, 0));
    for time in [after_midnight, before_midnight] {
        assert_eq!(ask(&mut centre, PHARMACY, &card, &purchase(1), time), Answer::Refused(Reason::CardExpired));
        let answer = ask(&mut centre, BANK, &valid, &old_document, time);
        assert_eq!(answer, Answer::Refused(Reason::DocumentExpired));
        let body = Body::Inquire { card: &presented(&card), operation: &purchase(1) };
        let institution = InstitutionCode::new(PHARMACY).unwrap();
        let inquiry = Request { institution, terminal: TILL, batch: Batch(1), time, body };
        assert_eq!(centre.handle(&inquiry).unwrap(), Answer::Refused(Reason::CardExpired));
    }
    let last_minutes = jiff::civil::date(2026, 3, 1).at(23, 58, 0, 0);
    clock.set(last_minutes);
    for time in [before_midnight, after_midnight] {
        let answer = ask(&mut centre, PHARMACY, &card, &purchase(1), time);
        assert!(matches!(answer, Answer::Approved(_)), "{answer:?}");
    }
    let journal = centre.journal().unwrap();
    let last = journal.last().unwrap();
    assert_eq!((last.time, last.received), (after_midnight, Some(last_minutes)));
}

#[test]
fn a_stranger_is_refused_whatever_it_asks_and_all_of_it_is_on_the_journal() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let (shown, operation) = (presented(&card), purchase(100));
    let historical = [0; 13];
    let question = Authenticate {
        ident: card.ident,
        historical: &historical,
        algorithm: Algorithm::Sm4,
        internal: [0; 16],
        external: None,
    };
    let bodies = [
        Body::SignIn { token: TOKEN },
        Body::Authenticate(question),
        Body::Inquire { card: &shown, operation: &operation },
        Body::Transact { stan: Stan(1), card: &shown, operation: &operation },
        Body::Reverse { stan: Stan(2), original: unknown_original() },
        Body::PinChanged { card: card.number, ident: card.ident },
        Body::Report { card: None, operation: &operation, reason: Reason::PinWrong },
    ];
    for body in bodies {
        assert_eq!(send(&mut centre, STRANGER, body).unwrap(), Answer::Refused(Reason::InstitutionUnknown));
    }
    assert_eq!(now(&centre, &card), card);
    let journal = centre.journal().unwrap();
    let lines: Vec<_> = journal.iter().map(|line| (line.decided_by, line.reason.unwrap())).collect();
    assert_eq!(lines, [(DecidedBy::Centre, Reason::InstitutionUnknown); 7]);
}

#[test]
fn a_changed_pin_is_no_longer_initial_if_the_card_is_the_one_on_record() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let copy = IdentCode::from_parts(card.area, [9; 4], [9; 4]);
    let unknown = CardNumber::new(b"A12345674").unwrap();
    inquire(&mut centre, PHARMACY, &card);
    for (number, ident, answer, initial) in [
        (card.number, copy, Answer::Refused(Reason::CardNotGenuine), true),
        (unknown, card.ident, Answer::Refused(Reason::CardUnknown), true),
        (card.number, card.ident, Answer::Done, false),
        // The answer was lost: said again, it is done.
        (card.number, card.ident, Answer::Done, false),
    ] {
        assert_eq!(send(&mut centre, PHARMACY, Body::PinChanged { card: number, ident }).unwrap(), answer);
        assert_eq!(now(&centre, &card).pin_is_initial, initial);
    }
}

fn inquire(centre: &mut Centre, place: &str, card: &CardRecord) -> Answer {
    let (shown, operation) = (presented(card), Operation::Query);
    send(centre, place, Body::Inquire { card: &shown, operation: &operation }).unwrap()
}

/// The message proves no PIN: it is believed of the terminal that serves the card, and for a while.
#[test]
fn a_changed_pin_is_believed_within_a_visit_only() {
    let (card, other) = (inactive(b"X00000019"), inactive(b"A12345674"));
    let clock = SetClock::new(noon_here());
    let later = |minutes: i64| noon_here().checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
    let changed = Body::PinChanged { card: card.number, ident: card.ident };
    let not_believed = Answer::Refused(Reason::InitialPinUnchanged);
    // Where the last inquiry was, for which card, and how many minutes ago.
    let visits = [
        (None, not_believed.clone()),
        (Some((HOSPITAL, &card, 0)), not_believed.clone()),
        (Some((PHARMACY, &other, 0)), not_believed.clone()),
        (Some((PHARMACY, &card, 11)), not_believed.clone()),
        // The centre's clock was set back.
        (Some((PHARMACY, &card, -1)), not_believed),
        (Some((PHARMACY, &card, 10)), Answer::Done),
        (Some((PHARMACY, &card, 0)), Answer::Done),
    ];
    for (visit, answer) in visits {
        clock.set(noon_here());
        let mut centre = Centre::in_memory().unwrap();
        centre.set_clock(Box::new(clock.clone()));
        known_places(&mut centre);
        // A card of its own for each, so that the two can be told apart by their ident codes.
        centre.add_card(&card).unwrap();
        let ident = IdentCode::from_parts(card.area, [4, 3, 2, 1], [5, 6, 7, 8]);
        centre.add_card(&CardRecord { ident, ..other.clone() }).unwrap();
        if let Some((place, card, minutes)) = visit {
            let ident = if card.number == other.number { ident } else { card.ident };
            let card = CardRecord { ident, ..card.clone() };
            assert!(matches!(inquire(&mut centre, place, &card), Answer::Standing(_)));
            clock.set(later(minutes));
        }
        assert_eq!(send(&mut centre, PHARMACY, changed.clone()).unwrap(), answer, "{visit:?}");
        assert_eq!(now(&centre, &card).pin_is_initial, answer != Answer::Done);
        let on_journal = centre.journal().unwrap().iter().any(|line| line.reason == Some(Reason::InitialPinUnchanged));
        assert_eq!(on_journal, answer != Answer::Done);
    }
    // A visit that ended with a changed PIN has nothing more to report.
    clock.set(noon_here());
    let mut centre = centre_with(&card);
    inquire(&mut centre, PHARMACY, &card);
    assert_eq!(send(&mut centre, PHARMACY, changed.clone()).unwrap(), Answer::Done);
    let files = centre.files();
    let mut reset = files.card(card.number).unwrap().unwrap().file;
    reset.pin_is_initial = true;
    card_file::update(&files.office(card.area), &reset).unwrap();
    assert_eq!(send(&mut centre, PHARMACY, changed).unwrap(), Answer::Refused(Reason::InitialPinUnchanged));
}

#[test]
fn reports_are_on_the_journal_as_the_terminals_decision() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let operation = Operation::Settle(Bill::new(Fen(900), Fen(100)).unwrap());
    for (number, reason) in [(Some(card.number), Reason::PinBlocked), (None, Reason::CardUnreadable)] {
        let body = Body::Report { card: number, operation: &operation, reason };
        assert_eq!(send(&mut centre, HOSPITAL, body).unwrap(), Answer::Done);
    }
    let journal = centre.journal().unwrap();
    let lines: Vec<_> = journal.iter().map(|l| (l.card, l.outcome, l.decided_by.as_str(), l.total.0)).collect();
    assert_eq!(
        lines,
        [(Some(card.number), Outcome::Refused, "terminal", 900), (None, Outcome::Failed, "terminal", 900)]
    );
}

#[test]
fn what_cannot_be_is_an_error_that_says_so_and_does_nothing() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let text = |result: Result<(), CentreError>| result.unwrap_err().to_string();
    assert!(text(centre.add_card(&card)).contains("card X00000019 is known already"));
    assert!(text(centre.add_institution(&institution(BANK))).contains("institution B32010000001 is known already"));
    let rich = CardRecord { account: Fen(Fen::MAX.0 + 1), ..inactive(b"A12345674") };
    assert!(text(centre.add_card(&rich)).contains("out of range"));
    assert_eq!(centre.card(&rich.number).unwrap(), None);
    assert_eq!(now(&centre, &card), card);
    assert!(centre.journal().unwrap().is_empty());
}

#[test]
fn a_clock_that_is_nonsense_is_recorded_as_it_came_and_a_number_that_is_none_is_an_error() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let time = Timestamp { date: Date::new(1, 1, 1).unwrap(), hour: 255, minute: 255, second: 255 };
    let (institution, operation) = (InstitutionCode::new(PHARMACY).unwrap(), purchase(1));
    let shown = presented(&card);
    let body = |stan| Body::Transact { stan: Stan(stan), card: &shown, operation: &operation };
    let request = |body| Request { institution, terminal: TILL, batch: Batch(1), time, body };
    assert_eq!(centre.handle(&request(body(999_999))).unwrap(), Answer::Refused(Reason::ClockWrong));
    let original = Original { card: card.number, total: Fen(1), time };
    for stan in [0, 1_000_000, 4_000_000_000, u32::MAX] {
        for body in [body(stan), Body::Reverse { stan: Stan(stan), original }] {
            let error = centre.handle(&request(body)).unwrap_err();
            assert!(matches!(error, CentreError::Number(number) if number.0 == stan), "{error}");
        }
    }
    let [line] = &centre.journal().unwrap()[..] else { panic!("one line") };
    assert_eq!((line.time, line.stan), (time, Some(Stan(999_999))));
}

#[test]
fn a_file_keeps_everything_including_keys_and_scheme() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let scheme = Scheme { region_suffix: *b"NJ", ..Scheme::default() };
    let passport = (DocumentKind::Passport, DocumentNumber::new(b"E12345678").unwrap());
    let card = CardRecord { document: Some(passport), ..inactive(b"X00000019") };
    let (journal, irk) = {
        let mut centre = at_noon(Centre::create(&path, &Hsm::with_test_keys(scheme)).unwrap());
        known_places(&mut centre);
        centre.add_card(&card).unwrap();
        transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
        let keys = centre.hsm().card_keys(Algorithm::Sm4, &[1; 13], card.area);
        (centre.journal().unwrap(), *keys.irk.expose())
    };
    let mut centre = at_noon(Centre::open(&path).unwrap());
    assert_eq!(centre.hsm().scheme(), scheme);
    assert_eq!(*centre.hsm().card_keys(Algorithm::Sm4, &[1; 13], card.area).irk.expose(), irk);
    assert_eq!(centre.journal().unwrap(), journal);
    let after = CardRecord { status: CardStatus::Active, social: true, account: Fen(49_900), ..card.clone() };
    assert_eq!(now(&centre, &card), after);
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &purchase(100)), approved(true, false, 100, 49_900));
    assert!(matches!(Centre::create(&path, &Hsm::test_keys()), Err(CentreError::AlreadyACentre { .. })));
}

/// A new centre in a file, with the test keys.
fn new_file(path: &Path) -> Centre {
    at_noon(Centre::create(path, &Hsm::test_keys()).unwrap())
}

#[cfg(unix)]
fn private(path: &Path) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

/// A missing file is not made by the way, with keys that everybody knows.
#[cfg(unix)]
#[test]
fn a_file_is_made_on_request_only_and_for_its_owner_only() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    for empty in [false, true] {
        if empty {
            fs::write(&path, "").unwrap();
            private(&path);
        }
        assert!(matches!(Centre::open(&path), Err(CentreError::Missing { .. })), "{empty}");
        assert_eq!(path.exists(), empty);
    }
    // An empty one that everybody may read becomes its owner's.
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let centre = new_file(&path);
    assert_eq!(mode(&path), 0o600);
    drop(centre);
    let other = folder.path().join("other.db");
    drop(new_file(&other));
    assert_eq!(mode(&other), 0o600, "whatever the umask says");
    for wide in [0o640, 0o604, 0o602, 0o620, 0o644] {
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(wide)).unwrap();
        assert!(matches!(Centre::open(&path), Err(CentreError::Exposed { .. })), "{wide:o}");
        assert_eq!(mode(&path), wide, "whoever owns it decides");
    }
    private(&path);
    assert!(Centre::open(&path).is_ok());
}

#[test]
fn a_file_of_another_kind_or_version_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let refusal = |name: &str| Centre::open(&file(name)).unwrap_err().to_string();

    fs::write(file("letter.txt"), "Dear card centre,\n".repeat(100)).unwrap();
    let other = rusqlite::Connection::open(file("other.db")).unwrap();
    other.execute_batch("CREATE TABLE meta (name TEXT, value TEXT)").unwrap();
    drop(other);
    for name in ["letter.txt", "other.db"] {
        let before = fs::read(file(name)).unwrap();
        private(&file(name));
        let text = refusal(name);
        assert!(text.contains(name) && text.contains("is not a card centre's database; name one"), "{text}");
        assert!(matches!(Centre::create(&file(name), &Hsm::test_keys()), Err(CentreError::NotACentre { .. })));
        assert_eq!(fs::read(file(name)).unwrap(), before);
    }

    drop(new_file(&file("newer.db")));
    let edit = |sql: &str| rusqlite::Connection::open(file("newer.db")).unwrap().execute_batch(sql).unwrap();
    edit("UPDATE meta SET value = '99' WHERE name = 'schema_version'");
    let text = refusal("newer.db");
    assert!(text.contains("newer.db") && text.contains("of version 99") && text.contains("reads version 17"), "{text}");
    edit("UPDATE meta SET value = '17' WHERE name = 'schema_version'; DELETE FROM hsm_keys WHERE name = 'stk'");
    assert!(refusal("newer.db").contains("hsm_keys lacks the 3des key stk"), "{}", refusal("newer.db"));

    let nowhere = Centre::create(&file("no/such/folder.db"), &Hsm::test_keys()).unwrap_err().to_string();
    assert!(nowhere.contains("cannot be opened"), "{nowhere}");
    assert!(Centre::open(Path::new("")).is_err());
    assert!(Centre::create(Path::new(""), &Hsm::test_keys()).is_err());
}

#[test]
fn a_damaged_row_is_an_error_that_names_the_column_and_shows_nothing() {
    let card = inactive(b"X00000019");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let mut centre = new_file(&path);
    known_places(&mut centre);
    centre.add_card(&card).unwrap();
    // Columns are read in the order of the table, so each edit is met before the earlier ones.
    let edits =
        [("status", "'enabled'"), ("expires", "'2036-02-30'"), ("ident", "x'00112233445566778899AABBCCDDEEFF'")];
    for (column, value) in edits {
        let edit = format!("UPDATE cards SET {column} = {value}");
        rusqlite::Connection::open(&path).unwrap().execute_batch(&edit).unwrap();
        let error = centre.card(&card.number).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(&format!("`{column}`")) && !text.contains(value.trim_matches('\'')), "{text}");
    }
}

#[test]
fn two_programs_on_one_file_charge_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let card = inactive(b"X00000019");
    let mut centre = new_file(&path);
    known_places(&mut centre);
    centre.add_card(&card).unwrap();
    let both_are_open = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut own = at_noon(Centre::open(&path).unwrap());
                both_are_open.wait();
                for stan in 1..=50 {
                    transact(&mut own, PHARMACY, stan, &card, &purchase(100));
                }
            });
        }
    });
    assert_eq!(now(&centre, &card).account, Fen(45_000));
}

#[test]
fn nothing_secret_prints() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    transact(&mut centre, PHARMACY, 1, &card, &purchase(100));
    let keys = centre.hsm().card_keys(Algorithm::Sm4, &[1; 13], card.area);
    let printed = format!(
        "{centre:?} {:?} {keys:?} {:?} {:?}",
        centre.hsm(),
        centre.journal().unwrap(),
        centre.activations(&card.number).unwrap()
    );
    assert!(printed.contains("***"));
    // Neither as text nor as a list of numbers.
    let irk = format!("{:?}", keys.irk.expose());
    for secret in ["11111119810101", "TEST SM4", "213, 197, 200", "84, 69, 83, 84", irk.trim_matches(['[', ']'])] {
        assert!(!printed.contains(secret), "{secret}");
    }
}
