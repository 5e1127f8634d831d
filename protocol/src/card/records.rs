//! TLV records of a card's record files: tag (1 byte), length (1 byte), value (docs/card.md §1.2).
//!
//! This is the SIMPLE-TLV of ISO/IEC 7816-4 without its three-byte length form, which these cards do not use.

use core::fmt;

use heapless::Vec;

/// The most bytes of a record: tag, length and 254 bytes of value. One READ RECORD returns as many.
pub const RECORD_MAX: usize = 256;

/// One record as read from a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The data element's tag, see [`super::files`].
    pub tag: u8,
    /// Its value.
    pub value: &'a [u8],
}

/// Why bytes are not the record that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordError {
    /// Fewer bytes than tag and length, or than the length says.
    Truncated,
    /// More bytes than the length says.
    TooLong,
    /// The record of another data element: old readers use the record numbers of another card generation (docs/card.md
    /// §1.11).
    Tag {
        /// The tag asked for.
        expected: u8,
        /// The tag that came.
        found: u8,
    },
    /// The length of the value is not that of the norm.
    ValueLength {
        /// The record's tag.
        tag: u8,
        /// The norm's length, in bytes.
        expected: usize,
    },
    /// The value is not of its kind: a date that does not exist, or a wrong check character.
    Value {
        /// The record's tag.
        tag: u8,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("a record is cut short")?,
            Self::TooLong => f.write_str("bytes follow the end of a record")?,
            Self::Tag { expected, found } => {
                return write!(
                    f,
                    "record {found:02X} where {expected:02X} was due: the terminal has no table for this card"
                );
            }
            Self::ValueLength { tag, expected } => write!(f, "record {tag:02X} should have {expected} bytes")?,
            Self::Value { tag } => write!(f, "record {tag:02X} has an impossible value")?,
        }
        f.write_str(": have the agency exchange the card")
    }
}

impl core::error::Error for RecordError {}

impl<'a> Record<'a> {
    /// Reads exactly one record.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        match bytes {
            [tag, len, value @ ..] => match value.len().cmp(&usize::from(*len)) {
                core::cmp::Ordering::Less => Err(RecordError::Truncated),
                core::cmp::Ordering::Equal => Ok(Self { tag: *tag, value }),
                core::cmp::Ordering::Greater => Err(RecordError::TooLong),
            },
            _ => Err(RecordError::Truncated),
        }
    }

    /// Reads one record, which must have this tag and a value of `N` bytes.
    pub fn expect<const N: usize>(bytes: &'a [u8], tag: u8) -> Result<[u8; N], RecordError> {
        let mut value = [0; N];
        Self::expect_into(bytes, tag, &mut value)?;
        Ok(value)
    }

    /// Reads one record, which must have this tag and a value as long as `value`, and copies its value there.
    pub fn expect_into(bytes: &[u8], tag: u8, value: &mut [u8]) -> Result<(), RecordError> {
        let record = Record::decode(bytes)?;
        if record.tag != tag {
            return Err(RecordError::Tag { expected: tag, found: record.tag });
        }
        if record.value.len() != value.len() {
            return Err(RecordError::ValueLength { tag, expected: value.len() });
        }
        value.iter_mut().zip(record.value).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    /// The record's bytes; `None` when the value is longer than 254 bytes.
    pub fn encode(&self) -> Option<Vec<u8, RECORD_MAX>> {
        let mut out = Vec::new();
        out.extend_from_slice(&[self.tag, u8::try_from(self.value.len()).ok()?]).ok()?;
        out.extend_from_slice(self.value).ok()?;
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use iso7816_tlv::simple;
    use proptest::prelude::*;
    use std::vec::Vec as StdVec;

    /// docs/card.md §1.2, §1.6.
    #[test]
    fn the_version_record_of_section_1_6() {
        assert_eq!(Record::expect::<4>(&hex!("0304332E3030"), 3), Ok(*b"3.00"));
        assert_eq!(Record::expect::<4>(&hex!("0404332E3030"), 3), Err(RecordError::Tag { expected: 3, found: 4 }));
        assert_eq!(
            Record::expect::<3>(&hex!("0304332E3030"), 3),
            Err(RecordError::ValueLength { tag: 3, expected: 3 })
        );
    }

    proptest! {
        /// The iso7816-tlv crate is the second opinion on what a SIMPLE-TLV record is.
        #[test]
        fn another_library_agrees(bytes: StdVec<u8>) {
            let ours = Record::decode(&bytes).ok();
            let theirs = simple::Tlv::from_bytes(&bytes).ok();
            // SIMPLE-TLV forbids the tags 00 and FF and gives the length FF a meaning; on these cards they are
            // ordinary.
            if let Some(record) = ours && !matches!(record.tag, 0 | 0xFF) && record.value.len() < 255 {
                let theirs = theirs.expect("they must read it too");
                prop_assert_eq!(theirs.to_vec()[0], record.tag);
                prop_assert_eq!(theirs.value(), record.value);
                let encoded = record.encode().unwrap();
                prop_assert_eq!(encoded.as_slice(), bytes.as_slice());
            } else if bytes.get(1) != Some(&0xFF) {
                prop_assert!(theirs.is_none() || matches!(bytes[0], 0 | 0xFF));
            }
        }
    }
}
