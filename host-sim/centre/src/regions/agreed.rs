//! The table of regions in a database: the version that processes here go by. Whoever comes with an older one would send
//! cards to a region that serves them no longer.

use super::refused::RegionsError;
use super::table::Own;
use crate::store::Store;
use crate::store::database::Database;
use crate::store::value::values;
use crate::{Centre, founding};

impl Centre {
    /// Serves a region of this table from now on: keeps the table in the database if it is newer than the one that is there.
    ///
    /// # Errors
    /// A newer table is there, or another one of this version, or the database has an area of another region; or it failed.
    pub fn join(&self, own: &Own) -> Result<(), RegionsError> {
        let now = self.now();
        self.store.atomically(|store| {
            if let Some(area) = founding::areas(store)?.into_iter().find(|area| own.is_elsewhere(*area)) {
                return Err(RegionsError::NotHere(area));
            }
            agree(store, own, now)
        })
    }
}

fn agree(store: &Store, own: &Own, now: jiff::civil::DateTime) -> Result<(), RegionsError> {
    let (here, text) = (own.table.version(), own.table.shared());
    let last = store.find(
        "SELECT version, text FROM region_table WHERE version >= $1 ORDER BY version DESC LIMIT 1",
        values![i64::from(here)],
    )?;
    if let Some(last) = last {
        let there: u32 = last.get("version")?;
        return match there {
            _ if there > here => Err(RegionsError::Older { there, here }),
            _ if last.get::<String>("text")? != text => Err(RegionsError::Differs(here)),
            _ => Ok(()),
        };
    }
    store.execute(
        "INSERT INTO region_table (version, text, since) VALUES ($1, $2, $3)",
        values![i64::from(here), text, now],
    )?;
    Ok(())
}
