//! What the engine wants of the slot, and what comes of it.

use super::message::Failure;
use super::pin::PinOperation;
use crate::slot::VoltageClass;

/// What the slot is to do.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is no heap, and one job at a time")]
pub enum Job {
    /// Give the card power at this class, or at one that it works at, and reset it. The response is the answer to reset.
    PowerOn(Option<VoltageClass>),
    /// Take power from the card.
    PowerOff,
    /// Carry the command in the [`Apdus`](super::apdus::Apdus).
    Transmit,
    /// Take PINs from the holder, and carry the command with them.
    Pin(PinOperation),
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should; what there is to say is the response in the [`Apdus`](super::apdus::Apdus).
    Done,
    /// Not.
    Failed(Failure),
}

/// The card's protocol and what is in force of it (section 6.2.3): the bytes of abProtocolDataStructure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// T=0.
    T0([u8; 5]),
    /// T=1.
    T1([u8; 7]),
}

impl Protocol {
    /// bProtocolNum.
    pub(super) const fn number(&self) -> u8 {
        match self {
            Self::T0(_) => 0,
            Self::T1(_) => 1,
        }
    }

    /// abProtocolDataStructure.
    pub(super) const fn bytes(&self) -> &[u8] {
        match self {
            Self::T0(bytes) => bytes,
            Self::T1(bytes) => bytes,
        }
    }
}
