//! The files of one area at one moment: what a rule of the centre needs, whoever acts. It is within one transaction.

use jiff::civil::{Date, DateTime};
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::Region;

use super::general::General;
use super::refusal::Refusal;
use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::hsm::Hsm;
use crate::store::database::Database;
use crate::store::value::values;
use crate::store::vault::Vault;

/// The files of one area, within one transaction.
#[derive(Clone, Copy)]
pub struct Office<'a> {
    store: &'a dyn Database,
    vault: &'a Vault,
    hsm: &'a Hsm,
    area: Region,
    now: DateTime,
}

impl<'a> Office<'a> {
    pub(crate) const fn new(
        store: &'a dyn Database,
        (vault, hsm): (&'a Vault, &'a Hsm),
        area: Region,
        now: DateTime,
    ) -> Self {
        Self { store, vault, hsm, area, now }
    }

    /// The files of another area, within the same transaction: for what any area may do.
    pub const fn of_area(&self, area: Region) -> Self {
        Self { area, ..*self }
    }

    /// The database, within the transaction.
    pub const fn store(&self) -> &'a dyn Database {
        self.store
    }

    /// The keys under which personal data is sealed.
    pub const fn vault(&self) -> &'a Vault {
        self.vault
    }

    /// The security module.
    pub const fn hsm(&self) -> &'a Hsm {
        self.hsm
    }

    /// The coordinating area.
    pub const fn area(&self) -> Region {
        self.area
    }

    /// The time, by the centre's clock.
    pub const fn now(&self) -> DateTime {
        self.now
    }

    /// The day, by the centre's clock.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// The parameter that is in force today.
    ///
    /// # Errors
    /// None is, or the database failed.
    pub fn parameter<P: Parameter>(&self) -> Result<P, Refusal> {
        self.parameter_on(self.today())
    }

    /// The parameter that is in force on this day.
    ///
    /// # Errors
    /// None is, or the database failed.
    pub fn parameter_on<P: Parameter>(&self, day: Date) -> Result<P, Refusal> {
        configuration::on(self.store, self.area, day)?.ok_or_else(|| General::NoParameter(P::NAME).into())
    }

    /// Seals text for a column.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn seal(&self, text: &str) -> Result<Vec<u8>, CentreError> {
        self.vault.seal(text.as_bytes())
    }

    /// Opens what [`Office::seal`] sealed.
    ///
    /// # Errors
    /// It was changed, or is no text.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<String>, CentreError> {
        let bytes = self.vault.unseal(sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| CentreError::Damaged(crate::error::Damage::Sealed))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// By what something sealed is looked up.
    pub fn hash(&self, kind: &str, text: &str) -> [u8; 32] {
        self.vault.hash(kind, text.as_bytes())
    }

    /// The next number of a kind in this area: 1, 2, 3 and so on without gaps.
    ///
    /// # Errors
    /// The database failed.
    pub fn next_number(&self, kind: &str) -> Result<i64, CentreError> {
        let row = self.store.find(
            "INSERT INTO numbers (area, kind, last) VALUES ($1, $2, 1)
             ON CONFLICT (area, kind) DO UPDATE SET last = numbers.last + 1 RETURNING last",
            values![self.area, kind],
        )?;
        row.map_or(Ok(1), |row| row.get("last"))
    }
}
