//! What stands in the database of a batch at settlement. What follows from it is not known here.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::centre::{Batch, BatchState, Deal, Ended, Entry, Original, Stan, Sum, TerminalId, Totals};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use super::compare::{Finding, Recorded, Verdict};
use super::faults::{Fault, bent};
use crate::error::{CentreError, Damage};
use crate::store::Store;
use crate::store::database::Database;
use crate::store::value::{Row, values};
use crate::terminal::columns::{self, fen_number, terminal_text};
use crate::terminal::journal::Phase;

/// A batch, and the area of its institution.
pub(super) struct Key {
    area: Region,
    institution: InstitutionCode,
    terminal: String,
    batch: Batch,
}

impl Key {
    pub(super) fn new(area: Region, (institution, terminal, batch): (InstitutionCode, TerminalId, Batch)) -> Self {
        Self { area, institution, terminal: terminal_text(terminal), batch }
    }
}

const STATES: [(BatchState, &str); 3] =
    [(BatchState::Differs, "differs"), (BatchState::Balanced, "balanced"), (BatchState::Closed, "closed")];

/// Where a batch stands, and the totals that its terminal has told last; `None`: it has told none.
pub(super) fn find(store: &dyn Database, key: &Key) -> Result<Option<(BatchState, Totals)>, CentreError> {
    let row = store.find(
        "SELECT state FROM batch_settlements WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4",
        values![key.area, key.institution, key.terminal, key.batch.0],
    )?;
    let Some(row) = row else { return Ok(None) };
    let state = columns::text(&row, "state", |word| columns::choice(&STATES, word))?;
    let rows = store.rows(
        "SELECT deal, told_count, told_total, told_charge FROM batch_totals
         WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4",
        values![key.area, key.institution, key.terminal, key.batch.0],
    )?;
    let mut told = Totals::default();
    for row in &rows {
        *told.of_mut(deal(row, "deal")?) = sum(row, ["told_count", "told_total", "told_charge"])?;
    }
    Ok(Some((state, told)))
}

fn deal(row: &Row, column: &str) -> Result<Deal, CentreError> {
    columns::text(row, column, Deal::from_word)
}

pub(super) fn sum(row: &Row, [count, total, charge]: [&str; 3]) -> Result<Sum, CentreError> {
    Ok(Sum { count: row.get(count)?, total: columns::fen(row, total)?, charge: columns::fen(row, charge)? })
}

/// The sum of what is posted by kind, and whether anything is pending.
pub(super) fn own_totals(store: &dyn Database, key: &Key) -> Result<(Totals, bool), CentreError> {
    let rows = store.rows(
        "SELECT operation, coalesce(phases.state, 'posted') AS phase, count(*) AS count,
                CAST(sum(total) AS BIGINT) AS total, CAST(sum(coalesce(charge, 0)) AS BIGINT) AS charge
         FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
         LEFT JOIN phases ON phases.journal_id = journal.id
         WHERE kind = 'transaction' AND institution = $1 AND terminal = $2 AND batch = $3
           AND balance IS NOT NULL AND reversals.stan IS NULL
         GROUP BY operation, phases.state",
        values![key.institution, key.terminal, key.batch.0],
    )?;
    let (mut totals, mut pending) = (Totals::default(), false);
    for row in &rows {
        let Some(deal) = Deal::from_word(&row.get::<String>("operation")?) else { continue };
        let phase = match row.get("phase")? {
            Phase::Pending if bent(Fault::PendingCounts) => Phase::Posted,
            Phase::Expired if bent(Fault::ExpiredCounts) => Phase::Posted,
            phase => phase,
        };
        match phase {
            Phase::Posted => {
                // Those from before there were confirmations have no phase, and stand in a row of their own.
                let (one, other) = (sum(row, ["count", "total", "charge"])?, totals.of(deal));
                let add = |a: u64, b: u64| a.checked_add(b).ok_or_else(|| damaged("journal.total"));
                *totals.of_mut(deal) = Sum {
                    count: one.count.saturating_add(other.count),
                    total: Fen(add(one.total.0, other.total.0)?),
                    charge: Fen(add(one.charge.0, other.charge.0)?),
                };
            }
            Phase::Pending => pending = true,
            Phase::Voided | Phase::Expired => {}
        }
    }
    Ok((totals, pending))
}

fn damaged(column: &str) -> CentreError {
    CentreError::Damaged(Damage::Column(column.to_owned()))
}

/// Notes that the totals of a batch that is not settled differ, `told` and the centre's `own`; what was uploaded before is
/// forgotten.
pub(super) fn begin(
    store: &dyn Database,
    key: &Key,
    (told, own): (Totals, Totals),
    now: DateTime,
) -> Result<(), CentreError> {
    store.execute(
        "INSERT INTO batch_settlements (area, institution, terminal, batch, state, opened, matched)
         VALUES ($1, $2, $3, $4, 'differs', $5, 0) ON CONFLICT (area, institution, terminal, batch) DO NOTHING",
        values![key.area, key.institution, key.terminal, key.batch.0, now],
    )?;
    if !bent(Fault::EntriesStay) {
        store.execute(
            "DELETE FROM batch_entries WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4",
            values![key.area, key.institution, key.terminal, key.batch.0],
        )?;
    }
    for deal in Deal::ALL {
        let (told, own) = (told.of(deal), own.of(deal));
        store.execute(
            "INSERT INTO batch_totals (area, institution, terminal, batch, deal, told_count, told_total, told_charge,
                                       own_count, own_total, own_charge)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (area, institution, terminal, batch, deal) DO UPDATE SET told_count = excluded.told_count,
                 told_total = excluded.told_total, told_charge = excluded.told_charge, own_count = excluded.own_count,
                 own_total = excluded.own_total, own_charge = excluded.own_charge",
            values![
                key.area,
                key.institution,
                key.terminal,
                key.batch.0,
                deal.as_str(),
                told.count,
                big(told.total)?,
                big(told.charge)?,
                own.count,
                big(own.total)?,
                big(own.charge)?
            ],
        )?;
    }
    Ok(())
}

/// A sum, which may have more digits than an amount.
fn big(sum: Fen) -> Result<i64, CentreError> {
    i64::try_from(sum.0).map_err(|_| CentreError::Amount(sum))
}

/// Keeps an entry at its place.
pub(super) fn keep(store: &dyn Database, key: &Key, place: u32, entry: &Entry) -> Result<(), CentreError> {
    let Entry { stan, deal, original, charge, ended } = entry;
    store.execute(
        "INSERT INTO batch_entries (area, institution, terminal, batch, place, stan, deal, card, total, charge, time, ended)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (area, institution, terminal, batch, place) DO UPDATE SET stan = excluded.stan, deal = excluded.deal,
             card = excluded.card, total = excluded.total, charge = excluded.charge, time = excluded.time,
             ended = excluded.ended",
        values![
            key.area,
            key.institution,
            key.terminal,
            key.batch.0,
            place,
            stan.0,
            deal.as_str(),
            original.card,
            fen_number(original.total)?,
            fen_number(*charge)?,
            original.time.to_string(),
            columns::choice_word(&ENDS, *ended)
        ],
    )?;
    Ok(())
}

const ENDS: [(Ended, &str); 2] = [(Ended::Confirmed, "confirmed"), (Ended::Reversed, "reversed")];

/// The entries that were uploaded, if they have the places from 1 to `count`; those beyond are of an upload that was given up.
pub(super) fn uploaded(store: &dyn Database, key: &Key, count: u32) -> Result<Option<Vec<Entry>>, CentreError> {
    store.execute(
        "DELETE FROM batch_entries WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4 AND place > $5",
        values![key.area, key.institution, key.terminal, key.batch.0, count],
    )?;
    let rows = store.rows(
        "SELECT stan, deal, card, total, charge, time, ended FROM batch_entries
         WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4 ORDER BY place",
        values![key.area, key.institution, key.terminal, key.batch.0],
    )?;
    if u32::try_from(rows.len()) != Ok(count) && !bent(Fault::GapsUnseen) {
        return Ok(None);
    }
    let entry = |row: &Row| {
        Ok(Entry {
            stan: columns::stan(row, "stan")?,
            deal: deal(row, "deal")?,
            original: original(row)?,
            charge: columns::fen(row, "charge")?,
            ended: columns::text(row, "ended", |word| columns::choice(&ENDS, word))?,
        })
    };
    rows.iter().map(entry).collect::<Result<_, CentreError>>().map(Some)
}

fn original(row: &Row) -> Result<Original, CentreError> {
    Ok(Original { card: row.get("card")?, total: columns::fen(row, "total")?, time: columns::time(row, "time")? })
}

/// The transactions of a batch as the centre has them.
pub(super) fn recorded(store: &dyn Database, key: &Key) -> Result<Vec<Recorded>, CentreError> {
    let rows = store.rows(
        "SELECT journal.stan, card, operation, total, time, coalesce(charge, 0) AS charge, phases.state,
                balance IS NOT NULL AS approved, reversals.stan IS NOT NULL AS reversed
         FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
         LEFT JOIN phases ON phases.journal_id = journal.id
         WHERE kind = 'transaction' AND institution = $1 AND terminal = $2 AND batch = $3 ORDER BY journal.stan",
        values![key.institution, key.terminal, key.batch.0],
    )?;
    let known = |row: &Row| {
        Ok(Recorded {
            stan: columns::stan(row, "stan")?,
            deal: Deal::from_word(&row.get::<String>("operation")?),
            original: original(row)?,
            charge: columns::fen(row, "charge")?,
            phase: Phase::of(row)?,
        })
    };
    rows.iter().map(known).collect()
}

/// The numbers of a batch that were passed on to other regions, and the areas of their cards.
pub(super) fn elsewhere(store: &dyn Database, key: &Key) -> Result<BTreeMap<Stan, Region>, CentreError> {
    let rows = store.rows(
        "SELECT stan, region FROM forwarded WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4",
        values![key.area, key.institution, key.terminal, key.batch.0],
    )?;
    rows.iter().map(|row| Ok((columns::stan(row, "stan")?, row.get("region")?))).collect()
}

/// Settles a batch, with the centre's totals and what was found; what matched is counted.
pub(super) fn close(
    store: &Store,
    key: &Key,
    (state, own): (BatchState, Totals),
    findings: &[Finding],
    now: DateTime,
) -> Result<(), CentreError> {
    let matched = findings.iter().filter(|finding| finding.verdict == Verdict::Match).count();
    store.execute(
        "UPDATE batch_settlements SET state = $1, closed = $2, matched = $3
         WHERE area = $4 AND institution = $5 AND terminal = $6 AND batch = $7",
        values![
            columns::choice_word(&STATES, state),
            now,
            u32::try_from(matched).unwrap_or(u32::MAX),
            key.area,
            key.institution,
            key.terminal,
            key.batch.0
        ],
    )?;
    for deal in Deal::ALL {
        let own = own.of(deal);
        store.execute(
            "UPDATE batch_totals SET own_count = $1, own_total = $2, own_charge = $3
             WHERE area = $4 AND institution = $5 AND terminal = $6 AND batch = $7 AND deal = $8",
            values![
                own.count,
                big(own.total)?,
                big(own.charge)?,
                key.area,
                key.institution,
                key.terminal,
                key.batch.0,
                deal.as_str()
            ],
        )?;
    }
    note(store, key, findings, now)?;
    if bent(Fault::BatchGoesOn) {
        return Ok(());
    }
    store.end_batch(key.institution, &key.terminal, key.batch)
}

/// Adds findings to a batch's, apart from what matched.
pub(super) fn note(store: &dyn Database, key: &Key, findings: &[Finding], now: DateTime) -> Result<(), CentreError> {
    let last = store.find(
        "SELECT number FROM batch_findings WHERE area = $1 AND institution = $2 AND terminal = $3 AND batch = $4
         ORDER BY number DESC LIMIT 1",
        values![key.area, key.institution, key.terminal, key.batch.0],
    )?;
    let mut number: u32 = last.map_or(Ok(0), |row| row.get("number"))?;
    for Finding { stan, verdict, what } in findings.iter().filter(|finding| finding.verdict != Verdict::Match) {
        number = number.saturating_add(1);
        store.execute(
            "INSERT INTO batch_findings (area, institution, terminal, batch, number, noted, stan, verdict, what)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            values![
                key.area,
                key.institution,
                key.terminal,
                key.batch.0,
                number,
                now,
                stan.map(|stan| stan.0),
                verdict,
                what
            ],
        )?;
    }
    Ok(())
}

/// The batch of the transaction in this row of the journal, if it is settled, and the transaction's number.
pub(super) fn settled_batch_of(store: &dyn Database, row: i64) -> Result<Option<(Key, Stan)>, CentreError> {
    let row = store.find(
        "SELECT area, institution, terminal, batch, stan FROM journal
         JOIN batch_settlements USING (institution, terminal, batch) WHERE journal.id = $1 AND state <> 'differs'",
        values![row],
    )?;
    let read = |row: &Row| {
        let key = Key {
            area: row.get("area")?,
            institution: row.get("institution")?,
            terminal: row.get("terminal")?,
            batch: columns::batch(row, "batch")?,
        };
        Ok((key, columns::stan(row, "stan")?))
    };
    row.as_ref().map(read).transpose()
}
