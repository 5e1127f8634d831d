//! The image's log: the probe empties RTT's ring in the image's RAM, and defmt's messages in it are put into words.
//!
//! The image never waits for the probe: messages that are not fetched in time are overwritten, and appear as a damaged
//! message.

use std::path::Path;

use defmt_decoder::{DecodeError, Table};

use super::DebugProbe;
use super::image::{ImageError, PlainImage};

/// How RTT's control block begins, once the image has set it up (SEGGER UM08001 §16.7).
const ID: &[u8] = b"SEGGER RTT";
/// In the control block: address, size, write offset and read offset of the first buffer that goes up, one word each.
const BUFFER: usize = 28;
const READ_OFFSET: u64 = BUFFER as u64 + 12;

/// The messages in bytes that an image has logged, as another probe has fetched them.
///
/// # Errors
/// The file at `elf` is no image of ours.
pub fn decode_log(elf: &Path, bytes: &[u8]) -> Result<Vec<String>, ImageError> {
    let PlainImage { table, rtt, .. } = PlainImage::read(elf)?;
    let mut log = Log::new(table, rtt);
    log.pending = bytes.to_vec();
    log.decode();
    Ok(log.lines)
}

/// The log.
pub(crate) struct Log {
    table: Table,
    control: u64,
    /// The bytes of an unfinished message; a message ends with zero (rzCOBS).
    pending: Vec<u8>,
    /// The read offset that was last written; the image resets it when it starts.
    read: Option<u32>,
    /// The decoded messages.
    pub(crate) lines: Vec<String>,
}

impl Log {
    pub(crate) const fn new(table: Table, control: u64) -> Self {
        Self { table, control, pending: Vec::new(), read: None, lines: Vec::new() }
    }

    /// The address of the word that changes when the image logs something; `control` is that of RTT's control block.
    pub(crate) const fn write_offset(control: u64) -> u64 {
        control + READ_OFFSET - 4
    }

    /// Takes the messages that the image has logged.
    pub(crate) fn drain<P: DebugProbe>(&mut self, probe: &mut P) -> Result<(), P::Error> {
        let block = probe.read(self.control, BUFFER + 16)?;
        let mut words = block.chunks(4).skip(BUFFER / 4);
        let mut word =
            || words.next().unwrap_or_default().iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte));
        let (buffer, size, write, read) = (word(), word(), word(), word());
        // The image has not set it up yet.
        if !block.starts_with(ID) || size == 0 || write >= size || read >= size {
            return Ok(());
        }
        if self.read.is_some_and(|left| left != read) {
            // The image has started anew, and will not finish the message that it had begun.
            self.pending.clear();
        }
        self.read = Some(read);
        if write == read {
            return Ok(());
        }
        let mut take = |from: u32, to: u32| probe.read(u64::from(buffer) + u64::from(from), (to - from) as usize);
        if write > read {
            self.pending.extend(take(read, write)?);
        } else {
            self.pending.extend(take(read, size)?);
            self.pending.extend(take(0, write)?);
        }
        probe.write_word(self.control + READ_OFFSET, write)?;
        self.read = Some(write);
        self.decode();
        Ok(())
    }

    fn decode(&mut self) {
        let Some(end) = self.pending.iter().rposition(|byte| *byte == 0) else {
            return;
        };
        let whole: Vec<u8> = self.pending.drain(..=end).collect();
        let mut decoder = self.table.new_stream_decoder();
        decoder.received(&whole);
        loop {
            match decoder.decode() {
                Ok(frame) => {
                    let level = frame.level().map_or("", |level| level.as_str());
                    self.lines.push(format!("{level:<5} {}", frame.display_message()));
                }
                Err(DecodeError::UnexpectedEof) => return,
                // The ring was full, and a message was cut off.
                Err(DecodeError::Malformed) => self.lines.push("(a message of the log is damaged)".into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fake::{Fake, Nothing, RAM, Ring, frame, table};
    use super::*;

    fn line(number: u32) -> String {
        format!("info  number {number}")
    }

    proptest! {
        #[test]
        fn every_message_comes_in_its_order_however_the_ring_wraps_and_whenever_it_is_fetched(
            size in 11..80usize,
            start in 0..80usize,
            steps in prop::collection::vec((any::<u32>(), 0..12usize), 1..60),
        ) {
            let mut fake = Fake::new();
            let mut ring = Ring::new(&mut fake.memory, size);
            let mut log = Log::new(table(), RAM);
            // The test does not begin at the ring's start.
            ring.write(&mut fake.memory, &vec![0; start % size]);
            log.drain(&mut fake).unwrap();
            for (number, cut) in &steps {
                // A message has at most 9 bytes: two pieces of it always find room. If the probe fetches between the
                // pieces, the message is split.
                let frame = frame(*number);
                let (first, rest) = frame.split_at((*cut).min(frame.len()));
                ring.write(&mut fake.memory, first);
                log.drain(&mut fake).unwrap();
                ring.write(&mut fake.memory, rest);
                log.drain(&mut fake).unwrap();
            }
            prop_assert_eq!(&log.lines, &steps.iter().map(|(number, _)| line(*number)).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_in_the_ring_is_fatal(garbage in prop::collection::vec(any::<u8>(), 0..60), number: u32) {
            let mut fake = Fake::new();
            let mut ring = Ring::new(&mut fake.memory, 64);
            let mut log = Log::new(table(), RAM);
            ring.write(&mut fake.memory, &garbage);
            ring.write(&mut fake.memory, &[0]);
            log.drain(&mut fake).unwrap();
            ring.write(&mut fake.memory, &frame(number));
            log.drain(&mut fake).unwrap();
            prop_assert_eq!(log.lines.last(), Some(&line(number)));
        }
    }

    #[test]
    fn what_was_overwritten_is_told_of_and_what_follows_is_right() {
        let mut fake = Fake::new();
        let mut ring = Ring::new(&mut fake.memory, 32);
        let mut log = Log::new(table(), RAM);
        // Seven times seven bytes: the ring wraps, and ends within the fifth message.
        let number = |low: u32| 0x0403_0200 + low;
        for low in 1..=7 {
            ring.write(&mut fake.memory, &frame(number(low)));
        }
        log.drain(&mut fake).unwrap();
        ring.write(&mut fake.memory, &frame(number(8)));
        log.drain(&mut fake).unwrap();
        let damaged = "(a message of the log is damaged)".to_string();
        assert_eq!(log.lines, [damaged, line(number(6)), line(number(7)), line(number(8))]);
    }

    #[test]
    fn an_image_that_starts_anew_does_not_end_the_frame_that_it_had_begun() {
        let mut fake = Fake::new();
        let mut log = Log::new(table(), RAM);
        let mut ring = Ring::new(&mut fake.memory, 32);
        ring.write(&mut fake.memory, &frame(1));
        ring.write(&mut fake.memory, &frame(2)[..3]);
        log.drain(&mut fake).unwrap();
        let mut ring = Ring::new(&mut fake.memory, 32);
        ring.write(&mut fake.memory, &frame(3));
        log.drain(&mut fake).unwrap();
        assert_eq!(log.lines, [line(1), line(3)]);
    }

    #[test]
    fn before_the_image_has_set_up_its_log_there_is_none() {
        let mut fake = Fake::new();
        let mut log = Log::new(table(), RAM);
        log.drain(&mut fake).unwrap();
        // After power-up, RAM may contain anything.
        fake.memory[..80].fill(0xA5);
        log.drain(&mut fake).unwrap();
        // No ring, and offsets beyond it.
        for (at, word) in [(32, 0u32), (36, 32), (40, 34)] {
            let mut ring = Ring::new(&mut fake.memory, 32);
            ring.write(&mut fake.memory, &frame(1));
            fake.memory[at..at + 4].copy_from_slice(&word.to_le_bytes());
            log.drain(&mut fake).unwrap();
        }
        assert!(log.lines.is_empty(), "{:?}", log.lines);
        fake.accesses = 0;
        assert_eq!(log.drain(&mut fake), Err(Nothing));
    }
}
