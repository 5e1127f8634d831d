//! The flashable image: builds the package in `firmware/boards`, and tells how much flash and RAM the linked ELF takes.
//!
//! What the code in it may do (no heap, no panics) is checked on the library, in `firmware`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};

use crate::arm;
use crate::step;

/// The package, and its program.
const PACKAGE: &str = "qiyong-board-b-l475e-iot01a";
const PROGRAM: &str = "qiyong-b-l475e-iot01a";
/// What the names of the font's constants contain. Fonts are counted apart: they grow with the texts, not with the program.
const FONT: &str = "QIYONG_FONT_";
/// The most flash that the image may take without its fonts, in bytes.
const FLASH_BOUND: u64 = 64 * 1024;
/// The most RAM that all statics may take with the whole stack, in bytes.
const RAM_BOUND: u64 = 16 * 1024;
/// Which messages are compiled in: without this defmt keeps errors only.
const LOG: &str = "info";
/// Where RAM begins on every Cortex-M (ARMv7-M, B3.1).
const RAM_START: u64 = 0x2000_0000;

/// Builds the image and prints its size.
///
/// # Errors
/// When it does not build, or exceeds its bounds.
pub(crate) fn run() -> Result<()> {
    let elf = build()?;
    let bytes = fs::read(&elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let image = object::File::parse(bytes.as_slice()).with_context(|| format!("cannot parse {}", elf.display()))?;
    // What is loaded to an address in flash, the first values of variables included.
    let flash: u64 = image.segments().map(|segment| segment.file_range().1).sum();
    // What is not in memory has no address.
    let is_in_ram = |section: &object::Section<'_, '_>| section.address() >= RAM_START;
    let statics: u64 = image.sections().filter(is_in_ram).map(|section| section.size()).sum();
    let is_font = |symbol: &object::Symbol<'_, '_>| symbol.name().is_ok_and(|name| name.contains(FONT));
    let fonts: u64 = image.symbols().filter(is_font).map(|symbol| symbol.size()).sum();
    if fonts == 0 {
        bail!("{} has no constant named {FONT}..., so its fonts cannot be counted apart", elf.display());
    }
    let flash = flash - fonts;
    let symbol = |name: &str| {
        let found = image.symbols().find(|symbol| symbol.name() == Ok(name)).map(|symbol| symbol.address());
        found.with_context(|| format!("{} has no symbol {name}", elf.display()))
    };
    let stack = symbol("_stack_start")? - symbol("_stack_end")?;
    println!("image {PROGRAM}, bytes");
    println!("{:<24} {flash:>8}  (bound {FLASH_BOUND})", "flash without fonts");
    println!("{:<24} {fonts:>8}", "flash: fonts");
    println!("{:<24} {statics:>8}", "RAM: statics");
    println!("{:<24} {stack:>8}  (reserved)", "RAM: stack");
    println!("{:<24} {:>8}  (bound {RAM_BOUND})", "RAM: sum", statics + stack);
    if flash > FLASH_BOUND || statics + stack > RAM_BOUND {
        bail!("the image exceeds a bound above: `nm --size-sort --demangle {}` shows what is large", elf.display());
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    let mut build = arm::cargo_build_image()?;
    build.env("DEFMT_LOG", LOG);
    build.args(["--target-dir", arm::FOLDER, "--profile", "firmware"]);
    step::run(build.args(["--package", PACKAGE]))?;
    Ok(step::root().join(arm::FOLDER).join(arm::TARGET).join("firmware").join(PROGRAM))
}
