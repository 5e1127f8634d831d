//! The holder in front of the board: the moments at which a function is asked what the holder does, and the PIN pad
//! that the holder uses.

use std::os::unix::net::UnixStream;

use qiyong_firmware::ui::Screen;
use zeroize::Zeroizing;

use super::EmulatorError;
use super::serial::SerialLine;
use crate::probe::ScreenText;

/// Tells the PIN pad that a PIN is awaited.
pub(crate) const ENQ: u8 = 0x05;
/// What the pad sends for two of its keys.
pub(crate) const ENTER: u8 = b'\r';
pub(crate) const CANCEL: u8 = 0x1B;
/// The PIN pad's rate, in bits a second.
pub(crate) const BAUD: u64 = 9600;
/// How long a holder takes for what he does when he is asked for a PIN, in seconds: as in a world.
pub(crate) const THINKS_S: u64 = 4;

/// What a holder does later with his hands, but for keys of the PIN pad.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later {
    /// The cycle.
    pub(super) at: u64,
    pub(super) what: Act,
}

/// What a holder does with his hands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Takes the card out.
    PullsCard,
    /// Presses the cancel key and keeps it down.
    HoldsCancelKey,
}

/// The moments at which the holder is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The screen invites the holder to insert a card, which may already be in the slot.
    Card,
    /// A PIN is to be keyed.
    Pin(Asked),
    /// The centre carries out the transaction; its answer comes after the holder's action.
    Transaction,
}

/// Which PIN the board's screen asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The present one.
    Present,
    /// A new one.
    New,
    /// The new one again.
    NewAgain,
}

/// What the holder does at such a moment.
#[derive(Debug)]
pub enum Does {
    /// Nothing.
    Nothing,
    /// Keys digits, and enter.
    Keys(Zeroizing<String>),
    /// Presses cancel.
    Cancels,
    /// Takes the card out.
    PullsCard,
    /// Presses the board's cancel key and keeps it down.
    HoldsCancelKey,
}

/// The moment at which the screen invites the holder to act, if it does.
pub(crate) fn invited(screen: &ScreenText) -> Option<Moment> {
    (screen.english == Screen::InsertCard.text().english).then_some(Moment::Card)
}

/// The PIN that the screen asks for.
pub(crate) fn asked(screen: Option<&ScreenText>) -> Asked {
    let shown = |screens: &[Screen]| {
        screen.is_some_and(|shown| screens.iter().any(|screen| screen.text().english == shown.english))
    };
    if shown(&[Screen::EnterNewPin, Screen::NewPinUnsuitable, Screen::NewPinsDiffer]) {
        Asked::New
    } else if shown(&[Screen::RepeatNewPin]) {
        Asked::NewAgain
    } else {
        Asked::Present
    }
}

/// The PIN pad.
pub(super) struct Pad {
    line: SerialLine,
}

impl Pad {
    pub(super) const fn new(stream: UnixStream) -> Self {
        Self { line: SerialLine::new(stream, BAUD) }
    }

    /// The bytes on it.
    pub(super) const fn line(&mut self) -> &mut SerialLine {
        &mut self.line
    }

    /// Takes the bytes that the board has sent; returns whether a PIN is awaited. The others are stars.
    pub(super) fn hear(&mut self) -> Result<bool, EmulatorError> {
        Ok(self.line.hear()?.contains(&ENQ))
    }

    /// Keys digits, and enter at this cycle.
    pub(super) fn key(&mut self, digits: &str, cycle: u64) {
        let keys: Zeroizing<Vec<u8>> = Zeroizing::new(digits.bytes().chain([ENTER]).collect());
        self.line.say_until(&keys, cycle);
    }

    /// Presses cancel at this cycle.
    pub(super) fn cancel(&mut self, cycle: u64) {
        self.line.say_until(&[CANCEL], cycle);
    }
}
