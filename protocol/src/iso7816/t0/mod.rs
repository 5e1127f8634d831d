//! T=0, the character protocol of ISO/IEC 7816-3 clause 10, as engines without input or output.
//!
//! [`Exchange`] is the terminal's side: one APDU in, the characters to send and to await, one response out. [`Tpdus`]
//! are the TPDUs into which it divides the APDU; they also serve a reader that moves whole TPDUs. [`CardSide`] is the
//! card's side, for virtual cards. Repetition after a parity error (clause 7.3) is done by the card line below; on real
//! hardware, the UART does it.

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
