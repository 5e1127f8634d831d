//! The watchdog: the chip's independent one, with a clock of its own. A terminal is reset whose task is not polled for four
//! seconds, whatever it hangs in: a loop, a register that never changes, interrupts that no longer come. So is one that is
//! polled and does not get on: how long it may be so is for `lease`.
//!
//! The emulator does not have it; writes to it are ignored there.

use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use qiyong_board_support::lease::Lease;
use qiyong_board_support::moment::CLOCK_HZ;
use stm32_metapac as pac;
use stm32_metapac::iwdg::vals::{Key, Pr};

/// A lease in cycles.
type Own = Lease<{ CLOCK_HZ as u64 }>;

/// LSI's 32 kHz by 64, so 2 ms a step: 3.8 to 4.3 s over its tolerance.
const STEPS: u16 = 2000;

/// The task has been polled since the watchdog was last fed.
static POLLED: AtomicBool = AtomicBool::new(false);
/// Something has got on since then.
static PROGRESS: AtomicBool = AtomicBool::new(false);
/// A tick has come since then.
static TICKED: AtomicBool = AtomicBool::new(false);
/// How long it may be fed.
static LEASE: Mutex<RefCell<Own>> = Mutex::new(RefCell::new(Lease::new()));

/// Starts it; nothing but a reset stops it again. It rests while a debugger halts the core.
pub(crate) fn start() {
    pac::DBGMCU.apb1fzr1().modify(|w| w.set_iwdg(true));
    let dog = pac::IWDG;
    dog.kr().write(|w| w.set_key(Key::START));
    dog.kr().write(|w| w.set_key(Key::ENABLE));
    dog.pr().write(|w| w.set_pr(Pr::DIVIDE_BY64));
    dog.rlr().write(|w| w.set_rl(STEPS));
}

/// Whether the watchdog has reset the chip. Asking clears that.
pub(crate) fn has_bitten() -> bool {
    let bitten = pac::RCC.csr().read().iwdgrstf();
    pac::RCC.csr().modify(|w| w.set_rmvf(true));
    bitten
}

/// The task has been polled.
pub(crate) fn polled() {
    POLLED.store(true, Ordering::Relaxed);
}

fn lease<T>(look: impl FnOnce(&mut Own) -> T) -> T {
    critical_section::with(|cs| look(&mut LEASE.borrow_ref_mut(cs)))
}

/// Something has come that was waited for.
pub(crate) fn progress() {
    PROGRESS.store(true, Ordering::Relaxed);
}

/// At `now` a wait begins that ends at `deadline`. Short ones are progress, and need no more.
pub(crate) fn waits(now: u64, deadline: u64) {
    progress();
    if deadline.saturating_sub(now) > CLOCK_HZ.into() {
        lease(|lease| lease.waits(now, deadline));
    }
}

/// At `now` the terminal begins to wait for a job, or has one.
pub(crate) fn set_idle(now: u64, idle: bool) {
    lease(|lease| lease.set_idle(now, idle));
}

/// A tick has come.
pub(crate) fn tick() {
    TICKED.store(true, Ordering::Relaxed);
}

/// Feeds it if the task was polled and may be fed for that; once a tick is enough.
pub(crate) fn feed(now: impl FnOnce() -> u64) {
    if !TICKED.swap(false, Ordering::Relaxed) {
        return;
    }
    let now = now();
    let may = lease(|lease| {
        if PROGRESS.swap(false, Ordering::Relaxed) {
            lease.progress(now);
        }
        lease.feeds(now)
    });
    if POLLED.swap(false, Ordering::Relaxed) && may {
        pac::IWDG.kr().write(|w| w.set_key(Key::RESET));
    }
}
