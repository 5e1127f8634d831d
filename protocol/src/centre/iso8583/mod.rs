//! ISO 8583 messages in the form that UnionPay's terminals use (docs/card.md §5): fields, their bytes, and the MAC.
//!
//! ```text
//! length 2 | TPDU 5 | header 6 | MTI 2 | bitmap 8 | fields, in the order of their numbers | F64, the MAC, 8
//! ```
//!
//! The length is big-endian and does not count itself. [`Message`] is a view over the bytes of one message, [`Writer`] makes
//! one in a buffer of the caller's, [`field`] is the table that both go by, [`mac`] computes F64. What the fields of *our*
//! messages mean is not known here: that is [`super::message`]'s.
//!
//! ```
//! use qiyong_protocol::centre::iso8583::{HEADER, Message, Mti, TPDU, Writer};
//!
//! let mut buffer = [0; 64];
//! let mut writer = Writer::new(&mut buffer, TPDU, HEADER, Mti(0x0800));
//! writer.digits(11, &[0, 0, 0, 0, 0, 1]);
//! writer.text(41, b"12345678");
//! let bytes = writer.finish()?;
//!
//! let message = Message::read(bytes).expect("it was just written");
//! assert_eq!(message.mti(), Mti(0x0800));
//! assert_eq!(message.field(41).map(|value| value.bytes), Some(&b"12345678"[..]));
//! # Ok::<(), qiyong_protocol::centre::iso8583::WriteError>(())
//! ```

pub mod field;
pub mod mac;
mod view;
mod writer;

use core::fmt;

pub use view::{FormatError, Message, Value};
pub use writer::{WriteError, Writer};

/// The transport header of a terminal's message: 60, destination 0003, source 0000 (docs/card.md §5.1).
pub const TPDU: [u8; 5] = [0x60, 0x00, 0x03, 0x00, 0x00];

/// The application header (docs/card.md §5.1). What its digits mean is not known; a centre sends back what it got.
pub const HEADER: [u8; 6] = [0x60, 0x31, 0x00, 0x31, 0x13, 0x01];

/// Length, TPDU, header, MTI and bitmap: what every message begins with, in bytes.
pub const START: usize = 2 + 5 + 6 + 2 + 8;

/// The TPDU of an answer: source and destination change places.
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

/// The bit of a field, 1 to 64, in the bitmap read as a big-endian number: field 1 has the highest.
const fn bit(field: u8) -> u64 {
    1u64.rotate_right(field as u32)
}

#[cfg(test)]
mod tests;
