//! The advice of each error type of this crate, in one place, so that like causes get like answers.

use qiyong_protocol::advice::Advice;

#[cfg(unix)]
use crate::board::Unplayable;
#[cfg(unix)]
use crate::emulator::EmulatorError;
#[cfg(feature = "probe")]
use crate::probe::board::BoardError;
#[cfg(feature = "probe")]
use crate::probe::job::JobError;
use crate::probe::misfit::Misfit;
use crate::probe::{ImageError, ImageFault};
use crate::uf2::drive::DriveError;
use crate::uf2::{Uf2Error, Unfit};

#[cfg(unix)]
impl EmulatorError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            // QEMU is started anew; a host under load is slow.
            Self::Ended { .. }
            | Self::ChipEnded { .. }
            | Self::Gone
            | Self::Silent { .. }
            | Self::PowerCut
            | Self::Io(_) => Advice::TryAgain,
            Self::Elf(error) => error.advice(),
            // Another image, board or card.
            Self::NoStorage | Self::InverseCard | Self::NoBoard { .. } | Self::NoKey => Advice::CorrectInput,
            Self::Refused(refused) => refused.advice(),
            Self::NoQemu
            | Self::NoNode
            | Self::NoHarness { .. }
            | Self::NoPackages { .. }
            | Self::Crooked { .. }
            | Self::OldQemu { .. }
            | Self::Endless { .. }
            | Self::Idle
            | Self::AnsweredTwice
            | Self::Mute { .. }
            | Self::Answer { .. }
            | Self::Centre(_) => Advice::CallService,
        }
    }
}

impl ImageError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        self.fault.advice()
    }
}

impl ImageFault {
    /// Who can put it right: whoever named the file names another one, or builds it anew.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Unreadable(_)
            | Self::NoElf
            | Self::Damaged(_)
            | Self::NotArm
            | Self::NoSymbol(_)
            | Self::LogUnreadable { .. }
            | Self::NoLog
            | Self::NotElf32(_)
            | Self::NotLinked
            | Self::SegmentCutOff { .. } => Advice::CorrectInput,
        }
    }
}

#[cfg(unix)]
impl Unplayable {
    /// Who can put it right: another scenario is chosen, or another stage.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::InverseCard { .. }
            | Self::WornStorage { .. }
            | Self::SerialDisturbed { .. }
            | Self::Disturbed { .. } => Advice::CorrectInput,
        }
    }
}

#[cfg(feature = "probe")]
impl BoardError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::UnknownChip(_) | Self::AmbiguousChip { .. } | Self::NoSuchProbe { .. } | Self::SeveralProbes(_) => {
                Advice::CorrectInput
            }
            // Plugs and power are seen to.
            Self::NoProbe | Self::NoChip { .. } | Self::Gone(_) | Self::Lost { .. } => Advice::AskHolder,
            // The other program ends; what was half written is written again.
            Self::NotOpened { .. } | Self::Flash(_) => Advice::TryAgain,
            Self::NotAllowed(_) => Advice::CallService,
        }
    }
}

#[cfg(feature = "probe")]
impl JobError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Board(error) => error.advice(),
            Self::Image(error) => error.advice(),
        }
    }
}

impl Misfit {
    /// Who can put it right: the image is linked anew, or the chip named that it is for.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::LoadedToRam { .. }
            | Self::NotInFlash { .. }
            | Self::RunsOutside { .. }
            | Self::Stack { .. }
            | Self::Pointed { .. }
            | Self::NothingAtStart { .. }
            | Self::NoVectors { .. } => Advice::CorrectInput,
        }
    }
}

impl Uf2Error {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Image(error) => error.advice(),
            Self::Unfit(unfit) => unfit.advice(),
        }
    }
}

impl Unfit {
    /// Who can put it right: the image is built or linked anew, or another one is named.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Core { .. } | Self::NotInFlash { .. } | Self::NoBoot2 { .. } | Self::NoVectors { .. } => {
                Advice::CorrectInput
            }
        }
    }
}

impl DriveError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            // The board is plugged in.
            Self::None | Self::Unwritten { .. } => Advice::AskHolder,
            Self::Several(_) | Self::Other(_) => Advice::CorrectInput,
        }
    }
}

#[cfg(test)]
mod tests;
