//! `qiyong flash --uf2`: the image as a UF2 file, into a file or onto the drive of a Pico's boot loader; no probe is
//! needed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use qiyong_lab::uf2::{Uf2Error, blocks, drive, flash_image};

use crate::output::{Output, Verdict};
use crate::progress::busy;
use crate::system::Refused;

/// How it ended, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told<'a> {
    /// Which chip.
    chip: &'static str,
    /// How many bytes of flash are written.
    bytes: usize,
    /// Whether the image fits the chip.
    fits: bool,
    /// Why it does not.
    misfits: &'a [String],
    /// Where the UF2 is.
    written: Option<String>,
}

/// What is to be done.
pub(super) struct Job<'a> {
    /// The image.
    pub(super) elf: &'a Path,
    /// The file to write; else it goes to a drive.
    pub(super) out: Option<&'a Path>,
    /// Which drive, if it is named.
    pub(super) drive: Option<&'a Path>,
    /// Nothing is written.
    pub(super) check_only: bool,
    /// For programs.
    pub(super) json: bool,
}

/// Exit 0 when the UF2 is written; with `--check-only` 0 when the image fits and 1 when not; 2 when it could not be
/// done.
pub(super) fn run(job: &Job<'_>, output: &mut Output) -> Result<Verdict, String> {
    let elf = job.elf;
    let (flash, misfits) = match flash_image(elf) {
        Ok(flash) => (flash, Vec::new()),
        Err(Uf2Error::Unfit(unfit)) => (Vec::new(), vec![unfit.to_string()]),
        Err(error) => return Err(error.to_string()),
    };
    let fits = misfits.is_empty();
    misfits.iter().for_each(|misfit| output.complain(&format!("{}: {misfit}", elf.display())));
    let written = if fits && !job.check_only { Some(write(job, &blocks(&flash))?) } else { None };
    if job.json {
        output.json_line(&Told { chip: "RP2040", bytes: flash.len(), fits, misfits: &misfits, written });
    } else if fits {
        let done = written.map_or("fits; nothing was written".into(), |path| format!("is in {path}"));
        output.line(&format!("{}: {} bytes of a Pico's flash: {done}", elf.display(), flash.len()));
    }
    Ok(match (fits, job.check_only) {
        (true, _) => Verdict::Done,
        (false, true) => Verdict::No,
        (false, false) => Verdict::BadInput,
    })
}

/// Writes it to where it is to go; returns that.
fn write(job: &Job<'_>, uf2: &[u8]) -> Result<String, String> {
    if let Some(out) = job.out {
        fs::write(out, uf2).map_err(Refused::to_write(out))?;
        return Ok(out.display().to_string());
    }
    let give = |folder: PathBuf| busy("{spinner} writing to the drive, {elapsed}", || drive::give(&folder, uf2));
    let given = drive::choose(job.drive).and_then(give);
    given.map(|path| path.display().to_string()).map_err(|error| error.to_string())
}
