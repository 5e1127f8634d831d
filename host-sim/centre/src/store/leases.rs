//! Which terminal works under a name, and which numbers were used there.

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;

use super::Store;
use super::database::Database;
use super::value::values;
use crate::error::CentreError;
use crate::terminal::columns;

/// The lease of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredLease {
    /// The name's last batch.
    pub batch: Batch,
    /// Who has it; `None` since it was released.
    pub token: Option<Token>,
    /// The batch is settled.
    pub settled: bool,
}

/// The last number that was used in a batch; the index of the transactions and the key of the reversals each have it at
/// one end.
pub(super) const LAST_NUMBER: &str = "SELECT
        (SELECT coalesce(max(stan), 0) FROM journal
         WHERE kind = 'transaction' AND institution = $1 AND terminal = $2 AND batch = $3) AS carried_out,
        (SELECT coalesce(max(stan), 0) FROM reversals
         WHERE institution = $1 AND terminal = $2 AND batch = $3) AS reversed";

impl Store {
    pub(crate) fn lease(
        &self,
        institution: InstitutionCode,
        terminal: TerminalId,
    ) -> Result<Option<StoredLease>, CentreError> {
        self.read_one(
            "SELECT batch, token, settled FROM leases WHERE institution = $1 AND terminal = $2",
            values![institution, columns::terminal_text(terminal)],
            |row| {
                let token = row.get::<Option<[u8; 8]>>("token")?.map(Token);
                Ok(StoredLease { batch: columns::batch(row, "batch")?, token, settled: row.get("settled")? })
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
            "INSERT INTO leases (institution, terminal, batch, token, time, settled) VALUES ($1, $2, $3, $4, $5, 0)
             ON CONFLICT (institution, terminal)
             DO UPDATE SET batch = excluded.batch, token = excluded.token, time = excluded.time, settled = 0",
            values![institution, columns::terminal_text(terminal), batch.0, token.0, time.to_string()],
        )?;
        Ok(())
    }

    /// Notes that this batch of a name is settled, if it is the one of its lease.
    pub(crate) fn end_batch(
        &self,
        institution: InstitutionCode,
        terminal: &str,
        batch: Batch,
    ) -> Result<(), CentreError> {
        self.execute(
            "UPDATE leases SET settled = 1 WHERE institution = $1 AND terminal = $2 AND batch = $3",
            values![institution, terminal, batch.0],
        )?;
        Ok(())
    }

    /// Ends a lease; `false` if nobody has it.
    pub(crate) fn release(&self, institution: InstitutionCode, terminal: TerminalId) -> Result<bool, CentreError> {
        let changed = self.execute(
            "UPDATE leases SET token = NULL WHERE institution = $1 AND terminal = $2 AND token IS NOT NULL",
            values![institution, columns::terminal_text(terminal)],
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
        let last =
            self.read_one(LAST_NUMBER, values![institution, columns::terminal_text(terminal), batch.0], |row| {
                Ok(row.get::<u32>("carried_out")?.max(row.get("reversed")?))
            })?;
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
        let store = Store::in_this_memory(&Hsm::test_keys()).unwrap();
        let plan = store.rows(&format!("EXPLAIN QUERY PLAN {LAST_NUMBER}"), values!["P", "T", 1_i64]).unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail").unwrap()).collect();
        let searches: Vec<_> =
            steps.iter().filter(|step| step.contains("journal") || step.contains("reversals")).collect();
        assert_eq!(searches.len(), 2, "{steps:?}");
        for step in searches {
            assert!(step.starts_with("SEARCH") && step.contains("COVERING INDEX"), "{step}");
            assert!(step.contains("institution=? AND terminal=? AND batch=?"), "{step}");
        }
    }
}
