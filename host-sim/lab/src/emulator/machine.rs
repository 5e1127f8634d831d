//! One emulated board and its surroundings: a card in its slot, a till and a centre on its serial line, a holder at its
//! PIN pad. The probe reads its log and its screen, and moves its time on.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_protocol::ecr::{KeyLoad, State};

use super::EmulatorError;
use super::clock::{self, BoardClock};
use super::control::Control;
use super::holder::{Later, Pad};
use super::model::Model;
use super::probe::Probe;
use super::qemu::Qemu;
use super::slot::{CardUsart, Slot};
use super::till::TillLine;
use crate::board::{Course, Left};
use crate::probe::image::{Image, ScreenText};
use crate::probe::log::Log;
use crate::probe::{Counters, DebugProbe, Lights, SlotPins, counters, lights, picture, pins, stack};
use crate::visit::{self, await_words, mute};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::line::{Fault, SharedCard};
use qiyong_sim::referee::Finding;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::world::visit::LinkTrouble;

/// The board. Dropping it ends QEMU.
pub struct Machine {
    pub(super) model: &'static Model,
    pub(super) probe: Probe,
    pub(super) clock: BoardClock,
    pub(super) slot: Slot,
    pub(super) till: TillLine,
    pub(super) pad: Pad,
    /// What the holder does at some later time, but for keys.
    pub(super) later: Option<Later>,
    pub(super) course: Course,
    pub(super) log: Log,
    pub(super) screen_at: u64,
    frame_at: u64,
    /// How often the screen had been written when it was last read.
    pub(super) shown: u32,
    pub(super) stack: (u64, u64),
    /// Power is cut after the centre has received so many more messages.
    pub(super) cut_at_message: Option<usize>,
    pub(super) storage: Option<(u64, usize)>,
    pub(super) control: Control,
    pub(super) qemu: Qemu,
    /// What is to go wrong on the card line during the next visit.
    pub(super) planned: Vec<Fault>,
    /// How many characters had passed before the visit.
    pub(super) before: usize,
    pub(super) left: Left,
}

/// The moment at which power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// So many characters have gone over the card line, in both directions together, and another one is about to.
    Characters(usize),
    /// The centre has received so many messages, at least one, and has answered the last one; the board does not get
    /// this answer.
    Messages(usize),
}

impl Machine {
    /// Boots an image and tells it its institution; `next_stan` is the number of its next transaction.
    ///
    /// # Errors
    /// The file is no image; or QEMU is missing, too old, or does not start.
    pub fn boot(elf: &Path, setup: Setup) -> Result<Self, EmulatorError> {
        Self::boot_with(elf, setup, None)
    }

    /// Like [`Machine::boot`], with what a power cut has left in the image's storage ([`Machine::power_cut`]).
    ///
    /// # Errors
    /// Those of [`Machine::boot`]. Also if the image has another storage, or none.
    pub fn boot_with(elf: &Path, setup: Setup, storage: Option<&[u8]>) -> Result<Self, EmulatorError> {
        Self::start(elf, storage, false, Duration::ZERO)?.set_up_first(setup)
    }

    /// Like [`Machine::boot`], with an empty storage, when so long has gone by since the beginning ([`Machine::elapsed`]).
    ///
    /// # Errors
    /// Those of [`Machine::boot`].
    pub fn boot_at(elf: &Path, setup: Setup, elapsed: Duration) -> Result<Self, EmulatorError> {
        Self::start(elf, None, false, elapsed)?.set_up_first(setup)
    }

    /// Like [`Machine::boot`], with an empty storage and with instructions counted ([`Machine::instructions`]).
    ///
    /// # Errors
    /// Those of [`Machine::boot`].
    pub fn boot_counted(elf: &Path, setup: Setup) -> Result<Self, EmulatorError> {
        Self::start(elf, None, true, Duration::ZERO)?.set_up_first(setup)
    }

    /// Boots an image with an empty storage for a till that is another program ([`crate::till_line`]), which sets it up.
    ///
    /// # Errors
    /// The file is no image; or QEMU is missing, too old, or does not start.
    pub fn boot_alone(elf: &Path) -> Result<Self, EmulatorError> {
        let mut machine = Self::start(elf, None, false, Duration::ZERO)?;
        machine.till.taken();
        Ok(machine)
    }

    fn set_up_first(mut self, setup: Setup) -> Result<Self, EmulatorError> {
        self.set_up(setup)?;
        Ok(self)
    }

    fn start(elf: &Path, storage: Option<&[u8]>, counted: bool, elapsed: Duration) -> Result<Self, EmulatorError> {
        let (image, now) = (Image::read(elf)?, clock::cycles(elapsed));
        let first = clock::first_words(&image.live, counted, now);
        let model = Model::of(image.vectors)?;
        let (qemu, lines) = Qemu::start(model, elf, counted, &first)?;
        let (mut probe, mut control) = (Probe::new(lines.qtest, model.asleep), Control::new(lines.control));
        if let Some(bytes) = storage {
            match image.storage {
                Some((at, length)) if length == bytes.len() => probe.write(at, bytes)?,
                _ => return Err(EmulatorError::NoStorage),
            }
        }
        // Before the first instruction: no edge is missed, however late this comes. An image whose instructions are counted runs
        // already; it drives no pin before time passes, which is when this program says so.
        probe.watch_port(&model.port(model.watched, &mut control)?)?;
        let present = (model.port(model.present.0, &mut control)?, model.present.1);
        if !counted {
            control.go_on()?;
        }
        let Image { table, rtt, screen, frame, stack, live, storage, .. } = image;
        let clock = BoardClock::new(live, now);
        let mut machine = Self {
            model,
            probe,
            clock,
            slot: Slot::new(lines.card, model, present),
            till: TillLine::new(lines.till),
            pad: Pad::new(lines.keys),
            later: None,
            course: Course::default(),
            log: Log::new(table, rtt),
            screen_at: screen,
            frame_at: frame,
            shown: 0,
            stack,
            cut_at_message: None,
            storage,
            control,
            qemu,
            planned: Vec::new(),
            before: 0,
            left: Left::default(),
        };
        await_words(&mut machine, "has not logged that it started", "qiyong on")?;
        Ok(machine)
    }

    /// Tells the terminal its institution, and waits until the terminal confirms it. A terminal that has no key of that name gets
    /// it: under the transport key of tests if it has none yet, else under the same key, since this till knows no other.
    ///
    /// # Errors
    /// The terminal does not confirm it.
    pub fn set_up(&mut self, setup: Setup) -> Result<(), EmulatorError> {
        visit::set_up(self, &setup)
    }

    /// Gives the terminal a master key; returns the check value of the key that it has then.
    ///
    /// # Errors
    /// The terminal does not take it, or says nothing.
    pub fn load_key(&mut self, load: KeyLoad) -> Result<[u8; 3], EmulatorError> {
        visit::load_key(self, load)
    }

    /// Puts a card into the slot, with its file; the file keeps what changes on the card.
    ///
    /// # Errors
    /// The emulator cannot carry this card, or is gone.
    pub fn insert(&mut self, card: DeskCard) -> Result<(), EmulatorError> {
        self.insert_shared(Rc::new(RefCell::new(ContactCard::new(card.card))))
    }

    /// Puts a card into the slot whose owner is the caller.
    ///
    /// # Errors
    /// Those of [`Machine::insert`].
    pub fn insert_shared(&mut self, card: SharedCard) -> Result<(), EmulatorError> {
        self.slot.insert(card, self.clock.now(), &mut self.probe)?;
        self.look_up()
    }

    /// Takes the card out.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn remove(&mut self) -> Result<(), EmulatorError> {
        self.slot.remove(self.clock.now(), &mut self.probe)?;
        self.look_up()
    }

    /// Takes the card out during the next visit, when so many characters have gone over the card line, in both
    /// directions together, and another one is about to.
    pub const fn pull_after(&mut self, characters: usize) {
        self.slot.pull_at = Some(self.slot.characters.saturating_add(characters));
    }

    /// Takes the card out during the next visit, when it has carried out CHANGE PIN and is about to say so.
    pub const fn pull_when_new_pin_is_taken(&mut self) {
        self.slot.pull_when_new_pin_is_taken = true;
    }

    /// Cuts the power at this moment of the next visit. The visit then ends with [`EmulatorError::PowerCut`], and
    /// [`Machine::power_cut`] is the only call still possible.
    pub const fn cut_at(&mut self, moment: Cut) {
        match moment {
            Cut::Characters(characters) => self.slot.cut_at = Some(self.slot.characters.saturating_add(characters)),
            Cut::Messages(messages) => self.cut_at_message = Some(messages),
        }
    }

    /// Cuts the power now; returns the contents of the image's storage.
    ///
    /// # Errors
    /// The emulator is gone, or the image has no storage.
    pub fn power_cut(mut self) -> Result<Vec<u8>, EmulatorError> {
        // Memory is read piece by piece, so the board must stand still.
        self.control.stop()?;
        let (at, length) = self.storage.ok_or(EmulatorError::NoStorage)?;
        self.probe.read(at, length)
    }

    /// Makes this go wrong on the way to the centre during the next visit.
    pub const fn trouble_link(&mut self, trouble: LinkTrouble) {
        self.course.trouble = trouble;
    }

    /// Lets the till's clock be so many seconds ahead of the centre's during the next visit; behind, if below zero.
    pub const fn set_till_ahead(&mut self, seconds: i64) {
        self.course.clock_ahead = seconds;
    }

    /// Sends bytes that are no frame on the till's line.
    pub fn disturb_till(&mut self, bytes: &[u8]) {
        self.till.line().say(bytes, self.clock.now());
    }

    /// Presses the board's cancel key, which stays down, or releases it.
    ///
    /// # Errors
    /// The emulator is gone, or the board has no such key.
    pub fn cancel_key(&mut self, down: bool) -> Result<(), EmulatorError> {
        let (port, pin) = self.model.cancel_key.ok_or(EmulatorError::NoKey)?;
        let key = (self.model.port(port, &mut self.control)?, pin);
        self.probe.drive(&key, !down)?;
        self.look_up()
    }

    /// The picture on the screen.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn picture(&mut self) -> Result<Framebuffer, EmulatorError> {
        let frame = picture::frame(&mut self.probe, self.frame_at)?;
        // The core sleeps, so that no picture is half drawn.
        frame.ok_or_else(|| mute(self, "has not drawn anything"))
    }

    /// Which of the board's lights are on.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn lights(&mut self) -> Result<Lights, EmulatorError> {
        lights::lights(&mut self.probe)
    }

    /// The settings of the card's USART, which the image has made.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn card_usart(&mut self) -> Result<CardUsart, EmulatorError> {
        Slot::usart(&mut self.probe)
    }

    /// How many instructions the board has executed since it started, in a machine that counts them.
    ///
    /// # Errors
    /// The emulator is gone, or does not count.
    pub fn instructions(&mut self) -> Result<u64, EmulatorError> {
        self.control.instructions()
    }

    /// The last state that the terminal reported.
    pub const fn state(&self) -> Option<&State> {
        self.course.state.as_ref()
    }

    /// The image's log so far.
    pub fn log(&self) -> &[String] {
        &self.log.lines
    }

    /// What its screen showed, one after the other, as far as it was read.
    pub fn screens(&self) -> &[ScreenText] {
        &self.course.screens
    }

    /// The board's time since the beginning: since it was first started, or as it was told then ([`Machine::boot_at`]).
    pub const fn elapsed(&self) -> Duration {
        clock::duration(self.clock.now())
    }

    /// Lets the board do what it does by itself, until so long has gone by since the beginning.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn rest_until(&mut self, elapsed: Duration) -> Result<(), EmulatorError> {
        self.rest(clock::cycles(elapsed))
    }

    /// What the referee of the card line has found since this was last asked; the times are in cycles of CLK.
    pub fn findings(&mut self) -> Vec<Finding> {
        self.slot.watch.findings()
    }

    /// How long the last visit took, from the till's command to the last byte of the end that it was told.
    pub const fn took(&self) -> Duration {
        self.course.took
    }

    /// The numbers that the image keeps over a power cut; `None` if they cannot be read.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn counters(&mut self) -> Result<Option<Counters>, EmulatorError> {
        let Some(region) = self.storage else { return Ok(None) };
        counters::counters(&mut self.probe, region)
    }

    /// The most bytes of its stack that the image has used, and the size of the stack: cortex-m-rt paints the stack at
    /// the start.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn stack(&mut self) -> Result<(usize, usize), EmulatorError> {
        stack::high_water(&mut self.probe, self.stack)
    }

    /// Resets the chip and waits until the image has started anew. It has lost its institution, and accepts no visits.
    ///
    /// # Errors
    /// The image does not start, or the emulator is gone.
    pub fn reset(&mut self) -> Result<(), EmulatorError> {
        self.restart(Probe::reset)
    }

    /// Writes a word into the image's memory that makes the image crash, and waits until it has started anew, as after
    /// [`Machine::reset`].
    ///
    /// # Errors
    /// The image does not start anew, or the emulator is gone.
    pub fn kill_by(&mut self, address: u64, word: u32) -> Result<(), EmulatorError> {
        self.restart(|probe| {
            probe.write_word(address, word)?;
            // The image meets it when it is woken.
            BoardClock::wake(probe)
        })
    }

    fn restart(&mut self, by: impl FnOnce(&mut Probe) -> Result<(), EmulatorError>) -> Result<(), EmulatorError> {
        let before = std::mem::take(&mut self.log.lines);
        self.clock.restarts(&mut self.probe)?;
        let started =
            by(&mut self.probe).and_then(|()| await_words(self, "has not logged that it started", "qiyong on"));
        self.log.lines.splice(0..0, before);
        started
    }

    /// A debug probe on the board, which looks into it as it is now.
    pub fn probe(&mut self) -> &mut impl DebugProbe<Error = EmulatorError> {
        &mut self.probe
    }

    /// The levels of the card slot's pins.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn slot_pins(&mut self) -> Result<SlotPins, EmulatorError> {
        pins::slot(&mut self.probe)
    }

    /// Characters on the card line so far, in both directions.
    pub const fn characters(&self) -> usize {
        self.slot.characters
    }
}
