//! Hostile hosts: messages of every kind in any order, garbage, aborts, resets and cards that come and go, each with what must come of it. The
//! same dice find each deliberate fault.
//!
//! With `QIYONG_HOSTILE=N` in the environment, N messages and events are run: ten million take half a minute in a release build.

use std::env::var;
use std::format;
use std::println;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::host::{Finding, Heard, SECRET, World, message};
use crate::ccid::message::Request;
use crate::faults::{Fault, choose};

/// How many messages and events a run in the tests has.
const FEW: u64 = 200_000;
/// How many it has instead, if this says so.
const HOSTILE: &str = "QIYONG_HOSTILE";
/// How many it takes at most until a deliberate fault is found.
const FOUND_WITHIN: u64 = 200_000;

const MUTE: u8 = 0xFE;
const BUSY: u8 = 0xE0;
const ABORTED: u8 = 0xFF;

/// A verification of packed digits, as many as are keyed.
const VERIFY: [u8; 20] = [0, 30, 0x81, 0, 0, 12, 4, 2, 1, 4, 8, 0, 0, 0, 0, 0, 0x20, 0, 0, 0];

impl World {
    /// What a message brings, the slot's work included.
    fn ask(&mut self, bytes: &[u8]) -> Result<Heard, Finding> {
        self.say(bytes)?;
        if self.engine.packet_out().is_none() {
            self.work()?;
        }
        let heard = self.hear()?.ok_or_else(|| format!("no answer to {bytes:02X?}"))?;
        if heard.seq != bytes[6] || heard.slot != bytes[5] {
            return Err(format!("{heard:?} answers {bytes:02X?}"));
        }
        if heard.icc != self.icc() as u8 {
            return Err(format!("{heard:?}, but the slot is {:?}", self.icc()));
        }
        Ok(heard)
    }

    fn must_be(&self, heard: &Heard, code: u8, failed: Option<u8>) -> Result<(), Finding> {
        if (heard.code, heard.failed, heard.more_time) == (code, failed, false) {
            Ok(())
        } else {
            Err(format!("{heard:?} where {code:02X} {failed:02X?} is due"))
        }
    }

    /// GetSlotStatus is answered, whatever was before.
    fn probe(&mut self) -> Result<(), Finding> {
        while self.hear()?.is_some() {}
        let seq = self.next_seq();
        let heard = self.ask(&message(0x65, 0, seq, [0; 3], &[]))?;
        self.must_be(&heard, 0x81, None)
    }

    fn power(&mut self) -> Result<bool, Finding> {
        if !self.powered {
            self.set_card(true)?;
            let (seq, class) = (self.next_seq(), self.dice.below(3) as u8);
            let heard = self.ask(&message(0x62, 0, seq, [class, 0, 0], &[]))?;
            self.must_be(&heard, 0x80, (!self.powered).then_some(MUTE))?;
        }
        Ok(self.powered)
    }

    /// A command in pieces, and a response in pieces.
    fn transfers(&mut self) -> Result<(), Finding> {
        if !self.power()? {
            return Ok(());
        }
        let (count, last) = (self.dice.below(4), 1 + self.dice.below(261));
        let mut command = Vec::new();
        for index in 0..=count {
            let is_last = index == count;
            let size = if is_last { last } else { 1 + self.dice.below(261) };
            let piece = self.dice.bytes(size);
            command.extend(&piece);
            let level = match (index == 0, is_last) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            let len = 2 + self.dice.below(900);
            self.response = self.dice.bytes(len);
            let seq = self.next_seq();
            let mut heard = self.ask(&message(0x6F, 0, seq, [0, level, 0], &piece))?;
            if !is_last {
                self.must_be(&heard, 0x80, None)?;
                if heard.specific != 0x10 || !heard.data.is_empty() {
                    return Err(format!("{heard:?} to a piece"));
                }
                continue;
            }
            if self.asked != command {
                return Err("the card is asked something else".to_string());
            }
            if !self.powered {
                return self.must_be(&heard, 0x80, Some(MUTE));
            }
            let mut got: Vec<u8> = Vec::new();
            loop {
                self.must_be(&heard, 0x80, None)?;
                got.extend(&heard.data);
                let more = match heard.specific {
                    0 if got.len() == heard.data.len() => false,
                    1 if got.len() == heard.data.len() => true,
                    2 if got.len() > heard.data.len() => false,
                    3 if got.len() > heard.data.len() => true,
                    _ => return Err(format!("{heard:?} in a chain")),
                };
                if !more {
                    break;
                }
                let seq = self.next_seq();
                heard = self.ask(&message(0x6F, 0, seq, [0, 0x10, 0], &[]))?;
            }
            if got != self.response {
                return Err("the response is another than the card's".to_string());
            }
            if !self.buffers_are_clean() {
                return Err("something is left of an APDU".to_string());
            }
        }
        Ok(())
    }

    fn levels(&mut self) -> Result<(), Finding> {
        if !self.power()? {
            return Ok(());
        }
        // Whatever a chain was, it is over.
        self.probe()?;
        let (seq, level) = (self.next_seq(), [2, 3, 0x10, 4, 0xFF][self.dice.below(5)]);
        let heard = self.ask(&message(0x6F, 0, seq, [0, level, 0], &[1, 2, 3]))?;
        self.must_be(&heard, 0x80, Some(8))
    }

    fn pin(&mut self) -> Result<(), Finding> {
        if !self.power()? {
            return Ok(());
        }
        self.response = vec![0x90, 0];
        let seq = self.next_seq();
        let heard = self.ask(&message(0x69, 0, seq, [0; 3], &VERIFY))?;
        self.must_be(&heard, 0x80, (!self.powered).then_some(MUTE))?;
        if self.asked != SECRET || !self.buffers_are_clean() {
            return Err("the PIN is kept, or did not go to the card".to_string());
        }
        Ok(())
    }

    /// While the slot works.
    fn busy(&mut self) -> Result<(), Finding> {
        if !self.power()? {
            return Ok(());
        }
        self.response = vec![0x90, 0];
        let (mine, is_pin) = (self.next_seq(), self.dice.one_in(2));
        let bytes = if is_pin {
            message(0x69, 0, mine, [0; 3], &VERIFY)
        } else {
            message(0x6F, 0, mine, [0; 3], &[0, 0xA4, 0, 0])
        };
        self.say(&bytes)?;
        for _ in 0..self.dice.below(4) {
            self.engine.lasts();
            let heard = self.hear()?.ok_or("no more time is asked for")?;
            if !heard.more_time || heard.seq != mine || heard.code != 0x80 {
                return Err(format!("{heard:?} where time is asked for"));
            }
            let other = self.next_seq();
            self.say(&message(0x65, 0, other, [0; 3], &[]))?;
            let heard = self.hear()?.ok_or("a busy slot does not answer")?;
            self.must_be(&heard, 0x81, Some(BUSY))?;
        }
        if self.dice.one_in(2) {
            return self.abort_pair();
        }
        self.work()?;
        let heard = self.hear()?.ok_or("a job without an answer")?;
        if heard.seq != mine {
            return Err(format!("{heard:?} answers a job of {mine}"));
        }
        self.must_be(&heard, 0x80, (!self.powered).then_some(MUTE))
    }

    /// Both halves of an abort, in either order; a job in hand is dropped.
    fn abort_pair(&mut self) -> Result<(), Finding> {
        let (seq, was_working) = (self.next_seq(), self.in_hand.is_some());
        let bytes = message(0x72, 0, seq, [0; 3], &[]);
        self.events += 1;
        if self.dice.one_in(2) {
            self.engine.abort(0, seq);
            let other = self.next_seq().wrapping_add(u8::from(self.dice.one_in(2)));
            self.say(&message(0x65, 0, other, [0; 3], &[]))?;
            let heard = self.hear()?.ok_or("no answer between the halves of an abort")?;
            self.must_be(&heard, 0x81, Some(ABORTED))?;
            self.say(&bytes)?;
        } else {
            self.say(&bytes)?;
            if self.hear()?.is_some() {
                return Err("half an abort is answered".to_string());
            }
            self.engine.abort(0, seq);
        }
        let heard = self.hear()?.ok_or("an abort is not answered")?;
        self.must_be(&heard, 0x81, None)?;
        if heard.seq != seq || self.engine.is_cancelled() != was_working {
            return Err(format!("{heard:?} after an abort of {seq}"));
        }
        self.work()?;
        self.probe()
    }

    /// Half an abort, and a bus reset.
    fn lone_abort(&mut self) -> Result<(), Finding> {
        let seq = self.next_seq();
        self.events += 1;
        if self.dice.one_in(2) {
            self.engine.abort(0, seq);
        } else {
            // With the message alone, the reader goes on with the next one.
            self.say(&message(0x72, 0, seq, [0; 3], &[]))?;
            self.probe()?;
        }
        self.reset()?;
        self.probe()
    }

    /// A message that is not as long as it says; then, or instead of its rest, one that is sound.
    fn wrong_length(&mut self) -> Result<(), Finding> {
        let (seq, len) = (self.next_seq(), self.dice.below(250));
        let mut bytes = message(0x6F, 0, seq, [0; 3], &vec![0x55; len]);
        let cut = 10 + self.dice.below(len + 1);
        if self.dice.one_in(2) && !cut.is_multiple_of(64) && cut < bytes.len() {
            bytes.truncate(cut);
            let heard = self.ask(&bytes)?;
            return self.must_be(&heard, 0x80, Some(1));
        }
        let full = cut / 64 * 64;
        // A rest of ten bytes cannot be told from a message of ten bytes.
        if full > 0 && full < bytes.len() && bytes.len() != full + 10 {
            bytes.truncate(full);
            for packet in bytes.chunks(64) {
                self.packet(packet)?;
            }
            return self.probe();
        }
        Ok(())
    }

    fn wrong_slot(&mut self) -> Result<(), Finding> {
        let (seq, slot, code) = (self.next_seq(), 1 + self.dice.below(255) as u8, 0x62);
        let heard = self.ask(&message(code, slot, seq, [0; 3], &[]))?;
        self.must_be(&heard, 0x80, Some(5))
    }

    /// A message of any kind with anything in it.
    fn anything(&mut self) -> Result<(), Finding> {
        let code = if self.dice.one_in(8) {
            self.dice.next() as u8
        } else {
            Request::ALL[self.dice.below(Request::ALL.len())] as u8
        };
        let small = self.dice.one_in(2);
        let len = if small { self.dice.below(4) } else { self.dice.below(262) };
        let specific = if self.dice.one_in(2) { [0; 3] } else { [self.dice.next() as u8, self.dice.below(4) as u8, 0] };
        let (data, seq) = (self.dice.bytes(len), self.next_seq());
        self.response = self.dice.bytes(2);
        if code == Request::Abort as u8 {
            self.say(&message(code, 0, seq, specific, &data))?;
        } else {
            let heard = self.ask(&message(code, 0, seq, specific, &data))?;
            let due = Request::of(code).map_or(0x81, |request| request.reply() as u8);
            if heard.code != due {
                return Err(format!("{heard:?} answers {code:02X}"));
            }
        }
        self.probe()
    }

    /// Packets that are nothing; at the latest the second sound message is answered.
    fn garbage(&mut self) -> Result<(), Finding> {
        for _ in 0..self.dice.below(6) {
            self.messages += 1;
            let len = if self.dice.one_in(3) { 64 } else { self.dice.below(65) };
            let mut bytes = self.dice.bytes(len);
            // Headers that are nearly right get further.
            for (at, value) in [(2, 0), (3, 0), (4, 0), (5, 0)] {
                if let Some(byte) = bytes.get_mut(at).filter(|_| self.dice.one_in(2)) {
                    *byte = value;
                }
            }
            self.packet(&bytes)?;
            self.response = self.dice.bytes(2);
            self.work()?;
            while self.hear()?.is_some() {}
        }
        let first = self.next_seq();
        self.say(&message(0x65, 0, first, [0; 3], &[]))?;
        self.work()?;
        while self.hear()?.is_some() {}
        self.probe()
    }

    /// One step of a hostile host.
    fn step(&mut self) -> Result<(), Finding> {
        match self.dice.below(14) {
            0 => self.probe(),
            1 | 2 => self.transfers(),
            3 => self.levels(),
            4 => self.pin(),
            5 | 6 => self.busy(),
            7 => self.abort_pair(),
            8 => self.lone_abort(),
            9 => self.wrong_length(),
            10 => self.wrong_slot(),
            11 => self.anything(),
            12 => self.garbage(),
            _ => {
                let present = self.dice.one_in(2);
                self.set_card(present)?;
                if self.dice.one_in(4) { self.reset() } else { Ok(()) }
            }
        }
    }

    /// So many messages and events, or the first finding.
    fn run(&mut self, count: u64) -> Result<(), Finding> {
        while self.messages + self.events < count {
            self.step()?;
        }
        Ok(())
    }
}

fn run(count: u64) {
    let mut world = World::new(0x5EED);
    let end = world.run(count);
    assert_eq!(end, Ok(()), "after {} messages and {} events", world.messages, world.events);
    println!("CCID: {} hostile messages and {} USB events, no finding", world.messages, world.events);
}

#[test]
fn hostile_hosts_find_nothing() {
    run(var(HOSTILE).map_or(FEW, |count| count.parse().expect("a number of messages")));
}

const FAULTS: [Fault; 15] = [
    Fault::NoEmptyPacket,
    Fault::AbortUnanswered,
    Fault::AbortHalfHeard,
    Fault::AbortOutlivesReset,
    Fault::NeverBusy,
    Fault::OldSequence,
    Fault::PieceLost,
    Fault::BufferInFailure,
    Fault::CommandKept,
    Fault::MessageKept,
    Fault::NeverAnew,
    Fault::WrongLengthUnanswered,
    Fault::AnySlot,
    Fault::AnyLevel,
    Fault::StatusStale,
];

#[test]
fn each_deliberate_fault_is_found() {
    println!("{:<24} found after", "deliberate fault");
    for fault in FAULTS {
        choose(Some(fault));
        let mut world = World::new(0x5EED);
        let end = world.run(FOUND_WITHIN);
        choose(None);
        let finding = end.expect_err(&format!("{fault:?} is not found"));
        println!("{:<24} {:>6} messages: {finding:.60}", format!("{fault:?}"), world.messages);
    }
}
