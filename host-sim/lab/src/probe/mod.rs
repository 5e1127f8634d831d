//! Looking into a running image: its memory and pins, and what follows from them: its log, its screen, how much stack
//! it used.
//!
//! | Module | What it is for |
//! |---|---|
//! | `counters` | the numbers that it keeps over a power cut |
//! | `image` | what the ELF tells of the image: the addresses of log, screen and stack |
//! | `log` | RTT and defmt: the image's log in words |
//! | [`picture`] | what its screen shows, and as a PNG |
//! | `lights` | which of the board's lights are on |
//! | `pins` | the levels of the card slot's pins |
//! | `stack` | the most stack that the image has used |
//! | `watch` | all of these as they change, until the end |
//! | `fit` | whether an image fits a chip; `misfit`: why not |
//! | `board` | a board behind a debug probe, by probe-rs |
//! | `job` | an image with the chip that it is for: what is flashed and watched |
//!
//! `watch`, `board` and `job` exist only with the feature `probe`.
//!
//! All of this works over [`DebugProbe`], whichever bench the image runs on. The emulator's probe is in
//! [`crate::emulator`], because it also plays what surrounds the board: card, keys, serial lines.

#[cfg(feature = "probe")]
pub mod board;
pub(crate) mod counters;
#[cfg(test)]
mod fake;
pub mod fit;
pub mod image;
#[cfg(feature = "probe")]
pub mod job;
pub(crate) mod lights;
pub(crate) mod log;
pub mod misfit;
pub mod picture;
pub(crate) mod pins;
pub(crate) mod stack;
#[cfg(feature = "probe")]
pub mod watch;

pub use counters::Counters;
pub use image::{ImageError, ImageFault, ScreenText};
pub use lights::Lights;
pub use log::decode_log;
pub use pins::SlotPins;

/// The address of port A's registers, the distance from port to port, and the offset of a port's input data register
/// (RM0351, memory map and GPIOx_IDR).
const GPIO_A: u64 = 0x4800_0000;
const GPIO_STEP: u64 = 0x400;
const IDR: u64 = 0x10;

/// Reads what the image publishes at `at`: a number, which is odd while the image writes, and `len` bytes. `None` if
/// the image was writing, or wrote during the reading: a probe reads piece by piece, while the image runs.
fn published<P: DebugProbe>(probe: &mut P, at: u64, len: usize) -> Result<Option<Vec<u8>>, P::Error> {
    let bytes = probe.read(at, 1 + len)?;
    let after = probe.read(at, 1)?;
    let whole = bytes.first() == after.first() && after.iter().all(|number| number % 2 == 0);
    Ok(whole.then_some(bytes))
}

/// A debug probe on a running image. Addresses are the core's; words are little-endian in memory, as on every Cortex-M.
///
/// A probe reads pins and drives none: what is connected to the board drives its inputs.
pub trait DebugProbe {
    /// Why an access failed.
    type Error: std::error::Error;

    /// Reads memory, byte by byte as the image sees it.
    ///
    /// # Errors
    /// The probe or its board is gone, or there is nothing at this address.
    fn read(&mut self, address: u64, len: usize) -> Result<Vec<u8>, Self::Error>;

    /// Reads a word of memory or a register, in one access.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    fn read_word(&mut self, address: u64) -> Result<u32, Self::Error>;

    /// Writes a word of memory or a register, in one access.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    fn write_word(&mut self, address: u64, word: u32) -> Result<(), Self::Error>;

    /// Resets the chip; the image starts anew.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    fn reset(&mut self) -> Result<(), Self::Error>;

    /// Whether a pin is high; `port` is 0 for port A.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    fn pin(&mut self, port: u8, pin: u8) -> Result<bool, Self::Error> {
        let levels = self.read_word(GPIO_A + GPIO_STEP * u64::from(port) + IDR)?;
        Ok(levels >> (pin & 15) & 1 == 1)
    }
}
