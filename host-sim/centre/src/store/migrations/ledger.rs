//! The step to version 10 that SQL cannot do: the postings that are there become a chain.
//!
//! The statements stand here as they were at version 10, whatever today's are.

use crate::error::CentreError;
use crate::store::Store;
use crate::store::chain::{BEGINNING, Link};
use crate::store::database::Database;
use crate::store::value::{Row, values};

/// A posting as version 9 kept it.
struct Posting {
    area: String,
    number: i64,
    words: [String; 4],
}

pub(super) fn chain_postings(store: &Store) -> Result<(), CentreError> {
    let (mut area, mut number, mut chain) = (String::new(), i64::MIN, BEGINNING);
    while let Some(posting) = next(store, &area, number)? {
        if posting.area != area {
            chain = BEGINNING;
        }
        chain = seal(store, &posting, &chain)?;
        store.execute(
            "UPDATE postings SET chain = $1 WHERE area = $2 AND number = $3",
            values![chain, posting.area, posting.number],
        )?;
        (area, number) = (posting.area, posting.number);
    }
    Ok(())
}

/// The first posting after this one. One is read at a time: a row that is found while the table is written may be found
/// again.
fn next(store: &Store, area: &str, number: i64) -> Result<Option<Posting>, CentreError> {
    let read = |row: &Row| {
        let words = [row.get("day")?, row.get("reason")?, row.get("reference")?, row.get("operator")?];
        Ok(Posting { area: row.get("area")?, number: row.get("number")?, words })
    };
    let next = store.find(
        "SELECT area, number, day, reason, reference, operator FROM postings
         WHERE (area, number) > ($1, $2) ORDER BY area, number LIMIT 1",
        values![area, number],
    )?;
    next.as_ref().map(read).transpose()
}

fn seal(store: &Store, posting: &Posting, before: &[u8; 32]) -> Result<[u8; 32], CentreError> {
    let Posting { area, number, words: [day, reason, reference, operator] } = posting;
    let rows =
        store.rows("SELECT account, amount FROM entries WHERE area = $1 AND posting = $2", values![area, *number])?;
    let line = |row: &Row| Ok((row.get("account")?, row.get("amount")?));
    let lines = rows.iter().map(line).collect::<Result<Vec<(String, i64)>, CentreError>>()?;
    Ok(Link { area, number: *number, day, reason, reference, operator, lines: &lines }.seal(&store.vault, before))
}
