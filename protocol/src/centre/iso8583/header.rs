//! What every message begins with, before its fields: TPDU, header, message type, and the bits of the bitmap.

use core::fmt;

/// The transport header of a terminal's message: 60, destination 0003, source 0000 (docs/card.md §5.1).
pub const TPDU: [u8; 5] = [0x60, 0x00, 0x03, 0x00, 0x00];

/// The application header (docs/card.md §5.1). The meaning of its digits is not known; a centre returns them as
/// received.
pub const HEADER: [u8; 6] = [0x60, 0x31, 0x00, 0x31, 0x13, 0x01];

/// Length, TPDU, header, MTI and bitmap, in bytes: every message begins with them.
pub const START: usize = 2 + 5 + 6 + 2 + 8;

/// The TPDU of an answer: source and destination are exchanged.
pub const fn swapped(tpdu: [u8; 5]) -> [u8; 5] {
    let [id, to_high, to_low, from_high, from_low] = tpdu;
    [id, from_high, from_low, to_high, to_low]
}

/// Message type identifier, its four digits as BCD: 0x0200 is a financial request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mti(pub u16);

impl Mti {
    /// The type that answers a request or an advice: 0200 is answered by 0210, 0620 by 0630.
    pub const fn answer(self) -> Self {
        Self(self.0 | 0x0010)
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The bit of a field, 1 to 64, in the bitmap read as a big-endian number: field 1 has the highest bit.
pub(super) const fn bit(field: u8) -> u64 {
    1u64.rotate_right(field as u32)
}
