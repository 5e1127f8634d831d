//! What a probe finds by the name of its symbol, and the storage region, which the linker script names.
#![allow(unsafe_code, reason = "names that a probe looks for, and memory of the linker script")]

use core::slice;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use qiyong_board_support::bench::{Live, Told, WORDS, publish, publish_words, untold};
use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN};
use qiyong_firmware::ui::{Screen, draw};

#[unsafe(export_name = "QIYONG_LIVE")]
pub(crate) static LIVE: Live = Live::new();

#[used]
#[unsafe(export_name = "QIYONG_TOLD")]
#[unsafe(link_section = ".uninit.told")]
pub(crate) static TOLD: Told = untold();

#[unsafe(export_name = "QIYONG_SCREEN")]
static SCREEN: [AtomicU8; WORDS] = [const { AtomicU8::new(0) }; WORDS];

#[unsafe(export_name = "QIYONG_FRAME")]
static FRAME: [AtomicU8; 1 + LEN] = [const { AtomicU8::new(0) }; 1 + LEN];

/// Shows a screen to the probe, and in the log: the board has no panel that is driven.
pub(crate) fn show(screen: &Screen) {
    let text = screen.text();
    defmt::info!("screen: {=str} {=str}", text.english, text.detail.as_str());
    let mut frame = Framebuffer::new();
    let Ok(()) = draw::draw(&text, &mut frame);
    publish_words(&SCREEN, [text.english, text.chinese, text.detail.as_str()]);
    publish(&FRAME, frame.bytes());
    LIVE.shown.fetch_add(1, Ordering::Relaxed);
}

// Symbols of memory.x, whose addresses are all there is to them.
unsafe extern "C" {
    static QIYONG_STORAGE_RAM: AtomicU32;
    static QIYONG_STORAGE_LENGTH: u8;
}

/// The words of the storage region.
pub(crate) fn storage() -> &'static [AtomicU32] {
    let length = (&raw const QIYONG_STORAGE_LENGTH).addr();
    // SAFETY: memory.x keeps the region apart from all else, and atomics may change.
    unsafe { slice::from_raw_parts(&raw const QIYONG_STORAGE_RAM, length / size_of::<AtomicU32>()) }
}
