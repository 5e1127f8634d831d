//! The watchdog: the chip's, which resets it when nobody has fed it for eight seconds. A task feeds it once a second: so a terminal is reset
//! whose tasks are not polled, whatever it hangs in, a loop or interrupts that no longer come. So is one that has a job and does not get
//! on, for five minutes in which it has begun no wait, shown no screen and taken no key: longer than any of its waits.
//!
//! It rests while a debugger halts the core.

use core::cell::Cell;

use embassy_executor::Spawner;
use embassy_rp::Peri;
use embassy_rp::peripherals::WATCHDOG;
use embassy_rp::watchdog::{ResetReason, Watchdog};
use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_time::{Delay, Duration, Instant, Timer};
use embedded_hal_async::delay::DelayNs;
use qiyong_board_support::lease::Lease;

/// How long it is patient; the chip allows 8.3 s.
const BITES: Duration = Duration::from_secs(8);
/// How often it is fed.
const FEEDS: Duration = Duration::from_secs(1);
/// No wait of the terminal is longer, in microseconds.
const LONGEST: u64 = 300_000_000;

/// How long it may be fed.
static LEASE: CriticalSectionMutex<Cell<Lease<1_000_000>>> = CriticalSectionMutex::new(Cell::new(Lease::new()));

fn lease<T>(look: impl FnOnce(&mut Lease<1_000_000>, u64) -> T) -> T {
    LEASE.lock(|cell| {
        let mut lease = cell.get();
        let seen = look(&mut lease, Instant::now().as_micros());
        cell.set(lease);
        seen
    })
}

/// Starts it, and the task that feeds it; nothing but a reset stops it again. Returns whether it has reset the chip.
pub(crate) fn start(dog: Peri<'static, WATCHDOG>, spawner: Spawner) -> bool {
    let mut dog = Watchdog::new(dog);
    let bitten = matches!(dog.reset_reason(), Some(ResetReason::TimedOut));
    dog.pause_on_debug(true);
    dog.start(BITES);
    match feed(dog) {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("the watchdog cannot be fed"),
    }
    bitten
}

#[embassy_executor::task]
async fn feed(mut dog: Watchdog) {
    loop {
        Timer::after(FEEDS).await;
        if lease(Lease::feeds) {
            dog.feed(BITES);
        }
    }
}

/// The terminal gets on.
pub(crate) fn progress() {
    lease(|lease, now| lease.waits(now, now.saturating_add(LONGEST)));
}

/// The terminal begins to wait for a job, or has one.
pub(crate) fn set_idle(idle: bool) {
    lease(|lease, now| lease.set_idle(now, idle));
    progress();
}

/// Waits, each of which is progress when it begins.
#[derive(Clone)]
pub(crate) struct Waits;

impl DelayNs for Waits {
    async fn delay_ns(&mut self, ns: u32) {
        progress();
        Delay.delay_ns(ns).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        progress();
        #[cfg(feature = "mutants")]
        super::mutant::at_wait();
        Delay.delay_ms(ms).await;
    }
}
