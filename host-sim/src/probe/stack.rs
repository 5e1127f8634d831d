//! How much of its stack the image has used.

use super::DebugProbe;

/// What cortex-m-rt paints the stack with at the start.
const PAINT: u8 = 0xCC;

/// The most of the stack that has been used since the start, and how large it is, in bytes; `stack` is its lowest address
/// and the one above its highest.
pub(crate) fn high_water<P: DebugProbe>(probe: &mut P, (low, high): (u64, u64)) -> Result<(usize, usize), P::Error> {
    let bytes = probe.read(low, usize::try_from(high.saturating_sub(low)).unwrap_or_default())?;
    let untouched = bytes.iter().take_while(|byte| **byte == PAINT).count();
    Ok((bytes.len() - untouched, bytes.len()))
}
