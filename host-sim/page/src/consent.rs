//! A person's consent to a page: asked once, kept in a file of mode 0600, one origin a line.
//!
//! A page that is listed still gets nothing before somebody at this computer has said yes. Not here: how the person is asked, and
//! how a file is put in the place of another one, which the program does.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use crate::origin::Origin;

/// What the file begins with.
const HEAD: &str = "# Pages that may read cards on this computer, by consent: one origin a line.\n";

/// How it stands with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Somebody has said yes.
    Given,
    /// Somebody has been asked and has not answered.
    Awaited,
    /// Somebody has said no. It is asked again when the service starts again.
    Refused,
}

/// The file of consents cannot be used.
#[derive(Debug, Error)]
pub enum ConsentError {
    /// It cannot be read or written.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Others than its owner may read or write it.
    #[error("{path}: others may read or write it: chmod 600", path = path.display())]
    Open {
        /// Which file.
        path: PathBuf,
    },
    /// A line is no origin.
    #[error("{path}:{line}: no origin; write one such as https://his.example:8443, or take the line out", path = path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

/// Called with a page to which nobody has consented yet. It must not wait: the answer goes to [`Consents::answer`].
pub type Ask = Box<dyn Fn(&Origin) + Send + Sync>;

/// Puts a new file in the place of the old one, whole or not at all, and from its first moment of mode 0600.
pub type Replace = fn(&Path, &[u8]) -> io::Result<()>;

/// The consents of this computer.
pub struct Consents {
    pages: Mutex<BTreeMap<Origin, Consent>>,
    file: Option<(PathBuf, Replace)>,
    ask: Ask,
}

impl Consents {
    /// Those of this run alone.
    pub fn of_this_run(ask: Ask) -> Self {
        Self { pages: Mutex::default(), file: None, ask }
    }

    /// Those in a file, which need not be there yet, nor its folder; `replace` writes it anew.
    ///
    /// # Errors
    /// It cannot be read, is not the owner's alone, or contains something else.
    pub fn open(file: PathBuf, ask: Ask, replace: Replace) -> Result<Self, ConsentError> {
        let pages = read(&file)?;
        Ok(Self { pages: Mutex::new(pages), file: Some((file, replace)), ask })
    }

    /// How it stands with this page, which is listed. The first time, the person is asked.
    pub fn of(&self, origin: &Origin) -> Consent {
        let mut pages = self.pages();
        if let Some(consent) = pages.get(origin) {
            return *consent;
        }
        pages.insert(origin.clone(), Consent::Awaited);
        drop(pages);
        (self.ask)(origin);
        Consent::Awaited
    }

    /// What the person says.
    ///
    /// # Errors
    /// A yes cannot be kept. It holds for this run.
    pub fn answer(&self, origin: &Origin, yes: bool) -> Result<(), ConsentError> {
        let mut pages = self.pages();
        pages.insert(origin.clone(), if yes { Consent::Given } else { Consent::Refused });
        match &self.file {
            Some((file, replace)) if yes => {
                keep(file, *replace, &pages).map_err(|error| ConsentError::Io { path: file.clone(), error })
            }
            _ => Ok(()),
        }
    }

    fn pages(&self) -> MutexGuard<'_, BTreeMap<Origin, Consent>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> Result<BTreeMap<Origin, Consent>, ConsentError> {
    let wrong = |error| ConsentError::Io { path: path.into(), error };
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        metadata => metadata.map_err(wrong)?,
    };
    if others_may(&metadata) {
        return Err(ConsentError::Open { path: path.into() });
    }
    let text = fs::read_to_string(path).map_err(wrong)?;
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let pages = lines.map(|(line, text)| match text.parse() {
        Ok(origin) => Ok((origin, Consent::Given)),
        Err(_) => Err(ConsentError::Line { path: path.into(), line }),
    });
    pages.collect()
}

/// Whether others than the owner may read or write it.
#[cfg(unix)]
fn others_may(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

/// There the folder's list of rights decides, which a user's own folder has from the system.
#[cfg(not(unix))]
fn others_may(_: &Metadata) -> bool {
    false
}

/// Writes who was given a yes.
fn keep(path: &Path, replace: Replace, pages: &BTreeMap<Origin, Consent>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let given = pages.iter().filter(|(_, consent)| **consent == Consent::Given);
    let lines: String = given.map(|(origin, _)| format!("{origin}\n")).collect();
    replace(path, [HEAD, &lines].concat().as_bytes())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use qiyong_sim::private_file;

    use super::*;

    fn counting() -> (Arc<AtomicUsize>, Ask) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        (asked, Box::new(move |_| _ = count.fetch_add(1, Ordering::Relaxed)))
    }

    #[test]
    fn a_person_is_asked_once_and_a_yes_outlives_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/consents");
        let [his, other] = ["https://his.example", "https://other.example"].map(|text| text.parse().unwrap());
        let (asked, ask) = counting();
        let consents = Consents::open(file.clone(), ask, private_file::write).unwrap();
        assert_eq!([consents.of(&his), consents.of(&his), consents.of(&other)], [Consent::Awaited; 3]);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        consents.answer(&other, false).unwrap();
        assert!(!file.exists(), "a no is not kept");
        consents.answer(&his, true).unwrap();
        assert_eq!([consents.of(&his), consents.of(&other)], [Consent::Given, Consent::Refused]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let (asked, ask) = counting();
        let again = Consents::open(file, ask, private_file::write).unwrap();
        assert_eq!([again.of(&his), again.of(&other)], [Consent::Given, Consent::Awaited]);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_file_that_others_may_change_is_no_consent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("consents");
        let open = |text: &str, mode| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            Consents::open(file.clone(), counting().1, private_file::write).map(drop)
        };
        assert!(open("# x\n\n https://his.example \n", 0o600).is_ok());
        assert!(matches!(open("", 0o620), Err(ConsentError::Open { .. })));
        assert!(matches!(open("", 0o604), Err(ConsentError::Open { .. })));
        assert!(matches!(open("# x\nhttps://his.example/\n", 0o600), Err(ConsentError::Line { line: 2, .. })));
    }

    #[test]
    fn a_yes_that_cannot_be_kept_holds_for_this_run_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let his = "https://his.example".parse().unwrap();
        let consents = Consents::open(folder.path().join("consents"), counting().1, private_file::write).unwrap();
        fs::remove_dir(folder.path()).unwrap();
        fs::write(folder.path(), "a file where the folder was").unwrap();
        assert!(consents.answer(&his, true).is_err());
        assert_eq!(consents.of(&his), Consent::Given);
        fs::remove_file(folder.path()).unwrap();
        fs::create_dir(folder.path()).unwrap();
    }
}
