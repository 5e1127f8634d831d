//! The image's log: RTT's ring in its RAM, emptied by the probe, and defmt's frames in it put into words.

use defmt_decoder::{DecodeError, Table};

use super::DebugProbe;

/// In RTT's control block: the first up channel's buffer, size, write and read offset (SEGGER UM08001 §16.7).
const BUFFER: u64 = 28;
const READ_OFFSET: u64 = BUFFER + 12;

/// The log.
pub(crate) struct Log {
    table: Table,
    control: u64,
    /// What has come of a frame; frames end with zero (rzCOBS).
    pending: Vec<u8>,
    /// The decoded lines.
    pub(crate) lines: Vec<String>,
}

impl Log {
    pub(crate) const fn new(table: Table, control: u64) -> Self {
        Self { table, control, pending: Vec::new(), lines: Vec::new() }
    }

    /// Takes what the image has logged.
    pub(crate) fn drain<P: DebugProbe>(&mut self, probe: &mut P) -> Result<(), P::Error> {
        let header = probe.read(self.control + BUFFER, 16)?;
        let mut words = header.chunks(4).map(|word| word.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)));
        let mut word = || words.next().unwrap_or_default();
        let (buffer, size, write, read) = (word(), word(), word(), word());
        // Before the image has set it up.
        if size == 0 || write == read || write >= size || read >= size {
            return Ok(());
        }
        let mut take = |from: u32, to: u32| probe.read(u64::from(buffer + from), (to - from) as usize);
        if write > read {
            self.pending.extend(take(read, write)?);
        } else {
            self.pending.extend(take(read, size)?);
            self.pending.extend(take(0, write)?);
        }
        probe.write_word(self.control + READ_OFFSET, write)?;
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
                // The ring was full, and a frame was cut off.
                Err(DecodeError::Malformed) => self.lines.push("(a message of the log is damaged)".into()),
            }
        }
    }
}
