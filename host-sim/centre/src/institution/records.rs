//! Institutions, their agreements and suspensions in the database, and the question that everybody asks: whether an
//! institution may be used on a day.

use jiff::civil::Date;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::rules::decision::Institution;
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};

use super::agreement::{Agreement, State, Suspension};
use super::level::Level;
use crate::acts::office::Office;
use crate::error::CentreError;
use crate::store::database::Database;
use crate::store::value::Row;
use crate::store::value::values;

/// The name of an institution that is registered in this area.
pub(super) fn name(office: &Office<'_>, code: InstitutionCode) -> Result<Option<String>, CentreError> {
    let row = office
        .store()
        .find("SELECT name FROM institutions WHERE area = $1 AND code = $2", values![office.area(), code])?;
    row.map(|row| row.get("name")).transpose()
}

/// Registers an institution; `false`: its code is taken.
pub(super) fn add(
    store: &dyn Database,
    area: Region,
    code: InstitutionCode,
    name: &str,
    since: Date,
) -> Result<bool, CentreError> {
    let added = store.execute(
        "INSERT INTO institutions (area, code, name, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        values![area, code, name, since],
    )?;
    Ok(added == 1)
}

/// Keeps an agreement without suspensions.
pub(super) fn add_agreement(
    store: &dyn Database,
    area: Region,
    code: InstitutionCode,
    agreement: &Agreement,
) -> Result<(), CentreError> {
    let Agreement { number, level, price_level, effective, void, .. } = agreement;
    store.execute(
        "INSERT INTO agreements (area, institution, number, level, price_level, effective, void)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![area, code, number, level, price_level, effective, void],
    )?;
    Ok(())
}

/// All agreements of an institution, oldest first.
pub(super) fn agreements(office: &Office<'_>, code: InstitutionCode) -> Result<Vec<Agreement>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM agreements WHERE area = $1 AND institution = $2 ORDER BY effective LIMIT 1000",
        values![office.area(), code],
    )?;
    rows.iter().map(|row| read(office.store(), office.area(), code, row)).collect()
}

/// The agreement that stands nearest to this day: the last that has begun, or else the first that will.
pub(super) fn agreement(office: &Office<'_>, code: InstitutionCode) -> Result<Option<Agreement>, CentreError> {
    let all = agreements(office, code)?;
    let begun = all.iter().rposition(|agreement| agreement.effective <= office.today());
    // One that was ended before its first day does not stand before the next one.
    let open = |agreement: &&Agreement| !matches!(agreement.state(office.today()), State::Ended | State::Void);
    let next = all.iter().skip(begun.map_or(0, |at| at + 1)).find(open);
    let last = begun.and_then(|at| all.get(at));
    Ok(last.filter(open).or(next).or(last).or(all.last()).cloned())
}

/// The agreement that is in force on this day.
///
/// # Errors
/// The database failed.
pub fn agreement_on(office: &Office<'_>, code: InstitutionCode, day: Date) -> Result<Option<Agreement>, CentreError> {
    in_force(office.store(), office.area(), code, day)
}

/// Whether an institution of this area may be used on this day: fees of other days are not settled, and a bank's outlet
/// puts no cards into use then.
///
/// # Errors
/// The database failed.
pub fn usable_on(office: &Office<'_>, code: InstitutionCode, day: Date) -> Result<bool, CentreError> {
    Ok(agreement_on(office, code, day)?.is_some())
}

/// The coordinating area whose agency knows an institution.
///
/// # Errors
/// The database failed.
pub fn area_of(store: &dyn Database, code: InstitutionCode) -> Result<Option<Region>, CentreError> {
    let row = store.find("SELECT area FROM institutions WHERE code = $1", values![code])?;
    row.map(|row| row.get("area")).transpose()
}

/// What the decision about a terminal's request wants to know of an institution of any area; `None`: it is not known.
///
/// # Errors
/// The database failed.
pub fn standing(store: &dyn Database, code: InstitutionCode, day: Date) -> Result<Option<Institution>, CentreError> {
    let row = store.find(
        "SELECT institutions.area, agreements.number, level, price_level, effective, void, ended FROM institutions
         LEFT JOIN agreements ON agreements.area = institutions.area AND agreements.institution = institutions.code
           AND effective <= $2 AND (ended IS NULL OR ended > effective)
         WHERE institutions.code = $1 ORDER BY effective DESC NULLS LAST LIMIT 1",
        values![code, day],
    )?;
    let Some(row) = row else { return Ok(None) };
    let area = row.get("area")?;
    let begun = row.get::<Option<i64>>("number")?.map(|_| read(store, area, code, &row)).transpose()?;
    let usable = begun.is_some_and(|agreement| agreement.state(day) == State::InForce);
    let bank = code.channel() == Channel::Bank;
    Ok(Some(Institution { code, area, designated: usable && !bank, issues_cards: usable && bank }))
}

/// Registers an institution for a terminal, with an agreement since ever and without end if `institution` says that it
/// may be used; `false`: its code is taken.
///
/// # Errors
/// The database failed.
pub fn add_standing(store: &dyn Database, institution: &Institution) -> Result<bool, CentreError> {
    let Institution { code, area, designated, issues_cards } = institution;
    let since = Date::constant(2000, 1, 1);
    if !add(store, *area, *code, code.as_str(), since)? {
        return Ok(false);
    }
    let (usable, level) = match code.channel() {
        Channel::Bank => (*issues_cards, Level::Unrated),
        Channel::Pharmacy => (*designated, Level::Unrated),
        Channel::Hospital => (*designated, Level::One),
    };
    if usable {
        let agreement = Agreement {
            number: 1,
            level,
            price_level: level,
            effective: since,
            void: None,
            ended: None,
            suspensions: Vec::new(),
        };
        add_agreement(store, *area, *code, &agreement)?;
    }
    Ok(true)
}

/// Agreements of one institution share no day, so only the last that has begun can hold.
fn in_force(
    store: &dyn Database,
    area: Region,
    code: InstitutionCode,
    day: Date,
) -> Result<Option<Agreement>, CentreError> {
    let row = store.find(
        "SELECT * FROM agreements WHERE area = $1 AND institution = $2 AND effective <= $3
           AND (ended IS NULL OR ended > effective)
         ORDER BY effective DESC LIMIT 1",
        values![area, code, day],
    )?;
    let agreement = row.map(|row| read(store, area, code, &row)).transpose()?;
    Ok(agreement.filter(|agreement| agreement.state(day) == State::InForce))
}

fn read(store: &dyn Database, area: Region, code: InstitutionCode, row: &Row) -> Result<Agreement, CentreError> {
    let number: i64 = row.get("number")?;
    let suspensions = store.rows(
        "SELECT since, until FROM suspensions WHERE area = $1 AND institution = $2 AND agreement = $3
         ORDER BY number LIMIT 1000",
        values![area, code, number],
    )?;
    let suspension =
        |row: &Row| Ok::<_, CentreError>(Suspension { since: row.get("since")?, until: row.get("until")? });
    Ok(Agreement {
        number,
        level: row.get("level")?,
        price_level: row.get("price_level")?,
        effective: row.get("effective")?,
        void: row.get("void")?,
        ended: row.get("ended")?,
        suspensions: suspensions.iter().map(suspension).collect::<Result<_, _>>()?,
    })
}
