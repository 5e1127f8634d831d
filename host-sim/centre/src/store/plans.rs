//! collecting
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;
use rusqlite::Connection;
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
pub(super) fn judge(connection: &Connection, sql: &str) {
    if !SEEN.lock().unwrap().insert(sql.to_owned()) { return; }
    let Ok(mut plan) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else { return };
    let mut rows = plan.raw_query();
    let mut details: Vec<String> = Vec::new();
    while let Ok(Some(row)) = rows.next() { details.push(row.get(3).unwrap()); }
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open("/tmp/q/plans.txt").unwrap();
    let flat: Vec<&str> = sql.split_whitespace().collect();
    writeln!(file, "{}\n{}", flat.join(" "), details.iter().map(|d| format!("    {d}\n")).collect::<String>()).unwrap();
}
