//! The words by which a probe sees how the image is. Who writes them stands at each (`qiyong_board_support::bench`).
#![allow(unsafe_code, reason = "a name that a probe looks for")]

use qiyong_board_support::bench::Live;

/// See there.
#[unsafe(export_name = "QIYONG_LIVE")]
pub(crate) static LIVE: Live = Live::new();
