//! `qiyong flash`: writes the image into the flash of a board, through a debug probe; or, in `uf2`, as a file for a
//! Pico's boot loader.

#[cfg(feature = "lab")]
pub(crate) mod uf2;

use std::path::PathBuf;

use clap::Args;

#[cfg(not(feature = "lab"))]
use crate::extras::NOT_BUILT_IN;
use crate::extras::PICO;
use crate::output::{Output, Verdict};
use crate::probe::Which;

#[cfg(all(test, feature = "probe"))]
pub(crate) use with_probe::Told;

/// What to flash.
#[derive(Args, Debug)]
pub(crate) struct FlashArgs {
    /// Image, chip, probe
    #[command(flatten)]
    pub(crate) which: Which,
    /// Make a UF2 file of this image, for a Pico and without a probe: onto the drive that the board is after it was
    /// plugged in with its key BOOTSEL held
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = PICO, conflicts_with_all = ["elf", "chip", "probe"])]
    pub(crate) uf2: Option<PathBuf>,
    /// Write the UF2 to this file
    #[arg(long, value_name = "FILE", requires = "uf2", conflicts_with = "drive")]
    pub(crate) out: Option<PathBuf>,
    /// The board's drive, where it is not found or there are several
    #[arg(long, value_name = "DIR", requires = "uf2")]
    pub(crate) drive: Option<PathBuf>,
    /// Only say whether the image fits the chip; needs no probe
    #[arg(long)]
    pub(crate) check_only: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Exit 0 when the image is flashed; with `--check-only` 0 when it fits and 1 when not; 2 when it could not be done.
pub(crate) fn run(args: &FlashArgs, output: &mut Output) -> Result<Verdict, String> {
    // Without emulated boards and probes there is nothing to tell.
    #[cfg(not(feature = "lab"))]
    let _ = &output;
    match &args.uf2 {
        #[cfg(feature = "lab")]
        Some(elf) => {
            let FlashArgs { out, drive, check_only, json, .. } = args;
            let (out, drive) = (out.as_deref(), drive.as_deref());
            uf2::run(&uf2::Job { elf, out, drive, check_only: *check_only, json: *json }, output)
        }
        #[cfg(not(feature = "lab"))]
        Some(_) => Err(NOT_BUILT_IN.into()),
        #[cfg(feature = "probe")]
        None => with_probe::run(args, output),
        #[cfg(not(feature = "probe"))]
        None => {
            Err(format!("{}; use `qiyong flash --uf2` for a Pico, which can do without", crate::probe::NOT_BUILT_IN))
        }
    }
}

#[cfg(feature = "probe")]
mod with_probe {
    use serde::Serialize;

    use qiyong_lab::probe::DebugProbe;
    use qiyong_lab::probe::board::Flashing;

    use super::{FlashArgs, Output, Verdict};
    use crate::progress::Progress;

    /// How flashing, or the check, ended, for programs.
    #[derive(Serialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub(crate) struct Told<'a> {
        /// Which chip.
        chip: &'a str,
        /// How many bytes are loaded.
        bytes: usize,
        /// Whether the image fits the chip.
        fits: bool,
        /// Why it does not.
        misfits: &'a [String],
        /// Whether it is in the chip's flash now.
        flashed: bool,
    }

    /// The same through a probe.
    pub(super) fn run(args: &FlashArgs, output: &mut Output) -> Result<Verdict, String> {
        let job = args.which.job()?;
        let misfits: Vec<_> = job.misfits().iter().map(ToString::to_string).collect();
        let bytes = job.bytes();
        let fits = misfits.is_empty();
        let flashed = fits && !args.check_only;
        let elf = args.which.elf.display();
        misfits.iter().for_each(|misfit| output.complain(&format!("{elf}: {misfit}")));
        if flashed {
            let mut board = args.which.connect(&job)?;
            let mut said = "";
            let progress = Progress::new(0, "{wide_bar} {bytes} of {total_bytes}, {eta} left");
            let mut tell = |what| match what {
                Flashing::Expects(bytes) => progress.expect(bytes),
                Flashing::Advances(bytes) => progress.advance(bytes),
                Flashing::Begins(step) => {
                    // Each bank of flash is a round of its own.
                    if !args.json && step != said {
                        progress.aside(|| Output::default().line(step));
                    }
                    said = if step == "erasing" { "erasing" } else { "" };
                }
            };
            board.flash(&job.segments, &mut tell).and_then(|()| board.reset()).map_err(|error| error.to_string())?;
        }
        if args.json {
            output.json_line(&Told { chip: &job.chip.name, bytes, fits, misfits: &misfits, flashed });
        } else if fits {
            let done = if flashed { "is flashed and verified, and runs" } else { "fits; nothing was flashed" };
            output.line(&format!("{elf}: {bytes} bytes for {}: {done}", job.chip.name));
        }
        Ok(match (fits, args.check_only) {
            (true, _) => Verdict::Done,
            (false, true) => Verdict::No,
            (false, false) => Verdict::BadInput,
        })
    }
}
