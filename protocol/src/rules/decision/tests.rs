//! The rule table row by row, and what must hold for any operation.

use proptest::prelude::*;
use std::vec;

use super::*;

const TODAY: &str = "2026-03-02";

fn day(text: &str) -> Date {
    let part = |range: core::ops::Range<usize>| text[range].parse::<u16>().unwrap();
    Date::new(part(0..4), part(5..7) as u8, part(8..10) as u8).unwrap()
}

fn institution(code: &str) -> Institution {
    Institution::of_region(InstitutionCode::new(code).unwrap())
}

fn record() -> CardRecord {
    let ident = IdentCode::from_parts(Region::new("320100").unwrap(), [1, 2, 3, 4], [5, 6, 7, 8]);
    CardRecord {
        number: CardNumber::new(b"X00000019").unwrap(),
        ident,
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: Name::new(b"\xD5\xC5\xC8\xFD").unwrap(),
        document: None,
        area: Region::new("320100").unwrap(),
        expires: day("2036-01-01"),
        status: CardStatus::Inactive,
        social: false,
        financial: false,
        pin_is_initial: false,
        account: Fen(5000),
        insured: true,
    }
}

fn presented(record: &CardRecord) -> PresentedCard {
    let CardRecord { number, ident, id_number, name, .. } = record.clone();
    PresentedCard { number, ident, id_number, name }
}

fn document(record: &CardRecord) -> Document {
    Document {
        kind: DocumentKind::IdCard,
        number: record.id_number.into(),
        name: record.name.clone(),
        valid_until: Validity::Until(day(TODAY)),
    }
}

fn ask(operation: &Operation, place: &Institution, record: &CardRecord) -> Result<Effects, Reason> {
    decide(operation, day(TODAY), Some(place), &presented(record), Some(record))
}

fn apply(record: &CardRecord) -> Operation {
    Operation::Apply { document: Some(document(record)) }
}

const PURCHASE: Operation = purchase(3580);

const fn purchase(total: u64) -> Operation {
    Operation::Purchase(Bill::new(Fen(total), Fen(0)).unwrap())
}

const fn settle(total: u64, fund: u64) -> Operation {
    Operation::Settle(Bill::new(Fen(total), Fen(fund)).unwrap())
}

#[test]
fn each_row_of_the_rule_table_activates() {
    let card = record();
    let effects = |charge| Effects { activates: true, activates_financial: false, charge: Fen(charge) };
    assert_eq!(
        ask(&apply(&card), &institution("B32010000001"), &card),
        Ok(Effects { activates_financial: true, ..effects(0) })
    );
    assert_eq!(ask(&settle(12_000, 8_000), &institution("H32010000001"), &card), Ok(effects(4_000)));
    assert_eq!(ask(&PURCHASE, &institution("P32010000017"), &card), Ok(effects(3_580)));
}

/// docs/card.md §2.5.
#[test]
fn an_active_card_pays_anywhere_and_is_not_activated_again() {
    let card = CardRecord { status: CardStatus::Active, social: true, ..record() };
    let paid = Effects { charge: Fen(3580), ..Effects::default() };
    assert_eq!(ask(&PURCHASE, &institution("P32010000017"), &card), Ok(paid));
    assert_eq!(ask(&PURCHASE, &institution("P32050000017"), &card), Ok(paid));
    // The bank may still put the account into use.
    let financial = Effects { activates_financial: true, ..Effects::default() };
    assert_eq!(ask(&apply(&card), &institution("B32010000001"), &card), Ok(financial));
}

#[test]
fn every_reason_of_the_centre_has_its_case() {
    let (bank, pharmacy) = (institution("B32010000001"), institution("P32010000017"));
    let card = record();
    let with = |status| CardRecord { status, ..record() };
    let refused =
        |operation: &Operation, place: &Institution, card: &CardRecord| ask(operation, place, card).unwrap_err();

    let undesignated = Institution { designated: false, ..pharmacy.clone() };
    assert_eq!(refused(&PURCHASE, &undesignated, &card), Reason::InstitutionNotDesignated);
    assert_eq!(refused(&PURCHASE, &bank, &card), Reason::OperationNotHere);
    assert_eq!(refused(&settle(10, 0), &undesignated, &card), Reason::OperationNotHere);
    let no_issuer = Institution { issues_cards: false, ..bank.clone() };
    assert_eq!(refused(&apply(&card), &no_issuer, &card), Reason::BankNotOfArea);
    assert_eq!(refused(&apply(&card), &institution("B32050000001"), &card), Reason::BankNotOfArea);
    assert_eq!(refused(&PURCHASE, &institution("P32050000017"), &card), Reason::OtherArea);
    assert_eq!(refused(&PURCHASE, &pharmacy, &with(CardStatus::Lost)), Reason::CardLost);
    assert_eq!(refused(&PURCHASE, &pharmacy, &with(CardStatus::TemporarilyLost)), Reason::CardLost);
    assert_eq!(refused(&PURCHASE, &pharmacy, &with(CardStatus::Locked)), Reason::CardLocked);
    assert_eq!(refused(&PURCHASE, &pharmacy, &with(CardStatus::Sealed)), Reason::CardSealed);
    assert_eq!(refused(&PURCHASE, &pharmacy, &with(CardStatus::Cancelled)), Reason::CardCancelled);
    // A district's code tells nothing of the area to which it belongs.
    let of_district = Institution { area: card.area, ..institution("P32010200017") };
    assert!(ask(&PURCHASE, &of_district, &card).unwrap().activates);
    assert_eq!(refused(&PURCHASE, &institution("P32010200017"), &card), Reason::OtherArea);
    let old = CardRecord { expires: day("2026-03-01"), ..record() };
    assert_eq!(refused(&PURCHASE, &pharmacy, &old), Reason::CardExpired);
    assert_eq!(refused(&PURCHASE, &pharmacy, &CardRecord { insured: false, ..record() }), Reason::NotInsured);
    assert_eq!(
        refused(&PURCHASE, &pharmacy, &CardRecord { account: Fen(3579), ..record() }),
        Reason::InsufficientFunds
    );

    assert_eq!(refused(&Operation::Apply { document: None }, &bank, &card), Reason::DocumentMissing);
    let shown = |document| Operation::Apply { document: Some(document) };
    let other_name = Document { name: Name::new(b"\xC0\xEE\xCB\xC4").unwrap(), ..document(&card) };
    assert_eq!(refused(&shown(other_name), &bank, &card), Reason::DocumentMismatch);
    let passport = Document { kind: DocumentKind::Passport, ..document(&card) };
    assert_eq!(refused(&shown(passport), &bank, &card), Reason::DocumentMismatch);
    let expired = Document { valid_until: Validity::Until(day("2026-03-01")), ..document(&card) };
    assert_eq!(refused(&shown(expired), &bank, &card), Reason::DocumentExpired);

    let nowhere = decide(&PURCHASE, day(TODAY), None, &presented(&card), Some(&card));
    assert_eq!(nowhere, Err(Reason::InstitutionUnknown));
    let nobody = decide(&PURCHASE, day(TODAY), Some(&pharmacy), &presented(&card), None);
    assert_eq!(nobody, Err(Reason::CardUnknown));
    let copy = PresentedCard { ident: IdentCode::from_parts(card.area, [9; 4], [9; 4]), ..presented(&card) };
    assert_eq!(decide(&PURCHASE, day(TODAY), Some(&pharmacy), &copy, Some(&card)), Err(Reason::CardNotGenuine));
}

#[test]
fn a_bill_is_never_nothing_nor_more_than_paid_for() {
    assert_eq!(Bill::new(Fen(0), Fen(0)), None);
    assert_eq!(Bill::new(Fen(10), Fen(11)), None);
    assert_eq!(Bill::new(Fen(Fen::MAX.0 + 1), Fen(0)), None);
    assert_eq!(Bill::new(Fen(10), Fen(10)).map(|bill| bill.share()), Some(Fen(0)));
}

/// docs/card.md §2.6, §6.1.
#[test]
fn a_registered_passport_is_accepted() {
    let number = DocumentNumber::new(b"E12345678").unwrap();
    let card = CardRecord { document: Some((DocumentKind::Passport, number.clone())), ..record() };
    let passport =
        Document { kind: DocumentKind::Passport, number, valid_until: Validity::LongTerm, ..document(&card) };
    let apply = Operation::Apply { document: Some(passport) };
    assert!(ask(&apply, &institution("B32010000001"), &card).unwrap().activates);
}

proptest! {
    /// docs/design.md §1, invariant 2: *activated* only if a person was verified or a payment approved, and only in the
    /// card's own area at a place that may do it.
    #[test]
    fn activation_always_has_a_cause(
        place in prop::sample::select(vec!["B32010000001", "B32050000001", "H32010000001", "P32010000017", "P32050000017"]),
        designated: bool,
        issues_cards: bool,
        status in prop::sample::select(CardStatus::ALL.to_vec()),
        account in 0u64..10_000,
        insured: bool,
        total in 1u64..10_000,
        kind in 0..4,
    ) {
        let place = Institution { designated, issues_cards, ..institution(place) };
        let card = CardRecord { status, account: Fen(account), insured, ..record() };
        let operation = match kind {
            0 => apply(&card),
            1 => settle(total, total / 2),
            2 => purchase(total),
            _ => Operation::Query,
        };
        if let Ok(effects) = ask(&operation, &place, &card) {
            prop_assert!(effects.charge <= card.account);
            if effects.activates {
                prop_assert_eq!(card.status, CardStatus::Inactive);
                prop_assert_eq!(place.area, card.area);
                match place.code.channel() {
                    Channel::Bank => prop_assert!(issues_cards && kind == 0),
                    _ => prop_assert!(designated && insured && effects.charge > Fen(0)),
                }
            }
        }
    }
}
