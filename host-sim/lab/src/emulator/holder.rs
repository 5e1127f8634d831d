//! The holder in front of the board: the moments at which a function is asked what the holder does, and the PIN pad
//! that the holder uses.

use std::os::unix::net::UnixStream;

use qiyong_firmware::ui::Screen;
use zeroize::Zeroizing;

use super::EmulatorError;
use super::clock::BoardClock;
use super::lines::read_available;
use crate::probe::ScreenText;

/// Tells the PIN pad that a PIN is awaited.
const ENQ: u8 = 0x05;
const ENTER: u8 = b'\r';
const CANCEL: u8 = 0x1B;

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
pub(super) fn invited(screen: &ScreenText) -> Option<Moment> {
    (screen.english == Screen::InsertCard.text().english).then_some(Moment::Card)
}

/// The PIN that the screen asks for.
pub(super) fn asked(screen: Option<&ScreenText>) -> Asked {
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

/// What the board has sent to the PIN pad.
pub(super) struct HeardAtPad {
    /// Anything at all, usually stars.
    pub(super) anything: bool,
    /// A PIN is awaited.
    pub(super) enquiry: bool,
}

/// The PIN pad.
pub(super) struct Pad {
    line: UnixStream,
}

impl Pad {
    pub(super) const fn new(line: UnixStream) -> Self {
        Self { line }
    }

    pub(super) const fn line(&self) -> &UnixStream {
        &self.line
    }

    /// Takes the bytes that the board has sent.
    pub(super) fn hear(&mut self, clock: &mut BoardClock) -> Result<HeardAtPad, EmulatorError> {
        let bytes = read_available(&mut self.line)?;
        if !bytes.is_empty() {
            clock.heard();
        }
        Ok(HeardAtPad { anything: !bytes.is_empty(), enquiry: bytes.contains(&ENQ) })
    }

    /// Keys digits, and enter.
    pub(super) fn key(&mut self, digits: &str, clock: &mut BoardClock) -> Result<(), EmulatorError> {
        clock.feed(&mut self.line, digits.as_bytes())?;
        clock.feed(&mut self.line, &[ENTER])
    }

    /// Presses cancel.
    pub(super) fn cancel(&mut self, clock: &mut BoardClock) -> Result<(), EmulatorError> {
        clock.feed(&mut self.line, &[CANCEL])
    }
}
