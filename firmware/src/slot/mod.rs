//! The card slot: from APDUs down to characters and contacts.
//!
//! [`CardLine`] is what a board provides; [`ContactSlot`] drives it. What is said over the line is decided by the engines of
//! `qiyong_protocol::iso7816`; here they meet time and contacts.

mod contact;
mod exchange;
mod line;
mod repetition;

pub use contact::{ContactSlot, SlotConfig};
pub use line::{CardLine, Clock, LineConfig, LineError, VoltageClass};

use core::fmt;

use qiyong_protocol::advice::Advice;
use qiyong_protocol::iso7816::apdu::{ApduError, Command, Response};
use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::pps::PpsError;
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::T1Error;

/// A place where a card can be: a contact slot, and later a PC/SC reader.
pub trait CardSlot {
    /// Waits until a card is present, at most this long; `false` when none came.
    async fn wait_for_card(&mut self, seconds: u16) -> bool;

    /// Powers the card and returns its ATR, TS first.
    async fn connect(&mut self) -> Result<&[u8], SlotError>;

    /// Exchanges one APDU, short or extended; the response data lies in `buffer`, which needs room for Ne bytes and the
    /// status word. A card that is out of step after an error is off power: [`CardSlot::connect`] again.
    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError>;

    /// Tells the slot that the card is not needed for a while: a person is to key something, the centre is asked. A card
    /// that allows it has its clock stopped until the next [`CardSlot::transmit`].
    async fn rest(&mut self) {}

    /// Waits until the powered card is taken out; for ever if there is none, or no way to notice.
    async fn removal(&mut self) {
        core::future::pending().await
    }

    /// Takes power from the card in the order of ISO/IEC 7816-3 clause 6.4. Harmless when there is none.
    async fn disconnect(&mut self);
}

/// Room for the response to any short command: 256 bytes and the status word.
pub type ResponseBuffer = [u8; 258];

/// Why a card could not be talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SlotError {
    /// The card was taken out.
    Removed,
    /// No answer to reset in any voltage class.
    Mute,
    /// What came after reset is no ATR.
    Atr(AtrError),
    /// The card speaks only protocols that this slot does not.
    Protocol {
        /// The first one it offers.
        offered: u8,
    },
    /// The card insists on a rate that this slot cannot do, or that is reserved.
    Rate,
    /// The card answers, and says that it is made for none of this slot's voltages.
    NoCommonClass,
    /// The card did not agree to a rate in the way it should.
    Pps(PpsError),
    /// A character had wrong parity, or had it at the card, however often it was repeated.
    Parity,
    /// VCC broke down.
    ShortCircuit,
    /// The T=0 exchange failed.
    T0(T0Error),
    /// The T=1 exchange failed.
    T1(T1Error),
    /// The command cannot be written as an APDU.
    Command(ApduError),
    /// The card's answer in T=1 is no response APDU.
    Response(ApduError),
    /// There is no powered card: call [`CardSlot::connect`] first.
    NotConnected,
    /// The powered card sends nothing any more, outside of what T=0 and T=1 have errors of their own for.
    Silent,
    /// Somebody else took power from the card, or its reader did.
    Unpowered,
    /// Another program has reset the card, so that what was done with it is forgotten.
    Reset,
    /// The reader failed, or the service that leads to it.
    Reader,
}

impl SlotError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Atr(error) => error.advice(),
            Self::Pps(error) => error.advice(),
            Self::T0(error) => error.advice(),
            Self::T1(error) => error.advice(),
            Self::Silent | Self::Unpowered | Self::Reset => Advice::TryAgain,
            Self::Removed
            | Self::Mute
            | Self::Protocol { .. }
            | Self::Rate
            | Self::NoCommonClass
            | Self::Parity
            | Self::ShortCircuit
            // The card wrote it.
            | Self::Response(ApduError::TooShort { .. } | ApduError::LengthMismatch { .. }) => Advice::AskHolder,
            Self::Command(error) | Self::Response(error) => error.advice(),
            Self::NotConnected | Self::Reader => Advice::CallService,
        }
    }
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => f.write_str("the card was taken out"),
            Self::Mute => f.write_str("no answer to reset: is the card inserted the right way round?"),
            Self::Atr(error) => write!(f, "no valid answer to reset: {error}"),
            Self::Protocol { offered } => {
                write!(f, "the card speaks T={offered} first, and this slot only T=0 and T=1: use another card")
            }
            Self::Rate => f.write_str("the card insists on a rate that this slot cannot do: use another card"),
            Self::NoCommonClass => {
                f.write_str("the card is made for another supply voltage than this slot's: use another card")
            }
            Self::Pps(error) => error.fmt(f),
            Self::Parity => f.write_str("characters arrive damaged: clean the contacts"),
            Self::ShortCircuit => f.write_str("the card's supply broke down: take it out, look for metal in the slot"),
            Self::T0(error) => write!(f, "T=0: {error}"),
            Self::T1(error) => write!(f, "T=1: {error}"),
            Self::Command(error) => write!(f, "the command: {error}"),
            Self::Response(error) => write!(f, "the card's response: {error}"),
            Self::NotConnected => f.write_str("the card is not powered: connect to it first"),
            Self::Silent => f.write_str("the card sends nothing any more: try again"),
            Self::Unpowered => f.write_str("the card has lost its power to its reader or another program: try again"),
            Self::Reset => f.write_str("another program has reset the card: end that program, then try again"),
            Self::Reader => f.write_str("the card reader has failed: check its cable and the service that leads to it"),
        }
    }
}

impl core::error::Error for SlotError {}

impl From<LineError> for SlotError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Removed => Self::Removed,
            LineError::Timeout => Self::Silent,
            LineError::NotAccepted(_) => Self::Parity,
            LineError::ShortCircuit => Self::ShortCircuit,
        }
    }
}
