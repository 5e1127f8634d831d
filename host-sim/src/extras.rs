//! Captures, which exist only with the feature `lab`; emulated boards, which want Unix as well (`boards`, see build.rs); and a
//! centre over TCP, which exists only with `serve`; and what replaces each of them elsewhere. The replacement says that the part
//! is missing.

use std::path::Path;

use clap::ValueEnum;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::stage::{Played, RunError};

/// Where `cargo xtask firmware` puts the image of the board B-L475E-IOT01A, from the root of the workspace.
pub(crate) const ELF: &str = "target/arm/thumbv7em-none-eabihf/firmware/qiyong-b-l475e-iot01a";
/// The same of the Pico.
pub(crate) const PICO: &str = "target/arm/thumbv6m-none-eabi/firmware/qiyong-pico";

/// The boards that can be emulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum BoardKind {
    /// B-L475E-IOT01A, in QEMU; its card line carries whole bytes
    #[default]
    #[value(name = "b-l475e-iot01a")]
    First,
    /// Raspberry Pi Pico, in rp2040js; its card line carries levels
    Pico,
}

impl BoardKind {
    /// Where `cargo xtask firmware` puts its image.
    pub(crate) fn elf(self) -> &'static Path {
        Path::new(match self {
            Self::First => ELF,
            Self::Pico => PICO,
        })
    }

    /// Plays a scenario on such boards, which run this image; `tcp`: its centre is reached over TCP.
    pub(crate) fn play(self, scenario: &Scenario, elf: &Path, tcp: bool) -> Result<Played, RunError> {
        match (self, tcp) {
            (Self::First, false) => play_emulated::<FirstBoard>(scenario, elf),
            (Self::First, true) => play_emulated_over_tcp::<FirstBoard>(scenario, elf),
            (Self::Pico, false) => play_emulated::<PicoBoard>(scenario, elf),
            (Self::Pico, true) => play_emulated_over_tcp::<PicoBoard>(scenario, elf),
        }
    }

    /// Why a scenario is not for such boards, if it is not.
    pub(crate) fn refusal(self, scenario: &Scenario) -> Option<String> {
        match self {
            Self::First => refusal::<FirstBoard>(scenario),
            Self::Pico => refusal::<PicoBoard>(scenario),
        }
    }
}

#[cfg(boards)]
pub(crate) use qiyong::in_process::play_emulated;
#[cfg(boards)]
pub(crate) use qiyong_lab::emulator::machine::Machine as FirstBoard;
#[cfg(boards)]
pub(crate) use qiyong_lab::pico::machine::Machine as PicoBoard;

#[cfg(boards)]
fn refusal<B: qiyong_lab::board::Board>(scenario: &Scenario) -> Option<String> {
    B::refusal(scenario).map(|why| why.to_string())
}

#[cfg(all(feature = "lab", feature = "serve"))]
pub(crate) use qiyong_sim::capture::Whereto;
#[cfg(feature = "lab")]
pub(crate) use qiyong_sim::capture::{CaptureFolder, LiveCapture};

#[cfg(feature = "serve")]
pub(crate) use qiyong::over_tcp::play as play_over_tcp;
#[cfg(all(boards, feature = "serve"))]
pub(crate) use qiyong::over_tcp::play_emulated as play_emulated_over_tcp;

#[cfg(all(not(boards), feature = "serve"))]
pub(crate) use without_boards::play_emulated_over_tcp;
#[cfg(not(feature = "serve"))]
pub(crate) use without_serve::{play_emulated_over_tcp, play_over_tcp};

#[cfg(not(boards))]
pub(crate) use without_boards::{FirstBoard, NO_BOARDS, PicoBoard, play_emulated, refusal};
#[cfg(all(not(feature = "lab"), feature = "serve"))]
pub(crate) use without_lab::Whereto;
#[cfg(not(feature = "lab"))]
pub(crate) use without_lab::{CaptureFolder, LiveCapture, NOT_BUILT_IN};

#[cfg(not(boards))]
mod without_boards {
    use std::path::Path;

    use qiyong_sim::scenario::file::Scenario;
    use qiyong_sim::scenario::stage::{Played, RunError};

    #[cfg(feature = "serve")]
    pub(crate) use self::play_emulated as play_emulated_over_tcp;
    #[cfg(unix)]
    pub(crate) use super::without_lab::NOT_BUILT_IN as NO_BOARDS;
    #[cfg(not(unix))]
    pub(crate) use crate::without_unix::BOARDS as NO_BOARDS;

    /// No board can be made.
    pub(crate) enum FirstBoard {}
    /// No board can be made.
    pub(crate) enum PicoBoard {}

    pub(crate) fn refusal<B>(_: &Scenario) -> Option<String> {
        None
    }

    pub(crate) fn play_emulated<B>(_: &Scenario, _: &Path) -> Result<Played, RunError> {
        Err(RunError::NotHere(NO_BOARDS.into()))
    }
}

#[cfg(not(feature = "lab"))]
mod without_lab {
    use std::convert::Infallible;
    use std::io;
    use std::path::{Path, PathBuf};

    use jiff::civil::DateTime;
    use qiyong_protocol::frame::Peer;
    use qiyong_sim::world::event::{Apdu, Event};

    /// The error if this program was built without emulated boards and captures.
    pub(crate) const NOT_BUILT_IN: &str = "this qiyong was built for a quick start, without emulated boards and captures: build it with `cargo build -p qiyong`";

    /// No folder can be made.
    pub(crate) struct CaptureFolder(Infallible);

    /// No capture can be made.
    pub(crate) struct LiveCapture(Infallible);

    /// From where to where a message goes.
    #[cfg(feature = "serve")]
    pub(crate) struct Whereto {
        pub(crate) terminal: std::net::SocketAddr,
        pub(crate) centre: std::net::SocketAddr,
        pub(crate) to_centre: bool,
    }

    impl LiveCapture {
        pub(crate) fn create(_: &Path) -> io::Result<Self> {
            Err(io::Error::other(NOT_BUILT_IN))
        }

        #[cfg(feature = "serve")]
        pub(crate) fn message(&self, Whereto { .. }: Whereto, _: &[u8]) -> io::Result<()> {
            match self.0 {}
        }

        pub(crate) fn message_here(&self, _: bool, _: &[u8]) -> io::Result<()> {
            match self.0 {}
        }

        pub(crate) fn frame(&self, _: bool, _: Peer, _: &[u8]) -> io::Result<()> {
            match self.0 {}
        }

        pub(crate) fn atr(&self, _: &[u8]) -> io::Result<()> {
            match self.0 {}
        }

        pub(crate) fn apdu(&self, _: &Apdu) -> io::Result<()> {
            match self.0 {}
        }
    }

    impl CaptureFolder {
        pub(crate) fn packets(&self, _: &Path) -> PathBuf {
            match self.0 {}
        }

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
}

#[cfg(not(feature = "serve"))]
mod without_serve {
    use std::path::Path;

    use qiyong_sim::scenario::file::Scenario;
    use qiyong_sim::scenario::stage::{Played, RunError};

    /// The error if this program was built without a centre over TCP.
    const NO_TCP: &str =
        "this qiyong was built for a quick start, without a centre over TCP: build it with `cargo build -p qiyong`";

    pub(crate) fn play_over_tcp(_: &Scenario) -> Result<Played, RunError> {
        Err(RunError::NotHere(NO_TCP.into()))
    }

    pub(crate) fn play_emulated_over_tcp<B>(_: &Scenario, _: &Path) -> Result<Played, RunError> {
        Err(RunError::NotHere(NO_TCP.into()))
    }
}
