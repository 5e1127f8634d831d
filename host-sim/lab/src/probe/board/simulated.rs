//! For tests: an STM32L475 behind a debug probe, as far as probe-rs uses it: SW-DP and MEM-AP (ADIv5), the core's debug
//! registers (ARMv7-M, C1.6), memory, and a flash that the routines of probe-rs' flash algorithm write.
//!
//! It executes no instructions: where the core would run such a routine, the chip at once does what the routine is for.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use probe_rs::architecture::arm::sequences::ArmDebugSequence;
use probe_rs::architecture::arm::{
    ArmCommunicationInterface, ArmDebugInterface, ArmError, DapProbe, RawDapAccess, RegisterAddress,
};
use probe_rs::probe::list::{Lister, ProbeListItem, ProbeLister};
use probe_rs::probe::{
    DebugProbe, DebugProbeError, DebugProbeInfo, DebugProbeSelector, Probe, ProbeCreationError, ProbeFactory,
    WireProtocol,
};
use probe_rs::{CoreStatus, Error};

use chip::Chip;
pub(super) use chip::FLASH;

mod chip;

/// The probe, and the factory that makes it: both are handles of one chip.
#[derive(Clone)]
pub(super) struct Simulated(Arc<Mutex<Chip>>);

impl Simulated {
    /// A running chip, behind a probe that is plugged in.
    pub(super) fn new(target: &probe_rs::Target) -> Self {
        let chip = Chip::new(target);
        Self(Arc::new(Mutex::new(chip)))
    }

    pub(super) fn chip(&self) -> MutexGuard<'_, Chip> {
        self.0.lock().unwrap()
    }

    /// Whether the core is halted, and how often it was reset.
    pub(super) fn core(&self) -> (bool, usize) {
        let chip = self.chip();
        (chip.halted, chip.resets)
    }

    pub(super) fn lister(&self) -> Lister {
        Lister::with_lister(Box::new(self.clone()))
    }

    /// Its entry in the list of probes, with this serial number.
    pub(super) fn listed_as(&self, serial: &str) -> ProbeListItem {
        let factory: &'static dyn ProbeFactory = Box::leak(Box::new(self.clone()));
        let info = DebugProbeInfo::new("simulated", 0x0483, 0x374B, Some(serial.into()), factory, None, false);
        ProbeListItem::accessible(info)
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a simulation")
    }
}

impl ProbeFactory for Simulated {
    fn open(&self, _: &DebugProbeSelector) -> Result<Box<dyn DebugProbe>, DebugProbeError> {
        match self.chip().plugged_for {
            Some(0) => Err(ProbeCreationError::CouldNotOpen.into()),
            _ => Ok(Box::new(self.clone())),
        }
    }

    fn list_probes(&self) -> Vec<ProbeListItem> {
        Vec::new()
    }
}

impl ProbeLister for Simulated {
    fn open(&self, selector: &DebugProbeSelector) -> Result<Probe, DebugProbeError> {
        ProbeFactory::open(self, selector).map(Probe::from_specific_probe)
    }

    fn list_with_access(&self, _: Option<&DebugProbeSelector>) -> Vec<ProbeListItem> {
        if self.chip().plugged_for == Some(0) { Vec::new() } else { vec![self.listed_as("ONE")] }
    }
}

impl DebugProbe for Simulated {
    fn get_name(&self) -> &str {
        "simulated"
    }

    fn speed_khz(&self) -> u32 {
        4000
    }

    fn set_speed(&mut self, speed_khz: u32) -> Result<u32, DebugProbeError> {
        Ok(speed_khz)
    }

    fn attach(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn detach(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn target_reset(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn target_reset_assert(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn target_reset_deassert(&mut self) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn select_protocol(&mut self, _: WireProtocol) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn active_protocol(&self) -> Option<WireProtocol> {
        Some(WireProtocol::Swd)
    }

    fn has_arm_interface(&self) -> bool {
        true
    }

    fn try_get_arm_debug_interface<'probe>(
        self: Box<Self>,
        sequence: Arc<dyn ArmDebugSequence>,
    ) -> Result<Box<dyn ArmDebugInterface + 'probe>, (Box<dyn DebugProbe>, ArmError)> {
        Ok(ArmCommunicationInterface::create(self, sequence, false))
    }

    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }

    fn try_as_dap_probe(&mut self) -> Option<&mut dyn DapProbe> {
        Some(self)
    }
}

impl RawDapAccess for Simulated {
    fn raw_read_register(&mut self, address: RegisterAddress) -> Result<u32, ArmError> {
        self.chip().access(address, None)
    }

    fn raw_write_register(&mut self, address: RegisterAddress, value: u32) -> Result<(), ArmError> {
        self.chip().access(address, Some(value)).map(drop)
    }

    fn jtag_sequence(&mut self, _: u8, _: bool, _: u64) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn swj_sequence(&mut self, _: u8, _: u64) -> Result<(), DebugProbeError> {
        Ok(())
    }

    fn swj_pins(&mut self, _: u32, _: u32, _: u32) -> Result<u32, DebugProbeError> {
        Ok(0)
    }

    fn into_probe(self: Box<Self>) -> Box<dyn DebugProbe> {
        self
    }

    fn core_status_notification(&mut self, _: CoreStatus) -> Result<(), DebugProbeError> {
        Ok(())
    }
}

impl DapProbe for Simulated {}
