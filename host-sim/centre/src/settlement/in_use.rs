//! A card is put into use by a payment over HTTP, and is not in use any more if that is undone (docs/design.md §1, docs/driver.md §D).
//! The card's history says which settlement it was. What terminals' payments do is `terminal`'s.

use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::institution::InstitutionCode;

use super::records::{self, Settlement};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::life::card_act::FormalRelease;
use crate::life::card_file::{self, CardFile};
use crate::life::deeds::CardAct;
use crate::life::history::{self, Event};
use crate::store::value::values;
use crate::terminal::journal::Function;

/// The word in a card's history for a payment that it has noted.
const PAID: &str = "debit";
/// The most events of a card that are looked at.
const EVENTS: u16 = 10_000;

/// Who pays where: operator and institution.
type By<'a> = (&'a str, InstitutionCode);

fn note(number: i64) -> String {
    format!("settlement {number}")
}

/// The card has paid this settlement: it is in use now, if nothing stands against that.
///
/// # Errors
/// It is lost, locked, sealed or cancelled; or the database failed.
pub fn pays(office: &Office<'_>, card: &mut CardFile, by: By<'_>, number: i64) -> Result<(), Refusal> {
    let place = by.1.channel().into();
    let before = card.status_at(office.now());
    let step = CardAct::Activate.judge(place, before, FormalRelease::default())?;
    let after = step.after(before, card.social);
    add(office, card, by, (PAID, before, before), number)?;
    if before != after {
        set(office, card, by, (CardAct::Activate, before, after), number)?;
    }
    Ok(card_file::update(office, card)?)
}

/// The settlement was undone: a card that it, or another payment of this kind, has put into use stays in use only if a payment stands.
///
/// # Errors
/// The database failed.
pub fn undone(office: &Office<'_>, operator: &str, settlement: &Settlement) -> Result<(), Refusal> {
    for mut card in card_file::of_person(office, &settlement.person)? {
        let events = history::of(office, card.number, 0, EVENTS)?;
        let by_payment = put_into_use_by(&events).is_some_and(|note| note.starts_with("settlement "));
        if !paid(&events, settlement.number) || !by_payment || stands(office, &card, &events)? {
            continue;
        }
        let before = card.status_at(office.now());
        let by = (operator, settlement.institution);
        let Ok(step) = CardAct::TakeBack.judge(by.1.channel().into(), before, FormalRelease::default()) else {
            continue;
        };
        set(office, &mut card, by, (CardAct::TakeBack, before, step.after(before, false)), settlement.number)?;
        card_file::update(office, &card)?;
    }
    Ok(())
}

/// The undo of this settlement was taken back: it stands again, and puts its card into use again.
///
/// # Errors
/// The card was lost, locked, sealed or cancelled meanwhile; or the database failed.
pub fn stands_again(office: &Office<'_>, operator: &str, settlement: &Settlement, number: i64) -> Result<(), Refusal> {
    for mut card in card_file::of_person(office, &settlement.person)? {
        if !paid(&history::of(office, card.number, 0, EVENTS)?, number) || card.social {
            continue;
        }
        let before = card.status_at(office.now());
        let by = (operator, settlement.institution);
        let step = CardAct::Activate.judge(by.1.channel().into(), before, FormalRelease::default())?;
        set(office, &mut card, by, (CardAct::Activate, before, step.after(before, true)), number)?;
        card_file::update(office, &card)?;
    }
    Ok(())
}

/// Whether the card has paid this settlement.
fn paid(events: &[Event], number: i64) -> bool {
    events.iter().any(|event| event.act == PAID && event.note.as_ref() == Some(&note(number)))
}

/// The note of what last put the card into use.
fn put_into_use_by(events: &[Event]) -> Option<&str> {
    let act = CardAct::Activate.word();
    let last = events.iter().rev().find(|event| event.act == act && event.function == Function::Social);
    last.and_then(|event| event.note.as_deref())
}

/// Whether another payment with this card stands: over HTTP, or at a terminal of the card's area.
fn stands(office: &Office<'_>, card: &CardFile, events: &[Event]) -> Result<bool, Refusal> {
    for event in events.iter().filter(|event| event.act == PAID) {
        let number = event.note.as_ref().and_then(|note| note.strip_prefix("settlement ")?.parse().ok());
        let Some(number) = number else { continue };
        if records::by_number(office, number)?.is_some_and(|settlement| settlement.undone_by.is_none()) {
            return Ok(true);
        }
    }
    let at_a_terminal = office.store().find(
        "SELECT journal.id FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
         LEFT JOIN phases ON phases.journal_id = journal.id
         WHERE kind = 'transaction' AND card = $1 AND balance IS NOT NULL AND charge > 0 AND reversals.stan IS NULL
           AND phases.area = $2 AND (phases.state IS NULL OR phases.state <> 'expired') LIMIT 1",
        values![card.number, card.area],
    )?;
    Ok(at_a_terminal.is_some())
}

fn set(
    office: &Office<'_>,
    card: &mut CardFile,
    by: By<'_>,
    (act, before, after): (CardAct, CardStatus, CardStatus),
    number: i64,
) -> Result<(), Refusal> {
    card.social = act == CardAct::Activate;
    card.set_status(after);
    add(office, card, by, (act.word(), before, after), number)
}

fn add(
    office: &Office<'_>,
    card: &CardFile,
    (operator, institution): By<'_>,
    (act, before, after): (&str, CardStatus, CardStatus),
    number: i64,
) -> Result<(), Refusal> {
    let event = Event {
        time: office.now(),
        act: act.to_owned(),
        function: Function::Social,
        place: institution.channel().into(),
        operator: operator.to_owned(),
        outlet: institution.to_string(),
        before: before.as_str().to_owned(),
        after: after.as_str().to_owned(),
        note: Some(note(number)),
    };
    Ok(history::add(office, card, &event)?)
}
