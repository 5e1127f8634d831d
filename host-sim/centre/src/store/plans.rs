//! Judges the plan of every statement that a test of this crate carries out: what an act costs must not grow with the people
//! and cards of its area. A statement whose plan walks over a table that grows with them fails the test that carried it
//! out, unless [`WALKS`] says why it may. It is judged twice: as SQLite plans without knowing the tables, as it does in a new
//! centre, and with statistics of a centre with people ([`analysed`]).

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use rusqlite::Connection;

use qiyong_protocol::card::codes::Region;

use super::Backend;
use super::Store;
use super::sqlite::Sqlite;
use crate::clock::SetClock;
use crate::hsm::Hsm;
use crate::populate::Population;
use crate::{Centre, Founding};

/// Tables that do not grow with people and cards. Every other one does.
const SMALL: &[&str] = &[
    "meta",
    "hsm_keys",
    "regions",
    "outlets",
    "operators",
    "parameters",
    "numbers",
    "institutions",
    "agreements",
    "suspensions",
    "catalogue",
    "leases",
    "collections",
    "sqlite_schema",
];

/// Statements that walk over a growing table, by what stands in them alone, and why they may.
const WALKS: &[(&str, &str)] = &[
    ("FROM audit WHERE area = $1 ORDER BY number DESC LIMIT 1", "the last record: the first step of the walk finds it"),
    (
        "FROM applications WHERE area = $1 ORDER BY since, number LIMIT",
        "the list of all: in the index's order, and ends with its limit",
    ),
    ("UNION ALL SELECT account, 0, 1, -amount FROM entries", "centre verify adds everything up"),
    ("UNION ALL SELECT person, year, insutype, kind, 0, -deductible", "centre verify adds everything up"),
    ("UNION SELECT area FROM audit UNION", "centre verify asks for all areas"),
    ("LEFT JOIN phases ON phases.journal_id = journal.id ORDER BY id", "the journal as a whole: a report"),
    (
        "FROM terminal_keys LEFT JOIN leases USING (institution, terminal) WHERE ended IS NULL LIMIT",
        "all terminals, when a process of several regions has reached theirs",
    ),
    ("SELECT amount FROM unmatched WHERE kind = $1 AND state = 'open' LIMIT 10000", "a test's, which adds up"),
    (
        "FROM entries JOIN postings ON postings.number = posting WHERE account = $1 LIMIT 10000",
        "a test's, which adds up",
    ),
    ("SELECT count(*) AS n FROM cards WHERE area = $1", "a test's, which counts"),
];

/// Each statement is judged once; tests run at the same time.
static JUDGED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Judges a statement that a store carries out.
///
/// # Panics
/// Its plan walks, and nothing excepts it.
pub(super) fn judge(connection: &Connection, sql: &str) {
    // Tests look at whole tables, and change what no act changes: their statements have literals where acts have parameters.
    let of_a_test = !sql.contains('$') && !sql.contains('?');
    let known = !JUDGED.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned());
    if of_a_test || known {
        return;
    }
    convict(connection, sql);
    // The centre with statistics carries out statements itself while it is made; they are judged afterwards.
    let later = MAKING.with_borrow_mut(|making| making.as_mut().map(|later| later.push(sql.to_owned())).is_some());
    if !later {
        convict(&analysed().lock().unwrap_or_else(PoisonError::into_inner), sql);
    }
}

fn convict(connection: &Connection, sql: &str) {
    let faults = faults(connection, sql);
    assert!(faults.is_empty(), "{sql}\nwalks over a table that grows: {faults:#?}");
}

thread_local! {
    /// What was carried out while this thread makes the centre with statistics.
    static MAKING: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// A centre with people and SQLite's statistics of them.
fn analysed() -> &'static Mutex<Connection> {
    static ANALYSED: OnceLock<Mutex<Connection>> = OnceLock::new();
    ANALYSED.get_or_init(|| {
        MAKING.set(Some(Vec::new()));
        let area = Region::new("320100").unwrap();
        let mut centre = Centre::over(Store::in_this_memory(&Hsm::test_keys()).unwrap()).unwrap();
        centre.set_clock(Box::new(SetClock::new("2026-03-02T09:00:00".parse().unwrap())));
        centre.found(&Founding { area, agency: "统计".into() }).unwrap();
        centre.populate(Population { area, people: 1_000, seed: 0 }, &mut |_| {}).unwrap();
        let Backend::Sqlite(Sqlite { connection, .. }) = centre.store.engine else { panic!("plans are SQLite's") };
        connection.execute_batch("ANALYZE").unwrap();
        for sql in MAKING.take().unwrap_or_default() {
            convict(&connection, &sql);
        }
        Mutex::new(connection)
    })
}

/// What of a statement's plan walks over a table that grows.
fn faults(connection: &Connection, sql: &str) -> Vec<String> {
    let flat = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if WALKS.iter().any(|(part, _)| flat.contains(part)) {
        return Vec::new();
    }
    plan(connection, sql).into_iter().filter(|step| walks(step)).collect()
}

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    // What changes the schema has no plan.
    let Ok(mut plan) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else { return Vec::new() };
    let mut rows = plan.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get("detail").unwrap());
    }
    steps
}

/// `SCAN table`, or `SEARCH table USING … (area=?)`: the area is all that SQLite seeks by, and it has everybody.
fn walks(step: &str) -> bool {
    let mut words = step.split_whitespace();
    let (verb, table) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    // `SCAN CONSTANT ROW`, `SCAN 2-ROW VALUES CLAUSE`: what the statement brings along.
    let whole = verb == "SCAN" && table != "CONSTANT" && !step.ends_with("VALUES CLAUSE");
    let area = verb == "SEARCH" && (step.contains("(area=?)") || step.contains("AUTOMATIC"));
    (whole || area) && !SMALL.contains(&table)
}

mod tests {
    use super::*;

    #[test]
    fn what_walks_is_convicted() {
        let store = Store::in_this_memory(&Hsm::test_keys()).unwrap();
        let connection = &store.sqlite().unwrap().connection;
        let faults = |sql: &str| faults(connection, sql).len();
        for sql in [
            "SELECT * FROM cards WHERE area = $1 AND bank = $2",
            "SELECT * FROM cards WHERE person = $1",
            "SELECT count(*) FROM persons WHERE category = $1",
            "SELECT * FROM applications WHERE area = $1 AND ($2 IS NULL OR state = $2) ORDER BY since",
            "SELECT * FROM relations JOIN spans ON spans.relation = relations.number WHERE person = $1",
            "UPDATE entries SET amount = $1 WHERE account = $2",
            "DELETE FROM tokens WHERE expires < $1",
        ] {
            assert!(faults(sql) > 0, "{sql}");
        }
        for sql in [
            "SELECT * FROM cards WHERE number = $1",
            "SELECT * FROM cards WHERE area = $1 AND person = $2 ORDER BY number",
            "SELECT * FROM outlets WHERE name = $1",
            "INSERT INTO numbers (area, kind, last) VALUES ($1, $2, $3)",
        ] {
            assert_eq!(faults(sql), 0, "{sql}: {:?}", plan(connection, sql));
        }
    }
}
