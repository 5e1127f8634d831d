//! An emulated board whose till is another program: its till line leads out of this one ([`door`]). Here are the card, the holder,
//! and the board's time.
//!
//! **Time waits for whoever is not emulated.** The board's time stands still while the till has a message for the centre, while the
//! holder is asked for a PIN, and as long as nothing is to be done. Else it goes on as fast as it can. So a visit ends the same on a
//! machine of any speed, and a minute in which the board waits for an answer that nobody gives passes at once. When the till says
//! that there is no answer, by an empty frame from the centre, or leaves the line, time goes on.
//!
//! Whoever keeps silent for [`PATIENCE`] in real time is waited for no longer: then the board's own bounds hold.

pub mod door;

use std::time::{Duration, Instant};

use qiyong_protocol::centre::message::MESSAGE_MAX;
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::frame::{Decoder, Frame, Peer, encoded_len};

use crate::emulator::EmulatorError;
use crate::emulator::holder::{Asked, Does, asked};
use crate::probe::ScreenText;
use crate::visit;
use door::Door;
use qiyong_sim::line::SharedCard;
use qiyong_sim::serial::till::Heard;

/// How long the till, or a person at the PIN pad, is waited for while the board's time stands still, in real time.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How much of its time a board gets for an answer to what the till has said, while its time stands still otherwise: the erasure of
/// some sectors of flash, and more.
const GRACE: Duration = Duration::from_secs(2);
/// How long nobody looks, in real time, while nothing happens.
const LOOK: Duration = Duration::from_millis(20);

/// An emulated board with a card and a holder, and without a till.
pub trait Alone {
    /// Its time since the beginning.
    fn now(&self) -> Duration;

    /// Goes on until something has happened, but not beyond `limit` of its time; `None`: nothing happens until then.
    ///
    /// # Errors
    /// The emulator fails.
    fn step(&mut self, limit: Duration) -> Result<Option<Vec<Happened>>, EmulatorError>;

    /// The till says this.
    fn say(&mut self, bytes: &[u8]);

    /// What it has said to the till since it was last asked.
    fn said(&mut self) -> Vec<u8>;

    /// Puts a card into the slot, or takes it out.
    ///
    /// # Errors
    /// The emulator fails, or cannot carry this card.
    fn set_card(&mut self, card: Option<SharedCard>) -> Result<(), EmulatorError>;

    /// The holder does this at the PIN pad.
    fn does(&mut self, does: &Does);

    /// The rows that it has logged since it was last asked.
    ///
    /// # Errors
    /// The emulator fails.
    fn logged(&mut self) -> Result<Vec<String>, EmulatorError>;
}

/// What a board has done.
#[derive(Debug)]
pub enum Happened {
    /// It tells the till something.
    Event(Event),
    /// Its screen shows something else.
    Screen(ScreenText),
    /// A PIN is awaited.
    Pin(Asked),
}

impl Happened {
    /// What a board whose screen has shown that has done, as far as it matters here.
    pub(crate) fn of(own: visit::Happened, screens: &[ScreenText]) -> Option<Self> {
        match own {
            visit::Happened::Till(Heard::Event(event)) => Some(Self::Event(event)),
            visit::Happened::Till(Heard::ToCentre(_) | Heard::Nonsense(_)) => None,
            visit::Happened::Screen(text) => Some(Self::Screen(text)),
            visit::Happened::PinAwaited => Some(Self::Pin(asked(screens.last()))),
        }
    }
}

/// Whoever sits in front of the board.
pub trait Person {
    /// The screen shows this.
    fn sees(&mut self, screen: &ScreenText);

    /// The board logs this.
    fn reads(&mut self, row: &str);

    /// A till has come to the line, or has left it.
    fn line(&mut self, is_open: bool);

    /// What the holder does when this PIN is asked for; `None`: nothing yet. It is asked again and again, `first` once.
    fn pin(&mut self, asked: Asked, first: bool) -> Option<Does>;

    /// Whether it goes on.
    fn goes_on(&mut self) -> bool;
}

/// For whom the board's time waits.
struct Waits {
    /// A visit is under way.
    visit: bool,
    /// The till has a message for the centre, since then.
    till: Option<Instant>,
    /// This PIN is asked for, since then; and whether the holder knows.
    holder: Option<(Asked, Instant, bool)>,
    /// The board's time when the till last said something.
    spoken: Duration,
    /// What the till says, and what it hears.
    says: Ear,
    hears: Ear,
}

/// The frames of one direction.
type Ear = Box<Decoder<{ encoded_len(MESSAGE_MAX) - 2 }>>;

impl Waits {
    fn new(now: Duration) -> Self {
        Self { visit: false, till: None, holder: None, spoken: now, says: Box::default(), hears: Box::default() }
    }

    /// The till says this.
    fn hear(&mut self, now: Duration, bytes: &[u8]) {
        self.spoken = now;
        for byte in bytes {
            match self.says.push(*byte) {
                None => continue,
                Some(Ok(Frame { peer: Peer::Centre, .. })) => self.till = None,
                Some(Ok(Frame { peer: Peer::Till, payload })) => {
                    if matches!(Command::decode(payload), Some(Command::Cancel)) {
                        self.holder = None;
                    }
                }
                Some(Err(_)) => {}
            }
            // It may have held a key.
            self.says.wipe();
        }
    }

    /// A till has come, or has left. Of what was said to another one before, it has nothing: half a message is none.
    fn changes(&mut self) {
        (self.says, self.hears) = Default::default();
    }

    /// The till that is there hears this: it has a message for the centre when it has all of it.
    fn said(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(frame) = self.hears.push(*byte) {
                if matches!(frame, Ok(Frame { peer: Peer::Centre, .. })) {
                    self.till = Some(Instant::now());
                }
                self.hears.wipe();
            }
        }
    }

    /// How far the board may go.
    fn limit(&mut self, is_open: bool) -> Duration {
        let is_late = |since: &mut Instant| since.elapsed() >= PATIENCE;
        if !is_open {
            self.till = None;
        }
        self.till.take_if(is_late);
        self.holder.take_if(|(_, since, _)| is_late(since));
        if self.visit && self.till.is_none() && self.holder.is_none() { Duration::MAX } else { self.spoken + GRACE }
    }
}

/// Serves a till at `door` until `person` has enough. The card is put in when a visit begins, and taken out at its end.
///
/// # Errors
/// The emulator or the line fails.
pub fn serve<B: Alone>(
    board: &mut B,
    door: &mut Door,
    card: &SharedCard,
    person: &mut impl Person,
) -> Result<(), EmulatorError> {
    let mut waits = Waits::new(board.now());
    while person.goes_on() {
        let was_open = door.is_open();
        let bytes = door.hear()?;
        if door.is_open() != was_open {
            waits.changes();
            person.line(door.is_open());
        }
        if !bytes.is_empty() {
            waits.hear(board.now(), &bytes);
            board.say(&bytes);
        }
        if let Some((asked, since, knows)) = waits.holder {
            waits.holder = Some((asked, since, true));
            if let Some(does) = person.pin(asked, !knows) {
                waits.holder = None;
                board.does(&does);
            }
        }
        let happened = board.step(waits.limit(door.is_open()))?;
        let said = board.said();
        door.say(&said);
        if door.is_open() {
            waits.said(&said);
        }
        match happened {
            None => door.wait(LOOK)?,
            Some(all) => {
                for happened in all {
                    takes(board, &mut waits, happened, card, person)?;
                }
            }
        }
    }
    Ok(())
}

/// What follows from what the board has done.
fn takes<B: Alone>(
    board: &mut B,
    waits: &mut Waits,
    happened: Happened,
    card: &SharedCard,
    person: &mut impl Person,
) -> Result<(), EmulatorError> {
    match happened {
        Happened::Pin(asked) => waits.holder = Some((asked, Instant::now(), false)),
        Happened::Screen(screen) => person.sees(&screen),
        Happened::Event(Event::State(state)) if state.visit.is_some() && !waits.visit => {
            waits.visit = true;
            board.set_card(Some(card.clone()))?;
        }
        Happened::Event(Event::Ended(_)) if waits.visit => {
            (waits.visit, waits.till, waits.holder) = (false, None, None);
            board.set_card(None)?;
            board.logged()?.iter().for_each(|row| person.reads(row));
        }
        Happened::Event(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
