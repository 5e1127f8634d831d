//! A database as it is found, for whoever examines it: neither brought to today's version nor refused for its keys' modes. Nothing is
//! written.
//!
//! Not here: what is well and what is not (`crate::doctor`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::database::{Database, Engine};
use super::opening::APPLICATION_ID;
use super::place::{Place, Server};
use super::postgres::Postgres;
use super::value::values;
use super::vault::Vault;
use super::{Backend, Store, migrations, private};
use crate::error::{CentreError, Damage};

/// The number of the lock that whoever writes to a server's database holds. A file has SQLite's.
pub(crate) const LOCK: i64 = APPLICATION_ID as i64;

/// A database as it was found.
pub(crate) struct Found {
    pub(crate) store: Store,
    /// Why its keys cannot be had. The store's vault opens nothing then.
    pub(crate) without_keys: Option<CentreError>,
    /// The version that it says it has.
    pub(crate) version: String,
}

/// Today's version.
pub(crate) fn today() -> u32 {
    migrations::last()
}

/// Whether a database of this version can be opened, and is brought to today's then.
pub(crate) fn can_be_opened(version: u32) -> bool {
    migrations::is_known(version)
}

/// The files that must be their owner's alone, and what is wrong with each. One that is missing is not wrong here.
pub(crate) fn modes(place: &Place) -> Vec<(PathBuf, Option<CentreError>)> {
    let database = match place {
        Place::File(path) => Some(path.clone()),
        Place::Server(_) => None,
    };
    let fault = |path: &Path| match private::check(path) {
        Err(CentreError::Missing { .. }) | Ok(()) => None,
        Err(error) => Some(error),
    };
    database.into_iter().chain([place.keys()]).map(|path| (path.clone(), fault(&path))).collect()
}

/// The database at this place. A file that another program holds is waited for as long as `patience`.
///
/// # Errors
/// There is none, it is not a centre's, or it cannot be reached.
pub(crate) fn find(place: &Place, patience: Duration) -> Result<Found, CentreError> {
    match place {
        Place::File(path) => in_file(path, patience),
        Place::Server(server) => at_server(server),
    }
}

fn in_file(path: &Path, patience: Duration) -> Result<Found, CentreError> {
    let place = || Place::from(path);
    if !std::fs::metadata(path).is_ok_and(|about| about.len() > 0) {
        return Err(CentreError::Missing { place: place() });
    }
    let open = || {
        let plain = Path::new(".").join(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(plain, flags)?;
        connection.busy_timeout(patience)?;
        let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        Ok((connection, id))
    };
    let (connection, id) = open().map_err(|source: rusqlite::Error| match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => CentreError::NotACentre { place: place() },
        _ => CentreError::Open { path: path.to_owned(), source },
    })?;
    if id != APPLICATION_ID {
        return Err(CentreError::NotACentre { place: place() });
    }
    found(&place(), Vault::of(path, false), |vault| Store::in_sqlite(connection, vault))
}

fn at_server(server: &Server) -> Result<Found, CentreError> {
    let place = Place::Server(server.clone());
    let engine = Postgres::new(server.clone());
    let tables = engine.find(
        "SELECT count(*) AS tables, count(*) FILTER (WHERE tablename IN ('meta', 'hsm_keys')) AS ours
         FROM pg_tables WHERE schemaname = current_schema()",
        values![],
    )?;
    let count = |name: &str| tables.as_ref().map_or(Ok(0), |row| row.get::<i64>(name));
    match (count("tables")?, count("ours")?) {
        (0, _) => return Err(CentreError::Missing { place }),
        (_, 2) => {}
        _ => return Err(CentreError::NotACentre { place }),
    }
    found(&place, Vault::in_file(&server.keys, false), |vault| Store::over(Backend::Postgres(Box::new(engine)), vault))
}

fn found(
    place: &Place,
    vault: Result<Vault, CentreError>,
    over: impl FnOnce(Vault) -> Store,
) -> Result<Found, CentreError> {
    let (vault, without_keys) = match vault {
        Ok(vault) => (vault, None),
        Err(error) => (Vault::new()?, Some(error)),
    };
    let store = over(vault);
    let version = store.find("SELECT value FROM meta WHERE name = 'schema_version'", values![]);
    let version = version.map_err(|error| error.at(place))?;
    let missing = || CentreError::Damaged(Damage::Setting("schema_version".into())).at(place);
    let version = version.ok_or_else(missing)?.get("value")?;
    Ok(Found { store, without_keys, version })
}

impl Store {
    /// Whether tables, indices and the like are those of today's version.
    ///
    /// # Errors
    /// They are not, or the database failed.
    pub(crate) fn has_the_tables_of_today(&self) -> Result<(), CentreError> {
        self.compare()
    }

    /// Whether it is a server's.
    pub(crate) const fn is_at_a_server(&self) -> bool {
        matches!(self.engine, Backend::Postgres(_))
    }

    /// Takes the writers' turn and gives it back: `false` if another program has it, and did not end in time.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) fn gets_a_turn(&self) -> Result<bool, CentreError> {
        let engine: &dyn Engine = self.engine();
        match engine.begin() {
            Ok(()) => {
                engine.roll_back();
                Ok(true)
            }
            Err(CentreError::NoTurn(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
