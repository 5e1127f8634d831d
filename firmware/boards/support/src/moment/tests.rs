//! SysTick played by hand: late ticks, ticks in the middle of a look, counters that go round.

use std::cell::{Cell, RefCell};

use super::*;

/// A SysTick that stands at a certain cycle. Its handler is held back for some cycles; each look at the counter takes some.
struct Played {
    cycle: Cell<u64>,
    per_look: u64,
    /// The handler counts a tick so many cycles after it came; not more than a tick.
    late: u64,
    /// Ticks before the start.
    before: u64,
}

impl Played {
    fn at(cycle: u64, late: u64, per_look: u64) -> Self {
        Self { cycle: Cell::new(cycle), per_look, late, before: 0 }
    }

    fn look(&self) -> u64 {
        self.cycle.replace(self.cycle.get() + self.per_look)
    }

    fn counted(&self, cycle: u64) -> u64 {
        self.before + cycle.saturating_sub(self.late) / u64::from(TICK)
    }
}

impl SysTick for Played {
    fn ticks(&self) -> u32 {
        self.counted(self.look()) as u32
    }

    fn rounds(&self) -> u32 {
        (self.counted(self.look()) >> 32) as u32
    }

    fn left(&self) -> u32 {
        let gone = (self.look() % u64::from(TICK)) as u32;
        if gone == 0 { 0 } else { TICK - gone }
    }

    fn is_due(&self) -> bool {
        let cycle = self.look();
        self.before + cycle / u64::from(TICK) > self.counted(cycle)
    }
}

#[test]
fn time_is_exact_whenever_it_is_asked_for_and_however_late_the_tick_is_counted() {
    for late in [0, 1, 100, u64::from(TICK) - 10] {
        for per_look in [0, 1, 3] {
            for cycle in
                (0..=4 * u64::from(TICK)).filter(|cycle| (cycle + 40) % u64::from(TICK) < 80 || cycle % 97 == 0)
            {
                let clock = Played::at(cycle, late, per_look);
                let told = moment(&clock);
                let after = clock.cycle.get();
                assert!((cycle..=after).contains(&told), "{told} of {cycle} to {after}, {late} late");
            }
        }
    }
}

#[test]
fn at_the_very_tick_time_does_not_jump_ahead_by_one() {
    // The counter stands at 0, and the handler is held back: nothing of the new millisecond has gone by.
    let tick = u64::from(TICK);
    assert_eq!([tick - 1, tick, tick + 1].map(|cycle| moment(&Played::at(cycle, 50, 0))), [tick - 1, tick, tick + 1]);
}

#[test]
fn ticks_that_go_round_do_not_set_time_back() {
    let before = u64::from(u32::MAX);
    let told = [0, u64::from(TICK) - 1, u64::from(TICK), u64::from(TICK) + 7]
        .map(|cycle| moment(&Played { before, ..Played::at(cycle, 0, 0) }) - before * u64::from(TICK));
    assert_eq!(told, [0, u64::from(TICK) - 1, u64::from(TICK), u64::from(TICK) + 7]);
}

#[test]
fn a_lost_tick_makes_time_late_and_never_sets_it_back() {
    /// What a look gives: ticks, left.
    struct Script(RefCell<Vec<(u32, u32)>>);
    impl SysTick for Script {
        fn ticks(&self) -> u32 {
            self.0.borrow().first().map_or(0, |look| look.0)
        }
        fn rounds(&self) -> u32 {
            0
        }
        fn left(&self) -> u32 {
            self.0.borrow().first().map_or(0, |look| look.1)
        }
        fn is_due(&self) -> bool {
            false
        }
    }
    let script = Script(RefCell::new(vec![(1, 1), (1, TICK - 1), (1, 5), (2, TICK - 5)]));
    let mut latest = 0;
    let told: Vec<u64> = (0..4)
        .map(|_| {
            let told = later(&mut latest, moment(&script));
            script.0.borrow_mut().remove(0);
            told
        })
        .collect();
    let tick = u64::from(TICK);
    // After a millisecond the handler has not counted it, nor ever does: time stands until the counter has caught up.
    assert_eq!(told, [2 * tick - 1, 2 * tick - 1, 2 * tick - 1, 2 * tick + 5]);
}

#[test]
fn what_was_noted_is_never_far_away() {
    let now = 5 << 32 | 7;
    assert_eq!([7, 6, 0].map(|low| noted(now, low)), [now, now - 1, now - 7]);
    assert_eq!(noted(now, u32::MAX), now - 8, "noted before the lower half went round");
    // A time that is behind what the interrupt noted: by one cycle, and by a minute.
    assert_eq!([8, 7 + 60 * CLOCK_HZ].map(|low| noted(now, low)), [now, now]);
    assert_eq!([noted(3, 5), noted(3, 0), noted(0, u32::MAX - 5)], [3, 0, 0]);
}

#[test]
fn no_wait_is_endless() {
    assert_eq!([bounded(5, 9), bounded(5, 5), bounded(5, 0)], [9, 5, 0]);
    assert_eq!([bounded(5, u64::MAX), bounded(u64::MAX - 1, u64::MAX)], [5 + LONGEST, u64::MAX]);
}
