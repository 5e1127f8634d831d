//! A message as a view over its bytes. Making a message is done in `writer`.

use core::fmt;

use super::field::{Content, Field, Size, find};
use super::header::{Mti, bit};
use super::mac::{Mac, MacKey};
use crate::card::date::from_bcd;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FormatError {
    /// The bytes end before the end of the bitmap.
    Short,
    /// The length says another number of bytes than those that follow.
    Length {
        /// What the length says.
        announced: u16,
        /// How many bytes follow.
        follow: usize,
    },
    /// The message type contains something other than digits.
    Mti(u16),
    /// Bit 1 is set: a second bitmap would follow, which UnionPay's terminals do not use.
    SecondBitmap,
    /// The bytes end within this field or within its length.
    Truncated {
        /// The field.
        field: u8,
    },
    /// The length of this field contains something other than digits.
    FieldLength {
        /// The field.
        field: u8,
    },
    /// This field is longer than the table allows.
    TooLong {
        /// The field.
        field: u8,
    },
    /// This field contains something other than digits, or than printable characters.
    Content {
        /// The field.
        field: u8,
    },
    /// So many bytes follow the last field.
    Trailing(usize),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("the message ends before its bitmap"),
            Self::Length { announced, follow } => {
                write!(f, "the message's length says {announced} bytes, and {follow} follow")
            }
            Self::Mti(mti) => write!(f, "message type {mti:04X} has something else than digits"),
            Self::SecondBitmap => f.write_str("bit 1 of the bitmap is set, but a message has one bitmap"),
            Self::Truncated { field } => write!(f, "the message ends within F{field}"),
            Self::FieldLength { field } => write!(f, "the length of F{field} has something else than digits"),
            Self::TooLong { field } => write!(f, "F{field} is longer than it may be"),
            Self::Content { field } => write!(f, "F{field} has a character that it must not have"),
            Self::Trailing(bytes) => write!(f, "{bytes} bytes follow the message's last field"),
        }
    }
}

impl core::error::Error for FormatError {}

/// A field of a message. Its contents may belong to a person, so that `Debug` does not show them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// Which field.
    pub field: &'static Field,
    /// How many digits, characters or bytes it has.
    pub count: usize,
    /// Its bytes, without the length.
    pub bytes: &'a [u8],
}

impl<'a> Value<'a> {
    /// The digits of a field that consists of digits, each 0 to 9 (13 for the separator of track 2).
    pub fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).take(self.count)
    }

    /// The digits as an array, if there are exactly `N`.
    pub fn digit_array<const N: usize>(&self) -> Option<[u8; N]> {
        let mut array = [0; N];
        array.iter_mut().zip(self.digits()).for_each(|(to, digit)| *to = digit);
        (self.count == N).then_some(array)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{} ({})", self.field.number, self.count)
    }
}

/// The bytes before F64, and the eight bytes of F64.
fn without_mac(bytes: &[u8]) -> Result<(&[u8], &[u8; 8]), FormatError> {
    // Not by `split_last_chunk`, where some compilers leave a panic.
    let split = bytes.len().checked_sub(8).and_then(|at| bytes.split_at_checked(at));
    let (before, mac) = split.ok_or(FormatError::Truncated { field: 64 })?;
    Ok((before, mac.try_into().map_err(|_| FormatError::Truncated { field: 64 })?))
}

/// A message. Its form has been checked; its MAC has not.
///
/// A field that is not in [the table](super::field::FIELDS) has no known length. Neither this field nor those after it
/// can be read; the rest of the message can, the MAC included. See [`Message::unread`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    tpdu: &'a [u8; 5],
    header: &'a [u8; 6],
    mti: Mti,
    bitmap: u64,
    /// From the MTI to the last field before the MAC.
    authenticated: &'a [u8],
    /// The fields that can be read.
    fields: &'a [u8],
    unread: Option<(u8, &'a [u8])>,
    mac: Option<&'a [u8; 8]>,
}

impl<'a> Message<'a> {
    /// Reads `bytes`, which must be one message from its length to its end.
    ///
    /// # Errors
    /// The first fault from the left.
    pub fn read(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or(FormatError::Short)?;
        let announced = u16::from_be_bytes(*length);
        if usize::from(announced) != rest.len() {
            return Err(FormatError::Length { announced, follow: rest.len() });
        }
        let (tpdu, rest) = rest.split_first_chunk::<5>().ok_or(FormatError::Short)?;
        let (header, authenticated) = rest.split_first_chunk::<6>().ok_or(FormatError::Short)?;
        let (mti, rest) = authenticated.split_first_chunk::<2>().ok_or(FormatError::Short)?;
        if mti.iter().any(|byte| from_bcd(*byte).is_none()) {
            return Err(FormatError::Mti(u16::from_be_bytes(*mti)));
        }
        let (bitmap, fields) = rest.split_first_chunk::<8>().ok_or(FormatError::Short)?;
        let bitmap = u64::from_be_bytes(*bitmap);
        if bitmap & bit(1) != 0 {
            return Err(FormatError::SecondBitmap);
        }
        let (authenticated, fields, mac) = if bitmap & bit(64) == 0 {
            (authenticated, fields, None)
        } else {
            let (fields, mac) = without_mac(fields)?;
            let (authenticated, _) = without_mac(authenticated)?;
            (authenticated, fields, Some(mac))
        };
        let mti = Mti(u16::from_be_bytes(*mti));
        let whole = Self { tpdu, header, mti, bitmap, authenticated, fields, unread: None, mac };
        whole.checked()
    }

    /// Walks all fields once; separates the readable ones from the rest.
    fn checked(self) -> Result<Self, FormatError> {
        let mut rest = self.fields;
        for number in self.numbers() {
            let Some(field) = find(number) else {
                let readable = self.fields.get(..self.fields.len() - rest.len()).unwrap_or_default();
                return Ok(Self { fields: readable, unread: Some((number, rest)), ..self });
            };
            (_, rest) = take(field, rest)?;
        }
        if rest.is_empty() { Ok(self) } else { Err(FormatError::Trailing(rest.len())) }
    }

    /// The numbers of its fields, except F64.
    fn numbers(self) -> impl Iterator<Item = u8> {
        (2..64).filter(move |number| self.bitmap & bit(*number) != 0)
    }

    /// The readable fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let mut rest = self.fields;
        self.numbers().map_while(move |number| {
            // Its contents were looked at when the message was read.
            let (value, behind) = split(find(number)?, rest).ok()?;
            rest = behind;
            Some(value)
        })
    }

    /// A field, if the message has it and it is readable.
    pub fn field(&self, number: u8) -> Option<Value<'a>> {
        self.fields().find(|value| value.field.number == number)
    }

    /// The number of the first field of unknown length, and all bytes from there to the MAC.
    pub const fn unread(&self) -> Option<(u8, &'a [u8])> {
        self.unread
    }

    /// The transport header.
    pub const fn tpdu(&self) -> [u8; 5] {
        *self.tpdu
    }

    /// The application header.
    pub const fn header(&self) -> [u8; 6] {
        *self.header
    }

    /// The message's type.
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Whether F64 is there and is the MAC by `key`, compared in constant time. The MAC does not cover length, TPDU and
    /// header.
    pub fn is_authentic(&self, key: &dyn MacKey) -> bool {
        self.is_authentic_after(key, &[])
    }

    /// The same of an answer, whose MAC also covers what is `before` it: the F64 of its request.
    pub fn is_authentic_after(&self, key: &dyn MacKey, before: &[u8]) -> bool {
        self.mac.is_some_and(|mac| key.mac_after(before, self.authenticated) == Mac(*mac))
    }

    /// F64, right or wrong, if the message has it.
    pub fn mac(&self) -> Option<Mac> {
        self.mac.copied().map(Mac)
    }
}

/// Shows the type and the numbers of the fields. Their contents may belong to a person.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mti)?;
        self.numbers().try_for_each(|number| write!(f, " F{number}"))?;
        if self.mac.is_some() { f.write_str(" F64") } else { Ok(()) }
    }
}

/// Reads one field; returns it and the bytes after it.
///
/// # Errors
/// The bytes do not begin with such a field.
pub fn take<'a>(field: &'static Field, bytes: &'a [u8]) -> Result<(Value<'a>, &'a [u8]), FormatError> {
    let (value, rest) = split(field, bytes)?;
    if is_well_formed(&value) { Ok((value, rest)) } else { Err(FormatError::Content { field: field.number }) }
}

/// The same, and the field's contents are not looked at.
fn split<'a>(field: &'static Field, bytes: &'a [u8]) -> Result<(Value<'a>, &'a [u8]), FormatError> {
    let number = field.number;
    let truncated = FormatError::Truncated { field: number };
    let (count, rest, most) = match field.size {
        Size::Fixed(count) => (Some(count), bytes, count),
        Size::Ll(most) => {
            let ([length], rest) = bytes.split_first_chunk().ok_or(truncated)?;
            (from_bcd(*length).map(usize::from), rest, most)
        }
        Size::Lll(most) => {
            let ([high, low], rest) = bytes.split_first_chunk().ok_or(truncated)?;
            let count = from_bcd(*high).zip(from_bcd(*low));
            (count.map(|(high, low)| usize::from(high) * 100 + usize::from(low)), rest, most)
        }
    };
    let count = count.ok_or(FormatError::FieldLength { field: number })?;
    if count > most {
        return Err(FormatError::TooLong { field: number });
    }
    let (bytes, rest) = rest.split_at_checked(field.content.bytes(count)).ok_or(truncated)?;
    Ok((Value { field, count, bytes }, rest))
}

/// Whether a field has only allowed contents.
pub(super) fn is_well_formed(value: &Value<'_>) -> bool {
    match value.field.content {
        Content::Digits => value.digits().all(|digit| digit <= 9),
        Content::Track => value.digits().all(|digit| digit <= 9 || digit == 0xD),
        Content::Text => value.bytes.iter().all(|byte| matches!(byte, 0x20..=0x7E)),
        Content::Binary => true,
    }
}
