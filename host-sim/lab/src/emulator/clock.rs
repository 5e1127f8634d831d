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
/// The probe's word that it tells the time; see the board's `TOLD`.
const IS_TOLD: u32 = 0x5449_4D45;
/// The core's interrupt control, and the bit that pends SysTick (ARMv7-M, B3.2.4).
const ICSR: u64 = 0xE000_ED04;
const PENDSTSET: u32 = 1 << 26;
/// How long the image may work between two sleeps, in real time. This is a watchdog: nothing depends on it in a run that
/// does not hang.
const WATCHDOG: Duration = Duration::from_secs(600);
/// So many looks follow one another at once; later ones leave the emulator some time.
const EAGER: u32 = 20;
const PAUSE: Duration = Duration::from_micros(50);

/// The board's time.
pub(super) struct BoardClock {
    live: Live,
    /// The time, in cycles since the image was first started.
    now: u64,
    /// What the image was given: ticks and characters.
    ticks: u32,
    sent: u32,
}

impl BoardClock {
    pub(super) const fn new(live: Live) -> Self {
        Self { live, now: 0, ticks: 0, sent: 0 }
    }

    /// Tells an image the time that has not executed its first instruction.
    pub(super) fn start(&self, probe: &mut Probe) -> Result<(), EmulatorError> {
        probe.write_word(self.live.told, IS_TOLD)
    }

    /// Cycles since the image was first started.
    pub(super) const fn now(&self) -> u64 {
        self.now
    }

    /// The board is about to start anew: what it has counted is gone with its RAM. Time goes on.
    pub(super) fn restarts(&mut self, probe: &mut Probe) -> Result<(), EmulatorError> {
        (self.ticks, self.sent) = (0, 0);
        // Until it says otherwise itself, it is awake.
        probe.write_word(self.live.wakes, 1)
    }

    /// Time goes on to `cycle`, unless that is over. The image does not know before it is woken.
    fn go_on(&mut self, cycle: u64, probe: &mut Probe) -> Result<(), EmulatorError> {
        if cycle > self.now {
            self.now = cycle;
            let (low, high) = (cycle as u32, (cycle >> 32) as u32);
            probe.write_word(self.live.told + 4, low)?;
            probe.write_word(self.live.told + 8, high)?;
        }
        Ok(())
    }

    /// It is `cycle`, and everything on the board looks at clock and pins. [`Self::settle`] must have come before.
    pub(super) fn tick(&mut self, cycle: u64, probe: &mut Probe) -> Result<(), EmulatorError> {
        self.go_on(cycle, probe)?;
        self.ticks = self.ticks.wrapping_add(1);
        Self::wake(probe)
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

    /// Waits until the board is quiet.
    pub(super) fn settle(&self, probe: &mut Probe, qemu: &mut Qemu) -> Result<(), EmulatorError> {
        let deadline = Instant::now() + WATCHDOG;
        for look in 0.. {
            if self.is_quiet(probe)? {
                return Ok(());
            }
            if look >= EAGER {
                std::thread::sleep(PAUSE);
                qemu.check()?;
                if Instant::now() >= deadline {
                    return Err(EmulatorError::Silent { what: "the image", seconds: WATCHDOG.as_secs() });
                }
            }
        }
        Ok(())
    }

    /// Whether the core sleeps and has dealt with everything. Its number of sleeps is read twice: so it slept while the
    /// rest was read.
    fn is_quiet(&self, probe: &mut Probe) -> Result<bool, EmulatorError> {
        let wakes = probe.read_word(self.live.wakes)?;
        // 0 is an image that has not begun.
        Ok(wakes != 0
            && wakes.is_multiple_of(2)
            && probe.read_word(self.live.taken)? == self.sent
            && probe.read_word(self.live.ticks)? == self.ticks
            && probe.read_word(self.live.wakes)? == wakes)
    }

    /// When the quiet board does the next thing by itself; `None`: never.
    pub(super) fn next(&self, probe: &mut Probe) -> Result<Option<u64>, EmulatorError> {
        let halves = [probe.read_word(self.live.next)?, probe.read_word(self.live.next + 4)?].map(u64::from);
        let next = halves[0] | halves[1] << 32;
        Ok((next != u64::MAX).then_some(next))
    }

    /// Whether the card's receiver is on.
    pub(super) fn listens(&self, probe: &mut Probe) -> Result<bool, EmulatorError> {
        Ok(probe.read_word(self.live.listens)? != 0)
    }
}
