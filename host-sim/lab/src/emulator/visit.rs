//! A visit at an emulated board: whatever happens on its lines, pins and screen, until the board tells the till how the
//! visit ended.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended, Event, Reference};
use qiyong_protocol::rules::decision::Operation;

use super::EmulatorError;
use super::clock::STEP_MS;
use super::holder::{self, Does, Moment};
use super::machine::{LOOK, Machine};
use super::qemu::wait_for;
use super::till::Heard;
use crate::probe::image;
use qiyong_sim::world::centre::CentreEnd;

/// How often, while the card has something to send, the slot checks whether the board listens.
const RECEIVER_LOOK: Duration = Duration::from_micros(200);
/// How long a visit may take in real time, and in the board's time; every proper visit ends sooner by its own bounds.
const VISIT: Duration = Duration::from_secs(180);
const VISIT_MINUTES: u64 = 30;

/// The current visit: its reference, and its holder and centre.
struct Visit<'a> {
    reference: Reference,
    centre: &'a mut dyn CentreEnd,
    holder: &'a mut dyn FnMut(Moment) -> Does,
}

impl Machine {
    /// One visit: the till's command, and everything until the end. `holder` is asked what the holder does.
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
        let reference = self.next;
        self.next = Reference(reference.0.wrapping_add(1));
        self.till.begin(std::mem::take(&mut self.trouble));
        self.till.command(&Command::Start { reference, time, operation: operation.clone() }, &mut self.clock)?;
        let ended = self.until_end(&mut Visit { reference, centre, holder });
        (self.slot.pull_at, self.slot.cut_at, self.cut_at_message) = (None, None, None);
        ended
    }

    fn until_end(&mut self, visit: &mut Visit<'_>) -> Result<Ended, EmulatorError> {
        let mut deadline = Instant::now() + VISIT;
        let end = self.now_ms()? + VISIT_MINUTES * 60_000;
        loop {
            let mut fds = [self.probe.stream(), self.slot.line(), self.till.stream(), self.pad.line()]
                .map(|stream| PollFd::new(stream, PollFlags::IN));
            let soon = self.slot.wants_to_speak() || self.clock.holds_bytes();
            wait_for(&mut fds, if soon { RECEIVER_LOOK } else { LOOK })?;
            self.clock.release(&mut self.probe)?;
            let mut happened = self.contacts()?;
            // A person who is asked may need some time.
            let before = Instant::now();
            happened |= self.keys(visit)?;
            deadline += before.elapsed();
            if self.slot.is_cut() {
                return self.cut();
            }
            let (till, ended) = self.messages(visit)?;
            happened |= till | self.look(visit)?;
            if let Some(ended) = ended {
                return Ok(ended);
            }
            if !happened && self.clock.is_quiet(&mut self.probe)? {
                self.move_on()?;
            }
            self.qemu.check()?;
            if Instant::now() >= deadline {
                return Err(EmulatorError::Silent { what: "the till's line", seconds: VISIT.as_secs() });
            }
            if self.now_ms()? >= end {
                return Err(EmulatorError::Endless { minutes: VISIT_MINUTES });
            }
        }
    }

    /// The power is gone: the board does nothing any more.
    fn cut<T>(&mut self) -> Result<T, EmulatorError> {
        self.control.stop()?;
        Err(EmulatorError::PowerCut)
    }

    /// The board waits for something. Whatever is late comes now; if there is nothing, time passes.
    fn move_on(&mut self) -> Result<(), EmulatorError> {
        let Self { clock, till, slot, probe, .. } = self;
        if till.answer(clock)? || slot.goes_on(probe, clock)? {
            return Ok(());
        }
        clock.jump(STEP_MS, probe)
    }

    /// The card's contacts and characters; returns whether anything happened there.
    fn contacts(&mut self) -> Result<bool, EmulatorError> {
        let Self { clock, slot, probe, .. } = self;
        let mut happened = false;
        while let Some(edge) = probe.edge()? {
            happened = true;
            clock.heard();
            slot.edge(edge);
        }
        happened |= slot.hear(probe, clock)?;
        Ok(slot.speak(probe, clock)? | happened)
    }

    /// The PIN pad; returns whether anything happened there.
    fn keys(&mut self, visit: &mut Visit<'_>) -> Result<bool, EmulatorError> {
        let heard = self.pad.hear(&mut self.clock)?;
        if heard.enquiry {
            self.look(visit)?;
            let asked = holder::asked(self.screens.last());
            self.does(&(visit.holder)(Moment::Pin(asked)))?;
        }
        Ok(heard.anything)
    }

    /// The till's line; returns whether anything happened there, and how the visit ended, if it did.
    fn messages(&mut self, visit: &mut Visit<'_>) -> Result<(bool, Option<Ended>), EmulatorError> {
        let all = self.till.hear(&mut self.clock)?;
        let happened = !all.is_empty();
        let (mut pulled, mut end) = (false, None);
        for heard in all {
            match heard {
                Heard::ToCentre(message) => {
                    if let Some(left) = &mut self.cut_at_message {
                        *left = left.saturating_sub(1);
                    }
                    if self.till.pass_on(&message, visit.centre)? {
                        let does = (visit.holder)(Moment::Transaction);
                        pulled |= matches!(does, Does::PullsCard);
                        self.does(&does)?;
                    }
                }
                Heard::Event(Event::Ended(ended)) if ended.reference == visit.reference => end = Some(ended),
                Heard::Event(Event::State(state)) => self.state = Some(state),
                Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
                // The end of an earlier visit, repeated.
                Heard::Event(Event::Ended(_)) => {}
                Heard::Nonsense(why) => self.log.lines.push(format!("(from the board: {why})")),
            }
        }
        if self.cut_at_message == Some(0) {
            return self.cut();
        }
        // A board whose card was taken out must notice that before it gets the answer: see `move_on`.
        if !pulled {
            self.till.answer(&mut self.clock)?;
        }
        Ok((happened, end))
    }

    /// Reads log and screen; returns whether the screen has changed.
    fn look(&mut self, visit: &mut Visit<'_>) -> Result<bool, EmulatorError> {
        self.log.drain(&mut self.probe)?;
        let text = image::screen(&mut self.probe, self.screen_at)?;
        let Some(text) = text.filter(|text| self.screens.last() != Some(text)) else {
            return Ok(false);
        };
        self.clock.heard();
        let invited = holder::invited(&text);
        self.screens.push(text);
        if let Some(moment) = invited {
            self.does(&(visit.holder)(moment))?;
        }
        Ok(true)
    }

    fn does(&mut self, does: &Does) -> Result<(), EmulatorError> {
        match does {
            Does::Nothing => Ok(()),
            Does::Keys(digits) => self.pad.key(digits, &mut self.clock),
            Does::Cancels => self.pad.cancel(&mut self.clock),
            Does::PullsCard => self.remove(),
            Does::HoldsCancelKey => self.cancel_key(true),
        }
    }
}
