//! A host and a slot around the engine, both driven by dice. The host knows what each message must bring; whatever is otherwise is a
//! finding. Nothing here is taken from the engine but its packets.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use crate::ccid::apdus::Apdus;
use crate::ccid::engine::Engine;
use crate::ccid::job::{Job, Outcome, Protocol};
use crate::ccid::message::{Failure, HEADER, Icc, PACKET};

/// What must never be seen by the host.
pub(super) const SECRET: [u8; 8] = *b"\xB7SECRET\xB8";
/// Room for APDUs.
const ROOM: usize = 2048;

/// Dice: xorshift, for a seed that is not 0.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 24) as u8).collect()
    }
}

/// What is wrong.
pub(super) type Finding = String;

/// A message's bytes.
pub(super) fn message(code: u8, slot: u8, seq: u8, specific: [u8; 3], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![code];
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend([slot, seq]);
    bytes.extend(specific);
    bytes.extend(data);
    bytes
}

/// An answer as the host reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) code: u8,
    pub(super) slot: u8,
    pub(super) seq: u8,
    pub(super) icc: u8,
    /// `None`: done; with 80 hex added, more time.
    pub(super) failed: Option<u8>,
    pub(super) more_time: bool,
    pub(super) specific: u8,
    pub(super) data: Vec<u8>,
}

/// Host and slot.
pub(super) struct World {
    pub(super) engine: Engine,
    apdus: Apdus<'static>,
    pub(super) dice: Dice,
    pub(super) present: bool,
    pub(super) powered: bool,
    pub(super) in_hand: Option<Job>,
    /// What the card answers, and what it has been asked.
    pub(super) response: Vec<u8>,
    pub(super) asked: Vec<u8>,
    pub(super) messages: u64,
    pub(super) events: u64,
    seq: u8,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let room = || vec![0; ROOM].leak();
        Self {
            engine: Engine::new(),
            apdus: Apdus::new(room(), room()),
            dice: Dice(seed | 1),
            present: false,
            powered: false,
            in_hand: None,
            response: Vec::new(),
            asked: Vec::new(),
            messages: 0,
            events: 0,
            seq: 0,
        }
    }

    pub(super) fn next_seq(&mut self) -> u8 {
        // Now and then another host's.
        self.seq = if self.dice.one_in(16) { self.dice.next() as u8 } else { self.seq.wrapping_add(1) };
        self.seq
    }

    pub(super) const fn icc(&self) -> Icc {
        match (self.present, self.powered) {
            (false, _) => Icc::Absent,
            (true, false) => Icc::Inactive,
            (true, true) => Icc::Active,
        }
    }

    /// A packet goes to the reader, which must listen.
    pub(super) fn packet(&mut self, packet: &[u8]) -> Result<(), Finding> {
        if !self.engine.listens() {
            return Err("it does not listen though all answers are out".into());
        }
        let apdus = if self.in_hand.is_none() { Some(&mut self.apdus) } else { None };
        self.engine.packet(packet, apdus);
        if !self.engine.is_clean() {
            return Err("a message is left in its buffer".into());
        }
        if self.in_hand.is_none() {
            self.in_hand = self.engine.job();
        }
        Ok(())
    }

    /// A message goes, in packets, with or without an empty one after a full one.
    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<(), Finding> {
        self.messages += 1;
        for packet in bytes.chunks(PACKET) {
            self.packet(packet)?;
        }
        if bytes.len().is_multiple_of(PACKET) && self.dice.one_in(2) && self.engine.listens() {
            self.packet(&[])?;
        }
        Ok(())
    }

    /// The whole answer: packets up to a short one.
    pub(super) fn hear(&mut self) -> Result<Option<Heard>, Finding> {
        let mut bytes = Vec::new();
        loop {
            let Some(packet) = self.engine.packet_out() else {
                return if bytes.is_empty() { Ok(None) } else { Err("an answer ends with a full packet".into()) };
            };
            let len = packet.len();
            bytes.extend_from_slice(packet);
            self.engine.sent();
            if len > PACKET || bytes.len() > 4 * PACKET + 15 + PACKET {
                return Err("an answer without end".into());
            }
            if len < PACKET {
                break;
            }
        }
        if bytes.windows(SECRET.len()).any(|window| window == SECRET) {
            return Err("a secret goes to the host".into());
        }
        let Some((&[code, a, b, c, d, slot, seq, status, error, specific], data)) = bytes.split_first_chunk::<HEADER>()
        else {
            return Err(format!("no header: {bytes:02X?}"));
        };
        if u32::from_le_bytes([a, b, c, d]) as usize != data.len() || status & 0x3C != 0 || status & 3 == 3 {
            return Err(format!("no answer: {bytes:02X?}"));
        }
        let failed = (status >> 6 == 1).then_some(error);
        if failed.is_some() && !data.is_empty() {
            return Err("a failure with data".into());
        }
        let (icc, more_time) = (status & 3, status >> 6 == 2);
        Ok(Some(Heard { code, slot, seq, icc, failed, more_time, specific, data: data.to_vec() }))
    }

    /// The slot does what it has in hand.
    pub(super) fn work(&mut self) -> Result<(), Finding> {
        let Some(job) = self.in_hand.take() else { return Ok(()) };
        if self.engine.is_cancelled() {
            self.powered = false;
            self.apdus.forget_command();
            self.engine.dropped(self.present);
            return Ok(());
        }
        // What still goes to the host goes first.
        while self.hear()?.is_some() {}
        let fails = self.dice.one_in(8);
        let (command, room) = self.apdus.room();
        let mut outcome = if fails { Outcome::Failed(Failure::MUTE) } else { Outcome::Done };
        match job {
            Job::PowerOn(_) => {
                self.powered = !fails;
                let atr = [0x3B, 0x80, 0x01, 0x81];
                room[..atr.len()].copy_from_slice(&atr);
                self.apdus.responded(atr.len());
            }
            Job::PowerOff => (self.powered, outcome) = (false, Outcome::Done),
            Job::Transmit | Job::Pin(_) => {
                let is_pin = matches!(job, Job::Pin(_));
                if is_pin {
                    command[..SECRET.len()].copy_from_slice(&SECRET);
                    self.apdus.commanded(SECRET.len());
                }
                self.powered &= !fails;
                let (asked, room) = self.apdus.parts();
                self.asked = asked.to_vec();
                // What fails may have left anything in the buffer.
                let answer = if fails { SECRET.to_vec() } else { self.response.clone() };
                room[..answer.len()].copy_from_slice(&answer);
                self.apdus.responded(answer.len());
            }
        }
        let protocol = Protocol::T1([0x11, 0x10, 0, 0x45, 0, 254, 0]);
        self.engine.done(outcome, self.icc(), Some(protocol), &mut self.apdus);
        Ok(())
    }

    /// Whether nothing is kept of commands and responses.
    pub(super) fn buffers_are_clean(&self) -> bool {
        self.apdus.are_clean()
    }

    /// A card comes or goes.
    pub(super) fn set_card(&mut self, present: bool) -> Result<(), Finding> {
        self.events += 1;
        self.work()?;
        while self.hear()?.is_some() {}
        let changes = self.present != present;
        self.powered &= !changes;
        self.present = present;
        self.engine.card(present);
        match (changes, self.engine.notification()) {
            (true, Some([0x50, state])) if state == 2 | u8::from(present) => self.engine.notified(),
            (true, other) => return Err(format!("the host is told {other:?} of the card")),
            (false, _) => {}
        }
        Ok(())
    }

    /// The bus is reset.
    pub(super) fn reset(&mut self) -> Result<(), Finding> {
        self.events += 1;
        self.engine.reset();
        if self.in_hand.is_none() {
            self.in_hand = self.engine.job();
        }
        self.work()?;
        if self.engine.packet_out().is_some() {
            return Err("something is said after a reset".into());
        }
        self.powered = false;
        Ok(())
    }
}
