//! Where a centre's database is: a file, or a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts, SslMode};
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
    /// Its hosts in the order of the address, each with everything else that the address says.
    pub(super) fn hosts(&self) -> Vec<Config> {
        let whole = &self.config;
        let count = whole.get_hosts().len().max(whole.get_hostaddrs().len());
        if count < 2 || whole.get_load_balance_hosts() == LoadBalanceHosts::Random {
            return vec![(**whole).clone()];
        }
        (0..count).map(|at| self.host(at)).collect()
    }

    /// A configuration cannot be told to forget a host: it is told everything else anew.
    fn host(&self, at: usize) -> Config {
        let whole = &self.config;
        let mut one = Config::new();
        match whole.get_hosts().get(at) {
            Some(Host::Tcp(name)) => _ = one.host(name),
            #[cfg(unix)]
            Some(Host::Unix(path)) => _ = one.host_path(path),
            None => {}
        }
        if let Some(address) = whole.get_hostaddrs().get(at) {
            one.hostaddr(*address);
        }
        if let Some(port) = whole.get_ports().get(at).or(whole.get_ports().first()) {
            one.port(*port);
        }
        if let Some(user) = whole.get_user() {
            one.user(user);
        }
        if let Some(password) = whole.get_password() {
            one.password(password);
        }
        if let Some(name) = whole.get_dbname() {
            one.dbname(name);
        }
        if let Some(options) = whole.get_options() {
            one.options(options);
        }
        if let Some(name) = whole.get_application_name() {
            one.application_name(name);
        }
        if let Some(timeout) = whole.get_connect_timeout() {
            one.connect_timeout(*timeout);
        }
        if let Some(timeout) = whole.get_tcp_user_timeout() {
            one.tcp_user_timeout(*timeout);
        }
        if let Some(interval) = whole.get_keepalives_interval() {
            one.keepalives_interval(interval);
        }
        if let Some(retries) = whole.get_keepalives_retries() {
            one.keepalives_retries(retries);
        }
        one.keepalives(whole.get_keepalives()).keepalives_idle(whole.get_keepalives_idle());
        one.ssl_mode(whole.get_ssl_mode()).ssl_negotiation(whole.get_ssl_negotiation());
        one.target_session_attrs(whole.get_target_session_attrs()).channel_binding(whole.get_channel_binding());
        one
    }
}

/// How long a host may say nothing before it is asked whether it is there, and how long for its answer then.
pub(super) fn patience(host: &Config) -> Duration {
    host.get_connect_timeout().copied().unwrap_or(PATIENCE)
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

    /// Two addresses that differ in their hosts alone are the same when each has one of them.
    #[test]
    fn each_host_of_an_address_has_everything_else_that_it_says() {
        let rest = "/x?target_session_attrs=read-write&connect_timeout=3&options=-c%20a%3Db&keepalives_idle=7\
            &keepalives_interval=8&keepalives_retries=9&tcp_user_timeout=11&channel_binding=disable";
        let hosts = |hosts: &str| {
            let Ok(Place::Server(server)) =
                Place::new(&format!("postgres://anna:secret@{hosts}{rest}"), Some(Path::new("k")))
            else {
                panic!("{hosts}");
            };
            server.hosts()
        };
        let both = [hosts("db1:5001"), hosts("db2:5002")].concat();
        assert_eq!(hosts("db1:5001,db2:5002"), both);
        assert_eq!(hosts("db1:5001,db2:5001"), [hosts("db1:5001"), hosts("db2:5001")].concat());
        assert_ne!(both[0], both[1]);
        assert_eq!(hosts("%2Frun%2Fa,%2Frun%2Fb"), [hosts("%2Frun%2Fa"), hosts("%2Frun%2Fb")].concat());
    }
}
