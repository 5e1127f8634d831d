//! What a maker chooses for a slot.

use super::VoltageClass;

/// What a maker chooses for a slot.
#[derive(Clone, Copy, Debug)]
pub struct SlotConfig {
    /// The voltage class to try first.
    pub first_class: VoltageClass,
    /// The classes to try after it, in this order. The next one is tried when a card stays mute, or says in its ATR that it is
    /// not made for the present one (clause 6.2.4).
    pub more_classes: &'static [VoltageClass],
    /// The fewest clock cycles an etu may take: what the slot's receiver can follow. 16 is what USARTs with a smartcard mode
    /// do; 372 or more switches PPS off.
    pub min_cycles_per_etu: u16,
    /// F and D of cards in specific mode whose TA2 says that they are known in some other way than by TA1 (clause 8.3): an
    /// etu takes F / D cycles. Only for a slot whose cards all come from one maker, who says what they are. `None`: such a
    /// card is reset if that may change it, and otherwise refused.
    pub implicit_rate: Option<(u16, u8)>,
    /// Whether the clock of a card that allows it is stopped while the card is not needed (clause 6.3.2).
    pub clock_stop: bool,
}

impl Default for SlotConfig {
    /// 3 V, then 5 V: what social security cards of all generations work with (docs/card.md §4.1). Low first, since a
    /// low voltage harms no card.
    fn default() -> Self {
        Self {
            first_class: VoltageClass::B,
            more_classes: &[VoltageClass::A],
            min_cycles_per_etu: 16,
            implicit_rate: None,
            clock_stop: true,
        }
    }
}

impl SlotConfig {
    /// The voltage classes in the order in which they are tried.
    pub(super) fn classes(&self) -> impl Iterator<Item = VoltageClass> + use<> {
        core::iter::once(self.first_class).chain(self.more_classes.iter().copied())
    }
}
