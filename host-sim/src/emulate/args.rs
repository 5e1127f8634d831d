//! The arguments of `qiyong emulate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use qiyong_protocol::rules::institution::InstitutionCode;

use crate::centre::institution;
#[cfg(feature = "lab")]
use crate::extras::{ELF, ELF_PICO};
use crate::reach::Target;
use crate::terminal::AskedOperation;

/// An emulated board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Board {
    /// ST's, in QEMU
    #[value(name = "b-l475e-iot01a")]
    BL475eIot01a,
    /// The Raspberry Pi's, in rp2040js; for a till that is another program (`--till-line`)
    Pico,
}

#[cfg(feature = "lab")]
impl Board {
    /// Where its image is.
    const fn elf(self) -> &'static str {
        match self {
            Self::BL475eIot01a => ELF,
            Self::Pico => ELF_PICO,
        }
    }
}

/// What to run, and with which card.
#[derive(Args, Debug)]
pub(crate) struct EmulateArgs {
    /// The board
    #[arg(long, value_enum, default_value_t = Board::BL475eIot01a)]
    pub(super) board: Board,
    /// The image; without it that of `cargo xtask firmware`
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// Let another program be the till, such as `qiyong till`: at a free port of this machine (tcp://127.0.0.1:0) or a
    /// pseudo-terminal (pty). Its name is shown, and visits are served until this program is ended. Centre, institution and operation
    /// are the till's then
    #[arg(long, value_name = "pty|tcp://127.0.0.1:PORT", conflicts_with_all = ["centre", "screen"])]
    pub(super) till_line: Option<String>,
    /// The card file; what the visit changes is kept in it
    #[arg(long, value_name = "FILE")]
    pub(super) card: PathBuf,
    /// The institution's code
    #[arg(long, value_name = "CODE", value_parser = institution, default_value = "P32010000017")]
    pub(super) institution: InstitutionCode,
    /// The centre's database, or tcp://HOST:PORT, where a centre listens; without it a centre in memory, which knows institution
    /// and card, and ¥500.00 in its account. In a database the lease of the board's name is released first
    #[arg(long, value_name = "FILE|tcp://HOST:PORT", value_parser = Target::parse)]
    pub(super) centre: Option<Target>,
    /// Write what the screen shows at the end to this file, as a PNG
    #[arg(long, value_name = "FILE")]
    pub(super) screen: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// What to do. What is asked for is keyed on standard input, a line each: first what is missing of a document, then the
    /// PINs (the present one, a new one, the new one again; an empty line is the cancel key)
    #[command(subcommand)]
    pub(super) operation: Option<AskedOperation>,
}

#[cfg(feature = "lab")]
impl EmulateArgs {
    /// The image.
    pub(super) fn elf(&self) -> PathBuf {
        self.elf.clone().unwrap_or_else(|| self.board.elf().into())
    }
}
