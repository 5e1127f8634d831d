//! Time: cycles of SYSCLK since the start, and how the application waits for something.
//!
//! SysTick counts milliseconds; its own counter gives the cycles between two ticks. No timer of the chip is used, since the
//! emulator has none. How ticks and counter make a time is for `moment`.
//!
//! In the emulator a probe may **tell** the time ([`TOLD`]). Then SysTick stands still, and time passes only when the probe says
//! so: it writes the time while the core sleeps, and pends SysTick, whose handler lets everything look at the clock as after a
//! tick. When the core sleeps, [`LIVE`] says until when nothing happens by itself.
#![allow(unsafe_code, reason = "names that a probe looks for, and RAM that a start does not clear")]

use core::cell::Cell;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::task::{Context, Poll};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use critical_section::Mutex;
use embassy_sync::waitqueue::AtomicWaker;
use embedded_hal_async::delay::DelayNs;
use qiyong_board_support::bench::{IS_COUNTED, IS_TOLD, Told, untold, whole};

use super::live::LIVE;
use super::{chip, watchdog};
pub(crate) use qiyong_board_support::moment::CLOCK_HZ;
use qiyong_board_support::moment::{SysTick, TICK, bounded, later, moment};

/// Cycles a microsecond.
pub(crate) const US: u64 = CLOCK_HZ as u64 / 1_000_000;
/// How long before the end of a sleep the core begins to look at the clock, in cycles: one tick and a half.
const LOOK: u64 = (TICK + TICK / 2) as u64;

/// How often the ticks went round.
static ROUNDS: AtomicU32 = AtomicU32::new(0);
/// In the emulator: the time that a probe tells.
#[used]
#[unsafe(export_name = "QIYONG_TOLD")]
#[unsafe(link_section = ".uninit.told")]
static TOLD: Told = untold();
/// The time is told.
static FOLLOWS: AtomicBool = AtomicBool::new(false);
/// The time that was given out last.
static LATEST: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));
/// The application's task. Every interrupt but the panel's wakes it.
static TASK: AtomicWaker = AtomicWaker::new();
/// It is known whom to wake. The application never changes, and it waits for several things at a time, each asked at every poll.
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Starts SysTick, unless the time is told.
pub(crate) fn start(mut counter: SYST) {
    let [told, ..] = &TOLD;
    let told = if chip::is_emulated() { told.load(Ordering::Relaxed) } else { 0 };
    FOLLOWS.store(matches!(told, IS_TOLD | IS_COUNTED), Ordering::Relaxed);
    if told == IS_TOLD {
        return;
    }
    counter.set_clock_source(SystClkSource::Core);
    counter.set_reload(TICK - 1);
    counter.clear_current();
    counter.enable_counter();
    if told != IS_COUNTED {
        counter.enable_interrupt();
    }
}

/// Whether a probe tells the time.
pub(crate) fn is_told() -> bool {
    FOLLOWS.load(Ordering::Relaxed)
}

/// Counts a tick: for SysTick's handler alone.
pub(crate) fn tick() {
    LIVE.tick(&ROUNDS);
    if is_told() {
        // Whoever waits for a moment is polled after this, and says so again.
        critical_section::with(|_| LIVE.expects_nothing());
    }
}

/// Wakes the application: for interrupt handlers.
pub(crate) fn wake() {
    TASK.wake();
}

/// SysTick's registers.
struct Registers;

impl SysTick for Registers {
    fn ticks(&self) -> u32 {
        LIVE.ticks.load(Ordering::Acquire)
    }

    fn rounds(&self) -> u32 {
        ROUNDS.load(Ordering::Acquire)
    }

    fn left(&self) -> u32 {
        SYST::get_current()
    }

    fn is_due(&self) -> bool {
        SCB::is_pendst_pending()
    }
}

/// Cycles since the start; never fewer than before.
#[inline(never)]
pub(crate) fn now() -> u64 {
    if is_told() {
        let [_, low, high] = &TOLD;
        return whole(low, high);
    }
    let now = moment(&Registers);
    critical_section::with(|cs| {
        let cell = LATEST.borrow(cs);
        let mut latest = cell.get();
        later(&mut latest, now);
        cell.set(latest);
        latest
    })
}

/// Whole seconds since the start.
pub(crate) fn now_s() -> u32 {
    (now() / u64::from(CLOCK_HZ)) as u32
}

/// Something happens at `deadline` by itself.
pub(crate) fn expects(deadline: u64) {
    if is_told() {
        critical_section::with(|_| LIVE.expects(deadline));
    }
}

/// Something waits for the next tick.
pub(crate) fn expects_tick() {
    expects(now().saturating_add(TICK.into()));
}

/// Has the application woken by every interrupt from now on.
fn register(context: &Context<'_>) {
    watchdog::polled();
    if !REGISTERED.swap(true, Ordering::Relaxed) {
        TASK.register(context.waker());
    }
}

/// Waits until `ready` gives something, at most until `deadline`, and no longer than any wait may last. `ready` is asked at every
/// interrupt, so at least once a millisecond. Cancel-safe.
pub(crate) async fn until<T>(deadline: u64, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = now();
    let deadline = bounded(begun, deadline);
    watchdog::waits(begun, deadline);
    let value = poll_fn(|context| {
        register(context);
        match ready() {
            Some(value) => Poll::Ready(Some(value)),
            None if now() >= deadline => Poll::Ready(None),
            None => {
                expects(deadline);
                Poll::Pending
            }
        }
    })
    .await;
    watchdog::progress();
    value
}

/// Waits until `ready` gives something, however long that takes. Cancel-safe.
pub(crate) async fn once<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    let value = poll_fn(|context| {
        register(context);
        ready().map_or(Poll::Pending, Poll::Ready)
    })
    .await;
    watchdog::progress();
    value
}

/// Waits until then, to the microsecond: sleeps until shortly before, and looks at the clock for the rest. Cancel-safe.
pub(crate) async fn sleep_until(deadline: u64) {
    let begun = now();
    let deadline = bounded(begun, deadline);
    let early = deadline.saturating_sub(if is_told() { 0 } else { LOOK });
    if early > begun {
        let _ = until(early, || None::<()>).await;
    }
    // Each look takes several cycles: there are fewer looks than cycles, also if time stood still.
    let mut looks = LOOK;
    while now() < deadline && looks > 0 {
        looks -= 1;
    }
}

/// Waits so many cycles. Cancel-safe.
async fn sleep(cycles: u64) {
    sleep_until(now().saturating_add(cycles)).await;
}

/// The clock, as embedded-hal has it. Cancel-safe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delay;

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        sleep(u64::from(ns).saturating_mul(US).div_ceil(1000)).await;
    }

    async fn delay_us(&mut self, us: u32) {
        sleep(u64::from(us).saturating_mul(US)).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        sleep(u64::from(ms).saturating_mul(TICK.into())).await;
    }
}
