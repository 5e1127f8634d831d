//! The lights: one says that the terminal runs, the others what the screen does, for those who stand too far off to read it.
//!
//! | Light | Pin, high | On |
//! |---|---|---|
//! | runs, the board's own | GP25 | the application runs |
//! | ready | GP16 | it is the holder's or operator's turn |
//! | works | GP17 | the terminal works: the card stays in |
//! | wrong | GP18 | something is wrong, or was not done |

use embassy_rp::Peri;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::{PIN_16, PIN_17, PIN_18, PIN_25};
use qiyong_firmware::ui::Signal;

/// The lights.
pub(crate) struct Lights {
    _runs: Output<'static>,
    ready: Output<'static>,
    works: Output<'static>,
    wrong: Output<'static>,
}

impl Lights {
    /// Lights the first one alone.
    pub(crate) fn new(
        runs: Peri<'static, PIN_25>,
        ready: Peri<'static, PIN_16>,
        works: Peri<'static, PIN_17>,
        wrong: Peri<'static, PIN_18>,
    ) -> Self {
        Self {
            _runs: Output::new(runs, Level::High),
            ready: Output::new(ready, Level::Low),
            works: Output::new(works, Level::Low),
            wrong: Output::new(wrong, Level::Low),
        }
    }

    /// Shows a signal.
    pub(crate) fn show(&mut self, signal: Signal) {
        self.ready.set_level((signal == Signal::Ready).into());
        self.works.set_level((signal == Signal::Busy).into());
        self.wrong.set_level((signal == Signal::Wrong).into());
    }
}
