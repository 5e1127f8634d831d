//! The words by which a probe sees how the image is. Who writes them stands at each; the screen is `publication`'s.
#![allow(unsafe_code, reason = "a name that a probe looks for")]

use core::sync::atomic::AtomicU32;

/// What a probe reads at one go: how the image is. The words of a moment belong together if the core sleeps.
#[repr(C)]
pub(crate) struct Live {
    /// How often the core went to sleep, times two, and one more while it is awake. It is never 0 once the image runs.
    pub(crate) wakes: AtomicU32,
    /// How many characters have been taken from the lines. A probe sees by it whether what it sent has come.
    pub(crate) taken: AtomicU32,
    /// Ticks since the start, which go round. A probe that tells the time sees by them that SysTick's handler has run.
    pub(crate) ticks: AtomicU32,
    /// The card's receiver is on: a character that comes is taken.
    pub(crate) listens: AtomicU32,
    /// How often the screen was written.
    pub(crate) shown: AtomicU32,
    /// Where a probe tells the time: the next moment at which something happens by itself, in cycles, lower half first.
    pub(crate) next: [AtomicU32; 2],
}

/// See there.
#[unsafe(export_name = "QIYONG_LIVE")]
pub(crate) static LIVE: Live = Live {
    wakes: AtomicU32::new(1),
    taken: AtomicU32::new(0),
    ticks: AtomicU32::new(0),
    listens: AtomicU32::new(0),
    shown: AtomicU32::new(0),
    next: [const { AtomicU32::new(u32::MAX) }; 2],
};
