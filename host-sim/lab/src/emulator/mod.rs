//! A board's flashable image in QEMU, unmodified, with a virtual card behind its UART, and a till, a centre and a holder around
//! it.
//!
//! | Module | What it is for |
//! |---|---|
//! | `model` | what differs between the boards: names, pins, registers |
//! | `lines` | QEMU's sockets |
//! | `serial` | serial lines over them, on which each byte takes its time |
//! | `qemu` | starts QEMU and ends it, whatever happens |
//! | `probe` | its qtest socket, used as a debug probe: memory, registers, pins |
//! | `control` | its control socket: stops the whole board, for reading what belongs to one moment |
//! | `clock` | the board's time, which passes only when the probe says so, and when the board is quiet |
//! | `slot` | the card behind the USART, to which the board's pins give power and reset |
//! | `watch` | the referee at the card line, and what it can see there |
//! | `till` | the till and the centre at the other end of the serial line |
//! | [`holder`] | the holder, who is asked what to do, and the PIN pad |
//! | `outside` | a till that is another program, in place of that |
//! | [`machine`] | all of these together; `step` is one thing after the other; `visit` is what a visit needs of it; `ram` is the board's memory at one moment |
//!
//! Two runs of the same visit are the same to the cycle, on any host and however busy it is. Whatever the emulator does
//! not model is not proven here: the USART's smartcard mode, parity, the card's clock, and how long the image takes for
//! what it does, which is no time at all. See the README of the board.

mod clock;
mod control;
pub mod holder;
mod lines;
pub mod machine;
mod model;
mod outside;
mod probe;
mod qemu;
mod ram;
mod serial;
mod slot;
mod step;
mod till;
mod visit;
mod watch;

pub use crate::probe::ScreenText;
pub use slot::CardUsart;

use thiserror::Error;

use qiyong_sim::world::centre::CentreFailure;

/// Why the image could not be run to the end of a visit.
#[derive(Debug, Error)]
pub enum EmulatorError {
    /// QEMU is not installed.
    #[error(
        "there is no qemu-system-arm: install the package qemu-system-arm, version 9.1 or later (Debian 12: from \
             bookworm-backports; `cargo xtask setup` does it)"
    )]
    NoQemu,
    /// QEMU does not have the board.
    #[error(
        "{found:?} is too old: install qemu-system-arm 9.1 or later (Debian 12: from bookworm-backports; `cargo xtask setup` does it)"
    )]
    OldQemu {
        /// The version that it reports.
        found: String,
    },
    /// No board that QEMU has takes the image.
    #[error(
        "no emulated board has its flash at {vectors:#010x}, where the image's vectors are: link it for the B-L475E-IOT01A or the Pico, or name another with --elf"
    )]
    NoBoard {
        /// Where the vector table lies.
        vectors: u64,
    },
    /// The file is no image of ours.
    #[error(transparent)]
    Elf(#[from] crate::probe::ImageError),
    /// QEMU ended by itself.
    #[error("QEMU ended ({status}): {said}; run it again, and look at the image if it ends at the same place")]
    Ended {
        /// Its exit status.
        status: String,
        /// What it wrote to standard error.
        said: String,
    },
    /// Node.js is not installed.
    #[error("there is no node: install the package nodejs (`cargo xtask setup` does it)")]
    NoNode,
    /// The program of Node.js is missing that runs the emulated chip.
    #[error(
        "the emulated Pico needs harness.mjs, which is in none of these folders: {folders}; it is in rp2040 of the archive and in \
             host-sim/lab/rp2040 of the sources: name the folder by QIYONG_RP2040"
    )]
    NoHarness {
        /// Where it was looked for.
        folders: String,
    },
    /// The packages are missing that this program needs.
    #[error(
        "the emulated Pico needs rp2040js, which is not installed: run `npm ci` in {folder}, with Node.js 18 or later"
    )]
    NoPackages {
        /// The folder of that program.
        folder: String,
    },
    /// The program that runs the emulated chip has ended.
    #[error("the emulated chip ended: {said}; run it again, and look at the image if it ends at the same place")]
    ChipEnded {
        /// What it wrote to standard error.
        said: String,
    },
    /// QEMU closed a line.
    #[error("QEMU closed its lines: run it again, and look at the image if it ends at the same place")]
    Gone,
    /// A part of the board or of QEMU did not answer.
    #[error(
        "{what} has been silent for {seconds} s: run it again with less to do on this machine, and look at the image if it falls silent again"
    )]
    Silent {
        /// Which part.
        what: &'static str,
        /// How long the answer was awaited.
        seconds: u64,
    },
    /// The power was cut, as requested.
    #[error("the power was cut: start the board again")]
    PowerCut,
    /// There is no storage to save, or none of the size to be restored.
    #[error("the image has no storage, or one of another size: build it with `cargo xtask firmware`")]
    NoStorage,
    /// Nothing will ever happen on the board.
    #[error(
        "the board waits for nothing, and nothing is under way to it: the visit never ends; look for the interrupt or the timer on which the image should wake"
    )]
    Idle,
    /// The visit does not end.
    #[error(
        "the visit has not come to an end within {minutes} minutes of the board's time: look at the last rows of the image's log"
    )]
    Endless {
        /// How many minutes it was given.
        minutes: u64,
    },
    /// The board has reset a good card again, which it has no reason for: what the card said was not heard.
    #[error(
        "the board has asked the card twice for its answer to reset: it has not heard the first one; let the image listen before it raises RST"
    )]
    AnsweredTwice,
    /// The image does not do at its start what it should.
    #[error("the image {what} within 60 s of the board's time; look behind the last that it logged: {last}")]
    Mute {
        /// What it has not done.
        what: &'static str,
        /// The last row of its log.
        last: String,
    },
    /// The emulator answers something else than was asked for: its words, behind those of the command where they alone say little.
    #[error(
        "the emulator's probe says {said:?}, which is no answer: use the versions of QEMU and Node.js that `cargo xtask setup` installs"
    )]
    Answer {
        /// What it says.
        said: String,
    },
    /// The image's characters are no characters: an edge is too far from its place (ISO/IEC 7816-3 clause 7.1).
    #[error(
        "an edge of the image's characters is {tenths} tenths of an etu from its place, and must be at most 2: correct the etu of the image's card line"
    )]
    Crooked {
        /// How far the worst one is.
        tenths: u64,
    },
    /// The emulator cannot play this card.
    #[error("the emulator carries no parity, by which an inverse card is told: take one in direct convention")]
    InverseCard,
    /// The board has no cancel key but that of its PIN pad.
    #[error("the board has no cancel key of its own: use that of its PIN pad")]
    NoKey,
    /// The board refuses the till's command.
    #[error(
        "the terminal refuses: {0}; choose what the institution offers, or build image and program from one version"
    )]
    Refused(qiyong_protocol::ecr::Refused),
    /// A socket or file failed.
    #[error("the emulator's lines: {0}; check that the folder for temporary files may be written and has room")]
    Io(#[from] std::io::Error),
    /// The centre failed.
    #[error("the centre: {0}")]
    Centre(CentreFailure),
}
