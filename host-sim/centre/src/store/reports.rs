//! Reads the past from the database: the journal and the activations.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Outcome;

use super::{Store, read_card_number, read_reason, read_receipt};
use crate::error::CentreError;
use crate::terminal::columns;
use crate::terminal::journal::{Activation, DecidedBy, Function, JournalEntry};

impl Store {
    pub(crate) fn activations(&self, card: CardNumber) -> Result<Vec<Activation>, CentreError> {
        self.collect(
            "SELECT what, reversed, institution, terminal, time, stan
             FROM activations JOIN journal ON journal.id = journal_id
             WHERE activations.area = (SELECT area FROM cards WHERE number = ?1) AND activations.card = ?1
             ORDER BY activations.rowid",
            [card.as_str()],
            |row| {
                let institution = columns::text(row, "institution", |text| InstitutionCode::new(text).ok())?;
                Ok(Activation {
                    function: columns::text(row, "what", Function::from_word)?,
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
        self.collect(
            "SELECT journal.*, balance IS NOT NULL AND reversals.stan IS NOT NULL AS reversed
             FROM journal LEFT JOIN reversals USING (institution, terminal, batch, stan) ORDER BY id",
            [],
            |row| {
                let reason = columns::nullable(row, "reason", read_reason)?;
                let receipt = read_receipt(row)?;
                let by_terminal = columns::text(row, "kind", |kind| Some(kind == "report"))?;
                Ok(JournalEntry {
                    time: columns::time(row, "time")?,
                    received: columns::nullable(row, "received", |row, column| {
                        columns::text(row, column, |text| text.parse().ok())
                    })?,
                    institution: columns::text(row, "institution", |text| InstitutionCode::new(text).ok())?,
                    terminal: row.get("terminal")?,
                    stan: columns::nullable(row, "stan", columns::stan)?,
                    card: columns::nullable(row, "card", read_card_number)?,
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
                })
            },
        )
    }
}
