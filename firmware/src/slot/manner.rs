//! What a slot asks its card for, and when it asks for less. How it asks is `negotiation`'s.

use qiyong_protocol::iso7816::t1::T1Error;

use super::SlotError;

/// What the slot asks a card for. It asks for less where more has failed, until [`CardSlot::disconnect`](super::CardSlot::disconnect):
/// a card that was powered anew for it must not fail in the same way after its next reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The fastest rate, by PPS, and in T=1 blocks of the greatest size, by S(IFS).
    RateAndBlockSize,
    /// No rate: the card failed PPS, or was not understood at the rate that it had agreed to.
    BlockSize,
    /// Nothing: a card of T=1 has ignored S(IFS), too.
    Nothing,
}

impl Manner {
    /// Asks for less after `error`; `false` if that is no remedy. `at_new_rate`: nothing was understood yet at a rate that the
    /// card had agreed to.
    pub(super) const fn yields_to(&mut self, error: SlotError, at_new_rate: bool) -> bool {
        *self = match (*self, error) {
            (Self::RateAndBlockSize, SlotError::Pps(_)) => Self::BlockSize,
            (Self::RateAndBlockSize, _) if at_new_rate => Self::BlockSize,
            (Self::RateAndBlockSize | Self::BlockSize, SlotError::T1(T1Error::NoAnswer(_))) => Self::Nothing,
            _ => return false,
        };
        true
    }
}
