//! The board's time, which passes only when the probe says so.
//!
//! The image takes the time from the probe (`time` of the board): while the core sleeps, the probe writes the time, and
//! either pends SysTick or sends a character, which wakes the core. **Quiet is a state:** the core sleeps, and has
//! counted every tick and taken every character that it was given. Then all that it has said lies in the sockets, and
//! nothing happens until the probe does the next thing. So neither the host's scheduler nor its clock has any influence
//! on a run; they only decide how long it takes.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::EmulatorError;
use super::lines::write_whole;
use super::probe::Probe;
use super::qemu::Qemu;
use crate::probe::DebugProbe;
use crate::probe::image::Live;

/// The board's clock: cycles in a second.
pub(super) const HZ: u64 = 16_000_000;
/// The probe's word that it tells the time, see the board's `TOLD`; and that of a probe that counts instructions.
const IS_TOLD: u32 = 0x5449_4D45;
const IS_COUNTED: u32 = IS_TOLD + 1;

/// Cycles in so long, rounded down.
pub(super) fn cycles(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() * 2 / 125).unwrap_or(u64::MAX)
}

/// How long so many cycles take, rounded down to a nanosecond: one takes 62.5.
pub(super) const fn duration(cycles: u64) -> Duration {
    Duration::from_nanos(cycles.saturating_mul(125) / 2)
}

/// Three words and their addresses, by which an image is told at its start that time is told, and that it is cycle `now`.
pub(super) const fn first_words(live: &Live, counted: bool, now: u64) -> [(u64, u32); 3] {
    let told = if counted { IS_COUNTED } else { IS_TOLD };
    [(live.told, told), (live.told + 4, now as u32), (live.told + 8, (now >> 32) as u32)]
}

/// The core's interrupt control, and the bit that pends SysTick (ARMv7-M, B3.2.4).
const ICSR: u64 = 0xE000_ED04;
const PENDSTSET: u32 = 1 << 26;
/// How long the image may work between two sleeps, in real time. This is a watchdog: nothing depends on it in a run that
/// does not hang.
const WATCHDOG: Duration = Duration::from_secs(600);
/// How often it is looked whether QEMU still runs, while the image works.
const LOOK: Duration = Duration::from_secs(1);

/// What the quiet image says of itself; see the board's `Live`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    wakes: u32,
    taken: u32,
    ticks: u32,
    /// The card's receiver is on.
    pub(super) listens: bool,
    /// How often the screen was written.
    pub(super) shown: u32,
    /// When the board does the next thing by itself, in cycles; `None`: never.
    pub(super) next: Option<u64>,
}

/// How many bytes they have.
const WORDS: usize = 7 * 4;

impl Words {
    fn read(bytes: &[u8]) -> Self {
        let mut words = bytes.chunks(4).map(|word| word.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)));
        let mut word = || words.next().unwrap_or_default();
        let [wakes, taken, ticks, listens, shown, low, high] = [(); 7].map(|()| word());
        let next = u64::from(high) << 32 | u64::from(low);
        Self { wakes, taken, ticks, listens: listens != 0, shown, next: (next != u64::MAX).then_some(next) }
    }
}

/// The board's time.
pub(super) struct BoardClock {
    live: Live,
    /// The time, in cycles since the beginning, which is somebody else's, as a scenario's.
    now: u64,
    /// What the image was given: ticks and characters.
    ticks: u32,
    sent: u32,
    /// How often it had fallen asleep when its words were read, if they were, and these.
    seen: Option<u64>,
    words: Words,
}

impl BoardClock {
    /// A clock that shows `now`.
    pub(super) fn new(live: Live, now: u64) -> Self {
        Self { live, now, ticks: 0, sent: 0, seen: None, words: Words::default() }
    }

    /// Cycles since the beginning.
    pub(super) const fn now(&self) -> u64 {
        self.now
    }

    /// The board is about to start anew: what it has counted is gone with its RAM. Time goes on.
    pub(super) fn restarts(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        (self.ticks, self.sent, self.words) = (0, 0, Words::default());
        // Until it says otherwise itself, it is awake.
        probe.write_word(self.live.words, 1)
    }

    /// Time goes on to `cycle`, unless that is over. The image does not know before it is woken.
    pub(super) fn go_on(&mut self, cycle: u64, probe: &mut Probe) -> Result<(), EmulatorError> {
        if cycle > self.now {
            self.now = cycle;
            probe.write(self.live.told + 4, &cycle.to_le_bytes())?;
        }
        Ok(())
    }

    /// It is `cycle`, and everything on the board looks at clock and pins. [`Self::settle`] must have come before.
    pub(super) fn tick(&mut self, cycle: u64, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.ticks = self.ticks.wrapping_add(1);
        self.now = self.now.max(cycle);
        // Time first: the image looks at it when it is woken.
        probe.post(self.live.told + 4, &self.now.to_le_bytes(), (ICSR, PENDSTSET))
    }

    /// Wakes the core by a tick that is not expected to be counted.
    pub(super) fn wake(probe: &mut Probe) -> Result<(), EmulatorError> {
        probe.write_word(ICSR, PENDSTSET)
    }

    /// At `cycle` a character comes in on one of the board's lines. [`Self::settle`] must have come before.
    pub(super) fn feed(
        &mut self,
        cycle: u64,
        line: &mut UnixStream,
        byte: u8,
        probe: &mut Probe,
    ) -> Result<(), EmulatorError> {
        self.go_on(cycle, probe)?;
        self.sent = self.sent.wrapping_add(1);
        write_whole(line, &[byte])
    }

    /// Waits until the board is quiet: the core sleeps, and has counted and taken all that it was given. Until then it says
    /// each time that it falls asleep.
    pub(super) fn settle(&mut self, probe: &mut Probe, qemu: &mut Qemu) -> Result<Words, EmulatorError> {
        let deadline = Instant::now() + WATCHDOG;
        loop {
            let sleeps = probe.sleeps()?;
            if self.seen < Some(sleeps) {
                self.seen = Some(sleeps);
                self.words = Words::read(&probe.read(self.live.words, WORDS)?);
                continue;
            }
            // Nothing that was given to it is still on its way: so it sleeps on, and slept while this was read.
            let Words { wakes, taken, ticks, .. } = self.words;
            if wakes != 0 && wakes.is_multiple_of(2) && (taken, ticks) == (self.sent, self.ticks) {
                return Ok(self.words);
            }
            if !probe.wait(LOOK)? {
                qemu.check()?;
            }
            if Instant::now() >= deadline {
                return Err(EmulatorError::Silent { what: "the image", seconds: WATCHDOG.as_secs() });
            }
        }
    }
}
