//! The lights: LD1 says that the terminal runs, the others what the screen does, for those who stand too far off to read it.
//!
//! | Light | Pin | On |
//! |---|---|---|
//! | LD1, green | PA5 | the application runs |
//! | LD2, green | PB14 | it is the holder's or operator's turn |
//! | LD4, blue | PC9 low | the terminal works: the card stays in |
//! | LD3, yellow | PC9 high | something is wrong, or was not done |
//!
//! LD3 and LD4 share a pin and are dark while it is an input.

use qiyong_firmware::ui::Signal;
use stm32_metapac as pac;
use stm32_metapac::gpio::Gpio;
use stm32_metapac::gpio::vals::Moder;

const RUNS: (Gpio, usize) = (pac::GPIOA, 5);
const READY: (Gpio, usize) = (pac::GPIOB, 14);
const WORKS_OR_WRONG: (Gpio, usize) = (pac::GPIOC, 9);

fn set((port, pin): (Gpio, usize), high: bool, mode: Moder) {
    // The level first, so that nothing flashes up.
    port.bsrr().write(|w| if high { w.set_bs(pin, true) } else { w.set_br(pin, true) });
    port.moder().modify(|w| w.set_moder(pin, mode));
}

/// Lights LD1 alone.
pub(crate) fn start() {
    set(RUNS, true, Moder::OUTPUT);
    set(READY, false, Moder::OUTPUT);
    set(WORKS_OR_WRONG, false, Moder::INPUT);
}

/// Shows a signal.
pub(crate) fn show(signal: Signal) {
    set(READY, signal == Signal::Ready, Moder::OUTPUT);
    let mode = if signal == Signal::Ready { Moder::INPUT } else { Moder::OUTPUT };
    set(WORKS_OR_WRONG, signal == Signal::Wrong, mode);
}
