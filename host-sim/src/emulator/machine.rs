//! One emulated board and what stands around it: a card in its slot, a till and a centre on its serial line, a holder at
//! its PIN pad; its log and its screen read by the probe.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use zeroize::Zeroizing;

use qiyong_firmware::ui::Screen;
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_protocol::activation::decision::Operation;
use qiyong_protocol::activation::institution::InstitutionCode;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::host::till::{Command, Ended, Event, Reference, Setup, State};
use qiyong_protocol::host::{Stan, TerminalId};

use super::EmulatorError;
use super::probe::Probe;
use super::qemu::{Qemu, wait_for};
use super::slot::{CardUsart, Slot};
use super::till::{Heard, TillLine};
use crate::centre::{Centre, test_mac_key};
use crate::pcsc::slot::DeskCard;
use crate::probe::image::{self, Image, ScreenText};
use crate::probe::log::Log;
use crate::probe::{DebugProbe, Lights, SlotPins, lights, picture, pins, stack};

/// How often log and screen are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(2);
/// How long the image may take to start, and to take a command.
const START: Duration = Duration::from_secs(60);
/// How long a visit may take; the board's own bounds end all that is in order sooner.
const VISIT: Duration = Duration::from_secs(180);
/// The PIN pad is told that a PIN is awaited.
const ENQ: u8 = 0x05;
const ENTER: u8 = b'\r';
const CANCEL: u8 = 0x1B;
/// The button B2, on port C.
const CANCEL_KEY: u32 = 13;

/// Which PIN the board's screen asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The present one.
    Present,
    /// A new one.
    New,
    /// The new one again.
    NewAgain,
}

/// What the holder does then.
#[derive(Debug)]
pub enum Does {
    /// Keys digits, and enter.
    Keys(Zeroizing<String>),
    /// Presses cancel.
    Cancels,
    /// Takes the card out.
    PullsCard,
    /// Presses the board's cancel key and keeps it down.
    HoldsCancelKey,
}

/// The board. Dropping it ends QEMU.
pub struct Machine {
    probe: Probe,
    slot: Slot,
    till: TillLine,
    keys: UnixStream,
    /// What the till calls the next visit by.
    next: Reference,
    /// How the terminal said that it is, last.
    state: Option<State>,
    log: Log,
    screen_at: u64,
    frame_at: u64,
    cancel_at: Option<&'static str>,
    screens: Vec<ScreenText>,
    stack: (u64, u64),
    qemu: Qemu,
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
        let Image { table, rtt, screen, frame, stack } = Image::read(elf)?;
        let (qemu, lines) = Qemu::start(elf)?;
        let mut machine = Self {
            probe: Probe::new(lines.qtest),
            slot: Slot::new(lines.card),
            till: TillLine::new(lines.till),
            keys: lines.keys,
            next: Reference(1),
            state: None,
            log: Log::new(table, rtt),
            screen_at: screen,
            frame_at: frame,
            cancel_at: None,
            screens: Vec::new(),
            stack,
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
        self.till.command(&Command::Setup(setup))?;
        let deadline = Instant::now() + START;
        loop {
            for heard in self.till.hear()? {
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

    /// Puts a card into the slot.
    ///
    /// # Errors
    /// When the emulator cannot carry it, or is gone.
    pub fn insert(&mut self, card: DeskCard) -> Result<(), EmulatorError> {
        self.slot.insert(card, &mut self.probe)
    }

    /// Takes the card out.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn remove(&mut self) -> Result<(), EmulatorError> {
        self.slot.remove(&mut self.probe)
    }

    /// Takes the card out as soon as this many more characters have gone over the card line, in either direction.
    pub const fn pull_after(&mut self, characters: usize) {
        self.slot.pull_at = Some(self.slot.characters + characters);
    }

    /// Sends what is no frame on the till's line.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn disturb_till(&mut self, bytes: &[u8]) -> Result<(), EmulatorError> {
        self.till.disturb(bytes)
    }

    /// One visit: the till's command, and all until its end. `holder` is asked at the PIN pad.
    ///
    /// # Errors
    /// When the emulator or the centre's store fails, or the image does not come to an end.
    pub fn serve(
        &mut self,
        centre: &mut Centre,
        operation: &Operation,
        time: Timestamp,
        holder: &mut dyn FnMut(Asked) -> Does,
    ) -> Result<Ended, EmulatorError> {
        let reference = self.next;
        self.next = Reference(reference.0.wrapping_add(1));
        self.till.command(&Command::Start { reference, time, operation: operation.clone() })?;
        let deadline = Instant::now() + VISIT;
        loop {
            let mut fds = [self.probe.stream(), self.slot.line(), self.till.stream(), &self.keys]
                .map(|stream| PollFd::new(stream, PollFlags::IN));
            wait_for(&mut fds, LOOK)?;
            while let Some(edge) = self.probe.edge()? {
                self.slot.edge(edge, &mut self.probe)?;
            }
            self.slot.hear(&mut self.probe)?;
            if read_available(&mut self.keys)?.contains(&ENQ) {
                self.key_pin(holder)?;
            }
            let ended = self.till_traffic(centre, reference)?;
            self.look()?;
            if let Some(ended) = ended {
                return Ok(ended);
            }
            self.qemu.check()?;
            if Instant::now() >= deadline {
                return Err(EmulatorError::Silent { what: "the till's line", seconds: VISIT.as_secs() });
            }
        }
    }

    /// Takes log and screen.
    fn look(&mut self) -> Result<(), EmulatorError> {
        self.log.drain(&mut self.probe)?;
        let text = image::screen(&mut self.probe, self.screen_at)?;
        if let Some(text) = text.filter(|text| self.screens.last() != Some(text)) {
            if self.cancel_at.take_if(|words| *words == text.english).is_some() {
                self.cancel_key(true)?;
            }
            self.screens.push(text);
        }
        Ok(())
    }

    fn key_pin(&mut self, holder: &mut dyn FnMut(Asked) -> Does) -> Result<(), EmulatorError> {
        self.look()?;
        let shown = self.screens.last().map_or("", |screen| screen.english.as_str());
        let asked = match shown {
            words
                if [Screen::EnterNewPin, Screen::NewPinUnsuitable, Screen::NewPinsDiffer]
                    .iter()
                    .any(|screen| screen.text().english == words) =>
            {
                Asked::New
            }
            words if words == Screen::RepeatNewPin.text().english => Asked::NewAgain,
            _ => Asked::Present,
        };
        match holder(asked) {
            Does::Keys(digits) => {
                write_whole(&mut self.keys, digits.as_bytes())?;
                write_whole(&mut self.keys, &[ENTER])
            }
            Does::Cancels => write_whole(&mut self.keys, &[CANCEL]),
            Does::PullsCard => self.remove(),
            Does::HoldsCancelKey => self.cancel_key(true),
        }
    }

    /// Has the centre answer what the board asks it; returns how the visit ended, if it did.
    fn till_traffic(&mut self, centre: &mut Centre, visit: Reference) -> Result<Option<Ended>, EmulatorError> {
        let mut end = None;
        for heard in self.till.hear()? {
            match heard {
                Heard::ToCentre(message) => {
                    if let Some(answer) = centre.handle_bytes(&message)? {
                        self.till.centre_says(&answer)?;
                    }
                }
                Heard::Event(Event::Ended(ended)) if ended.reference == visit => end = Some(ended),
                Heard::Event(Event::State(state)) => self.state = Some(state),
                Heard::Event(Event::Refused(why)) => return Err(EmulatorError::Refused(why)),
                // The end of an earlier visit, told again.
                Heard::Event(Event::Ended(_)) => {}
                Heard::Nonsense(why) => self.log.lines.push(format!("(from the board: {why})")),
            }
        }
        Ok(end)
    }

    /// Presses the board's cancel key, which stays down, or lets go of it.
    ///
    /// # Errors
    /// When the emulator is gone.
    pub fn cancel_key(&mut self, down: bool) -> Result<(), EmulatorError> {
        self.probe.drive_pin('c', CANCEL_KEY, !down)
    }

    /// Presses the board's cancel key, which stays down, as soon as this screen is shown.
    pub fn hold_cancel_key_at(&mut self, screen: &Screen) {
        self.cancel_at = Some(screen.text().english);
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
