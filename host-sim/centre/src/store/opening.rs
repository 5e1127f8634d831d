//! Opens a database: distinguishes ours from other files, makes new ones, loads the keys.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use zeroize::Zeroizing;

use qiyong_protocol::card::keys::{Algorithm, Scheme};

use super::{Store, private};
use crate::error::{CentreError, Damage};
use crate::hsm::{Hsm, KeyName};
use crate::terminal::columns;

/// Marks a file as a card centre's database: "QYCC".
const APPLICATION_ID: i64 = 0x5159_4343;
const SCHEMA: &str = include_str!("../schema.sql");
const SCHEMA_VERSION: &str = "2";
/// How long to wait for another program that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What a file that is to be opened contains.
enum Found {
    Nothing,
    Centre { version: String },
    SomethingElse,
}

impl Store {
    /// The database in `path`, which nobody else may read.
    pub(crate) fn open(path: &Path) -> Result<Self, CentreError> {
        private::check(path)?;
        Self::open_with(path, |_, found| match found {
            Found::Nothing => Err(CentreError::Missing { path: path.into() }),
            Found::Centre { version } if version == SCHEMA_VERSION => Ok(()),
            Found::Centre { version } => {
                Err(CentreError::Version { path: path.into(), found: version, expected: SCHEMA_VERSION })
            }
            Found::SomethingElse => Err(CentreError::NotACentre { path: path.into() }),
        })
    }

    /// A new database in `path`, which must be missing or empty, with these keys. Only its owner may read it.
    pub(crate) fn create(path: &Path, hsm: &Hsm) -> Result<Self, CentreError> {
        private::make(path)?;
        Self::open_with(path, |store, found| match found {
            Found::Nothing => store.initialise(hsm),
            Found::Centre { .. } => Err(CentreError::AlreadyACentre { path: path.into() }),
            Found::SomethingElse => Err(CentreError::NotACentre { path: path.into() }),
        })
    }

    /// A new database that is gone when the program ends.
    pub(crate) fn in_memory(hsm: &Hsm) -> Result<Self, CentreError> {
        let store = Self::over(Connection::open_in_memory()?)?;
        store.atomically(|store| store.initialise(hsm))?;
        Ok(store)
    }

    /// Opens the file and calls `then` with what the file contains, before anyone else can change it.
    fn open_with(path: &Path, then: impl FnOnce(&Self, Found) -> Result<(), CentreError>) -> Result<Self, CentreError> {
        let attempt = || {
            // Some names, such as the empty one, have a special meaning in SQLite; names that begin with a dot have
            // none.
            let plain = Path::new(".").join(path);
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
            let store = Self::over(Connection::open_with_flags(plain, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)?;
            store.atomically(|store| then(store, store.look()?))?;
            Ok(store)
        };
        attempt().map_err(|error| match error {
            CentreError::Store(source) if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                CentreError::NotACentre { path: path.into() }
            }
            CentreError::Store(source) => CentreError::Open { path: path.into(), source },
            other => other,
        })
    }

    fn over(connection: Connection) -> Result<Self, CentreError> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(Self { connection })
    }

    fn look(&self) -> Result<Found, CentreError> {
        let application_id: i64 = self.connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        if application_id == APPLICATION_ID {
            return Ok(Found::Centre { version: self.meta("schema_version", |text| Some(text.to_owned()))? });
        }
        let objects: i64 = self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok(if objects == 0 && application_id == 0 { Found::Nothing } else { Found::SomethingElse })
    }

    fn initialise(&self, hsm: &Hsm) -> Result<(), CentreError> {
        self.connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        self.connection.execute_batch(SCHEMA)?;
        let scheme = hsm.scheme();
        let about = [
            ("schema_version", SCHEMA_VERSION.to_owned()),
            ("serial_factor", columns::choice_word(&columns::SERIAL_FACTORS, scheme.serial_factor).to_owned()),
            ("region_suffix", hex::encode_upper(scheme.region_suffix)),
            ("external_auth", columns::choice_word(&columns::EXTERNAL_AUTH_RULES, scheme.external_auth).to_owned()),
            ("internal_auth", columns::choice_word(&columns::INTERNAL_AUTH_ORDERS, scheme.internal_auth).to_owned()),
        ];
        for (name, value) in about {
            self.execute("INSERT INTO meta (name, value) VALUES (?, ?)", params![name, value])?;
        }
        for (algorithm, name, key) in hsm.master_keys() {
            self.execute(
                "INSERT INTO hsm_keys (algorithm, name, key) VALUES (?, ?, ?)",
                params![columns::algorithm_word(algorithm), name.to_string(), key.expose()],
            )?;
        }
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
        self.find(
            "SELECT key FROM hsm_keys WHERE algorithm = ? AND name = ?",
            params![algorithm, name.to_string()],
            |row| columns::blob(row, "key", |bytes| bytes.try_into().ok().map(Zeroizing::new)),
        )?
        .ok_or(CentreError::Damaged(Damage::MasterKey { algorithm, name }))
    }

    fn meta<T>(&self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, CentreError> {
        self.find("SELECT value FROM meta WHERE name = ?", [name], |row| columns::text(row, "value", parse))?
            .ok_or_else(|| CentreError::Damaged(Damage::Setting(name.to_string())))
    }
}
