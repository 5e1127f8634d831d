//! Where the centre keeps what it knows: an SQLite database, in a file or in memory, or one of a PostgreSQL server, with the
//! tables of `migrations`.
//!
//! The store stores and finds, and knows no rule: `crate::terminal::transactions` decides what may happen to a card. Changes
//! that belong together are made in one `Store::atomically`. `place` says where a database is, `opening` opens files and
//! `server` servers, and both make new ones; `leases` has the terminals' names, `reports` reads the past.

pub mod audit;
pub mod backup;
pub(crate) mod bulk;
pub(crate) mod chain;
pub mod database;
mod dialect;
pub mod encryption;
pub mod failure;
pub(super) mod leases;
pub(crate) mod look;
mod migrations;
mod opening;
pub mod place;
#[cfg(test)]
mod plans;
pub(crate) mod postgres;
pub(crate) mod private;
mod reports;
pub(crate) mod server;
mod session;
mod soundness;
mod sqlite;
pub mod value;
pub mod vault;
pub(crate) mod work;

use std::cell::Cell;

use jiff::civil::{Date, DateTime};

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Original, Receipt, Request, Stan, TerminalId};
use qiyong_protocol::rules::decision::{Effects, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::error::{CentreError, Damage};
use crate::institution::records;
use crate::terminal::columns;
use crate::terminal::journal::{Function, Phase};
use crate::terminal::number::{Decided, Subject, amounts};
use database::{Database, Engine};
use postgres::Postgres;
use sqlite::Sqlite;
use value::{FromValue, Row, Value, values};
use vault::Vault;
use work::Work;

/// The database.
pub(super) struct Store {
    engine: Backend,
    pub(super) vault: Vault,
    /// Whether a transaction is open.
    within: Cell<bool>,
    /// Gone after the engine, whose sessions end first.
    #[cfg(test)]
    scratch: Option<server::scratch::Scratch>,
}

/// Which database it is.
enum Backend {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

/// What identifies a transaction.
#[derive(Clone, Copy)]
pub(super) struct TransactionId {
    pub(super) institution: InstitutionCode,
    pub(super) terminal: TerminalId,
    pub(super) batch: Batch,
    pub(super) stan: Stan,
}

/// A transaction, as the journal has it.
pub(super) struct StoredTransaction {
    /// Its row in the journal.
    pub(super) id: i64,
    pub(super) institution: InstitutionCode,
    pub(super) decided: Decided,
    /// The area in which its phase stands.
    phase_area: Option<Region>,
}

/// An entry to be written into the journal.
pub(super) struct Line<'a> {
    pub(super) kind: LineKind,
    pub(super) card: Option<CardNumber>,
    pub(super) operation: Option<&'a Operation>,
}

/// What happened. The names are those of the column `kind`.
pub(super) enum LineKind {
    Transaction(Stan, Result<Receipt, Reason>),
    Refusal(Option<Stan>, Reason),
    Report(Reason),
}

// Institutions.
impl Store {
    /// What is known of an institution on this day.
    pub(super) fn institution(&self, code: InstitutionCode, day: Date) -> Result<Option<Institution>, CentreError> {
        records::standing(self, code, day)
    }
}

// Transactions, reversals, activations.
impl Store {
    /// Writes an entry about `request`, which came at `now`, into the journal, and returns its row.
    pub(super) fn write(&self, request: &Request<'_>, now: DateTime, line: &Line<'_>) -> Result<i64, CentreError> {
        let (kind, stan, reason, receipt) = match &line.kind {
            LineKind::Transaction(stan, Ok(receipt)) => ("transaction", Some(*stan), None, Some(receipt)),
            LineKind::Transaction(stan, Err(reason)) => ("transaction", Some(*stan), Some(*reason), None),
            LineKind::Refusal(stan, reason) => ("refusal", *stan, Some(*reason), None),
            LineKind::Report(reason) => ("report", None, Some(*reason), None),
        };
        let (total, fund) = line.operation.map_or((Fen(0), Fen(0)), amounts);
        let money = |amount: Fen| columns::fen_number(amount);
        let row = self.find(
            "INSERT INTO journal (kind, time, received, institution, terminal, batch, stan, card, operation, total, fund, reason,
                                  charge, activates, activates_financial, balance)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id",
            values![
                kind,
                request.time.to_string(),
                now,
                request.institution,
                columns::terminal_text(request.terminal),
                request.batch.0,
                stan.map(|stan| stan.0),
                line.card,
                line.operation.map(Operation::as_str),
                money(total)?,
                money(fund)?,
                reason.map(Reason::as_str),
                receipt.map(|receipt| money(receipt.effects.charge)).transpose()?,
                receipt.map(|receipt| receipt.effects.activates),
                receipt.map(|receipt| receipt.effects.activates_financial),
                receipt.map(|receipt| money(receipt.balance)).transpose()?
            ],
        )?;
        row.ok_or_else(|| CentreError::Damaged(Damage::Column("journal.id".into())))?.get("id")
    }

    pub(super) fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, CentreError> {
        self.read_one(
            "SELECT journal.*, reversals.stan IS NOT NULL AS reversed, phases.state, phases.area AS phase_area
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             LEFT JOIN phases ON phases.journal_id = journal.id
             WHERE kind = 'transaction' AND institution = $1 AND terminal = $2 AND batch = $3 AND stan = $4",
            values![id.institution, columns::terminal_text(id.terminal), id.batch.0, id.stan.0],
            read_transaction,
        )
    }

    /// The transaction in this row of the journal.
    pub(super) fn transaction_in(&self, row: i64) -> Result<Option<StoredTransaction>, CentreError> {
        self.read_one(
            "SELECT journal.*, reversals.stan IS NOT NULL AS reversed, phases.state, phases.area AS phase_area
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             LEFT JOIN phases ON phases.journal_id = journal.id
             WHERE journal.id = $1",
            values![row],
            read_transaction,
        )
    }

    /// Every transaction with this card, in the order of their arrival.
    pub(super) fn transactions_of(&self, card: CardNumber) -> Result<Vec<StoredTransaction>, CentreError> {
        self.read_all(
            "SELECT journal.*, reversals.stan IS NOT NULL AS reversed, phases.state, phases.area AS phase_area
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             LEFT JOIN phases ON phases.journal_id = journal.id
             WHERE kind = 'transaction' AND card = $1 ORDER BY id",
            values![card],
            read_transaction,
        )
    }

    /// What a reversal of this number, if one has come, said of the original.
    pub(super) fn reversal(&self, id: TransactionId) -> Result<Option<Original>, CentreError> {
        self.read_one(
            "SELECT original_card, original_total, original_time FROM reversals
             WHERE institution = $1 AND terminal = $2 AND batch = $3 AND stan = $4",
            values![id.institution, columns::terminal_text(id.terminal), id.batch.0, id.stan.0],
            |row| {
                Ok(Original {
                    card: row.get("original_card")?,
                    total: columns::fen(row, "original_total")?,
                    time: columns::time(row, "original_time")?,
                })
            },
        )
    }

    pub(super) fn remember_reversal(
        &self,
        id: TransactionId,
        time: Timestamp,
        original: Original,
    ) -> Result<(), CentreError> {
        self.execute(
            "INSERT INTO reversals (institution, terminal, batch, stan, reversed_at,
                                    original_card, original_total, original_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                id.institution,
                columns::terminal_text(id.terminal),
                id.batch.0,
                id.stan.0,
                time.to_string(),
                original.card,
                columns::fen_number(original.total)?,
                original.time.to_string()
            ],
        )?;
        Ok(())
    }

    /// The transaction in this row of the journal was approved at `now`, and is pending.
    pub(super) fn add_pending(&self, area: Region, row: i64, now: DateTime) -> Result<(), CentreError> {
        self.execute(
            "INSERT INTO phases (area, journal_id, state, since) VALUES ($1, $2, 'pending', $3)",
            values![area, row, now],
        )?;
        Ok(())
    }

    /// Resolves a transaction, if it is pending; `false`: it is not.
    pub(super) fn resolve(
        &self,
        known: &StoredTransaction,
        phase: Phase,
        now: DateTime,
        result: Option<Reason>,
    ) -> Result<bool, CentreError> {
        let Some(area) = known.phase_area else { return Ok(false) };
        let changed = self.execute(
            "UPDATE phases SET state = $1, resolved = $2, result = $3
             WHERE area = $4 AND journal_id = $5 AND state = 'pending'",
            values![phase, now, result.map(Reason::as_str), area, known.id],
        )?;
        Ok(changed == 1)
    }

    /// Records that the transaction in this row of the journal put `function` of `card` into use.
    pub(super) fn add_activation(
        &self,
        row: i64,
        function: Function,
        (area, card): (Region, CardNumber),
    ) -> Result<(), CentreError> {
        self.execute(
            "INSERT INTO activations (area, journal_id, what, card) VALUES ($1, $2, $3, $4)",
            values![area, row, function, card],
        )?;
        Ok(())
    }

    /// Marks the functions that the transaction in this row of the journal put into use as undone, and returns them.
    pub(super) fn undo_activations(&self, area: Region, row: i64) -> Result<Vec<Function>, CentreError> {
        self.read_all(
            "UPDATE activations SET reversed = 1 WHERE area = $1 AND journal_id = $2 AND reversed = 0 RETURNING what",
            values![area, row],
            |row| row.get("what"),
        )
    }
}

// Access to the database.
impl Store {
    fn over(engine: Backend, vault: Vault) -> Self {
        Self {
            engine,
            vault,
            within: Cell::new(false),
            #[cfg(test)]
            scratch: None,
        }
    }

    fn engine(&self) -> &dyn Engine {
        match &self.engine {
            Backend::Sqlite(engine) => engine,
            Backend::Postgres(engine) => engine.as_ref(),
        }
    }

    /// The file, if it is one.
    const fn sqlite(&self) -> Option<&Sqlite> {
        match &self.engine {
            Backend::Sqlite(engine) => Some(engine),
            Backend::Postgres(_) => None,
        }
    }

    /// Does all of `work`, or, if it fails, nothing. Within another `atomically` it belongs to that one, which fails if
    /// this fails; whoever goes on in spite of an error must be at the outermost.
    pub(super) fn atomically<T, E: From<CentreError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        if self.within.get() {
            return work(self);
        }
        let engine = self.engine();
        engine.begin()?;
        let open = Open(self);
        self.within.set(true);
        let result = work(self)?;
        self.within.set(false);
        std::mem::forget(open);
        if let Err(error) = engine.settle() {
            engine.roll_back();
            return Err(error.into());
        }
        Ok(result)
    }

    /// What was done since it was opened.
    pub(super) fn work(&self) -> Work {
        match &self.engine {
            Backend::Sqlite(engine) => engine.work(),
            Backend::Postgres(engine) => engine.work(),
        }
    }

    fn read_one<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl FnOnce(&Row) -> Result<T, CentreError>,
    ) -> Result<Option<T>, CentreError> {
        self.find(sql, values)?.as_ref().map(read).transpose()
    }

    fn read_all<T>(
        &self,
        sql: &str,
        values: &[Value],
        read: impl FnMut(&Row) -> Result<T, CentreError>,
    ) -> Result<Vec<T>, CentreError> {
        self.rows(sql, values)?.iter().map(read).collect()
    }
}

impl Database for Store {
    fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, CentreError> {
        self.engine().execute(sql, values)
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, CentreError> {
        self.engine().rows(sql, values)
    }
}

/// A transaction that is open, and is taken back if its work fails or panics.
struct Open<'a>(&'a Store);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.within.set(false);
        self.0.engine().roll_back();
    }
}

fn read_transaction(row: &Row) -> Result<StoredTransaction, CentreError> {
    let result = match read_receipt(row)? {
        Some(receipt) => Ok(receipt),
        None => Err(row.get("reason")?),
    };
    Ok(StoredTransaction {
        id: row.get("id")?,
        institution: row.get("institution")?,
        decided: Decided {
            subject: Subject {
                card: row.get("card")?,
                operation: row.get("operation")?,
                total: columns::fen(row, "total")?,
                fund: columns::fen(row, "fund")?,
                time: columns::time(row, "time")?,
            },
            result,
            reversed: row.get("reversed")?,
            phase: row.get("state")?,
        },
        phase_area: row.get("phase_area")?,
    })
}

fn read_receipt(row: &Row) -> Result<Option<Receipt>, CentreError> {
    if row.get::<Option<i64>>("balance")?.is_none() {
        return Ok(None);
    }
    let effects = Effects {
        activates: row.get("activates")?,
        activates_financial: row.get("activates_financial")?,
        charge: columns::fen(row, "charge")?,
    };
    Ok(Some(Receipt { effects, balance: columns::fen(row, "balance")? }))
}

impl FromValue for Reason {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(word) = value { Self::from_word(&word) } else { None }
    }
}
