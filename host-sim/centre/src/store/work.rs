//! How much the database does, in steps that are the same on every machine: whether an act costs more among a million cards
//! is counted and not timed.

use std::cell::Cell;

use rusqlite::{Statement, StatementStatus};

/// What the database did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Statements that were carried out.
    pub statements: u64,
    /// Instructions of SQLite's virtual machine.
    pub steps: u64,
    /// Rows over which it went because no index led to what was sought.
    pub scanned: u64,
    /// Statements that SQLite parsed again though it had them prepared.
    pub parsed_again: u64,
}

impl Work {
    /// What was done since `before`.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            statements: self.statements.saturating_sub(before.statements),
            steps: self.steps.saturating_sub(before.steps),
            scanned: self.scanned.saturating_sub(before.scanned),
            parsed_again: self.parsed_again.saturating_sub(before.parsed_again),
        }
    }
}

/// Adds up the work of statements.
#[derive(Debug, Default)]
pub(super) struct Counter(Cell<Work>);

impl Counter {
    /// What was done so far.
    pub(super) const fn work(&self) -> Work {
        self.0.get()
    }

    /// Counts a statement that was carried out.
    pub(super) fn count(&self, statement: &Statement<'_>) {
        let taken = |of| u64::try_from(statement.reset_status(of)).unwrap_or(0);
        let Work { statements, steps, scanned, parsed_again } = self.0.get();
        self.0.set(Work {
            statements: statements.saturating_add(1),
            steps: steps.saturating_add(taken(StatementStatus::VmStep)),
            scanned: scanned.saturating_add(taken(StatementStatus::FullscanStep)),
            parsed_again: parsed_again.saturating_add(taken(StatementStatus::RePrepare)),
        });
    }
}
