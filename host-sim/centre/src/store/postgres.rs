//! A PostgreSQL server as a [`Database`]. Every statement is prepared once in a session and kept there (docs/operating.md §5).
//!
//! Whoever writes takes one lock of the database at the beginning of the transaction, so that transactions take turns, as they
//! do on a file: the chains of audit and ledger are one row after the other anyway, and a number is given once. Several centres
//! on one database take turns, too; a region that outgrows that gets a server of its own (docs/operating.md §2).

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::sync::Arc;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::database::{Database, Engine};
use super::dialect;
use super::failure::DatabaseError;
use super::place::Server;
use super::session::Session;
use super::value::{Row, Value};
use super::work::Work;
use crate::error::CentreError;

/// Begins a transaction in which nobody else writes. The lock's number is "QYCC"; each statement after it sees what was done
/// before it was given.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1364804419)";

/// Ends a transaction.
const COMMIT: &str = "COMMIT";

/// Ends one that has only read. If nothing is confirmed before a standby has it, this is not, either: its record in the log comes after
/// those of everything that was read (docs/operating.md §8).
const COMMIT_OF_READER: &str = "SELECT pg_logical_emit_message(true, 'qiyong', '')
    WHERE current_setting('synchronous_standby_names') <> '' AND NOT pg_is_in_recovery(); COMMIT";

/// What each session is given. A wait for the lock ends, and a centre that has stopped within a transaction does not hold the
/// others up; a server that would confirm what is not on its disk is told otherwise. A warning is for whoever ends a transaction.
const SESSION: &str = "SET lock_timeout = '20s'; SET statement_timeout = '10min';
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// A connection to a server, which is made anew when it is lost.
pub(crate) struct Postgres {
    server: Server,
    session: RefCell<Option<Session>>,
    /// Whether a transaction is open.
    within: Cell<bool>,
    /// Whether it has written anything.
    written: Cell<bool>,
    statements: Cell<u64>,
}

impl Postgres {
    /// Nothing is sent before the first statement.
    pub(crate) fn new(server: Server) -> Self {
        let no = || Cell::new(false);
        Self { server, session: RefCell::new(None), within: no(), written: no(), statements: Cell::new(0) }
    }

    /// What was done since it was opened. A server does not say how many steps it took.
    pub(super) const fn work(&self) -> Work {
        Work { statements: self.statements.get(), steps: 0, scanned: 0, parsed_again: 0 }
    }

    /// Carries out `work` in a session. Outside a transaction it is made in a new one if the old one was lost; not if the server says
    /// nothing: it would not say anything there, either.
    fn with<T>(&self, mut work: impl FnMut(&mut Session) -> Result<T, DatabaseError>) -> Result<T, CentreError> {
        let mut slot = self.session.borrow_mut();
        let mut tried = false;
        loop {
            let session = match slot.as_mut() {
                Some(session) if !session.is_closed() => session,
                _ if self.within.get() => return Err(CentreError::Store(DatabaseError::Lost)),
                _ => {
                    *slot = None;
                    let opened = Session::open(&self.server, SESSION).map_err(|error| self.unreachable(error))?;
                    slot.insert(opened)
                }
            };
            let error = match work(session) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if !error.is_lost() {
                return Err(CentreError::Store(error));
            }
            *slot = None;
            match error {
                error if self.within.get() => return Err(CentreError::Store(error)),
                DatabaseError::Silent => return Err(self.unreachable(DatabaseError::Silent)),
                error if tried => return Err(CentreError::Store(error)),
                _ => tried = true,
            }
        }
    }

    fn unreachable(&self, source: DatabaseError) -> CentreError {
        CentreError::Unreachable { server: self.server.to_string(), source }
    }

    fn count(&self) {
        self.statements.set(self.statements.get().saturating_add(1));
    }

    /// A statement has done something to, or found, so many rows.
    fn note(&self, sql: &str, rows: usize) {
        let word = sql.split_whitespace().next().unwrap_or_default();
        if rows > 0 && ["INSERT", "UPDATE", "DELETE"].contains(&word) {
            self.written.set(true);
        }
    }

    fn end(&self, script: &str) -> Result<(), CentreError> {
        let done = self.with(|session| session.commit(script));
        self.within.set(false);
        done.map_err(|error| match error {
            CentreError::Store(source @ DatabaseError::Warned) => CentreError::Uncertain(source),
            CentreError::Store(source) if source.is_lost() => CentreError::Uncertain(source),
            other => {
                // It may have failed before its end.
                let _ = self.with(|session| session.batch("ROLLBACK"));
                other
            }
        })
    }
}

impl Database for Postgres {
    fn execute(&self, sql: &str, values: &[Value]) -> Result<usize, CentreError> {
        self.count();
        let changed = self.with(|session| session.execute(sql, &parameters(values)))?;
        let changed = usize::try_from(changed).unwrap_or(usize::MAX);
        self.note(sql, changed);
        Ok(changed)
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, CentreError> {
        self.count();
        let (columns, rows) = self.with(|session| session.query(sql, &parameters(values)))?;
        self.note(sql, rows.len());
        let columns: Arc<[String]> = columns.into();
        let own = |row: &tokio_postgres::Row| {
            let values = (0..row.len()).map(|at| value(row, at)).collect::<Result<_, _>>()?;
            Ok(Row { columns: Arc::clone(&columns), values })
        };
        rows.iter()
            .map(own)
            .collect::<Result<_, tokio_postgres::Error>>()
            .map_err(|error| CentreError::Store(error.into()))
    }
}

impl Engine for Postgres {
    fn begin(&self) -> Result<(), CentreError> {
        let begun = self.with(|session| session.batch(BEGIN));
        self.within.set(begun.is_ok());
        self.written.set(false);
        begun.map_err(|error| match error {
            CentreError::Store(error) if !error.is_lost() => {
                // The lock was not given, and the transaction is open and of no use.
                let _ = self.with(|session| session.batch("ROLLBACK"));
                CentreError::NoTurn(error)
            }
            // Nor is the session any more, and whoever is silent is not asked for another one.
            other => other,
        })
    }

    fn commit(&self) -> Result<(), CentreError> {
        self.end(COMMIT)
    }

    fn settle(&self) -> Result<(), CentreError> {
        self.end(if self.written.get() { COMMIT } else { COMMIT_OF_READER })
    }

    fn roll_back(&self) {
        if self.within.get() {
            // A session that is gone has taken everything back already.
            let _ = self.with(|session| session.batch("ROLLBACK"));
            self.within.set(false);
        }
    }

    fn script(&self, sql: &str) -> Result<(), CentreError> {
        let sql = dialect::for_postgres(sql);
        self.with(|session| session.script(&sql))
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => match *of {
                Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
                Type::INT2 => i16::try_from(*number)?.to_sql(of, out),
                Type::INT8 => number.to_sql(of, out),
                _ => Err(format!("a number stands where the server takes {of}").into()),
            },
            Self::Text(text) => match *of {
                Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => text.to_sql(of, out),
                _ => Err(format!("a text stands where the server takes {of}").into()),
            },
            Self::Bytes(bytes) => match *of {
                Type::BYTEA => bytes.to_sql(of, out),
                _ => Err(format!("bytes stand where the server takes {of}").into()),
            },
        }
    }

    /// Which value stands where is known with the value alone.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value of another type is read as nothing, which no column accepts that must hold something.
fn value(row: &tokio_postgres::Row, at: usize) -> Result<Value, tokio_postgres::Error> {
    let Some(column) = row.columns().get(at) else { return Ok(Value::Null) };
    let found = match *column.type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(at)?.map(Value::Int),
        Type::INT4 => row.try_get::<_, Option<i32>>(at)?.map(|number| Value::Int(number.into())),
        Type::INT2 => row.try_get::<_, Option<i16>>(at)?.map(|number| Value::Int(number.into())),
        Type::BOOL => row.try_get::<_, Option<bool>>(at)?.map(|yes| Value::Int(yes.into())),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Bytes),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => {
            row.try_get::<_, Option<String>>(at)?.map(Value::Text)
        }
        _ => None,
    };
    Ok(found.unwrap_or(Value::Null))
}
