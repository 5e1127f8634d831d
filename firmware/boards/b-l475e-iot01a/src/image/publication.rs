//! What a probe reads while the image runs: the screen's words and picture, and what the lines have done to the core. The
//! probe finds each by the name of its symbol.
//!
//! The ticks, which a probe reads too, are in `time`, and the log in defmt's own buffer.
#![allow(unsafe_code, reason = "names that a probe looks for")]

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};

/// How often something that came over a line woke the core, times two, and one more while the core is awake. A probe that
/// sends one thing after the other sends the next when the core has dealt with the one before and sleeps again.
#[unsafe(export_name = "QIYONG_WAKES")]
static WAKES: AtomicU32 = AtomicU32::new(1);
/// How many characters have been taken from the lines. A probe sees by it whether what it sent has come.
#[unsafe(export_name = "QIYONG_TAKEN")]
static TAKEN: AtomicU32 = AtomicU32::new(0);
/// Something came over a line since the last poll.
static EVENT: AtomicBool = AtomicBool::new(false);

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
    TAKEN.fetch_add(1, Ordering::Relaxed);
}

/// A line has interrupted.
pub(crate) fn line_event() {
    EVENT.store(true, Ordering::Relaxed);
}

/// The task has been polled: what came over a line before that counts now.
pub(crate) fn polled() {
    if EVENT.swap(false, Ordering::Relaxed) {
        WAKES.fetch_add(2, Ordering::Relaxed);
    }
}

/// The core is about to sleep.
pub(crate) fn asleep() {
    WAKES.fetch_and(!1, Ordering::Relaxed);
}

/// The core is awake again.
pub(crate) fn awake() {
    WAKES.fetch_or(1, Ordering::Relaxed);
}
