//! A card with the file that keeps it ([`DeskCard`]). File and card are kept in step: what a command has changed is on
//! disk before the command's answer is out.
//! before the command's answer is out.

use std::path::{Path, PathBuf};

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::iso7816::t0::GET_RESPONSE;

use super::file::CardFileError;
use super::os::VirtualCard;

/// Called with an error that no answer can carry, such as that a card's file cannot be written.
pub type Complain = fn(&str);

/// A card on the desk: the card, the file that keeps it, and whether it answers at all.
#[derive(Debug)]
pub struct DeskCard {
    /// The card.
    pub card: VirtualCard,
    /// Its file.
    pub keeper: Keeper,
    /// The card does not answer to reset.
    pub mute: bool,
}

impl DeskCard {
    /// Reads a card from its file. If the file cannot be written later, the card goes on, `complain` is told, and the
    /// next change is written again.
    ///
    /// # Errors
    /// The file cannot be read, or is no card file.
    pub fn open(path: &Path, complain: Complain) -> Result<Self, CardFileError> {
        let card = VirtualCard::load(path)?;
        let keeper = Keeper::new(path, &card, complain);
        Ok(Self { card, keeper, mute: false })
    }
}

/// Knows what a card's file contains.
pub struct Keeper {
    path: PathBuf,
    complain: Complain,
    /// The text of the file.
    saved: String,
}

impl Keeper {
    /// For a card that was just read from `path`.
    pub fn new(path: &Path, card: &VirtualCard, complain: Complain) -> Self {
        Self { path: path.into(), complain, saved: card.to_toml() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Call this after a command with this INS byte. It writes the file if the card has changed.
    pub fn after(&mut self, ins: Option<&u8>, card: &VirtualCard) {
        // Most commands change nothing, so the card need not be compared.
        const READS: [u8; 6] = [
            ins::SELECT,
            ins::READ_BINARY,
            ins::READ_RECORD,
            ins::GET_CHALLENGE,
            ins::INTERNAL_AUTHENTICATE,
            GET_RESPONSE,
        ];
        if ins.is_none_or(|ins| READS.contains(ins)) {
            return;
        }
        let now = card.to_toml();
        if now == self.saved {
            return;
        }
        match card.save(&self.path) {
            Ok(()) => self.saved = now,
            // The next command that may change the card tries again.
            Err(error) => (self.complain)(&error.to_string()),
        }
    }
}

/// Without the text, since it contains the PIN.
impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether two paths name one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
