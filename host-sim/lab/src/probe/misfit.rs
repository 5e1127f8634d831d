//! Why an image does not fit a chip, a cause a variant: with its addresses, and in words what to do.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

/// Why an image does not fit a chip. Ranges are addresses, the end being the first address behind.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    /// A segment would be loaded to RAM.
    #[error(
        "segment {number} ({}) is loaded to RAM, which is empty after a reset: give it a place in flash",
        Shown(loaded)
    )]
    LoadedToRam {
        /// The segment's number among the ELF's program headers, from 0.
        number: usize,
        /// Where it would be loaded to.
        loaded: Range<u64>,
    },
    /// A segment would be loaded to where there is no memory.
    #[error("segment {number} ({}) is not in flash ({}): link it with {}", Shown(loaded), all(flash), Relink(chip))]
    NotInFlash {
        /// The segment's number among the ELF's program headers, from 0.
        number: usize,
        /// Where it would be loaded to.
        loaded: Range<u64>,
        /// The chip's flash.
        flash: Vec<Range<u64>>,
        /// The chip's name.
        chip: String,
    },
    /// A segment is, while the image runs, where there is no memory.
    #[error(
        "segment {number} ({}) runs where there is no RAM ({}): link it with {}",
        Shown(run),
        all(ram),
        Relink(chip)
    )]
    RunsOutside {
        /// The segment's number among the ELF's program headers, from 0.
        number: usize,
        /// Where it is while the image runs.
        run: Range<u64>,
        /// The chip's RAM.
        ram: Vec<Range<u64>>,
        /// The chip's name.
        chip: String,
    },
    /// The stack is where there is no RAM.
    #[error("the stack ({}) is not in RAM ({}): link it with {}", Shown(stack), all(ram), Relink(chip))]
    Stack {
        /// Where the stack is.
        stack: Range<u64>,
        /// The chip's RAM.
        ram: Vec<Range<u64>>,
        /// The chip's name.
        chip: String,
    },
    /// What the probe reads is where there is no RAM.
    #[error("{what} ({at:#010x}) is not in RAM ({}): link it with {}", all(ram), Relink(chip))]
    Pointed {
        /// What.
        what: Pointed,
        /// Its address.
        at: u64,
        /// The chip's RAM.
        ram: Vec<Range<u64>>,
        /// The chip's name.
        chip: String,
    },
    /// The chip would start from empty flash.
    #[error("nothing is loaded to {start:#010x}, where the chip starts: link it with {}", Relink(chip))]
    NothingAtStart {
        /// The address that the chip starts from.
        start: u64,
        /// The chip's name.
        chip: String,
    },
    /// What the chip would take for its first stack pointer and first instruction are none.
    #[error(
        "what is loaded to {start:#010x} is no vector table (stack at {stack:#010x}, reset at {reset:#010x}): link it with {}",
        Relink(chip)
    )]
    NoVectors {
        /// The address that the chip starts from.
        start: u64,
        /// The first word.
        stack: u64,
        /// The second word.
        reset: u64,
        /// The chip's name.
        chip: String,
    },
}

/// What the probe reads by a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointed {
    /// The control block of the log.
    Log,
    /// The screen's words.
    Screen,
}

impl fmt::Display for Pointed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "the log's _SEGGER_RTT",
            Self::Screen => "the screen's QIYONG_SCREEN",
        })
    }
}

/// What to do, for a chip of this name.
struct Relink<'a>(&'a str);

impl fmt::Display for Relink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'s memory map (memory.x), or name the chip that it is for with --chip", self.0)
    }
}

/// A range with its size.
pub(crate) struct Shown<'a>(pub(crate) &'a Range<u64>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { start, end } = self.0;
        write!(f, "{start:#010x}..{end:#010x}, {} bytes", end.saturating_sub(*start))
    }
}

fn all(regions: &[Range<u64>]) -> String {
    let shown: Vec<_> = regions.iter().map(|region| format!("{:#010x}..{:#010x}", region.start, region.end)).collect();
    if shown.is_empty() { "it has none".into() } else { shown.join(", ") }
}
