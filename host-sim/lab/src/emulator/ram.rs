//! The board's RAM as a whole, for whoever looks for what should not be there.

use super::EmulatorError;
use super::machine::Machine;
use crate::probe::DebugProbe;

impl Machine {
    /// All of the board's RAM as it is now, part by part: variables, stack, and the storage that an emulated
    /// board has there. The board stands still meanwhile, so that this is one moment.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn ram(&mut self) -> Result<Vec<u8>, EmulatorError> {
        self.control.stop()?;
        let mut bytes = Vec::new();
        for (at, length) in self.model.ram {
            bytes.extend(self.probe.read(*at, *length)?);
        }
        self.control.go_on()?;
        Ok(bytes)
    }
}
