//! A visit at an emulated board, whatever emulates it: whatever happens on its lines, pins and screen, until the board tells
//! the till how the visit ended. And what a till tells a terminal before the first one.

use std::time::Duration;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended, Event, KeyLoad, Reference, Refused, State, TEST_TRANSPORT_KEY};
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::serial::till::Heard;
use qiyong_sim::time::later;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::LinkTrouble;

use crate::board::Course;
use crate::emulator::EmulatorError;
use crate::emulator::holder::{self, Does, Moment, THINKS_S};
use crate::probe::ScreenText;

/// How long a visit may take in the board's time; every proper visit ends sooner by its own bounds.
const VISIT_MINUTES: u64 = 30;
/// How long the image may take to start, and to take a command.
const START: Duration = Duration::from_secs(60);

/// What the board has done.
#[derive(Debug)]
pub(crate) enum Happened {
    /// Something came to the till's end of the line.
    Till(Heard),
    /// The screen shows something else.
    Screen(ScreenText),
    /// The PIN pad is told that a PIN is awaited.
    PinAwaited,
}

/// A board that is moved on.
pub(crate) trait Moved {
    /// Its time since the beginning.
    fn now(&self) -> Duration;

    /// What it has done since the last step; if nothing, the next thing happens to it.
    fn step(&mut self) -> Result<Vec<Happened>, EmulatorError>;

    /// How its visits go.
    fn course(&mut self) -> &mut Course;

    /// A visit begins, during which this goes wrong on the link.
    fn begins(&mut self, trouble: LinkTrouble);

    /// The till sends a command.
    fn say(&mut self, command: &Command);

    /// The terminal's message goes to the centre; returns whether it is a transaction.
    fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<bool, EmulatorError>;

    /// The centre's answers that have come go to the terminal.
    fn answer(&mut self);

    /// The holder does this, so long from now.
    fn does(&mut self, does: &Does, after: Duration);

    /// The power may be gone.
    fn check_power(&mut self) -> Result<(), EmulatorError> {
        Ok(())
    }

    /// The visit is over, however it ended: what was planned for it is off, and what the board has done by then is taken.
    fn ends(&mut self, well: bool) -> Result<(), EmulatorError>;

    /// Fetches the image's log; returns it.
    fn read_log(&mut self) -> Result<&mut Vec<String>, EmulatorError>;
}

/// The current visit: its reference, when it began, and its holder and centre.
struct Visit<'a> {
    reference: Reference,
    time: Timestamp,
    begin: Duration,
    centre: &'a mut dyn CentreEnd,
    holder: &'a mut dyn FnMut(Moment) -> Does,
}

/// A command of the till, and everything until the end.
///
/// # Errors
/// The emulator or the centre fails, or the visit does not end.
pub(crate) fn obey<B: Moved>(
    board: &mut B,
    centre: &mut dyn CentreEnd,
    time: Timestamp,
    holder: &mut dyn FnMut(Moment) -> Does,
    command: impl FnOnce(Reference, Timestamp) -> Command,
) -> Result<Ended, EmulatorError> {
    let course = board.course();
    let reference = course.next;
    course.next = Reference(reference.0.wrapping_add(1));
    let (trouble, ahead) = (std::mem::take(&mut course.trouble), std::mem::take(&mut course.clock_ahead));
    board.begins(trouble);
    let begin = board.now();
    board.say(&command(reference, later(time, ahead)));
    let ended = until_end(board, &mut Visit { reference, time, begin, centre, holder });
    board.course().took = board.now() - begin;
    board.ends(ended.is_ok()).and(ended)
}

fn until_end<B: Moved>(board: &mut B, visit: &mut Visit<'_>) -> Result<Ended, EmulatorError> {
    let end = board.now() + Duration::from_secs(VISIT_MINUTES * 60);
    while board.now() < end {
        let all = board.step()?;
        board.check_power()?;
        let mut ended = None;
        for happened in all {
            match happened {
                Happened::Till(what) => ended = heard(board, what, visit)?.or(ended),
                Happened::Screen(text) => {
                    if let Some(moment) = holder::invited(&text) {
                        board.does(&(visit.holder)(moment), Duration::ZERO);
                    }
                }
                Happened::PinAwaited => {
                    let asked = holder::asked(board.course().screens.last());
                    board.does(&(visit.holder)(Moment::Pin(asked)), Duration::from_secs(THINKS_S));
                }
            }
        }
        board.check_power()?;
        if let Some(ended) = ended {
            return Ok(ended);
        }
        board.answer();
    }
    Err(EmulatorError::Endless { minutes: VISIT_MINUTES })
}

/// What has come to the till; returns how the visit ended, if it did.
fn heard<B: Moved>(board: &mut B, heard: Heard, visit: &mut Visit<'_>) -> Result<Option<Ended>, EmulatorError> {
    match heard {
        Heard::ToCentre(message) => {
            let passed = (board.now() - visit.begin).as_secs();
            visit.centre.set_time(later(visit.time, i64::try_from(passed).unwrap_or(i64::MAX)));
            if board.pass_on(&message, visit.centre)? {
                board.does(&(visit.holder)(Moment::Transaction), Duration::ZERO);
            }
        }
        Heard::Event(Event::Ended(ended)) if ended.reference == visit.reference => return Ok(Some(ended)),
        Heard::Event(Event::State(state)) => board.course().state = Some(state),
        Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
        // The end of an earlier visit, repeated.
        Heard::Event(Event::Ended(_) | Event::KeyLoaded(_)) => {}
        Heard::Nonsense(why) => board.read_log()?.push(format!("(from the board: {why})")),
    }
    Ok(None)
}

/// Tells the terminal its institution, and waits until the terminal confirms it. A terminal that has no key of that name gets
/// it: under the transport key of tests if it has none yet, else under the same key, since this till knows no other.
///
/// # Errors
/// The terminal does not confirm it.
pub(crate) fn set_up<B: Moved>(board: &mut B, setup: &Setup) -> Result<(), EmulatorError> {
    match stand(board, setup) {
        Err(EmulatorError::Refused(Refused::NoKey)) => {}
        other => return other,
    }
    match load_key(board, setup.sealed(&TEST_TRANSPORT_KEY)) {
        Err(EmulatorError::Refused(Refused::OtherKey)) => load_key(board, setup.sealed(&setup.key))?,
        loaded => loaded?,
    };
    stand(board, setup)
}

fn stand<B: Moved>(board: &mut B, setup: &Setup) -> Result<(), EmulatorError> {
    let state = tell(board, &Command::Setup(setup.place()), |event| match event {
        Event::State(state) if state.set_up => Some(state),
        // Its state after the start.
        _ => None::<State>,
    })?;
    board.course().state = Some(state);
    Ok(())
}

/// Gives the terminal a master key; returns the check value of the key that it has then.
///
/// # Errors
/// The terminal does not take it, or says nothing.
pub(crate) fn load_key<B: Moved>(board: &mut B, load: KeyLoad) -> Result<[u8; 3], EmulatorError> {
    tell(board, &Command::LoadKey(load), |event| match event {
        Event::KeyLoaded(check) => Some(check),
        _ => None,
    })
}

/// Says a command, and waits for the event that answers it and whatever follows from it.
fn tell<B: Moved, T>(board: &mut B, command: &Command, known: impl Fn(Event) -> Option<T>) -> Result<T, EmulatorError> {
    board.say(command);
    let end = board.now() + START;
    while board.now() < end {
        for happened in board.step()? {
            match happened {
                Happened::Till(Heard::Event(Event::Refused(why))) => return Err(EmulatorError::Refused(why)),
                Happened::Till(Heard::Event(event)) => {
                    if let Some(known) = known(event) {
                        return board.read_log().map(|_| known);
                    }
                }
                _ => {}
            }
        }
    }
    Err(mute(board, "has been told its place or key, and has not said that it knows"))
}

/// Waits until the log has these words.
///
/// # Errors
/// It has not.
pub(crate) fn await_words<B: Moved>(board: &mut B, what: &'static str, words: &str) -> Result<(), EmulatorError> {
    let end = board.now() + START;
    while board.now() < end {
        board.step()?;
        if board.read_log()?.iter().any(|line| line.contains(words)) {
            return Ok(());
        }
    }
    Err(mute(board, what))
}

/// The image has not done that, and logged last what it did.
pub(crate) fn mute<B: Moved>(board: &mut B, what: &'static str) -> EmulatorError {
    match board.read_log() {
        Ok(lines) => EmulatorError::Mute { what, last: lines.last().cloned().unwrap_or_else(|| "nothing".into()) },
        Err(error) => error,
    }
}
