//! The card's file map, as data: which files, records, lengths and access conditions each generation has (docs/card.md §1.2
//! to §1.5).
//!
//! The terminal reads by it, the virtual card is made from it, traces are explained with it. To change what a card holds,
//! change a table in `tables` and nothing else. Lengths are bytes; the source writes them in hex, and so do the tables.

mod tables;

use super::codes::IdentCode;
use super::keys::Algorithm;
use tables::{APPLICATIONS_V1, APPLICATIONS_V2, SSSE_V1, SSSE_V2, SSSE_V3};

/// DF name of the environment SSSE: "sx1.sh." and 社会保障 in GBK.
pub const SSSE_NAME: [u8; 15] = *b"sx1.sh.\xC9\xE7\xBB\xE1\xB1\xA3\xD5\xCF";
/// RID of the applications; the application's number follows as a sixth byte.
pub const RID: [u8; 5] = IdentCode::PROVIDER;
/// FID of the master file.
pub const MF: u16 = 0x3F00;

/// FID of the card's own data.
pub const EF05: u16 = 0xEF05;
/// FID of the holder's data.
pub const EF06: u16 = 0xEF06;

/// Tags of the environment's records, EF05 and EF06.
pub mod tag {
    #![allow(missing_docs, reason = "the names are those of the tables in this module")]
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
}

/// Identifiers of the card's keys, as P2 of EXTERNAL AUTHENTICATE names them (docs/card.md §1.7).
pub mod key {
    /// UKSSSE: update EF05 and EF06.
    pub const UPDATE_SSSE: u8 = 0x04;
    /// RKSSSE: read what is personal in the environment.
    pub const READ_SSSE: u8 = 0x0A;
    /// RK1 and UK1 of the applications: DF01 writes with it, DF06 and DF07 read with it.
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

/// The generation of a card, told by the norm version in record 3 of EF05.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Generation {
    /// "1.00": LB 002-2000.
    V1,
    /// "2.00": with a bank application.
    V2,
    /// "3.00": dual interface, Chinese national algorithms.
    V3,
}

/// A dedicated file: where an elementary file lives.
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
    /// Where it lives.
    pub df: Df,
    /// Its file identifier; the low five bits are its short file identifier.
    pub fid: u16,
    /// What it holds, in English and Chinese.
    pub title: (&'static str, &'static str),
    /// Its structure.
    pub content: Content,
    /// What reading needs, unless a record says otherwise.
    pub read: Access,
    /// What updating needs.
    pub update: Access,
}

/// The structure of an elementary file.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// Linear file of TLV records; the record number is the place in the table, from 1.
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
    /// What reading needs where it differs from the file.
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
    /// PIN verified or external authentication with this key.
    PinOrKey(u8),
    /// PIN verified and external authentication with this key.
    PinAndKey(u8),
    /// External authentication with this key.
    Key(u8),
    /// Not possible.
    Never,
}

impl Generation {
    /// Every generation.
    pub const ALL: [Self; 3] = [Self::V1, Self::V2, Self::V3];

    /// The four characters of the version record.
    pub const fn version(self) -> &'static [u8; 4] {
        match self {
            Self::V1 => b"1.00",
            Self::V2 => b"2.00",
            Self::V3 => b"3.00",
        }
    }

    /// The generation of a version record.
    pub fn from_version(version: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|generation| generation.version() == version)
    }

    /// The word for it in files and commands: v1, v2, v3.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    /// The generation that [`Generation::as_str`] calls `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generation| generation.as_str() == word)
    }

    /// The algorithm of its symmetric keys (docs/card.md §4.5); the SSF33 cards of one city are not covered.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::V1 | Self::V2 => Algorithm::TripleDes,
            Self::V3 => Algorithm::Sm4,
        }
    }

    /// The files of the environment. A terminal that asks for no others does not carry their tables.
    const fn environment(self) -> &'static [FileSpec] {
        match self {
            Self::V1 => SSSE_V1,
            Self::V2 => SSSE_V2,
            Self::V3 => SSSE_V3,
        }
    }

    /// Its files, in the order of the tables.
    pub fn files(self) -> impl Iterator<Item = &'static FileSpec> {
        let applications: &[FileSpec] = match self {
            Self::V1 => APPLICATIONS_V1,
            // The norm's tables for version 3.00 were not at hand; its application files are taken as in 2.00 (deduced).
            Self::V2 | Self::V3 => APPLICATIONS_V2,
        };
        self.environment().iter().chain(applications)
    }

    /// The file with this identifier in `df`.
    pub fn file(self, df: Df, fid: u16) -> Option<&'static FileSpec> {
        self.files().find(|file| file.df == df && file.fid == fid)
    }

    /// File, record number (from 1) and shape of a data element of the environment.
    pub fn ssse_record(self, fid: u16, tag: u8) -> Option<(u8, &'static RecordSpec)> {
        let file = self.environment().iter().find(|file| file.fid == fid)?;
        let (number, record) = (1..).zip(file.records()).find(|(_, record)| record.tag == tag)?;
        Some((number, record))
    }
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
    /// Its records; none for cyclic and transparent files.
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

    /// What reading the record with this tag needs.
    pub fn read_access(&self, tag: u8) -> Access {
        let own = self.records().iter().find(|record| record.tag == tag).and_then(|record| record.read);
        own.unwrap_or(self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_file_stands_twice_and_all_records_fit_one_read() {
        for generation in Generation::ALL {
            let mut seen = HashSet::new();
            for file in generation.files() {
                assert!(seen.insert((file.df, file.fid)), "{generation:?} {:04X}", file.fid);
                assert!(file.records().iter().all(|r| r.len > 0 && r.len <= 254));
            }
        }
    }

    #[test]
    fn read_commands_of_domain_1_3_follow_from_the_tables() {
        // (generation, file, tag) -> record number and Le of the READ RECORD in the source's tables.
        let expected = [
            (Generation::V3, EF05, tag::IDENT_CODE, 1, 0x12),
            (Generation::V3, EF05, tag::CARD_NUMBER, 7, 0x0B),
            (Generation::V2, EF06, tag::NAME, 2, 0x20),
            (Generation::V2, EF06, tag::NAME_EXTENSION, 3, 0x16),
            (Generation::V2, EF06, tag::BIRTH_DATE, 7, 0x06),
            (Generation::V1, EF06, tag::BIRTH_DATE, 6, 0x06),
        ];
        for (generation, fid, tag, number, le) in expected {
            let (n, record) = generation.ssse_record(fid, tag).unwrap();
            assert_eq!((n, record.len + 2), (number, le));
        }
        assert!(Generation::V1.ssse_record(EF06, tag::NAME_EXTENSION).is_none());
    }

    #[test]
    fn personal_data_of_version_3_needs_rkssse_and_earlier_ones_are_free() {
        for generation in Generation::ALL {
            let access = |fid, tag| generation.file(Df::Ssse, fid).unwrap().read_access(tag);
            assert_eq!(access(EF05, tag::VERSION), Access::Free);
            let personal = if generation == Generation::V3 { Access::Key(0x0A) } else { Access::Free };
            assert_eq!(access(EF05, tag::CARD_NUMBER), personal);
            assert_eq!(access(EF06, tag::NAME), personal);
        }
    }
}
