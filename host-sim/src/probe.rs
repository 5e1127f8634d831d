//! What the verbs for boards behind debug probes share: which image, chip and probe are meant.

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "probe")]
use qiyong_lab::probe::{board::Board, job::Job};

use crate::extras::ELF;

/// What is said when this program was built without probe-rs.
#[cfg(not(feature = "probe"))]
pub(crate) const NOT_BUILT_IN: &str = "this qiyong was built without debug probes: build it with \
     `cargo build -p qiyong --features probe`, which needs nothing to be installed";

/// Which image, on which chip, behind which probe.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The image
    #[arg(long, value_name = "FILE", default_value = ELF)]
    pub(crate) elf: PathBuf,
    /// The chip, by its name in probe-rs
    #[arg(long, value_name = "NAME", default_value = "STM32L475VGTx")]
    pub(crate) chip: String,
    /// The debug probe if there are several: VID:PID, VID:PID:SERIAL or SERIAL, as `qiyong probes` lists them
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) probe: Option<String>,
}

#[cfg(feature = "probe")]
impl Which {
    /// The image, and the chip that it is for.
    pub(crate) fn job(&self) -> Result<Job, String> {
        Job::new(&self.elf, &self.chip).map_err(|error| error.to_string())
    }

    /// The board behind the probe that is meant.
    pub(crate) fn connect(&self, job: &Job) -> Result<Board, String> {
        job.connect(self.probe.as_deref()).map_err(|error| error.to_string())
    }
}
