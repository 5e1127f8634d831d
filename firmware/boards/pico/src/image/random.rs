//! Random numbers: those of a generator that is fed with bits of the ring oscillator, which is all that the chip has. Before each visit the
//! generator takes fresh ones; a visit waits for none.
//!
//! A source that fails a test is not used any more, nor any key, until the next start.

use core::cell::RefCell;
use core::convert::Infallible;

use embassy_rp::pac;
use embassy_time::Delay;
use qiyong_board_support::drbg::{BEGINS, Drbg, GOES_ON};
use qiyong_board_support::entropy::{Health, Unfit, gather};
use rand_core::{TryCryptoRng, TryRng};

/// The level of the ring oscillator now.
fn bit() -> bool {
    pac::ROSC.randombit().read().randombit()
}

/// The source and its tests.
pub(crate) struct Source(Health);

impl Source {
    /// The source, and a generator that is fed from it. Some 41 ms.
    ///
    /// # Errors
    /// The source is unfit.
    pub(crate) async fn start() -> Result<(Self, RefCell<Drbg>), Unfit> {
        let mut health = Health::default();
        let bits = gather::<BEGINS>(&mut health, bit, &mut Delay).await?;
        Ok((Self(health), RefCell::new(Drbg::new(&*bits))))
    }

    /// Feeds the generator with fresh bits. Some 21 ms.
    ///
    /// # Errors
    /// The source is unfit.
    pub(crate) async fn feed(&mut self, generator: &RefCell<Drbg>) -> Result<(), Unfit> {
        let bits = gather::<GOES_ON>(&mut self.0, bit, &mut Delay).await?;
        generator.borrow_mut().take(&*bits);
        Ok(())
    }
}

/// The generator's numbers.
#[derive(Clone, Copy)]
pub(crate) struct Random<'a>(pub(crate) &'a RefCell<Drbg>);

impl Random<'_> {
    fn bytes<const SIZE: usize>(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        self.0.borrow_mut().fill(&mut bytes);
        bytes
    }
}

impl TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.borrow_mut().fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}
