//! The advice of each error type of this crate, in one place, so that like causes get like answers.

use qiyong_protocol::advice::Advice;

#[cfg(feature = "capture")]
use crate::capture::CaptureError;
use crate::card::antenna::AntennaProblem;
use crate::card::contact::habits::UnknownHabit;
use crate::card::file::{CardFileError, ValueProblem};
#[cfg(feature = "capture")]
use crate::doctor::vcd::VcdError;
use crate::exchange::parse::ParseError;
use crate::exchange::problem::Problem as ExchangeProblem;
use crate::flash::file::FlashFileError;
use crate::gbk::HolderError;
use crate::input::{AmountError, HexError};
use crate::scenario::file::ScenarioError;
use crate::scenario::problem::Problem as ScenarioProblem;
use crate::scenario::stage::RunError;
use crate::serial::till::Nonsense;
use crate::world::till::TillError;

/// What people write is theirs to correct, whatever is wrong with it.
macro_rules! correct_input {
    ($($error:ty),* $(,)?) => {
        $(impl $error {
            /// Who can put it right: whoever wrote it.
            pub const fn advice(&self) -> Advice {
                Advice::CorrectInput
            }
        })*
    };
}

correct_input!(
    AmountError,
    AntennaProblem,
    ExchangeProblem,
    HexError,
    HolderError,
    ParseError,
    ScenarioError,
    ScenarioProblem,
    UnknownHabit,
    ValueProblem,
);
#[cfg(feature = "capture")]
correct_input!(CaptureError, VcdError);

impl CardFileError {
    /// Who can put it right: whoever wrote the file, or uses it at the same time.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Io { .. } | Self::Toml { .. } | Self::Value { .. } => Advice::CorrectInput,
            Self::InUse { .. } | Self::Changed { .. } => Advice::TryAgain,
        }
    }
}

impl FlashFileError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::InUse { .. } | Self::Foreign { .. } | Self::System { .. } => Advice::CorrectInput,
        }
    }
}

impl Nonsense {
    /// Who can put it right: whoever sent it says it again.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::NoEvent | Self::NoFrame(_) => Advice::TryAgain,
        }
    }
}

impl TillError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Refused(_) | Self::Silent | Self::Hangs => Advice::CallService,
            Self::PowerCut | Self::TillKilled => Advice::TryAgain,
        }
    }
}

impl RunError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Centre(_) | Self::Issue(_) => Advice::CallService,
            Self::Till(error) => error.advice(),
            Self::Stage { advice, .. } => *advice,
            // Another scenario is chosen, or another stage.
            Self::NotHere(_) => Advice::CorrectInput,
        }
    }
}

#[cfg(test)]
mod tests;
