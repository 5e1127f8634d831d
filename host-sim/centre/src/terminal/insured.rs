//! Whether a card's holder is insured today.

use crate::acts::office::Office;
use crate::error::CentreError;
use crate::values;

/// Whether the person is insured today.
pub(crate) fn is(office: &Office<'_>, person: &str) -> Result<bool, CentreError> {
    let before = office
        .store()
        .find("SELECT person FROM insured_before WHERE area = $1 AND person = $2", values![office.area(), person])?;
    Ok(before.is_some())
}

/// Records that a person is insured, without saying since when.
pub(crate) fn add(office: &Office<'_>, person: &str) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO insured_before (area, person) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        values![office.area(), person],
    )?;
    Ok(())
}
