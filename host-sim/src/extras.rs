//! Emulated boards and captures, which exist only with the feature `lab`; and what replaces them without it, so that
//! the demo is built sooner. The replacement says that these parts are missing.

/// Where `cargo xtask firmware` puts the image of the board B-L475E-IOT01A, from the root of the workspace.
pub(crate) const ELF: &str = "target/arm/thumbv7em-none-eabihf/firmware/qiyong-b-l475e-iot01a";

#[cfg(feature = "lab")]
pub(crate) use qiyong::in_process::play_emulated;
#[cfg(feature = "lab")]
pub(crate) use qiyong_lab::stage::refusal;
#[cfg(feature = "lab")]
pub(crate) use qiyong_sim::capture::CaptureFolder;

#[cfg(not(feature = "lab"))]
pub(crate) use without_lab::{CaptureFolder, NOT_BUILT_IN, play_emulated, refusal};

#[cfg(not(feature = "lab"))]
mod without_lab {
    use std::convert::Infallible;
    use std::path::{Path, PathBuf};

    use jiff::civil::DateTime;
    use qiyong_sim::scenario::file::Scenario;
    use qiyong_sim::scenario::stage::{Played, RunError};
    use qiyong_sim::world::event::Event;

    /// The error if this program was built without emulated boards and captures.
    pub(crate) const NOT_BUILT_IN: &str = "this qiyong was built for a quick start, without emulated boards and captures: `cargo build -p qiyong` has them";

    /// No folder can be made.
    pub(crate) struct CaptureFolder(Infallible);

    impl CaptureFolder {
        pub(crate) fn new(_: &Path, _: &[PathBuf]) -> Result<Self, String> {
            Err(NOT_BUILT_IN.into())
        }

        pub(crate) fn write<'a>(
            &self,
            _: &Path,
            _: DateTime,
            _: impl Iterator<Item = &'a (u64, Event)> + Clone,
        ) -> Result<(), String> {
            match self.0 {}
        }
    }

    pub(crate) fn refusal(_: &Scenario) -> Option<String> {
        None
    }

    pub(crate) fn play_emulated(_: &Scenario, _: &Path) -> Result<Played, RunError> {
        Err(RunError::NotHere(NOT_BUILT_IN.into()))
    }
}
