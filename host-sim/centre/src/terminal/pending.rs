//! What no terminal has confirmed (docs/centre.md §21): an approved transaction is pending until its terminal says that card and
//! receipt are done, and is undone by the centre if nobody says so in time. The time is counted by the centre's clock.
//!
//! Not here: how a transaction is resolved (`transactions`).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::card::codes::Region;

use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::store::database::Database;
use crate::store::value::values;
use crate::terminal::files::Files;
use crate::terminal::transactions;

/// How long an approved transaction may be pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PendingBound {
    /// Hours, 1 to 720
    pub hours: u16,
}

impl Parameter for PendingBound {
    const NAME: &'static str = "terminal.pending";

    fn check(&self) -> Result<(), String> {
        if (1..=720).contains(&self.hours) { Ok(()) } else { Err("hours: 1 to 720".into()) }
    }
}

/// In an area that sets nothing: a long week-end without a line.
const DEFAULT: PendingBound = PendingBound { hours: 72 };

/// The most that one turn of work undoes, so that whoever else waits for the database comes in between.
pub(crate) const AT_ONCE: u32 = 200;

/// Undoes what has been pending for too long in this area, the oldest first and at most [`AT_ONCE`]; returns how many.
///
/// # Errors
/// The database failed, and nothing was undone.
pub(crate) fn expire(files: Files<'_>, area: Region) -> Result<u32, CentreError> {
    files.store.atomically(|store| {
        let bound = configuration::on::<PendingBound>(store, area, files.now.date())?.unwrap_or(DEFAULT);
        let span = SignedDuration::from_hours(bound.hours.into());
        let last = files.now.checked_sub(span).unwrap_or(jiff::civil::DateTime::MIN);
        let due = store.rows(
            "SELECT journal_id FROM phases WHERE area = $1 AND state = 'pending' AND since <= $2
             ORDER BY since, journal_id LIMIT $3",
            values![area, last, AT_ONCE],
        )?;
        let mut expired = 0;
        for row in &due {
            expired += u32::from(transactions::expire(files, row.get("journal_id")?)?);
        }
        Ok(expired)
    })
}

/// The areas of which something is pending.
///
/// # Errors
/// The database failed.
pub(crate) fn areas(store: &dyn Database) -> Result<Vec<Region>, CentreError> {
    let rows = store.rows("SELECT DISTINCT area FROM phases WHERE state = 'pending' ORDER BY area", values![])?;
    rows.iter().map(|row| row.get("area")).collect()
}

/// How many transactions are pending in all areas.
///
/// # Errors
/// The database failed.
pub(crate) fn count(store: &dyn Database) -> Result<u32, CentreError> {
    let row = store.find("SELECT count(*) AS pending FROM phases WHERE state = 'pending'", values![])?;
    row.map_or(Ok(0), |row| row.get("pending"))
}
