//! The yardstick of a centre's file: the rows that just came, inserted into a second file of the same schema over a plain
//! connection. It makes no numbers, names or check values, seals, hashes and looks up nothing, and changes no row.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Tables that all share, whose rows are changed and not added.
const SHARED: [&str; 2] = ["numbers", "meta"];

/// Both files, and how far the rows of each table have been taken.
pub struct Yardstick {
    from: Connection,
    to: Connection,
    tables: Vec<(String, i64)>,
    /// Rows that were inserted.
    pub rows: u64,
    /// How long that took.
    pub taken: Duration,
}

impl Yardstick {
    /// One from this file to that one, beginning with the rows that come from now on.
    ///
    /// # Panics
    /// If a file cannot be read.
    #[must_use]
    pub fn new(from: &Path, to: &Path) -> Self {
        let open = |file: &Path| Connection::open(file).expect("a file");
        let (from, to) = (open(from), open(to));
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

    /// Sets a pragma of the second file, as whoever is measured has it.
    ///
    /// # Panics
    /// If there is no such pragma.
    pub fn set(&self, pragma: &str, value: i64) {
        self.to.pragma_update(None, pragma, value).expect("a pragma");
    }

    /// Leaves out what has come.
    ///
    /// # Panics
    /// If a file cannot be read.
    pub fn skip(&mut self) {
        for (table, last) in &mut self.tables {
            let sql = format!("SELECT coalesce(max(rowid), 0) FROM {table}");
            *last = self.from.query_row(&sql, [], |row| row.get(0)).expect("a row");
        }
    }

    /// Inserts what has come, in so many transactions.
    ///
    /// # Panics
    /// If a row cannot be inserted.
    pub fn insert(&mut self, transactions: usize) {
        let batches: Vec<(String, Vec<Vec<Value>>)> =
            self.tables.iter().map(|(table, last)| (table.clone(), rows(&self.from, table, *last))).collect();
        self.rows += batches.iter().map(|(_, rows)| rows.len() as u64).sum::<u64>();
        let begun = Instant::now();
        for at in 0..transactions {
            let transaction = self.to.unchecked_transaction().expect("a transaction");
            for (table, rows) in &batches {
                let share = rows.len().div_ceil(transactions).max(1);
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
