//! The board's time, which the probe moves on: a wait in vain takes no real time.
//!
//! The image counts milliseconds in `QIYONG_TICKS` and adds what the probe writes to `QIYONG_AHEAD`. Time may jump when
//! all is quiet: nothing has passed on any line or pin for so many ticks *of the image* that the image has certainly
//! taken all that was sent to it, and has asked its task what to do. So a machine that gets no time from the host never
//! jumps, because only its own ticks count.
//!
//! One jump is at most [`STEP_MS`]. The image waits longer than this for a character that is late in the emulator
//! (`LATE_EMULATED_US` of the board's `card_line`): so a jump at the moment at which the image begins to wait does no
//! harm.

use std::os::unix::net::UnixStream;

use super::EmulatorError;
use super::lines::write_whole;
use super::pace::Pace;
use super::probe::Probe;
use crate::probe::DebugProbe;

/// Ticks without any event after which all is quiet. The image makes no longer pause by itself while it works.
const QUIET: u32 = 20;
/// The same after a jump that had no effect.
const STILL: u32 = 4;
/// The least ticks in which the image takes a byte that waits on a line: QEMU passes on one byte at a time, and the
/// image's next tick comes no sooner.
const PER_BYTE: u32 = 2;
/// Ticks after which a byte that was sent and not taken counts as lost.
const LOST: u32 = 1000;
/// How far time jumps in one step, in ms.
pub(super) const STEP_MS: u32 = 1000;

/// The board's time.
pub(super) struct BoardClock {
    /// The addresses of the image's counter and of the probe's.
    ticks_at: u64,
    ahead_at: u64,
    /// What the probe has added, in ms.
    ahead: u32,
    /// The first tick that was seen after the last event.
    since: Option<u32>,
    /// How many quiet ticks are required.
    due: u32,
    /// The address at which the image counts the bytes that it has taken; next, how many were sent to it.
    taken_at: u64,
    sent: u32,
    /// Holds back the bytes, if they are to be sent one at a time.
    pace: Option<Pace>,
}

impl BoardClock {
    /// The clock of an image that has just started.
    pub(super) const fn new(ticks_at: u64, ahead_at: u64, taken_at: u64, pace: Option<Pace>) -> Self {
        Self { ticks_at, ahead_at, ahead: 0, since: None, due: QUIET, taken_at, sent: 0, pace }
    }

    /// The board did something: it has taken everything sent before.
    pub(super) const fn heard(&mut self) {
        (self.since, self.due) = (None, QUIET);
    }

    /// The board started anew: the time that the probe had added is gone with the RAM.
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

    /// Sends the next byte when it is due, if bytes are sent one at a time. Call this again and again.
    pub(super) fn release(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.pace.as_mut().map_or(Ok(()), |pace| pace.release(probe))
    }

    /// Whether bytes are held back.
    pub(super) fn holds_bytes(&self) -> bool {
        self.pace.as_ref().is_some_and(|pace| !pace.is_empty())
    }

    /// Whether all has been quiet for long enough. Call this when nothing has happened.
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
        // A byte on its way inside the emulator, whose threads may get no time, deserves more patience; but a receiver
        // that is off never takes it.
        let taken = probe.read_word(self.taken_at)?;
        if taken != self.sent && quiet < LOST {
            return Ok(false);
        }
        self.sent = taken;
        Ok(true)
    }

    /// Moves time on. [`Self::is_quiet`] must have returned `true` before.
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

    /// A probe that reads these ticks from its board, one after the other; it reports every write.
    fn probe(ticks: &'static [u32]) -> (Probe, std::thread::JoinHandle<Vec<String>>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let board = std::thread::spawn(move || {
            let mut ticks = ticks.iter();
            let mut written = Vec::new();
            for line in BufReader::new(theirs.try_clone().unwrap()).lines().map(Result::unwrap) {
                let answer = match line.as_str() {
                    // The board has taken nothing from the lines.
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
        // They are lost, and are not awaited again.
        clock.heard();
        assert_eq!([(); 2].map(|()| quiet(&mut clock, &mut probe)), [false, true]);
        drop(probe);
        board.join().unwrap();
    }

    #[test]
    fn time_jumps_only_after_enough_ticks_of_the_board_without_anything() {
        // The ticks overflow during this time.
        let (mut probe, board) = probe(&[u32::MAX, 18, 19, 20, 23, 24, 100, 239, 240, 300, 319, 320, 340, 340, 7]);
        let mut clock = BoardClock::new(0x10, 0x20, 0x30, None);
        let quiet = |clock: &mut BoardClock, probe: &mut Probe| clock.is_quiet(probe).unwrap();
        assert_eq!([(); 3].map(|()| quiet(&mut clock, &mut probe)), [false, false, true]);
        clock.jump(1000, &mut probe).unwrap();
        assert_eq!([(); 3].map(|()| quiet(&mut clock, &mut probe)), [false, false, true]);
        // Each byte on its way gets two ticks.
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
        // After a restart the board has lost the added time.
        clock.restarted();
        assert_eq!(clock.now(&mut probe).unwrap(), 7);
        clock.jump(5, &mut probe).unwrap();
        drop(probe);
        assert_eq!(board.join().unwrap(), ["writel 0x20 0x3e8", "writel 0x20 0x3e9", "writel 0x20 0x5"]);
    }
}
