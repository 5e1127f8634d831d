//! One emulated board and what stands around it: a card in its slot, a till and a centre on its serial line, a holder at
//! its PIN pad; its log and its screen read by the probe, its time moved on by it.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use qiyong_protocol::activation::decision::Operation;
use qiyong_protocol::activation::institution::InstitutionCode;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::host::till::{Command, Ended, Event, Reference, Setup, State};
use qiyong_protocol::host::{Stan, TerminalId};

use super::EmulatorError;
use super::clock::{BoardClock, STEP_MS};
use super::holder::{self, Does, Moment, Pad};
use super::probe::Probe;
use super::qemu::{Qemu, wait_for};
use super::slot::{CardUsart, Slot};
use super::till::{Heard, TillLine};
use crate::bench::LinkTrouble;
use crate::card::contact::ContactCard;
use crate::centre::{Centre, test_mac_key};
use crate::line::SharedCard;
use crate::pcsc::slot::DeskCard;
use crate::probe::image::{self, Image, ScreenText};
use crate::probe::log::Log;
use crate::probe::{DebugProbe, SlotPins, pins, stack};

/// How often log and screen are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(2);
/// How often it is looked whether the board listens, while the card has something to say.
const RECEIVER_LOOK: Duration = Duration::from_micros(200);
/// How long the image may take to start, and to take a command.
const START: Duration = Duration::from_secs(60);
/// How long a visit may take of real time, and of the board's; its own bounds end all that is in order sooner.
const VISIT: Duration = Duration::from_secs(180);
const VISIT_MINUTES: u64 = 30;

/// The board. Dropping it ends QEMU.
pub struct Machine {
    probe: Probe,
    clock: BoardClock,
    slot: Slot,
    till: TillLine,
    pad: Pad,
    /// What the till calls the next visit by.
    next: Reference,
    /// How the terminal said that it is, last.
    state: Option<State>,
    log: Log,
    screen_at: u64,
    screens: Vec<ScreenText>,
    stack: (u64, u64),
    trouble: LinkTrouble,
    qemu: Qemu,
}

/// A visit under way: what it is called, and with whom it is.
struct Visit<'a> {
    reference: Reference,
    centre: &'a mut Centre,
    holder: &'a mut dyn FnMut(Moment) -> Does,
}

impl Machine {
    /// Boots an image and tells it where it stands; `next_stan` is the number of its next transaction.
    ///
    /// # Errors
    /// When the image is none, or QEMU is missing, too old, or does not come up.
    pub fn boot(
        elf: &Path,
        institution: InstitutionCode,
        terminal: TerminalId,
        next_stan: Stan,
    ) -> Result<Self, EmulatorError> {
        let Image { table, rtt, screen, stack, ticks, ahead } = Image::read(elf)?;
        let (qemu, lines) = Qemu::start(elf)?;
        let mut machine = Self {
            probe: Probe::new(lines.qtest),
            clock: BoardClock::new(ticks, ahead),
            slot: Slot::new(lines.card),
            till: TillLine::new(lines.till),
            pad: Pad::new(lines.keys),
            next: Reference(1),
            state: None,
            log: Log::new(table, rtt),
            screen_at: screen,
            screens: Vec::new(),
            stack,
            trouble: LinkTrouble::None,
            qemu,
        };
        machine.probe.watch_port('a')?;
        machine.await_words("has not logged that it started", "qiyong on")?;
        machine.set_up(Setup { institution, terminal, key: test_mac_key(), next_stan })?;
        Ok(machine)
    }

    /// Tells the terminal where it stands, and waits until it says so.
    ///
    /// # Errors
    /// When it does not.
    pub fn set_up(&mut self, setup: Setup) -> Result<(), EmulatorError> {
        self.till.command(&Command::Setup(setup), &mut self.clock)?;
        let deadline = Instant::now() + START;
        loop {
            for heard in self.till.hear(&mut self.clock)? {
                match heard {
                    Heard::Event(Event::State(state)) if state.set_up => {
                        self.state = Some(state);
                        return self.log.drain(&mut self.probe).map_err(Into::into);
                    }
                    Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
                    // Its state after the start.
                    _ => {}
                }
            }
            if Instant::now() >= deadline {
                return Err(EmulatorError::Silent {
                    what: "the terminal, told where it stands,",
                    seconds: START.as_secs(),
                });
            }
            self.log.drain(&mut self.probe)?;
            wait_for(&mut [PollFd::new(self.till.stream(), PollFlags::IN)], LOOK)?;
            self.qemu.check()?;
        }
    }

    /// Waits for words in the log.
    fn await_words(&mut self, what: &'static str, words: &str) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + START;
        while !self.log.lines.iter().any(|line| line.contains(words)) {
            if Instant::now() >= deadline {
                let last = self.log.lines.last().cloned().unwrap_or_else(|| "nothing".into());
                return Err(EmulatorError::Mute { what, last });
            }
            std::thread::sleep(LOOK);
            self.qemu.check()?;
            self.log.drain(&mut self.probe)?;
        }
        Ok(())
    }

    /// Puts a card into the slot that has a file; what changes on it is kept there.
    ///
    /// # Errors
    /// When the emulator cannot carry it, or is gone.
    pub fn insert(&mut self, card: DeskCard) -> Result<(), EmulatorError> {
        let DeskCard { card, keeper, .. } = card;
        let card = Rc::new(RefCell::new(ContactCard::new(card)));
        self.slot.insert(card, Some(keeper), &mut self.probe)
    }

    /// Puts a card into the slot that somebody else keeps.
    ///
    /// # Errors
    /// As [`Machine::insert`].
    pub fn insert_shared(&mut self, card: SharedCard) -> Result<(), EmulatorError> {
        self.slot.insert(card, None, &mut self.probe)
    }

    /// Takes the card out.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn remove(&mut self) -> Result<(), EmulatorError> {
        self.slot.remove(&mut self.probe)
    }

    /// Takes the card out in the next visit, when this many characters have gone over the card line, in either direction, and
    /// one more is about to.
    pub const fn pull_after(&mut self, characters: usize) {
        self.slot.pull_at = Some(self.slot.characters.saturating_add(characters));
    }

    /// Lets this go wrong on the way to the centre in the next visit.
    pub const fn trouble_link(&mut self, trouble: LinkTrouble) {
        self.trouble = trouble;
    }

    /// Sends what is no frame on the till's line.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn disturb_till(&mut self, bytes: &[u8]) -> Result<(), EmulatorError> {
        self.till.disturb(bytes, &mut self.clock)
    }

    /// One visit: the till's command, and all until its end. `holder` is asked what the holder does.
    ///
    /// # Errors
    /// When the emulator or the centre's store fails, or the image does not come to an end.
    pub fn serve(
        &mut self,
        centre: &mut Centre,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Moment) -> Does,
    ) -> Result<Ended, EmulatorError> {
        let reference = self.next;
        self.next = Reference(reference.0.wrapping_add(1));
        self.till.begin(std::mem::take(&mut self.trouble));
        self.till.command(&Command::Start { reference, time, operation: operation.clone() }, &mut self.clock)?;
        let ended = self.until_end(&mut Visit { reference, centre, holder });
        self.slot.pull_at = None;
        ended
    }

    fn until_end(&mut self, visit: &mut Visit<'_>) -> Result<Ended, EmulatorError> {
        let deadline = Instant::now() + VISIT;
        let end = self.now_ms()? + VISIT_MINUTES * 60_000;
        loop {
            let mut fds = [self.probe.stream(), self.slot.line(), self.till.stream(), self.pad.line()]
                .map(|stream| PollFd::new(stream, PollFlags::IN));
            wait_for(&mut fds, if self.slot.wants_to_speak() { RECEIVER_LOOK } else { LOOK })?;
            let mut happened = self.contacts()?;
            happened |= self.keys(visit)?;
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

    /// The board waits for something. What is late comes now; if nothing is, time passes.
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
                    if self.till.to_centre(&message, visit.centre)? {
                        let does = (visit.holder)(Moment::Transaction);
                        pulled |= matches!(does, Does::PullsCard);
                        self.does(&does)?;
                    }
                }
                Heard::Event(Event::Ended(ended)) if ended.reference == visit.reference => end = Some(ended),
                Heard::Event(Event::State(state)) => self.state = Some(state),
                Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
                // The end of an earlier visit, told again.
                Heard::Event(Event::Ended(_)) => {}
                Heard::Nonsense(why) => self.log.lines.push(format!("(from the board: {why})")),
            }
        }
        // A board whose card was taken out is to notice that before it is answered: see `move_on`.
        if !pulled {
            self.till.answer(&mut self.clock)?;
        }
        Ok((happened, end))
    }

    /// Takes log and screen; returns whether the screen has changed.
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
        }
    }

    /// How the image has set up the card's USART.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn card_usart(&mut self) -> Result<CardUsart, EmulatorError> {
        Slot::usart(&mut self.probe)
    }

    /// How the terminal said that it is, last.
    pub const fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// The image's log so far.
    pub fn log(&self) -> &[String] {
        &self.log.lines
    }

    /// What stood on its screen, one after the other, as often as was looked.
    pub fn screens(&self) -> &[ScreenText] {
        &self.screens
    }

    /// Milliseconds of the board's time since it started.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn now_ms(&mut self) -> Result<u64, EmulatorError> {
        self.clock.now(&mut self.probe)
    }

    /// The most of its stack that the image has used, in bytes, and how large it is: cortex-m-rt paints it at the start.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn stack(&mut self) -> Result<(usize, usize), EmulatorError> {
        stack::high_water(&mut self.probe, self.stack)
    }

    /// Resets the chip and waits until the image has started anew; it has forgotten where it stands, and takes no visits.
    ///
    /// # Errors
    /// When it does not start, or the emulator is gone.
    pub fn reset(&mut self) -> Result<(), EmulatorError> {
        let before = std::mem::take(&mut self.log.lines);
        let started = self.probe.reset().and_then(|()| self.await_words("has not logged that it started", "qiyong on"));
        self.log.lines.splice(0..0, before);
        started
    }

    /// How the pins of the card slot stand.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn slot_pins(&mut self) -> Result<SlotPins, EmulatorError> {
        pins::slot(&mut self.probe)
    }

    /// Characters on the card line so far, in both directions.
    pub const fn characters(&self) -> usize {
        self.slot.characters
    }
}

/// What has come on a line.
pub(super) fn read_available(line: &mut UnixStream) -> Result<Vec<u8>, EmulatorError> {
    let mut all = Vec::new();
    let mut bytes = [0; 1024];
    loop {
        match line.read(&mut bytes) {
            Ok(0) => return Err(EmulatorError::Gone),
            Ok(len) => all.extend_from_slice(&bytes[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(all),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes to a line; what is written here always fits into the socket's buffer, and a line that is full is an error.
pub(super) fn write_whole(line: &mut UnixStream, bytes: &[u8]) -> Result<(), EmulatorError> {
    line.write_all(bytes).map_err(EmulatorError::from)
}
