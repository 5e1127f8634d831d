//! T=0, the character protocol of ISO/IEC 7816-3 clause 10, as engines without input or output.
//!
//! [`Exchange`] is the terminal's side: one APDU in, the characters to send and await, one response out. What it makes of the
//! APDU are [`Tpdus`], which also serve where a reader moves whole TPDUs. [`CardSide`] is the card's side, for virtual cards.
//! Repetition after a parity error (clause 7.3) is the business of the character line below, which on real hardware is done by
//! the UART.

mod card;
mod error;
mod procedure;
mod terminal;
mod tpdus;

pub use card::{AckStyle, CardSide, CardStep};
pub use error::T0Error;
pub use procedure::{ENVELOPE, GET_RESPONSE, NULL};
pub use terminal::{Exchange, Limits, Step, T0Response};
pub use tpdus::{Direction, Tpdus};

#[cfg(test)]
mod tests;
