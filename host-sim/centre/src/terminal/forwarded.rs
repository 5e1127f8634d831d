//! Which transactions were given to the region of the card, at the terminal's home (docs/centre.md §19). A number stands here
//! for ever, so that it is never used for anything else, and so that its reversal finds its way.

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::centre::{Batch, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::error::CentreError;
use crate::store::TransactionId;
use crate::store::database::Database;
use crate::store::value::values;
use crate::terminal::columns::terminal_text;

/// Where a transaction went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// The card's area.
    pub(crate) area: Region,
    pub(crate) card: CardNumber,
}

/// Where the transaction with this number went; `area` is the institution's.
pub(crate) fn find(store: &dyn Database, area: Region, id: TransactionId) -> Result<Option<Forwarded>, CentreError> {
    let row = store.find(
        "SELECT region, card FROM forwarded
         WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4 AND stan = $5",
        values![area, id.institution, terminal_text(id.terminal), id.batch.0, id.stan.0],
    )?;
    row.map(|row| Ok(Forwarded { area: row.get("region")?, card: row.get("card")? })).transpose()
}

/// Notes where a transaction goes, whose number is new.
pub(crate) fn add(
    store: &dyn Database,
    area: Region,
    id: TransactionId,
    where_to: Forwarded,
) -> Result<(), CentreError> {
    store.execute(
        "INSERT INTO forwarded (area, institution, terminal, batch, stan, region, card)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![area, id.institution, terminal_text(id.terminal), id.batch.0, id.stan.0, where_to.area, where_to.card],
    )?;
    Ok(())
}

/// The last number of a batch that went elsewhere; 0: none has.
pub(crate) fn last(
    store: &dyn Database,
    area: Region,
    (institution, terminal, batch): (InstitutionCode, TerminalId, Batch),
) -> Result<u32, CentreError> {
    let row = store.find(
        "SELECT stan FROM forwarded WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4
         ORDER BY stan DESC LIMIT 1",
        values![area, institution, terminal_text(terminal), batch.0],
    )?;
    row.map_or(Ok(0), |row| row.get("stan"))
}
