//! Prints what `qiyong_tests::bench` measures: a table, or with `--json` one object. Ends with 1 if a bound does not hold.
//!
//! `cargo xtask bench` runs it, in release mode.

use std::process::ExitCode;

use qiyong_tests::bench::{Effort, Row, rows};

fn main() -> ExitCode {
    let rows = rows(Effort::FULL);
    let holds = rows.iter().all(|row| row.holds);
    if std::env::args().any(|argument| argument == "--json") {
        println!("{}", serde_json::json!({ "rows": rows, "holds": holds }));
    } else {
        print_table(&rows);
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_table(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    println!("{:<width$}     figure        million/s    at most   holds", "");
    for row in rows {
        let Row { name, value, unit, .. } = row;
        let rate = if *unit == "ns" { format!("{:.1}", 1e3 / value) } else { String::new() };
        let (most, holds) = match row.at_most {
            Some(most) => (format!("{most:.1}"), if row.holds { "yes" } else { "NO" }),
            None => Default::default(),
        };
        println!("{name:<width$} {value:>10.1} {unit:<5} {rate:>10} {most:>10}   {holds}");
    }
    println!();
    for row in rows {
        if let Some(compared) = &row.compared {
            println!("{:<width$} takes {:.2} times {}", row.name, compared.ratio, compared.with);
        }
    }
}
