//! What a reader tells its host of the slot: whether the card has power, and what is in force. Nothing is driven here.

use qiyong_protocol::iso7816::atr::{Parameters, decode_di, decode_fi};

use super::config::SlotConfig;
use super::exchange::Protocol;
use super::{CardLine, ContactSlot};

/// TA1 of a card at the default rate.
const DEFAULT_FI_DI: u8 = 0x11;

impl<L: CardLine> ContactSlot<L> {
    /// Whether the card has power, and has answered to its reset.
    pub const fn is_powered(&self) -> bool {
        self.powered.is_some()
    }

    /// From the next [`super::CardSlot::connect`] on, the slot works like this.
    pub const fn reconfigure(&mut self, config: SlotConfig) {
        self.config = config;
    }

    /// What the powered card says of itself, its protocol, and Fi and Di in force as TA1 writes them; `None` without power.
    pub fn in_force(&self) -> Option<(&Parameters, u8, u8)> {
        let t = match self.powered.as_ref()? {
            Protocol::T0(_) => 0,
            Protocol::T1(_) => 1,
        };
        let same = |ta1: &u8| decode_fi(*ta1).zip(decode_di(*ta1)) == Some(self.rate);
        let fi_di = self.card.ta1().filter(same).unwrap_or(DEFAULT_FI_DI);
        Some((&self.card, t, fi_di))
    }
}
