//! A card that was made: its row, and what was done to it since.

use jiff::civil::Date;

use qiyong_protocol::card::status::CardStatus;

use super::course::{Course, Deed, Functions};
use super::tables;
use super::unit::Unit;
use crate::error::CentreError;
use crate::life::bank::BankStatus;
use crate::life::card_file::{self, CardKind};
use crate::production::personalisation::{Personalisation, expiry};
use crate::store::bulk::cells;
use crate::terminal::journal::Function;

/// A card that was made.
pub(super) struct Card<'c> {
    pub(super) new: &'c Personalisation,
    /// The person's number.
    pub(super) person: &'c str,
    pub(super) produced: Date,
    /// How many days ago it was handed over.
    pub(super) handed_over: Option<i32>,
    pub(super) course: &'static Course,
}

/// Adds the card, whose course was run so many days ago; an oral loss is reported now, so that it has not lapsed.
pub(super) fn add(unit: &mut Unit<'_>, card: &Card<'_>, ago: i32) -> Result<(), CentreError> {
    let new = card.new;
    let wrong = || CentreError::Defaults("a fictional person's card cannot be made".into());
    let of_maker = new.new_card().map_err(|_| wrong())?;
    let ident = unit.office.hsm().ident_of(&of_maker).map_err(|_| wrong())?;
    let mut events = Vec::new();
    let mut now = Functions::NEW;
    for deed in card.course.deeds {
        // `course` has no deed that the tables do not allow, which its test sees to.
        let after = now.after(*deed).unwrap_or(now);
        events.push((*deed, now, after));
        now = after;
    }
    let lost = now.status == CardStatus::TemporarilyLost;
    let bank_lost = now.bank == BankStatus::TemporarilyLost;
    let ends = unit.rules.term.ends(unit.office.now(), &unit.rules.calendar).map(|end| end.to_string());
    let ended = now.status == CardStatus::Cancelled;
    let vault = unit.office.vault();
    let (shown, holder) = (card_file::seal(vault, new.id_number, &new.name)?, card_file::holder(vault, new.id_number));
    let handed_over = card.handed_over.map(|ago| unit.time(ago).to_string());
    let place = card.course.deeds.last().map(|deed| deed.words().1);
    unit.add(
        &tables::CARDS,
        cells![
            new.number.as_str(),
            card.person,
            <&str>::from(CardKind::Regular),
            ident.as_bytes().as_slice(),
            &shown,
            &holder,
            &card.produced.to_string(),
            &expiry(card.produced, unit.rules.production.validity_years).to_string(),
            unit.bank(),
            handed_over.as_deref(),
            now.status.as_str(),
            now.social,
            now.bank.word(),
            now.financial,
            // Whoever was at a counter or a window has replaced it.
            !now.social,
            place.filter(|_| lost),
            ends.as_deref().filter(|_| lost),
            ends.as_deref().filter(|_| bank_lost),
            card.course.why.filter(|_| ended),
        ],
    )?;
    for (number, (deed, before, after)) in (1_i64..).zip(events) {
        let (act, place) = deed.words();
        let (function, before, after) = match deed {
            Deed::Social(..) => (Function::Social, before.status.as_str(), after.status.as_str()),
            Deed::Bank(..) => (Function::Financial, before.bank.word(), after.bank.word()),
        };
        let oral = after == CardStatus::TemporarilyLost.as_str();
        let time = if oral && (lost || bank_lost) { unit.office.now() } else { unit.time(day(deed, card, ago)) };
        let why = card.course.why.filter(|_| ended && deed.ends());
        let outlet = unit.outlet;
        unit.add(
            &tables::CARD_ACTS,
            cells![
                new.number.as_str(),
                number,
                &time.to_string(),
                act,
                function.as_str(),
                place,
                "-",
                outlet,
                before,
                after,
                why,
            ],
        )?;
    }
    Ok(())
}

/// It is put into use on the day of its hand-over, if it was handed over, and what else is done to it comes later.
fn day(deed: Deed, card: &Card<'_>, ago: i32) -> i32 {
    match card.handed_over {
        Some(handed_over) if deed.begins() => handed_over,
        _ => ago,
    }
}
