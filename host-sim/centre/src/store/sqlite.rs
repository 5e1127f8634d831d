//! SQLite as a [`Database`]. Every statement is prepared once and kept.

use std::rc::Rc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ToSql};

use super::Store;
use super::database::Database;
use super::value::{Row, Value};
use crate::error::CentreError;

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

impl Database for Store {
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
        let columns: Rc<[String]> = statement.column_names().map(str::to_owned).collect();
        let mut found = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = found.next()? {
            let value = |at| Ok::<_, CentreError>(own(row.get_ref(at)?));
            let values = (0..columns.len()).map(value).collect::<Result<_, _>>()?;
            all.push(Row { columns: Rc::clone(&columns), values });
        }
        drop(found);
        self.count(sql, &statement);
        Ok(all)
    }
}

/// SQLite numbers `$1` as a name: by its first use, and not by its digit.
fn bind(statement: &mut CachedStatement<'_>, values: &[Value]) -> Result<(), CentreError> {
    for (at, value) in values.iter().enumerate() {
        if let Some(index) = statement.parameter_index(&format!("${}", at + 1))? {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hsm::Hsm;
    use crate::store::value::values;

    #[test]
    fn parameters_go_by_their_digits_and_values_come_back_as_they_were() {
        let store = Store::in_memory(&Hsm::test_keys()).unwrap();
        let store: &dyn Database = &store;
        let row = store
            .find(
                "SELECT $2 AS second, $1 AS first, $3 AS third, $4 AS fourth, $1 AS again",
                values!["one", 2_i64, [3_u8; 2], None::<i64>],
            )
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<String>("first").unwrap(), "one");
        assert_eq!(row.get::<String>("again").unwrap(), "one");
        assert_eq!(row.get::<i64>("second").unwrap(), 2);
        assert_eq!(row.get::<[u8; 2]>("third").unwrap(), [3; 2]);
        assert_eq!(row.get::<Option<i64>>("fourth").unwrap(), None);
        assert!(row.get::<bool>("second").is_err());
        assert!(row.get::<String>("fifth").is_err());
    }
}
