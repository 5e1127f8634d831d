//! What a database says when it fails, in words that show nothing of what is in it.

use std::error::Error;
use std::fmt;

use postgres::error::SqlState;

/// How often a transaction is made again before its failure is said, if it [may be repeated](DatabaseError::may_be_repeated).
pub(crate) const REPETITIONS: u32 = 5;

/// The failure of a database.
#[derive(Debug)]
pub enum DatabaseError {
    /// SQLite's.
    Sqlite(rusqlite::Error),
    /// A PostgreSQL server's, or that of the connection to it.
    Postgres(postgres::Error),
    /// The connection to the server was lost within a transaction.
    Lost,
}

impl DatabaseError {
    /// Whether the transaction failed for what others did at the same time, was taken back as a whole, and may succeed when it is
    /// made again: a serialisation failure or a deadlock.
    pub(crate) fn may_be_repeated(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        matches!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED))
    }

    /// Whether the connection is gone, or the server is not ready for one.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Lost => true,
            Self::Sqlite(_) => false,
            Self::Postgres(error) => match error.code() {
                None => error.is_closed() || has_io(error),
                Some(code) => {
                    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
                        || code.code().starts_with("08")
                }
            },
        }
    }
}

fn has_io(error: &postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// PostgreSQL's details, which quote rows, are left out.
impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Lost => f.write_str("the connection to the server was lost"),
            Self::Postgres(error) => match (error.as_db_error(), error.source()) {
                (Some(said), _) => write!(f, "{} (SQLSTATE {})", said.message(), said.code().code()),
                (None, Some(cause)) => write!(f, "{error}: {cause}"),
                (None, None) => error.fmt(f),
            },
        }
    }
}

impl Error for DatabaseError {}

impl From<postgres::Error> for DatabaseError {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}
