//! The pins of the card slot, as the board's README lists them.

use serde::Serialize;

use super::DebugProbe;

/// Ports by number, A is 0.
const A: u8 = 0;
const B: u8 = 1;

/// How the card slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SlotPins {
    /// The switch of VCC is on.
    pub vcc: bool,
    /// RST is high.
    pub rst: bool,
    /// The card-present switch says that there is a card.
    pub present: bool,
}

/// Reads them.
///
/// # Errors
/// When the probe fails.
pub(crate) fn slot<P: DebugProbe>(probe: &mut P) -> Result<SlotPins, P::Error> {
    Ok(SlotPins { vcc: probe.pin(A, 7)?, rst: probe.pin(A, 6)?, present: probe.pin(B, 2)? })
}
