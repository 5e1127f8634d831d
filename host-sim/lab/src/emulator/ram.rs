//! The board's RAM as a whole, for whoever looks for what should not be there.

use super::EmulatorError;
use super::machine::Machine;
use crate::probe::DebugProbe;

/// Where the chip's RAM lies, and how many bytes it has.
const SRAM1: (u64, usize) = (0x2000_0000, 96 * 1024);
const SRAM2: (u64, usize) = (0x1000_0000, 32 * 1024);

impl Machine {
    /// All of the board's RAM as it is now, SRAM1 and then SRAM2: variables, stack, and the storage that an emulated
    /// board has there. The board stands still meanwhile, so that this is one moment.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn ram(&mut self) -> Result<Vec<u8>, EmulatorError> {
        self.control.stop()?;
        let mut bytes = Vec::new();
        for (at, length) in [SRAM1, SRAM2] {
            bytes.extend(self.probe.read(at, length)?);
        }
        self.control.go_on()?;
        Ok(bytes)
    }
}
