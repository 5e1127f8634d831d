//! Prints rows as a table for people, or with `--json` on the command line as one object for programs.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Row;

/// Prints the rows; ends with 1 if a bound is exceeded.
#[must_use]
pub fn print(rows: &[Row]) -> ExitCode {
    let holds = rows.iter().all(|row| row.holds(rows));
    if std::env::args().any(|argument| argument == "--json") {
        let objects: Vec<_> = rows.iter().map(|row| object(row, rows)).collect();
        println!("{}", json!({ "rows": objects, "holds": holds }));
    } else {
        table(rows);
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A row as JSON: `at_most`, `compared_with`, `ratio` and `ratio_at_most` are null if the row has none.
fn object(row: &Row, rows: &[Row]) -> Value {
    let Row { name, value, unit, at_most, compared_with, ratio_at_most } = row;
    let (holds, ratio) = (row.holds(rows), row.ratio(rows));
    json!({
        "name": name, "value": value, "unit": unit, "at_most": at_most, "holds": holds,
        "compared_with": compared_with, "ratio": ratio, "ratio_at_most": ratio_at_most,
    })
}

fn table(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    println!("{:<width$}     figure          thousand/s    at most  holds", "");
    for row in rows {
        let Row { name, value, unit, .. } = row;
        let rate = if *unit == "ns" { format!("{:.1}", 1e6 / value) } else { String::new() };
        let bound = row.at_most.map(|most| format!("{most:.2}"));
        let holds = bound.as_ref().map_or("", |_| if row.within(row.at_most, Some(*value)) { "yes" } else { "NO" });
        println!("{name:<width$} {value:>10.2} {unit:<6} {rate:>12} {:>10}  {holds}", bound.unwrap_or_default());
    }
    println!();
    for row in rows {
        if let (Some(other), Some(ratio)) = (row.compared_with, row.ratio(rows)) {
            let bound = match row.ratio_at_most {
                Some(most) if ratio <= most => format!("  (at most {most:.3}: yes)"),
                Some(most) => format!("  (at most {most:.3}: NO)"),
                None => String::new(),
            };
            println!("{:<width$} is {ratio:.3} times {other}{bound}", row.name);
        }
    }
}
