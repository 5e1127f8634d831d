//! Whether the ledger of an area is as it was written: the chain of its postings, the sum of each posting's lines, and the
//! balance of each account. Like the audit's chain it does not show that the last postings were cut off, if whoever did it
//! set the counter back and the balances right too.

use qiyong_protocol::card::codes::Region;

use crate::error::CentreError;
use crate::store::chain::{BEGINNING, Link};
use crate::store::database::{Database, is_off};
use crate::store::value::{Row, values};
use crate::store::vault::Vault;

/// How many postings are read at once.
const PAGE: i64 = 1_000;

/// The first posting or account that is not as it was written: `posting 5`, `person:P000000001`.
///
/// # Errors
/// The database failed.
pub fn verify(store: &dyn Database, vault: &Vault, area: Region) -> Result<Option<String>, CentreError> {
    let (mut number, mut before) = (0, BEGINNING);
    loop {
        let postings = store.rows(
            "SELECT * FROM postings WHERE area = $1 AND number > $2 ORDER BY number LIMIT $3",
            values![area, number, PAGE],
        )?;
        let Some(last) = postings.last() else { break };
        let last: i64 = last.get("number")?;
        let entries = store.rows(
            "SELECT posting, account, amount FROM entries WHERE area = $1 AND posting > $2 AND posting <= $3
             ORDER BY posting",
            values![area, number, last],
        )?;
        let mut entries = entries.iter().peekable();
        for posting in postings {
            number += 1;
            let mut lines = Vec::new();
            while let Some(entry) = entries.next_if(|entry| entry.get::<i64>("posting").is_ok_and(|of| of <= number)) {
                lines.push(entry);
            }
            // What cannot be read was changed, too.
            match as_written(vault, area, (number, &posting), &lines, &before) {
                Ok(Some(chain)) => before = chain,
                Ok(None) | Err(_) => return Ok(Some(format!("posting {number}"))),
            }
        }
    }
    if is_hidden(store, area, number)? {
        return Ok(Some(format!("posting {}", number.saturating_add(1))));
    }
    balances(store, area)
}

/// The posting's check value, if its words and lines belong to it and add up to zero.
fn as_written(
    vault: &Vault,
    area: Region,
    (number, posting): (i64, &Row),
    entries: &[&Row],
    before: &[u8; 32],
) -> Result<Option<[u8; 32]>, CentreError> {
    let word = |column| posting.get::<String>(column);
    let (day, reason, reference, operator) = (word("day")?, word("reason")?, word("reference")?, word("operator")?);
    let (mut lines, mut sum) = (Vec::new(), Some(0_i64));
    for entry in entries {
        let amount: i64 = entry.get("amount")?;
        sum = sum.and_then(|sum| sum.checked_add(amount));
        if entry.get::<i64>("posting")? != number {
            return Ok(None);
        }
        lines.push((entry.get("account")?, amount));
    }
    let link = Link {
        area: area.as_str(),
        number,
        day: &day,
        reason: &reason,
        reference: &reference,
        operator: &operator,
        lines: &lines,
    };
    let chain = link.seal(vault, before);
    let is = sum == Some(0) && posting.get::<i64>("number")? == number && posting.get::<[u8; 32]>("chain")? == chain;
    Ok(is.then_some(chain))
}

/// Whether something stands outside the numbers 1 to `last`, or the counter says that there were more or less.
fn is_hidden(store: &dyn Database, area: Region, last: i64) -> Result<bool, CentreError> {
    let outside = [
        "SELECT number FROM postings WHERE area = $1 AND number < 1 AND number <= $2 LIMIT 1",
        "SELECT posting FROM entries WHERE area = $1 AND posting < 1 AND posting <= $2 LIMIT 1",
        "SELECT posting FROM entries WHERE area = $1 AND posting > $2 LIMIT 1",
        "SELECT last FROM numbers WHERE area = $1 AND kind = 'posting' AND last <> $2 LIMIT 1",
    ];
    for sql in outside {
        if store.find(sql, values![area, last])?.is_some() {
            return Ok(true);
        }
    }
    let counted = store.find("SELECT last FROM numbers WHERE area = $1 AND kind = 'posting'", values![area])?;
    Ok(counted.is_none() && last > 0)
}

/// The first account whose balance is not the sum of its entries, or is missing, or has no entries.
fn balances(store: &dyn Database, area: Region) -> Result<Option<String>, CentreError> {
    // Both in one sum: SQLite compares a FULL JOIN row by row, which takes a day for a million accounts.
    let off = is_off("amount");
    let account = store.find(
        &format!("SELECT account FROM (SELECT account, 1 AS kept, 0 AS entries, balance AS amount FROM balances WHERE area = $1
                               UNION ALL
                               SELECT account, 0, 1, -amount FROM entries WHERE area = $1) AS sums
         GROUP BY account HAVING max(kept) = 0 OR max(entries) = 0 OR {off} ORDER BY account LIMIT 1"),
        values![area],
    )?;
    // Of an account that cannot be read no name is shown.
    Ok(account.map(|row| row.get::<String>("account").unwrap_or_else(|_| "an account".into())))
}
