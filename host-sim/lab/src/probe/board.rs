//! A board behind a debug probe, by probe-rs: which chips and probes there are, and the running image's memory.
//!
//! The texts of all errors are here; the verbs of the program decide what follows from an error.

use std::error::Error;
use std::iter::successors;

use probe_rs::config::{MemoryRegion, Registry, RegistryError, TargetSelector};
use probe_rs::flashing::{DownloadOptions, FlashError, FlashProgress, ProgressEvent, ProgressOperation};
use probe_rs::probe::list::{Accessibility, Lister, ProbeListItem};
use probe_rs::probe::{DebugProbeInfo, DebugProbeSelector};
use probe_rs::{MemoryInterface, Permissions, Session, Target};
use thiserror::Error;

use super::DebugProbe;
use super::fit::{Chip, Segment};

/// The one core that runs the image.
const CORE: usize = 0;

/// How many names of chips a message lists.
const NAMES: usize = 8;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

/// Why it was not possible to work on a board.
#[derive(Debug, Error)]
pub enum BoardError {
    /// probe-rs has no such chip.
    #[error(
        "probe-rs knows no chip {0:?}: the name is on the chip, such as STM32L475VGTx, and in `probe-rs chip list`"
    )]
    UnknownChip(String),
    /// probe-rs has several such chips.
    #[error("{name:?} is more than one chip: --chip takes one of {candidates}")]
    AmbiguousChip {
        /// The name given by the user.
        name: String,
        /// The chips whose names begin with it.
        candidates: String,
    },
    /// No probe is plugged in.
    #[error(
        "there is no debug probe: plug one in (the ST-LINK on a B-L475E-IOT01A is its USB socket CN7), then `qiyong probes`"
    )]
    NoProbe,
    /// Only other probes are plugged in.
    #[error("no debug probe is {selector:?}; there are: {found}")]
    NoSuchProbe {
        /// The selector given by the user.
        selector: String,
        /// The probes that there are.
        found: String,
    },
    /// Several probes are suitable.
    #[error("several debug probes would do, say which with --probe: {0}")]
    SeveralProbes(String),
    /// This user may not open the probe.
    #[error(
        "the debug probe {0} may not be opened by this user: install the udev rules for debug probes \
         (probe.rs, \"Probe Setup\") and plug it in again"
    )]
    NotAllowed(String),
    /// The probe cannot be opened.
    #[error("the debug probe {probe} cannot be opened ({cause}): end what else uses it, such as a debugger or OpenOCD")]
    NotOpened {
        /// The probe.
        probe: String,
        /// probe-rs's error.
        cause: String,
    },
    /// The probe finds no chip.
    #[error("the debug probe {probe} does not reach a {chip} ({cause}): is the board powered, is it the right chip?")]
    NoChip {
        /// The probe.
        probe: String,
        /// The chip that should be there.
        chip: String,
        /// probe-rs's error.
        cause: String,
    },
    /// The probe is gone.
    #[error("the debug probe {0} is gone: was it unplugged?")]
    Gone(String),
    /// The chip does not do what it should.
    #[error("the board does not answer the debug probe {probe}: {cause}; is it still powered?")]
    Lost {
        /// The probe.
        probe: String,
        /// probe-rs's error.
        cause: String,
    },
    /// Flash does not contain what was written.
    #[error("flashing failed: {0}; what is in flash now is not the image, so flash it again before the board is used")]
    Flash(String),
}

/// The chip of this name, or of the only name that begins with it.
pub fn target(name: &str) -> Result<Target, BoardError> {
    let registry = Registry::from_builtin_families();
    registry.get_target_by_name(name).map_err(|error| match error {
        RegistryError::ChipNotUnique(..) => {
            let mut names = registry.search_chips(name);
            names.dedup();
            let more = if names.len() > NAMES { ", ..." } else { "" };
            names.truncate(NAMES);
            BoardError::AmbiguousChip { name: name.into(), candidates: names.join(", ") + more }
        }
        _ => BoardError::UnknownChip(name.into()),
    })
}

/// What matters of a chip to an image. Memories outside the chip, which a board may lack, do not.
pub fn chip(target: &Target) -> Chip {
    let (mut flash, mut ram) = (Vec::new(), Vec::new());
    for region in &target.memory_map {
        match region {
            MemoryRegion::Nvm(region) if region.is_boot_memory() && !region.is_alias => {
                flash.push(region.range.clone())
            }
            MemoryRegion::Ram(region) => ram.push(region.range.clone()),
            _ => {}
        }
    }
    Chip::new(&target.name, flash, ram)
}

/// The value of `--probe` for this probe: VID:PID[-INTERFACE]:SERIAL.
pub fn selector(info: &DebugProbeInfo) -> String {
    let interface = info.interface.map(|number| format!("-{number}")).unwrap_or_default();
    let serial = info.serial_number.as_deref().unwrap_or_default();
    format!("{:04x}:{:04x}{interface}:{serial}", info.vendor_id, info.product_id)
}

/// The only probe, or the wanted one, which is given in [`selector`]'s form, with or without the last part, or by its
/// serial number.
pub fn choose<'a>(found: &'a [ProbeListItem], wanted: Option<&str>) -> Result<&'a ProbeListItem, BoardError> {
    let is_wanted = |info: &DebugProbeInfo, wanted: &str| {
        info.serial_number.as_deref().is_some_and(|serial| serial.eq_ignore_ascii_case(wanted))
            || wanted.parse().is_ok_and(|wanted: DebugProbeSelector| wanted.matches_probe(info))
    };
    let list = |probes: &[&ProbeListItem]| {
        let names: Vec<_> =
            probes.iter().map(|item| format!("{} ({})", selector(&item.info), item.info.identifier)).collect();
        names.join(", ")
    };
    let all: Vec<_> = found.iter().collect();
    let fit: Vec<_> = found.iter().filter(|item| wanted.is_none_or(|wanted| is_wanted(&item.info, wanted))).collect();
    match (fit.as_slice(), wanted) {
        (_, _) if found.is_empty() => Err(BoardError::NoProbe),
        ([], wanted) => Err(BoardError::NoSuchProbe { selector: wanted.unwrap_or_default().into(), found: list(&all) }),
        ([item], _) if item.accessibility == Accessibility::PermissionDenied => {
            Err(BoardError::NotAllowed(selector(&item.info)))
        }
        ([item], _) => Ok(item),
        (several, _) => Err(BoardError::SeveralProbes(list(several))),
    }
}

/// What happens while an image is flashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flashing {
    /// So many more bytes are to go through a step than was known before.
    Expects(u64),
    /// A step begins, with its word; each bank of flash is a round of its own.
    Begins(&'static str),
    /// So many bytes have gone through the step.
    Advances(u64),
}

/// A chip to which a probe is connected.
pub struct Board {
    session: Session,
    info: DebugProbeInfo,
    /// Tells whether the probe is still there.
    lister: Lister,
}

impl Board {
    /// Connects, without a reset. A core that somebody had halted runs on. A running core is halted for a moment,
    /// because probe-rs clears breakpoints.
    pub fn connect(item: &ProbeListItem, target: Target, lister: Lister) -> Result<Self, BoardError> {
        let info = item.info.clone();
        let name = || selector(&info);
        let probe = info.open().map_err(|error| BoardError::NotOpened { probe: name(), cause: whole(&error) })?;
        let chip = target.name.clone();
        let session = probe
            .attach(TargetSelector::Specified(target), Permissions::new())
            .and_then(|mut session| session.resume_all_cores().map(|()| session))
            .map_err(|error| BoardError::NoChip { probe: name(), chip, cause: whole(&error) })?;
        Ok(Self { session, info, lister })
    }

    /// Writes and verifies the image. Only the sectors of the image are erased. `tell` is called with all that happens. The
    /// chip is left halted.
    pub fn flash(&mut self, segments: &[Segment], tell: &mut dyn FnMut(Flashing)) -> Result<(), BoardError> {
        let mut loader = self.session.target().flash_loader();
        let failed = |board: &Self, error: FlashError| match board.is_listed() {
            true => BoardError::Flash(whole(&error)),
            false => BoardError::Gone(selector(&board.info)),
        };
        for segment in segments.iter().filter(|segment| !segment.data.is_empty()) {
            loader.add_data(segment.load, &segment.data).map_err(|error| failed(self, error))?;
        }
        let mut options = DownloadOptions::default();
        options.verify = true;
        options.progress = FlashProgress::new(|event| match event {
            ProgressEvent::AddProgressBar { total: Some(bytes), .. } => tell(Flashing::Expects(bytes)),
            ProgressEvent::Progress { size, .. } => tell(Flashing::Advances(size)),
            ProgressEvent::Started(step) => tell(Flashing::Begins(match step {
                ProgressOperation::Fill => "reading",
                ProgressOperation::Erase => "erasing",
                ProgressOperation::Program => "writing",
                ProgressOperation::Verify => "verifying",
            })),
            _ => {}
        });
        loader.commit(&mut self.session, options).map_err(|error| failed(self, error))
    }

    fn is_listed(&self) -> bool {
        self.lister.list_all().iter().any(|info| selector(info) == selector(&self.info))
    }

    /// The error to report: USB's own words for an unplugged probe differ by system and probe.
    fn explain(&self, error: &probe_rs::Error) -> BoardError {
        match self.is_listed() {
            true => BoardError::Lost { probe: selector(&self.info), cause: whole(error) },
            false => BoardError::Gone(selector(&self.info)),
        }
    }

    fn core<T>(
        &mut self,
        work: impl FnOnce(&mut probe_rs::Core<'_>) -> Result<T, probe_rs::Error>,
    ) -> Result<T, BoardError> {
        let result = self.session.core(CORE).and_then(|mut core| work(&mut core));
        result.map_err(|error| self.explain(&error))
    }
}

impl DebugProbe for Board {
    type Error = BoardError;

    fn read(&mut self, address: u64, len: usize) -> Result<Vec<u8>, BoardError> {
        let mut bytes = vec![0; len];
        self.core(|core| core.read(address, &mut bytes))?;
        Ok(bytes)
    }

    fn read_word(&mut self, address: u64) -> Result<u32, BoardError> {
        self.core(|core| core.read_word_32(address))
    }

    fn write_word(&mut self, address: u64, word: u32) -> Result<(), BoardError> {
        self.core(|core| core.write_word_32(address, word))
    }

    fn reset(&mut self) -> Result<(), BoardError> {
        self.core(|core| core.reset())
    }
}

/// An error with its causes, which probe-rs keeps separately.
fn whole(error: &(dyn Error + 'static)) -> String {
    let causes = successors(Some(error), |&error| error.source());
    let mut words: Vec<_> = causes.map(|cause| cause.to_string().trim_end_matches('.').to_string()).collect();
    words.dedup();
    words.join(": ")
}
