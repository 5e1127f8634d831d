//! One emulated board and what stands around it: a card in its slot, a till and a centre on its serial line, a holder at
//! its PIN pad; its log and its screen read by the probe, its time moved on by it.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_protocol::ecr::{Command, Event, Reference, Setup, State};

use super::EmulatorError;
use super::clock::BoardClock;
use super::control::Control;
use super::holder::Pad;
use super::pace::Pace;
use super::probe::Probe;
use super::qemu::{Qemu, wait_for};
use super::slot::{CardUsart, Slot};
use super::till::{Heard, TillLine};
use crate::probe::image::{Image, ScreenText};
use crate::probe::log::Log;
use crate::probe::{Counters, DebugProbe, Lights, SlotPins, counters, lights, picture, pins, stack};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::world::visit::LinkTrouble;

/// How often log and screen are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(2);
/// How long the image may take to start, and to take a command.
const START: Duration = Duration::from_secs(60);
/// The button B2, on port C.
const CANCEL_KEY: u32 = 13;

/// The board. Dropping it ends QEMU.
pub struct Machine {
    pub(super) probe: Probe,
    pub(super) clock: BoardClock,
    pub(super) slot: Slot,
    pub(super) till: TillLine,
    pub(super) pad: Pad,
    /// What the till calls the next visit by.
    pub(super) next: Reference,
    /// How the terminal said that it is, last.
    pub(super) state: Option<State>,
    pub(super) log: Log,
    pub(super) screen_at: u64,
    frame_at: u64,
    pub(super) screens: Vec<ScreenText>,
    pub(super) stack: (u64, u64),
    pub(super) trouble: LinkTrouble,
    /// The power is cut when the centre has had this many more messages.
    pub(super) cut_at_message: Option<usize>,
    pub(super) storage: Option<(u64, usize)>,
    pub(super) control: Control,
    pub(super) qemu: Qemu,
}

/// When power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// This many characters have gone over the card line, in either direction, and one more is about to.
    Characters(usize),
    /// The centre has had this many messages, from one on, and has answered the last one, which the board is not told.
    Messages(usize),
}

impl Machine {
    /// Boots an image and tells it where it stands; `next_stan` is the number of its next transaction.
    ///
    /// # Errors
    /// When the image is none, or QEMU is missing, too old, or does not come up.
    pub fn boot(elf: &Path, setup: Setup) -> Result<Self, EmulatorError> {
        Self::boot_with(elf, setup, None)
    }

    /// The same with what a power cut has left in the image's storage ([`Machine::power_cut`]).
    ///
    /// # Errors
    /// As [`Machine::boot`]; and when the image has another storage, or none.
    pub fn boot_with(elf: &Path, setup: Setup, storage: Option<&[u8]>) -> Result<Self, EmulatorError> {
        Self::start(elf, setup, storage, false)
    }

    /// The same with an empty storage, and with instructions counted ([`Machine::instructions`]): what is sent to the board comes
    /// a byte at a time, and the time of an instruction is always the same.
    ///
    /// # Errors
    /// As [`Machine::boot`].
    pub fn boot_counted(elf: &Path, setup: Setup) -> Result<Self, EmulatorError> {
        Self::start(elf, setup, None, true)
    }

    fn start(elf: &Path, setup: Setup, storage: Option<&[u8]>, counted: bool) -> Result<Self, EmulatorError> {
        let image = Image::read(elf)?;
        let (qemu, lines) = Qemu::start(elf, storage.is_some(), counted)?;
        let (mut probe, mut control) = (Probe::new(lines.qtest), Control::new(lines.control));
        if let Some(bytes) = storage {
            match image.storage {
                Some((at, length)) if length == bytes.len() => probe.write(at, bytes)?,
                _ => return Err(EmulatorError::NoStorage),
            }
            control.go_on()?;
        }
        let Image { table, rtt, screen, frame, stack, ticks, ahead, wakes, taken, storage, .. } = image;
        let mut machine = Self {
            probe,
            clock: BoardClock::new(ticks, ahead, taken, counted.then(|| Pace::new(wakes))),
            slot: Slot::new(lines.card),
            till: TillLine::new(lines.till),
            pad: Pad::new(lines.keys),
            next: Reference(1),
            state: None,
            log: Log::new(table, rtt),
            screen_at: screen,
            frame_at: frame,
            screens: Vec::new(),
            stack,
            trouble: LinkTrouble::None,
            cut_at_message: None,
            storage,
            control,
            qemu,
        };
        machine.probe.watch_port('a')?;
        machine.await_words("has not logged that it started", "qiyong on")?;
        machine.set_up(setup)?;
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
                        return self.log.drain(&mut self.probe);
                    }
                    Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
                    // Its state after the start.
                    _ => {}
                }
            }
            self.log.drain(&mut self.probe)?;
            if Instant::now() >= deadline {
                return Err(self.mute("has been told where it stands, and has not said that it knows"));
            }
            wait_for(&mut [PollFd::new(self.till.stream(), PollFlags::IN)], LOOK)?;
            self.clock.release(&mut self.probe)?;
            self.qemu.check()?;
        }
    }

    /// Waits for words in the log.
    fn await_words(&mut self, what: &'static str, words: &str) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + START;
        while !self.log.lines.iter().any(|line| line.contains(words)) {
            if Instant::now() >= deadline {
                return Err(self.mute(what));
            }
            std::thread::sleep(LOOK);
            self.qemu.check()?;
            self.log.drain(&mut self.probe)?;
        }
        Ok(())
    }

    fn mute(&self, what: &'static str) -> EmulatorError {
        EmulatorError::Mute { what, last: self.log.lines.last().cloned().unwrap_or_else(|| "nothing".into()) }
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

    /// Cuts the power in the next visit at this moment: the visit then ends with [`EmulatorError::PowerCut`], and all that is
    /// left to do is [`Machine::power_cut`].
    pub const fn cut_at(&mut self, moment: Cut) {
        match moment {
            Cut::Characters(characters) => self.slot.cut_at = Some(self.slot.characters.saturating_add(characters)),
            Cut::Messages(messages) => self.cut_at_message = Some(messages),
        }
    }

    /// Cuts the power now; returns what the image's storage holds.
    ///
    /// # Errors
    /// When the emulator is gone, or the image has no storage.
    pub fn power_cut(mut self) -> Result<Vec<u8>, EmulatorError> {
        // Memory is read piece by piece: the board must stand still meanwhile.
        self.control.stop()?;
        let (at, length) = self.storage.ok_or(EmulatorError::NoStorage)?;
        self.probe.read(at, length)
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

    /// Presses the board's cancel key, which stays down, or lets go of it.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn cancel_key(&mut self, down: bool) -> Result<(), EmulatorError> {
        self.probe.drive_pin('c', CANCEL_KEY, !down)
    }

    /// The picture on the screen.
    ///
    /// # Errors
    /// When the emulator is gone, or the image never stops drawing.
    pub fn picture(&mut self) -> Result<Framebuffer, EmulatorError> {
        let deadline = Instant::now() + START;
        loop {
            match picture::frame(&mut self.probe, self.frame_at)? {
                Some(frame) => return Ok(frame),
                None if Instant::now() < deadline => std::thread::sleep(LOOK),
                None => return Err(EmulatorError::Silent { what: "the screen", seconds: START.as_secs() }),
            }
        }
    }

    /// Which of the board's lights are on.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn lights(&mut self) -> Result<Lights, EmulatorError> {
        lights::lights(&mut self.probe)
    }

    /// How the image has set up the card's USART.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn card_usart(&mut self) -> Result<CardUsart, EmulatorError> {
        Slot::usart(&mut self.probe)
    }

    /// How many instructions the board has executed since it started, in a machine that counts them; what it does at each tick of
    /// its clock, and what it waits awake, is among them.
    ///
    /// # Errors
    /// When the emulator is gone, or counts none.
    pub fn instructions(&mut self) -> Result<u64, EmulatorError> {
        self.control.instructions()
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

    /// What the image keeps over a power cut, as it stands there; `None` if that cannot be read.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn counters(&mut self) -> Result<Option<Counters>, EmulatorError> {
        let Some(region) = self.storage else { return Ok(None) };
        counters::counters(&mut self.probe, region)
    }

    /// How often the board's clock has ticked since it started: milliseconds, without those by which its time was moved on.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn ticks(&mut self) -> Result<u32, EmulatorError> {
        self.clock.ticks(&mut self.probe)
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
        self.restart(Probe::reset)
    }

    /// Writes a word of the image's memory of which it is to die, and waits until it has started anew, as after
    /// [`Machine::reset`].
    ///
    /// # Errors
    /// When it does not, or the emulator is gone.
    pub fn kill_by(&mut self, address: u64, word: u32) -> Result<(), EmulatorError> {
        self.restart(|probe| probe.write_word(address, word))
    }

    fn restart(&mut self, by: impl FnOnce(&mut Probe) -> Result<(), EmulatorError>) -> Result<(), EmulatorError> {
        let before = std::mem::take(&mut self.log.lines);
        let started =
            by(&mut self.probe).and_then(|()| self.await_words("has not logged that it started", "qiyong on"));
        self.log.lines.splice(0..0, before);
        self.clock.restarted();
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
