//! The file with what the terminal may not forget: the firmware's storage on a flash in a file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use qiyong_firmware::storage::Store;
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_sim::flash::file::FileFlash;

use crate::reach::Target;

/// The memory in `file`, or in that of this terminal beside the centre's database, or in the current folder if the centre is
/// somewhere else: terminals with different names share none.
pub(super) fn open(
    file: Option<&Path>,
    centre: &Target,
    institution: InstitutionCode,
    terminal: TerminalId,
) -> Result<Store<FileFlash>, String> {
    let file = file.map_or_else(|| beside(centre, institution, terminal, "memory"), Path::to_path_buf);
    let flash = FileFlash::open(&file).map_err(|error| error.to_string())?;
    let store = Store::open(flash, None);
    match store.trouble() {
        Some(trouble) => Err(format!("{}: {trouble}", file.display())),
        None => Ok(store),
    }
}

/// A file of this terminal's: `centre.db.P32010000017-00000001.memory` for `centre.db` and `memory`, and without `centre.db.` for a
/// centre somewhere else.
pub(crate) fn beside(centre: &Target, institution: InstitutionCode, terminal: TerminalId, what: &str) -> PathBuf {
    let own = format!("{institution}-{}.{what}", terminal.as_str());
    let Target::File(database) = centre else { return own.into() };
    let mut name = database.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".{own}"));
    database.with_file_name(name)
}
