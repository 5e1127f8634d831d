//! One emulated Pico and its surroundings: a card in its slot, a till and a centre on its serial line, a holder at its PIN pad.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::ecr::{Command, Ended, Event, Reference, TEST_TRANSPORT_KEY};
use qiyong_protocol::rules::decision::Operation;

use super::PicoError;
use super::harness::{Harness, Input, Out};
use super::slot::{HZ, Slot};
use crate::emulator::holder::{BAUD, CANCEL, Does, ENQ, ENTER, Moment, THINKS_S, asked, invited};
use crate::probe::ScreenText;
use crate::probe::image::Log as ImageLog;
use crate::probe::log::Log;
use qiyong_sim::line::SharedCard;
use qiyong_sim::referee::Finding;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::serial::till::{self, Heard, TillEnd};
use qiyong_sim::time::later;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::LinkTrouble;

/// The serial lines: till and centre, and the PIN pad, with their rates in bits a second.
pub(super) const TILL: (u8, u64) = (0, 115_200);
const PAD: (u8, u64) = (1, BAUD);
/// How long the image may take to start, in cycles.
const START: u64 = HZ / 10;
/// How long anything may take, in minutes of the board's time.
const MINUTES: u64 = 30;

/// The board. Dropping it ends the chip.
pub struct Machine {
    chip: Harness,
    pub(super) now: u64,
    slot: Slot,
    till: TillEnd,
    /// When the last byte that is on its way on each line has come.
    busy: [u64; 2],
    into: Vec<(u64, Input)>,
    log: Log,
    /// How many rows of the log were looked at.
    looked: usize,
    pub(super) screens: Vec<ScreenText>,
    next: Reference,
    /// What the board has said to the till in the last step.
    pub(super) said: Vec<u8>,
}

/// What happened on the board.
pub(super) enum Happened {
    Till(Heard),
    Screen(ScreenText),
    PinAwaited,
}

impl Machine {
    /// Boots an image, gives it its master key and tells it its institution.
    ///
    /// # Errors
    /// The file is no image, there is no Node.js, or the image does not do what it should.
    pub fn boot(elf: &Path, setup: &Setup) -> Result<Self, PicoError> {
        let mut machine = Self::boot_alone(elf)?;
        machine.command(&Command::LoadKey(setup.sealed(&TEST_TRANSPORT_KEY)));
        machine.until(|happened| matches!(happened, Happened::Till(Heard::Event(Event::KeyLoaded(_)))))?;
        machine.command(&Command::Setup(setup.place()));
        machine
            .until(|happened| matches!(happened, Happened::Till(Heard::Event(Event::State(state))) if state.set_up))?;
        Ok(machine)
    }

    /// Boots an image for a till that sets it up, which may be another program ([`crate::till_line`]).
    ///
    /// # Errors
    /// The file is no image, there is no Node.js, or the image does not start.
    pub fn boot_alone(elf: &Path) -> Result<Self, PicoError> {
        let ImageLog { table, rtt } = ImageLog::read(elf)?;
        let mut machine = Self {
            chip: Harness::start(elf)?,
            now: 0,
            slot: Slot::new(),
            till: TillEnd::default(),
            busy: [0; 2],
            into: Vec::new(),
            log: Log::new(table, rtt),
            looked: 0,
            screens: Vec::new(),
            next: Reference(1),
            said: Vec::new(),
        };
        machine.till.begin_anew();
        machine.rest(START)?;
        Ok(machine)
    }

    /// Puts a card into the slot, or takes it out.
    pub fn set_card(&mut self, card: Option<SharedCard>) {
        self.slot.set_card(card, self.now);
    }

    /// One visit: the till's command, and everything until the end.
    ///
    /// # Errors
    /// The chip or the centre fails, or the visit does not end.
    pub fn serve(
        &mut self,
        centre: &mut dyn CentreEnd,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, PicoError> {
        let reference = self.next;
        self.next = Reference(reference.0.wrapping_add(1));
        self.till.begin(LinkTrouble::None, BTreeMap::new());
        let begun = self.now;
        self.command(&Command::Start { reference, time, operation: operation.clone() });
        let end = self.now + MINUTES * 60 * HZ;
        while self.now < end {
            for happened in self.step_to(end)? {
                match happened {
                    Happened::Till(Heard::ToCentre(message)) => {
                        let passed = i64::try_from((self.now - begun) / HZ).unwrap_or(i64::MAX);
                        centre.set_time(later(time, passed));
                        self.till.pass_on(&message, centre).map_err(PicoError::Centre)?;
                        for frame in self.till.answers() {
                            self.say_on(TILL, &frame, 0);
                        }
                    }
                    Happened::Till(Heard::Event(Event::Ended(ended))) if ended.reference == reference => {
                        return self.log.drain(&mut self.chip).map(|()| ended);
                    }
                    Happened::Till(Heard::Event(Event::Refused(why))) => return Err(PicoError::Refused(why)),
                    Happened::Till(_) => {}
                    Happened::Screen(text) => {
                        if let Some(moment) = invited(&text) {
                            self.do_at(&holder(moment), 0);
                        }
                    }
                    Happened::PinAwaited => {
                        let which = asked(self.screens.last());
                        self.do_at(&holder(Moment::Pin(which)), THINKS_S * HZ);
                    }
                }
            }
        }
        Err(self.endless())
    }

    pub(super) fn do_at(&mut self, does: &Does, after: u64) {
        match does {
            Does::Keys(digits) => {
                let keys: Vec<u8> = digits.bytes().chain([ENTER]).collect();
                self.say_on(PAD, &keys, after);
            }
            Does::Cancels => self.say_on(PAD, &[CANCEL], after),
            Does::PullsCard => self.set_card(None),
            Does::Nothing | Does::HoldsCancelKey => {}
        }
    }

    fn command(&mut self, command: &Command) {
        self.say_on(TILL, &till::command(command), 0);
    }

    /// Sends bytes on a line, one after the other, not before so many cycles have gone by.
    pub(super) fn say_on(&mut self, (line, baud): (u8, u64), bytes: &[u8], after: u64) {
        let [till, pad] = &mut self.busy;
        let busy = if line == 0 { till } else { pad };
        *busy = (*busy).max(self.now + after);
        for byte in bytes {
            *busy += 10 * HZ / baud;
            self.into.push((*busy, Input::Uart(line, *byte)));
        }
    }

    /// Lets the board do what it does by itself for so many cycles.
    fn rest(&mut self, cycles: u64) -> Result<(), PicoError> {
        let end = self.now + cycles;
        while self.now < end {
            self.step_to(end)?;
        }
        Ok(())
    }

    /// Goes on until `what` has happened.
    fn until(&mut self, what: impl Fn(&Happened) -> bool) -> Result<(), PicoError> {
        let end = self.now + MINUTES * 60 * HZ;
        while self.now < end {
            for happened in self.step_to(end)? {
                if let Happened::Till(Heard::Event(Event::Refused(why))) = happened {
                    return Err(PicoError::Refused(why));
                }
                if what(&happened) {
                    return Ok(());
                }
            }
        }
        Err(self.endless())
    }

    /// The chip goes on until it does something, or the card does.
    pub(super) fn step_to(&mut self, end: u64) -> Result<Vec<Happened>, PicoError> {
        let next = self.slot.next().unwrap_or(end).min(end);
        let mut into = std::mem::take(&mut self.into);
        into.extend(self.slot.take_into());
        let (now, out) = self.chip.run(next, &into)?;
        self.now = now;
        self.said.clear();
        let mut all = Vec::new();
        for (at, out) in out {
            match out {
                Out::Pin(pin, drive) => self.slot.pin(at, pin, drive),
                Out::Uart(line, byte) if line == TILL.0 => {
                    self.said.push(byte);
                    all.extend(self.till.hear(byte).map(Happened::Till));
                }
                Out::Uart(_, ENQ) => {
                    self.looks_at_screen(&mut all)?;
                    all.push(Happened::PinAwaited);
                }
                Out::Uart(..) => {}
            }
        }
        if self.slot.next().is_some_and(|at| at <= now) {
            self.slot.act(now);
        }
        Ok(all)
    }

    fn looks_at_screen(&mut self, all: &mut Vec<Happened>) -> Result<(), PicoError> {
        self.log.drain(&mut self.chip)?;
        for line in self.log.lines.get(self.looked..).unwrap_or_default() {
            if let Some((_, english)) = line.split_once("screen: ") {
                let text = ScreenText { english: english.trim().into(), ..ScreenText::default() };
                self.screens.push(text.clone());
                all.push(Happened::Screen(text));
            }
        }
        self.looked = self.log.lines.len();
        Ok(())
    }

    /// The image's log since this was last asked.
    pub(super) fn log_so_far(&mut self) -> Result<Vec<String>, PicoError> {
        self.looks_at_screen(&mut Vec::new())?;
        self.looked = 0;
        Ok(std::mem::take(&mut self.log.lines))
    }

    fn endless(&mut self) -> PicoError {
        let _ = self.log.drain(&mut self.chip);
        let last = self.log.lines.last().cloned().unwrap_or_else(|| "nothing".into());
        PicoError::Endless { minutes: MINUTES, last }
    }

    /// The image's log so far.
    pub fn log(&self) -> &[String] {
        &self.log.lines
    }

    /// The board's time since the start.
    pub const fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.now * 8)
    }

    /// What the referee of the card line has found since this was last asked; the times are in cycles of CLK.
    pub fn findings(&mut self) -> Vec<Finding> {
        self.slot.findings()
    }

    /// Edges of the image's characters that were too far from where they should be, in tenths of an etu.
    pub fn crooked(&self) -> &[u64] {
        &self.slot.crooked
    }

    /// Characters on the card line so far, in both directions.
    pub const fn characters(&self) -> usize {
        self.slot.characters
    }
}
