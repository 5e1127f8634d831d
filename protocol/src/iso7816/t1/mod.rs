//! T=1, the block protocol of ISO/IEC 7816-3:2006 clause 11, as two engines without input or output.
//!
//! A block is `NAD PCB LEN | INF | EDC` (clause 11.3). There are three kinds, written here as in the standard: `I(N(S),
//! M)` carries a piece of an APDU, and M = 1 says that more pieces follow; `R(N(R))` acknowledges a piece or asks for
//! its repetition; `S(...)` is a request or response about the protocol itself.
//!
//! | File | What it holds |
//! |---|---|
//! | `bounds` | times and sizes that the standard fixes |
//! | `block` | bytes of a block: PCB, error detection code |
//! | `receiver` | characters in, one block or one [`Fault`] out; both sides use it |
//! | `outgoing` | a block on its way out |
//! | `connection` | [`Connection`], what the terminal remembers between two APDUs, and [`Limits`] |
//! | `terminal` | [`Exchange`], one APDU on its way: its state, what it says and hears |
//! | `terminal/begin`, `sends`, `rules` | how it begins, what it sends, the rules of clauses 11.6.2 and 11.6.3 |
//! | `terminal/whole` | the same for drivers that hear whole answers ([`Exchange::turn`]) |
//! | `error` | why a block is refused ([`Fault`]) and why an exchange ends ([`T1Error`]) |
//! | `card` | [`CardSide`], for virtual cards |
//! | `pair` | both sides against each other, for tests (feature `testing`) |
//!
//! Where the rules are followed (the numbers are those of the standard):
//!
//! | Rule | About | In [`Exchange`] |
//! |---|---|---|
//! | 1 | the terminal speaks first | `new` |
//! | 2, 5 | I-blocks, chains, acknowledgement | `i_block`, `r_block`, `proceed` |
//! | 3, 4 | waiting time, IFS | `s_request` |
//! | 6 | resynchronisation | `resynch`, `resynchronised` |
//! | 7, 8 | repetition after errors | `refuse` |
//! | 9 | abortion of a chain | `abort`, `s_request`, `r_block` |
//!
//! Small functions with many callers are marked `inline(never)` for the target, where one copy of each saves code.
//! Elsewhere the compiler may inline them, which is faster. `cargo xtask size` shows the effect.
//!
//! Where the standard is silent, the terminal does this:
//!
//! * A block counts once [`BLOCK_GUARD_TIME`] has gone by without a further character; with a further character, it is
//!   invalid. The line must be silent for this time in any case, and an LRC does not always detect a wrong LEN.
//! * After an invalid block the terminal waits for this time too, or for CWT if LEN may be wrong, so that it does not
//!   send while the card does.
//! * After a resynchronisation the terminal sends the command again. It does not do so if anything that the card sent
//!   after the command's last block suggests that the card has the command, be it an invalid answer that is longer than an
//!   R-block: then the exchange ends with [`T1Error::ResponseLost`], since a command carried out twice may cost the holder a
//!   try of the PIN, or money.
//! * An R-block that asks for a repetition is no failed attempt of rule 7.4, since it is without error (scenario 13).
//!   [`Limits`] bound such repetitions, like everything else that a card may do without end.
//! * A card that aborted a chain may send an I-block instead of giving back the right to send; this I-block begins a
//!   new response.
//! * The terminal grants every extension as requested, but no wait exceeds the budget.
//! * If a card does not answer S(IFS request) in three attempts, the terminal resynchronises, and IFSD keeps its
//!   default.

mod block;
mod bounds;
mod card;
mod connection;
mod error;
mod outgoing;
#[cfg(any(test, feature = "testing"))]
pub mod pair;
mod receiver;
mod terminal;

pub use block::{BlockName, Check, Complaint, Pcb, Supervisory};
pub use bounds::{BLOCK_GUARD_TIME, IFS_DEFAULT, IFS_MAX};
pub use card::{CardSide, CardStep, IfsAnswer, MAX_BLOCK};
pub use connection::{Connection, Limits, Parameters};
pub use error::{Budget, Fault, T1Error, Trouble};
pub use terminal::{Exchange, Step};

#[cfg(test)]
mod tests;
