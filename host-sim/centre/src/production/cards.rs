//! A card's file in its life (`life`): begun at report back, ended if the card is lost or destroyed before anybody has it,
//! handed over; and the file of the card that it replaces.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::status::CardStatus;

use super::refusal::ProductionRefusal;
use crate::acts::desk::Desk;
use crate::acts::refusal::Refusal;
use crate::life::bank::BankStep;
use crate::life::card_act::FormalRelease;
use crate::life::card_file::{self, CardFile};
use crate::life::deeds::BankAct;
use crate::life::history::{self, Event};
use crate::life::{CardAct, Place};
use crate::terminal::journal::Function;

/// Whether a card has this number, in any area.
pub(super) fn is_taken(desk: &Desk<'_>, number: CardNumber) -> Result<bool, Refusal> {
    Ok(card_file::find(desk.store(), desk.vault(), number)?.is_some())
}

/// Begins the file of a card that was made.
pub(super) fn add(desk: &Desk<'_>, card: &CardFile) -> Result<(), Refusal> {
    if card_file::add(desk, card)? { Ok(()) } else { Err(ProductionRefusal::NumberTaken.into()) }
}

/// Ends a card that nobody has used; `why` in one word.
///
/// # Errors
/// It is in use.
pub(super) fn void(desk: &Desk<'_>, number: CardNumber, why: &str) -> Result<(), Refusal> {
    let mut card = file(desk, number)?;
    if card.status_at(desk.now()) != CardStatus::Inactive || card.social || card.financial {
        return Err(ProductionRefusal::CardInUse.into());
    }
    card.ended_because = Some(why.into());
    end(desk, &mut card, CardAct::Cancel, why)
}

/// The holder has the card.
pub(super) fn hand_over(desk: &Desk<'_>, number: CardNumber) -> Result<(), Refusal> {
    let mut card = file(desk, number)?;
    card.handed_over = Some(desk.now());
    card_file::update(desk, &card)?;
    Ok(())
}

/// Ends the card in whose place another is handed over. One that this centre does not know, or that has ended, stays as it
/// is.
///
/// # Errors
/// It is locked, sealed, or lost by word of mouth only: that comes first.
pub(super) fn supersede(desk: &Desk<'_>, old: &str) -> Result<(), Refusal> {
    let Ok(number) = CardNumber::new(old.as_bytes()) else { return Ok(()) };
    let Some(mut card) = card_file::find(desk.store(), desk.vault(), number)? else { return Ok(()) };
    if card.area != desk.area() || card.status_at(desk.now()) == CardStatus::Cancelled {
        return Ok(());
    }
    card.ended_because = Some("replaced".into());
    end(desk, &mut card, CardAct::Supersede, "replaced")
}

fn file(desk: &Desk<'_>, number: CardNumber) -> Result<CardFile, Refusal> {
    Ok(card_file::find(desk.store(), desk.vault(), number)?.ok_or(ProductionRefusal::Unknown)?)
}

/// Ends both functions of a card by life's tables, and writes that into its history.
fn end(desk: &Desk<'_>, card: &mut CardFile, act: CardAct, why: &str) -> Result<(), Refusal> {
    let (before, bank_before) = (card.status_at(desk.now()), card.bank_status_at(desk.now()));
    let after = act.judge(Place::Window, before, FormalRelease::default())?.after(before, card.social);
    card.set_status(after);
    // The bank closes the account itself, once the card has ended.
    if let BankStep::To(status) = BankAct::Block.judge(Place::Window, bank_before, true)? {
        card.set_bank_status(status);
    }
    card_file::update(desk, card)?;
    let event = |function, (before, after): (&str, &str)| Event {
        time: desk.now(),
        act: act.word().into(),
        function,
        place: Place::Window,
        operator: desk.operator().id.clone(),
        outlet: desk.outlet().into(),
        before: before.into(),
        after: after.into(),
        note: Some(why.into()),
    };
    history::add(desk, card, &event(Function::Social, (before.as_str(), after.as_str())))?;
    if card.bank_status != bank_before {
        let words = (bank_before.word(), card.bank_status.word());
        history::add(desk, card, &event(Function::Financial, words))?;
    }
    Ok(())
}
