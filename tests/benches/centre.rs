//! How fast fictional people come, compared with bare batched inserts of the same rows in the same run; and what an act costs
//! among them. `QIYONG_PEOPLE=1000000` measures a million.
//!
//! The yardstick takes the rows that just came out of the file, untimed, and inserts them into a second file of the same schema
//! over a plain connection: a prepared statement for each table, a transaction for each thousand people, the same memory for
//! pages, no foreign keys. It makes no numbers, names or forms, and seals, hashes and looks up nothing.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use qiyong_centre::populate::PAGES_KIB;
use qiyong_tests::bench::{Row, report};
use qiyong_tests::centre::OfficeFile;
use qiyong_tests::centre::costs::ACTS;

/// People that come between two turns of the yardstick.
const STEP: u32 = 10_000;
/// The yardstick's transactions of a step.
const TRANSACTIONS: usize = 10;
const PEOPLE: u32 = 30_000;
/// Tables that people share, whose rows are changed and not added.
const SHARED: [&str; 2] = ["numbers", "meta"];

fn main() -> ExitCode {
    let asked = std::env::var("QIYONG_PEOPLE").ok().and_then(|people| people.parse().ok());
    let people: u32 = asked.unwrap_or(PEOPLE).max(2 * STEP).next_multiple_of(STEP);
    let (mut file, twin) = (OfficeFile::new(), OfficeFile::new());
    let mut yardstick = Yardstick::new(&file, &twin);
    let mut populate = Duration::ZERO;
    let mut few = Vec::new();
    for there in (STEP..=people).step_by(STEP as usize) {
        let begun = Instant::now();
        file.populate(there);
        populate += begun.elapsed();
        yardstick.insert();
        if there == STEP {
            // The first time, rows are added that are changed from then on.
            file.costs();
            few = file.costs();
            // These have rows too, which are nobody's.
            yardstick.skip();
        }
    }
    let begun = Instant::now();
    let found = file.centre.verify().expect("the file");
    assert!(found.iter().all(|(_, _, ledger)| ledger.is_none()), "{found:?}");
    let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(people);
    let (comes, bare) = ("a person comes, with everything", "the rows of a person, bare inserts");
    let mut rows = vec![
        Row::ns(bare, each(yardstick.taken)),
        Row::ns(comes, each(populate)).compared_with(bare).ratio_at_most(2.0),
        Row::ns("a person is verified: chains and ledger", each(begun.elapsed())),
        count("people", f64::from(people)),
        count("rows of a person", yardstick.rows as f64 / f64::from(people)),
    ];
    for ((act, few), many) in ACTS.iter().zip(few).zip(file.costs()) {
        let name = |among: &str| -> &'static str { format!("steps of {act} among {among}").leak() };
        let among_few = name("ten thousand");
        rows.push(count(among_few, few.steps as f64));
        rows.push(count(name("all"), many.steps as f64).compared_with(among_few).ratio_at_most(1.02));
    }
    report::print(&rows)
}

const fn count(name: &'static str, value: f64) -> Row {
    Row { unit: "", ..Row::ns(name, value) }
}

/// Both files, and how far the rows of each table have been taken.
struct Yardstick {
    from: Connection,
    to: Connection,
    tables: Vec<(String, i64)>,
    rows: u64,
    taken: Duration,
}

impl Yardstick {
    fn new(file: &OfficeFile, twin: &OfficeFile) -> Self {
        let open = |file: &OfficeFile| Connection::open(file.folder.path().join("centre.db")).expect("a file");
        let (from, to) = (open(file), open(twin));
        to.pragma_update(None, "cache_size", -i64::from(PAGES_KIB)).expect("a pragma");
        to.pragma_update(None, "foreign_keys", false).expect("a pragma");
        let names = {
            let mut names = from.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("SQL");
            let names = names.query_map([], |row| row.get::<_, String>(0)).expect("names");
            names.map(|name| name.expect("a name")).filter(|name| !SHARED.contains(&name.as_str())).collect::<Vec<_>>()
        };
        let tables = names.into_iter().map(|name| (name, 0)).collect();
        let mut yardstick = Self { from, to, tables, rows: 0, taken: Duration::ZERO };
        yardstick.skip();
        yardstick
    }

    /// Leaves out what has come.
    fn skip(&mut self) {
        for (table, last) in &mut self.tables {
            let sql = format!("SELECT coalesce(max(rowid), 0) FROM {table}");
            *last = self.from.query_row(&sql, [], |row| row.get(0)).expect("a row");
        }
    }

    /// Inserts what has come.
    fn insert(&mut self) {
        let batches: Vec<(String, Vec<Vec<Value>>)> =
            self.tables.iter().map(|(table, last)| (table.clone(), rows(&self.from, table, *last))).collect();
        self.rows += batches.iter().map(|(_, rows)| rows.len() as u64).sum::<u64>();
        let begun = Instant::now();
        for at in 0..TRANSACTIONS {
            let transaction = self.to.unchecked_transaction().expect("a transaction");
            for (table, rows) in &batches {
                let share = rows.len().div_ceil(TRANSACTIONS).max(1);
                let Some(rows) = rows.chunks(share).nth(at) else { continue };
                let places = vec!["?"; rows[0].len()].join(", ");
                let sql = format!("INSERT INTO {table} VALUES ({places})");
                let mut statement = transaction.prepare_cached(&sql).expect("SQL");
                for row in rows {
                    statement.execute(params_from_iter(row)).expect("a row");
                }
            }
            transaction.commit().expect("a commit");
        }
        self.taken += begun.elapsed();
        self.skip();
    }
}

fn rows(from: &Connection, table: &str, last: i64) -> Vec<Vec<Value>> {
    let sql = format!("SELECT * FROM {table} WHERE rowid > ? ORDER BY rowid");
    let mut statement = from.prepare_cached(&sql).expect("SQL");
    let columns = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
    let rows = statement.query_map([last], read).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}
