//! What a file map is made of: names and numbers of files, records and keys, and the shape of a file and of a record.
//! The tables, not this file, say which files a card has.

use crate::card::codes::IdentCode;

/// DF name of the environment SSSE: "sx1.sh." and 社会保障 in GBK (docs/card.md §1.1).
pub const SSSE_NAME: [u8; 15] = *b"sx1.sh.\xC9\xE7\xBB\xE1\xB1\xA3\xD5\xCF";
/// RID of the applications; the application's number follows as a sixth byte.
pub const RID: [u8; 5] = IdentCode::PROVIDER;
/// FID of the master file.
pub const MF: u16 = 0x3F00;

/// FID of the card's own data.
pub const EF05: u16 = 0xEF05;
/// FID of the holder's data.
pub const EF06: u16 = 0xEF06;

/// Tags of the environment's records, EF05 and EF06; and of the one in DF01 that repeats a part of the ID number.
pub mod tag {
    #![allow(missing_docs, reason = "the names are those of the tables")]
    pub const IDENT_CODE: u8 = 0x01;
    pub const CARD_TYPE: u8 = 0x02;
    pub const VERSION: u8 = 0x03;
    pub const INSTITUTION: u8 = 0x04;
    pub const ISSUED: u8 = 0x05;
    pub const EXPIRES: u8 = 0x06;
    pub const CARD_NUMBER: u8 = 0x07;
    pub const ID_NUMBER: u8 = 0x08;
    pub const NAME: u8 = 0x09;
    pub const NAME_EXTENSION: u8 = 0x4E;
    pub const SEX: u8 = 0x0A;
    pub const ETHNICITY: u8 = 0x0B;
    pub const BIRTHPLACE: u8 = 0x0C;
    pub const BIRTH_DATE: u8 = 0x0D;
    pub const HOUSEHOLD_REGION: u8 = 0x0E;
}

/// Identifiers of the card's keys, as P2 of EXTERNAL AUTHENTICATE gives them (docs/card.md §1.7).
pub mod key {
    /// UKSSSE: updates EF05 and EF06.
    pub const UPDATE_SSSE: u8 = 0x04;
    /// RKSSSE: reads the personal data in the environment.
    pub const READ_SSSE: u8 = 0x0A;
    /// RK1 and UK1 of the applications: needed to write in DF01, and to read in DF06 and DF07.
    pub const DF_FIRST: u8 = 0x83;
    /// UK2DF01 and RK2DF07.
    pub const DF_SECOND: u8 = 0x84;
    /// RK3DF07.
    pub const DF_THIRD: u8 = 0x85;
    /// UK4DF01 and UK1DF07.
    pub const DF_FOURTH: u8 = 0x86;
    /// UK2DF07.
    pub const DF_FIFTH: u8 = 0x87;
    /// UK3DF07.
    pub const DF_SIXTH: u8 = 0x88;
    /// All of them.
    pub const EXTERNAL: [u8; 8] =
        [UPDATE_SSSE, READ_SSSE, DF_FIRST, DF_SECOND, DF_THIRD, DF_FOURTH, DF_FIFTH, DF_SIXTH];
}

/// A dedicated file, which contains elementary files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Df {
    /// The environment SSSE (社会保障), selected by name.
    Ssse,
    /// DF01 public, DF02 employment, DF03 social insurance, DF04 medical, DF07 other.
    App(u8),
}

/// One elementary file.
#[derive(Clone, Copy, Debug)]
pub struct FileSpec {
    /// The dedicated file that contains it.
    pub df: Df,
    /// Its file identifier; the low five bits are its short file identifier.
    pub fid: u16,
    /// What it holds, in English and Chinese.
    pub title: (&'static str, &'static str),
    /// Its structure.
    pub content: Content,
    /// What reading requires, unless a record says otherwise.
    pub read: Access,
    /// What updating requires.
    pub update: Access,
}

/// The structure of an elementary file.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// Linear file of TLV records; a record's number is its place in the table, from 1.
    Records(&'static [RecordSpec]),
    /// Cyclic file: this many records of these fields, one after the other without tags.
    Cyclic {
        /// How many records.
        records: u8,
        /// The fields of each record.
        fields: &'static [(Format, u8)],
    },
    /// Bytes, addressed by offset.
    Transparent {
        /// How many bytes.
        size: u16,
    },
}

/// One TLV record of a linear file.
#[derive(Clone, Copy, Debug)]
pub struct RecordSpec {
    /// Tag, the first byte of the record.
    pub tag: u8,
    /// English name; empty where the source gives only tag and shape.
    pub name: &'static str,
    /// How the value is written.
    pub format: Format,
    /// Bytes of value.
    pub len: u8,
    /// What reading this record requires, if not what the file requires.
    pub read: Option<Access>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// an: ASCII or GBK, filled up with 00.
    Text,
    /// cn: decimal digits, two a byte, filled up with F.
    Digits,
    /// b: bytes.
    Binary,
    /// dec: a number, big-endian.
    Number,
    /// TLV fields within; the parts are data elements of their own.
    Nested,
}

/// An access condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is needed.
    Free,
    /// PIN verified, or external authentication with this key.
    PinOrKey(u8),
    /// PIN verified, and external authentication with this key.
    PinAndKey(u8),
    /// External authentication with this key.
    Key(u8),
    /// Not possible.
    Never,
}

impl Df {
    /// FID of the application's DF; the environment is selected by name instead.
    pub const fn fid(self) -> Option<u16> {
        match self {
            Self::Ssse => None,
            Self::App(number) => Some(0xDF00 | number as u16),
        }
    }
}

impl FileSpec {
    /// Its records; none if it is cyclic or transparent.
    pub const fn records(&self) -> &'static [RecordSpec] {
        match self.content {
            Content::Records(records) => records,
            Content::Cyclic { .. } | Content::Transparent { .. } => &[],
        }
    }

    /// The short file identifier, 5 bits, for record commands that name the file in P2.
    pub const fn sfi(&self) -> u8 {
        (self.fid & 0x1F) as u8
    }

    /// What reading the record with this tag requires.
    pub fn read_access(&self, tag: u8) -> Access {
        let own = self.records().iter().find(|record| record.tag == tag).and_then(|record| record.read);
        own.unwrap_or(self.read)
    }
}
