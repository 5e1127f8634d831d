//! What stands behind a reader of the server: a place for a card, power, and APDUs.
//!
//! Two ways lead to the virtual card: [`Straight`] asks it directly; [`OnLine`] goes through the firmware's own contact slot
//! and the virtual line, so that whatever a PC/SC program sends exercises our ISO/IEC 7816-3 stack.

mod keeper;
mod line;
mod straight;

pub use keeper::Keeper;
pub use line::OnLine;
pub use straight::Straight;

use std::fmt;
use std::path::Path;

use crate::card::file::CardFileError;
use crate::card::os::VirtualCard;

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
    /// Takes a card out of its file.
    pub fn open(path: &Path) -> Result<Self, CardFileError> {
        let card = VirtualCard::load(path)?;
        let keeper = Keeper::new(path, &card);
        Ok(Self { card, keeper, mute: false })
    }
}

/// A reader's slot.
pub trait Slot: Send {
    /// Puts a card in, in place of what was there.
    fn insert(&mut self, card: DeskCard);

    /// Takes the card out, if there is one. Its file holds what it holds.
    fn remove(&mut self);

    /// Gives power, or resets a card that has it; returns its ATR, TS first.
    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure>;

    /// Takes power away.
    fn power_down(&mut self);

    /// Exchanges one APDU: appends response data and status word to `response`. `command` is what a program sent, which may
    /// be no APDU at all.
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure>;
}

/// Why a slot got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotFailure {
    /// No card is in it.
    Empty,
    /// The card does not answer to reset, or was not reset.
    Mute,
    /// The exchange went wrong, in words.
    Broken(String),
}

impl fmt::Display for SlotFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no card is in the slot"),
            Self::Mute => f.write_str("the card does not answer"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SlotFailure {}
