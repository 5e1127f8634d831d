//! The card behind the board's USART2: the pins of port A give it power and reset, and bytes on the serial line are its
//! characters.
//!
//! The emulator carries whole bytes and no time. A character to the board is lost while the board's receiver is off, as it
//! is while the board sends or sets it up; a real card's guard times see to that. Here the card looks at the receiver's
//! registers before it speaks, for as long as [`PATIENCE`] allows.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::iso7816::character::Convention;

use super::machine::{read_available, write_whole};
use super::probe::{Edge, Probe};
use super::{EmulatorError, machine};
use crate::card::contact::ContactCard;
use crate::pcsc::slot::{DeskCard, Keeper};
use crate::probe::DebugProbe;

/// RST, and the switch of VCC, on port A.
const RST: u32 = 6;
const VCC: u32 = 7;
/// The card-present switch, on port B.
const PRESENT: u32 = 2;

/// USART2's registers, and bits in them (RM0351 §40.8).
const CR1: u64 = 0x4000_4400;
const CR3: u64 = CR1 + 8;
const ISR: u64 = CR1 + 0x1C;
/// UE and RE.
const RECEIVES: u32 = 1 | 1 << 2;
const NACK: u32 = 1 << 4;
const RXNE: u32 = 1 << 5;

/// How long the receiver may be off.
const PATIENCE: Duration = Duration::from_secs(5);

/// The control registers of the USART behind the card's contacts (RM0351 §40.8). The emulator keeps what is written to them
/// even where it does not act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the reference manual's names")]
pub struct CardUsart {
    pub cr1: u32,
    pub cr2: u32,
    pub cr3: u32,
    pub brr: u32,
    pub gtpr: u32,
}

/// The slot of the board.
pub(super) struct Slot {
    line: UnixStream,
    card: Option<(ContactCard, Keeper)>,
    vcc: bool,
    rst: bool,
    /// Characters in both directions.
    pub(super) characters: usize,
    /// The card is taken out when there have been this many.
    pub(super) pull_at: Option<usize>,
}

impl Slot {
    pub(super) const fn new(line: UnixStream) -> Self {
        Self { line, card: None, vcc: false, rst: false, characters: 0, pull_at: None }
    }

    pub(super) const fn line(&self) -> &UnixStream {
        &self.line
    }

    /// Puts a card in.
    pub(super) fn insert(&mut self, desk: DeskCard, probe: &mut Probe) -> Result<(), EmulatorError> {
        let card = ContactCard::new(desk.card);
        if card.convention() == Convention::Inverse {
            return Err(EmulatorError::InverseCard);
        }
        self.card = Some((card, desk.keeper));
        probe.drive_pin('b', PRESENT, true)
    }

    /// What the registers of the board's USART hold, see [`CardUsart`].
    pub(super) fn usart(probe: &mut Probe) -> Result<CardUsart, EmulatorError> {
        let [cr1, cr2, cr3, brr, gtpr] = [0, 4, 8, 0x0C, 0x10].map(|offset| probe.read_word(CR1 + offset));
        Ok(CardUsart { cr1: cr1?, cr2: cr2?, cr3: cr3?, brr: brr?, gtpr: gtpr? })
    }

    /// Takes it out.
    pub(super) fn remove(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.card = None;
        probe.drive_pin('b', PRESENT, false)
    }

    /// A pin of port A changed.
    pub(super) fn edge(&mut self, edge: Edge, probe: &mut Probe) -> Result<(), EmulatorError> {
        match edge.pin {
            VCC => self.vcc = edge.high,
            RST => {
                let rises = edge.high && !self.rst;
                self.rst = edge.high;
                if rises && self.vcc {
                    return self.answer_to_reset(probe);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn answer_to_reset(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        let atr = self.card.as_mut().map(|(card, _)| card.answer_to_reset()).unwrap_or_default();
        let (ts, rest) = atr.split_at(1.min(atr.len()));
        self.say(ts, probe)?;
        // The board sets its receiver up anew once it has read TS: error signals are on from then.
        self.await_register(probe, |probe| Ok(probe.read_word(ISR)? & RXNE == 0 && probe.read_word(CR3)? & NACK != 0))?;
        self.say(rest, probe)
    }

    /// The board sent something.
    pub(super) fn hear(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        for byte in read_available(&mut self.line)? {
            self.characters += 1;
            self.pull_if_due(probe)?;
            let Some((card, keeper)) = self.card.as_mut().filter(|_| self.vcc && self.rst) else {
                continue;
            };
            let answer = card.received(byte);
            if !answer.is_empty() {
                // What the command changed is in the file before its answer is out. Which command it was is not known here.
                keeper.after(Some(&ins::UPDATE_BINARY), &card.card);
                self.say(&answer, probe)?;
            }
        }
        Ok(())
    }

    fn say(&mut self, bytes: &[u8], probe: &mut Probe) -> Result<(), EmulatorError> {
        self.await_register(probe, |probe| Ok(probe.read_word(CR1)? & RECEIVES == RECEIVES))?;
        let left = self.pull_at.map_or(usize::MAX, |at| at.saturating_sub(self.characters));
        let bytes = &bytes[..bytes.len().min(left)];
        self.characters += bytes.len();
        write_whole(&mut self.line, bytes)?;
        self.pull_if_due(probe)
    }

    fn pull_if_due(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        if self.pull_at.take_if(|at| *at <= self.characters).is_some() {
            self.remove(probe)?;
        }
        Ok(())
    }

    /// Waits until the board's registers say `ready`; a board that never is hears nothing, which is its own fault.
    fn await_register(
        &self,
        probe: &mut Probe,
        ready: impl Fn(&mut Probe) -> Result<bool, EmulatorError>,
    ) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + PATIENCE;
        while !ready(probe)? && Instant::now() < deadline {
            std::thread::sleep(machine::LOOK);
        }
        Ok(())
    }
}
