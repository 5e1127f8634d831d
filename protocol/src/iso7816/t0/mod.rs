//! T=0, the character protocol of ISO/IEC 7816-3 clause 10, as engines without input or output.
//!
//! [`Exchange`] is the terminal's side: one APDU in, the characters to send and to await, one response out. [`Tpdus`]
//! are the TPDUs into which it divides the APDU; they also serve a reader that moves whole TPDUs. [`CardSide`] is the
//! card's side, for virtual cards. Repetition after a parity error (clause 7.3) is done by the card line below; on real
//! hardware, the UART does it.
//!
//! | File | What it is for |
//! |---|---|
//! | `terminal` | characters of one TPDU after the other, in time; [`Limits::new`] has the waiting time of clause 10.2 |
//! | `tpdus` | one APDU as TPDUs: what the terminal does on 61xx, 6Cxx and warnings (clause 12.2) |
//! | `card` | the card's side |
//! | `procedure` | procedure bytes and the two commands of the protocol itself (clause 10.3.3) |
//! | `error` | why an exchange ends without a response |
//!
//! Where the standard is silent, the terminal does this:
//!
//! * NULL may come without end by clause 10.3.3. The terminal gives an exchange a budget of time ([`Limits::budget`]) and
//!   then ends it.
//! * 61xx and 6Cxx may follow each other without end. The terminal follows [`Tpdus::FOLLOW_UPS`] of them beyond those that
//!   the response needs.
//! * WI = 0 is reserved by clause 10.2. The terminal takes it for 1, so that it waits for a time that is neither zero nor
//!   endless.

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
