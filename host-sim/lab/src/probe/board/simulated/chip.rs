//! The simulated chip: its ports, memory, core and flash.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use probe_rs::architecture::arm::{ArmError, DapError, RegisterAddress};
use probe_rs::flashing::FlashAlgorithm;
use probe_rs::probe::DebugProbeError;

pub(in crate::probe::board) const FLASH: Range<u32> = 0x0800_0000..0x0810_0000;
/// The existing memory: flash, SRAM2, SRAM1, peripherals, the core's registers.
const THERE: [Range<u32>; 5] =
    [FLASH, 0x1000_0000..0x1000_8000, 0x2000_0000..0x2001_8000, 0x4000_0000..0x5000_0000, 0xE000_0000..0xE010_0000];
/// How many bytes of flash are erased at once (RM0351 §3.3.1).
const PAGE: u32 = 2048;

const DHCSR: u32 = 0xE000_EDF0;
const DCRSR: u32 = 0xE000_EDF4;
const DCRDR: u32 = 0xE000_EDF8;
const DEMCR: u32 = 0xE000_EDFC;
const DFSR: u32 = 0xE000_ED30;
const AIRCR: u32 = 0xE000_ED0C;
const FP_CTRL: u32 = 0xE000_2000;
/// The number of the program counter among the core's registers.
const PC: u32 = 15;

/// The chip.
#[derive(Default)]
pub(in crate::probe::board) struct Chip {
    words: HashMap<u32, u32>,
    /// DP SELECT and CTRL/STAT; AP CSW and TAR.
    select: u32,
    control: u32,
    csw: u32,
    tar: u32,
    registers: HashMap<u32, u32>,
    pub(in crate::probe::board) halted: bool,
    /// The core has been reset since this bit was last read.
    was_reset: bool,
    pub(super) resets: usize,
    /// How many transfers are left until the probe is unplugged and the board is switched off.
    pub(in crate::probe::board) plugged_for: Option<usize>,
    pub(in crate::probe::board) powered_for: Option<usize>,
    /// Flash keeps these bits at zero, as worn cells do.
    pub(in crate::probe::board) worn: u32,
    algorithm: Option<FlashAlgorithm>,
}

impl Chip {
    /// A running chip, which knows the routines with which probe-rs flashes it.
    pub(super) fn new(target: &probe_rs::Target) -> Self {
        let start = u64::from(FLASH.start);
        let algorithm =
            target.flash_algorithms.iter().find(|algorithm| algorithm.flash_properties.address_range.contains(&start));
        let assemble =
            |algorithm| FlashAlgorithm::assemble_from_raw_with_core(algorithm, &target.cores[0].name, target).unwrap();
        Self { algorithm: algorithm.map(assemble), ..Self::default() }
    }

    fn word(&self, address: u32) -> u32 {
        let erased = if FLASH.contains(&address) { u32::MAX } else { 0 };
        self.words.get(&(address & !3)).copied().unwrap_or(erased)
    }

    fn put(&mut self, address: u32, byte: u8) {
        let shift = 8 * (address % 4);
        let word = self.word(address) & !(0xFF << shift) | u32::from(byte) << shift;
        self.words.insert(address & !3, word);
    }

    /// Puts bytes into memory, flash or RAM.
    pub(in crate::probe::board) fn load(&mut self, address: u32, bytes: &[u8]) {
        (address..).zip(bytes).for_each(|(address, byte)| self.put(address, *byte));
    }

    /// The contents of memory.
    pub(in crate::probe::board) fn bytes(&self, range: Range<u32>) -> Vec<u8> {
        range.map(|address| (self.word(address) >> (8 * (address % 4))) as u8).collect()
    }

    fn register(&self, number: u32) -> u32 {
        self.registers.get(&number).copied().unwrap_or_default()
    }

    fn read(&mut self, address: u32) -> u32 {
        match address & !3 {
            // Reading clears S_RESET_ST; S_HALT and C_HALT; S_REGRDY and C_DEBUGEN.
            DHCSR => {
                let was_reset = u32::from(std::mem::take(&mut self.was_reset)) << 25;
                let halted = if self.halted { 1 << 17 | 1 << 1 } else { 0 };
                was_reset | halted | 1 << 16 | 1
            }
            // Six comparators.
            FP_CTRL => 6 << 4,
            address => self.word(address),
        }
    }

    fn write(&mut self, address: u32, word: u32) {
        match address {
            DHCSR if word >> 16 == 0xA05F => {
                let (halt, step) = (word & 2 != 0, word & 4 != 0);
                if !self.halted || halt {
                    self.halted = halt;
                } else if step {
                    self.registers.insert(PC, self.register(PC) + 2);
                } else {
                    self.halted = false;
                    self.run();
                }
            }
            DCRSR if word & 1 << 16 != 0 => {
                self.registers.insert(word & 0x7F, self.word(DCRDR));
            }
            DCRSR => {
                self.words.insert(DCRDR, self.register(word & 0x7F));
            }
            AIRCR if word == 0x05FA_0004 => {
                self.resets += 1;
                self.was_reset = true;
                // VC_CORERESET.
                self.halted = self.word(DEMCR) & 1 != 0;
            }
            // Writing ones clears bits.
            DFSR => {
                self.words.insert(DFSR, self.word(DFSR) & !word);
            }
            address => {
                self.words.insert(address, word);
            }
        }
    }

    /// The core runs on after one step: if a routine of the flash algorithm begins there, up to the end of this
    /// routine.
    fn run(&mut self) {
        let Some(algorithm) = self.algorithm.take() else {
            return;
        };
        let [stepped, address, len, data] = [PC, 0, 1, 2].map(|number| self.register(number));
        let pc = stepped.saturating_sub(2);
        let is_at = |routine: Option<u64>| routine.is_some_and(|routine| routine as u32 & !1 == pc & !1);
        let mut result = 0;
        let mut halts = true;
        if is_at(Some(algorithm.pc_erase_sector)) {
            self.words.retain(|word, _| *word & !(PAGE - 1) != address & !(PAGE - 1));
        } else if is_at(Some(algorithm.pc_program_page)) {
            let bytes = self.bytes(data..data + len);
            // Flash can be programmed once after it was erased.
            result = u32::from(self.bytes(address..address + len).iter().any(|byte| *byte != 0xFF));
            self.load(address, &bytes);
            if let Some(word) = self.words.get_mut(&(address & !3)) {
                *word &= !self.worn;
            }
        } else if is_at(algorithm.pc_verify) {
            let same = self.bytes(address..address + len) == self.bytes(data..data + len);
            result = if same { address + len } else { address };
        } else if !is_at(algorithm.pc_init) && !is_at(algorithm.pc_uninit) {
            halts = false;
        }
        self.algorithm = Some(algorithm);
        if halts {
            self.registers.insert(0, result);
            self.halted = true;
            // BKPT, to which the routine returns.
            self.words.insert(DFSR, 2);
        }
    }

    fn transfer(&mut self, write: Option<u32>) -> Result<u32, ArmError> {
        let address = self.tar;
        if !THERE.iter().any(|range| range.contains(&address)) {
            return Err(DapError::FaultResponse.into());
        }
        let (len, lane) = (1 << (self.csw & 7), 8 * (address % 4));
        let word = match (write, len) {
            (None, _) => self.read(address),
            (Some(word), 4) => {
                self.write(address, word);
                0
            }
            (Some(word), len) => {
                (0..len).for_each(|at| self.put(address + at, (word >> (lane + 8 * at)) as u8));
                0
            }
        };
        if self.csw & 0x30 != 0 {
            // The address wraps within 1 KiB.
            self.tar = address & !0x3FF | (address + len) & 0x3FF;
        }
        Ok(word)
    }

    pub(super) fn access(&mut self, register: RegisterAddress, write: Option<u32>) -> Result<u32, ArmError> {
        for left in [&mut self.plugged_for, &mut self.powered_for] {
            *left = left.map(|left| left.saturating_sub(1));
        }
        if self.plugged_for == Some(0) {
            return Err(DebugProbeError::Usb(io::Error::other("no such device")).into());
        }
        if self.powered_for == Some(0) {
            return Err(DapError::NoAcknowledge.into());
        }
        let bank = (self.select & 0xF0) as u8;
        let number = match register {
            RegisterAddress::DpRegister(register) => return Ok(self.debug_port(register.address, write)),
            RegisterAddress::ApRegister(number) => bank | number & 0xF,
        };
        match (number, write) {
            (0x00, Some(word)) => self.csw = word,
            // DeviceEn.
            (0x00, None) => return Ok(self.csw | 1 << 6),
            (0x04, Some(word)) => self.tar = word,
            (0x04, None) => return Ok(self.tar),
            (0x0C, write) => return self.transfer(write),
            // An AHB-AP of a Cortex-M4.
            (0xFC, None) => return Ok(0x2477_0011),
            _ => {}
        }
        Ok(0)
    }

    fn debug_port(&mut self, address: u8, write: Option<u32>) -> u32 {
        match (address, write) {
            // An SW-DP of a Cortex-M4.
            (0x0, None) => 0x2BA0_1477,
            (0x4, Some(word)) if self.select & 0xF == 0 => {
                // Whatever is requested to have power has it.
                self.control = word | (word & 0x5000_0000) << 1;
                0
            }
            (0x4, None) if self.select & 0xF == 0 => self.control,
            (0x8, Some(word)) => {
                self.select = word;
                0
            }
            _ => 0,
        }
    }
}
