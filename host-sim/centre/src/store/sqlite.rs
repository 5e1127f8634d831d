//! SQLite as a [`Database`]. Every statement is prepared once and kept.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, Statement, ToSql};

use super::database::{Database, Engine};
use super::failure::DatabaseError;
#[cfg(test)]
use super::plans;
use super::value::{Row, Value};
use super::work::{Counter, Work};
use crate::error::CentreError;

/// A connection to a database in a file or in memory.
pub(super) struct Sqlite {
    pub(super) connection: Connection,
    work: Counter,
    /// The names of the columns of each statement that finds rows.
    columns: RefCell<HashMap<String, Arc<[String]>>>,
}

impl Sqlite {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, work: Counter::default(), columns: RefCell::default() }
    }

    /// What was done since it was opened.
    pub(super) const fn work(&self) -> Work {
        self.work.work()
    }

    fn columns(&self, sql: &str, statement: &Statement<'_>) -> Arc<[String]> {
        let mut known = self.columns.borrow_mut();
        if let Some(columns) = known.get(sql).filter(|columns| columns.len() == statement.column_count()) {
            return Arc::clone(columns);
        }
        let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
        known.insert(sql.to_owned(), Arc::clone(&columns));
        columns
    }

    /// Counts a statement that was carried out.
    fn count(&self, sql: &str, statement: &Statement<'_>) {
        #[cfg(test)]
        plans::judge(&self.connection, sql);
        #[cfg(not(test))]
        let _ = sql;
        self.work.count(statement);
    }
}

impl Database for Sqlite {
    fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, CentreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let changed = statement.raw_execute()?;
        self.count(sql, &statement);
        Ok(changed)
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, CentreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let columns = self.columns(sql, &statement);
        let mut found = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = found.next()? {
            let value = |at| Ok::<_, CentreError>(own(row.get_ref(at)?));
            let values = (0..columns.len()).map(value).collect::<Result<_, _>>()?;
            all.push(Row { columns: Arc::clone(&columns), values });
        }
        drop(found);
        self.count(sql, &statement);
        Ok(all)
    }
}

impl Engine for Sqlite {
    fn begin(&self) -> Result<(), CentreError> {
        // Locks for writing from the start: two programs on one file then take turns. Otherwise both would read, and
        // one would fail.
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => CentreError::NoTurn(DatabaseError::Sqlite(error)),
            _ => error.into(),
        })
    }

    fn commit(&self) -> Result<(), CentreError> {
        self.script("COMMIT")
    }

    fn roll_back(&self) {
        // Some errors have done it already.
        if !self.connection.is_autocommit() {
            let _ = self.script("ROLLBACK");
        }
    }

    fn script(&self, sql: &str) -> Result<(), CentreError> {
        Ok(self.connection.execute_batch(sql)?)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// SQLite numbers `$1` as a name: by its first use, and not by its digit.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value]) -> Result<(), CentreError> {
    for index in 1..=statement.parameter_count() {
        let digits = statement.parameter_name(index).and_then(|name| name.strip_prefix('$'));
        let at: Option<usize> = digits.and_then(|digits| digits.parse().ok());
        if let Some(value) = at.and_then(|at| values.get(at.checked_sub(1)?)) {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    Ok(())
}

/// No column is of type REAL, so that one is read as nothing, which no column accepts that must hold something.
fn own(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).map_or(Value::Null, Value::Text),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}
