//! Emulated boards and captures, which exist only with the feature `lab`, and a centre over TCP, which exists only with
//! `serve`; and what replaces them without it, so that the demo is built sooner. The replacement says that these parts are
//! missing.

/// Where `cargo xtask firmware` puts the image of the board B-L475E-IOT01A, from the root of the workspace.
pub(crate) const ELF: &str = "target/arm/thumbv7em-none-eabihf/firmware/qiyong-b-l475e-iot01a";

/// Where it puts that of the board Pico.
#[cfg(feature = "lab")]
pub(crate) const ELF_PICO: &str = "target/arm/thumbv6m-none-eabi/firmware/qiyong-pico";

#[cfg(feature = "lab")]
pub(crate) use qiyong::in_process::play_emulated;
#[cfg(feature = "lab")]
pub(crate) use qiyong_lab::stage::refusal;
#[cfg(feature = "lab")]
pub(crate) use qiyong_sim::capture::CaptureFolder;

#[cfg(feature = "serve")]
pub(crate) use qiyong::over_tcp::play as play_over_tcp;
#[cfg(all(feature = "lab", feature = "serve"))]
pub(crate) use qiyong::over_tcp::play_emulated as play_emulated_over_tcp;

#[cfg(not(all(feature = "lab", feature = "serve")))]
pub(crate) use without_serve::play_emulated_over_tcp;
#[cfg(not(feature = "serve"))]
pub(crate) use without_serve::play_over_tcp;

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

#[cfg(not(all(feature = "lab", feature = "serve")))]
mod without_serve {
    use std::path::Path;

    use qiyong_sim::scenario::file::Scenario;
    use qiyong_sim::scenario::stage::{Played, RunError};

    /// The error if this program was built without a centre over TCP.
    const NOT_BUILT_IN: &str =
        "this qiyong was built for a quick start, without a centre over TCP: `cargo build -p qiyong` has it";

    #[cfg(not(feature = "serve"))]
    pub(crate) fn play_over_tcp(_: &Scenario) -> Result<Played, RunError> {
        Err(RunError::NotHere(NOT_BUILT_IN.into()))
    }

    pub(crate) fn play_emulated_over_tcp(_: &Scenario, _: &Path) -> Result<Played, RunError> {
        Err(RunError::NotHere(NOT_BUILT_IN.into()))
    }
}
