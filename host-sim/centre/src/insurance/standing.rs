//! What somebody may use on a day, for the rooms that pay: whether insured, which pool, whose accounts
//! (docs/centre.md §6.7.3 to §6.7.5).

use jiff::civil::Date;

use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::store::value::Row;
use crate::store::value::values;

use super::arrears::Arrears;
use super::entitlement::{self, Entitlement};
use super::faults::{Fault, bent};
use super::kinds::Capacity;
use super::pooling::{Insured, Kin, Not, Pooling, Use};
use super::{relations, slips};

/// Whether somebody is insured against illness on this day.
///
/// # Errors
/// The database failed.
pub fn insured_on(office: &Office<'_>, person: &str, day: Date) -> Result<bool, CentreError> {
    Ok(capacity_on(office, person, day)?.is_some())
}

/// In which capacity somebody is insured against illness on this day; employees' insurance goes before residents'.
///
/// # Errors
/// The database failed.
pub fn capacity_on(office: &Office<'_>, person: &str, day: Date) -> Result<Option<Capacity>, CentreError> {
    let spans = relations::medical_spans(office, person)?;
    let covers = spans.iter().filter(|span| span.from <= day && span.until.is_none_or(|until| day <= until));
    Ok(covers.map(|span| span.capacity).min_by_key(|capacity| *capacity == Capacity::Resident))
}

/// What somebody may use on this day.
///
/// # Errors
/// No parameter `arrears` is in force, or the database failed.
pub fn entitlement(office: &Office<'_>, person: &str, day: Date) -> Result<Entitlement, Refusal> {
    let arrears: Arrears = office.parameter_on(day)?;
    let spans = relations::medical_spans(office, person)?;
    let unpaid = slips::unpaid_medical(office, person)?;
    let own = entitlement::decide(&spans, &unpaid, &arrears, day);
    if bent(Fault::EntitlementThroughPooling)
        && own.pool.is_err()
        && let Some((owner, _)) = owners(office, person, day)?.first()
    {
        return entitlement(office, owner, day);
    }
    Ok(own)
}

/// How somebody is insured, as family pooling asks.
///
/// # Errors
/// The database failed.
pub fn insured(office: &Office<'_>, person: &str, day: Date) -> Result<Insured, CentreError> {
    Ok(match capacity_on(office, person, day)? {
        None => Insured::No,
        Some(Capacity::Resident) => Insured::Resident,
        Some(_) => Insured::Otherwise,
    })
}

/// Whose accounts are bound to somebody on this day, in the order in which they were bound.
fn owners(office: &Office<'_>, relative: &str, day: Date) -> Result<Vec<(String, Kin)>, CentreError> {
    let rows = office.store().rows(
        "SELECT owner, kin FROM poolings WHERE area = $1 AND relative = $2 AND since <= $3
         AND (until IS NULL OR until > $3) ORDER BY number LIMIT 100",
        values![office.area(), relative, day],
    )?;
    rows.iter().map(|row: &Row| Ok((row.get("owner")?, row.get("kin")?))).collect()
}

/// Whose accounts pay for somebody on this day, in the order in which they are used. It is money only: what the pool pays
/// follows from `entitlement`.
///
/// # Errors
/// No parameter `pooling` is in force, or the database failed.
pub fn family_accounts(office: &Office<'_>, person: &str, day: Date, what: Use) -> Result<Vec<String>, Refusal> {
    let pooling: Pooling = office.parameter_on(day)?;
    let relative = insured(office, person, day)?;
    let bound = owners(office, person, day)?;
    Ok(bound.into_iter().filter(|(_, kin)| pooling.pay(*kin, relative, what).is_ok()).map(|(owner, _)| owner).collect())
}

/// Whether the account of `owner` pays for `person`: outside `None` if it is not bound at all.
///
/// # Errors
/// No parameter `pooling` is in force, or the database failed.
pub fn may_pay(
    office: &Office<'_>,
    (owner, person): (&str, &str),
    day: Date,
    what: Use,
) -> Result<Option<Result<(), Not>>, Refusal> {
    let pooling: Pooling = office.parameter_on(day)?;
    let relative = insured(office, person, day)?;
    let bound = owners(office, person, day)?;
    let kin = bound.iter().find(|(bound, _)| bound == owner).map(|(_, kin)| *kin);
    Ok(kin.map(|kin| pooling.pay(kin, relative, what)))
}
