//! An emulated board with a visit behind it to which nobody came, so that there is something to look at: its log, its screen and its
//! memory. It is `attach` that looks.

use std::path::Path;
use std::time::Duration;

use qiyong::in_process::InProcess;
use qiyong_centre::{Centre, CentreError, test_mac_key};
use qiyong_lab::emulator::holder::Does;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::rules::decision::{Institution, Operation};
use qiyong_sim::serial::setup::Setup;

use super::visit::TERMINAL;
use crate::centre::institution;
use crate::extras::FirstBoard;
use crate::terminal::at;

/// Where it stands.
const PLACE: &str = "P32010000017";

/// The board, which runs this image.
///
/// # Errors
/// The image or the emulator is not as it must be.
pub(crate) fn board(elf: &Path) -> Result<FirstBoard, String> {
    let wrong = |error: CentreError| error.to_string();
    let place = institution(PLACE)?;
    let mut centre = InProcess::from(Centre::in_memory().map_err(wrong)?);
    centre.add_institution(&Institution::of_region(place)).map_err(wrong)?;
    let setup = Setup { institution: place, terminal: TERMINAL, key: test_mac_key(), next_stan: Stan(1) };
    let mut board = FirstBoard::boot_at(elf, setup, Duration::ZERO).map_err(|error| error.to_string())?;
    let time = at(centre.now());
    let ended = board.serve(&mut centre, &Operation::Query, time, &mut |_| Does::Nothing);
    ended.map(|_| board).map_err(|error| error.to_string())
}
