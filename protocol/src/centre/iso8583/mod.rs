//! ISO 8583 messages in the form that UnionPay's terminals use (docs/card.md §5): fields, their bytes, and the MAC.
//!
//! ```text
//! length 2 | TPDU 5 | header 6 | MTI 2 | bitmap 8 | fields, in the order of their numbers | F64, the MAC, 8
//! ```
//!
//! The length is big-endian and does not count itself. [`Message`] is a view over the bytes of one message. [`Writer`]
//! makes a message in the caller's buffer. Both follow the table in [`field`]. [`mac`] computes F64. What the fields of
//! *our* messages mean is not known here, but in [`super::message`].
//!
//! Nothing here panics. [`Message::read`] checks the whole message once: every field is within it, and has the length and the
//! characters that the table allows. After that no accessor can fail: a field is there or it is not. A [`Writer`] keeps
//! its first error, such as a full buffer, and gives it at the end instead of bytes.
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

#[cfg(any(test, feature = "des-tables"))]
mod des_by_tables;
pub mod field;
mod header;
pub mod mac;
mod view;
mod writer;

pub use header::{HEADER, Mti, START, TPDU, swapped};
pub use view::{FormatError, Message, Value, take};
pub use writer::{WriteError, Writer};

#[cfg(test)]
mod tests;
