//! BER-TLV data objects, as in the answer to SELECT: `tag | length | value` (ISO/IEC 7816-4 clause 5.2.2).
//!
//! A view over borrowed bytes: [`Objects`] walks the objects of one level, [`Object::objects`] goes one level down,
//! [`find`] follows a path of tags. [`write()`] writes one object into a buffer. The SIMPLE-TLV of
//! [`crate::card::records`] is not read here.
//!
//! A tag is a number here, its bytes read as big-endian: 0x6F, 0x9F0C, 0x7F8101.
//!
//! ```
//! use qiyong_protocol::iso7816::tlv::find;
//!
//! let fci = [0x6F, 0x09, 0x84, 0x02, 0xA1, 0xA2, 0xA5, 0x03, 0x88, 0x01, 0x05];
//! assert_eq!(find(&fci, &[0x6F, 0xA5, 0x88]), Ok(Some(&[0x05][..])));
//! assert_eq!(find(&fci, &[0x6F, 0x50]), Ok(None));
//! ```

use core::fmt;

/// One data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its tag, one to three bytes as a big-endian number.
    pub tag: u32,
    /// Its value; the value of a template consists of objects.
    pub value: &'a [u8],
}

/// The objects of one level, in order; made by [`Objects::new`] and [`Object::objects`].
///
/// Bytes 00 and FF before, between and after objects are skipped. After an error the walk ends, since nobody knows
/// where the next object begins.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
}

/// Why bytes are not a data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TlvError {
    /// The tag has more than three bytes.
    TagTooLong,
    /// The length field begins with this byte: 80, the indefinite form, or more than three bytes of length.
    Length(u8),
    /// The bytes end within an object: in its tag, in its length field, or before the end of its value.
    Truncated,
}

impl fmt::Display for TlvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TagTooLong => f.write_str("the tag of a data object has more than three bytes"),
            Self::Length(byte) => {
                write!(f, "the length of a data object begins with {byte:02X}, expected 00 to 7F, 81, 82 or 83")
            }
            Self::Truncated => f.write_str("a data object is cut short, or its length is wrong"),
        }
    }
}

impl core::error::Error for TlvError {}

impl<'a> Objects<'a> {
    /// The objects of which `bytes` consist. Any bytes are accepted.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that the walk has not come to.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, TlvError>;

    // Inlined into the caller's loop it takes half the time, also if the caller is in another crate.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while let [0x00 | 0xFF, rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let read = object(self.rest);
        self.rest = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(object, _)| object))
    }
}

impl core::iter::FusedIterator for Objects<'_> {}

impl<'a> Object<'a> {
    /// Whether it is a template: its value consists of objects (bit 6 of the tag's first byte).
    pub const fn is_constructed(&self) -> bool {
        let first = match self.tag {
            0..=0xFF => self.tag,
            0x100..=0xFFFF => self.tag >> 8,
            _ => self.tag >> 16,
        };
        first & 0x20 != 0
    }

    /// The objects in a template; none in a primitive object.
    pub const fn objects(&self) -> Objects<'a> {
        Objects::new(if self.is_constructed() { self.value } else { &[] })
    }
}

/// The value at the end of a path of tags, outermost first. On each level the first object with the tag counts.
///
/// `Ok(None)`: some level has no such object. Bytes after an object of the path are not read.
///
/// # Errors
/// If the bytes before an object of the path, or the object itself, are no data object.
pub fn find<'a>(bytes: &'a [u8], path: &[u32]) -> Result<Option<&'a [u8]>, TlvError> {
    let mut objects = Objects::new(bytes);
    let mut value = bytes;
    for tag in path {
        let Some(found) = objects.find(|object| object.is_err() || object.is_ok_and(|object| object.tag == *tag))
        else {
            return Ok(None);
        };
        let object = found?;
        objects = object.objects();
        value = object.value;
    }
    Ok(Some(value))
}

/// Writes one object to the front of `buffer`, its length in the shortest form; returns how many bytes that took.
///
/// `None`: the object does not fit, or its value has 65 536 bytes or more. The caller sees to it that `tag` is a valid
/// tag.
pub fn write(buffer: &mut [u8], tag: u32, value: &[u8]) -> Option<usize> {
    let length = u16::try_from(value.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let size = encoded_len(tag, value.len());
    let field = [0x82, high, low];
    let field: &[u8] = match length {
        0..=0x7F => &[low],
        0x80..=0xFF => &[0x81, low],
        _ => &field,
    };
    let tag = tag.to_be_bytes();
    let tag = tag.iter().skip(4 - tag_len(u32::from_be_bytes(tag)));
    let room = buffer.get_mut(..size)?;
    room.iter_mut().zip(tag.chain(field).chain(value)).for_each(|(to, from)| *to = *from);
    Some(size)
}

/// How many bytes [`write()`] takes for an object, up to 65 535 bytes of value.
pub const fn encoded_len(tag: u32, value: usize) -> usize {
    let length = match value {
        0..=0x7F => 1,
        0x80..=0xFF => 2,
        _ => 3,
    };
    tag_len(tag) + length + value
}

const fn tag_len(tag: u32) -> usize {
    match tag {
        0..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFF_FFFF => 3,
        _ => 4,
    }
}

/// Reads one object; returns it and the bytes after it.
fn object(bytes: &[u8]) -> Result<(Object<'_>, &[u8]), TlvError> {
    let (tag, rest) = tag(bytes)?;
    let (length, rest) = length(rest)?;
    let (value, rest) = rest.split_at_checked(length).ok_or(TlvError::Truncated)?;
    Ok((Object { tag, value }, rest))
}

/// ISO/IEC 7816-4 clause 5.2.2.1: if bits 5 to 1 of the first byte are all ones, more bytes follow; bit 8 of each tells
/// whether there is another. The second byte should be 1F or more, but cards do use tags such as BF0C.
fn tag(bytes: &[u8]) -> Result<(u32, &[u8]), TlvError> {
    match bytes {
        [a, rest @ ..] if a & 0x1F != 0x1F => Ok(((*a).into(), rest)),
        [a, b, rest @ ..] if b & 0x80 == 0 => Ok((u32::from_be_bytes([0, 0, *a, *b]), rest)),
        [a, b, c, rest @ ..] if c & 0x80 == 0 => Ok((u32::from_be_bytes([0, *a, *b, *c]), rest)),
        [_, _, _, ..] => Err(TlvError::TagTooLong),
        _ => Err(TlvError::Truncated),
    }
}

/// ISO/IEC 7816-4 clause 5.2.2.2: one byte up to 7F; or 81, 82 or 83 and as many bytes of length as the low digit says.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), TlvError> {
    match bytes {
        [length @ ..=0x7F, rest @ ..] => Ok((usize::from(*length), rest)),
        [0x81, a, rest @ ..] => Ok((usize::from(*a), rest)),
        [0x82, a, b, rest @ ..] => Ok((usize::from(u16::from_be_bytes([*a, *b])), rest)),
        [0x83, a, b, c, rest @ ..] => Ok((u32::from_be_bytes([0, *a, *b, *c]) as usize, rest)),
        [0x81..=0x83, ..] | [] => Err(TlvError::Truncated),
        [byte, ..] => Err(TlvError::Length(*byte)),
    }
}

#[cfg(test)]
mod tests;
