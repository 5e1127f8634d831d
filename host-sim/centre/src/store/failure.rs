//! What a database says when it fails, in words that show nothing of what is in it.

use std::error::Error;
use std::fmt;

use tokio_postgres::error::SqlState;

/// How often a transaction is made again before its failure is said, if it [may be repeated](DatabaseError::may_be_repeated).
pub(crate) const REPETITIONS: u32 = 5;

/// The failure of a database.
#[derive(Debug)]
pub enum DatabaseError {
    /// SQLite's.
    Sqlite(rusqlite::Error),
    /// A PostgreSQL server's, or that of the connection to it.
    Postgres(tokio_postgres::Error),
    /// The connection to the server was lost within a transaction.
    Lost,
    /// The server takes connections, or has this one, and says nothing.
    Silent,
    /// The server has ended a transaction with a warning: it was told not to wait for its standby any more. What was done is there, and
    /// may be nowhere else.
    Warned,
    /// The server's certificate is not accepted, for this reason.
    Certificate(String),
    /// The system gives no connection.
    System(std::io::Error),
}

impl DatabaseError {
    /// What has become of an encrypted connection before it stood.
    pub(super) fn of_connection(error: tokio_postgres::Error) -> Self {
        let io = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        match io.and_then(|io| io.get_ref()?.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(why)) => Self::Certificate(why.to_string()),
            _ => Self::Postgres(error),
        }
    }

    /// Whether a server has said this itself.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Postgres(error) if error.code().is_some())
    }

    /// Whether the transaction failed for what others did at the same time, was taken back as a whole, and may succeed when it is
    /// made again: a serialisation failure or a deadlock.
    pub(crate) fn may_be_repeated(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        matches!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED))
    }

    /// Whether the connection is gone, or the server is not ready for one.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Lost | Self::Silent => true,
            Self::Sqlite(_) | Self::Certificate(_) | Self::System(_) | Self::Warned => false,
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

fn has_io(error: &tokio_postgres::Error) -> bool {
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
            Self::Silent => f.write_str("the server does not answer"),
            Self::Warned => f.write_str("the server did not wait for its standby, and may be alone with what was done"),
            Self::System(error) => error.fmt(f),
            Self::Certificate(why) => write!(
                f,
                "its certificate is not accepted ({why}): give whoever signed it as sslrootcert, and the name in it as the host; \
                 or give the server another one (服务器证书未被接受：请用 sslrootcert 指定签发者证书，地址中的主机名须与证书一致，或更换服务器证书)"
            ),
            Self::Postgres(error) => match (error.as_db_error(), error.source()) {
                (Some(said), _) => write!(f, "{} (SQLSTATE {})", said.message(), said.code().code()),
                (None, Some(cause)) => write!(f, "{error}: {cause}"),
                (None, None) => error.fmt(f),
            },
        }
    }
}

impl Error for DatabaseError {}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}
