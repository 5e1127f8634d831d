//! Whether a file is as SQLite and this program left it: its pages and indices fit together, every row has what it belongs
//! to, and tables, indices and the like are those of today's version and no others.
//!
//! Not here: whether the rows say what they said. A byte of a plain column that becomes another possible byte is seen by
//! the chains of audit and ledger ([`crate::Centre::verify`]), by the seal of what is sealed, and by nothing else
//! (docs/limits.md).

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::OnceLock;

use rusqlite::{Connection, OptionalExtension};

use super::Store;
use super::vault::Vault;
use crate::error::{CentreError, Damage};

/// Files up to this size are looked through whenever they are opened, which takes 10 ms a MiB at most. Larger ones are
/// when it is asked for: their tables are compared, and what SQLite finds damaged it says at the first act that reads it.
const LOOKED_THROUGH: u64 = 4 << 20;

/// An object of the database: kind, name, of which table, and how it was made.
type Object = (String, String, String, Option<String>);

/// Looks through a small file, and of a large one at its length alone. Nobody may write to it meanwhile.
///
/// # Errors
/// It is damaged, or the database failed.
pub(super) fn glance(path: &Path, connection: &Connection) -> Result<(), CentreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0).map(u64::from));
    let (pages, page) = (pragma("page_count")?, pragma("page_size")?);
    let must = pages.saturating_mul(page);
    // SQLite reads what is missing of the last page as zeros.
    let is = std::fs::metadata(path).map_or(must, |about| about.len());
    if is < must {
        let words = format!("{is} bytes instead of {pages} pages of {page}");
        return Err(CentreError::Damaged(Damage::Structure(words)));
    }
    if must <= LOOKED_THROUGH { look_through(connection) } else { Ok(()) }
}

/// Whether a file begins as SQLite begins one of this application. What cannot be read does: others say why not.
pub(super) fn begins(path: &Path, application_id: i32) -> bool {
    let mut header = [0; 72];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) => {
            let formats = matches!(header[18..20], [1, 1] | [2, 2]);
            header.starts_with(b"SQLite format 3\0") && formats && header.ends_with(&application_id.to_be_bytes())
        }
        Err(error) => error.kind() != ErrorKind::UnexpectedEof,
    }
}

/// Looks through the whole file.
///
/// # Errors
/// It is damaged, or the database failed.
pub(super) fn look_through(connection: &Connection) -> Result<(), CentreError> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        let words = found.lines().find(|line| !line.starts_with("***")).unwrap_or_default();
        return Err(CentreError::Damaged(Damage::Structure(words.to_owned())));
    }
    let orphan = connection
        .query_row("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1", [], |row| row.get::<_, String>(0))
        .optional()?;
    orphan.map_or(Ok(()), |table| Err(CentreError::Damaged(Damage::Reference(table))))
}

/// Compares tables, indices, triggers and views with those of today's version.
///
/// # Errors
/// One differs, or the database failed.
pub(super) fn compare(connection: &Connection) -> Result<(), CentreError> {
    let (is, must) = (objects(connection)?, today()?);
    let differs = |one: &&Object, others: &[Object]| !others.contains(one);
    let wrong = must.iter().find(|one| differs(one, &is)).or_else(|| is.iter().find(|one| differs(one, must)));
    wrong.map_or(Ok(()), |(_, name, ..)| Err(CentreError::Damaged(Damage::Schema(name.clone()))))
}

/// SQLite's own tables are left out: statistics come and go.
fn objects(connection: &Connection) -> Result<Vec<Object>, CentreError> {
    let mut all = connection.prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    Ok(all.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// What every file of today's version has: all of them came from the first version by the same steps.
fn today() -> Result<&'static [Object], CentreError> {
    static TODAY: OnceLock<Vec<Object>> = OnceLock::new();
    if let Some(known) = TODAY.get() {
        return Ok(known);
    }
    let store = Store::in_sqlite(Connection::open_in_memory()?, Vault::new()?);
    store.make_tables()?;
    let objects = store.sqlite().map(|sqlite| objects(&sqlite.connection)).transpose()?.unwrap_or_default();
    Ok(TODAY.get_or_init(|| objects))
}
