//! An emulated board, whatever emulates it, as a program and a scenario's stage have it. How it is moved on is not here.

use std::path::Path;
use std::time::Duration;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Ended, Reference, State};
use qiyong_protocol::rules::decision::Operation;
use qiyong_sim::line::{Fault, SharedCard};
use qiyong_sim::referee::Finding;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::{LinkTrouble, Visit};
use thiserror::Error;

use crate::emulator::EmulatorError;
use crate::emulator::holder::{Does, Moment};
use crate::probe::ScreenText;

/// An emulated board with its surroundings. Dropping it ends the emulator.
pub trait Board: Sized {
    /// Boots an image, when so long has gone by since the beginning, and tells it its institution.
    ///
    /// # Errors
    /// The file is no image, or the emulator is missing or does not start.
    fn boot_at(elf: &Path, setup: Setup, elapsed: Duration) -> Result<Self, EmulatorError>;

    /// Why a scenario cannot be played on such a board, if it cannot.
    fn refusal(scenario: &Scenario) -> Option<Unplayable> {
        let _ = scenario;
        None
    }

    /// Tells the terminal its institution, and waits until the terminal confirms it.
    ///
    /// # Errors
    /// The terminal does not confirm it.
    fn set_up(&mut self, setup: Setup) -> Result<(), EmulatorError>;

    /// Puts a card into the slot.
    ///
    /// # Errors
    /// The emulator cannot carry this card, or is gone.
    fn insert_shared(&mut self, card: SharedCard) -> Result<(), EmulatorError>;

    /// Takes the card out.
    ///
    /// # Errors
    /// The emulator is gone.
    fn remove(&mut self) -> Result<(), EmulatorError>;

    /// Lets the board do what it does by itself, until so long has gone by since the beginning.
    ///
    /// # Errors
    /// The emulator is gone.
    fn rest_until(&mut self, elapsed: Duration) -> Result<(), EmulatorError>;

    /// What goes wrong during the next visit.
    ///
    /// # Errors
    /// The emulator is gone.
    fn disturb(&mut self, visit: &Visit) -> Result<(), EmulatorError>;

    /// One visit: the till's command, and everything until the end. It begins at `time`; a centre of this world alone goes by
    /// that, too. `holder` is asked what the holder does.
    ///
    /// # Errors
    /// The emulator or the centre fails, or the visit does not end.
    fn serve(
        &mut self,
        centre: &mut dyn CentreEnd,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, EmulatorError>;

    /// What was to happen in the last visit, and did not.
    fn left(&mut self) -> Left;

    /// How its visits have gone.
    fn course(&self) -> &Course;

    /// The board's time since the beginning.
    fn elapsed(&self) -> Duration;

    /// What the referee of the card line has found since this was last asked; the times are in cycles of CLK.
    ///
    /// # Errors
    /// The image's characters are not what a referee can judge.
    fn findings(&mut self) -> Result<Vec<Finding>, EmulatorError>;

    /// The image's log so far.
    fn log(&self) -> &[String];

    /// Characters on the card line so far, in both directions.
    fn characters(&self) -> usize;

    /// The most bytes of its stack that the image has used, and the size of the stack.
    ///
    /// # Errors
    /// The emulator is gone.
    fn stack(&mut self) -> Result<(usize, usize), EmulatorError>;
}

/// How a board's visits go.
#[derive(Debug)]
pub struct Course {
    /// The till's name for the next visit.
    pub(crate) next: Reference,
    /// The last state that the terminal reported.
    pub state: Option<State>,
    /// What goes wrong on the link in the next visit.
    pub(crate) trouble: LinkTrouble,
    /// So many seconds is the till's clock ahead of the centre's in the next visit.
    pub(crate) clock_ahead: i64,
    /// How long the last visit took, from the till's command to the last byte of the end that it was told.
    pub took: Duration,
    /// What the screen showed, one after the other, as far as it was read.
    pub screens: Vec<ScreenText>,
}

impl Default for Course {
    fn default() -> Self {
        let (took, screens) = (Duration::ZERO, Vec::new());
        Self { next: Reference(1), state: None, trouble: LinkTrouble::None, clock_ahead: 0, took, screens }
    }
}

/// What was to happen in a visit, and did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Nothing of this went wrong on the card line.
    pub faults: Vec<Fault>,
    /// Noise disturbed no character.
    pub noise: bool,
    /// The card was not taken out when it had taken the new PIN.
    pub new_pin_taken: bool,
    /// No message was disturbed.
    pub link: bool,
    /// To the till, and to the terminal: the first byte with which nothing went wrong any more, and how many were sent.
    pub bytes: [Option<(u64, u64)>; 2],
    /// How many characters have passed.
    pub passed: u64,
}

/// Why a scenario cannot be played here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unplayable {
    /// A card is in inverse convention.
    #[error(
        "card {card:?} is in inverse convention, which is told by parity; there is none here: use --bench simulated"
    )]
    InverseCard {
        /// The card's name in the scenario.
        card: String,
    },
    /// A terminal's storage is worn.
    #[error("in step {step} the storage is worn; the memory in its place here does not wear: use --bench simulated")]
    WornStorage {
        /// The step, the first being 1.
        step: usize,
    },
    /// Bytes are disturbed on the serial line.
    #[error("step {step} disturbs bytes of the serial line; here they go through a socket: use --bench simulated")]
    SerialDisturbed {
        /// The step, the first being 1.
        step: usize,
    },
    /// Characters are disturbed on the card line.
    #[error("step {step} disturbs characters on the card line; here it carries whole bytes: use --bench simulated")]
    Disturbed {
        /// The step, the first being 1.
        step: usize,
    },
}
