//! Keeps a card's file in step with the card: what a command changed is on disk before its answer is out.

use std::path::{Path, PathBuf};

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::iso7816::t0::GET_RESPONSE;

use crate::card::os::VirtualCard;
use crate::output::Output;

/// Remembers what a card's file holds.
pub struct Keeper {
    path: PathBuf,
    /// The text of the file.
    saved: String,
}

impl Keeper {
    /// For a card that was just read from `path`.
    pub fn new(path: &Path, card: &VirtualCard) -> Self {
        Self { path: path.into(), saved: card.to_toml() }
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
            Err(error) => Output::default().complain(&error.to_string()),
        }
    }
}

/// Without the text, which holds the PIN.
impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("path", &self.path).finish_non_exhaustive()
    }
}
