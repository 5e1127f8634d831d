//! How much the database does, in steps that are the same on every machine: whether an act costs more among a million cards
//! is counted and not timed.

use rusqlite::{Statement, StatementStatus};

use super::Store;

/// What the database did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Statements that were carried out.
    pub statements: u64,
    /// Instructions of SQLite's virtual machine.
    pub steps: u64,
    /// Rows over which it went because no index led to what was sought.
    pub scanned: u64,
}

impl Work {
    /// What was done since `before`.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            statements: self.statements.saturating_sub(before.statements),
            steps: self.steps.saturating_sub(before.steps),
            scanned: self.scanned.saturating_sub(before.scanned),
        }
    }
}

impl Store {
    /// What was done since it was opened.
    pub(crate) fn work(&self) -> Work {
        self.work.get()
    }

    /// Counts a statement that was carried out.
    pub(super) fn count(&self, sql: &str, statement: &Statement<'_>) {
        #[cfg(test)]
        super::plans::judge(&self.connection, sql);
        #[cfg(not(test))]
        let _ = sql;
        let taken = |of| u64::try_from(statement.reset_status(of)).unwrap_or(0);
        let Work { statements, steps, scanned } = self.work.get();
        self.work.set(Work {
            statements: statements.saturating_add(1),
            steps: steps.saturating_add(taken(StatementStatus::VmStep)),
            scanned: scanned.saturating_add(taken(StatementStatus::FullscanStep)),
        });
    }
}
