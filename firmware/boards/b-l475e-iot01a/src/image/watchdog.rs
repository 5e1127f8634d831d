//! The watchdog: the chip's independent one, with a clock of its own. A terminal whose task is not polled for four seconds is
//! reset, whatever it hangs in: a loop, a register that never changes, interrupts that no longer come.
//!
//! The emulator does not have it; writes to it are ignored there.

use core::sync::atomic::{AtomicBool, Ordering};

use stm32_metapac as pac;
use stm32_metapac::iwdg::vals::{Key, Pr};

/// LSI's 32 kHz by 64, so 2 ms a step: 3.8 to 4.3 s over its tolerance.
const STEPS: u16 = 2000;

/// The task has been polled since the watchdog was last fed.
static ALIVE: AtomicBool = AtomicBool::new(false);

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
pub(crate) fn alive() {
    ALIVE.store(true, Ordering::Relaxed);
}

/// Feeds it if the task is alive.
pub(crate) fn feed() {
    if ALIVE.swap(false, Ordering::Relaxed) {
        pac::IWDG.kr().write(|w| w.set_key(Key::RESET));
    }
}
