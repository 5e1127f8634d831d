//! The card behind the board's USART2: pins of port A give it power and reset, and the bytes on the serial line are its
//! characters.
//!
//! The emulator carries whole bytes and no time. A character to the board is lost while the board's receiver is off,
//! that is, while the board sends or sets the receiver up. With a real card, guard times prevent this. Here, the card
//! reads the receiver's registers, and sends when they show that the board listens. A card that keeps the board waiting
//! lets the board's time move on before it sends.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;

use qiyong_firmware::slot::VoltageClass;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::t0;

use super::EmulatorError;
use super::clock::BoardClock;
use super::lines::read_available;
use super::probe::{Edge, Probe};
use crate::probe::DebugProbe;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;

/// On port A: whether the supply gives 5 V, RST, and the switch of VCC.
const VCC_5V: u32 = 3;
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

/// The clock that the board gives the card, in cycles per millisecond.
const CYCLES_PER_MS: u64 = 4000;

/// The control registers of the USART behind the card's contacts (RM0351 §40.8). The emulator keeps the values written
/// to them, even those that it ignores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the reference manual's names")]
pub struct CardUsart {
    pub cr1: u32,
    pub cr2: u32,
    pub cr3: u32,
    pub brr: u32,
    pub gtpr: u32,
}

/// The first character after a reset. The board sets its receiver up anew after reading it, so the other characters
/// must wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ts {
    Due,
    Said,
    Over,
}

/// The slot of the board.
pub(super) struct Slot {
    line: UnixStream,
    card: Option<SharedCard>,
    class: Option<VoltageClass>,
    five_volts: bool,
    rst: bool,
    /// What the card sends next.
    coming: VecDeque<u8>,
    ts: Ts,
    /// Characters in both directions.
    pub(super) characters: usize,
    /// The card is taken out when so many have passed and another one is about to.
    pub(super) pull_at: Option<usize>,
    /// Power is cut when so many have passed and another one is about to.
    pub(super) cut_at: Option<usize>,
}

impl Slot {
    pub(super) const fn new(line: UnixStream) -> Self {
        Self {
            line,
            card: None,
            class: None,
            five_volts: false,
            rst: false,
            coming: VecDeque::new(),
            ts: Ts::Over,
            characters: 0,
            pull_at: None,
            cut_at: None,
        }
    }

    pub(super) const fn line(&self) -> &UnixStream {
        &self.line
    }

    /// Puts a card in.
    pub(super) fn insert(&mut self, card: SharedCard, probe: &mut Probe) -> Result<(), EmulatorError> {
        if card.borrow().convention() == Convention::Inverse {
            return Err(EmulatorError::InverseCard);
        }
        self.card = Some(card);
        probe.drive_pin('b', PRESENT, true)
    }

    /// The contents of the USART's registers, see [`CardUsart`].
    pub(super) fn usart(probe: &mut Probe) -> Result<CardUsart, EmulatorError> {
        let [cr1, cr2, cr3, brr, gtpr] = [0, 4, 8, 0x0C, 0x10].map(|offset| probe.read_word(CR1 + offset));
        Ok(CardUsart { cr1: cr1?, cr2: cr2?, cr3: cr3?, brr: brr?, gtpr: gtpr? })
    }

    /// Takes the card out.
    pub(super) fn remove(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.card = None;
        self.coming.clear();
        probe.drive_pin('b', PRESENT, false)
    }

    /// The card, if it has power at a voltage at which it works.
    fn powered(&self) -> Option<&SharedCard> {
        let class = self.class?;
        self.card.as_ref().filter(|card| card.borrow().works_at(class))
    }

    /// A pin of port A changed.
    pub(super) fn edge(&mut self, edge: Edge) {
        match edge.pin {
            VCC_5V => self.five_volts = edge.high,
            // The board chooses the voltage before it switches the supply on.
            VCC => {
                let class = if self.five_volts { VoltageClass::A } else { VoltageClass::B };
                self.class = edge.high.then_some(class);
                self.coming.clear();
            }
            RST if edge.high != self.rst => {
                self.rst = edge.high;
                self.coming.clear();
                self.ts = Ts::Due;
                if edge.high
                    && let Some(card) = self.powered()
                {
                    let atr = card.borrow_mut().answer_to_reset();
                    self.coming.extend(atr);
                }
            }
            _ => {}
        }
    }

    /// Takes what the board has sent; returns whether it sent anything.
    pub(super) fn hear(&mut self, probe: &mut Probe, clock: &mut BoardClock) -> Result<bool, EmulatorError> {
        let bytes = read_available(&mut self.line)?;
        for byte in &bytes {
            clock.heard();
            if self.is_cut() {
                break;
            }
            self.pull_if_due(probe)?;
            self.characters += 1;
            let Some(card) = self.powered().filter(|_| self.rst) else {
                continue;
            };
            let answer = card.borrow_mut().received(*byte);
            if answer.is_empty() {
                continue;
            }
            self.ts = Ts::Over;
            self.coming.extend(answer);
        }
        Ok(!bytes.is_empty())
    }

    /// All is quiet: a card that keeps the board waiting now sends its sign, since its waiting time is almost over.
    /// Returns whether it did.
    pub(super) fn goes_on(&mut self, probe: &mut Probe, clock: &mut BoardClock) -> Result<bool, EmulatorError> {
        let Some(card) = self.powered().filter(|_| self.rst && self.coming.is_empty()) else {
            return Ok(false);
        };
        let (bytes, wait) = {
            let card = card.borrow();
            (card.goes_on(), waiting_time(&card))
        };
        if bytes.is_empty() {
            return Ok(false);
        }
        clock.jump(wait, probe)?;
        self.coming.extend(bytes);
        self.speak(probe, clock)?;
        Ok(true)
    }

    /// Whether the card has something to send.
    pub(super) fn wants_to_speak(&self) -> bool {
        !self.coming.is_empty()
    }

    /// Sends what the card has to send, as soon as the board's receiver is on. A board that never listens is at fault
    /// itself. Returns whether the card sent anything.
    pub(super) fn speak(&mut self, probe: &mut Probe, clock: &mut BoardClock) -> Result<bool, EmulatorError> {
        let mut spoke = false;
        while self.wants_to_speak() && !self.is_cut() && self.is_heard(probe)? {
            self.pull_if_due(probe)?;
            let left = self.pull_at.into_iter().chain(self.cut_at).min().map_or(usize::MAX, |at| at - self.characters);
            let most = if self.ts == Ts::Due { 1 } else { usize::MAX };
            let said: Vec<u8> = self.coming.drain(..self.coming.len().min(left).min(most)).collect();
            if said.is_empty() {
                break;
            }
            clock.feed(&mut self.line, &said)?;
            self.characters += said.len();
            self.ts = if self.ts == Ts::Due { Ts::Said } else { self.ts };
            spoke = true;
        }
        Ok(spoke)
    }

    fn is_heard(&self, probe: &mut Probe) -> Result<bool, EmulatorError> {
        if probe.read_word(CR1)? & RECEIVES != RECEIVES {
            return Ok(false);
        }
        // From TS on, error signals are enabled.
        Ok(self.ts != Ts::Said || probe.read_word(ISR)? & RXNE == 0 && probe.read_word(CR3)? & NACK != 0)
    }

    /// Whether the power is cut now: nothing passes any more.
    pub(super) fn is_cut(&self) -> bool {
        self.cut_at.is_some_and(|at| at <= self.characters)
    }

    /// Takes the card out if it is time. Call this when another character is about to pass.
    fn pull_if_due(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        if self.pull_at.take_if(|at| *at <= self.characters).is_some() {
            self.remove(probe)?;
        }
        Ok(())
    }
}

/// How long a card of T=0 may keep the board waiting for a character, in ms (ISO/IEC 7816-3 clause 10.2).
fn waiting_time(card: &ContactCard) -> u32 {
    let (fi, di) = card.rate();
    let limits = t0::Limits::from_atr(&card.parameters(), fi, di);
    let cycles = u64::from(limits.waiting_time) * u64::from(fi) / u64::from(di.max(1));
    u32::try_from(cycles / CYCLES_PER_MS).unwrap_or(u32::MAX)
}
