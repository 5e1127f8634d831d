//! The versions of the database, and how one becomes the next. What stands here is never changed once it was released: a
//! database of any version that there was must become one of today's.
//!
//! A list in this file instead of a crate for migrations: files of version 2 exist and have no history table, and one
//! step needs the vault.

mod ledger;
mod life;

use zeroize::Zeroizing;

use super::Store;
use super::database::Database;
use super::value::values;
use crate::error::CentreError;

/// The first version that can be opened, and its tables.
pub(super) const FIRST: u32 = 2;
pub(super) const FIRST_SCHEMA: &str = include_str!("migrations/2.sql");

/// From the version before to this one.
struct Migration {
    version: u32,
    sql: &'static str,
    /// What SQL cannot do; it runs after `sql`.
    then: Option<Step>,
}

type Step = fn(&Store) -> Result<(), CentreError>;

const fn sql(version: u32, sql: &'static str) -> Migration {
    Migration { version, sql, then: None }
}

/// In the order of their versions.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 3, sql: include_str!("migrations/3-framework.sql"), then: Some(seal_master_keys) },
    sql(4, include_str!("migrations/4-application.sql")),
    sql(5, include_str!("migrations/5-production.sql")),
    sql(6, include_str!("migrations/6-insurance.sql")),
    sql(7, include_str!("migrations/7-settlement.sql")),
    Migration { version: 8, sql: include_str!("migrations/8-life.sql"), then: Some(life::cards_of_version_2) },
    sql(9, include_str!("migrations/9-http.sql")),
    Migration { version: 10, sql: include_str!("migrations/10-ledger.sql"), then: Some(ledger::chain_postings) },
    sql(11, include_str!("migrations/11-plans.sql")),
    sql(12, include_str!("migrations/12-payments.sql")),
    sql(13, include_str!("migrations/13-terminals.sql")),
    sql(14, include_str!("migrations/14-regions.sql")),
    sql(15, include_str!("migrations/15-sessions.sql")),
    sql(16, include_str!("migrations/16-batches.sql")),
    sql(17, include_str!("migrations/17-rejections.sql")),
];

/// Up to this version personal data stood in the clear.
pub(super) const LAST_IN_THE_CLEAR: u32 = 7;

/// Today's version.
pub(super) fn last() -> u32 {
    MIGRATIONS.last().map_or(FIRST, |last| last.version)
}

/// Whether a database of this version can be opened.
pub(super) fn is_known(version: u32) -> bool {
    (FIRST..=last()).contains(&version)
}

/// Brings the database from this version to today's, within the transaction that is open.
///
/// # Errors
/// Which step failed, and why. What was done is taken back with the transaction.
pub(super) fn run(store: &Store, from: u32) -> Result<(), (u32, CentreError)> {
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > from) {
        step(store, migration).map_err(|error| (migration.version, error))?;
    }
    Ok(())
}

fn step(store: &Store, migration: &Migration) -> Result<(), CentreError> {
    store.engine().script(migration.sql)?;
    if let Some(then) = migration.then {
        then(store)?;
    }
    store.execute(
        "INSERT INTO meta (name, value) VALUES ('schema_version', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        values![migration.version.to_string()],
    )?;
    Ok(())
}

/// Version 2 had the master keys in the clear.
fn seal_master_keys(store: &Store) -> Result<(), CentreError> {
    for row in store.rows("SELECT algorithm, name, key FROM clear_keys", values![])? {
        let key = Zeroizing::new(row.get::<Vec<u8>>("key")?);
        store.keep_master_key(&row.get::<String>("algorithm")?, &row.get::<String>("name")?, &key)?;
    }
    store.engine().script("DROP TABLE clear_keys")
}
