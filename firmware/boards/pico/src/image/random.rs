//! Random numbers: the ring oscillator's bits as they are. That is all that the chip has, and not good enough for a terminal that is
//! sold (README).

use core::convert::Infallible;

use embassy_rp::clocks::RoscRng;
use rand_core::{TryCryptoRng, TryRng};

/// The ring oscillator.
#[derive(Clone, Copy)]
pub(crate) struct Random;

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(RoscRng.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(RoscRng.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        RoscRng.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random {}
