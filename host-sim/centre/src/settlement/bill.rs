//! A bill worked out: its lines with catalogue, agreement, insurance, year and accounts of the person. Nothing here
//! changes anything.

use jiff::ToSpan;
use jiff::civil::Date;

use qiyong_protocol::rules::institution::InstitutionCode;

use super::benefits::{Benefits, Elsewhere};
use super::calculation::{Calculated, Case, Year, calculate};
use super::catalogue::{Entry, Item};
use super::codes::{Insutype, Kind, MedType};
use super::entitlement::{self, Entitled};
use super::entries;
use super::exact::{Fraction, Rounding};
use super::refusal::Refused;
use super::terms::Terms;
use super::visit::{FeeLine, MOST_LINES};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::error::CentreError;
use crate::institution::{records, refusal as places};
use crate::persons::Person;
use crate::store::value::values;

/// What is to be worked out.
#[derive(Clone, Copy, Debug)]
pub struct Bill<'b> {
    /// Where.
    pub institution: InstitutionCode,
    /// Whose.
    pub person: &'b Person,
    /// The kind of treatment.
    pub med_type: MedType,
    /// Its lines.
    pub lines: &'b [FeeLine],
    /// The personal account may pay (`acct_used_flag`).
    pub acct_used: bool,
}

/// A bill that was worked out.
#[derive(Clone, Debug)]
pub struct WorkedOut {
    /// The amounts.
    pub calculated: Calculated,
    /// Who pays.
    pub entitled: Entitled,
    /// The kind of treatment.
    pub kind: Kind,
    /// The day of the last fee, whose rules and year hold.
    pub day: Date,
    /// Under which code it is counted.
    pub clr_type: String,
    /// `acct_mulaid_pay` is counted within `acct_pay`.
    pub mulaid_in_acct: bool,
}

/// Works out a bill.
///
/// # Errors
/// A line is refused, the area has no parameters for the day, or the database failed.
pub fn work_out(office: &Office<'_>, bill: &Bill<'_>) -> Result<WorkedOut, Refusal> {
    let day = bill.lines.iter().map(|line| line.day).max().ok_or(Refused::NoLines)?;
    let terms: Terms = office.parameter()?;
    let benefits: Benefits = office.parameter_on(day)?;
    let agreement = records::agreement_on(office, bill.institution, day)?.ok_or(places::Refused::NotUsable(day))?;
    let mut items = Vec::with_capacity(bill.lines.len());
    let mut asked = vec![day];
    for line in bill.lines {
        if !asked.contains(&line.day) {
            if !records::usable_on(office, bill.institution, line.day)? {
                return Err(Refused::FeeNotSettled { serial: line.serial.clone(), day: line.day }.into());
            }
            asked.push(line.day);
        }
        let entry = entries::entry_on(office, &line.code, line.day)?;
        items.push(Item {
            feedetl_sn: line.serial.clone(),
            count: line.count,
            amount: line.amount,
            entry: entry.map_or_else(Entry::unlisted, |(_, entry)| entry),
        });
    }
    let kind = bill.med_type.kind();
    let entitled = entitlement::of(office, bill.person, day, kind)?;
    let (year, borne, assisted) = year_so_far(office, &bill.person.number, day.year(), (entitled.insutype, kind))?;
    let family: Vec<i64> =
        if bill.acct_used { entitled.relatives.iter().map(|(_, balance)| *balance).collect() } else { Vec::new() };
    let calculated = calculate(&Case {
        benefits: &benefits,
        insutype: entitled.insutype,
        person: entitled.class,
        kind,
        level: agreement.level,
        price_level: agreement.price_level,
        elsewhere: Elsewhere::Here,
        insured: entitled.insured,
        assistance: entitled.assistance.as_deref(),
        items: &items,
        year,
        borne,
        assisted,
        acct_used: bill.acct_used && entitled.account_usable,
        balance: entitled.balance,
        family: &family,
    })
    .map_err(Refused::Identity)?;
    let clr_type = terms.clr_type(kind).to_owned();
    Ok(WorkedOut { calculated, entitled, kind, day, clr_type, mulaid_in_acct: benefits.mulaid_in_acct })
}

/// Checks lines as they come in, before they are kept.
///
/// # Errors
/// A line is not what it may be.
pub fn check_lines(office: &Office<'_>, lines: &[FeeLine]) -> Result<(), Refusal> {
    if lines.is_empty() {
        return Err(Refused::NoLines.into());
    }
    if lines.len() > MOST_LINES {
        return Err(Refused::ManyLines.into());
    }
    let days = office.parameter::<Terms>()?.late_days;
    let first = office.today().checked_sub(i64::from(days).days()).unwrap_or(Date::MIN);
    for (at, line) in lines.iter().enumerate() {
        // A line is not rounded by the area's rule: it is what the holder was asked for, to the fen.
        let expected = Fraction::product(line.price, line.count).round(Rounding::default(), i64::MAX);
        if line.amount != expected || line.amount == 0 {
            return Err(Refused::LineAmount { line: at, expected }.into());
        }
        if line.day > office.today() {
            return Err(Refused::FeeInFuture(at).into());
        }
        if line.day < first {
            return Err(Refused::FeeTooOld { line: at, days }.into());
        }
        if lines.iter().take(at).any(|other| other.serial == line.serial) {
            return Err(Refused::LineReused(at).into());
        }
    }
    Ok(())
}

/// What the year has brought so far in one kind of treatment; and in all kinds, what the person bore and what assistance
/// paid.
fn year_so_far(
    office: &Office<'_>,
    person: &str,
    year: i16,
    (insutype, kind): (Insutype, Kind),
) -> Result<(Year, i64, i64), CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM years WHERE area = $1 AND person = $2 AND year = $3 AND insutype = $4 LIMIT 100",
        values![office.area(), person, i32::from(year), insutype],
    )?;
    let (mut of_kind, mut borne, mut assisted) = (Year::default(), 0, 0);
    for row in rows {
        let year = read_year(&row)?;
        borne += year.borne;
        assisted += year.assisted;
        if row.get::<Kind>("kind")? == kind {
            of_kind = year;
        }
    }
    Ok((of_kind, borne, assisted))
}

pub(super) fn read_year(row: &crate::store::value::Row) -> Result<Year, CentreError> {
    Ok(Year {
        deductible: row.get("deductible")?,
        pooled: row.get("pooled")?,
        settled: row.get("settled")?,
        borne: row.get("borne")?,
        assisted: row.get("assisted")?,
    })
}
