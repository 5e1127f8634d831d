//! The catalogue as a table: what the fund thinks of an item, from a day on.

use jiff::civil::Date;

use super::catalogue::Entry;
use super::exact::Price;
use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::institution::level::Level;
use crate::store::value::Row;
use crate::store::value::values;

/// What the catalogue says of an item on a day, and since when.
///
/// # Errors
/// The database failed or is damaged.
pub fn entry_on(office: &Office<'_>, code: &str, day: Date) -> Result<Option<(Date, Entry)>, CentreError> {
    let row = office.store().find(
        "SELECT since, level, own_share, limits FROM catalogue
         WHERE area = $1 AND code = $2 AND since <= $3 ORDER BY since DESC LIMIT 1",
        values![office.area(), code, day],
    )?;
    row.map(|row| read(&row)).transpose()
}

/// Keeps what the catalogue says of an item from a day on.
///
/// # Errors
/// The database failed.
pub fn keep(office: &Office<'_>, code: &str, since: Date, entry: &Entry) -> Result<(), CentreError> {
    let limits = serde_json::to_string(&entry.limits).map_err(|_| damaged("catalogue.limits"))?;
    office.store().execute(
        "INSERT INTO catalogue (area, code, since, level, own_share, limits) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (area, code, since) DO UPDATE
         SET level = excluded.level, own_share = excluded.own_share, limits = excluded.limits",
        values![office.area(), code, since, entry.level, entry.own_share.to_string(), limits],
    )?;
    Ok(())
}

pub(super) fn read(row: &Row) -> Result<(Date, Entry), CentreError> {
    let limits: Vec<(Level, Price)> =
        serde_json::from_str(&row.get::<String>("limits")?).map_err(|_| damaged("catalogue.limits"))?;
    let own_share = row.get::<String>("own_share")?.parse().map_err(|_| damaged("catalogue.own_share"))?;
    Ok((row.get("since")?, Entry { level: row.get("level")?, own_share, limits }))
}

fn damaged(column: &str) -> CentreError {
    CentreError::Damaged(Damage::Column(column.into()))
}
