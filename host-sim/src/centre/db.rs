//! Which database a verb of `qiyong centre` means: a file, or a server's.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;

use qiyong_centre::{Place, PlaceError};

/// Which database.
#[derive(Args, Clone, Debug)]
pub(crate) struct Db {
    /// The centre's database (`qiyong centre init`): a file, or a server's, postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "FILE")]
    db: OsString,
    /// The file with the keys of a server's database, for its owner alone; what QIYONG_KEYS names if left out. Those of a file
    /// lie beside it
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

impl Db {
    /// Where it is.
    ///
    /// # Errors
    /// It cannot be a database, in words.
    pub(crate) fn place(&self) -> Result<Place, String> {
        place(&self.db, self.keys.as_deref()).map_err(|error| format!("--db: {error}"))
    }
}

/// Where the database is that `db` names; `keys` as in [`Db`].
///
/// # Errors
/// It cannot be a database.
pub(crate) fn place(db: &OsStr, keys: Option<&Path>) -> Result<Place, PlaceError> {
    let Some(text) = db.to_str() else { return Ok(Place::File(db.into())) };
    Place::new(text, keys)
}
