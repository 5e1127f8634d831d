//! Which terminal works under a name, and which numbers were used there.

use rusqlite::params;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;

use super::Store;
use crate::error::CentreError;
use crate::terminal::columns;

/// The lease of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredLease {
    /// The name's last batch.
    pub(crate) batch: Batch,
    /// Who has it; `None` since it was released.
    pub(crate) token: Option<Token>,
}

/// The last number that was used in a batch; the index of the transactions and the key of the reversals each have it at
/// one end.
pub(super) const LAST_NUMBER: &str = "SELECT max(
        (SELECT coalesce(max(stan), 0) FROM journal
         WHERE kind = 'transaction' AND institution = :institution AND terminal = :terminal AND batch = :batch),
        (SELECT coalesce(max(stan), 0) FROM reversals
         WHERE institution = :institution AND terminal = :terminal AND batch = :batch)
    ) AS last";

impl Store {
    pub(crate) fn lease(
        &self,
        institution: InstitutionCode,
        terminal: TerminalId,
    ) -> Result<Option<StoredLease>, CentreError> {
        self.find(
            "SELECT batch, token FROM leases WHERE institution = ? AND terminal = ?",
            params![institution.as_str(), columns::terminal_text(terminal)],
            |row| {
                let token = columns::nullable(row, "token", |row, column| {
                    columns::blob(row, column, |bytes| bytes.try_into().ok().map(Token))
                })?;
                Ok(StoredLease { batch: columns::batch(row, "batch")?, token })
            },
        )
    }

    /// Gives a name to a terminal, and begins a batch.
    pub(crate) fn set_lease(
        &self,
        institution: InstitutionCode,
        terminal: TerminalId,
        (batch, token): (Batch, Token),
        time: Timestamp,
    ) -> Result<(), CentreError> {
        self.execute(
            "INSERT INTO leases (institution, terminal, batch, token, time) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET batch = excluded.batch, token = excluded.token, time = excluded.time",
            params![institution.as_str(), columns::terminal_text(terminal), batch.0, token.0, time.to_string()],
        )?;
        Ok(())
    }

    /// Ends a lease; `false` if nobody has it.
    pub(crate) fn release(&self, institution: InstitutionCode, terminal: TerminalId) -> Result<bool, CentreError> {
        let changed = self.execute(
            "UPDATE leases SET token = NULL WHERE institution = ? AND terminal = ? AND token IS NOT NULL",
            params![institution.as_str(), columns::terminal_text(terminal)],
        )?;
        Ok(changed == 1)
    }

    /// The lowest number that was never used in this batch, nor one above it; `None` if the last was used.
    pub(crate) fn next_number(
        &self,
        institution: InstitutionCode,
        terminal: TerminalId,
        batch: Batch,
    ) -> Result<Option<Stan>, CentreError> {
        let terminal = columns::terminal_text(terminal);
        let params = rusqlite::named_params! {
            ":institution": institution.as_str(), ":terminal": terminal, ":batch": batch.0,
        };
        let last = self.find(LAST_NUMBER, params, |row| Ok(row.get::<_, u32>("last")?))?;
        Ok(Stan::new(last.unwrap_or(0).saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsm::Hsm;

    /// However long the journal is, the last number is found at the end of an index.
    #[test]
    fn the_last_number_is_found_by_index() {
        let store = Store::in_memory(&Hsm::test_keys()).unwrap();
        let mut plan = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {LAST_NUMBER}")).unwrap();
        let params = rusqlite::named_params! { ":institution": "P", ":terminal": "T", ":batch": 1 };
        let steps: Vec<String> =
            plan.query_map(params, |row| row.get("detail")).unwrap().collect::<Result<_, _>>().unwrap();
        let searches: Vec<_> =
            steps.iter().filter(|step| step.contains("journal") || step.contains("reversals")).collect();
        assert_eq!(searches.len(), 2, "{steps:?}");
        for step in searches {
            assert!(step.starts_with("SEARCH") && step.contains("COVERING INDEX"), "{step}");
            assert!(step.contains("institution=? AND terminal=? AND batch=?"), "{step}");
        }
    }
}
