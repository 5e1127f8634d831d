//! The board's time, moved on by the probe: what is waited for in vain takes no real time.
//!
//! The image counts milliseconds in `QIYONG_TICKS` and adds to them what the probe writes to `QIYONG_AHEAD`. Time may jump
//! when all is quiet: nothing has passed on any line or pin for so many ticks *of the image* that it has surely taken all it
//! was sent, and asked its task what to do. So a machine that the host lets starve never jumps: only its own ticks count.
//!
//! One jump is at most [`STEP_MS`], which is less than the image's patience with a character that is late in the emulator
//! (`LATE_EMULATED_US` of the board's `card_line`): a jump that falls into the moment in which the image begins to wait takes
//! from it nothing that it needs.

use std::os::unix::net::UnixStream;

use super::EmulatorError;
use super::lines::write_whole;
use super::pace::Pace;
use super::probe::Probe;
use crate::probe::DebugProbe;

/// Ticks without anything, until all is quiet. More than any pause that the image makes on its own while it works.
const QUIET: u32 = 20;
/// Ticks after a jump, if nothing came of it.
const STILL: u32 = 4;
/// Ticks in which the image takes a byte that waits on a line, at the least: QEMU hands over one at a time, and its next tick
/// comes no sooner.
const PER_BYTE: u32 = 2;
/// Ticks after which a byte that was sent and not taken is believed to be lost.
const LOST: u32 = 1000;
/// How far time jumps at once, in ms.
pub(super) const STEP_MS: u32 = 1000;

/// The board's time.
pub(super) struct BoardClock {
    /// Where the image counts, and where the probe does.
    ticks_at: u64,
    ahead_at: u64,
    /// What the probe has added, in ms.
    ahead: u32,
    /// The tick since which nothing happened, once it has been looked at.
    since: Option<u32>,
    /// How many ticks of quiet are due.
    due: u32,
    /// Where the image counts the bytes that it has taken, and how many it was sent.
    taken_at: u64,
    sent: u32,
    /// Holds what is sent, if that is to come a byte at a time.
    pace: Option<Pace>,
}

impl BoardClock {
    /// The clock of an image that has just started.
    pub(super) const fn new(ticks_at: u64, ahead_at: u64, taken_at: u64, pace: Option<Pace>) -> Self {
        Self { ticks_at, ahead_at, ahead: 0, since: None, due: QUIET, taken_at, sent: 0, pace }
    }

    /// The board did something: it has taken what it was sent before.
    pub(super) const fn heard(&mut self) {
        (self.since, self.due) = (None, QUIET);
    }

    /// The board started anew: what the probe had added to its time is gone with its RAM.
    pub(super) const fn restarted(&mut self) {
        self.sent = 0;
        self.ahead = 0;
        self.heard();
    }

    /// Puts bytes on one of the board's lines.
    pub(super) fn feed(&mut self, line: &mut UnixStream, bytes: &[u8]) -> Result<(), EmulatorError> {
        match &mut self.pace {
            Some(pace) => pace.feed(line, bytes)?,
            None => write_whole(line, bytes)?,
        }
        self.sent = self.sent.wrapping_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.fed(bytes.len());
        Ok(())
    }

    fn fed(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.due = self.due.max(QUIET).saturating_add(bytes.saturating_mul(PER_BYTE));
        self.since = None;
    }

    /// Sends the next byte that is due, if they come one at a time; to be asked again and again.
    pub(super) fn release(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.pace.as_mut().map_or(Ok(()), |pace| pace.release(probe))
    }

    /// Whether bytes wait for their time.
    pub(super) fn holds_bytes(&self) -> bool {
        self.pace.as_ref().is_some_and(|pace| !pace.is_empty())
    }

    /// Whether all has been quiet for long enough; to be asked when nothing has happened.
    pub(super) fn is_quiet(&mut self, probe: &mut Probe) -> Result<bool, EmulatorError> {
        if self.holds_bytes() {
            return Ok(false);
        }
        let ticks = probe.read_word(self.ticks_at)?;
        let since = *self.since.get_or_insert(ticks);
        let quiet = ticks.wrapping_sub(since);
        if quiet < self.due {
            return Ok(false);
        }
        // What is still on its way inside the emulator, whose own threads may starve, is worth more patience; but a receiver that
        // is off never takes it.
        let taken = probe.read_word(self.taken_at)?;
        if taken != self.sent && quiet < LOST {
            return Ok(false);
        }
        self.sent = taken;
        Ok(true)
    }

    /// Moves time on; a look must have shown that all is quiet.
    pub(super) fn jump(&mut self, ms: u32, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.ahead = self.ahead.saturating_add(ms);
        probe.write_word(self.ahead_at, self.ahead)?;
        (self.since, self.due) = (None, STILL);
        Ok(())
    }

    /// Milliseconds since the image started, without jumps.
    pub(super) fn ticks(&self, probe: &mut Probe) -> Result<u32, EmulatorError> {
        probe.read_word(self.ticks_at)
    }

    /// Milliseconds since the image started, jumps included.
    pub(super) fn now(&self, probe: &mut Probe) -> Result<u64, EmulatorError> {
        Ok(u64::from(probe.read_word(self.ticks_at)?) + u64::from(self.ahead))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// A probe whose board is at these ticks, one reading after the other; it is told of every write.
    fn probe(ticks: &'static [u32]) -> (Probe, std::thread::JoinHandle<Vec<String>>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let board = std::thread::spawn(move || {
            let mut ticks = ticks.iter();
            let mut written = Vec::new();
            for line in BufReader::new(theirs.try_clone().unwrap()).lines().map(Result::unwrap) {
                let answer = match line.as_str() {
                    // Nothing has been taken from the lines.
                    "readl 0x30" => "OK 0x0\n".to_string(),
                    line if line.starts_with("readl") => format!("OK 0x{:x}\n", ticks.next().expect("a reading")),
                    _ => "OK\n".to_string(),
                };
                written.extend((!line.starts_with("readl")).then_some(line));
                theirs.write_all(answer.as_bytes()).unwrap();
            }
            written
        });
        (Probe::new(ours), board)
    }

    #[test]
    fn while_bytes_are_on_their_way_there_is_more_patience_but_not_for_ever() {
        let (mut probe, board) = probe(&[0, 999, 1000, 1000, 1020]);
        let mut clock = BoardClock::new(0x10, 0x20, 0x30, None);
        let (mut line, _other) = UnixStream::pair().unwrap();
        clock.feed(&mut line, &[1, 2]).unwrap();
        let quiet = |clock: &mut BoardClock, probe: &mut Probe| clock.is_quiet(probe).unwrap();
        assert_eq!([(); 3].map(|()| quiet(&mut clock, &mut probe)), [false, false, true]);
        // They are lost, and not waited for again.
        clock.heard();
        assert_eq!([(); 2].map(|()| quiet(&mut clock, &mut probe)), [false, true]);
        drop(probe);
        board.join().unwrap();
    }

    #[test]
    fn time_jumps_only_after_enough_ticks_of_the_board_without_anything() {
        // The ticks go round meanwhile.
        let (mut probe, board) = probe(&[u32::MAX, 18, 19, 20, 23, 24, 100, 239, 240, 300, 319, 320, 340, 340, 7]);
        let mut clock = BoardClock::new(0x10, 0x20, 0x30, None);
        let quiet = |clock: &mut BoardClock, probe: &mut Probe| clock.is_quiet(probe).unwrap();
        assert_eq!([(); 3].map(|()| quiet(&mut clock, &mut probe)), [false, false, true]);
        clock.jump(1000, &mut probe).unwrap();
        assert_eq!([(); 3].map(|()| quiet(&mut clock, &mut probe)), [false, false, true]);
        // Bytes that are under way are given two ticks each.
        clock.jump(1, &mut probe).unwrap();
        clock.fed(60);
        assert!(!quiet(&mut clock, &mut probe));
        assert!(!quiet(&mut clock, &mut probe));
        assert!(quiet(&mut clock, &mut probe));
        clock.fed(0);
        clock.heard();
        assert_eq!([(); 2].map(|()| quiet(&mut clock, &mut probe)), [false, false]);
        clock.heard();
        assert_eq!([(); 2].map(|()| quiet(&mut clock, &mut probe)), [false, true]);
        assert_eq!(clock.now(&mut probe).unwrap(), 340 + 1001);
        // Started anew, the board has forgotten what was added.
        clock.restarted();
        assert_eq!(clock.now(&mut probe).unwrap(), 7);
        clock.jump(5, &mut probe).unwrap();
        drop(probe);
        assert_eq!(board.join().unwrap(), ["writel 0x20 0x3e8", "writel 0x20 0x3e9", "writel 0x20 0x5"]);
    }
}
