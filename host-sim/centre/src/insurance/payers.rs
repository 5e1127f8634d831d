//! Who pays premiums (缴费主体): employers, and persons who pay alone. Name and account are sealed.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::store::value::values;

/// What identifies a payer, as it is sealed. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The name.
    pub name: String,
    /// The bank account from which premiums are taken; empty: the payer pays by the slip.
    pub account: String,
}

/// A payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The employer's code or the person's number.
    pub number: String,
    /// Whether it is an employer.
    pub employer: bool,
    /// Name and account.
    pub particulars: Particulars,
    /// The class of work injury of the employer's trade.
    pub injury_class: Option<u8>,
}

impl std::fmt::Debug for Particulars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Particulars {
    fn drop(&mut self) {
        self.name.zeroize();
        self.account.zeroize();
    }
}

fn damaged() -> CentreError {
    CentreError::Damaged(Damage::Column("payers.sealed".into()))
}

/// The payer with this number.
///
/// # Errors
/// The database failed or is damaged.
pub fn get(office: &Office<'_>, number: &str) -> Result<Option<Payer>, CentreError> {
    let row =
        office.store().find("SELECT * FROM payers WHERE area = $1 AND number = $2", values![office.area(), number])?;
    let Some(row) = row else { return Ok(None) };
    let sealed = office.unseal(&row.get::<Vec<u8>>("sealed")?)?;
    Ok(Some(Payer {
        number: row.get("number")?,
        employer: row.get::<String>("kind")? == "employer",
        particulars: serde_json::from_str(&sealed).map_err(|_| damaged())?,
        injury_class: row.get("injury_class")?,
    }))
}

/// A payer's particulars as they are kept.
pub(crate) fn seal(office: &Office<'_>, particulars: &Particulars) -> Result<Vec<u8>, CentreError> {
    let text = Zeroizing::new(serde_json::to_string(particulars).map_err(|_| damaged())?);
    office.seal(&text)
}

/// Keeps a payer, in the place of what was known of it.
///
/// # Errors
/// The database failed.
pub fn keep(office: &Office<'_>, payer: &Payer) -> Result<(), CentreError> {
    let sealed = seal(office, &payer.particulars)?;
    office.store().execute(
        "INSERT INTO payers (area, number, kind, sealed, injury_class, since) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (area, number) DO UPDATE SET sealed = excluded.sealed, injury_class = excluded.injury_class",
        values![
            office.area(),
            payer.number,
            if payer.employer { "employer" } else { "person" },
            sealed,
            payer.injury_class,
            office.today()
        ],
    )?;
    Ok(())
}
