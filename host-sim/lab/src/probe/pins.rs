//! The pins of the card slot, which the board's README lists.

use serde::Serialize;

use super::DebugProbe;

/// Ports by number, A is 0.
const A: u8 = 0;
const B: u8 = 1;

/// The levels of the card slot's pins, as states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SlotPins {
    /// The switch of VCC is on.
    pub vcc: bool,
    /// RST is high.
    pub rst: bool,
    /// The card-present switch reports a card.
    pub present: bool,
}

/// Reads them.
///
/// # Errors
/// The probe fails.
pub(crate) fn slot<P: DebugProbe>(probe: &mut P) -> Result<SlotPins, P::Error> {
    Ok(SlotPins { vcc: probe.pin(A, 7)?, rst: probe.pin(A, 6)?, present: probe.pin(B, 2)? })
}
