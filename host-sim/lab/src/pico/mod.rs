//! The flashable image of the board Pico in rp2040js, unmodified, with a virtual card at its pins, and a till, a centre and a
//! holder around it.
//!
//! | Module | What it is for |
//! |---|---|
//! | `harness` | the program that runs the chip, and what is said to it |
//! | `wire` | I/O: levels in time, and the characters in them |
//! | `slot` | the card at the pins, and the referee |
//! | `outside` | a till that is another program |
//! | [`machine`] | all of these together |
//!
//! Time is the chip's: cycles of its clock of 125 MHz. Two runs of the same visit are the same to the cycle. The card's line is seen as
//! levels, so that parity, error signals, inverse convention and each moment's length are the image's own.

mod harness;
pub mod machine;
mod outside;
mod slot;
mod wire;

use thiserror::Error;

use qiyong_sim::world::centre::CentreFailure;

/// Why the image could not be run to the end of a visit.
#[derive(Debug, Error)]
pub enum PicoError {
    /// Node.js is not installed.
    #[error("there is no node: install the package nodejs (`cargo xtask setup` does it)")]
    NoNode,
    /// The program that runs the chip has ended.
    #[error("the emulated chip ended: {said}")]
    Ended {
        /// What it wrote to standard error.
        said: String,
    },
    /// It does not answer.
    #[error("the emulated chip has been silent for {seconds} s")]
    Silent {
        /// How long the answer was awaited.
        seconds: u64,
    },
    /// It says something else than was asked for.
    #[error("the emulated chip says {said:?}")]
    Answer {
        /// What it says.
        said: String,
    },
    /// The file is no image of ours.
    #[error(transparent)]
    Elf(#[from] crate::probe::ImageError),
    /// The visit does not end.
    #[error("the board has not done what was expected within {minutes} minutes of its time; it logged last: {last}")]
    Endless {
        /// How many minutes it was given.
        minutes: u64,
        /// The last row of its log.
        last: String,
    },
    /// The board refuses the till's command.
    #[error("the terminal refuses: {0}")]
    Refused(qiyong_protocol::ecr::Refused),
    /// A pipe or file failed.
    #[error("the emulated chip's lines: {0}")]
    Io(#[from] std::io::Error),
    /// The centre failed.
    #[error("the centre: {0}")]
    Centre(CentreFailure),
}
