//! The flashable images: builds the packages in `firmware/boards` and the third board in `tests`, and prints how much flash and RAM the linked ELFs
//! take.
//!
//! What its code may not do (use a heap, panic) is checked on the library, in `firmware`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};

use serde_json::{Value, json};

use crate::chores::symbol::path;
use crate::chores::{arm, step};

/// A board: its package and program, what it is built for, and the most flash without fonts and RAM with the whole stack that its
/// image may take, in bytes.
pub(crate) struct Board {
    package: &'static str,
    program: &'static str,
    target: &'static str,
    flash: u64,
    ram: u64,
    /// It draws its screens, so that it has fonts.
    draws: bool,
}

/// The board whose figures are looked at in all detail.
pub(crate) const FIRST: Board = Board {
    package: "qiyong-board-b-l475e-iot01a",
    program: "qiyong-b-l475e-iot01a",
    target: arm::TARGET,
    flash: FLASH_BOUND,
    ram: RAM_BOUND,
    draws: true,
};
/// A core without division and with half the instructions takes more, and two USB functions with it. The chip has 2 MiB, and the bound is
/// there so that growth is seen. Of the RAM, 128 KiB are the room of the USB reader for the longest command and response, and
/// two KiB are the panel's picture and the next one.
const PICO: Board = Board {
    package: "qiyong-board-pico",
    program: "qiyong-pico",
    target: arm::TARGET_M0,
    flash: 144 * 1024,
    ram: (128 + 32) * 1024,
    draws: true,
};
/// The one that was made from the template (docs/porting.md): in the bounds of the first one, but for its chip's own instructions. Its RAM
/// is counted without the storage region.
const THIRD: Board = Board {
    package: "qiyong-board-lm3s6965evb",
    program: "qiyong-lm3s6965evb",
    target: arm::TARGET_M3,
    flash: 100 * 1024,
    ram: 24 * 1024,
    draws: true,
};
/// The Pico's image with deliberate faults, which tests alone need.
const PICO_MUTANTS: [&str; 4] = ["--bin", "qiyong-pico-mutants", "--features", "mutants"];
/// Part of the name of every constant of the font. Fonts are counted separately: they grow with the texts, not with the
/// program.
const FONT: &str = "QIYONG_FONT_";
/// The most flash that the image may take without its fonts, in bytes.
const FLASH_BOUND: u64 = 96 * 1024;
/// The most RAM that all statics may take with the whole stack, in bytes.
const RAM_BOUND: u64 = 20 * 1024;
/// Which log messages are compiled in: without this, defmt keeps only errors.
const LOG: &str = "info";
/// The row for bytes without a symbol.
const NAMELESS: &str = "(without a name: constants, shared code, padding)";
/// The row for symbols without a path.
const NO_PATH: &str = "(vectors, interrupts, start-up)";
/// Where RAM begins on every Cortex-M (ARMv7-M, B3.1).
const RAM_START: u64 = 0x2000_0000;

/// Builds the images and prints their sizes.
///
/// # Errors
/// An image does not build, or exceeds its bounds.
pub(crate) fn run() -> Result<()> {
    PICO.build_with(&PICO_MUTANTS)?;
    for board in [FIRST, PICO, THIRD] {
        let Usage { flash, fonts, statics, stack, .. } = Usage::of(&board)?;
        println!("image {}, bytes", board.program);
        println!("{:<24} {flash:>8}  (bound {})", "flash without fonts", board.flash);
        println!("{:<24} {fonts:>8}", "flash: fonts");
        println!("{:<24} {statics:>8}", "RAM: statics");
        println!("{:<24} {stack:>8}  (reserved)", "RAM: stack");
        println!("{:<24} {:>8}  (bound {})", "RAM: sum", statics + stack, board.ram);
        if flash > board.flash || statics + stack > board.ram {
            bail!("the image exceeds a bound above: `cargo xtask size` shows which module takes how much");
        }
    }
    Ok(())
}

/// What an image takes of the chip's memory, in bytes.
pub(crate) struct Usage {
    /// Flash without fonts, including the initial values of variables.
    flash: u64,
    /// Flash of the fonts.
    fonts: u64,
    /// RAM of all statics.
    statics: u64,
    /// RAM reserved for the stack.
    stack: u64,
    /// Flash and RAM by crate and module, largest flash first. The first row has no name of its own: constants,
    /// padding, and code that the compiler shares among functions.
    pub(crate) modules: Vec<(String, u64, u64)>,
}

impl Usage {
    /// Builds the image and reads it.
    ///
    /// # Errors
    /// The image does not build, or the ELF is no image of ours.
    pub(crate) fn of_image() -> Result<Self> {
        Self::of(&FIRST)
    }

    fn of(board: &Board) -> Result<Self> {
        let elf = board.build()?;
        let bytes = fs::read(&elf).with_context(|| format!("cannot read {}", elf.display()))?;
        let image = object::File::parse(bytes.as_slice()).with_context(|| format!("cannot parse {}", elf.display()))?;
        // What is loaded to an address in flash.
        let loaded: u64 = image.segments().map(|segment| segment.file_range().1).sum();
        // A section outside memory has no address.
        let is_in_ram = |section: &object::Section<'_, '_>| section.address() >= RAM_START;
        let statics: u64 = image.sections().filter(is_in_ram).map(|section| section.size()).sum();
        let symbol = |name: &str| {
            let found = image.symbols().find(|symbol| symbol.name() == Ok(name)).map(|symbol| symbol.address());
            found.with_context(|| format!("{} has no symbol {name}", elf.display()))
        };
        let stack = symbol("_stack_start")? - symbol("_stack_end")?;

        let (mut fonts, mut modules) = (0, BTreeMap::<String, (u64, u64)>::new());
        for symbol in image.symbols().filter(|symbol| symbol.size() > 0) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap_or_default()));
            let (flash, ram) = modules.entry(module_of(&name)).or_default();
            match symbol.address() {
                _ if name.contains(FONT) => fonts += symbol.size(),
                RAM_START.. => *ram += symbol.size(),
                _ => *flash += symbol.size(),
            }
        }
        if fonts == 0 && board.draws {
            bail!("{} has no constant named {FONT}..., so its fonts cannot be counted apart", elf.display());
        }
        let flash = loaded - fonts;
        let mut modules: Vec<_> = modules.into_iter().map(|(name, (flash, ram))| (name, flash, ram)).collect();
        modules.sort_by_key(|(name, flash, ram)| (Reverse(*flash), Reverse(*ram), name.clone()));
        let sum = |of: fn(&(String, u64, u64)) -> u64| modules.iter().map(of).sum::<u64>();
        let (named, named_ram) = (sum(|module| module.1), sum(|module| module.2));
        let rest = (NAMELESS.to_string(), flash.saturating_sub(named), statics.saturating_sub(named_ram));
        modules.insert(0, rest);
        Ok(Self { flash, fonts, statics, stack, modules })
    }

    /// The image's part of `cargo xtask size`.
    pub(crate) fn print(&self) {
        println!("{:<48} {:>8} {:>8}", "", "flash", "RAM");
        let sum = ("sum, without fonts and stack".to_string(), self.flash, self.statics);
        for (name, flash, ram) in self.modules.iter().chain([&sum]) {
            println!("{name:<48} {flash:>8} {ram:>8}");
        }
        println!("{:<48} {:>8}", "bound", FLASH_BOUND);
        println!("{:<48} {:>8}", "fonts", self.fonts);
        println!("{:<48} {:>8} {:>8}  (bound of RAM, with statics: {RAM_BOUND})", "stack, reserved", "", self.stack);
    }

    /// The same for scripts.
    pub(crate) fn json(&self) -> Value {
        let module = |(name, flash, ram): &(String, u64, u64)| json!({"module": name, "flash": flash, "ram": ram});
        json!({
            "flash": {"bytes": self.flash, "bound": FLASH_BOUND},
            "fonts": self.fonts,
            "ram": {"statics": self.statics, "stack": self.stack, "bound": RAM_BOUND},
            "modules": self.modules.iter().map(module).collect::<Vec<_>>(),
        })
    }
}

/// The crate and module of a symbol. A symbol without a path belongs to start-up code or vector table.
fn module_of(name: &str) -> String {
    match path(name)[..] {
        [package, module, _, ..] => format!("{package}::{module}"),
        [package, _] => package.to_string(),
        _ if name.starts_with("__aeabi") || name.starts_with("mem") => "compiler_builtins".to_string(),
        _ => NO_PATH.to_string(),
    }
}

impl Board {
    /// Builds the image; returns the path of the ELF.
    ///
    /// # Errors
    /// The image does not build.
    pub(crate) fn build(&self) -> Result<PathBuf> {
        self.build_with(&["--bin", self.program])?;
        Ok(step::root().join(arm::FOLDER).join(self.target).join("firmware").join(self.program))
    }

    fn build_with(&self, arguments: &[&str]) -> Result<()> {
        let mut build = arm::cargo_build_image(self.target)?;
        build.env("DEFMT_LOG", LOG);
        build.args(["--target-dir", arm::FOLDER, "--profile", "firmware"]);
        step::run(build.args(["--package", self.package]).args(arguments))
    }
}
