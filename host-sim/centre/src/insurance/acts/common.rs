//! What several acts of insurance ask.

use jiff::civil::Date;

use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::arrears::Arrears;
use crate::insurance::assess::Plan;
use crate::insurance::kinds::Capacity;
use crate::insurance::refusal::Refused;
use crate::insurance::rounding::Rounding;
use crate::insurance::slips::Line;
use crate::persons::{self, Person};

/// Who reads about premiums and accounts.
pub(super) const READERS: &[Role] =
    &[Role::PremiumOfficer, Role::SettlementOfficer, Role::Clerk, Role::Hotline, Role::Auditor];

/// The most rows of an answer.
pub(super) const MOST: u16 = 1000;

/// A person who is known and has neither died nor left before `day`.
pub(super) fn person(office: &Office<'_>, number: &str, day: Date) -> Result<Person, Refusal> {
    let person = persons::get(office, number)?.ok_or(General::NotFound("person"))?;
    if person.until.is_some_and(|until| until < day) { Err(Refused::PersonLeft.into()) } else { Ok(person) }
}

/// The parameters of premiums that begin on `day`.
pub(super) fn plan(office: &Office<'_>, day: Date) -> Result<Plan, Refusal> {
    Ok(Plan {
        bases: office.parameter_on(day)?,
        rates: office.parameter_on(day)?,
        injury: office.parameter_on(day)?,
        flexible: office.parameter_on(day).ok(),
        rounding: office.parameter_on(day)?,
        credit: office.parameter_on(day)?,
    })
}

/// Years completed on `day` by somebody born on `born`.
pub(super) fn age(born: Date, day: Date) -> u8 {
    let had_birthday = (day.month(), day.day()) >= (born.month(), born.day());
    let years = day.year().saturating_sub(born.year()).saturating_sub(i16::from(!had_birthday));
    u8::try_from(years.clamp(0, 200)).unwrap_or(0)
}

/// The most rows that an answer shall have.
pub(super) fn limit(asked: Option<u16>) -> u16 {
    asked.unwrap_or(100).clamp(1, MOST)
}

/// The late fee of a line that is paid on `day`, in fen; a resident's year has none.
pub(super) fn late_fee(office: &Office<'_>, line: &Line, day: Date) -> Result<i64, Refusal> {
    if line.capacity == Capacity::Resident {
        return Ok(0);
    }
    let arrears: Arrears = office.parameter_on(line.due)?;
    let rounding: Rounding = office.parameter_on(line.first)?;
    Ok(arrears.late_fee(line.parts.total(), line.due, day, rounding.late_fee))
}
