//! What a room of the centre asks of a database. SQLite is one; every statement is written in what SQLite and PostgreSQL
//! have in common.

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
