//! The panel on I2C1: an SSD1306, if there is one. Bytes go out by interrupt, so nobody ever waits for it: not the card, and
//! not the terminal where nothing answers, or where there is no I2C at all, as in the emulator.
//!
//! | Signal | Pin | Arduino |
//! |---|---|---|
//! | SCL | PB8 | D15 |
//! | SDA | PB9 | D14 |
//!
//! What is sent is `qiyong_firmware::ui::panel`'s business.

use core::cell::Cell;

use critical_section::Mutex;
use qiyong_firmware::ui::panel::{ADDRESS, Transfer};
use stm32_metapac as pac;
use stm32_metapac::gpio::vals::{Ot, Pupdr};
use stm32_metapac::i2c::vals::{Autoend, Dir};

use super::{pins, publication, time};

const I2C: pac::i2c::I2c = pac::I2C1;
const SCL: usize = 8;
const SDA: usize = 9;
/// I2C1's alternate function of PB8 and PB9.
const I2C1_AF: u8 = 4;
/// 400 kHz from 16 MHz (RM0351, 39.4.10, examples of timing settings).
const TIMING: u32 = 0x1032_0309;
/// A picture takes 25 ms; one that is not through by now, in µs, will not be.
const PATIENCE_US: u64 = 100_000;

#[derive(Clone, Copy)]
struct State {
    /// What is under way, if anything is.
    transfer: Option<Transfer>,
    /// How many of its bytes have gone.
    sent: usize,
    /// The picture has changed since it was begun.
    again: bool,
    begun_us: u64,
}

static STATE: Mutex<Cell<State>> = Mutex::new(Cell::new(State { transfer: None, sent: 0, again: false, begun_us: 0 }));

/// Begins to send what `publication::frame_byte` gives.
pub(crate) fn refresh() {
    critical_section::with(|cs| {
        let mut state = STATE.borrow(cs).get();
        let now_us = time::now_us();
        if state.transfer.is_some() && now_us < state.begun_us + PATIENCE_US {
            state.again = true;
        } else {
            set_up();
            state.begun_us = now_us;
            begin(&mut state, Some(Transfer::FIRST));
        }
        STATE.borrow(cs).set(state);
    });
}

/// Switching it off and on forgets a transfer that never ended (RM0351, 39.4.6).
fn set_up() {
    for pin in [SCL, SDA] {
        // Without a panel nothing else holds the lines up, and its pull-ups do more than these.
        pac::GPIOB.pupdr().modify(|w| w.set_pupdr(pin, Pupdr::PULL_UP));
        pins::alternate(pac::GPIOB, pin, I2C1_AF, Ot::OPEN_DRAIN);
    }
    I2C.cr1().write(|_| {});
    I2C.timingr().write_value(pac::i2c::regs::Timingr(TIMING));
    // The read makes sure that it was off for the three cycles that it takes.
    let _ = I2C.cr1().read();
    I2C.cr1().write(|w| {
        w.set_pe(true);
        w.set_txie(true);
        w.set_stopie(true);
    });
}

fn begin(state: &mut State, transfer: Option<Transfer>) {
    (state.transfer, state.sent) = (transfer, 0);
    let Some(transfer) = transfer else {
        return;
    };
    if transfer == Transfer::FIRST {
        state.again = false;
    }
    I2C.cr2().write(|w| {
        w.set_sadd(u16::from(ADDRESS) << 1);
        w.set_dir(Dir::WRITE);
        w.set_nbytes(transfer.size());
        w.set_autoend(Autoend::AUTOMATIC);
        w.set_start(true);
    });
}

/// The next byte, or the next transfer. A panel that does not acknowledge is left alone until the next screen.
pub(crate) fn interrupt() {
    critical_section::with(|cs| {
        let mut state = STATE.borrow(cs).get();
        let status = I2C.isr().read();
        if status.txis() {
            let byte = state.transfer.map_or(0, |transfer| transfer.byte(state.sent, publication::frame_byte));
            I2C.txdr().write(|w| w.set_txdata(byte));
            state.sent += 1;
        }
        if status.stopf() {
            I2C.icr().write(|w| {
                w.set_stopcf(true);
                w.set_nackcf(true);
            });
            // A byte that was not fetched.
            I2C.isr().write(|w| w.set_txe(true));
            let next = state.transfer.filter(|_| !status.nackf()).and_then(Transfer::next);
            let again = state.again && state.transfer.is_some();
            begin(&mut state, next.or(again.then_some(Transfer::FIRST)));
        }
        STATE.borrow(cs).set(state);
    });
}
