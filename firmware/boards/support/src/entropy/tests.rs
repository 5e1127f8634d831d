use embassy_futures::block_on;

use super::*;

/// So many bits are looked at: a hundred windows.
const MANY: usize = 100 * WINDOW as usize;

/// Bits by chance, a one in so many of 65,536 (xorshift64).
fn chance(ones: u64) -> impl FnMut() -> bool {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 48 < ones
    }
}

/// The first objection to a source, and after how many bits it came.
fn judged(mut bit: impl FnMut() -> bool) -> Option<(Unfit, usize)> {
    let mut health = Health::default();
    (1..=MANY).find_map(|count| health.look(bit()).err().map(|unfit| (unfit, count)))
}

/// Bits that come round: the lowest `period` ones of this word.
fn round(word: u64, period: u32) -> impl FnMut() -> bool {
    let mut at = 0;
    move || {
        at = (at + 1) % period;
        word >> at & 1 != 0
    }
}

#[test]
fn a_good_source_and_one_as_bad_as_is_believed_pass() {
    assert_eq!(judged(chance(1 << 15)), None);
    // Eleven of twelve bits are ones: about an eighth of a bit of entropy in each.
    assert_eq!(judged(chance(65_536 * 11 / 12)), None);
    assert_eq!(judged(chance(65_536 / 12)), None);
}

#[test]
fn a_source_that_is_stuck_is_found_by_the_repetition_count() {
    for level in [false, true] {
        assert_eq!(judged(|| level), Some((Unfit::RepetitionCount, REPEATED.into())));
    }
    // Also when it gets stuck later, wherever that is in a window.
    for good in [1, 7, 8, 9, 1023, 1024, 1025, 5000] {
        let (mut bit, mut count) = (chance(1 << 15), 0);
        let found = judged(|| {
            count += 1;
            if count <= good { bit() } else { true }
        });
        let (unfit, at) = found.unwrap();
        assert!(unfit == Unfit::RepetitionCount && at <= good + usize::from(REPEATED), "{good}: {found:?}");
    }
}

#[test]
fn the_longest_run_that_is_allowed_is_one_short_of_the_cutoff() {
    let mut health = Health::default();
    for _ in 0..REPEATED - 1 {
        health.look(true).unwrap();
    }
    health.look(false).unwrap();
    for _ in 0..REPEATED - 2 {
        health.look(false).unwrap();
    }
    assert_eq!(health.look(false), Err(Unfit::RepetitionCount));
}

#[test]
fn a_source_that_prefers_a_value_is_found_by_the_adaptive_proportion() {
    for level in [false, true] {
        // A different one every 60 to 80 bits.
        let (mut count, mut next, mut gap) = (0, 60, 60);
        let found = judged(|| {
            count += 1;
            if count == next {
                gap = 60 + gap * 7 % 21;
                next += gap;
                return !level;
            }
            level
        });
        assert!(
            matches!(found, Some((Unfit::AdaptiveProportion, at)) if at <= 8 + 3 * usize::from(WINDOW)),
            "{found:?}"
        );
    }
}

#[test]
fn a_window_may_have_one_less_than_the_cutoff_of_a_value() {
    // The eight bits before the first window, the others at places that are no period.
    let source = |others: u16| {
        let mut count = 0;
        move || {
            count += 1;
            let at: u16 = count;
            let at = at.saturating_sub(PERIODS as u16);
            !(at > 0 && at <= WINDOW && at.is_multiple_of(20) && at / 20 <= others)
        }
    };
    let look = |others: u16| {
        let (mut health, mut bit) = (Health::default(), source(others));
        (0..PERIODS + usize::from(WINDOW)).try_for_each(|_| health.look(bit()))
    };
    assert_eq!(look(WINDOW - MOST), Err(Unfit::AdaptiveProportion));
    // That half of 2 x 46 is not like the one before is no matter.
    assert_eq!(look(WINDOW - MOST + 1), Ok(()));
}

#[test]
fn a_source_that_comes_round_is_found_by_its_period() {
    for (word, period) in
        [(0b01, 2), (0b011, 3), (0b0110, 4), (0b01101, 5), (0b001011, 6), (0b0010111, 7), (0b00010111, 8)]
    {
        let found = judged(round(word, period));
        assert_eq!(found.map(|(_, at)| at), Some(PERIODS + usize::from(WINDOW)), "{period}");
        // Half a period after which all bits are turned round is one, too.
        assert!(matches!(found, Some((Unfit::Period(at), _)) if period % u32::from(at) == 0), "{period}: {found:?}");
    }
}

/// Takes no time, and counts what it would have been.
struct Clock(u32);

impl DelayNs for Clock {
    async fn delay_ns(&mut self, ns: u32) {
        self.0 += ns;
    }
}

#[test]
fn bits_are_gathered_in_their_order_with_time_between_them_until_the_source_fails() {
    let (mut health, mut clock) = (Health::default(), Clock(0));
    let mut bits = [0xA5, 0x0F, 0x12].iter().flat_map(|byte: &u8| (0..8).rev().map(move |at| byte >> at & 1 != 0));
    let all = block_on(gather::<3>(&mut health, || bits.next().unwrap(), &mut clock)).unwrap();
    assert_eq!((*all, clock.0), ([0xA5, 0x0F, 0x12], 24 * SPACING_US * 1000));
    // The tests go on from one gathering to the next.
    let many = usize::from(REPEATED) / 8 - 1;
    assert_eq!(many, 19);
    assert!(block_on(gather::<19>(&mut health, || true, &mut clock)).is_ok());
    assert_eq!(block_on(gather::<2>(&mut health, || true, &mut clock)).map(drop), Err(Unfit::RepetitionCount));
}

#[test]
fn each_failure_has_its_name() {
    let names = [Unfit::RepetitionCount, Unfit::AdaptiveProportion, Unfit::Period(3)].map(Unfit::as_str);
    assert_eq!(names, ["repetition-count", "adaptive-proportion", "period"]);
    assert!(Unfit::Period(3).to_string().contains("period: call service"));
}
