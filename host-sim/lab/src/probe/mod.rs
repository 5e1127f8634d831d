//! Looking into a running image: its memory and pins, and what they tell: its log, its screen, how much stack it used.
//!
//! | Module | What it is for |
//! |---|---|
//! | `counters` | what it keeps over a power cut |
//! | `image` | what the ELF tells of the image: where log, screen and stack are |
//! | `log` | RTT and defmt: the image's log in words |
//! | [`picture`] | what its screen shows, and as a PNG |
//! | `lights` | which of the board's lights are on |
//! | `pins` | how the card slot stands |
//! | `stack` | the high-water mark of the stack |
//! | `watch` | all of these as they change, until the end |
//! | `fit` | whether an image fits a chip; `misfit`: why not |
//! | `board` | a board behind a debug probe, through probe-rs |
//! | `job` | an image and the chip that it is for: what is flashed and watched |
//!
//! The last three and `watch` are there with the feature `probe` alone.
//!
//! All of it works over [`DebugProbe`], whichever bench the image runs on. The emulator's probe is in
//! [`crate::emulator`], as only that one also plays what is around the board: card, keys, serial lines.

#[cfg(feature = "probe")]
pub mod board;
pub(crate) mod counters;
#[cfg(test)]
mod fake;
#[cfg(feature = "probe")]
pub mod fit;
pub mod image;
#[cfg(feature = "probe")]
pub mod job;
pub(crate) mod lights;
pub(crate) mod log;
#[cfg(feature = "probe")]
pub mod misfit;
pub mod picture;
pub(crate) mod pins;
pub(crate) mod stack;
#[cfg(feature = "probe")]
pub mod watch;

pub use counters::Counters;
pub use image::{ImageError, ImageFault, ScreenText};
pub use lights::Lights;
pub use pins::SlotPins;

/// Where port A's registers begin, how far ports are apart, and the offset of a port's input data register (RM0351, memory
/// map and GPIOx_IDR).
const GPIO_A: u64 = 0x4800_0000;
const GPIO_STEP: u64 = 0x400;
const IDR: u64 = 0x10;

/// What the image publishes at `at` behind a number that is odd while it writes: the number and `len` bytes. `None` if it was
/// writing, or wrote meanwhile: a probe reads piece by piece, while the image runs.
fn published<P: DebugProbe>(probe: &mut P, at: u64, len: usize) -> Result<Option<Vec<u8>>, P::Error> {
    let bytes = probe.read(at, 1 + len)?;
    let after = probe.read(at, 1)?;
    let whole = bytes.first() == after.first() && after.iter().all(|number| number % 2 == 0);
    Ok(whole.then_some(bytes))
}

/// A debug probe on a running image. Addresses are the core's; words are little-endian in memory, as on every Cortex-M.
///
/// A probe reads pins and drives none: what goes into the board comes from what is connected there.
pub trait DebugProbe {
    /// Why it could not.
    type Error: std::error::Error;

    /// Reads memory, byte by byte the image's view.
    ///
    /// # Errors
    /// When the probe or what it is connected to is gone, or nothing is at that address.
    fn read(&mut self, address: u64, len: usize) -> Result<Vec<u8>, Self::Error>;

    /// Reads a word of memory or a register, in one access.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_word(&mut self, address: u64) -> Result<u32, Self::Error>;

    /// Writes a word of memory or a register, in one access.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn write_word(&mut self, address: u64, word: u32) -> Result<(), Self::Error>;

    /// Resets the chip; the image starts anew.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn reset(&mut self) -> Result<(), Self::Error>;

    /// Whether a pin is high; `port` is 0 for port A.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn pin(&mut self, port: u8, pin: u8) -> Result<bool, Self::Error> {
        let levels = self.read_word(GPIO_A + GPIO_STEP * u64::from(port) + IDR)?;
        Ok(levels >> (pin & 15) & 1 == 1)
    }
}
