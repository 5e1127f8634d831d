//! Time: the microseconds since the start, and how the application waits for something.
//!
//! SysTick counts milliseconds; its own counter gives the microseconds between two ticks. No timer of the chip is used, since
//! the emulator has none.
#![allow(unsafe_code, reason = "names that a probe looks for, and a static that a probe alone writes")]

use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::task::{Context, Poll};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use embassy_sync::waitqueue::AtomicWaker;
use embedded_hal_async::delay::DelayNs;

use super::watchdog;

/// SYSCLK: HSI16, the chip's own oscillator, 1 % exact; etu need no better (ISO/IEC 7816-3 clause 7.1 allows a receiver
/// and a sender 0.2 etu in ten).
pub(crate) const CLOCK_HZ: u32 = 16_000_000;
/// SysTick's rate.
const TICKS_HZ: u32 = 1000;
/// Cycles a tick.
const RELOAD: u32 = CLOCK_HZ / TICKS_HZ;

/// Milliseconds since the start. It goes round after 49 days; `ROUNDS` counts how often it did. A probe reads it.
#[unsafe(export_name = "QIYONG_TICKS")]
static TICKS: AtomicU32 = AtomicU32::new(0);
/// Milliseconds by which a probe has moved the time on, so that nobody has to wait for a time-out. Only the probe writes
/// here, and never less than before. It must not add to `TICKS` instead: that could undo a tick.
#[used]
#[unsafe(export_name = "QIYONG_AHEAD")]
static AHEAD: AtomicU32 = AtomicU32::new(0);
/// How often `TICKS` went round.
static ROUNDS: AtomicU32 = AtomicU32::new(0);
/// The application's task. Every interrupt but the panel's wakes it.
static TASK: AtomicWaker = AtomicWaker::new();
/// It is known whom to wake. The application never changes, and it waits for several things at a time, each asked at every poll.
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Starts SysTick.
pub(crate) fn start(mut counter: SYST) {
    counter.set_clock_source(SystClkSource::Core);
    counter.set_reload(RELOAD - 1);
    counter.clear_current();
    counter.enable_counter();
    counter.enable_interrupt();
}

/// Counts a tick: for SysTick's handler alone.
pub(crate) fn tick() {
    let before = TICKS.fetch_add(1, Ordering::AcqRel);
    if before == u32::MAX {
        ROUNDS.fetch_add(1, Ordering::AcqRel);
    }
}

/// Wakes the application: for interrupt handlers.
pub(crate) fn wake() {
    TASK.wake();
}

/// Milliseconds that a probe has added. No cycles go with them.
fn ahead() -> u32 {
    // SAFETY: the static is aligned and lives for ever; volatile, since no code of the image writes to it.
    unsafe { AHEAD.as_ptr().read_volatile() }
}

/// Milliseconds since the start, and the cycles since the last of them.
#[inline(never)]
fn moment() -> (u64, u32) {
    loop {
        // In this order, since ticks go round first.
        let (ticks, rounds) = (TICKS.load(Ordering::Acquire), ROUNDS.load(Ordering::Acquire));
        let mut left = SYST::get_current();
        // Within another handler, or with interrupts held back, a tick may have come that is not counted yet.
        let due = SCB::is_pendst_pending();
        if due {
            left = SYST::get_current();
        }
        // If a tick was counted in between, `ticks` and `left` do not belong together.
        if ticks == TICKS.load(Ordering::Acquire) {
            let ms = (u64::from(rounds) << 32 | u64::from(ticks)) + u64::from(due);
            return (ms, RELOAD.saturating_sub(left));
        }
    }
}

/// Microseconds since the start.
pub(crate) fn now_us() -> u64 {
    let (ticks, cycles) = moment();
    (ticks + u64::from(ahead())) * 1000 + u64::from(cycles / (CLOCK_HZ / 1_000_000))
}

/// Whole seconds since the start.
pub(crate) fn now_s() -> u32 {
    (now_us() / 1_000_000) as u32
}

/// Has the application woken by every interrupt from now on.
fn register(context: &Context<'_>) {
    watchdog::alive();
    if !REGISTERED.swap(true, Ordering::Relaxed) {
        TASK.register(context.waker());
    }
}

/// Waits until `ready` gives something, at most until `deadline_us`. `ready` is asked at every interrupt, so at least once a
/// millisecond. Cancel-safe.
pub(crate) async fn until<T>(deadline_us: u64, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
    poll_fn(|context| {
        register(context);
        match ready() {
            Some(value) => Poll::Ready(Some(value)),
            None if now_us() >= deadline_us => Poll::Ready(None),
            None => Poll::Pending,
        }
    })
    .await
}

/// Waits until `ready` gives something, however long that takes. Cancel-safe.
pub(crate) async fn once<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    poll_fn(|context| {
        register(context);
        ready().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Waits until then, to the microsecond: sleeps until shortly before, and looks at the clock for the rest. Cancel-safe.
pub(crate) async fn sleep_until(deadline_us: u64) {
    let _ = until(deadline_us.saturating_sub(1500), || None::<()>).await;
    while now_us() < deadline_us {}
}

/// The clock, as embedded-hal has it. Cancel-safe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delay;

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        self.delay_us(ns.div_ceil(1000)).await;
    }

    async fn delay_us(&mut self, us: u32) {
        sleep_until(now_us() + u64::from(us)).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        sleep_until(now_us() + u64::from(ms) * 1000).await;
    }
}
