//! The board as a USB reader: the image with its jumper set, a card in its slot, a holder at its keypad, and a host that carries transfers
//! for whoever has them.

use std::path::Path;

use qiyong_sim::line::SharedCard;
use qiyong_sim::referee::Finding;

use super::harness::{Bus, DeviceDoes, Harness, Input, Out, Ring};
use super::slot::{HZ, Slot};
use super::usb::{Ended, Port, Transfer};
use crate::emulator::EmulatorError;
use crate::emulator::holder::{BAUD, ENQ, THINKS_S};
use crate::probe::image::PlainImage;
use crate::probe::log::Log;

/// The pin of the jumper that makes the board a reader.
const JUMPER: u8 = 22;
/// The keypad's line.
const PAD: u8 = 1;
/// How long the image may take to start, and the device for a request, in cycles.
const START: u64 = 60 * HZ;
/// GET_DESCRIPTOR, SET_ADDRESS and SET_CONFIGURATION (USB 2.0 section 9.4).
const SET_ADDRESS: [u8; 8] = [0, 5, 7, 0, 0, 0, 0, 0];
const SET_CONFIGURATION: [u8; 8] = [0, 9, 1, 0, 0, 0, 0, 0];

/// The board and its host. Dropping it ends the chip.
pub struct UsbReader {
    chip: Harness,
    now: u64,
    slot: Slot,
    port: Port,
    into: Vec<(u64, Input)>,
    log: Log,
    /// The keys that the holder presses when a PIN is asked for.
    keys: Vec<Vec<u8>>,
    /// How often a PIN was asked for.
    asked: usize,
    attached: bool,
    is_reset: bool,
}

impl UsbReader {
    /// Boots an image as a reader, and configures it as the first and only device of a bus.
    ///
    /// # Errors
    /// The file is no image, there is no Node.js, or the image is no USB device.
    pub fn boot(elf: &Path) -> Result<Self, EmulatorError> {
        let PlainImage { table, rtt, .. } = PlainImage::read(elf)?;
        let mut reader = Self {
            chip: Harness::start(elf, Log::write_offset(rtt), Ring::Good, Bus::Nobody)?,
            now: 0,
            slot: Slot::new(),
            port: Port::default(),
            into: vec![(0, Input::Pin(JUMPER, true))],
            log: Log::new(table, rtt),
            keys: Vec::new(),
            asked: 0,
            attached: false,
            is_reset: false,
        };
        while !reader.attached {
            reader.step_before(START)?;
        }
        reader.configure()?;
        Ok(reader)
    }

    /// Resets the bus, and gives the device its address and configuration again.
    ///
    /// # Errors
    /// The chip fails, or the device does not answer.
    pub fn configure(&mut self) -> Result<(), EmulatorError> {
        self.port.reset();
        self.is_reset = false;
        let end = self.now + START;
        while !self.is_reset {
            self.step_before(end)?;
        }
        for request in [SET_ADDRESS, SET_CONFIGURATION] {
            let configured = self.transfer(Transfer::Control(request, Vec::new()), 1000)?;
            configured.map_err(|_| self.is_mute())?;
        }
        Ok(())
    }

    /// Puts a card into the slot, or takes it out.
    pub fn set_card(&mut self, card: Option<SharedCard>) {
        self.slot.set_card(card, self.now);
    }

    /// The holder presses these keys when a PIN is asked for, after those that were said before.
    pub fn will_key(&mut self, keys: &[u8]) {
        self.keys.push(keys.to_vec());
    }

    /// How often a PIN was asked for.
    pub const fn asked(&self) -> usize {
        self.asked
    }

    /// A transfer begins; after `within_ms` of the chip's time it is given up, and with 0 never. Returns its number.
    pub fn begin(&mut self, transfer: Transfer, within_ms: u32) -> u64 {
        let until = (within_ms > 0).then(|| self.now + u64::from(within_ms) * (HZ / 1000));
        self.port.begin(transfer, until)
    }

    /// Gives a transfer up.
    pub fn cancel(&mut self, id: u64) {
        self.port.cancel(id);
    }

    /// The transfers that have ended since this was last asked, by their numbers.
    pub fn ended(&mut self) -> Vec<(u64, Ended)> {
        self.port.take_ended()
    }

    /// A transfer from its beginning to its end. Others go on meanwhile.
    ///
    /// # Errors
    /// The chip fails; that the device does, is the transfer's own end.
    pub fn transfer(&mut self, transfer: Transfer, within_ms: u32) -> Result<Ended, EmulatorError> {
        let id = self.begin(transfer, within_ms.max(1));
        let mut others = Vec::new();
        loop {
            for (other, ended) in self.ended() {
                if other == id {
                    self.port.ended_before(others);
                    return Ok(ended);
                }
                others.push((other, ended));
            }
            self.step(self.now + START)?;
        }
    }

    /// Lets so many milliseconds of the chip's time go by.
    ///
    /// # Errors
    /// The chip fails.
    pub fn rest(&mut self, ms: u32) -> Result<(), EmulatorError> {
        let end = self.now + u64::from(ms) * (HZ / 1000);
        while self.now < end {
            self.step(end)?;
        }
        Ok(())
    }

    /// The chip goes on until something happens, at most for so many milliseconds of its time.
    ///
    /// # Errors
    /// The chip fails.
    pub fn go_on(&mut self, ms: u32) -> Result<(), EmulatorError> {
        self.step(self.now + u64::from(ms) * (HZ / 1000))
    }

    /// The chip's time since the start, in ms.
    pub const fn elapsed_ms(&self) -> u64 {
        self.now / (HZ / 1000)
    }

    /// The image's log so far.
    ///
    /// # Errors
    /// The chip fails.
    pub fn log(&mut self) -> Result<&[String], EmulatorError> {
        self.log.drain(&mut self.chip)?;
        Ok(&self.log.lines)
    }

    /// What the referee of the card line has found since this was last asked.
    pub fn findings(&mut self) -> Vec<Finding> {
        self.slot.findings()
    }

    fn is_mute(&self) -> EmulatorError {
        let last = self.log.lines.last().cloned().unwrap_or_else(|| "nothing".into());
        EmulatorError::Mute { what: "has not been configured as a USB device", last }
    }

    fn step_before(&mut self, end: u64) -> Result<(), EmulatorError> {
        if self.now >= end {
            return Err(self.is_mute());
        }
        self.step(end)
    }

    /// The chip goes on until it does something, or card or host do, but not beyond the cycle `end`.
    fn step(&mut self, end: u64) -> Result<(), EmulatorError> {
        self.into.extend(self.port.take_does().into_iter().map(|does| (self.now, Input::Usb(does))));
        let next = [self.slot.next(self.now), self.port.next()].into_iter().flatten().min().unwrap_or(end).min(end);
        let mut into = std::mem::take(&mut self.into);
        into.extend(self.slot.take_into());
        let (now, out) = self.chip.run(next, &into)?;
        self.now = now;
        for (at, out) in out {
            match out {
                Out::Pin(pin, drive) => self.slot.pin(at, pin, drive),
                Out::Usb(DeviceDoes::Attaches) => self.attached = true,
                Out::Usb(DeviceDoes::IsReset) => self.is_reset = true,
                Out::Usb(device) => self.port.see(device),
                Out::Uart(PAD, ENQ) => self.keys(),
                Out::Restart => {
                    let last = self.log.lines.last().cloned().unwrap_or_else(|| "nothing".into());
                    return Err(EmulatorError::Mute { what: "has been reset", last });
                }
                Out::Uart(..) | Out::Log | Out::Panel(_) => {}
            }
        }
        if self.slot.next(now).is_some_and(|at| at <= now) {
            self.slot.act(now);
        }
        self.port.look_at_time(now);
        Ok(())
    }

    /// The pad is told that a PIN is awaited.
    fn keys(&mut self) {
        self.asked += 1;
        if self.keys.is_empty() {
            return;
        }
        let begun = self.now + THINKS_S * HZ;
        for (byte, count) in self.keys.remove(0).into_iter().zip(1..) {
            self.into.push((begun + count * 10 * HZ / BAUD, Input::Uart(PAD, byte)));
        }
    }
}
