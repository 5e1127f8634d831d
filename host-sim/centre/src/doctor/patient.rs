//! The database that is examined.

use super::around::Around;
use crate::error::CentreError;
use crate::store::Store;
use crate::store::database::Database;
use crate::store::look::{self, Found};
use crate::store::place::Place;
use crate::store::value::Row;

/// A database, as it was found.
pub(super) struct Patient<'a> {
    pub(super) place: &'a Place,
    pub(super) around: &'a Around,
    pub(super) found: Found,
}

impl<'a> Patient<'a> {
    /// # Errors
    /// There is no database, it is not a centre's, or it cannot be reached.
    pub(super) fn admit(place: &'a Place, around: &'a Around) -> Result<Self, CentreError> {
        Ok(Self { place, around, found: look::find(place, around.patience)? })
    }

    pub(super) const fn store(&self) -> &Store {
        &self.found.store
    }

    /// Whether it is of today's version, so that statements of today fit.
    pub(super) fn is_of_today(&self) -> bool {
        self.found.version == look::today().to_string()
    }

    pub(super) fn rows(&self, sql: &str) -> Result<Vec<Row>, CentreError> {
        self.store().rows(sql, &[])
    }

    /// The only row of an answer that has always one.
    pub(super) fn row(&self, sql: &str) -> Result<Option<Row>, CentreError> {
        self.store().find(sql, &[])
    }
}

/// A number of bytes for people.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = UNITS.iter().find(|(_, size)| count >= *size);
    unit.map_or_else(
        || format!("{count} bytes"),
        |(name, size)| format!("{}.{} {name}", count / size, count % size * 10 / size),
    )
}
