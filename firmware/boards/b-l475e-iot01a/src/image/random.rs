//! Random numbers: from the chip's generator; in the emulator, which has none, the same ones after each start, so that a run can
//! be repeated.

use core::convert::Infallible;
use core::sync::atomic::{AtomicU32, Ordering};

use rand_core::{TryCryptoRng, TryRng};
use stm32_metapac as pac;

use super::chip;

/// The random number generator.
#[derive(Clone, Copy)]
pub(crate) struct Random;

impl Random {
    fn word() -> u32 {
        static STATE: AtomicU32 = AtomicU32::new(0x2545_F491);
        if !chip::is_emulated() {
            // A word takes 40 cycles of the RNG's clock, RM0351. After a seed or clock error none comes any more; then the
            // watchdog ends this.
            while !pac::RNG.sr().read().drdy() {}
            return pac::RNG.dr().read();
        }
        let mut state = STATE.load(Ordering::Relaxed);
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        STATE.store(state, Ordering::Relaxed);
        state
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(Self::word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(Self::word()) << 32 | u64::from(Self::word()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.iter_mut().zip(Self::word().to_le_bytes()).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random {}
