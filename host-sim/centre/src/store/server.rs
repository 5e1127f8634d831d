//! Opens a database at a PostgreSQL server: distinguishes ours from others, makes new ones, brings earlier versions to today's.
//! Whoever opens holds the writers' lock, so that of several centres that start at once one makes the step and the others
//! find it made.

use std::sync::OnceLock;

use super::database::{Database, Engine};
use super::place::{Place, Server};
use super::postgres::Postgres;
use super::value::values;
use super::vault::Vault;
use super::{Backend, Store, migrations, private};
use crate::error::{CentreError, Damage};
use crate::hsm::Hsm;

/// What a database has been found to hold.
enum Found {
    Nothing,
    Centre { version: String },
    SomethingElse,
}

/// A column or an index, in words in which two databases can be compared.
type Object = (String, String);

/// What every database of today's version has: what the first one that this program made or brought to it has.
static TODAY: OnceLock<Vec<Object>> = OnceLock::new();

impl Store {
    /// The database at this server; one of an earlier version is brought to this one.
    pub(crate) fn open_at(server: &Server) -> Result<Self, CentreError> {
        let place = Place::Server(server.clone());
        private::check(&server.keys)?;
        let engine = Postgres::new(server.clone());
        engine.begin()?;
        let opened = match look(&engine)? {
            Found::Nothing => Err(CentreError::Missing { place: place.clone() }),
            Found::SomethingElse => Err(CentreError::NotACentre { place: place.clone() }),
            Found::Centre { version } => Self::of_version_there(server, engine, &version),
        };
        let store = opened.map_err(|error| error.at(&place))?;
        store.engine().commit()?;
        Ok(store)
    }

    fn of_version_there(server: &Server, engine: Postgres, version: &str) -> Result<Self, CentreError> {
        let found: u32 = version.parse().map_err(|_| CentreError::Damaged(Damage::Setting("schema_version".into())))?;
        if !migrations::is_known(found) {
            let (found, expected) = (found.to_string(), migrations::last());
            return Err(CentreError::Version { place: Place::Server(server.clone()), found, expected });
        }
        let store = Self::over(Backend::Postgres(Box::new(engine)), Vault::in_file(&server.keys, false)?);
        migrations::run(&store, found).map_err(|(version, source)| CentreError::Migration {
            place: Place::Server(server.clone()),
            version,
            source: source.into(),
        })?;
        Ok(store)
    }

    /// A new centre in an empty database of this server, with these keys.
    pub(crate) fn create_at(server: &Server, hsm: &Hsm) -> Result<Self, CentreError> {
        let place = Place::Server(server.clone());
        let engine = Postgres::new(server.clone());
        engine.begin()?;
        match look(&engine)? {
            Found::Nothing => {}
            Found::Centre { .. } => return Err(CentreError::AlreadyACentre { place }),
            Found::SomethingElse => return Err(CentreError::NotACentre { place }),
        }
        let store = Self::over(Backend::Postgres(Box::new(engine)), Vault::in_file(&server.keys, true)?);
        store.make_tables()?;
        store.fill(hsm)?;
        store.engine().commit()?;
        Ok(store)
    }

    /// Compares tables and indices with those of today's version.
    pub(super) fn compare_there(&self) -> Result<(), CentreError> {
        let is = self.objects_there()?;
        let must = match TODAY.get() {
            Some(known) => known,
            None => {
                // In a schema that is gone when the transaction is taken back.
                let engine = self.engine();
                engine.begin()?;
                let made = engine
                    .script("CREATE SCHEMA qiyong_of_today; SET LOCAL search_path = qiyong_of_today")
                    .and_then(|()| self.make_tables())
                    .and_then(|()| self.objects_there());
                engine.roll_back();
                let made = made?;
                TODAY.get_or_init(|| made)
            }
        };
        let missing = must.iter().find(|one| !is.contains(one));
        let wrong = missing.or_else(|| is.iter().find(|one| !must.contains(one)));
        wrong.map_or(Ok(()), |(name, _)| Err(CentreError::Damaged(Damage::Schema(name.clone()))))
    }

    fn objects_there(&self) -> Result<Vec<Object>, CentreError> {
        let columns = "SELECT table_name || '.' || column_name AS name,
                              data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS form
                       FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY name";
        let indices = "SELECT indexname AS name, replace(indexdef, current_schema() || '.', '') AS form
                       FROM pg_indexes WHERE schemaname = current_schema() ORDER BY name";
        let mut all = Vec::new();
        for sql in [columns, indices] {
            let rows = self.rows(sql, values![])?;
            for row in rows {
                all.push((row.get("name")?, row.get("form")?));
            }
        }
        Ok(all)
    }
}

fn look(engine: &Postgres) -> Result<Found, CentreError> {
    let tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() LIMIT 1000";
    let tables = engine.rows(tables, values![])?;
    if tables.is_empty() {
        return Ok(Found::Nothing);
    }
    let named = |name: &str| tables.iter().any(|row| row.get::<String>("name").is_ok_and(|is| is == name));
    if !named("meta") || !named("hsm_keys") {
        return Ok(Found::SomethingElse);
    }
    let version = engine.find("SELECT value FROM meta WHERE name = 'schema_version'", values![])?;
    let version = version.ok_or_else(|| CentreError::Damaged(Damage::Setting("schema_version".into())))?;
    Ok(Found::Centre { version: version.get("value")? })
}

/// Databases for the tests of this crate at the server that `QIYONG_TEST_POSTGRES` names. With `QIYONG_TEST_STORE=postgres`
/// every centre that would be in memory is there.
#[cfg(test)]
pub(crate) mod scratch {
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// The server, as an address of its database `postgres`.
    const SERVER: &str = "QIYONG_TEST_POSTGRES";
    /// On what the tests run.
    const STORE: &str = "QIYONG_TEST_STORE";

    /// A database that is dropped with this.
    pub(crate) struct Scratch {
        /// Where it is.
        pub(crate) server: Server,
    }

    impl Scratch {
        /// An empty database, or a copy of `template`; its keys lie in `keys`.
        pub(crate) fn new(template: &str, keys: &Path) -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let name = format!("scratch_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let sql = format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
            Postgres::new(server("postgres", keys)).script(&sql).unwrap();
            Self { server: server(&name, keys) }
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let name = self.server.config.get_dbname().unwrap_or_default().to_owned();
            let admin = Postgres::new(server("postgres", &self.server.keys));
            let _ = admin.script(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }

    /// Whether the tests of this crate run on a server.
    pub(crate) fn is_set() -> bool {
        std::env::var_os(STORE).is_some_and(|store| store == "postgres")
    }

    /// A database of that server.
    fn server(name: &str, keys: &Path) -> Server {
        let address = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} names no server: cargo run -p qiyong-tests --bin with_postgres -- cargo test -p qiyong-centre"
            )
        });
        match Place::new(&address, Some(keys)).unwrap() {
            Place::Server(mut server) => {
                server.config.dbname(name);
                server
            }
            Place::File(_) => panic!("{SERVER} names no server"),
        }
    }

    impl Store {
        /// A new database like those in memory, which is gone with its store.
        pub(in super::super) fn at_test_server(hsm: &Hsm) -> Result<Self, CentreError> {
            let keys = Path::new("kept-nowhere.key");
            let template = format!("template_{}", migrations::last());
            let admin = Postgres::new(server("postgres", keys));
            // Whoever comes first makes the template; the others wait for the lock.
            admin.begin()?;
            if admin.find("SELECT 1 AS one FROM pg_database WHERE datname = $1", values![template])?.is_none() {
                let new = Scratch::new("template0", keys);
                let engine = Backend::Postgres(Box::new(Postgres::new(new.server.clone())));
                let store = Self::over(engine, Vault::new()?);
                store.atomically(|store| store.make_tables())?;
                drop(store);
                let name = new.server.config.get_dbname().unwrap_or_default();
                Postgres::new(server("postgres", keys))
                    .script(&format!("ALTER DATABASE {name} RENAME TO {template}"))?;
            }
            admin.commit()?;
            let scratch = Scratch::new(&template, keys);
            let engine = Backend::Postgres(Box::new(Postgres::new(scratch.server.clone())));
            let mut store = Self::over(engine, Vault::new()?);
            store.scratch = Some(scratch);
            store.atomically(|store| store.fill(hsm))?;
            Ok(store)
        }
    }
}
