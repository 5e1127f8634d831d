//! Where relations, their spans and the declared bases are kept. Which of them may change how is said by the acts.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::acts::office::Office;
use crate::error::CentreError;
use crate::store::value::Row;
use crate::store::value::values;

use super::entitlement::Span;
use super::kinds::{Capacity, Kind};
use super::relation::State;

/// A relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its number in the area.
    pub number: i64,
    /// The person's number.
    pub person: String,
    /// The kind.
    pub kind: Kind,
    /// The capacity.
    pub capacity: Capacity,
    /// Who pays: an employer's code or the person's number.
    pub payer: String,
    /// Where it stands.
    pub state: State,
}

/// A span of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Option<Date>,
    /// The first day on which the pool pays.
    pub pool_first: Date,
}

/// The kinds that insure against illness, in SQL.
const MEDICAL: &str = "kind IN ('medical', 'resident')";

fn read(row: &Row) -> Result<Relation, CentreError> {
    Ok(Relation {
        number: row.get("number")?,
        person: row.get("person")?,
        kind: row.get("kind")?,
        capacity: row.get("capacity")?,
        payer: row.get("payer")?,
        state: row.get("state")?,
    })
}

/// The relation with this number.
///
/// # Errors
/// The database failed.
pub fn get(office: &Office<'_>, number: i64) -> Result<Option<Relation>, CentreError> {
    let row = office
        .store()
        .find("SELECT * FROM relations WHERE area = $1 AND number = $2", values![office.area(), number])?;
    row.as_ref().map(read).transpose()
}

/// The person's relations that have not ended.
///
/// # Errors
/// The database failed.
pub fn live(office: &Office<'_>, person: &str) -> Result<Vec<Relation>, CentreError> {
    let rows = office.store().rows(
        "SELECT * FROM relations WHERE area = $1 AND person = $2 AND state <> 'ended' ORDER BY number LIMIT 100",
        values![office.area(), person],
    )?;
    rows.iter().map(read).collect()
}

/// Relations by person or payer, above `after`; at most `limit`.
///
/// # Errors
/// The database failed.
pub fn list(
    office: &Office<'_>,
    person: Option<&str>,
    payer: Option<&str>,
    after: i64,
    limit: u16,
) -> Result<Vec<Relation>, CentreError> {
    let (sql, by) = match (person, payer) {
        (Some(person), _) => ("person = $3", person),
        (None, Some(payer)) => ("payer = $3", payer),
        (None, None) => ("$3 = ''", ""),
    };
    let rows = office.store().rows(
        &format!("SELECT * FROM relations WHERE area = $1 AND number > $2 AND {sql} ORDER BY number LIMIT $4"),
        values![office.area(), after, by, limit],
    )?;
    rows.iter().map(read).collect()
}

/// A new relation, insured from `span` on; returns its number.
///
/// # Errors
/// The database failed.
pub fn begin(office: &Office<'_>, relation: &Relation, span: Option<Kept>) -> Result<i64, CentreError> {
    let number = office.next_number("relation")?;
    office.store().execute(
        "INSERT INTO relations (area, number, person, kind, capacity, payer, state) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            office.area(),
            number,
            relation.person,
            relation.kind,
            relation.capacity,
            relation.payer,
            relation.state
        ],
    )?;
    if let Some(span) = span {
        add_span(office, number, span)?;
    }
    Ok(number)
}

/// Moves a relation to a state.
///
/// # Errors
/// The database failed.
pub fn set_state(office: &Office<'_>, number: i64, state: State) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE relations SET state = $1 WHERE area = $2 AND number = $3",
        values![state, office.area(), number],
    )?;
    Ok(())
}

/// The relation's latest span.
///
/// # Errors
/// The database failed.
pub fn last_span(office: &Office<'_>, relation: i64) -> Result<Option<Kept>, CentreError> {
    let row = office.store().find(
        "SELECT first, last, pool_first FROM spans WHERE area = $1 AND relation = $2 ORDER BY first DESC LIMIT 1",
        values![office.area(), relation],
    )?;
    let kept =
        |row: Row| Ok(Kept { first: row.get("first")?, last: row.get("last")?, pool_first: row.get("pool_first")? });
    row.map(kept).transpose()
}

/// A further span of a relation.
///
/// # Errors
/// The database failed.
pub fn add_span(office: &Office<'_>, relation: i64, span: Kept) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO spans (area, relation, first, last, pool_first) VALUES ($1, $2, $3, $4, $5)",
        values![office.area(), relation, span.first, span.last, span.pool_first],
    )?;
    Ok(())
}

/// Ends the relation's open span on this day.
///
/// # Errors
/// The database failed.
pub fn close_span(office: &Office<'_>, relation: i64, last: Date) -> Result<(), CentreError> {
    office.store().execute(
        "UPDATE spans SET last = $1 WHERE area = $2 AND relation = $3 AND last IS NULL",
        values![last, office.area(), relation],
    )?;
    Ok(())
}

/// Keeps a base from a month's first day on.
///
/// # Errors
/// The database failed.
pub fn keep_base(
    office: &Office<'_>,
    (payer, person): (&str, &str),
    since: Date,
    base: i64,
) -> Result<(), CentreError> {
    office.store().execute(
        "INSERT INTO bases (area, payer, person, since, base) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (area, payer, person, since) DO UPDATE SET base = excluded.base",
        values![office.area(), payer, person, since, base],
    )?;
    Ok(())
}

/// The base that is declared for this day, in fen.
///
/// # Errors
/// The database failed.
pub fn base_on(office: &Office<'_>, payer: &str, person: &str, day: Date) -> Result<Option<i64>, CentreError> {
    let row = office.store().find(
        "SELECT base FROM bases WHERE area = $1 AND payer = $2 AND person = $3 AND since <= $4
         ORDER BY since DESC LIMIT 1",
        values![office.area(), payer, person, day],
    )?;
    row.map(|row| row.get("base")).transpose()
}

/// The times in which somebody is insured against illness.
///
/// # Errors
/// The database failed.
pub fn medical_spans(office: &Office<'_>, person: &str) -> Result<Vec<Span>, CentreError> {
    // CROSS: SQLite then begins with the person's relations, and never with all spans of the area.
    let rows = office.store().rows(
        &format!(
            "SELECT capacity, first, last, pool_first FROM relations
             CROSS JOIN spans
             WHERE relations.area = $1 AND person = $2 AND {MEDICAL}
               AND spans.area = relations.area AND spans.relation = relations.number
             ORDER BY first LIMIT 1000"
        ),
        values![office.area(), person],
    )?;
    let span = |row: &Row| {
        Ok(Span {
            capacity: row.get("capacity")?,
            from: row.get("first")?,
            until: row.get("last")?,
            pool_from: row.get("pool_first")?,
        })
    };
    rows.iter().map(span).collect()
}

/// The day after the last one on which somebody was insured against illness before `day`; `None`: never, or still on the
/// day before.
///
/// # Errors
/// The database failed.
pub fn uninsured_since(office: &Office<'_>, person: &str, day: Date) -> Result<Option<Date>, CentreError> {
    let spans = medical_spans(office, person)?;
    let before = spans.iter().filter(|span| span.from < day);
    let last = before.map(|span| span.until.unwrap_or(Date::MAX)).max();
    Ok(last.filter(|last| *last < day.saturating_sub(1.day())).map(|last| last.saturating_add(1.day())))
}
