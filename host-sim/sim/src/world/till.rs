//! A till in virtual time: it commands a terminal over the serial line, repeats what seems to be lost, and passes on
//! what the terminal and the centre say to each other.

use std::cell::RefCell;
use std::rc::Rc;

use embassy_futures::select::{Either, select};
use thiserror::Error;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended, Event, Formality, KeyLoad, Reference, Refused, State, TEST_TRANSPORT_KEY};
use qiyong_protocol::frame::Peer;
use qiyong_protocol::rules::decision::Operation;

use super::centre::{CentreEnd, CentreFailure};
use super::visit::{Unplayed, Visit};
use crate::serial::setup::Setup;
use crate::serial::till::{self, Heard, Passed, TillEnd};
use crate::serial::wire::Wire;
use crate::time::{CLOCK_HZ, VirtualTime};

/// How long a terminal may take to say that it has heard a command, in seconds. Then the till repeats it.
const AT_ONCE: u64 = 1;
/// How long a till waits for the end of a visit before it asks again, in seconds.
const PATIENCE: u64 = 300;
/// How often a till begins anew to set up a terminal whose refusals are about what was said before.
const ROUNDS: u32 = 8;
/// How often a till says a command before it gives up: three hours, if the terminal has heard it.
const TRIES: u32 = 36;

/// Why a till cannot work with its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TillError {
    /// The terminal does not carry out a command.
    #[error(
        "the terminal refuses a command: {0}; report it to whoever maintains the program, with the file that was played"
    )]
    Refused(Refused),
    /// The terminal does not answer, however often it is asked.
    #[error(
        "the terminal does not answer its till: report it to whoever maintains the program, with the file that was played"
    )]
    Silent,
    /// The terminal was ended from outside, as by a power cut.
    #[error("the terminal has lost its power: start it again, and it settles what it had begun")]
    PowerCut,
    /// The till was ended from outside, as by `kill -9`.
    #[error("the till was killed: start it again, and it asks the terminal what became of the visit")]
    TillKilled,
    /// The visit has no end.
    #[error("the visit comes to no end: report it to whoever maintains the program, with the file that was played")]
    Hangs,
}

/// What somebody is told who watches the till.
pub trait TillWatch {
    /// A message is about to go to the centre, or to be lost on its way; its number in the visit, from 0.
    fn passes(&mut self, number: usize) {
        let _ = number;
    }

    /// A message has gone to the centre, or was lost on its way.
    fn passed(&mut self, passed: Passed) {
        let _ = passed;
    }

    /// A frame that can be read has come from the terminal, or one goes there: what it carries, secrets and all.
    fn crosses(&mut self, to_terminal: bool, peer: Peer, payload: &[u8]) {
        let _ = (to_terminal, peer, payload);
    }

    /// The bytes from the terminal said nothing: why.
    fn nonsense(&mut self, why: &till::Nonsense) {
        let _ = why;
    }

    /// The centre could do nothing.
    fn centre_failed(&mut self, failure: CentreFailure);
}

/// The till.
pub struct Till {
    end: TillEnd,
    from_terminal: Wire,
    to_terminal: Wire,
    time: VirtualTime,
    centre: Rc<RefCell<dyn CentreEnd>>,
    watch: Box<dyn TillWatch>,
    /// Its name for the next visit.
    next: Reference,
}

impl Till {
    /// A till at the other end of these wires.
    pub fn new(
        time: VirtualTime,
        from_terminal: Wire,
        to_terminal: Wire,
        centre: Rc<RefCell<dyn CentreEnd>>,
        watch: impl TillWatch + 'static,
    ) -> Self {
        let (end, watch) = (TillEnd::default(), Box::new(watch));
        Self { end, from_terminal, to_terminal, time, centre, watch, next: Reference(1) }
    }

    /// A visit begins, during which this goes wrong on the line.
    pub fn begin(&mut self, visit: &Visit) {
        self.end.begin(visit.trouble, visit.messages.clone());
        self.from_terminal.begin(visit.to_till.clone());
        self.to_terminal.begin(visit.to_terminal.clone());
    }

    /// The till's program starts again: nothing of what was under way is left. It goes on counting its references.
    pub fn begin_anew(&mut self) {
        self.from_terminal.drop_all();
        self.to_terminal.drop_all();
        self.end.begin_anew();
    }

    /// How many bytes were sent in this visit: to the till, and to the terminal.
    pub fn sent(&self) -> [u64; 2] {
        [&self.from_terminal, &self.to_terminal].map(Wire::sent)
    }

    /// What was to go wrong on the line in this visit, and did not.
    pub fn left(&self) -> Vec<Unplayed> {
        let byte = [&self.from_terminal, &self.to_terminal].into_iter().find_map(Wire::left);
        let byte = byte.map(|(at, sent)| Unplayed::Byte { at, sent });
        self.end.is_left().then_some(Unplayed::Link).into_iter().chain(byte).collect()
    }

    /// Tells the terminal where it stands; returns its state when it knows. A terminal that has no key of that name gets it: under
    /// the transport key of tests if it has none yet, else under the same key, since this till knows no other.
    ///
    /// # Errors
    /// The terminal does not take it.
    pub async fn set_up(&mut self, setup: Setup) -> Result<State, TillError> {
        // A refusal does not say of what. What this till has said twice, since a byte was lost, is refused twice: so it begins again.
        let is_about_keys = |why| matches!(why, Refused::NoKey | Refused::OtherKey);
        let mut said = self.stand(&setup).await;
        for _ in 0..ROUNDS {
            match said {
                Err(TillError::Refused(why)) if is_about_keys(why) => {}
                other => return other,
            }
            for under in [&TEST_TRANSPORT_KEY, &setup.key] {
                match self.load_key(setup.sealed(under)).await {
                    Ok(_) => break,
                    Err(TillError::Refused(why)) if is_about_keys(why) => {}
                    Err(error) => return Err(error),
                }
            }
            said = self.stand(&setup).await;
        }
        said
    }

    async fn stand(&mut self, setup: &Setup) -> Result<State, TillError> {
        let known = |event: &Event| match event {
            Event::State(state) if state.set_up => Some(*state),
            _ => None,
        };
        self.command(&Command::Setup(setup.place()), known).await
    }

    /// Gives the terminal a master key; returns the check value of the key that it has then.
    ///
    /// # Errors
    /// The terminal does not take it.
    pub async fn load_key(&mut self, load: KeyLoad) -> Result<[u8; 3], TillError> {
        let check = load.check;
        let known = move |event: &Event| match event {
            Event::KeyLoaded(loaded) if *loaded == check => Some(check),
            _ => None,
        };
        self.command(&Command::LoadKey(load), known).await
    }

    /// Lets the terminal serve one holder; returns how that ended. `time` is what the terminal sets its clock by.
    ///
    /// # Errors
    /// The terminal does not do it.
    pub async fn serve(&mut self, operation: Operation, time: Timestamp) -> Result<Ended, TillError> {
        let reference = self.next_reference();
        self.until_end(&Command::Start { reference, time, operation }, reference).await
    }

    /// Lets the terminal settle something with the centre; returns how that ended.
    ///
    /// # Errors
    /// The terminal does not do it.
    pub async fn attend(&mut self, what: Formality, time: Timestamp) -> Result<Ended, TillError> {
        let reference = self.next_reference();
        self.until_end(&Command::Attend { reference, time, what }, reference).await
    }

    const fn next_reference(&mut self) -> Reference {
        let reference = self.next;
        self.next = Reference(reference.0.wrapping_add(1));
        reference
    }

    async fn until_end(&mut self, command: &Command, reference: Reference) -> Result<Ended, TillError> {
        let end = move |event: &Event| match event {
            Event::Ended(ended) if ended.reference == reference => Some(*ended),
            _ => None,
        };
        self.command(command, end).await
    }

    /// Says a command until an event says that it was done.
    async fn command<T>(&mut self, command: &Command, done: impl Fn(&Event) -> Option<T>) -> Result<T, TillError> {
        for _ in 0..TRIES {
            self.watch.crosses(true, Peer::Till, &command.encode());
            self.to_terminal.send(&till::command(command));
            let mut patience = AT_ONCE;
            loop {
                let end = self.time.clone();
                let end = end.until(end.cycles().saturating_add(patience * CLOCK_HZ));
                match select(self.hear(), end).await {
                    Either::First(Event::Refused(Refused::Busy)) => patience = PATIENCE,
                    Either::First(Event::Refused(why)) => return Err(TillError::Refused(why)),
                    Either::First(event) => match done(&event) {
                        Some(output) => return Ok(output),
                        // It has heard the command, or has just started.
                        None => patience = PATIENCE,
                    },
                    Either::Second(()) => break,
                }
            }
        }
        Err(TillError::Silent)
    }

    fn pass_on(&mut self, message: &[u8]) -> Result<Passed, CentreFailure> {
        let mut centre = self.centre.borrow_mut();
        centre.set_time(self.time.timestamp());
        self.end.pass_on(message, &mut *centre)
    }

    /// The next event. Meanwhile messages go to the centre, and its answers to the terminal.
    async fn hear(&mut self) -> Event {
        loop {
            match self.end.hear(self.from_terminal.receive().await) {
                Some(Heard::Event(event)) => {
                    self.watch.crosses(false, Peer::Till, &event.encode());
                    return event;
                }
                Some(Heard::ToCentre(message)) => {
                    self.watch.crosses(false, Peer::Centre, &message);
                    self.watch.passes(self.end.messages());
                    match self.pass_on(&message) {
                        Ok(passed) => {
                            self.watch.passed(passed);
                            for answer in self.end.take_answers() {
                                self.watch.crosses(true, Peer::Centre, &answer);
                                self.to_terminal.send(&till::from_centre(&answer));
                            }
                        }
                        Err(failure) => self.watch.centre_failed(failure),
                    }
                }
                Some(Heard::Nonsense(why)) => self.watch.nonsense(&why),
                None => {}
            }
        }
    }
}
