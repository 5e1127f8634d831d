//! For tests: a probe on memory that stays as it is or changes as a test says, with a log in it as an image would write
//! it.

use defmt_decoder::Table;
use object::write::{Object, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope};
use thiserror::Error;

use super::DebugProbe;

/// Where the fake's memory begins, and RTT's control block in it.
pub(super) const RAM: u64 = 0x2000_0000;
/// Where RTT's ring is.
const RING: usize = 0x80;
/// Memory that a test may use as it likes.
pub(super) const FREE: u64 = RAM + 0x1000;
const RAM_LEN: usize = 0x2000;

/// The probe was pulled out, or there is nothing at this address.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("there is nothing: was it unplugged?")]
pub(super) struct Nothing;

/// Is called with a read's address, and may change the memory.
type BeforeRead = Box<dyn FnMut(u64, &mut Vec<u8>)>;

/// The fake.
pub(super) struct Fake {
    pub(super) memory: Vec<u8>,
    /// How many accesses are left until the probe is pulled out.
    pub(super) accesses: usize,
    /// Is called before every read.
    pub(super) before_read: BeforeRead,
    /// The levels of ports A and B.
    pub(super) levels: [u32; 2],
}

impl Fake {
    pub(super) fn new() -> Self {
        Self { memory: vec![0; RAM_LEN], accesses: usize::MAX, before_read: Box::new(|_, _| {}), levels: [0; 2] }
    }

    fn at(&mut self, address: u64, len: usize) -> Result<&mut [u8], Nothing> {
        self.accesses = self.accesses.checked_sub(1).ok_or(Nothing)?;
        let at = address.checked_sub(RAM).and_then(|at| usize::try_from(at).ok()).ok_or(Nothing)?;
        self.memory.get_mut(at..).and_then(|memory| memory.get_mut(..len)).ok_or(Nothing)
    }

    pub(super) fn put(&mut self, address: u64, bytes: &[u8]) {
        self.at(address, bytes.len()).unwrap().copy_from_slice(bytes);
    }
}

impl DebugProbe for Fake {
    type Error = Nothing;

    fn read(&mut self, address: u64, len: usize) -> Result<Vec<u8>, Nothing> {
        (self.before_read)(address, &mut self.memory);
        self.at(address, len).map(|bytes| bytes.to_vec())
    }

    fn read_word(&mut self, address: u64) -> Result<u32, Nothing> {
        // GPIOA_IDR and GPIOB_IDR.
        if let Some(port) = [0x4800_0010, 0x4800_0410].iter().position(|idr| *idr == address) {
            return Ok(self.levels[port]);
        }
        let word = self.at(address, 4)?;
        Ok(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    }

    fn write_word(&mut self, address: u64, word: u32) -> Result<(), Nothing> {
        self.at(address, 4).map(|at| at.copy_from_slice(&word.to_le_bytes()))
    }

    fn reset(&mut self) -> Result<(), Nothing> {
        self.memory.fill(0);
        Ok(())
    }
}

/// The image's side of the ring, as defmt-rtt writes it when no probe has made it wait: it overwrites what was not
/// fetched.
pub(super) struct Ring {
    size: usize,
    write: usize,
}

impl Ring {
    /// Sets up the control block, as the start of the image does.
    pub(super) fn new(memory: &mut [u8], size: usize) -> Self {
        memory[..10].copy_from_slice(b"SEGGER RTT");
        for (at, word) in [(28, RAM as u32 + RING as u32), (32, size as u32), (36, 0), (40, 0)] {
            memory[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        Self { size, write: 0 }
    }

    /// Writes bytes.
    pub(super) fn write(&mut self, memory: &mut [u8], bytes: &[u8]) {
        for byte in bytes {
            memory[RING + self.write] = *byte;
            self.write = (self.write + 1) % self.size;
        }
        memory[36..40].copy_from_slice(&(self.write as u32).to_le_bytes());
    }
}

/// The words of a log with one message, `number {=u32}`: the section and symbols that defmt's linker script makes.
pub(super) fn table() -> Table {
    let mut elf = Object::new(BinaryFormat::Elf, Architecture::Arm, Endianness::Little);
    let section = elf.add_section(Vec::new(), b".defmt".to_vec(), SectionKind::ReadOnlyData);
    elf.append_section_data(section, &[0; 16], 1);
    let message = r#"{"package":"p","disambiguator":"1","tag":"defmt_info","data":"number {=u32}","crate_name":"p"}"#;
    for (name, value, section) in [
        (message, 5, SymbolSection::Section(section)),
        ("_defmt_version_ = 4", 0, SymbolSection::Absolute),
        ("_defmt_encoding_ = rzcobs", 0, SymbolSection::Absolute),
    ] {
        elf.add_symbol(Symbol {
            name: name.into(),
            value,
            size: 1,
            kind: SymbolKind::Data,
            scope: SymbolScope::Linkage,
            weak: false,
            section,
            flags: SymbolFlags::None,
        });
    }
    Table::parse(&elf.write().unwrap()).unwrap().unwrap()
}

/// The message `number N` in rzCOBS: one group of seven bytes, the last of which is padding, and the zero after it.
pub(super) fn frame(number: u32) -> Vec<u8> {
    let mut bytes = [0; 7];
    bytes[0] = 5;
    bytes[2..6].copy_from_slice(&number.to_le_bytes());
    let zeros = bytes.iter().enumerate().fold(0, |zeros, (at, byte)| zeros | u8::from(*byte == 0) << at);
    bytes.into_iter().filter(|byte| *byte != 0).chain([zeros, 0]).collect()
}
