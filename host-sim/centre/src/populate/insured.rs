//! How people are insured, and what is in their accounts: relations with their spans and bases, and one opening entry. No
//! premiums: months that nobody assessed have no slips.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::dice::Dice;
use super::papers::Applying;
use super::tables;
use super::unit::Unit;
use crate::application::codes::Category;
use crate::error::CentreError;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::payers;
use crate::insurance::pooling::Kin;
use crate::insurance::relation::State;
use crate::ledger::Account;
use crate::store::bulk::cells;

/// Insures a person.
pub(super) fn insure(unit: &mut Unit<'_>, applying: &Applying<'_>, dice: &mut Dice) -> Result<(), CentreError> {
    let (capacity, kinds): (_, &[Kind]) = match applying.someone.category {
        Category::Employee => (Capacity::Employee, &[Kind::Pension, Kind::Medical]),
        Category::Flexible => (Capacity::Flexible, &[Kind::Medical]),
        Category::Retired => (Capacity::Retired, &[Kind::Medical]),
        Category::Resident | Category::Student => (Capacity::Resident, &[Kind::Resident]),
    };
    let payer = match capacity {
        Capacity::Employee | Capacity::Retired => applying.employer.0.as_str(),
        _ => applying.person,
    };
    let state = match dice.below(100) {
        0..92 => State::Insured,
        92..96 => State::Paused,
        _ => State::Ended,
    };
    let first = first(unit.office.today(), applying, capacity);
    let last = match (state, capacity) {
        // A resident's year is paid in advance.
        (State::Insured, Capacity::Resident) => Some(date(unit.office.today().year(), 12, 31)),
        (State::Insured, _) => None,
        _ => Some(unit.office.today().first_of_month().saturating_sub(1.day()).max(first)),
    };
    let (first, last) = (first.to_string(), last.map(|day| day.to_string()));
    for kind in kinds {
        let number = unit.next("relation")?;
        unit.add(
            &tables::RELATIONS,
            cells![number, applying.person, <&str>::from(*kind), <&str>::from(capacity), payer, <&str>::from(state)],
        )?;
        unit.add(&tables::SPANS, cells![number, &first, last.as_deref(), &first])?;
    }
    if matches!(capacity, Capacity::Employee | Capacity::Flexible) {
        let base = 500_000 + 10_000 * i64::from(dice.below(1_500));
        unit.add(&tables::BASES, cells![payer, applying.person, &first, base])?;
    }
    if capacity == Capacity::Flexible {
        let particulars = payers::Particulars { name: applying.someone.name.clone(), account: String::new() };
        let sealed = payers::seal(&unit.office, &particulars)?;
        unit.add(&tables::PAYERS, cells![applying.person, "person", &sealed, None::<i64>, &first])?;
    }
    Ok(())
}

/// Since when: employees for a year or more, residents for this one.
fn first(today: Date, applying: &Applying<'_>, capacity: Capacity) -> Date {
    match capacity {
        Capacity::Resident => date(today.year(), 1, 1),
        _ => today.saturating_sub(i64::from(applying.ago + 365).days()).first_of_month(),
    }
}

/// Opens the personal account of whoever has one: some of them are empty again, and some pay for the person before, if that
/// one has an account too. Returns whether there is one.
pub(super) fn fund(
    unit: &mut Unit<'_>,
    applying: &Applying<'_>,
    before: Option<&str>,
    dice: &mut Dice,
) -> Result<bool, CentreError> {
    let has_one = matches!(applying.someone.category, Category::Employee | Category::Flexible | Category::Retired);
    if !has_one || dice.percent(8) {
        return Ok(false);
    }
    let whose = Account::Person(applying.person.to_owned());
    let opening = Account::Outside("opening".into());
    let day = unit.day(applying.ago);
    let amount = 100 + 10 * i64::from(dice.below(50_000));
    unit.post((day, "opening", applying.person), (&opening, &whose), amount)?;
    let emptied = dice.percent(4);
    if emptied {
        unit.post((day, "opening-taken-back", applying.person), (&whose, &opening), amount)?;
    }
    let balance = if emptied { 0 } else { amount };
    unit.add(&tables::BALANCES, cells![&whose.to_string(), balance])?;
    if let Some(relative) = before.filter(|_| dice.percent(2)) {
        let number = unit.next("pooling")?;
        let kin: &str = Kin::Sibling.into();
        unit.add(
            &tables::POOLINGS,
            cells![applying.person, relative, kin, &unit.office.today().to_string(), None::<&str>, number],
        )?;
    }
    Ok(true)
}
