//! What holds for every declaration: its months, its base, and from when on the pool pays (docs/centre.md §6.7.1, §6.7.3,
//! §6.7.5).

use super::common::plan;
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::insurance::arrears::Arrears;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::refusal::Refused;
use crate::insurance::relations::{self};
use crate::insurance::rounding::Rounding;
use crate::insurance::waiting::Waiting;

/// The first month that a declaration of today may be for, and the last.
fn months(office: &Office<'_>) -> Result<(Month, Month), Refusal> {
    let arrears: Arrears = office.parameter()?;
    let today = office.today();
    let this = Month::of(today);
    let first = if today.day() <= arrears.declare_until { this } else { this.next() };
    Ok((first, this.next()))
}

/// Refuses a month whose declarations are over, or that is too far ahead.
pub(super) fn declarable(office: &Office<'_>, from: Month) -> Result<(), Refusal> {
    let (first, last) = months(office)?;
    if from < first {
        return Err(Refused::DeclarationClosed(first.plus(-1)).into());
    }
    if from > last {
        let en = format!("a declaration is for {last} at the latest");
        return Err(General::not_allowed("from", en, format!("最晚可申报 {last}")).into());
    }
    Ok(())
}

/// The first day on which the pool pays for somebody insured from `from` on: after a gap it waits.
pub(super) fn pool_first(
    office: &Office<'_>,
    person: &str,
    kind: Kind,
    from: Month,
) -> Result<jiff::civil::Date, Refusal> {
    let day = from.first();
    let since = if kind == Kind::Medical { relations::uninsured_since(office, person, day)? } else { None };
    let Some(since) = since else { return Ok(day) };
    let waiting: Waiting = office.parameter_on(day)?;
    let months = waiting.after_gap(Month::of(since).until(from));
    Ok(from.plus(i32::from(months)).first())
}

/// Refuses a base that is not above zero, or that a flexible worker may not choose.
pub(super) fn check_base(office: &Office<'_>, capacity: Capacity, base: i64, from: Month) -> Result<(), Refusal> {
    if base <= 0 {
        return Err(General::not_allowed("base", "a base is above 0 fen", "缴费基数须大于零").into());
    }
    let flexible = plan(office, from.first())?.flexible;
    if capacity != Capacity::Employee
        && let Some(pension) = flexible.and_then(|flexible| flexible.pension)
    {
        let rounding: Rounding = office.parameter_on(from.first())?;
        pension.choose(base, rounding.premium).map_err(|offered| {
            let (floor, cap, step) = (offered.floor, offered.cap, offered.step);
            Refused::BaseNotOffered { floor, cap, step }
        })?;
    }
    Ok(())
}

/// The last day of the person's ended relations of this kind.
pub(super) fn last_insured(
    office: &Office<'_>,
    person: &str,
    kind: Kind,
) -> Result<Option<jiff::civil::Date>, Refusal> {
    let row = office.store().find(
        "SELECT max(last) AS last FROM relations
         CROSS JOIN spans
         WHERE relations.area = $1 AND person = $2 AND kind = $3
           AND spans.area = relations.area AND spans.relation = relations.number",
        crate::store::value::values![office.area(), person, kind],
    )?;
    Ok(row.map(|row| row.get("last")).transpose()?.flatten())
}
