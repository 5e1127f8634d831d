//! A card as it lies on the desk: in its file, which is kept in step with it. What a command changed is on disk before its
//! answer is out.

use std::path::{Path, PathBuf};

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::iso7816::t0::GET_RESPONSE;

use super::file::CardFileError;
use super::os::VirtualCard;

/// Who is told of what nobody can be answered with, such as a card's file that cannot be written.
pub type Complain = fn(&str);

/// A card as it lies on the desk: what it is, the file that keeps it, and whether it answers at all.
#[derive(Debug)]
pub struct DeskCard {
    /// The card.
    pub card: VirtualCard,
    /// Its file.
    pub keeper: Keeper,
    /// It does not answer to reset.
    pub mute: bool,
}

impl DeskCard {
    /// Takes a card out of its file. If that cannot be written later the card goes on, `complain` is told, and the card's next
    /// change is written again.
    ///
    /// # Errors
    /// When the file cannot be read, or is no card file.
    pub fn open(path: &Path, complain: Complain) -> Result<Self, CardFileError> {
        let card = VirtualCard::load(path)?;
        let keeper = Keeper::new(path, &card, complain);
        Ok(Self { card, keeper, mute: false })
    }
}

/// Remembers what a card's file holds.
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

    /// To be called after a command with this INS byte; writes the file if the card is not what it was.
    pub fn after(&mut self, ins: Option<&u8>, card: &VirtualCard) {
        // The greater part of what is sent changes nothing, and need not be compared.
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
            // Tried again after the next such command.
            Err(error) => (self.complain)(&error.to_string()),
        }
    }
}

/// Without the text, which holds the PIN.
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
