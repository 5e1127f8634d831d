//! What was done to a card, in the order in which it was done.

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::CardNumber;

use super::card_file::CardFile;
use super::place::Place;
use crate::acts::office::Office;
use crate::error::CentreError;
use crate::store::value::Row;
use crate::store::value::values;
use crate::terminal::journal::Function;

/// Something that was done to a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, by the centre's clock.
    pub time: DateTime,
    /// What: an act's word.
    pub act: String,
    /// To which function.
    pub function: Function,
    /// Where it was asked for.
    pub place: Place,
    /// Who did it; `-`: the centre itself.
    pub operator: String,
    /// For which outlet or institution.
    pub outlet: String,
    /// The status before.
    pub before: String,
    /// The status after.
    pub after: String,
    /// Why, in one word, if it was said.
    pub note: Option<String>,
}

/// Adds an event to the history of a card.
///
/// # Errors
/// The database failed.
pub fn add(office: &Office<'_>, card: &CardFile, event: &Event) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO card_acts (area, card, number, time, act, function, place, operator, outlet, before, after, note)
         VALUES ($1, $2, (SELECT coalesce(max(number), 0) + 1 FROM card_acts WHERE area = $1 AND card = $2),
                 $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values![
            card.area,
            card.number,
            event.time,
            event.act,
            event.function.as_str(),
            event.place,
            event.operator,
            event.outlet,
            event.before,
            event.after,
            event.note
        ],
    )?;
    Ok(())
}

/// The history of a card, oldest first, from the one after the `after`th; at most `limit`.
///
/// # Errors
/// The database failed or is damaged.
pub fn of(office: &Office<'_>, card: CardNumber, after: u32, limit: u16) -> Result<Vec<Event>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM card_acts WHERE area = $1 AND card = $2 AND number > $3 ORDER BY number LIMIT $4",
        values![office.area(), card, after, limit],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Event, CentreError> {
    Ok(Event {
        time: row.get("time")?,
        act: row.get("act")?,
        function: row.get("function")?,
        place: row.get("place")?,
        operator: row.get("operator")?,
        outlet: row.get("outlet")?,
        before: row.get("before")?,
        after: row.get("after")?,
        note: row.get("note")?,
    })
}
