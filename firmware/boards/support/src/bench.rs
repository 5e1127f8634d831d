//! How an image shows the emulator's probe what it does, and is told the time by it (docs/porting.md, "In QEMU"). The probe finds
//! each of these by the name of its symbol, which the board gives: `QIYONG_LIVE`, `QIYONG_TOLD`, `QIYONG_SCREEN`, `QIYONG_FRAME`.
//!
//! A board that no probe watches needs none of it.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// How many bytes a field of the screen has.
pub const FIELD: usize = 48;
/// How many bytes the screen's words have: a number that is odd while the rest is being written, then English, Chinese and
/// detail, each UTF-8 in [`FIELD`] bytes, filled up with zeros.
pub const WORDS: usize = 1 + 3 * FIELD;

/// What a probe reads at one go: how the image is. The words of a moment belong together if the core sleeps.
#[derive(Debug)]
#[repr(C)]
pub struct Live {
    /// How often the core went to sleep, times two, and one more while it is awake. It is never 0 once the image runs.
    pub wakes: AtomicU32,
    /// How many characters have been taken from the lines. A probe sees by it whether what it sent has come.
    pub taken: AtomicU32,
    /// Ticks since the start, which go round. A probe that tells the time sees by them that SysTick's handler has run.
    pub ticks: AtomicU32,
    /// The card's receiver is on: a character that comes is taken.
    pub listens: AtomicU32,
    /// How often the screen was written.
    pub shown: AtomicU32,
    /// Where a probe tells the time: the next moment at which something happens by itself, in cycles, lower half first.
    pub next: [AtomicU32; 2],
}

impl Live {
    /// At the start: awake.
    pub const fn new() -> Self {
        Self {
            wakes: AtomicU32::new(1),
            taken: AtomicU32::new(0),
            ticks: AtomicU32::new(0),
            listens: AtomicU32::new(0),
            shown: AtomicU32::new(0),
            next: [const { AtomicU32::new(u32::MAX) }; 2],
        }
    }

    /// Counts a tick, and in `rounds` how often the ticks have gone round: before the tick, since `moment` reads the rounds after
    /// the ticks. For SysTick's handler alone.
    pub fn tick(&self, rounds: &AtomicU32) {
        if self.ticks.load(Ordering::Relaxed) == u32::MAX {
            rounds.fetch_add(1, Ordering::AcqRel);
        }
        self.ticks.fetch_add(1, Ordering::AcqRel);
    }

    /// The core is about to sleep: all that has come was dealt with.
    pub fn asleep(&self) {
        self.wakes.fetch_add(1, Ordering::Release);
    }

    /// The core is awake again.
    pub fn awake(&self) {
        self.wakes.fetch_or(1, Ordering::Release);
    }

    /// Something happens at `deadline` by itself. Interrupts must be held back.
    pub fn expects(&self, deadline: u64) {
        let [low, high] = &self.next;
        if deadline < whole(low, high) {
            low.store(deadline as u32, Ordering::Relaxed);
            high.store((deadline >> 32) as u32, Ordering::Relaxed);
        }
    }

    /// Whoever waits for a moment is polled after this, and says so again. Interrupts must be held back.
    pub fn expects_nothing(&self) {
        self.next.iter().for_each(|half| half.store(u32::MAX, Ordering::Relaxed));
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

/// By which a probe tells an image the time: [`IS_TOLD`], and the time in cycles, lower half first. Only a probe writes here, never
/// less than before, and while the core sleeps. A start must not clear it, so that time goes on over a reset.
pub type Told = [AtomicU32; 3];

/// A [`Told`] before a probe has written to it.
pub const fn untold() -> Told {
    [const { AtomicU32::new(0) }; 3]
}

/// The probe's word that it tells the time.
pub const IS_TOLD: u32 = 0x5449_4D45;
/// The same from a probe that counts instructions: it needs SysTick to run on, though nobody heeds it, because QEMU then takes
/// what comes over a line only when a timer is due.
pub const IS_COUNTED: u32 = IS_TOLD + 1;

/// A number in two halves.
pub fn whole(low: &AtomicU32, high: &AtomicU32) -> u64 {
    u64::from(high.load(Ordering::Relaxed)) << 32 | u64::from(low.load(Ordering::Relaxed))
}

/// Writes what a probe may read at any time: a number that is odd meanwhile, and the bytes.
pub fn publish(cells: &[AtomicU8], bytes: &[u8]) {
    let Some((number, rest)) = cells.split_first() else {
        return;
    };
    let before = number.load(Ordering::Relaxed);
    number.store(before.wrapping_add(1), Ordering::SeqCst);
    rest.iter().zip(bytes).for_each(|(to, from)| to.store(*from, Ordering::Relaxed));
    number.store(before.wrapping_add(2), Ordering::SeqCst);
}

/// Writes the words of a screen: English, Chinese, detail.
pub fn publish_words(cells: &[AtomicU8; WORDS], fields: [&str; 3]) {
    let mut words = [0; 3 * FIELD];
    for (to, from) in words.chunks_mut(FIELD).zip(fields) {
        to.iter_mut().zip(from.bytes()).for_each(|(to, from)| *to = from);
    }
    publish(cells, &words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_moment_is_the_earliest_that_anybody_expects() {
        let live = Live::new();
        let next = || whole(&live.next[0], &live.next[1]);
        assert_eq!(next(), u64::MAX);
        for (deadline, earliest) in [(5 << 32, 5 << 32), (6 << 32, 5 << 32), (7, 7), (u64::MAX, 7)] {
            live.expects(deadline);
            assert_eq!(next(), earliest);
        }
        live.expects_nothing();
        assert_eq!(next(), u64::MAX);
    }

    #[test]
    fn ticks_go_round_and_their_rounds_are_counted() {
        let (live, rounds) = (Live::new(), AtomicU32::new(0));
        live.ticks.store(u32::MAX - 1, Ordering::Relaxed);
        let counted = [(); 3].map(|()| {
            live.tick(&rounds);
            (live.ticks.load(Ordering::Relaxed), rounds.load(Ordering::Relaxed))
        });
        assert_eq!(counted, [(u32::MAX, 0), (0, 1), (1, 1)]);
    }

    #[test]
    fn the_number_is_even_while_the_core_sleeps_and_when_a_screen_is_whole() {
        let live = Live::new();
        let wakes = || live.wakes.load(Ordering::Relaxed);
        let told = [(); 3].map(|()| {
            let awake = wakes();
            live.asleep();
            let asleep = wakes();
            live.awake();
            (awake, asleep)
        });
        assert_eq!(told, [(1, 2), (3, 4), (5, 6)]);

        let cells = [const { AtomicU8::new(0) }; WORDS];
        publish_words(&cells, ["Card", "卡", "x".repeat(60).as_str()]);
        let bytes: Vec<u8> = cells.iter().map(|cell| cell.load(Ordering::Relaxed)).collect();
        assert_eq!(
            (bytes[0], &bytes[1..6], &bytes[49..53], bytes[WORDS - 1]),
            (2, &b"Card\0"[..], "卡\0".as_bytes(), b'x')
        );
    }
}
