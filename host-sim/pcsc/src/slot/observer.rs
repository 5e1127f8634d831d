//! What whoever watches a server is told: what passes between programs and cards, in bytes as they are.
//!
//! Secrets are in it: an observer masks what it writes down. It is told in the thread that carries the request out, under the reader's
//! lock and before the program has its answer: it must not wait for anybody, nor ask the server anything.

use std::path::Path;

use super::SlotFailure;
use crate::codes::{Rv, Share};

/// Watches a server.
pub trait Observer: Send + Sync {
    /// Something happened. Of one reader everything comes in the order in which it happened; what was refused changes nothing, and comes
    /// soon after.
    fn saw(&self, seen: &Seen<'_>);
}

/// What happened, where, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The reader's name.
    pub reader: &'a str,
    /// Its number.
    pub number: u32,
    /// The program that asked for it, such as `opensc-tool[4711]`; `None` if a hand did it.
    pub program: Option<&'a str>,
    /// What happened.
    pub what: Happening<'a>,
}

/// What can happen.
#[derive(Clone, Copy)]
pub enum Happening<'a> {
    /// The reader was plugged in.
    ReaderCame,
    /// The reader was taken away.
    ReaderWent,
    /// A card was put in: its file.
    CardIn(&'a Path),
    /// The card was taken out.
    CardOut,
    /// The card was reset, and answered with its ATR, or not.
    Reset(Result<&'a [u8], SlotFailure>),
    /// A program sent bytes, which may be no APDU; and the card's answer with its status word, or why there is none.
    Exchanged(&'a [u8], Result<&'a [u8], SlotFailure>),
    /// A program wanted a connection: it has the protocol of this bit, or was refused.
    Connected(Share, Result<u32, Rv>),
    /// A program ended its connection, or ended itself.
    Disconnected,
}

/// Commands and answers may hold a PIN: there are so many bytes.
impl std::fmt::Debug for Happening<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ReaderCame => f.debug_tuple("ReaderCame").finish(),
            Self::ReaderWent => f.debug_tuple("ReaderWent").finish(),
            Self::CardIn(file) => f.debug_tuple("CardIn").field(file).finish(),
            Self::CardOut => f.debug_tuple("CardOut").finish(),
            Self::Reset(atr) => f.debug_tuple("Reset").field(atr).finish(),
            Self::Exchanged(command, answer) => {
                f.debug_tuple("Exchanged").field(&command.len()).field(&answer.map(<[u8]>::len)).finish()
            }
            Self::Connected(share, result) => f.debug_tuple("Connected").field(share).field(result).finish(),
            Self::Disconnected => f.debug_tuple("Disconnected").finish(),
        }
    }
}
