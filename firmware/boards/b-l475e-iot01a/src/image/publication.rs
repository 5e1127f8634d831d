//! What a probe reads while the image runs: the screen's words and picture, and whether the core sleeps and what it has taken. The
//! probe finds each by the name of its symbol.
//!
//! The ticks, which a probe reads too, are in `time`, and the log in defmt's own buffer.
#![allow(unsafe_code, reason = "names that a probe looks for")]

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};

/// How often the core went to sleep, times two, and one more while it is awake. So a probe that reads the same even number twice
/// knows that the core slept in between. It is never 0 once the image runs.
#[unsafe(export_name = "QIYONG_WAKES")]
static WAKES: AtomicU32 = AtomicU32::new(1);
/// How many characters have been taken from the lines. A probe sees by it whether what it sent has come.
#[unsafe(export_name = "QIYONG_TAKEN")]
static TAKEN: AtomicU32 = AtomicU32::new(0);
/// The card's receiver is on: a character that comes is taken.
#[unsafe(export_name = "QIYONG_LISTENS")]
static LISTENS: AtomicU32 = AtomicU32::new(0);

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

/// The card's receiver is on from now on.
pub(crate) fn listens() {
    LISTENS.store(1, Ordering::Relaxed);
}

/// The core is about to sleep: all that has come was dealt with.
pub(crate) fn asleep() {
    WAKES.fetch_add(1, Ordering::Release);
}

/// The core is awake again.
pub(crate) fn awake() {
    WAKES.fetch_or(1, Ordering::Release);
}
