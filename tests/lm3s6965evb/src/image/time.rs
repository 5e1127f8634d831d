//! The time since the start, in cycles of 16 MHz, and how the terminal waits. SysTick counts milliseconds, unless the emulator's
//! probe tells the time (`qiyong_board_support::bench`).

use core::cell::Cell;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::task::Poll;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use critical_section::Mutex;
use embassy_sync::waitqueue::AtomicWaker;
use embedded_hal_async::delay::DelayNs;
use qiyong_board_support::bench::{IS_COUNTED, IS_TOLD, whole};
use qiyong_board_support::moment::{CLOCK_HZ, SysTick, TICK, bounded, later, moment};

use super::words::{LIVE, TOLD};

/// The chip's clock, in Hz: 200 MHz of the PLL by ten.
pub(crate) const SYSTEM_HZ: u32 = 20_000_000;
/// Cycles a microsecond.
const US: u64 = CLOCK_HZ as u64 / 1_000_000;

static ROUNDS: AtomicU32 = AtomicU32::new(0);
static LATEST: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));
/// A probe tells the time.
static FOLLOWS: AtomicBool = AtomicBool::new(false);
/// The one task, which every interrupt wakes.
pub(crate) static TASK: AtomicWaker = AtomicWaker::new();

/// Starts SysTick, unless the time is told.
pub(crate) fn start(mut counter: SYST) {
    let [told, ..] = &TOLD;
    let told = told.load(Ordering::Relaxed);
    FOLLOWS.store(matches!(told, IS_TOLD | IS_COUNTED), Ordering::Relaxed);
    if told != IS_TOLD {
        counter.set_clock_source(SystClkSource::Core);
        counter.set_reload(SYSTEM_HZ / 1000 - 1);
        counter.clear_current();
        counter.enable_counter();
    }
    if !is_told() {
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
    critical_section::with(|_| LIVE.expects_nothing());
    TASK.wake();
}

struct Registers;

impl SysTick for Registers {
    fn ticks(&self) -> u32 {
        LIVE.ticks.load(Ordering::Acquire)
    }

    fn rounds(&self) -> u32 {
        ROUNDS.load(Ordering::Acquire)
    }

    fn left(&self) -> u32 {
        SYST::get_current() * TICK / (SYSTEM_HZ / 1000)
    }

    fn is_due(&self) -> bool {
        SCB::is_pendst_pending()
    }
}

/// Cycles since the start; never fewer than before.
pub(crate) fn now() -> u64 {
    if is_told() {
        let [_, low, high] = &TOLD;
        return whole(low, high);
    }
    let now = moment(&Registers);
    critical_section::with(|cs| {
        let mut latest = LATEST.borrow(cs).get();
        LATEST.borrow(cs).set(later(&mut latest, now));
        latest
    })
}

/// Whole seconds since the start.
pub(crate) fn now_s() -> u32 {
    (now() / u64::from(CLOCK_HZ)) as u32
}

/// Waits until `ready` gives something, at most until `deadline`. Cancel-safe.
pub(crate) async fn until<T>(deadline: u64, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = bounded(now(), deadline);
    poll_fn(|context| {
        TASK.register(context.waker());
        let value = ready();
        let now = now();
        if value.is_some() || now >= deadline {
            return Poll::Ready(value);
        }
        critical_section::with(|_| LIVE.expects(deadline));
        if !is_told() && deadline - now < u64::from(TICK) {
            // Sooner than the next tick: looks at the clock instead of sleeping.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    })
    .await
}

/// Waits until `ready` gives something, however long that takes. Cancel-safe.
pub(crate) async fn once<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    poll_fn(|context| {
        TASK.register(context.waker());
        ready().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Waits until then. Cancel-safe.
pub(crate) async fn sleep_until(deadline: u64) {
    let _ = until(deadline, || None::<()>).await;
}

/// The clock, as embedded-hal has it. Cancel-safe.
#[derive(Clone, Copy)]
pub(crate) struct Delay;

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        sleep_until(now() + (u64::from(ns) * US).div_ceil(1000)).await;
    }
}
