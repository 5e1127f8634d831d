//! What a room of the centre asks of a database. SQLite (`sqlite`) and PostgreSQL (`postgres`) are two;
//! every statement is written in what both have in common.

use super::value::{Row, Value};
use crate::error::CentreError;

/// A database within a transaction. Parameters stand as `$1`, `$2` in the order of their first use.
pub trait Database {
    /// Carries out a statement; returns how many rows it changed.
    ///
    /// # Errors
    /// The database failed.
    fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, CentreError>;

    /// The rows that a statement finds. Statements that could find many have a LIMIT.
    ///
    /// # Errors
    /// The database failed.
    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, CentreError>;

    /// The first row that a statement finds.
    ///
    /// # Errors
    /// The database failed.
    fn find(&self, sql: &str, values: &[Value]) -> Result<Option<Row>, CentreError> {
        Ok(self.rows(sql, values)?.into_iter().next())
    }
}

/// What the store asks of a database beside that.
pub(crate) trait Engine: Database {
    /// Begins a transaction that nobody else writes beside: two programs on one database take turns.
    ///
    /// # Errors
    /// The database failed, or its turn did not come in time.
    fn begin(&self) -> Result<(), CentreError>;

    /// Ends the transaction; what it did is durable then.
    ///
    /// # Errors
    /// The database failed. Whether anything was done is not known then, unless [`CentreError::undone`] says so.
    fn commit(&self) -> Result<(), CentreError>;

    /// Ends a transaction of which somebody is told: what it has read is as durable then as what it did. (A server that was started anew
    /// shows what its standby does not have.)
    ///
    /// # Errors
    /// As [`Engine::commit`].
    fn settle(&self) -> Result<(), CentreError> {
        self.commit()
    }

    /// Takes back what the transaction has done, as far as the database still hears.
    fn roll_back(&self);

    /// Carries out statements without parameters, as a migration has them, in SQLite's words.
    ///
    /// # Errors
    /// The database failed.
    fn script(&self, sql: &str) -> Result<(), CentreError>;
}

/// The condition that what stands in a column does not add up to zero, whatever somebody has written there: where a sum leaves 64 bits,
/// SQLite's own fails instead of being another.
pub(crate) fn is_off(column: &str) -> String {
    format!("sum({column} / 65536) * 65536 + sum({column} % 65536) <> 0")
}
