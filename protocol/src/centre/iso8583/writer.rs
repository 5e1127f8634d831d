//! Makes a message in the caller's buffer. Reading a message is done in `view`.

use core::fmt;

use super::field::{Content, Size, find};
use super::header::{Mti, START, bit};
use super::mac::{Mac, MacKey};
use super::view::{Value, is_well_formed};
use crate::iso7816::tlv;

/// Why a message cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError {
    /// The buffer ends within this field; 0 stands for the bytes before all fields.
    Full {
        /// The field.
        field: u8,
    },
    /// The table does not have this field, or gives it another content.
    Field {
        /// The field.
        field: u8,
    },
    /// This field has the wrong length.
    Length {
        /// The field.
        field: u8,
    },
    /// This field contains something that is not allowed.
    Content {
        /// The field.
        field: u8,
    },
    /// This field was put after one with a higher number, or was put twice.
    Order {
        /// The field.
        field: u8,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { field } => write!(f, "the buffer is too small: it ends within F{field}"),
            Self::Field { field } => write!(f, "F{field} is unknown or consists of something else"),
            Self::Length { field } => write!(f, "F{field} cannot be that long"),
            Self::Content { field } => write!(f, "F{field} cannot hold such a character"),
            Self::Order { field } => write!(f, "F{field} must stand before the fields with higher numbers, and once"),
        }
    }
}

impl core::error::Error for WriteError {}

/// Writes one message, field after field in the order of their numbers.
///
/// The first error is kept and reported at the end, so that the calls between need no checks.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    used: usize,
    mti: Mti,
    bitmap: u64,
    result: Result<(), WriteError>,
}

/// The offset of the MTI: after length, TPDU and header.
const MTI_AT: usize = 2 + 5 + 6;

impl<'b> Writer<'b> {
    /// Begins a message.
    pub fn new(buffer: &'b mut [u8], tpdu: [u8; 5], header: [u8; 6], mti: Mti) -> Self {
        let mut writer = Self { buffer, used: 2, mti, bitmap: 0, result: Ok(()) };
        writer.push(0, &tpdu);
        writer.push(0, &header);
        // MTI and bitmap: known only at the end.
        writer.push(0, &[0; 10]);
        writer
    }

    /// Puts a field of digits, each 0 to 9 (13 for the separator of track 2).
    pub fn digits(&mut self, number: u8, digits: &[u8]) {
        self.field(
            number,
            digits.len(),
            |content| matches!(content, Content::Digits | Content::Track),
            &mut |writer| {
                if digits.iter().any(|digit| *digit > 0x0F) {
                    writer.fail(WriteError::Content { field: number });
                }
                let mut left = digits;
                while let [high, rest @ ..] = left {
                    let (low, rest) = rest.split_first().unwrap_or((&0, rest));
                    writer.push(number, &[high << 4 | low & 0x0F]);
                    left = rest;
                }
            },
        );
    }

    /// Puts a field of text.
    pub fn text(&mut self, number: u8, text: &[u8]) {
        let is_text = |content| content == Content::Text;
        self.field(number, text.len(), is_text, &mut |writer| writer.push(number, text));
    }

    /// Puts a field of data objects, each a tag and a value, in their shortest form. Objects that are `None` are left
    /// out.
    pub fn objects(&mut self, number: u8, objects: &[Option<(u32, &[u8])>]) {
        let objects = || objects.iter().flatten();
        let length = objects().map(|(tag, value)| tlv::encoded_len(*tag, value.len())).sum();
        self.field(number, length, |content| content == Content::Binary, &mut |writer| {
            for (tag, value) in objects() {
                let room = writer.buffer.get_mut(writer.used..).unwrap_or_default();
                match tlv::write(room, *tag, value) {
                    Some(written) => writer.used += written,
                    None => writer.fail(WriteError::Full { field: number }),
                }
            }
        });
    }

    /// Puts a field as another message has it.
    pub fn copy(&mut self, value: Value<'_>) {
        self.field(value.field.number, value.count, |_| true, &mut |writer| {
            writer.push(value.field.number, value.bytes)
        });
    }

    /// The whole message, without a MAC.
    ///
    /// # Errors
    /// The first error.
    pub fn finish(mut self) -> Result<&'b [u8], WriteError> {
        self.put_start();
        self.result?;
        let buffer: &'b [u8] = self.buffer;
        buffer.get(..self.used).ok_or(WriteError::Full { field: 0 })
    }

    /// The whole message with its MAC in F64.
    ///
    /// # Errors
    /// The first error.
    pub fn finish_with_mac(self, key: &dyn MacKey) -> Result<&'b [u8], WriteError> {
        self.finish_after(key, &[]).map(|(_, bytes)| bytes)
    }

    /// The same with a MAC that also covers what is `before` the message; returns the MAC, too.
    ///
    /// # Errors
    /// The first error.
    pub fn finish_after(mut self, key: &dyn MacKey, before: &[u8]) -> Result<(Mac, &'b [u8]), WriteError> {
        self.bitmap |= bit(64);
        self.put_start();
        let authenticated = self.buffer.get(MTI_AT..self.used).unwrap_or_default();
        let mac = key.mac_after(before, authenticated);
        self.push(64, &mac.0);
        Ok((mac, self.finish()?))
    }

    /// Puts the length, and after TPDU and header, MTI and bitmap.
    fn put_start(&mut self) {
        // Thirty fields of at most 999 bytes cannot exceed u16.
        let length = (self.used - 2) as u16;
        self.buffer.iter_mut().zip(length.to_be_bytes()).for_each(|(to, from)| *to = from);
        let start = self.mti.0.to_be_bytes().into_iter().chain(self.bitmap.to_be_bytes());
        self.buffer.iter_mut().skip(MTI_AT).zip(start).for_each(|(to, from)| *to = from);
    }

    /// Puts the length of a field; `put` then writes its bytes.
    fn field(
        &mut self,
        number: u8,
        count: usize,
        fits: fn(Content) -> bool,
        // Not a generic type: the code would exist once for each caller.
        put: &mut dyn FnMut(&mut Self),
    ) {
        let Some(field) = find(number).filter(|field| fits(field.content)) else {
            return self.fail(WriteError::Field { field: number });
        };
        if self.bitmap & (bit(number) | (bit(number) - 1)) != 0 {
            return self.fail(WriteError::Order { field: number });
        }
        let fits = match field.size {
            Size::Fixed(expected) => count == expected,
            Size::Ll(most) | Size::Lll(most) => count <= most,
        };
        if !fits {
            return self.fail(WriteError::Length { field: number });
        }
        self.bitmap |= bit(number);
        // At most 999, so that no digit is above 9.
        let [high, low] = [(count / 100) as u8, (count / 10 % 10 * 16 + count % 10) as u8];
        match field.size {
            Size::Fixed(_) => {}
            Size::Ll(_) => self.push(number, &[low]),
            Size::Lll(_) => self.push(number, &[high, low]),
        }
        let from = self.used;
        put(self);
        let bytes = self.buffer.get(from..self.used).unwrap_or_default();
        if self.result.is_ok() && !is_well_formed(&Value { field, count, bytes }) {
            self.fail(WriteError::Content { field: number });
        }
    }

    fn push(&mut self, field: u8, bytes: &[u8]) {
        let end = self.used + bytes.len();
        match self.buffer.get_mut(self.used..end) {
            Some(room) => {
                room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                self.used = end;
            }
            None => self.fail(WriteError::Full { field }),
        }
    }

    /// Keeps the first error.
    fn fail(&mut self, error: WriteError) {
        self.result = self.result.and(Err(error));
    }
}

const _: () = assert!(MTI_AT + 2 + 8 == START);
