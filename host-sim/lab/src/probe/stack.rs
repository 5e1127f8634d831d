//! How much of its stack the image has used.

use super::DebugProbe;

/// The byte with which cortex-m-rt paints the stack at the start.
const PAINT: u8 = 0xCC;

/// The most bytes of the stack that have been used since the start, and the size of the stack. `stack` is its lowest
/// address and the address above its highest one.
pub(crate) fn high_water<P: DebugProbe>(probe: &mut P, (low, high): (u64, u64)) -> Result<(usize, usize), P::Error> {
    let bytes = probe.read(low, usize::try_from(high.saturating_sub(low)).unwrap_or_default())?;
    let untouched = bytes.iter().take_while(|byte| **byte == PAINT).count();
    Ok((bytes.len() - untouched, bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::super::fake::{FREE, Fake};
    use super::*;

    #[test]
    fn the_mark_is_the_lowest_byte_that_was_written() {
        let mut fake = Fake::new();
        let stack = (FREE, FREE + 64);
        fake.put(FREE, &[PAINT; 64]);
        assert_eq!(high_water(&mut fake, stack), Ok((0, 64)));
        // Pushed bytes may look like paint.
        fake.put(FREE + 48, &[1, PAINT, PAINT, 2]);
        assert_eq!(high_water(&mut fake, stack), Ok((16, 64)));
        fake.put(FREE, &[0]);
        assert_eq!(high_water(&mut fake, stack), Ok((64, 64)));
    }
}
