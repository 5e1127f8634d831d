//! Why a card could not be talked to.

use core::fmt;

use qiyong_protocol::advice::Advice;
use qiyong_protocol::iso7816::apdu::ApduError;
use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::pps::PpsError;
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::T1Error;

use super::LineError;

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
    /// The card insists on a rate that this slot cannot do.
    Rate,
    /// The card insists on a rate whose code in TA1 is reserved.
    RateReserved,
    /// The card insists on a rate that its ATR does not name, and that this slot was not told
    /// ([`super::SlotConfig::implicit_rate`]).
    RateImplicit,
    /// CLK of this slot is not between 1 MHz and the most that the card takes.
    Clock {
        /// The most that the card takes, in kHz.
        max_khz: u16,
    },
    /// The card answers, and says that it is made for none of the voltages of this slot; or the slot has none that it may use.
    NoCommonClass,
    /// The card did not agree to a rate in the way it should.
    Pps(PpsError),
    /// A character from the card had wrong parity, however often it was repeated.
    Parity,
    /// The card signalled wrong parity of a character, however often it was repeated.
    NotAccepted,
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
    /// There is no powered card: call [`super::CardSlot::connect`] first.
    NotConnected,
    /// The powered card sends nothing any more, outside of what T=0 and T=1 have errors of their own for.
    Silent,
    /// Somebody else took power from the card, or its reader did.
    Unpowered,
    /// Another program has reset the card, so that what was done with it is forgotten.
    Reset,
    /// The card reader cannot be used. What exactly has failed is for the one who drives it to say.
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
            | Self::RateReserved
            | Self::NoCommonClass
            | Self::Parity
            | Self::NotAccepted
            | Self::ShortCircuit
            // The card wrote it.
            | Self::Response(ApduError::TooShort { .. } | ApduError::LengthMismatch { .. }) => Advice::AskHolder,
            Self::Command(error) | Self::Response(error) => error.advice(),
            Self::NotConnected | Self::Reader | Self::RateImplicit | Self::Clock { .. } => Advice::CallService,
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
            Self::RateReserved => {
                f.write_str("the card insists on a rate that no edition of the standard has: use another card")
            }
            Self::RateImplicit => f.write_str(
                "the card insists on a rate that its answer to reset does not name: set the slot to it, or use another card",
            ),
            Self::Clock { max_khz } => {
                write!(f, "the slot's clock is not between 1000 and {max_khz} kHz, as the card needs it: set the slot's clock")
            }
            Self::NoCommonClass => {
                f.write_str("the card is made for another supply voltage than this slot's: use another card")
            }
            Self::Pps(error) => error.fmt(f),
            Self::Parity => f.write_str("characters from the card arrive damaged: clean the contacts"),
            Self::NotAccepted => f.write_str("characters arrive damaged at the card: clean the contacts"),
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
            LineError::NotAccepted(_) => Self::NotAccepted,
            LineError::ShortCircuit => Self::ShortCircuit,
        }
    }
}
