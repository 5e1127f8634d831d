//! Pins and levels, what the doctor is fed with; and whose fault something is.

use serde::Serialize;

/// A pin of the card slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pin {
    /// The supply: high while there is any.
    Vcc,
    /// Reset.
    Rst,
    /// The clock itself, edge by edge.
    Clk,
    /// In place of [`Pin::Clk`]: high while the clock runs.
    ClkOn,
    /// The data line.
    Io,
    /// The switch in the slot: high while a card is there.
    Detect,
    /// Beside [`Pin::ClkOn`]: the level at which the clock stands while it does not run. Without it nobody knows.
    ClkStop,
}

impl Pin {
    /// Every pin with its name in files and reports.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::Vcc, "VCC"),
        (Self::Rst, "RST"),
        (Self::Clk, "CLK"),
        (Self::ClkOn, "CLK_ON"),
        (Self::Io, "I/O"),
        (Self::Detect, "CD"),
        (Self::ClkStop, "CLK_STOP"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find_map(|(pin, name)| (pin == self).then_some(name)).unwrap_or_default()
    }
}

/// The level of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// State L.
    Low,
    /// State H.
    High,
    /// Not shown, as in our captures the moments of a secret character.
    Hidden,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The board's: wires, pins, or the terminal's software.
    Board,
    /// The card's.
    Card,
}

/// What is known of a capture beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// CLK in Hz while [`Pin::ClkOn`] is high, and until [`Pin::Clk`] has been measured.
    pub clk_hz: u32,
    /// By how many ns a time may be wrong: the period at which the line was sampled.
    pub resolution_ns: u64,
}
