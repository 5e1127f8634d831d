//! Pins and levels: what the doctor is fed with.

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
}

impl Pin {
    /// Every pin with its name in files and reports.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::Vcc, "VCC"),
        (Self::Rst, "RST"),
        (Self::Clk, "CLK"),
        (Self::ClkOn, "CLK_ON"),
        (Self::Io, "I/O"),
        (Self::Detect, "CD"),
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
