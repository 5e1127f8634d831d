//! One emulated Pico and its surroundings: a card in its slot, a till and a centre on its serial line, a holder at its PIN pad.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::cdc::Cdc;
pub use super::harness::{Bus, Ring};
use super::harness::{Drive, Harness, Input, Out};
use super::panel::Panel;
use super::scope::{Edge, NANOS};
use super::serial::Disturbed;
pub use super::slot::Wire;
use super::slot::{HZ, Slot};
use super::wire::PER_CLK;
use crate::board::{Course, Left};
use crate::emulator::EmulatorError;
use crate::emulator::holder::{BAUD, CANCEL, Does, ENQ, ENTER};
use crate::probe::image::PlainImage;
use crate::probe::log::Log;
use crate::probe::{DebugProbe, ScreenText, stack};
use crate::visit::{self, Happened, await_words};
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_sim::line::SharedCard;
use qiyong_sim::referee::Finding;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::serial::till::TillEnd;
use qiyong_sim::world::visit::Delivery;

/// The serial lines: till and centre, and the PIN pad, with their rates in bits a second.
const TILL: (u8, u64) = (0, 115_200);
const PAD: (u8, u64) = (1, BAUD);

/// The button of the cancel key, low while it is pressed, and for how long that is.
const CANCEL_KEY: u8 = 15;
const HELD: Duration = Duration::from_millis(300);
/// The lights: runs, ready, works, wrong.
const LIGHTS: [u8; 4] = [25, 16, 17, 18];

/// CLK of the board's card, in Hz.
pub const CLK_HZ: u32 = (HZ / PER_CLK) as u32;
/// To how many ns the times of [`Machine::edges`] are right.
pub const RIGHT_TO_NS: u64 = NANOS;
/// How a board is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// The file from which its flash was filled, if that is not the image's ELF.
    pub uf2: Option<&'a Path>,
    /// The till is at its USB port, and not at UART 0.
    pub till_usb: bool,
    /// Its ring oscillator.
    pub ring: Ring,
    /// What is at its I2C.
    pub bus: Bus,
}

/// The board. Dropping it ends the chip.
pub struct Machine {
    chip: Harness,
    /// Cycles since the start, and the time at which that was.
    now: u64,
    began: Duration,
    pub(super) slot: Slot,
    pub(super) till: TillEnd,
    /// What goes wrong with bytes to the till, and to the terminal.
    pub(super) bytes: [Disturbed; 2],
    /// When the last byte that is on its way on each line has come.
    busy: [u64; 2],
    into: Vec<(u64, Input)>,
    /// The host at its USB port, if the till is there.
    usb: Option<Cdc>,
    /// When the holder takes the card out.
    pub(super) pulls_card: Option<u64>,
    pub(super) log: Log,
    panel: Panel,
    /// The lights that are on, by their pins.
    lights: [bool; LIGHTS.len()],
    /// How many rows of the log were looked at.
    looked: usize,
    stack: (u64, u64),
    pub(super) course: Course,
    /// Noise is to disturb something in the visit.
    pub(super) noisy: bool,
    /// What becomes of single messages in the next visit, by their number.
    pub(super) messages: BTreeMap<usize, Delivery>,
    /// What was planned for the visit, and did not happen.
    pub(super) left: Left,
    /// What the board has said to the till in the last step.
    pub(super) said: Vec<u8>,
}

impl Machine {
    /// Boots an image, gives it its master key and tells it its institution.
    ///
    /// # Errors
    /// The file is no image, there is no Node.js, or the image does not do what it should.
    pub fn boot(elf: &Path, setup: &Setup) -> Result<Self, EmulatorError> {
        Self::start(elf, setup, Duration::ZERO)
    }

    pub(super) fn start(elf: &Path, setup: &Setup, began: Duration) -> Result<Self, EmulatorError> {
        let mut machine = Self::start_alone(elf, Start::default(), began)?;
        visit::set_up(&mut machine, setup)?;
        Ok(machine)
    }

    /// The same in another way.
    ///
    /// # Errors
    /// Those of [`Self::boot`].
    pub fn boot_as(elf: &Path, how: Start<'_>, setup: &Setup) -> Result<Self, EmulatorError> {
        let mut machine = Self::start_alone(elf, how, Duration::ZERO)?;
        visit::set_up(&mut machine, setup)?;
        Ok(machine)
    }

    /// Boots an image for a till that is another program ([`crate::till_line`]), which sets it up.
    ///
    /// # Errors
    /// The file is no image, there is no Node.js, or the image does not start.
    pub fn boot_alone(elf: &Path, how: Start<'_>) -> Result<Self, EmulatorError> {
        Self::start_alone(elf, how, Duration::ZERO)
    }

    fn start_alone(elf: &Path, how: Start<'_>, began: Duration) -> Result<Self, EmulatorError> {
        let PlainImage { table, rtt, stack } = PlainImage::read(elf)?;
        let mut machine = Self {
            chip: Harness::start(how.uf2.unwrap_or(elf), Log::write_offset(rtt), how.ring, how.bus)?,
            now: 0,
            began,
            slot: Slot::new(),
            till: TillEnd::default(),
            bytes: Default::default(),
            busy: [0; 2],
            into: Vec::new(),
            usb: how.till_usb.then(Cdc::new),
            pulls_card: None,
            log: Log::new(table, rtt),
            panel: Panel::new(),
            lights: [false; LIGHTS.len()],
            looked: 0,
            stack,
            course: Course::default(),
            noisy: false,
            messages: BTreeMap::new(),
            left: Left::default(),
            said: Vec::new(),
        };
        machine.till.begin_anew();
        await_words(&mut machine, "has not logged that it started", "qiyong on")?;
        Ok(machine)
    }

    /// Puts a card into the slot, or takes it out.
    pub fn set_card(&mut self, card: Option<SharedCard>) {
        self.slot.set_card(card, self.now);
    }

    /// The holder does this, so long from now; keys are pressed so that the last one comes then.
    pub(super) fn holder_does(&mut self, does: &Does, after: Duration) {
        let at = self.now + cycles(after);
        let key = 10 * HZ / PAD.1;
        match does {
            Does::Keys(digits) => {
                let keys: Vec<u8> = digits.bytes().chain([ENTER]).collect();
                self.send(PAD, &keys, at.saturating_sub(key * keys.len() as u64));
            }
            Does::Cancels => self.send(PAD, &[CANCEL], at.saturating_sub(key)),
            Does::PullsCard => self.pulls_card = Some(at),
            // In the middle of a PIN, if one is awaited.
            Does::HoldsCancelKey => {
                let down = at.max(self.now + 3 * key);
                self.send(PAD, b"12", down - 3 * key);
                self.cancel_key(down, HELD);
            }
            Does::Nothing => {}
        }
    }

    /// Somebody holds the cancel key down, so long from now.
    pub fn press_cancel_key(&mut self, after: Duration, held: Duration) {
        self.cancel_key(self.now + cycles(after), held);
    }

    fn cancel_key(&mut self, down: u64, held: Duration) {
        self.into.push((down, Input::Pin(CANCEL_KEY, false)));
        self.into.push((down + cycles(held), Input::Pin(CANCEL_KEY, true)));
    }

    /// The till sends the terminal a frame.
    pub(super) fn send_frame(&mut self, frame: &[u8]) {
        let [_, to_terminal] = &mut self.bytes;
        let bytes: Vec<u8> =
            frame.iter().zip(1..).flat_map(|(byte, count)| to_terminal.pass(*byte, count == frame.len())).collect();
        match &mut self.usb {
            Some(usb) => usb.say(&bytes),
            None => self.send(TILL, &bytes, self.now),
        }
    }

    /// The host at the USB port, if the till is there.
    pub(super) fn usb(&mut self) -> Option<&mut Cdc> {
        self.usb.as_mut()
    }

    /// Sends bytes on a line, one after the other, not before that cycle.
    fn send(&mut self, (line, baud): (u8, u64), bytes: &[u8], from: u64) {
        let [till, pad] = &mut self.busy;
        let busy = if line == TILL.0 { till } else { pad };
        *busy = (*busy).max(from).max(self.now);
        for byte in bytes {
            *busy += 10 * HZ / baud;
            self.into.push((*busy, Input::Uart(line, *byte)));
        }
    }

    /// Lets the board do what it does by itself until so long has gone by since the beginning; nobody reacts to it.
    pub(super) fn rest_to(&mut self, elapsed: Duration) -> Result<(), EmulatorError> {
        let end = cycles(elapsed.saturating_sub(self.began));
        while self.now < end {
            self.go_on(end)?;
        }
        Ok(())
    }

    /// The chip goes on until it does something, or the card or the holder does.
    pub(super) fn go_on(&mut self, end: u64) -> Result<Vec<Happened>, EmulatorError> {
        let now = self.now;
        let next = self.slot.next(now).into_iter().chain(self.pulls_card).fold(end, u64::min);
        let mut into = std::mem::take(&mut self.into);
        into.extend(self.slot.take_into());
        let does = self.usb.as_mut().map(Cdc::take_does).unwrap_or_default();
        into.extend(does.into_iter().map(|does| (self.now, Input::Usb(does))));
        let (now, out) = self.chip.run(next, &into)?;
        self.now = now;
        self.said.clear();
        let mut all = Vec::new();
        for (at, out) in out {
            match out {
                Out::Pin(pin, drive) => match LIGHTS.iter().position(|light| *light == pin) {
                    Some(number) => self.light(number, drive == Some(Drive::High)),
                    None => self.slot.pin(at, pin, drive),
                },
                Out::Panel(bytes) => self.panel.hear(&bytes),
                Out::Uart(line, byte) if line == TILL.0 && self.usb.is_none() => self.tell_till(&[byte], &mut all),
                Out::Uart(_, ENQ) => all.push(Happened::PinAwaited),
                Out::Usb(device) => {
                    let Some(usb) = &mut self.usb else { continue };
                    usb.see(device);
                    let bytes = usb.take_heard();
                    self.tell_till(&bytes, &mut all);
                }
                Out::Uart(..) => {}
                Out::Log => self.looks_at_screen(&mut all)?,
                Out::Restart => self.restarts(at)?,
            }
        }
        self.slot.scope.flows(now);
        if self.pulls_card.take_if(|at| *at <= now).is_some() {
            self.set_card(None);
        }
        if self.slot.next(now).is_some_and(|at| at <= now) {
            self.slot.act(now);
        }
        Ok(all)
    }

    /// The chip is reset: its pins are nobody's, the bus sees it go, and it starts with the flash that it had.
    fn restarts(&mut self, at: u64) -> Result<(), EmulatorError> {
        self.drain()?;
        self.chip.start_anew()?;
        self.slot.chip_is_reset(at);
        self.lights = [false; LIGHTS.len()];
        if let Some(usb) = &mut self.usb {
            *usb = Cdc::new();
        }
        Ok(())
    }

    fn light(&mut self, number: usize, on: bool) {
        if let Some(light) = self.lights.get_mut(number) {
            *light = on;
        }
    }

    /// The board has said these bytes to the till.
    fn tell_till(&mut self, bytes: &[u8], all: &mut Vec<Happened>) {
        let [to_till, _] = &mut self.bytes;
        for byte in bytes.iter().flat_map(|byte| to_till.pass(*byte, *byte == 0)) {
            self.said.push(byte);
            all.extend(self.till.hear(byte).map(Happened::Till));
        }
    }

    fn looks_at_screen(&mut self, all: &mut Vec<Happened>) -> Result<(), EmulatorError> {
        self.log.drain(&mut self.chip)?;
        for line in self.log.lines.get(self.looked..).unwrap_or_default() {
            if let Some((_, english)) = line.split_once("screen: ") {
                let text = ScreenText { english: english.trim().into(), ..ScreenText::default() };
                self.course.screens.push(text.clone());
                all.push(Happened::Screen(text));
            }
        }
        self.looked = self.log.lines.len();
        Ok(())
    }

    /// The image's log since this was last asked.
    pub(super) fn log_so_far(&mut self) -> Result<Vec<String>, EmulatorError> {
        self.drain()?;
        self.looked = 0;
        Ok(std::mem::take(&mut self.log.lines))
    }

    pub(super) fn drain(&mut self) -> Result<(), EmulatorError> {
        self.looks_at_screen(&mut Vec::new())
    }

    /// Whether the flash takes nothing from now on.
    pub(super) fn wear(&mut self, worn: bool) -> Result<(), EmulatorError> {
        self.chip.wear(worn)
    }

    /// The pictures that its panel has shown, each of them whole.
    pub fn pictures(&self) -> &[Framebuffer] {
        &self.panel.pictures
    }

    /// What its panel did not understand, or lacked when it was switched on.
    pub fn panel_objects(&self) -> &[String] {
        &self.panel.strange
    }

    /// Its lights: that it runs, is ready, works, and that something is wrong.
    pub const fn lights(&self) -> [bool; 4] {
        self.lights
    }

    /// Cycles since the start.
    pub(super) const fn cycle(&self) -> u64 {
        self.now
    }

    /// The image's log so far.
    pub fn log(&self) -> &[String] {
        &self.log.lines
    }

    /// The board's time since the beginning: since it was first started, or as it was told then.
    pub const fn elapsed(&self) -> Duration {
        self.began.saturating_add(Duration::from_nanos(self.now * 8))
    }

    /// What the referee of the card line has found since this was last asked; the times are in cycles of CLK.
    pub fn findings(&mut self) -> Vec<Finding> {
        self.slot.findings()
    }

    /// From now on the edges at the slot's contacts are kept, some seven for each character.
    pub fn watch(&mut self) {
        self.slot.scope.begin(self.now);
    }

    /// What was kept, in the order of time; bits of secret characters are hidden.
    pub fn edges(&self) -> Vec<Edge> {
        self.slot.scope.edges()
    }

    /// This wire between chip and slot is broken from now on. VCC, RST, CLK: the contact stays low.
    pub fn breaks(&mut self, wire: Wire) {
        self.slot.broken = Some(wire);
    }

    /// Edges of the image's characters that were too far from where they should be, in tenths of an etu.
    pub fn crooked(&self) -> &[u64] {
        &self.slot.crooked
    }

    /// Characters on the card line so far, in both directions.
    pub const fn characters(&self) -> usize {
        self.slot.characters
    }

    /// How many cycles the core has worked since the start: not those for which it slept.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn worked(&mut self) -> Result<u64, EmulatorError> {
        self.chip.worked()
    }

    /// The most bytes of its stack that the image has used, and the size of the stack: cortex-m-rt paints the stack at the start.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn stack(&mut self) -> Result<(usize, usize), EmulatorError> {
        stack::high_water(&mut self.chip, self.stack)
    }

    /// Writes a word into the image's memory.
    ///
    /// # Errors
    /// The emulator is gone.
    pub fn write_word(&mut self, address: u64, word: u32) -> Result<(), EmulatorError> {
        self.chip.write_word(address, word)
    }
}

/// Cycles of the chip's clock in so long.
pub(super) fn cycles(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / 8).unwrap_or(u64::MAX)
}
