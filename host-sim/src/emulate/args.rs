//! The arguments of `qiyong emulate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use qiyong_protocol::rules::institution::InstitutionCode;

use crate::centre::institution;
use crate::extras::BoardKind;
use crate::reach::Target;
use crate::terminal::AskedOperation;

/// A wire between chip and slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WireArg {
    /// The supply
    Vcc,
    /// Reset
    Rst,
    /// The clock
    Clk,
    /// The data line
    Io,
}

/// What to run, and with which card.
#[derive(Args, Debug)]
pub(crate) struct EmulateArgs {
    /// The board
    #[arg(long, value_enum, default_value_t)]
    pub(super) board: BoardKind,
    /// The image, unless it is where `cargo xtask firmware` puts it
    #[arg(long, value_name = "FILE")]
    pub(super) elf: Option<PathBuf>,
    /// Let another program be the till, such as `qiyong till`: at a free port of this machine (tcp://127.0.0.1:0) or a
    /// pseudo-terminal (pty). Its name is shown, and visits are served until this program is ended. Centre, institution and operation
    /// are the till's then
    #[arg(long, value_name = "pty|tcp://127.0.0.1:PORT", conflicts_with_all = ["centre", "screen", "waveform", "broken"])]
    pub(super) till_line: Option<String>,
    /// Carry that line over the board's USB port, which the Pico alone has, and not over its UART
    #[arg(long, requires = "till_line")]
    pub(super) till_usb: bool,
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
    /// Write the levels at the slot's contacts to this file, as a VCD that `qiyong doctor` and GTKWave read; of the Pico alone, since
    /// the other board's card line has no levels. Bits of PINs and of the middle of ID numbers are not in it
    #[arg(long, value_name = "FILE")]
    pub(super) waveform: Option<PathBuf>,
    /// Break this wire between chip and slot, to see what comes of it; of the Pico alone
    #[arg(long, value_name = "WIRE", value_enum)]
    pub(super) broken: Option<WireArg>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// What to do. What is asked for is keyed on standard input, a line each: first what is missing of a document, then the
    /// PINs (the present one, a new one, the new one again; an empty line is the cancel key)
    #[command(subcommand)]
    pub(super) operation: Option<AskedOperation>,
}
