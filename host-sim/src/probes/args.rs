//! The arguments of `qiyong flash` and `qiyong attach`.

use std::path::PathBuf;

use clap::Args;

use crate::extras::ELF;

/// Which image, on which chip, behind which probe.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The image
    #[arg(long, value_name = "FILE", default_value = ELF)]
    pub(crate) elf: PathBuf,
    /// The chip, by its name in probe-rs
    #[arg(long, value_name = "NAME", default_value = "STM32L475VGTx")]
    pub(crate) chip: String,
    /// The debug probe if there are several: VID:PID, VID:PID:SERIAL or SERIAL, as `qiyong probes` lists them
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) probe: Option<String>,
}

/// What to flash.
#[derive(Args, Debug)]
pub(crate) struct FlashArgs {
    /// Image, chip, probe
    #[command(flatten)]
    pub(crate) which: Which,
    /// Only say whether the image fits the chip; needs no probe
    #[arg(long)]
    pub(crate) check_only: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to watch.
#[derive(Args, Debug)]
pub(crate) struct AttachArgs {
    /// Image, chip, probe
    #[command(flatten)]
    pub(crate) which: Which,
    /// Start the image anew, so that its log is seen from the beginning
    #[arg(long)]
    pub(crate) reset: bool,
    /// Look once, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Print a JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}
