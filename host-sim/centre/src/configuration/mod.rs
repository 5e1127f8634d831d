//! Figures that differ by area or year: a parameter has a name, an area, a first day, and a value in JSON. Nothing in a
//! rule is a figure; a rule takes the parameter that is in force on its day.

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use qiyong_protocol::card::codes::Region;

use crate::error::{CentreError, Damage};
use crate::store::database::Database;
use crate::store::value::{Row, values};

pub mod kinds;

/// A parameter's value.
pub trait Parameter: Serialize + DeserializeOwned + ToSchema + 'static {
    /// Its name: `room.what`.
    const NAME: &'static str;

    /// Whether the figures make sense together.
    ///
    /// # Errors
    /// What does not, in English.
    fn check(&self) -> Result<(), String>;
}

/// The value in force on this day; `None`: there is none.
///
/// # Errors
/// The database failed or is damaged.
pub fn on<P: Parameter>(store: &dyn Database, area: Region, day: Date) -> Result<Option<P>, CentreError> {
    let row = store.find(
        "SELECT value FROM parameters WHERE area = $1 AND name = $2 AND since <= $3 ORDER BY since DESC LIMIT 1",
        values![area, P::NAME, day],
    )?;
    row.map(|row| read(&row)).transpose()
}

/// Every value that ever was in force, or will be.
///
/// # Errors
/// The database failed or is damaged.
pub fn all<P: Parameter>(store: &dyn Database, area: Region) -> Result<Vec<P>, CentreError> {
    let rows = store.rows("SELECT value FROM parameters WHERE area = $1 AND name = $2", values![area, P::NAME])?;
    rows.iter().map(read).collect()
}

fn read<P: Parameter>(row: &Row) -> Result<P, CentreError> {
    let value = serde_json::from_str(&row.get::<String>("value")?);
    value.map_err(|_| CentreError::Damaged(Damage::Column(format!("parameters.value of {}", P::NAME))))
}

/// Keeps a value from this day on; one of the same day is replaced.
///
/// # Errors
/// The database failed.
pub fn keep(store: &dyn Database, area: Region, name: &str, since: Date, json: &str) -> Result<(), CentreError> {
    store.execute(
        "INSERT INTO parameters (area, name, since, value) VALUES ($1, $2, $3, $4)
         ON CONFLICT (area, name, since) DO UPDATE SET value = excluded.value",
        values![area, name, since, json],
    )?;
    Ok(())
}
