//! The numbers that the image keeps over a power cut. They are read from its storage region by the same code that
//! writes them.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use serde::Serialize;

use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Duties, Memory as _};

use super::DebugProbe;

/// The numbers in a terminal's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counters {
    /// The number of its next transaction.
    pub next_stan: u32,
    /// Whether a transaction must be reversed before anything else is done.
    pub reversal_due: bool,
    /// Whether one must be confirmed before.
    pub confirmation_due: bool,
    /// How many the centre has not taken again and again, and which hold up nothing.
    pub parked: u8,
    /// How often it has started.
    pub starts: u32,
    /// How many of these starts followed a panic or a fault.
    pub crashes: u32,
}

/// Reads them. `region` is the address of the storage and its number of bytes. `None`: the contents cannot be read.
///
/// # Errors
/// The probe fails.
pub(crate) fn counters<P: DebugProbe>(probe: &mut P, (at, length): (u64, usize)) -> Result<Option<Counters>, P::Error> {
    let mut bytes = probe.read(at, length)?;
    // The image keeps the first half of its region behind the second one.
    bytes.rotate_left(length / 2);
    let memory = Store::<_>::recall(Copy(bytes));
    let Duties { reversal, confirmation, parked } = memory.duties();
    Ok(memory.trouble().is_none().then(|| Counters {
        next_stan: memory.next().0,
        reversal_due: reversal,
        confirmation_due: confirmation,
        parked,
        starts: memory.starts(),
        crashes: memory.crashes().0,
    }))
}

/// The contents of the region; nothing is written there.
struct Copy(Vec<u8>);

/// An access beyond the region, or a write.
#[derive(Debug)]
struct NotThere;

impl NorFlashError for NotThere {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Copy {
    type Error = NotThere;
}

impl ReadNorFlash for Copy {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NotThere> {
        let from = offset as usize;
        bytes.copy_from_slice(self.0.get(from..from + bytes.len()).ok_or(NotThere)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

/// The pages and double words of the STM32L475 (RM0351 §3).
impl NorFlash for Copy {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 2048;

    fn erase(&mut self, _: u32, _: u32) -> Result<(), NotThere> {
        Err(NotThere)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), NotThere> {
        Err(NotThere)
    }
}
