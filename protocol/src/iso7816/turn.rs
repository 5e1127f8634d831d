//! What an engine says to a driver that hears whole answers. Drivers that hear each character by itself ask for the engine's
//! own `Step`.

use super::Etu;

/// What to do next. `R` is how the exchange ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn<'e, R> {
    /// Send these characters, and await the answer: its first character comes at most so many etu after the leading edge of
    /// the last one sent. Then call `answered`; if none comes, `sent` and `timed_out`.
    Send(&'e [u8], Etu),
    /// Send these characters, to which there is no answer: more is to be sent. Then call `sent`.
    Part(&'e [u8]),
    /// Await further characters for at most so many etu. Then call `received_slice` or `timed_out`.
    Receive(Etu),
    /// The exchange has ended.
    Done(R),
}
