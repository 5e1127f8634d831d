//! Reads the past from the database: the journal and the activations.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Outcome;

use super::value::values;
use super::{Store, read_receipt};
use crate::error::CentreError;
use crate::terminal::columns;
use crate::terminal::journal::{Activation, DecidedBy, JournalEntry, Phase};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

impl Store {
    pub(crate) fn activations(&self, card: CardNumber) -> Result<Vec<Activation>, CentreError> {
        self.read_all(
            "SELECT what, reversed, institution, terminal, time, stan
             FROM activations JOIN journal ON journal.id = journal_id
             WHERE activations.area = (SELECT area FROM cards WHERE number = $1) AND activations.card = $1
             ORDER BY journal_id, what DESC",
            values![card],
            |row| {
                let institution: InstitutionCode = row.get("institution")?;
                Ok(Activation {
                    function: row.get("what")?,
                    card,
                    institution,
                    terminal: row.get("terminal")?,
                    time: columns::time(row, "time")?,
                    channel: institution.channel(),
                    stan: columns::stan(row, "stan")?,
                    reversed: row.get("reversed")?,
                })
            },
        )
    }

    pub(crate) fn journal(&self) -> Result<Vec<JournalEntry>, CentreError> {
        self.read_all(
            "SELECT journal.*, balance IS NOT NULL AS approved, balance IS NOT NULL AND reversals.stan IS NOT NULL AS reversed,
                    phases.state, phases.result
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan)
             LEFT JOIN phases ON phases.journal_id = journal.id ORDER BY id",
            values![],
            |row| {
                let reason: Option<Reason> = row.get("reason")?;
                let receipt = read_receipt(row)?;
                let by_terminal = row.get::<String>("kind")? == "report";
                Ok(JournalEntry {
                    time: columns::time(row, "time")?,
                    received: row.get("received")?,
                    institution: row.get("institution")?,
                    terminal: row.get("terminal")?,
                    stan: row.get::<Option<i64>>("stan")?.map(|_| columns::stan(row, "stan")).transpose()?,
                    card: row.get("card")?,
                    operation: row.get("operation")?,
                    total: columns::fen(row, "total")?,
                    charge: receipt.map_or(Fen(0), |receipt| receipt.effects.charge),
                    outcome: match (receipt, reason) {
                        (Some(_), _) => Outcome::Approved,
                        (None, Some(reason)) => reason.outcome(),
                        (None, None) => Outcome::Failed,
                    },
                    reason,
                    decided_by: if by_terminal { DecidedBy::Terminal } else { DecidedBy::Centre },
                    activated: receipt.is_some_and(|receipt| receipt.effects.activates),
                    reversed: row.get("reversed")?,
                    phase: Phase::of(row)?,
                    result: row.get("result")?,
                })
            },
        )
    }
}
