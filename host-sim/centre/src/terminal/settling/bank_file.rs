//! The bank's file of a day, version 1: what was posted, for whoever pays the institutions. UTF-8, comma-separated, lines end with LF;
//! amounts in yuan with two decimals, days and times as 2026-03-24 and 2026-03-24T09:00:00. Our own layout (docs/centre.md §22).
//!
//! ```text
//! qiyong-posted,1,AREA,DAY
//! INSTITUTION,TERMINAL,BATCH,STAN,KIND,TOTAL,CHARGE,POSTED     a line a transaction, in the order of posting
//! sum,INSTITUTION,ROWS,TOTAL,CHARGE                            a line an institution, by its code
//! end,ROWS,TOTAL,CHARGE
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::{Date, DateTime};

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::error::CentreError;
use crate::store::database::Database;
use crate::store::value::{Row, values};

/// A posted transaction.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) institution: InstitutionCode,
    pub(super) terminal: String,
    pub(super) batch: u32,
    pub(super) stan: u32,
    pub(super) kind: String,
    pub(super) total: i64,
    pub(super) charge: i64,
    pub(super) posted: DateTime,
}

/// How many, and how much, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) rows: i64,
    pub(super) total: i64,
    pub(super) charge: i64,
}

impl Paid {
    const fn add(&mut self, line: &Line) {
        self.rows = self.rows.saturating_add(1);
        self.total = self.total.saturating_add(line.total);
        self.charge = self.charge.saturating_add(line.charge);
    }
}

/// What was posted in an area on this day, by the centre's clock. The area is the cards': the money is its persons'.
pub(super) fn posted(store: &dyn Database, area: Region, day: Date) -> Result<Vec<Line>, CentreError> {
    let next = day.tomorrow().unwrap_or(Date::MAX);
    let rows = store.rows(
        "SELECT institution, terminal, batch, stan, operation, total, coalesce(charge, 0) AS charge, resolved
         FROM phases JOIN journal ON journal.id = phases.journal_id
         WHERE area = $1 AND state = 'posted' AND resolved >= $2 AND resolved < $3 AND operation <> 'query'
         ORDER BY resolved, journal.id",
        values![area, day.at(0, 0, 0, 0), next.at(0, 0, 0, 0)],
    )?;
    let line = |row: &Row| {
        Ok(Line {
            institution: row.get("institution")?,
            terminal: row.get("terminal")?,
            batch: row.get("batch")?,
            stan: row.get("stan")?,
            kind: row.get("operation")?,
            total: row.get("total")?,
            charge: row.get("charge")?,
            posted: row.get("resolved")?,
        })
    };
    rows.iter().map(line).collect()
}

/// The file, and its sums.
pub(super) fn write(area: Region, day: Date, lines: &[Line]) -> (String, Paid) {
    let mut file = format!("qiyong-posted,1,{},{day}\n", area.as_str());
    let mut all = Paid::default();
    let mut by_institution: BTreeMap<&str, Paid> = BTreeMap::new();
    for line in lines {
        all.add(line);
        by_institution.entry(line.institution.as_str()).or_default().add(line);
        let Line { institution, terminal, batch, stan, kind, posted, .. } = line;
        let (total, charge) = (yuan(line.total), yuan(line.charge));
        let terminal = field(terminal);
        // A string takes whatever is written.
        let _ = writeln!(file, "{institution},{terminal},{batch:06},{stan:06},{kind},{total},{charge},{posted}");
    }
    for (institution, paid) in by_institution {
        let (total, charge) = (yuan(paid.total), yuan(paid.charge));
        let _ = writeln!(file, "sum,{institution},{},{total},{charge}", paid.rows);
    }
    let _ = writeln!(file, "end,{},{},{}", all.rows, yuan(all.total), yuan(all.charge));
    (file, all)
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, (fen % 100).abs())
}

/// A terminal's name may have any printable character; one with a comma or a quote is quoted.
fn field(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_comma_is_one_field() {
        let text = format!("{},1\n", field("TI,L\"0 1"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(record.iter().collect::<Vec<_>>(), ["TI,L\"0 1", "1"]);
        assert_eq!(
            (field("TILL0001").as_str(), yuan(5).as_str(), yuan(123_456).as_str()),
            ("TILL0001", "0.05", "1234.56")
        );
    }
}
