//! Prints what `qiyong_tests::bench` measures: a table, or with `--json` one object. Ends with 1 if a bound is missed.
//!
//! `cargo xtask bench` runs it, in release mode.

use std::process::ExitCode;

use qiyong_tests::bench::{Effort, Row, rows};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let rows = rows(Effort::FULL);
    let holds = rows.iter().all(Row::holds);
    if std::env::args().any(|argument| argument == "--json") {
        let objects: Vec<_> = rows.iter().map(|row| object(row, &rows)).collect();
        println!("{}", json!({ "rows": objects, "holds": holds }));
    } else {
        print_table(&rows);
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A row as JSON: `at_most`, `compared_with` and `ratio` are null where there is nothing to say.
fn object(row: &Row, rows: &[Row]) -> Value {
    let Row { name, value, unit, at_most, compared_with } = row;
    let (holds, ratio) = (row.holds(), row.ratio(rows));
    json!({
        "name": name, "value": value, "unit": unit, "at_most": at_most, "holds": holds,
        "compared_with": compared_with, "ratio": ratio,
    })
}

fn print_table(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    println!("{:<width$}     figure          million/s    at most  holds", "");
    for row in rows {
        let Row { name, value, unit, .. } = row;
        let rate = if *unit == "ns" { format!("{:.1}", 1e3 / value) } else { String::new() };
        let (most, holds) = match row.at_most {
            Some(most) => (format!("{most:.2}"), if row.holds() { "yes" } else { "NO" }),
            None => Default::default(),
        };
        println!("{name:<width$} {value:>10.2} {unit:<6} {rate:>10} {most:>10}  {holds}");
    }
    println!();
    for row in rows {
        if let (Some(other), Some(ratio)) = (row.compared_with, row.ratio(rows)) {
            println!("{:<width$} is {ratio:.2} times {other}", row.name);
        }
    }
}
