//! Opens a database in a file: distinguishes ours from other files, makes new ones, loads the keys. `server` does it with
//! servers.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::civil::DateTime;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use zeroize::Zeroizing;

use qiyong_protocol::card::keys::{Algorithm, Scheme};

use super::database::Database;
use super::failure::DatabaseError;
use super::sqlite::Sqlite;
use super::value::values;
use super::vault::Vault;
use super::{Backend, Store, migrations, private, soundness};
use crate::error::{CentreError, Damage};
use crate::hsm::Hsm;
use crate::key_name::KeyName;
use crate::terminal::columns;

/// Marks a file as a card centre's database: "QYCC".
pub(super) const APPLICATION_ID: i32 = 0x5159_4343;
/// How long to wait for another program that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of a file stays in memory, in KiB, where it is as large: with SQLite's own 2,000 KiB a batch of sales writes pages out
/// before it ends, and reads them again.
const CACHE_KIB: i64 = 65_536;
/// How many statements stay prepared: more than the centre has.
const STATEMENTS: usize = 512;

/// See [`Store::tables`]. Kept for all databases in memory, because to make the tables takes longer than a card's whole visit.
static TABLES: OnceLock<Vec<u8>> = OnceLock::new();

/// What a file that is to be opened contains.
enum Found {
    Nothing,
    Centre { version: String },
    SomethingElse,
}

impl Store {
    pub(super) fn in_sqlite(connection: Connection, vault: Vault) -> Self {
        Self::over(Backend::Sqlite(Sqlite::new(connection)), vault)
    }

    /// The database in `path`, which nobody else may read; one of an earlier version is brought to this one.
    pub(crate) fn open(path: &Path) -> Result<Self, CentreError> {
        Self::open_prepared(path, |_| Ok(()))
    }

    /// The same, over a connection that was prepared by `also` besides.
    pub(crate) fn open_prepared(
        path: &Path,
        also: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<Self, CentreError> {
        private::check(path)?;
        let store = Self::in_file(path, also, |connection, found| match found {
            Found::Nothing if !Vault::path(path).exists() => Err(CentreError::Missing { place: path.into() }),
            Found::SomethingElse if !Vault::path(path).exists() => Err(CentreError::NotACentre { place: path.into() }),
            Found::Nothing | Found::SomethingElse => Err(CentreError::Damaged(Damage::Header)),
            Found::Centre { version } => Self::of_version(path, connection, &version),
        })?;
        store.rewrite()?;
        Ok(store)
    }

    fn of_version(path: &Path, connection: Connection, version: &str) -> Result<Self, CentreError> {
        let found: u32 = version.parse().map_err(|_| CentreError::Damaged(Damage::Setting("schema_version".into())))?;
        if !migrations::is_known(found) {
            let (found, expected) = (found.to_string(), migrations::last());
            return Err(CentreError::Version { place: path.into(), found, expected });
        }
        soundness::glance(path, &connection)?;
        let store = Self::in_sqlite(connection, Vault::of(path, found == migrations::FIRST)?);
        migrations::run(&store, found).map_err(|(version, source)| CentreError::Migration {
            place: path.into(),
            version,
            source: source.into(),
        })?;
        if found <= migrations::LAST_IN_THE_CLEAR {
            store.execute(
                "INSERT INTO meta (name, value) VALUES ('rewrite', 'due') ON CONFLICT DO NOTHING",
                values![],
            )?;
        }
        store.compare()?;
        Ok(store)
    }

    /// Writes the whole file anew if that is due: pages that an earlier version wrote may hold remains of what stood there
    /// in the clear, beside the rows. Whoever is in the file now puts it off until the next opening.
    fn rewrite(&self) -> Result<(), CentreError> {
        if self.find("SELECT value FROM meta WHERE name = 'rewrite'", values![])?.is_none() {
            return Ok(());
        }
        match self.engine().script("VACUUM; DELETE FROM meta WHERE name = 'rewrite'") {
            Err(CentreError::Store(DatabaseError::Sqlite(error)))
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) =>
            {
                Ok(())
            }
            done => done,
        }
    }

    /// Looks through the whole file, however large it is. Of a server's database its tables are compared alone: the server has
    /// programs of its own for its files.
    pub(crate) fn look_through(&self) -> Result<(), CentreError> {
        if let Some(sqlite) = self.sqlite() {
            soundness::look_through(&sqlite.connection)?;
        }
        self.compare()
    }

    pub(super) fn compare(&self) -> Result<(), CentreError> {
        match &self.engine {
            Backend::Sqlite(sqlite) => soundness::compare(&sqlite.connection),
            Backend::Postgres(_) => self.compare_there(),
        }
    }

    /// A new database in `path`, which must be missing or empty, with these keys. Only its owner may read it.
    pub(crate) fn create(path: &Path, hsm: &Hsm) -> Result<Self, CentreError> {
        private::make(path)?;
        Self::in_file(
            path,
            |_| Ok(()),
            |connection, found| match found {
                Found::Nothing => {
                    let store = Self::in_sqlite(connection, Vault::of(path, true)?);
                    store.make_tables()?;
                    store.fill(hsm)?;
                    Ok(store)
                }
                Found::Centre { .. } => Err(CentreError::AlreadyACentre { place: path.into() }),
                Found::SomethingElse => Err(CentreError::NotACentre { place: path.into() }),
            },
        )
    }

    /// A new database that is gone when the program ends.
    pub(crate) fn in_memory(hsm: &Hsm) -> Result<Self, CentreError> {
        #[cfg(test)]
        if super::server::scratch::is_set() {
            return Self::at_test_server(hsm);
        }
        Self::in_this_memory(hsm)
    }

    /// The same, of SQLite, whatever the tests of this crate run on.
    pub(crate) fn in_this_memory(hsm: &Hsm) -> Result<Self, CentreError> {
        let tables = match TABLES.get() {
            Some(tables) => tables,
            None => {
                let made = Self::tables()?;
                TABLES.get_or_init(|| made)
            }
        };
        let mut connection = Connection::open_in_memory()?;
        connection.deserialize_read_exact(MAIN_DB, tables.as_slice(), tables.len(), false)?;
        prepare(&connection)?;
        let store = Self::in_sqlite(connection, Vault::published());
        store.atomically(|store| store.fill(hsm))?;
        Ok(store)
    }

    /// Such a database that [`Store::renew`] makes new.
    pub(crate) fn renewable(hsm: &Hsm) -> Result<Self, CentreError> {
        let mut store = Self::in_this_memory(hsm)?;
        if let Backend::Sqlite(sqlite) = &mut store.engine {
            sqlite.begin_lasting()?;
        }
        store.vault.mark();
        Ok(store)
    }

    /// Makes a database as it was when [`Store::renewable`] had made it, which takes a hundredth of making another.
    pub(crate) fn renew(&mut self) -> Result<(), CentreError> {
        self.vault.draw_again();
        match &mut self.engine {
            Backend::Sqlite(sqlite) => sqlite.take_back(),
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// See [`Centre::die_after`](crate::Centre::die_after).
    pub(crate) fn die_after(&self, statements: u32) {
        if let Some(sqlite) = self.sqlite() {
            sqlite.die_after(Some(statements));
        }
    }

    /// Ends what [`Store::die_after`] has begun.
    pub(crate) fn start_again(&self) {
        if let Some(sqlite) = self.sqlite() {
            sqlite.die_after(None);
        }
    }

    /// The image of a database that has tables and nothing in them.
    fn tables() -> Result<Vec<u8>, CentreError> {
        let mut store = Self::in_sqlite(Connection::open_in_memory()?, Vault::published());
        store.make_tables()?;
        let Backend::Sqlite(sqlite) = &mut store.engine else { return Ok(Vec::new()) };
        Ok(sqlite.connection.serialize(MAIN_DB)?.to_vec())
    }

    /// Opens the file and calls `then` with what the file contains, before anyone else can change it.
    fn in_file(
        path: &Path,
        also: impl FnOnce(&Connection) -> rusqlite::Result<()>,
        then: impl FnOnce(Connection, Found) -> Result<Self, CentreError>,
    ) -> Result<Self, CentreError> {
        let attempt = || {
            // Some names, such as the empty one, have a special meaning in SQLite; names that begin with a dot have
            // none.
            let plain = Path::new(".").join(path);
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
            let connection = Connection::open_with_flags(plain, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            prepare(&connection)?;
            also(&connection)?;
            // If anything fails, the connection is closed, and SQLite takes back what was not committed.
            connection.execute_batch("BEGIN IMMEDIATE")?;
            // Not before: this reads the header, and of one that only a later SQLite may write `BEGIN IMMEDIATE` says nothing then.
            connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
            let found = look(&connection)?;
            let store = then(connection, found)?;
            store.engine().commit()?;
            Ok(store)
        };
        attempt().map_err(|error| match error {
            CentreError::Store(DatabaseError::Sqlite(source)) => {
                let is_none = source.sqlite_error_code() == Some(ErrorCode::NotADatabase);
                if Vault::path(path).exists() && (is_none || !soundness::begins(path, APPLICATION_ID)) {
                    CentreError::Damaged(Damage::Header).in_file(path)
                } else if is_none {
                    CentreError::NotACentre { place: path.into() }
                } else {
                    CentreError::Open { path: path.into(), source }
                }
            }
            other => other.in_file(path),
        })
    }

    pub(super) fn make_tables(&self) -> Result<(), CentreError> {
        if let Some(sqlite) = self.sqlite() {
            sqlite.connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        self.engine().script(migrations::FIRST_SCHEMA)?;
        migrations::run(self, migrations::FIRST).map_err(|(_, error)| error)
    }

    /// Writes what each database has from its beginning.
    pub(super) fn fill(&self, hsm: &Hsm) -> Result<(), CentreError> {
        let scheme = hsm.scheme();
        let about = [
            ("serial_factor", columns::choice_word(&columns::SERIAL_FACTORS, scheme.serial_factor).to_owned()),
            ("region_suffix", hex::encode_upper(scheme.region_suffix)),
            ("external_auth", columns::choice_word(&columns::EXTERNAL_AUTH_RULES, scheme.external_auth).to_owned()),
            ("internal_auth", columns::choice_word(&columns::INTERNAL_AUTH_ORDERS, scheme.internal_auth).to_owned()),
        ];
        for (name, value) in about {
            self.execute("INSERT INTO meta (name, value) VALUES ($1, $2)", values![name, value])?;
        }
        for (algorithm, name, key) in hsm.master_keys() {
            self.keep_master_key(columns::algorithm_word(algorithm), &name.to_string(), key.expose())?;
        }
        Ok(())
    }

    /// Keeps a master key, sealed.
    pub(super) fn keep_master_key(&self, algorithm: &str, name: &str, key: &[u8]) -> Result<(), CentreError> {
        let sealed = self.vault.seal(key)?;
        self.execute(
            "INSERT INTO hsm_keys (algorithm, name, sealed) VALUES ($1, $2, $3)",
            values![algorithm, name, sealed],
        )?;
        Ok(())
    }

    /// The security module with the keys and the scheme of this database.
    pub(crate) fn hsm(&self) -> Result<Hsm, CentreError> {
        let suffix = |text: &str| <[u8; 2]>::try_from(hex::decode(text).ok()?).ok();
        let scheme = Scheme {
            serial_factor: self.meta("serial_factor", |word| columns::choice(&columns::SERIAL_FACTORS, word))?,
            region_suffix: self.meta("region_suffix", suffix)?,
            external_auth: self.meta("external_auth", |word| columns::choice(&columns::EXTERNAL_AUTH_RULES, word))?,
            internal_auth: self.meta("internal_auth", |word| columns::choice(&columns::INTERNAL_AUTH_ORDERS, word))?,
        };
        Hsm::new(scheme, |algorithm, name| self.master_key(algorithm, name))
    }

    fn master_key(&self, algorithm: Algorithm, name: KeyName) -> Result<Zeroizing<[u8; 16]>, CentreError> {
        let algorithm = columns::algorithm_word(algorithm);
        let sealed = self.read_one(
            "SELECT sealed FROM hsm_keys WHERE algorithm = $1 AND name = $2",
            values![algorithm, name.to_string()],
            |row| row.get::<Vec<u8>>("sealed"),
        )?;
        let key = sealed.map(|sealed| self.vault.unseal(&sealed)).transpose()?;
        let key = key.and_then(|key| <[u8; 16]>::try_from(key.as_slice()).ok().map(Zeroizing::new));
        key.ok_or(CentreError::Damaged(Damage::MasterKey { algorithm, name }))
    }

    /// The time at which the clock of a test centre stands, if it was stopped.
    pub(crate) fn stopped_clock(&self) -> Result<Option<DateTime>, CentreError> {
        self.read_one("SELECT value FROM meta WHERE name = 'clock'", values![], |row| {
            columns::text(row, "value", |text| text.parse().ok())
        })
    }

    /// Stops the clock.
    pub(crate) fn stop_clock(&self, time: DateTime) -> Result<(), CentreError> {
        self.execute(
            "INSERT INTO meta (name, value) VALUES ('clock', $1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            values![time],
        )?;
        Ok(())
    }

    fn meta<T>(&self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, CentreError> {
        self.read_one("SELECT value FROM meta WHERE name = $1", values![name], |row| {
            columns::text(row, "value", parse)
        })?
        .ok_or_else(|| CentreError::Damaged(Damage::Setting(name.to_string())))
    }
}

fn prepare(connection: &Connection) -> Result<(), CentreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What was deleted is overwritten: it may have been a key.
    connection.pragma_update(None, "secure_delete", true)?;
    // A plan follows from the statement alone. Otherwise SQLite parses a statement again for each other value whose index has a
    // condition of its own, which took a third of a sale's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn look(connection: &Connection) -> Result<Found, CentreError> {
    let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    if application_id != APPLICATION_ID {
        let is_new = application_id == 0 && count("SELECT count(*) FROM sqlite_schema")? == 0;
        return Ok(if is_new { Found::Nothing } else { Found::SomethingElse });
    }
    let version = connection
        .query_row("SELECT value FROM meta WHERE name = 'schema_version'", [], |row| row.get::<_, String>(0))
        .map_err(|_| CentreError::Damaged(Damage::Setting("schema_version".into())))?;
    Ok(Found::Centre { version })
}
