//! What a probe reads while the image runs: the screen's words and picture, and whether the core sleeps and what it has taken. The
//! probe finds each by the name of its symbol.
//!
//! The log, which a probe reads too, is in defmt's own buffer.
#![allow(unsafe_code, reason = "names that a probe looks for")]

use core::sync::atomic::{AtomicU8, Ordering};

use embedded_hal::digital::OutputPin;
use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};
use stm32_metapac::gpio::vals::Ot;

use super::live::LIVE;
use super::pins::Pin;
use super::time;

/// How many bytes a field of the screen has.
const FIELD: usize = 48;
/// What stands on the screen, for a probe: a number that is odd while the rest is being written, then English, Chinese
/// and detail, each UTF-8 in 48 bytes, filled up with zeros.
#[unsafe(export_name = "QIYONG_SCREEN")]
static SCREEN: [AtomicU8; 1 + 3 * FIELD] = [const { AtomicU8::new(0) }; 1 + 3 * FIELD];
/// The picture on the screen, for a probe and the panel: a number that is odd while the rest is being written, then the
/// framebuffer.
#[unsafe(export_name = "QIYONG_FRAME")]
static FRAME: [AtomicU8; 1 + LEN] = [const { AtomicU8::new(0) }; 1 + LEN];

/// Writes words and picture.
pub(crate) fn write_screen(fields: [&str; 3], frame: &Framebuffer) {
    let mut words = [0; 3 * FIELD];
    for (to, from) in words.chunks_mut(FIELD).zip(fields) {
        to.iter_mut().zip(from.bytes()).for_each(|(to, from)| *to = from);
    }
    publish(&SCREEN, &words);
    publish(&FRAME, frame.bytes());
    LIVE.shown.fetch_add(1, Ordering::Relaxed);
}

/// Writes what a probe may read at any time.
fn publish(cells: &[AtomicU8], bytes: &[u8]) {
    let Some((number, rest)) = cells.split_first() else {
        return;
    };
    let before = number.load(Ordering::Relaxed);
    number.store(before.wrapping_add(1), Ordering::SeqCst);
    rest.iter().zip(bytes).for_each(|(to, from)| to.store(*from, Ordering::Relaxed));
    number.store(before.wrapping_add(2), Ordering::SeqCst);
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
    LIVE.wakes.fetch_add(1, Ordering::Release);
    show(true);
}

/// The core is awake again.
pub(crate) fn awake() {
    LIVE.wakes.fetch_or(1, Ordering::Release);
    show(false);
}
