//! An image as a UF2 file, which the RP2040's boot ROM takes from the drive that it shows: so a Pico is flashed without
//! a debug probe. [`drive`] finds that drive.
//!
//! The boot ROM is told of pages of 256 bytes, and erases sectors of 4 KiB by the numbers of the blocks, not by their
//! addresses: so the file has whole sectors, from the beginning of flash to the image's end without a gap. What lies
//! behind, the terminal's storage among it, stays as it is.
//!
//! Our own forty lines, since no crate for it is kept: `uf2` 0.1.0 is of 2018, and `elf2flash-core` reads the ELF in
//! its own way with five crates more, and asks nothing about the boot loader's second stage.

pub mod drive;

use std::ops::Range;
use std::path::Path;

use crc::{CRC_32_MPEG_2, Crc};
use object::read::elf::{AttributesSection, ElfFile32, FileHeader};
use object::{Endianness, Object, ObjectSection};
use thiserror::Error;

use crate::probe::fit::{self, Segment};
use crate::probe::image::{ImageError, ImageFault, contents};
use crate::probe::misfit::Shown;

/// The RP2040's number among UF2's families.
const FAMILY: u32 = 0xE48B_FF56;
/// The words at a block's beginning and at its end, and the flag that says that the family stands in it (UF2
/// specification).
const MAGIC: [u32; 2] = [0x0A32_4655, 0x9E5D_5157];
const MAGIC_END: u32 = 0x0AB1_6F30;
const FAMILY_PRESENT: u32 = 0x2000;
/// Bytes of a block, and how many of them may be data.
const BLOCK: usize = 512;
const ROOM: usize = 476;
/// What the boot ROM writes and erases at a time.
const PAGE: usize = 256;
const SECTOR: usize = 4096;

/// A Pico's flash and the chip's RAM (RP2040 data sheet, 2.2), and where the vector table is.
const FLASH: Range<u64> = 0x1000_0000..0x1020_0000;
const RAM: Range<u64> = 0x2000_0000..0x2004_2000;
const VECTORS: usize = PAGE;
/// Where the tags of ARM's build attributes say what core code is for, and the two profiles that the chip's cores are
/// of: ARMv6-M, and the same with SVC.
const CPU_ARCH: u64 = 6;
const ARMV6_M: [u64; 2] = [11, 12];
/// The attributes whose values are words, not numbers; above 32 each odd one is.
const WORDS: [u64; 2] = [4, 5];
const COMPATIBILITY: u64 = 32;

/// Why a file makes no UF2.
#[derive(Debug, Error)]
pub enum Uf2Error {
    /// It is no image at all.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It is an image, and not one for a Pico.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Why an image is none for a Pico.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Its code is for another core.
    #[error(
        "its code is not for the RP2040's core, a Cortex-M0+ (CPU_arch is {found}, and must be 11 or 12): build it for \
         thumbv6m-none-eabi"
    )]
    Core {
        /// What ARM's build attributes say.
        found: u64,
    },
    /// A segment would be loaded to where there is no flash.
    #[error(
        "segment {number} ({}) is not in a Pico's flash ({:#010x}..{:#010x}): link it with the Pico's memory map (memory.x); an image for \
         another chip goes through a debug probe, `qiyong flash --elf FILE --chip NAME`",
        Shown(loaded), FLASH.start, FLASH.end
    )]
    NotInFlash {
        /// The segment's number among the ELF's program headers, from 0.
        number: usize,
        /// Where it would be loaded to.
        loaded: Range<u64>,
    },
    /// The boot ROM would not start it.
    #[error(
        "it has no second stage of the boot loader, so the chip would not start it (check sum of its first 252 bytes {sum:#010x}, behind \
         them {found:#010x}): link it with embassy-rp's, by link-rp.x"
    )]
    NoBoot2 {
        /// The check sum of what is there.
        sum: u32,
        /// The check sum that is there.
        found: u32,
    },
    /// The boot loader would jump nowhere.
    #[error(
        "behind the boot loader's second stage is no vector table (stack at {stack:#010x}, reset at {reset:#010x}): link it with the Pico's \
         memory map (memory.x)"
    )]
    NoVectors {
        /// The first word.
        stack: u32,
        /// The second word.
        reset: u32,
    },
}

/// What the flash holds from its beginning once the image is in it, in whole sectors; what the image leaves free is
/// erased.
///
/// # Errors
/// The file is no image for a Pico.
pub fn flash_image(elf: &Path) -> Result<Vec<u8>, Uf2Error> {
    let bytes = contents(elf)?;
    let wrong = |fault: ImageFault| fault.of(elf);
    if !bytes.starts_with(&object::elf::ELFMAG) {
        return Err(wrong(ImageFault::NoElf).into());
    }
    let any = object::File::parse(bytes.as_slice()).map_err(|error| wrong(ImageFault::Damaged(error)))?;
    if any.architecture() != object::Architecture::Arm {
        return Err(wrong(ImageFault::NotArm).into());
    }
    let segments = fit::segments(elf, &bytes)?;
    let file = ElfFile32::<Endianness>::parse(bytes.as_slice()).map_err(|error| wrong(ImageFault::NotElf32(error)))?;
    if let Some(found) = core(&file).filter(|found| !ARMV6_M.contains(found)) {
        return Err(Unfit::Core { found }.into());
    }
    Ok(laid_out(&segments)?)
}

/// What core the code is for, if the file says that.
fn core(file: &ElfFile32<'_, Endianness>) -> Option<u64> {
    let data = file.section_by_name(".ARM.attributes")?.data().ok()?;
    let section =
        AttributesSection::<object::elf::FileHeader32<Endianness>>::new(file.elf_header().endian().ok()?, data).ok()?;
    let mut attributes = section.subsections().ok()?.next().ok()??.subsubsections().next().ok()??.attributes();
    while let Some(tag) = attributes.read_tag().ok()? {
        match tag {
            CPU_ARCH => return attributes.read_integer().ok(),
            COMPATIBILITY => {
                attributes.read_integer().ok()?;
                attributes.read_string().ok()?;
            }
            _ if WORDS.contains(&tag) || tag > COMPATIBILITY && tag % 2 == 1 => {
                attributes.read_string().ok()?;
            }
            _ => {
                attributes.read_integer().ok()?;
            }
        }
    }
    None
}

fn laid_out(segments: &[Segment]) -> Result<Vec<u8>, Unfit> {
    let mut flash = Vec::new();
    for segment in segments.iter().filter(|segment| !segment.data.is_empty()) {
        let loaded = segment.loaded();
        if loaded.start < FLASH.start || loaded.end > FLASH.end {
            return Err(Unfit::NotInFlash { number: segment.number, loaded });
        }
        let at = (loaded.start - FLASH.start) as usize;
        let end = at + segment.data.len();
        if flash.len() < end {
            flash.resize(end.next_multiple_of(SECTOR), 0xFF);
        }
        flash[at..end].copy_from_slice(&segment.data);
    }
    let word = |at: usize| flash.iter().skip(at).take(4).rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let boot2 = flash.get(..PAGE - 4).unwrap_or_default();
    let (sum, found) = (Crc::<u32>::new(&CRC_32_MPEG_2).checksum(boot2), word(PAGE - 4));
    if boot2.is_empty() || sum != found {
        return Err(Unfit::NoBoot2 { sum, found });
    }
    let (stack, reset) = (word(VECTORS), word(VECTORS + 4));
    let code = FLASH.start..FLASH.start + flash.len() as u64;
    // A stack grows down from the address above it; an instruction's lowest bit says that it is Thumb.
    let good = RAM.contains(&u64::from(stack.wrapping_sub(4))) && reset % 2 == 1 && code.contains(&reset.into());
    if good { Ok(flash) } else { Err(Unfit::NoVectors { stack, reset }) }
}

/// What the flash holds from its beginning, as a UF2 file.
pub fn blocks(flash: &[u8]) -> Vec<u8> {
    let pages = flash.chunks(PAGE);
    let count = pages.len() as u32;
    let mut file = Vec::with_capacity(pages.len() * BLOCK);
    for (number, page) in (0..).zip(pages) {
        let address = FLASH.start as u32 + number * PAGE as u32;
        let [magic, magic2] = MAGIC;
        for word in [magic, magic2, FAMILY_PRESENT, address, PAGE as u32, number, count, FAMILY] {
            file.extend(word.to_le_bytes());
        }
        file.extend(page);
        file.resize(file.len() + ROOM - page.len(), 0);
        file.extend(MAGIC_END.to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests;
