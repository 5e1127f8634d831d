//! The audit record: every act, carried out or refused, in a chain. Each record's check value (HMAC-SHA-256 under the
//! vault) covers its fields and the check value before it, so that nobody who has only the database changes, removes or
//! puts in a record unseen. What it cannot show is that the last records were cut off.

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::Region;

use super::database::Database;
use super::value::Row;
use super::vault::Vault;
use crate::error::CentreError;
use crate::store::value::values;

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, by the centre's clock.
    pub time: DateTime,
    /// Who.
    pub operator: String,
    /// For which outlet.
    pub outlet: String,
    /// The act's name.
    pub act: String,
    /// `done`, or the code of the refusal.
    pub outcome: String,
    /// The numbers of what it was about; nothing personal.
    pub subject: String,
    /// Keyed hash of the request.
    pub request: [u8; 32],
}

/// What the chain of an area was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Whole, with this many records.
    Whole(i64),
    /// The first record that is not as it was written, or is missing.
    Broken(i64),
}

/// How many records are read at once.
const PAGE: i64 = 1_000;

/// Adds a record to the chain of `area`; returns its number.
///
/// # Errors
/// The database failed.
pub(crate) fn write(database: &dyn Database, vault: &Vault, area: Region, record: &Record) -> Result<i64, CentreError> {
    let last =
        database.find("SELECT number, chain FROM audit WHERE area = $1 ORDER BY number DESC LIMIT 1", values![area])?;
    let (number, before) = match last {
        Some(row) => (row.get::<i64>("number")?.saturating_add(1), row.get("chain")?),
        None => (1, [0; 32]),
    };
    let chain = link(vault, area, number, record, &before);
    let Record { time, operator, outlet, act, outcome, subject, request } = record;
    database.execute(
        "INSERT INTO audit (area, number, time, operator, outlet, act, outcome, subject, request, chain)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![area, number, time, operator, outlet, act, outcome, subject, request, chain],
    )?;
    Ok(number)
}

/// Follows the chain of `area` from its beginning.
///
/// # Errors
/// The database failed.
pub(crate) fn verify(database: &dyn Database, vault: &Vault, area: Region) -> Result<Chain, CentreError> {
    let (mut number, mut before) = (0_i64, [0; 32]);
    loop {
        let rows = database.rows(
            "SELECT * FROM audit WHERE area = $1 AND number > $2 ORDER BY number LIMIT $3",
            values![area, number, PAGE],
        )?;
        if rows.is_empty() {
            // A number that no record has would hide it from this walk.
            let hidden = "SELECT number FROM audit WHERE area = $1 AND number < 1 LIMIT 1";
            let hidden = database.find(hidden, values![area])?.is_some();
            return Ok(if hidden { Chain::Broken(number.saturating_add(1)) } else { Chain::Whole(number) });
        }
        for row in rows {
            number += 1;
            // A record that cannot be read was changed, too.
            let as_written = || {
                let record = read(&row)?;
                let chain: [u8; 32] = row.get("chain")?;
                let is = row.get::<i64>("number")? == number && chain == link(vault, area, number, &record, &before);
                Ok::<_, CentreError>(is.then_some(chain))
            };
            match as_written() {
                Ok(Some(chain)) => before = chain,
                Ok(None) | Err(_) => return Ok(Chain::Broken(number)),
            }
        }
    }
}

/// The last records of `area`, latest first: those below number `before`, if that is given.
///
/// # Errors
/// The database failed.
pub(crate) fn last(
    database: &dyn Database,
    area: Region,
    before: Option<i64>,
    limit: u16,
) -> Result<Vec<(i64, Record)>, CentreError> {
    let rows = database.rows(
        "SELECT * FROM audit WHERE area = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        values![area, before.unwrap_or(i64::MAX), limit],
    )?;
    rows.iter().map(|row| Ok((row.get("number")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Record, CentreError> {
    Ok(Record {
        time: row.get("time")?,
        operator: row.get("operator")?,
        outlet: row.get("outlet")?,
        act: row.get("act")?,
        outcome: row.get("outcome")?,
        subject: row.get("subject")?,
        request: row.get("request")?,
    })
}

fn link(vault: &Vault, area: Region, number: i64, record: &Record, before: &[u8; 32]) -> [u8; 32] {
    let Record { time, operator, outlet, act, outcome, subject, request } = record;
    let time = time.to_string();
    let texts = [area.as_str(), &time, operator, outlet, act, outcome, subject].map(str::as_bytes);
    let number = number.to_be_bytes();
    let parts: Vec<&[u8]> = texts.into_iter().chain([&number[..], request, before]).collect();
    vault.audit(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsm::Hsm;
    use crate::store::Store;

    fn area() -> Region {
        Region::new("320100").unwrap()
    }

    fn with_records(count: u8) -> Store {
        let store = Store::in_memory(&Hsm::test_keys()).unwrap();
        for at in 0..count {
            let record = Record {
                time: "2026-01-01T08:00:00".parse().unwrap(),
                operator: "clerk".into(),
                outlet: "32010001".into(),
                act: "application.file".into(),
                outcome: "done".into(),
                subject: format!("application {at}"),
                request: [at; 32],
            };
            write(&store, &store.vault, area(), &record).unwrap();
        }
        store
    }

    #[test]
    fn each_change_breaks_the_chain_where_it_was_made() {
        assert_eq!(verify(&with_records(5), &Vault::new().unwrap(), area()).unwrap(), Chain::Broken(1));
        let untouched = with_records(5);
        assert_eq!(verify(&untouched, &untouched.vault, area()).unwrap(), Chain::Whole(5));
        let columns = ["time", "operator", "outlet", "act", "outcome", "subject"];
        let texts = columns.map(|column| format!("UPDATE audit SET {column} = {column} || 'x' WHERE number = 3"));
        let others = [
            "UPDATE audit SET request = (SELECT chain FROM audit WHERE number = 1) WHERE number = 3",
            "UPDATE audit SET chain = (SELECT chain FROM audit WHERE number = 1) WHERE number = 3",
            "DELETE FROM audit WHERE number = 3",
            "UPDATE audit SET number = 9 WHERE number = 3",
            "UPDATE audit SET area = '320500' WHERE number = 3",
        ];
        for change in texts.iter().map(String::as_str).chain(others) {
            let store = with_records(5);
            assert_eq!(Database::execute(&store, change, &[]).unwrap(), 1);
            assert_eq!(verify(&store, &store.vault, area()).unwrap(), Chain::Broken(3), "{change}");
        }
    }
}
