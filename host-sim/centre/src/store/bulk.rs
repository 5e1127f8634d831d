//! Many rows of a few tables: each table's statement is prepared once and stays so while the rows come, and values are
//! borrowed. Acts, which write a handful of rows, use [`super::database::Database`].

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, StatementStatus, ToSql};

use qiyong_protocol::card::codes::Region;

use super::Store;
use super::database::Database;
use super::sqlite::Sqlite;
use super::value::{ToValue, Value};
use crate::error::CentreError;

/// A table that rows are added to. Its first column is the area, which is not among `columns`.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
}

/// A value of a row, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// The values of a row, in the order of its table's columns after the area.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { &[$($crate::store::bulk::Cell::from($value)),*] };
}
pub(crate) use cells;

/// Adds rows within the transaction that is open.
pub(crate) struct Bulk<'a> {
    store: &'a Store,
    area: Region,
    /// The tables of a file that have had rows.
    open: Vec<(&'static str, CachedStatement<'a>)>,
}

impl Store {
    /// Takes rows of this area.
    pub(crate) const fn bulk(&self, area: Region) -> Bulk<'_> {
        Bulk { store: self, area, open: Vec::new() }
    }

    /// Does `work` with this much memory for pages, in KiB, in which whole batches stay until they are written.
    pub(crate) fn with_pages<T>(
        &self,
        kib: u32,
        work: impl FnOnce() -> Result<T, CentreError>,
    ) -> Result<T, CentreError> {
        // A server has its own.
        let Some(Sqlite { connection, .. }) = self.sqlite() else { return work() };
        let before: i64 = connection.pragma_query_value(None, "cache_size", |row| row.get(0))?;
        connection.pragma_update(None, "cache_size", -i64::from(kib))?;
        let done = work();
        connection.pragma_update(None, "cache_size", before)?;
        done
    }
}

impl Bulk<'_> {
    /// Adds a row.
    pub(crate) fn add(&mut self, table: &'static Table, cells: &[Cell<'_>]) -> Result<(), CentreError> {
        let Some(sqlite) = self.store.sqlite() else { return self.add_there(table, cells) };
        let at = match self.open.iter().position(|(name, _)| std::ptr::eq(*name, table.name)) {
            Some(at) => at,
            None => {
                let mut statement = sqlite.connection.prepare_cached(&insert(table))?;
                statement.raw_bind_parameter(1, self.area.as_str())?;
                self.open.push((table.name, statement));
                self.open.len() - 1
            }
        };
        let Some((_, statement)) = self.open.get_mut(at) else { return Ok(()) };
        for (at, cell) in cells.iter().enumerate() {
            // The first is the area, which stays bound.
            statement.raw_bind_parameter(at + 2, cell)?;
        }
        statement.raw_execute()?;
        Ok(())
    }

    fn add_there(&self, table: &Table, cells: &[Cell<'_>]) -> Result<(), CentreError> {
        let mut values = vec![self.area.to_value()];
        values.extend(cells.iter().map(|cell| match cell {
            Cell::Null => Value::Null,
            Cell::Int(number) => Value::Int(*number),
            Cell::Text(text) => Value::Text((*text).to_owned()),
            Cell::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        }));
        self.store.execute(&insert(table), &values)?;
        Ok(())
    }
}

/// What was added is nobody's act: an act that uses the same statement is not counted for it (`work`).
impl Drop for Bulk<'_> {
    fn drop(&mut self) {
        for (_, statement) in &self.open {
            let _ = statement.reset_status(StatementStatus::VmStep);
            let _ = statement.reset_status(StatementStatus::FullscanStep);
        }
    }
}

fn insert(table: &Table) -> String {
    let columns = table.columns.join(", ");
    let places: String = (2..table.columns.len() + 2).map(|at| format!(", ${at}")).collect();
    format!("INSERT INTO {} (area, {columns}) VALUES ($1{places})", table.name)
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Cell<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Cell<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Cell<'_> {
    fn from(yes: bool) -> Self {
        Self::Int(yes.into())
    }
}

impl<'a, T> From<Option<T>> for Cell<'a>
where
    Cell<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Cell::from)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Cell<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}
