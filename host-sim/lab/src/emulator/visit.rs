//! A visit at an emulated board: whatever happens on its lines, pins and screen, until the board tells the till how the
//! visit ended.

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended, Event, Formality, Reference};
use qiyong_protocol::rules::decision::Operation;

use super::EmulatorError;
use super::clock::{self, HZ};
use super::happened::{Act, Happened, Later};
use super::holder::{self, Does, Moment, THINKS};
use super::machine::{Left, Machine};
use super::till::Heard;
use qiyong_sim::time::later;
use qiyong_sim::world::centre::CentreEnd;

/// How long a visit may take in the board's time; every proper visit ends sooner by its own bounds.
const VISIT_MINUTES: u64 = 30;

/// The current visit: its reference, when it began, and its holder and centre.
struct Visit<'a> {
    reference: Reference,
    time: Timestamp,
    begin: u64,
    centre: &'a mut dyn CentreEnd,
    holder: &'a mut dyn FnMut(Moment) -> Does,
}

impl Machine {
    /// One visit: the till's command, and everything until the end. It begins at `time`; a centre of this world alone goes by
    /// that, too. `holder` is asked what the holder does.
    ///
    /// # Errors
    /// The emulator or the centre fails, or the visit does not end.
    pub fn serve(
        &mut self,
        centre: &mut dyn CentreEnd,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, EmulatorError> {
        self.obey(centre, time, holder, |reference, time| Command::Start {
            reference,
            time,
            operation: operation.clone(),
        })
    }

    /// The board settles something with the centre, without a holder.
    ///
    /// # Errors
    /// Those of [`Machine::serve`].
    pub fn attend(
        &mut self,
        centre: &mut dyn CentreEnd,
        what: Formality,
        time: Timestamp,
    ) -> Result<Ended, EmulatorError> {
        let mut nobody = |_| Does::Nothing;
        self.obey(centre, time, &mut nobody, |reference, time| Command::Attend { reference, time, what })
    }

    /// A command of the till, and everything until the end.
    fn obey(
        &mut self,
        centre: &mut dyn CentreEnd,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
        command: impl FnOnce(Reference, Timestamp) -> Command,
    ) -> Result<Ended, EmulatorError> {
        let reference = self.next;
        self.next = Reference(reference.0.wrapping_add(1));
        self.till.begin(std::mem::take(&mut self.trouble));
        let (begin, characters) = (self.clock.now(), self.slot.characters);
        let tills = later(time, std::mem::take(&mut self.clock_ahead));
        self.till.command(&command(reference, tills), begin);
        let ended = self.until_end(&mut Visit { reference, time, begin, centre, holder });
        self.took = clock::duration(self.clock.now() - begin);
        self.left = Left {
            pulls: [self.slot.pull_at.is_some(), self.slot.pull_when_new_pin_is_taken],
            link: self.till.is_left(),
            passed: self.slot.characters - characters,
        };
        (self.slot.pull_at, self.slot.cut_at, self.cut_at_message, self.later) = (None, None, None, None);
        self.slot.pull_when_new_pin_is_taken = false;
        match ended {
            Ok(ended) => self.rest(self.clock.now()).map(|()| ended),
            // What it logged last, unless it is gone.
            Err(error) => self.log.drain(&mut self.probe).and(Err(error)),
        }
    }

    fn until_end(&mut self, visit: &mut Visit<'_>) -> Result<Ended, EmulatorError> {
        let end = self.clock.now() + VISIT_MINUTES * 60 * HZ;
        while self.clock.now() < end {
            let all = self.step()?;
            if self.slot.is_cut() {
                return self.cut();
            }
            let mut ended = None;
            for happened in all {
                match happened {
                    Happened::Till(heard) => ended = self.heard(heard, visit)?.or(ended),
                    Happened::Screen(text) => {
                        if let Some(moment) = holder::invited(&text) {
                            self.do_at(&(visit.holder)(moment), 0);
                        }
                    }
                    Happened::PinAwaited => {
                        let asked = holder::asked(self.screens.last());
                        self.do_at(&(visit.holder)(Moment::Pin(asked)), THINKS);
                    }
                }
            }
            if self.cut_at_message == Some(0) {
                return self.cut();
            }
            if let Some(ended) = ended {
                return Ok(ended);
            }
            self.till.answer(self.clock.now());
        }
        Err(EmulatorError::Endless { minutes: VISIT_MINUTES })
    }

    /// The power is gone: the board does nothing any more.
    fn cut<T>(&mut self) -> Result<T, EmulatorError> {
        self.control.stop()?;
        Err(EmulatorError::PowerCut)
    }

    /// What has come to the till; returns how the visit ended, if it did.
    fn heard(&mut self, heard: Heard, visit: &mut Visit<'_>) -> Result<Option<Ended>, EmulatorError> {
        match heard {
            Heard::ToCentre(message) => {
                if let Some(left) = &mut self.cut_at_message {
                    *left = left.saturating_sub(1);
                }
                let passed = clock::duration(self.clock.now() - visit.begin).as_secs();
                visit.centre.set_time(later(visit.time, i64::try_from(passed).unwrap_or(i64::MAX)));
                if self.till.pass_on(&message, visit.centre)? {
                    self.do_at(&(visit.holder)(Moment::Transaction), 0);
                }
            }
            Heard::Event(Event::Ended(ended)) if ended.reference == visit.reference => return Ok(Some(ended)),
            Heard::Event(Event::State(state)) => self.state = Some(state),
            Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
            // The end of an earlier visit, repeated.
            Heard::Event(Event::Ended(_) | Event::KeyLoaded(_)) => {}
            Heard::Nonsense(why) => self.log.lines.push(format!("(from the board: {why})")),
        }
        Ok(None)
    }

    /// The holder does this, so many cycles from now.
    pub(super) fn do_at(&mut self, does: &Does, after: u64) {
        let at = self.clock.now() + after;
        let act = match does {
            Does::Nothing => return,
            Does::Keys(digits) => return self.pad.key(digits, at),
            Does::Cancels => return self.pad.cancel(at),
            Does::PullsCard => Act::PullsCard,
            Does::HoldsCancelKey => Act::HoldsCancelKey,
        };
        self.later = Some(Later { at, what: act });
    }
}
