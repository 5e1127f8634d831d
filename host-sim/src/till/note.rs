//! What the till has begun and has not told the end of yet, in a file, so that it knows at its next start, however it ended. There is
//! no card, no name and no key in it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use qiyong_sim::private_file;

/// What has become of a transaction, as far as the messages show that went over this till: the last word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    /// It was sent.
    Sent,
    /// The centre has refused it.
    Refused,
    /// The centre has taken its reversal.
    Reversed,
    /// The centre has taken its confirmation.
    Confirmed,
}

/// A request under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    /// The till's reference for the visit.
    pub(super) reference: u32,
    /// Its word.
    pub(super) operation: String,
    /// The whole bill, and what of it the pooled fund pays, in fen.
    pub(super) total: u64,
    pub(super) fund: u64,
    /// The terminal: its chip, how often it had started, and its next transaction's number then.
    pub(super) serial: String,
    pub(super) starts: u32,
    pub(super) next_stan: u32,
    /// What was heard of that transaction.
    pub(super) word: Option<Word>,
}

/// The file.
#[derive(Debug)]
pub(super) struct Note {
    path: PathBuf,
    open: Option<Open>,
}

impl Note {
    /// What the file says; without one, nothing is under way.
    pub(super) fn open(path: PathBuf) -> Result<Self, String> {
        let open = match fs::read(&path) {
            Ok(text) => Some(serde_json::from_slice(&text).map_err(|_| {
                format!(
                    "{}: this is no note of a till's: give another file with --memory; if this was one, look at the centre for what \
                     became of the last sale, and move it away",
                    path.display()
                )
            })?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(format!("{}: the till's note cannot be read: {error}; let this user read it, or give another file with --memory", path.display())),
        };
        Ok(Self { path, open })
    }

    /// What is under way.
    pub(super) const fn under_way(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// This begins now. It is on disk before the terminal hears of it.
    pub(super) fn begin(&mut self, open: Open) -> Result<(), String> {
        let text = serde_json::to_vec(&open).map_err(|error| error.to_string())?;
        private_file::write(&self.path, &text).map_err(|error| {
            format!(
                "{}: the till's note cannot be written: {error}; check that its folder may be written and has room",
                self.path.display()
            )
        })?;
        self.open = Some(open);
        Ok(())
    }

    /// This was heard of transaction `stan`.
    pub(super) fn hear(&mut self, stan: u32, word: Word) -> Result<(), String> {
        match &self.open {
            Some(open) if open.next_stan == stan && open.word != Some(word) => {
                self.begin(Open { word: Some(word), ..open.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Its end has been told.
    pub(super) fn close(&mut self) -> Result<(), String> {
        if self.open.take().is_some() {
            fs::remove_file(&self.path).map_err(|error| {
                format!(
                    "{}: the till's note cannot be removed: {error}; let this user write in its folder",
                    self.path.display()
                )
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purchase() -> Open {
        Open {
            reference: 7,
            operation: "purchase".into(),
            total: 3580,
            fund: 0,
            serial: "0102".into(),
            starts: 3,
            next_stan: 12,
            word: None,
        }
    }

    #[test]
    fn what_is_under_way_is_known_at_the_next_start_until_its_end_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("till");
        let again = || Note::open(path.clone()).unwrap();
        assert_eq!(again().under_way(), None);
        let mut note = again();
        note.begin(purchase()).unwrap();
        assert_eq!(again().under_way(), Some(&purchase()));
        // Another transaction's is none of its.
        note.hear(11, Word::Confirmed).unwrap();
        assert_eq!(again().under_way(), Some(&purchase()));
        note.hear(12, Word::Sent).unwrap();
        note.hear(12, Word::Reversed).unwrap();
        assert_eq!(again().under_way().unwrap().word, Some(Word::Reversed));
        note.close().unwrap();
        note.close().unwrap();
        assert_eq!(again().under_way(), None);
    }

    #[test]
    fn another_file_is_told_from_a_note_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "{}", "x", "[1]", "{\"reference\":-1}"] {
            let path = folder.path().join("till");
            fs::write(&path, text).unwrap();
            let wrong = Note::open(path.clone()).unwrap_err();
            assert!(wrong.contains("--memory") && wrong.contains("move it away"), "{wrong}");
            assert_eq!(fs::read_to_string(path).unwrap(), text);
        }
        assert!(Note::open(folder.path().into()).unwrap_err().contains("cannot be read"));
        let mut nowhere = Note::open(folder.path().join("none/till")).unwrap();
        assert!(nowhere.begin(purchase()).unwrap_err().contains("cannot be written"));
    }
}
