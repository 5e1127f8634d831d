//! Where the centre keeps what it knows: an SQLite database, in a file or in memory, with the tables of `migrations`.
//!
//! The store stores and finds, and knows no rule: `crate::terminal::transactions` decides what may happen to a card. Changes
//! that belong together are made in one `Store::atomically`. `opening` opens files and makes new ones, `leases`
//! has the terminals' names, `reports` reads the past.

pub mod audit;
pub(crate) mod bulk;
pub(crate) mod chain;
pub mod database;
pub(super) mod leases;
mod migrations;
mod opening;
#[cfg(test)]
mod plans;
mod private;
mod reports;
mod soundness;
mod sqlite;
pub mod value;
pub mod vault;
pub(crate) mod work;

use rusqlite::{Connection, Params, Row, Statement, Transaction, TransactionBehavior, named_params, params};

use jiff::civil::{Date, DateTime};

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Original, Receipt, Request, Stan, TerminalId};
use qiyong_protocol::rules::decision::{Effects, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::error::CentreError;
use crate::institution::records;
use crate::terminal::columns;
use crate::terminal::journal::Function;
use vault::Vault;
use work::{Counter, Work};

/// The database.
pub(super) struct Store {
    connection: Connection,
    pub(super) vault: Vault,
    work: Counter,
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
    pub(super) subject: Subject,
    pub(super) result: Result<Receipt, Reason>,
    pub(super) reversed: bool,
}

/// The contents of a transaction. Two messages with one number are the same transaction if their contents are equal.
#[derive(PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) card: CardNumber,
    pub(super) operation: String,
    pub(super) total: Fen,
    pub(super) fund: Fen,
    /// When it was sent.
    pub(super) time: Timestamp,
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
        self.execute(
            "INSERT INTO journal (kind, time, received, institution, terminal, batch, stan, card, operation, total, fund, reason,
                                  charge, activates, activates_financial, balance)
             VALUES (:kind, :time, :received, :institution, :terminal, :batch, :stan, :card, :operation, :total, :fund, :reason,
                     :charge, :activates, :activates_financial, :balance)",
            named_params! {
                ":kind": kind,
                ":time": request.time.to_string(),
                ":received": now.to_string(),
                ":institution": request.institution.as_str(),
                ":terminal": columns::terminal_text(request.terminal),
                ":batch": request.batch.0,
                ":stan": stan.map(|stan| stan.0),
                ":card": line.card.as_ref().map(CardNumber::as_str),
                ":operation": line.operation.map(Operation::as_str),
                ":total": money(total)?,
                ":fund": money(fund)?,
                ":reason": reason.map(Reason::as_str),
                ":charge": receipt.map(|receipt| money(receipt.effects.charge)).transpose()?,
                ":activates": receipt.map(|receipt| receipt.effects.activates),
                ":activates_financial": receipt.map(|receipt| receipt.effects.activates_financial),
                ":balance": receipt.map(|receipt| money(receipt.balance)).transpose()?,
            },
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    pub(super) fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, CentreError> {
        self.find(
            "SELECT journal.*, reversals.stan IS NOT NULL AS reversed
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             WHERE kind = 'transaction' AND institution = ? AND terminal = ? AND batch = ? AND stan = ?",
            params![id.institution.as_str(), columns::terminal_text(id.terminal), id.batch.0, id.stan.0],
            read_transaction,
        )
    }

    /// Every transaction with this card, in the order of their arrival.
    pub(super) fn transactions_of(&self, card: CardNumber) -> Result<Vec<StoredTransaction>, CentreError> {
        self.collect(
            "SELECT journal.*, reversals.stan IS NOT NULL AS reversed
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             WHERE kind = 'transaction' AND card = ? ORDER BY id",
            [card.as_str()],
            read_transaction,
        )
    }

    /// What a reversal of this number, if one has come, said of the original.
    pub(super) fn reversal(&self, id: TransactionId) -> Result<Option<Original>, CentreError> {
        self.find(
            "SELECT original_card, original_total, original_time FROM reversals
             WHERE institution = ? AND terminal = ? AND batch = ? AND stan = ?",
            params![id.institution.as_str(), columns::terminal_text(id.terminal), id.batch.0, id.stan.0],
            |row| {
                Ok(Original {
                    card: read_card_number(row, "original_card")?,
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
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                id.institution.as_str(),
                columns::terminal_text(id.terminal),
                id.batch.0,
                id.stan.0,
                time.to_string(),
                original.card.as_str(),
                columns::fen_number(original.total)?,
                original.time.to_string()
            ],
        )?;
        Ok(())
    }

    /// Records that the transaction in this row of the journal put `function` of `card` into use.
    pub(super) fn add_activation(
        &self,
        row: i64,
        function: Function,
        (area, card): (Region, CardNumber),
    ) -> Result<(), CentreError> {
        self.execute(
            "INSERT INTO activations (area, journal_id, what, card) VALUES (?, ?, ?, ?)",
            params![area.as_str(), row, function.as_str(), card.as_str()],
        )?;
        Ok(())
    }

    /// Marks the functions that the transaction in this row of the journal put into use as undone, and returns them.
    pub(super) fn undo_activations(&self, area: Region, row: i64) -> Result<Vec<Function>, CentreError> {
        self.collect(
            "UPDATE activations SET reversed = 1 WHERE area = ? AND journal_id = ? AND reversed = 0 RETURNING what",
            params![area.as_str(), row],
            |row| columns::text(row, "what", Function::from_word),
        )
    }
}

// Access to SQLite.
impl Store {
    /// Does all of `work`, or, if it fails, nothing. `work` must not call this again.
    pub(super) fn atomically<T, E: From<CentreError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        // Locks for writing from the start: two programs on one file then take turns. Otherwise both would read, and
        // one would fail.
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
        let transaction = begun.map_err(CentreError::from)?;
        let result = work(self)?;
        transaction.commit().map_err(CentreError::from)?;
        Ok(result)
    }

    /// What was done since it was opened.
    pub(super) const fn work(&self) -> Work {
        self.work.work()
    }

    /// Counts a statement that was carried out.
    fn count(&self, sql: &str, statement: &Statement<'_>) {
        #[cfg(test)]
        plans::judge(&self.connection, sql);
        #[cfg(not(test))]
        let _ = sql;
        self.work.count(statement);
    }

    fn execute(&self, sql: &str, params: impl Params) -> Result<usize, CentreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let changed = statement.execute(params)?;
        self.count(sql, &statement);
        Ok(changed)
    }

    fn find<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, CentreError>,
    ) -> Result<Option<T>, CentreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let found = rows.next()?.map(read).transpose();
        drop(rows);
        self.count(sql, &statement);
        found
    }

    fn collect<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, CentreError>,
    ) -> Result<Vec<T>, CentreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        drop(rows);
        self.count(sql, &statement);
        Ok(all)
    }
}

impl Subject {
    pub(super) fn new(card: CardNumber, operation: &Operation, time: Timestamp) -> Self {
        let (total, fund) = amounts(operation);
        Self { card, operation: operation.as_str().to_owned(), total, fund, time }
    }

    /// What a reversal says of it.
    pub(super) const fn original(&self) -> Original {
        Original { card: self.card, total: self.total, time: self.time }
    }
}

/// The whole bill, and the pooled fund's part of it.
const fn amounts(operation: &Operation) -> (Fen, Fen) {
    match operation.bill() {
        Some(bill) => (bill.total(), bill.fund()),
        None => (Fen(0), Fen(0)),
    }
}

fn read_transaction(row: &Row<'_>) -> Result<StoredTransaction, CentreError> {
    let result = match read_receipt(row)? {
        Some(receipt) => Ok(receipt),
        None => Err(read_reason(row, "reason")?),
    };
    Ok(StoredTransaction {
        id: row.get("id")?,
        institution: columns::text(row, "institution", |text| InstitutionCode::new(text).ok())?,
        subject: Subject {
            card: read_card_number(row, "card")?,
            operation: row.get("operation")?,
            total: columns::fen(row, "total")?,
            fund: columns::fen(row, "fund")?,
            time: columns::time(row, "time")?,
        },
        result,
        reversed: row.get("reversed")?,
    })
}

fn read_receipt(row: &Row<'_>) -> Result<Option<Receipt>, CentreError> {
    columns::nullable(row, "balance", |row, column| {
        let effects = Effects {
            activates: row.get("activates")?,
            activates_financial: row.get("activates_financial")?,
            charge: columns::fen(row, "charge")?,
        };
        Ok(Receipt { effects, balance: columns::fen(row, column)? })
    })
}

fn read_reason(row: &Row<'_>, column: &str) -> Result<Reason, CentreError> {
    columns::text(row, column, Reason::from_word)
}

fn read_card_number(row: &Row<'_>, column: &str) -> Result<CardNumber, CentreError> {
    columns::text(row, column, |text| CardNumber::new(text.as_bytes()).ok())
}
