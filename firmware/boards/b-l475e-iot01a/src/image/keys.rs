//! The cancel key: the button B2 on PC13, low while it is pressed.
//!
//! It is looked at with every tick, and believed when it has been the same for 16 ms. A press is the moment in which it goes down:
//! however long it is then held, that is one press. A button that was down since before the start is not pressed.

use core::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use stm32_metapac as pac;
use stm32_metapac::gpio::vals::{Idr, Moder, Pupdr};

use super::time;

const PIN: usize = 13;

/// The last looks, the latest in the lowest bit; a one is pressed.
static LOOKS: AtomicU16 = AtomicU16::new(u16::MAX);
/// What is believed.
static DOWN: AtomicBool = AtomicBool::new(true);
/// It has gone down since that was last asked.
static PRESSED: AtomicBool = AtomicBool::new(false);

/// Makes the pin an input.
pub(crate) fn start() {
    pac::GPIOC.pupdr().modify(|w| w.set_pupdr(PIN, Pupdr::PULL_UP));
    pac::GPIOC.moder().modify(|w| w.set_moder(PIN, Moder::INPUT));
}

/// For every tick.
pub(crate) fn tick() {
    let is_low = pac::GPIOC.idr().read().idr(PIN) == Idr::LOW;
    let looks = LOOKS.load(Ordering::Relaxed) << 1 | u16::from(is_low);
    LOOKS.store(looks, Ordering::Relaxed);
    // A key that moves is looked at again in a millisecond.
    if looks != 0 && looks != u16::MAX {
        time::expects_tick();
    }
    match looks {
        u16::MAX if !DOWN.swap(true, Ordering::Relaxed) => PRESSED.store(true, Ordering::Release),
        0 => DOWN.store(false, Ordering::Relaxed),
        _ => {}
    }
}

/// Whether it has been pressed since this was last asked.
pub(crate) fn take() -> bool {
    PRESSED.swap(false, Ordering::AcqRel)
}
