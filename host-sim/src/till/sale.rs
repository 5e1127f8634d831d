//! One request at the terminal: from the till's command to the end that the terminal tells.

use std::time::{Duration, Instant};

use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::ecr::{Command, Ended, Event, Formality, Reference, State};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::serial::till::Heard;

use super::carrier::{Carried, Carrier};
use super::interrupt::Interrupt;
use super::line::{Line, LineError, state_of};
use super::note::{Note, Open, Word};
use super::told;
use crate::output::{self, Output, Verdict};
use crate::system::Refused;
use crate::terminal::{Task, at};

/// How often one looks at the keyboard.
const LOOK: Duration = Duration::from_millis(200);
/// After so much silence the terminal is asked whether it is still there.
const PING: Duration = Duration::from_secs(3);
/// No visit takes longer by the terminal's own bounds.
const VISIT: Duration = Duration::from_secs(60 * 60);

/// How a visit is over.
pub(super) enum Over {
    /// The terminal has told its end.
    Ended(Ended),
    /// It does not know the visit any more, as after a power cut.
    Forgotten(State),
}

/// What has become of a request.
pub(super) enum Served {
    /// Its end was told.
    Told(Verdict),
    /// The terminal does not know it any more.
    Forgotten(State),
}

/// The till: a terminal, a centre, and what is under way between them.
pub(super) struct Till {
    pub(super) line: Line,
    pub(super) carrier: Carrier,
    pub(super) note: Note,
    pub(super) institution: InstitutionCode,
    pub(super) name: TerminalId,
    pub(super) json: bool,
    interrupt: Interrupt,
}

impl Till {
    pub(super) fn new(
        line: Line,
        carrier: Carrier,
        note: Note,
        institution: InstitutionCode,
        name: TerminalId,
        json: bool,
    ) -> Self {
        Self { line, carrier, note, institution, name, json, interrupt: Interrupt::new() }
    }

    /// A visit under way that this program has not begun comes to its end first.
    pub(super) fn waits_for_others(&mut self, state: &State) -> Result<(), String> {
        let Some(reference) = state.visit else { return Ok(()) };
        output::tell("the terminal still serves a holder: this till carries its messages to the end", self.json);
        self.follow(reference).map(drop)
    }

    /// Serves a holder, or settles something with the centre; prints how it ended.
    pub(super) fn serve(&mut self, task: &Task, output: &mut Output) -> Result<Served, String> {
        let state = self.state()?;
        self.line.forget();
        let reference = new_reference()?;
        let time = at(self.carrier.now());
        let command = match task {
            Task::Serve(operation) => {
                self.note.begin(open(reference, operation, &state))?;
                Command::Start { reference, time, operation: operation.clone() }
            }
            Task::Attend(what) => Command::Attend { reference, time, what: *what },
        };
        let is_bank = self.institution.channel() == Channel::Bank;
        let begun = self.line.ask(&command, |event| match event {
            Event::State(state) if state.visit == Some(reference) => Some(None),
            Event::Ended(ended) if ended.reference == reference => Some(Some(*ended)),
            _ => None,
        });
        let over = match begun {
            Ok(None) => {
                if let Task::Serve(_) = task {
                    let pin = if is_bank { "" } else { ", and the PIN at its keys" };
                    output::tell(
                        &format!("holder   the card into the terminal 请插卡{pin}; Ctrl-C cancels"),
                        self.json,
                    );
                }
                self.follow(reference)?
            }
            Ok(Some(ended)) => Over::Ended(ended),
            Err(LineError::Refused(why)) => {
                self.note.close()?;
                return Err(LineError::Refused(why).to_string());
            }
            Err(error) => return Err(error.to_string()),
        };
        match over {
            Over::Ended(ended) => self.tell(task, &ended, output).map(Served::Told),
            Over::Forgotten(state) => Ok(Served::Forgotten(state)),
        }
    }

    /// Prints the receipt, and then forgets the request.
    fn tell(&mut self, task: &Task, ended: &Ended, output: &mut Output) -> Result<Verdict, String> {
        let state = self.state()?;
        let receipt = told::receipt((self.institution, self.name), task, ended, &state);
        told::print(&receipt, self.json, output);
        self.note.close()?;
        Ok(if ended.reason.is_none() { Verdict::Done } else { Verdict::No })
    }

    /// How the terminal is.
    pub(super) fn state(&mut self) -> Result<State, String> {
        self.line.ask(&Command::Status, state_of).map_err(|error| error.to_string())
    }

    /// Carries messages until the visit is over. Ctrl-C cancels it.
    pub(super) fn follow(&mut self, reference: Reference) -> Result<Over, String> {
        self.interrupt.begin();
        let over = self.follow_to_end(reference);
        self.interrupt.end();
        over
    }

    fn follow_to_end(&mut self, reference: Reference) -> Result<Over, String> {
        let wrong = |error: LineError| error.to_string();
        let (begun, mut asked) = (Instant::now(), Instant::now());
        while begun.elapsed() < VISIT {
            if self.interrupt.is_pressed() {
                output::tell("cancelling: the terminal ends the visit; once more ends this program", self.json);
                self.line.command(&Command::Cancel).map_err(wrong)?;
            }
            match self.line.next(LOOK).map_err(wrong)? {
                Some(Heard::ToCentre(message)) => {
                    self.carry(&message)?;
                    // The terminal had to wait for that.
                    asked = Instant::now();
                }
                Some(Heard::Event(Event::Ended(ended))) if ended.reference == reference => {
                    return Ok(Over::Ended(ended));
                }
                Some(Heard::Event(Event::State(state))) if state.visit != Some(reference) => {
                    return match self.ask_end(reference)? {
                        Some(ended) => Ok(Over::Ended(ended)),
                        None => Ok(Over::Forgotten(state)),
                    };
                }
                Some(_) => asked = Instant::now(),
                None => {
                    self.line.look(begun.max(asked)).map_err(wrong)?;
                    if asked.elapsed() >= PING.min(self.line.patience() / 3) {
                        self.line.command(&Command::Status).map_err(wrong)?;
                        asked = Instant::now();
                    }
                }
            }
        }
        Err(format!("the visit has not come to an end within {} minutes: call service", VISIT.as_secs() / 60))
    }

    /// Brings a message to the centre, and the answer back. What it means for the request under way is noted: that it is sent,
    /// before it goes out.
    fn carry(&mut self, message: &[u8]) -> Result<(), String> {
        if let Some(stan) = Carrier::sends(message) {
            self.note.hear(stan, Word::Sent)?;
        }
        let Carried { frame, known } = self.carrier.carry(message);
        if let Some((stan, word)) = known {
            self.note.hear(stan, word)?;
        }
        self.line.say(&frame).map_err(|error| error.to_string())
    }

    /// How the visit of this reference ended, if it was the terminal's last. It is a start, which that answers, for what this place does
    /// not offer: so if the terminal does not know the visit, none begins.
    pub(super) fn ask_end(&mut self, reference: Reference) -> Result<Option<Ended>, String> {
        let operation = match self.institution.channel() {
            Channel::Bank => Bill::new(Fen(1), Fen(0)).map(Operation::Purchase),
            Channel::Hospital | Channel::Pharmacy => Some(Operation::Apply { document: None }),
        };
        let Some(operation) = operation else { unreachable!("a fen is a bill") };
        let question = Command::Start { reference, time: at(self.carrier.now()), operation };
        let known = |event: &Event| match event {
            Event::Ended(ended) if ended.reference == reference => Some(*ended),
            _ => None,
        };
        match self.line.ask(&question, known) {
            Ok(ended) => Ok(Some(ended)),
            Err(LineError::Refused(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Has the terminal ask whether the centre is there. Before that it settles what it owes.
    pub(super) fn echo(&mut self) -> Result<State, String> {
        let reference = new_reference()?;
        let command = Command::Attend { reference, time: at(self.carrier.now()), what: Formality::Echo };
        let begun = self.line.ask(&command, |event| match event {
            Event::State(state) => (state.visit == Some(reference)).then_some(()),
            Event::Ended(ended) => (ended.reference == reference).then_some(()),
            _ => None,
        });
        begun.map_err(|error| error.to_string())?;
        self.follow(reference)?;
        self.state()
    }
}

/// A till's reference is its own: another till, or this one without its note, hardly takes the same.
fn new_reference() -> Result<Reference, String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(Refused::Random)?;
    Ok(Reference(u32::from_be_bytes(bytes)))
}

fn open(Reference(reference): Reference, operation: &Operation, state: &State) -> Open {
    let bill = operation.bill();
    Open {
        reference,
        operation: operation.as_str().into(),
        total: bill.map_or(0, |bill| bill.total().0),
        fund: bill.map_or(0, |bill| bill.fund().0),
        serial: hex::encode_upper(state.serial),
        starts: state.starts,
        next_stan: state.next_stan.0,
        word: None,
    }
}
