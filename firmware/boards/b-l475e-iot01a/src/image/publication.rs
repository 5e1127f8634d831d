//! What a probe reads while the image runs: the screen's words and picture, and whether the core sleeps and what it has taken. The
//! probe finds each by the name of its symbol.
//!
//! The log, which a probe reads too, is in defmt's own buffer.
#![allow(unsafe_code, reason = "names that a probe looks for")]

use core::sync::atomic::{AtomicU8, Ordering};

use embedded_hal::digital::OutputPin;
use qiyong_board_support::bench::{WORDS, publish, publish_words};
use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};
use stm32_metapac::gpio::vals::Ot;

use super::live::LIVE;
use super::pins::Pin;
use super::time;

/// What stands on the screen, for a probe.
#[unsafe(export_name = "QIYONG_SCREEN")]
static SCREEN: [AtomicU8; WORDS] = [const { AtomicU8::new(0) }; WORDS];
/// The picture on the screen, for a probe and the panel: a number that is odd while the rest is being written, then the
/// framebuffer.
#[unsafe(export_name = "QIYONG_FRAME")]
static FRAME: [AtomicU8; 1 + LEN] = [const { AtomicU8::new(0) }; 1 + LEN];

/// Writes words and picture.
pub(crate) fn write_screen(fields: [&str; 3], frame: &Framebuffer) {
    publish_words(&SCREEN, fields);
    publish(&FRAME, frame.bytes());
    LIVE.shown.fetch_add(1, Ordering::Relaxed);
}

/// A byte of the framebuffer.
pub(crate) fn frame_byte(at: usize) -> u8 {
    FRAME.get(1 + at).map_or(0, |byte| byte.load(Ordering::Relaxed))
}

/// A character has been taken from a line.
pub(crate) fn taken() {
    LIVE.taken.fetch_add(1, Ordering::Relaxed);
}

/// The card's receiver is on from now on.
pub(crate) fn listens() {
    LIVE.listens.store(1, Ordering::Relaxed);
}

/// Begins to show a probe whether the core sleeps.
pub(crate) fn start() {
    if time::is_told() {
        Pin::<'A', 15>.output(Ot::PUSH_PULL);
    }
}

/// Where a probe tells the time, this pin is high while the core sleeps. It has no other use.
fn show(asleep: bool) {
    if time::is_told() {
        let Ok(()) = Pin::<'A', 15>.set_state(asleep.into());
    }
}

/// The core is about to sleep: all that has come was dealt with.
pub(crate) fn asleep() {
    LIVE.asleep();
    show(true);
}

/// The core is awake again.
pub(crate) fn awake() {
    LIVE.awake();
    show(false);
}
