//! `qiyong flash`: writes the image into the flash of a board.

use clap::Args;

use crate::output::{Output, Verdict};
use crate::probe::Which;

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

/// Exit 0 when the image is flashed; with `--check-only` 0 when it fits and 1 when not; 2 when it could not be done.
#[cfg(not(feature = "probe"))]
pub(crate) fn run(_: &FlashArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::probe::NOT_BUILT_IN.into())
}

#[cfg(feature = "probe")]
pub(crate) use with_probe::run;

#[cfg(feature = "probe")]
mod with_probe {
    use serde::Serialize;

    use qiyong_lab::probe::DebugProbe;

    use super::{FlashArgs, Output, Verdict};

    /// How flashing, or the check, ended, for programs.
    #[derive(Serialize)]
    struct Told<'a> {
        chip: &'a str,
        /// How many bytes are loaded.
        bytes: usize,
        fits: bool,
        /// Why it does not.
        misfits: &'a [String],
        flashed: bool,
    }

    /// Exit 0 when the image is flashed; with `--check-only` 0 when it fits and 1 when not; 2 when it could not be done.
    pub(crate) fn run(args: &FlashArgs, output: &mut Output) -> Result<Verdict, String> {
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
            board
                .flash(&job.segments, &mut |step| {
                    // Each bank of flash is a round of its own.
                    if !args.json && step != said {
                        Output::default().line(step);
                    }
                    said = if step == "erasing" { "erasing" } else { "" };
                })
                .and_then(|()| board.reset())
                .map_err(|error| error.to_string())?;
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
