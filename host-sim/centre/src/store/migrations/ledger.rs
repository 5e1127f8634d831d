//! The step to version 10 that SQL cannot do: the postings that are there become a chain.
//!
//! The statements stand here as they were at version 10, whatever today's are.

use rusqlite::{OptionalExtension, Row, params};

use crate::error::CentreError;
use crate::store::Store;
use crate::store::chain::{BEGINNING, Link};

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
        store
            .connection
            .prepare_cached("UPDATE postings SET chain = ? WHERE area = ? AND number = ?")?
            .execute(params![chain, posting.area, posting.number])?;
        (area, number) = (posting.area, posting.number);
    }
    Ok(())
}

/// The first posting after this one. One is read at a time: a row that is found while the table is written may be found
/// again.
fn next(store: &Store, area: &str, number: i64) -> Result<Option<Posting>, CentreError> {
    let read = |row: &Row<'_>| {
        let words = [row.get("day")?, row.get("reason")?, row.get("reference")?, row.get("operator")?];
        Ok(Posting { area: row.get("area")?, number: row.get("number")?, words })
    };
    let mut next = store.connection.prepare_cached(
        "SELECT area, number, day, reason, reference, operator FROM postings
         WHERE (area, number) > (?, ?) ORDER BY area, number LIMIT 1",
    )?;
    Ok(next.query_row(params![area, number], read).optional()?)
}

fn seal(store: &Store, posting: &Posting, before: &[u8; 32]) -> Result<[u8; 32], CentreError> {
    let Posting { area, number, words: [day, reason, reference, operator] } = posting;
    let mut lines =
        store.connection.prepare_cached("SELECT account, amount FROM entries WHERE area = ? AND posting = ?")?;
    let lines = lines.query_map(params![area, number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let lines = lines.collect::<Result<Vec<(String, i64)>, _>>()?;
    Ok(Link { area, number: *number, day, reason, reference, operator, lines: &lines }.seal(&store.vault, before))
}
