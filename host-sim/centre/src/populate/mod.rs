//! Fictional people for a test centre, in every state of application, order, slip, card and account (docs/centre.md §17): as
//! many as a city has, in a few minutes, and the same ones for the same seed.
//!
//! | File | What |
//! |---|---|
//! | `identity`, `dice` | who somebody is: numbers that nobody real has, and what is left to chance |
//! | `path`, `course` | how far an application, and afterwards a card, has come, by steps that the rooms' tables allow |
//! | `papers`, `fees`, `making`, `cards`, `insured` | the rows of each of them |
//! | `unit`, `tables` | a thousand people in one transaction: numbers, sums, statements |
//!
//! What is written is what the acts would have written, apart from photos, premiums, bills and the audit record of each act:
//! a thousand people have one record. Not here: cards as files (`production`), and acts.

mod cards;
mod course;
mod dice;
mod fees;
mod identity;
mod insured;
mod making;
mod papers;
mod path;
mod tables;
mod unit;

use thiserror::Error;

use qiyong_protocol::card::codes::Region;

use crate::acts::fields::CardNo;
use crate::acts::office::Office;
use crate::application::codes::{Category, Reason};
use crate::application::documents::Kind;
use crate::error::CentreError;
use crate::insurance::payers::{self, Payer};
use crate::ledger::Account;
use crate::persons::{self, Particulars};
use crate::production::stage::Stage;
use crate::store::Store;
use crate::store::audit::{self, Record};
use crate::store::bulk::cells;
use crate::store::value::values;
use dice::Dice;
use identity::Someone;
use papers::Applying;
use path::Path;
use unit::{Rules, Unit};

/// People in one transaction, who also share a bank, an employer and its list.
const UNIT: u32 = 1_000;
/// The memory for pages while people come, in KiB: the parts of the indices of keyed hashes that a transaction changes lie
/// anywhere in them.
pub const PAGES_KIB: u32 = 256 * 1024;
/// How many people one seed has.
pub const PEOPLE_MAX: u32 = identity::PEOPLE_MAX;
/// The highest seed: its two digits stand in each identity number.
pub const SEED_MAX: u8 = 99;

/// Which people there shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    /// In which area.
    pub area: Region,
    /// How many of this seed, 1 to [`PEOPLE_MAX`]; those that are there already count.
    pub people: u32,
    /// 0 to [`SEED_MAX`]. Two seeds have nobody in common.
    pub seed: u8,
}

/// What was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Populated {
    /// People of this seed who were there before.
    pub before: u32,
    /// People who came.
    pub people: u32,
    /// The rows of all tables that came with them.
    pub rows: u64,
}

/// Why nobody came.
#[derive(Debug, Error)]
pub enum PopulateError {
    /// The centre has keys of its own: it may be a real one.
    #[error(
        "this centre has keys of its own, and fictional people have no place among real ones; make one with test keys (centre init --test-keys)"
    )]
    OwnKeys,
    /// The area was not founded.
    #[error("no area {0} is known here; add it first (centre init --area)")]
    Area(Region),
    /// Out of range.
    #[error(
        "people must be 1 to {PEOPLE_MAX}, and the seed 0 to {SEED_MAX}, since it stands in two digits of each number"
    )]
    Range,
    /// A parameter is not in force.
    #[error("the area has no parameter {0} in force today; set it first (parameter set)")]
    Parameter(&'static str),
    /// The clock stands before the last of them was born.
    #[error(
        "the centre's clock stands before 2024, when not all of them have had time for what they did; set it (centre clock)"
    )]
    Clock,
    /// The database failed.
    #[error(transparent)]
    Centre(#[from] CentreError),
}

/// Adds the people who are missing, a thousand in a transaction; `progress` hears how many of them are there.
pub(crate) fn populate<'a>(
    store: &'a Store,
    office: Office<'a>,
    population: Population,
    progress: &mut dyn FnMut(u32),
) -> Result<Populated, PopulateError> {
    let Population { area, people, seed } = population;
    if !office.hsm().has_test_keys() {
        return Err(PopulateError::OwnKeys);
    }
    if !(1..=PEOPLE_MAX).contains(&people) || seed > SEED_MAX {
        return Err(PopulateError::Range);
    }
    if office.today().year() < 2024 {
        return Err(PopulateError::Clock);
    }
    let outlet = outlet(&office)?.ok_or(PopulateError::Area(area))?;
    let rules = Rules::of(&office)?.map_err(PopulateError::Parameter)?;
    let kind = format!("population-{seed:02}");
    let before = u32::try_from(last(&office, &kind)?).unwrap_or(u32::MAX);
    let mut populated = Populated { before, ..Populated::default() };
    progress(before);
    store.with_pages(PAGES_KIB, || {
        let mut from = before;
        while from < people {
            let to = people.min((from / UNIT + 1) * UNIT);
            populated.rows += store.atomically(|store| {
                let unit = Unit::new(office, &rules, (seed, from / UNIT), &outlet, store.bulk(area));
                come(unit, from..to, &kind)
            })?;
            populated.people += to - from;
            from = to;
            progress(to);
        }
        Ok(())
    })?;
    Ok(populated)
}

/// Where everybody applied: an outlet, or else the agency itself.
fn outlet(office: &Office<'_>) -> Result<Option<String>, CentreError> {
    let row = office.store().find(
        "SELECT code FROM outlets WHERE area = $1 AND kind IN ('agency', 'outlet') AND (closed IS NULL OR closed > $2)
         ORDER BY kind = 'outlet' DESC, code LIMIT 1",
        values![office.area(), office.today()],
    )?;
    row.map(|row| row.get("code")).transpose()
}

fn last(office: &Office<'_>, kind: &str) -> Result<i64, CentreError> {
    let row =
        office.store().find("SELECT last FROM numbers WHERE area = $1 AND kind = $2", values![office.area(), kind])?;
    row.map_or(Ok(0), |row| row.get("last"))
}

/// The people of a unit from and to these places; returns how many rows came.
fn come(mut unit: Unit<'_>, places: std::ops::Range<u32>, kind: &str) -> Result<u64, CentreError> {
    let employer = employer(&mut unit)?;
    let list = format!("L{:09}", unit.next("application-list")?);
    let mut batches = making::Batches::new();
    let (mut in_list, mut remitted) = (0_i64, 0_i64);
    let mut before: Option<String> = None;
    for at in places.clone() {
        unit.next(kind)?;
        let mut dice = Dice::new(unit.seed, at);
        let mut path = Path::of(at, dice.below(1_000));
        let rules = &unit.rules.application;
        let place = (unit.office.area(), unit.seed, at);
        let mut someone = Someone::new(place, &mut dice, rules.minor_under, unit.office.today())?;
        // A unit's agent takes the cards of its employees alone.
        let with_unit = path == Path::Making(Stage::WithUnit) && !someone.minor;
        match path {
            _ if with_unit => someone.category = Category::Employee,
            Path::Making(Stage::WithUnit) => path = Path::Making(Stage::AtOutlet),
            _ => {}
        }
        let listed = with_unit || (someone.category == Category::Employee && dice.percent(50));
        in_list += i64::from(listed);
        let document = persons::document_hash(&unit.office, Kind::IdCard.into(), someone.id_text());
        let ago = path.ago(unit.thousand);
        let number = register(&mut unit, &someone, &document, ago)?;
        let mut applying = Applying {
            at,
            someone: &someone,
            person: &number,
            document: &document,
            path,
            ago,
            old: None,
            employer: &employer,
            list: listed.then_some(list.as_str()),
        };
        if dice.percent(15) {
            applying.old = Some(replaced(&mut unit, &applying, &mut dice)?);
        }
        let filed = papers::file(&mut unit, &applying, &mut dice)?;
        remitted += fees::order(&mut unit, &applying, &filed)?;
        making::make(&mut unit, &mut batches, &applying, &filed, &mut dice)?;
        insured::insure(&mut unit, &applying, &mut dice)?;
        let has_account = insured::fund(&mut unit, &applying, before.as_deref(), &mut dice)?;
        before = has_account.then_some(number);
    }
    if in_list > 0 {
        let contact = unit.office.seal("虚构联系人\n12000000000")?;
        let today = unit.office.today().to_string();
        let now = unit.office.now().to_string();
        unit.add(&tables::LISTS, cells![&list, &employer.0, &today, &contact, in_list, in_list, &now])?;
    }
    let remittance = if remitted > 0 { Some(format!("remittance-{}", unit.next("remittance")?)) } else { None };
    if let Some(reference) = remittance {
        let today = unit.office.today();
        unit.post((today, "card-fee-remitted", &reference), (&Account::Fee, &Account::Finance), remitted)?;
    }
    record(&unit, &places)?;
    unit.finish()
}

/// Makes a person known; returns the number.
fn register(unit: &mut Unit<'_>, someone: &Someone, document: &[u8; 32], ago: i32) -> Result<String, CentreError> {
    let number = format!("P{:09}", unit.next("person")?);
    let particulars = Particulars {
        name: someone.name.clone(),
        document: someone.id_text().to_owned(),
        sex: someone.sex,
        born: someone.born,
        address: someone.address.clone(),
        telephone: someone.mobile.clone(),
    };
    let sealed = persons::seal(&unit.office, &particulars)?;
    let (kind, category): (&str, &str) = (Kind::IdCard.into(), someone.category.into());
    let since = unit.day(ago).to_string();
    unit.add(&tables::PERSONS, cells![&number, document, &sealed, kind, None::<&str>, category, &since, None::<&str>])?;
    Ok(number)
}

/// The card of a person who has one already, and why it is replaced.
fn replaced(unit: &mut Unit<'_>, applying: &Applying<'_>, dice: &mut Dice) -> Result<(CardNo, Reason), CentreError> {
    let held = matches!(applying.path, Path::Held(_));
    let (reason, course) = match (dice.percent(60), held) {
        (true, false) => (Reason::Loss, &course::LOST),
        (true, true) => (Reason::Loss, &course::LOST_REPLACED),
        (false, false) => (Reason::Damage, &course::DAMAGED),
        (false, true) => (Reason::Damage, &course::DAMAGED_REPLACED),
    };
    // Within its validity: the area's rules may make older cards cheaper.
    let years = 1 + i32::try_from(dice.below(5)).unwrap_or(0);
    Ok((CardNo(making::older(unit, applying, years, course)?), reason))
}

/// The employer of the unit: code and name.
fn employer(unit: &mut Unit<'_>) -> Result<(String, String), CentreError> {
    let code = identity::employer(unit.office.area(), unit.seed, unit.thousand);
    let name = format!("虚构单位{}", unit.thousand + 1);
    let particulars = payers::Particulars { name: name.clone(), account: String::new() };
    payers::keep(&unit.office, &Payer { number: code.clone(), employer: true, particulars, injury_class: Some(1) })?;
    Ok((code, name))
}

/// One record for all of a unit.
fn record(unit: &Unit<'_>, places: &std::ops::Range<u32>) -> Result<(), CentreError> {
    let subject = format!("people {} to {} of seed {:02}", places.start + 1, places.end, unit.seed);
    let record = Record {
        time: unit.office.now(),
        operator: "-".into(),
        outlet: unit.outlet.to_owned(),
        act: "centre.populate".into(),
        outcome: "done".into(),
        request: unit.office.hash("request", &subject),
        subject,
    };
    audit::write(unit.office.store(), unit.office.vault(), unit.office.area(), &record)?;
    Ok(())
}

#[cfg(test)]
mod tests;
