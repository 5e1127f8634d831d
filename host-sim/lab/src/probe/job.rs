//! An image with the chip that it is for, and the debug probes to whose boards it may go: `qiyong flash` and `qiyong
//! attach` need these. [`Board`] flashes, [`super::watch`] watches.

use std::path::Path;

use probe_rs::Target;
use probe_rs::probe::list::{Accessibility, Lister};
use thiserror::Error;

use super::board::{self, Board, BoardError};
use super::fit::{self, Chip, Segment};
use super::image::{self, Image, ImageError};
use super::misfit::Misfit;

/// Why there is no job.
#[derive(Debug, Error)]
pub enum JobError {
    /// The chip is unknown.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The file is no image.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// What the ELF tells, and the chip that it is for.
pub struct Job {
    /// The addresses in the image.
    pub image: Image,
    /// The parts that are loaded.
    pub segments: Vec<Segment>,
    /// The chip.
    pub chip: Chip,
    target: Target,
}

impl Job {
    /// The image in this file, and the chip that has this name in probe-rs.
    ///
    /// # Errors
    /// There is no such chip, or the file is no image.
    pub fn new(elf: &Path, chip: &str) -> Result<Self, JobError> {
        let target = board::target(chip)?;
        let bytes = image::contents(elf)?;
        let image = Image::parse(elf, &bytes)?;
        let segments = fit::segments(elf, &bytes)?;
        let chip = board::chip(&target);
        Ok(Self { image, segments, target, chip })
    }

    /// Why the image does not fit the chip, one variant for each reason; empty if it fits.
    pub fn misfits(&self) -> Vec<Misfit> {
        fit::misfits(&self.image, &self.segments, &self.chip)
    }

    /// How many bytes are loaded.
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.data.len()).sum()
    }

    /// The board behind the probe that `selector` names, or behind the only probe.
    ///
    /// # Errors
    /// There is no such probe, there are several, or the board does not answer.
    pub fn connect(&self, selector: Option<&str>) -> Result<Board, BoardError> {
        let lister = Lister::new();
        let found = lister.list_all_with_access();
        let item = board::choose(&found, selector)?;
        Board::connect(item, self.target.clone(), lister)
    }
}

/// A debug probe that is plugged in.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// The selector for [`Job::connect`].
    pub selector: String,
    /// Its kind, such as ST-LINK.
    pub kind: String,
    /// This user may open it.
    pub allowed: bool,
}

/// All debug probes.
pub fn probes() -> Vec<Found> {
    let found = Lister::new().list_all_with_access().into_iter().map(|item| Found {
        name: item.info.identifier.clone(),
        selector: board::selector(&item.info),
        kind: item.info.probe_type(),
        allowed: item.accessibility == Accessibility::Accessible,
    });
    found.collect()
}
