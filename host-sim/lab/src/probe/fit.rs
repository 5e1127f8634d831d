//! Whether an image fits a chip: compares what its ELF loads, and to which addresses, with the chip's memory map.
//!
//! Nothing here touches a chip, so that a wrong file is refused before a probe is opened. The caller provides the map.

use std::ops::Range;
use std::path::Path;

use object::Endianness;
use object::elf::{ET_EXEC, FileHeader32, PT_LOAD};
use object::read::elf::{ElfFile32, FileHeader, ProgramHeader};

use super::image::{Image, ImageError, ImageFault};
use super::misfit::{Misfit, Pointed};

/// What matters of a chip here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// Its name.
    pub name: String,
    /// The address ranges of the flash from which it starts, in order; adjoining ranges are joined.
    pub flash: Vec<Range<u64>>,
    /// The address ranges of its RAM, likewise.
    pub ram: Vec<Range<u64>>,
}

/// A part of the image that is loaded or reserved as a whole: a program header of type LOAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number among the ELF's program headers, from 0, as `readelf -l` lists them.
    pub number: usize,
    /// The physical address to which its bytes are loaded.
    pub load: u64,
    /// Its bytes; none if it is only reserved.
    pub data: Vec<u8>,
    /// Its addresses while the image runs, including what is reserved after its bytes.
    pub run: Range<u64>,
}

impl Segment {
    /// The addresses to which it is loaded.
    pub fn loaded(&self) -> Range<u64> {
        self.load..self.load.saturating_add(self.data.len() as u64)
    }
}

impl Chip {
    /// A chip with these regions, in any order.
    pub fn new(name: &str, flash: Vec<Range<u64>>, ram: Vec<Range<u64>>) -> Self {
        Self { name: name.into(), flash: joined(flash), ram: joined(ram) }
    }
}

/// Regions in order, adjoining ones joined.
fn joined(mut regions: Vec<Range<u64>>) -> Vec<Range<u64>> {
    regions.sort_by_key(|region| region.start);
    let mut all: Vec<Range<u64>> = Vec::new();
    for region in regions {
        match all.last_mut().filter(|last| last.end >= region.start) {
            Some(last) => last.end = last.end.max(region.end),
            None => all.push(region),
        }
    }
    all
}

/// The segments of a file that is known to be an ELF.
///
/// # Errors
/// The ELF is no executable for a 32-bit little-endian core, or is cut off.
pub fn segments(path: &Path, bytes: &[u8]) -> Result<Vec<Segment>, ImageError> {
    let wrong = |fault: ImageFault| fault.of(path);
    let elf = ElfFile32::<Endianness>::parse(bytes).map_err(|error| wrong(ImageFault::NotElf32(error)))?;
    let header: &FileHeader32<Endianness> = elf.elf_header();
    let endian = elf.endian();
    if endian != Endianness::Little || header.e_type(endian) != ET_EXEC {
        return Err(wrong(ImageFault::NotLinked));
    }
    let mut segments = Vec::new();
    for (number, header) in elf.elf_program_headers().iter().enumerate() {
        let reserved = u64::from(header.p_memsz(endian));
        if header.p_type(endian) != PT_LOAD || reserved == 0 {
            continue;
        }
        let data = header.data(endian, bytes).map_err(|()| wrong(ImageFault::SegmentCutOff { number }))?;
        let start = u64::from(header.p_vaddr(endian));
        segments.push(Segment {
            number,
            load: header.p_paddr(endian).into(),
            data: data.to_vec(),
            run: start..start + reserved,
        });
    }
    Ok(segments)
}

/// Why the image does not fit the chip: each reason with its addresses and what to do; none if it fits.
pub fn misfits(image: &Image, segments: &[Segment], chip: &Chip) -> Vec<Misfit> {
    let Chip { name, flash, ram } = chip;
    let chip_name = || name.clone();
    let mut wrong = Vec::new();
    for segment in segments {
        let (number, loaded, run) = (segment.number, segment.loaded(), &segment.run);
        if !loaded.is_empty() && lies_in(ram, &loaded) {
            wrong.push(Misfit::LoadedToRam { number, loaded });
        } else if !loaded.is_empty() && !lies_in(flash, &loaded) {
            wrong.push(Misfit::NotInFlash { number, loaded, flash: flash.clone(), chip: chip_name() });
        } else if !lies_in(flash, run) && !lies_in(ram, run) {
            wrong.push(Misfit::RunsOutside { number, run: run.clone(), ram: ram.clone(), chip: chip_name() });
        }
    }
    let stack = image.stack.0..image.stack.1;
    if stack.is_empty() || !lies_in(ram, &stack) {
        wrong.push(Misfit::Stack { stack, ram: ram.clone(), chip: chip_name() });
    }
    for (what, at) in [(Pointed::Log, image.rtt), (Pointed::Screen, image.screen)] {
        if !lies_in(ram, &(at..at + 1)) {
            wrong.push(Misfit::Pointed { what, at, ram: ram.clone(), chip: chip_name() });
        }
    }
    wrong.extend(vectors(segments, chip));
    wrong
}

/// Why the chip would not start: it takes its stack pointer and its first instruction from the beginning of flash
/// (ARMv7-M, B1.5.5).
fn vectors(segments: &[Segment], chip: &Chip) -> Option<Misfit> {
    let start = chip.flash.first()?.start;
    let first = segments.iter().find(|segment| segment.load == start && segment.data.len() >= 8);
    let Some(first) = first else {
        return Some(Misfit::NothingAtStart { start, chip: chip.name.clone() });
    };
    let word = |at: usize| first.data.iter().skip(at).take(4).rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let (stack, reset) = (word(0), word(4));
    // A stack grows down from the address above RAM; an instruction's lowest bit says that it is Thumb.
    let good = lies_in(&chip.ram, &(stack.saturating_sub(4)..stack)) && reset % 2 == 1;
    let code = |segment: &&Segment| segment.loaded().contains(&(reset & !1));
    if good && segments.iter().any(|segment| code(&segment)) {
        return None;
    }
    Some(Misfit::NoVectors { start, stack, reset, chip: chip.name.clone() })
}

fn lies_in(regions: &[Range<u64>], range: &Range<u64>) -> bool {
    regions.iter().any(|region| region.start <= range.start && range.end <= region.end)
}
