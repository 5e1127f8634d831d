//! What the board has done, and what the holder does later: what the parts of a machine tell one another.

use super::till::Heard;
use crate::probe::ScreenText;

/// What the board has done.
#[derive(Debug)]
pub(super) enum Happened {
    /// Something came to the till's end of the line.
    Till(Heard),
    /// The screen shows something else.
    Screen(ScreenText),
    /// The PIN pad is told that a PIN is awaited.
    PinAwaited,
}

/// What the holder does later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Later {
    /// The cycle.
    pub(super) at: u64,
    pub(super) what: Act,
}

/// What a holder does with his hands, but for keys of the PIN pad.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Takes the card out.
    PullsCard,
    /// Presses the cancel key and keeps it down.
    HoldsCancelKey,
}
