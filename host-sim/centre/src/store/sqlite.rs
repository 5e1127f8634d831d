//! SQLite as a [`Database`]. Every statement is prepared once and kept.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use hashlink::DefaultHashBuilder;
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
    /// What is known of each statement.
    shapes: RefCell<HashMap<String, Shape, DefaultHashBuilder>>,
    /// Whether all that is done stands within a transaction that is never committed: see [`Sqlite::begin_lasting`].
    lasting: bool,
    /// So many more statements are carried out, and then none; `None`: all are.
    left: Cell<Option<u32>>,
}

/// What is known of a statement once it was prepared.
#[derive(Clone)]
struct Shape {
    /// Which of the values each parameter of SQLite's takes, from 0: it numbers `$1` as a name, by its first use, and not by its digit.
    order: Arc<[usize]>,
    /// The names of its columns.
    columns: Arc<[String]>,
}

impl Shape {
    fn of(statement: &Statement<'_>) -> Self {
        let at = |index| {
            let digits = statement.parameter_name(index).and_then(|name| name.strip_prefix('$'));
            digits.and_then(|digits| digits.parse::<usize>().ok()?.checked_sub(1)).unwrap_or(usize::MAX)
        };
        Self {
            order: (1..=statement.parameter_count()).map(at).collect(),
            columns: statement.column_names().map(str::to_owned).collect(),
        }
    }
}

impl Sqlite {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, work: Counter::default(), shapes: RefCell::default(), lasting: false, left: Cell::new(None) }
    }

    /// Begins a transaction around all that is done from now on, so that [`Sqlite::take_back`] can undo it.
    ///
    /// # Errors
    /// The database failed.
    pub(super) fn begin_lasting(&mut self) -> Result<(), CentreError> {
        self.begin()?;
        self.lasting = true;
        Ok(())
    }

    /// Undoes all that was done since [`Sqlite::begin_lasting`]; the statements stay prepared. What is done next can be undone, too.
    ///
    /// # Errors
    /// The database failed, or has taken it back before this.
    pub(super) fn take_back(&mut self) -> Result<(), CentreError> {
        self.at_once("ROLLBACK")?;
        self.lasting = false;
        self.begin_lasting()
    }

    /// So many more statements are carried out, and then none; `None`: all are.
    pub(super) fn die_after(&self, left: Option<u32>) {
        self.left.set(left);
    }

    /// Another statement is to be carried out.
    fn lives(&self) -> Result<(), CentreError> {
        match self.left.get() {
            None => Ok(()),
            Some(0) => Err(CentreError::Store(DatabaseError::Lost)),
            Some(left) => {
                self.left.set(Some(left - 1));
                Ok(())
            }
        }
    }

    /// Carries out a statement that is said again and again, and has no parameters.
    fn at_once(&self, sql: &str) -> Result<(), CentreError> {
        self.lives()?;
        self.connection.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }

    /// What was done since it was opened.
    pub(super) const fn work(&self) -> Work {
        self.work.work()
    }

    fn shape(&self, sql: &str, statement: &Statement<'_>) -> Shape {
        let mut known = self.shapes.borrow_mut();
        if let Some(shape) = known.get(sql).filter(|shape| shape.columns.len() == statement.column_count()) {
            return shape.clone();
        }
        let shape = Shape::of(statement);
        known.insert(sql.to_owned(), shape.clone());
        shape
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
        self.lives()?;
        let mut statement = self.connection.prepare_cached(sql)?;
        let order = self.shape(sql, &statement).order;
        bind(&mut statement, &order, values)?;
        let changed = statement.raw_execute()?;
        self.count(sql, &statement);
        Ok(changed)
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, CentreError> {
        self.lives()?;
        let mut statement = self.connection.prepare_cached(sql)?;
        let Shape { order, columns } = self.shape(sql, &statement);
        bind(&mut statement, &order, values)?;
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
        if self.lasting {
            return self.at_once("SAVEPOINT work");
        }
        // Locks for writing from the start: two programs on one file then take turns. Otherwise both would read, and
        // one would fail.
        let mut statement = self.connection.prepare_cached("BEGIN IMMEDIATE")?;
        statement.raw_execute().map(drop).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => CentreError::NoTurn(DatabaseError::Sqlite(error)),
            _ => error.into(),
        })
    }

    fn commit(&self) -> Result<(), CentreError> {
        self.at_once(if self.lasting { "RELEASE work" } else { "COMMIT" })
    }

    fn roll_back(&self) {
        // Some errors have done it already.
        if !self.connection.is_autocommit() {
            let _ = self.script(if self.lasting { "ROLLBACK TO work; RELEASE work" } else { "ROLLBACK" });
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

fn bind(statement: &mut CachedStatement<'_>, order: &[usize], values: &[Value]) -> Result<(), CentreError> {
    for (index, at) in (1..).zip(order) {
        if let Some(value) = values.get(*at) {
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
