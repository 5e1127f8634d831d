//! Where a centre's database is: a file, or a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::encryption::{self, EncryptionError};

/// How long a server may say nothing, unless its address says so (`connect_timeout`).
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what was sent to a server may stay without its receipt.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(20);
/// A server that has said nothing for so long is asked whether it is there: by the system, so often, before the connection ends.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(20), Duration::from_secs(5), 3);

/// Where a centre's database is. Prints without a password.
#[derive(Clone, Debug)]
pub enum Place {
    /// A file of SQLite. Its keys lie beside it.
    File(PathBuf),
    /// A database of a PostgreSQL server.
    Server(Server),
}

/// A database of a PostgreSQL server, and the file with its keys.
#[derive(Clone)]
pub struct Server {
    pub(super) config: Box<Config>,
    /// `None`: the connection is not encrypted.
    pub(super) encryption: Option<MakeRustlsConnect>,
    pub(super) keys: PathBuf,
}

/// Why a text is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It is not such an address.
    #[error(
        "it is no PostgreSQL address ({0}); such as postgres://user@host/database, or postgres:///database?host=/run/postgresql&user=qiyong"
    )]
    Address(String),
    /// It names no database.
    #[error("it names no database; such as postgres://user@host/database")]
    NoDatabase,
    /// A server's keys lie in a file that nobody has named.
    #[error(
        "where are its keys? Name the file with --keys: it must not lie at the server, whose copies would then tell everything"
    )]
    NoKeys,
    /// What it says of encryption cannot be done.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// A socket of this machine is to be encrypted.
    #[error("the connection over a socket of this machine leaves it nowhere and is not encrypted: leave sslmode out")]
    Socket,
}

impl Place {
    /// The place that `text` names: an address that begins with `postgres://` or `postgresql://`, or a file. `keys`: the file
    /// with a server's keys.
    ///
    /// # Errors
    /// The address is not one, or the file with its keys is not named.
    pub fn new(text: &str, keys: Option<&Path>) -> Result<Self, PlaceError> {
        Self::beside(text, keys, Path::new(""))
    }

    /// The same, where the file of certificates that an address names without its folder lies in `folder`.
    ///
    /// # Errors
    /// As [`Place::new`].
    pub fn beside(text: &str, keys: Option<&Path>, folder: &Path) -> Result<Self, PlaceError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Ok(Self::File(text.into()));
        }
        let (address, wanted) = encryption::of_address(text)?;
        let mut config: Config =
            address.parse().map_err(|error: tokio_postgres::Error| PlaceError::Address(error.to_string()))?;
        if config.get_dbname().is_none_or(str::is_empty) {
            return Err(PlaceError::NoDatabase);
        }
        if config.get_password().is_none()
            && let Some(password) = std::env::var_os("PGPASSWORD")
        {
            config.password(password.as_encoded_bytes());
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if !address.contains("keepalives_") {
            let (idle, interval, retries) = KEEPALIVE;
            config.keepalives_idle(idle).keepalives_interval(interval).keepalives_retries(retries);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(RECEIPT_TIMEOUT);
        }
        config.application_name("qiyong centre");
        let keys = keys.ok_or(PlaceError::NoKeys)?.to_owned();
        let encryption = wanted.connector(folder)?;
        config.ssl_mode(if encryption.is_some() { SslMode::Require } else { SslMode::Disable });
        if encryption.is_some() && !config.get_hosts().iter().all(|host| matches!(host, Host::Tcp(_))) {
            return Err(PlaceError::Socket);
        }
        Ok(Self::Server(Server { config: Box::new(config), encryption, keys }))
    }

    /// The file with its keys.
    pub fn keys(&self) -> PathBuf {
        match self {
            Self::File(path) => keys_beside(path),
            Self::Server(server) => server.keys.clone(),
        }
    }
}

impl Server {
    /// How long it may say nothing before it is asked whether it is there, and how long for its answer then.
    pub(super) fn patience(&self) -> Duration {
        self.config.get_connect_timeout().copied().unwrap_or(PATIENCE)
    }

    /// The same for all the hosts of an address, which are tried one after the other.
    pub(super) fn patience_of_all(&self) -> Duration {
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len());
        self.patience() * u32::try_from(hosts.max(1)).unwrap_or(u32::MAX)
    }
}

/// Where the keys of the database in `path` lie: the same name with `.key`.
pub(super) fn keys_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(server) => server.fmt(f),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.config.get_ports();
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{}", path.display())?,
            }
            if let Some(port) = ports.get(at).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// `postgres` hides the password, and so does this.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_everything_else_a_file() {
        let keys = Path::new("c.key");
        let shown = |text: &str| Place::new(text, Some(keys)).map(|place| place.to_string());
        assert_eq!(shown("centre.db").unwrap(), "centre.db");
        assert!(matches!(Place::new("", None), Ok(Place::File(_))));
        assert_eq!(
            shown("postgres://anna:secret@db.example:5433/jiangsu").unwrap(),
            "postgres://anna@db.example:5433/jiangsu"
        );
        let socket = Place::new("postgresql:///jiangsu?host=/run/postgresql&user=anna", Some(keys)).unwrap();
        assert_eq!(socket.to_string(), "postgres://anna@/run/postgresql/jiangsu");
        assert_eq!(socket.keys(), keys);
        assert_eq!(Place::new("postgres://db.example/jiangsu", None).unwrap_err(), PlaceError::NoKeys);
        assert_eq!(shown("postgres://db.example").unwrap_err(), PlaceError::NoDatabase);
        assert!(matches!(shown("postgres://db.example/x?colour=red"), Err(PlaceError::Address(_))));
        let place = Place::new("postgres://anna:secret@db.example/x", Some(keys)).unwrap();
        assert!(!format!("{place:?} {place}").contains("secret"));
    }
}
