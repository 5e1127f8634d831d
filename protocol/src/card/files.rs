//! The card's file map, as data: which files, records, lengths and access conditions each generation has (domain.md §1.2
//! to §1.5).
//!
//! The terminal reads by it, the virtual card is made from it, traces are explained with it. To change what a card holds,
//! change a table here and nothing else. Lengths are bytes; the source writes them in hex, and so do the tables.

use super::codes::IdentCode;
use super::keys::Algorithm;

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

/// Identifiers of the card's keys, as P2 of EXTERNAL AUTHENTICATE names them (domain.md §1.7).
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

    /// The algorithm of its symmetric keys (domain.md §4.5); the SSF33 cards of one city are not covered.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::V1 | Self::V2 => Algorithm::TripleDes,
            Self::V3 => Algorithm::Sm4,
        }
    }

    /// Its files, in the order of the tables.
    pub fn files(self) -> impl Iterator<Item = &'static FileSpec> {
        let (environment, applications): (&[FileSpec], &[FileSpec]) = match self {
            Self::V1 => (SSSE_V1, APPLICATIONS_V1),
            Self::V2 => (SSSE_V2, APPLICATIONS_V2),
            // The norm's tables for version 3.00 were not at hand; its application files are taken as in 2.00 (deduced).
            Self::V3 => (SSSE_V3, APPLICATIONS_V2),
        };
        environment.iter().chain(applications)
    }

    /// The file with this identifier in `df`.
    pub fn file(self, df: Df, fid: u16) -> Option<&'static FileSpec> {
        self.files().find(|file| file.df == df && file.fid == fid)
    }

    /// File, record number (from 1) and shape of a data element of the environment.
    pub fn ssse_record(self, fid: u16, tag: u8) -> Option<(u8, &'static RecordSpec)> {
        let file = self.file(Df::Ssse, fid)?;
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

// ---------------------------------------------------------------------------------------------------------------------
// The tables. Abbreviations keep a record to a line.

use Access::{Free, Key, Never, PinAndKey, PinOrKey};
use Content::{Cyclic, Records, Transparent};
use Format::{Binary as B, Digits as CN, Nested as NEST, Number as DEC, Text as AN};

const fn rec(tag: u8, name: &'static str, format: Format, len: u8) -> RecordSpec {
    RecordSpec { tag, name, format, len, read: None }
}

/// A record of an application file, of which the source gives only tag and shape.
const fn el(tag: u8, format: Format, len: u8) -> RecordSpec {
    rec(tag, "", format, len)
}

const fn file(
    df: Df,
    fid: u16,
    title: (&'static str, &'static str),
    content: Content,
    read: Access,
    update: Access,
) -> FileSpec {
    FileSpec { df, fid, title, content, read, update }
}

const CARD_TITLE: (&str, &str) = ("card data", "发卡机构数据");
const HOLDER_TITLE: (&str, &str) = ("holder data", "持卡人基本信息");
const FINGERPRINT_TITLE: (&str, &str) = ("fingerprint", "指纹");
const PHOTO_TITLE: (&str, &str) = ("photo", "照片");
const UPDATE: Access = Key(key::UPDATE_SSSE);
const READ: Access = Key(key::READ_SSSE);

const CARD_NUMBER_V3: RecordSpec = RecordSpec { read: Some(READ), ..rec(tag::CARD_NUMBER, "card number", AN, 9) };

/// EF05 of versions 1.00 and 2.00: all free.
static CARD_RECORDS: &[RecordSpec] = &[
    rec(tag::IDENT_CODE, "card ident code", B, 0x10),
    rec(tag::CARD_TYPE, "card type", AN, 1),
    rec(tag::VERSION, "norm version", AN, 4),
    rec(tag::INSTITUTION, "initialising institution", CN, 0x0C),
    rec(tag::ISSUED, "issue date", CN, 4),
    rec(tag::EXPIRES, "expiry date", CN, 4),
    rec(tag::CARD_NUMBER, "card number", AN, 9),
];

/// EF05 of version 3.00: the card number needs RKSSSE; records 2 and 4 to 6 are taken as free (recalled).
static CARD_RECORDS_V3: &[RecordSpec] = &[
    rec(tag::IDENT_CODE, "card ident code", B, 0x10),
    rec(tag::CARD_TYPE, "card type", AN, 1),
    rec(tag::VERSION, "norm version", AN, 4),
    rec(tag::INSTITUTION, "initialising institution", CN, 0x0C),
    rec(tag::ISSUED, "issue date", CN, 4),
    rec(tag::EXPIRES, "expiry date", CN, 4),
    CARD_NUMBER_V3,
];

static HOLDER_RECORDS_V1: &[RecordSpec] = &[
    rec(tag::ID_NUMBER, "social security (ID) number", AN, 0x12),
    rec(tag::NAME, "name", AN, 0x1E),
    rec(tag::SEX, "sex", AN, 1),
    rec(tag::ETHNICITY, "ethnicity", CN, 1),
    rec(tag::BIRTHPLACE, "birthplace", CN, 3),
    rec(tag::BIRTH_DATE, "birth date", CN, 4),
];

/// From version 2.00 on the name extension shifts the records after it.
static HOLDER_RECORDS: &[RecordSpec] = &[
    rec(tag::ID_NUMBER, "social security (ID) number", AN, 0x12),
    rec(tag::NAME, "name", AN, 0x1E),
    rec(tag::NAME_EXTENSION, "name extension", AN, 0x14),
    rec(tag::SEX, "sex", AN, 1),
    rec(tag::ETHNICITY, "ethnicity", CN, 1),
    rec(tag::BIRTHPLACE, "birthplace", CN, 3),
    rec(tag::BIRTH_DATE, "birth date", CN, 4),
];

static SSSE_V1: &[FileSpec] = &[
    file(Df::Ssse, EF05, CARD_TITLE, Records(CARD_RECORDS), Free, UPDATE),
    file(Df::Ssse, EF06, HOLDER_TITLE, Records(HOLDER_RECORDS_V1), Free, UPDATE),
    file(Df::Ssse, 0xEF07, FINGERPRINT_TITLE, Transparent { size: 0x300 }, READ, UPDATE),
];

static SSSE_V2: &[FileSpec] = &[
    file(Df::Ssse, EF05, CARD_TITLE, Records(CARD_RECORDS), Free, UPDATE),
    file(Df::Ssse, EF06, HOLDER_TITLE, Records(HOLDER_RECORDS), Free, UPDATE),
    file(Df::Ssse, 0xEF07, FINGERPRINT_TITLE, Transparent { size: 0x400 }, READ, UPDATE),
    file(Df::Ssse, 0xEF08, PHOTO_TITLE, Transparent { size: 0x1000 }, READ, UPDATE),
];

static SSSE_V3: &[FileSpec] = &[
    file(Df::Ssse, EF05, CARD_TITLE, Records(CARD_RECORDS_V3), Free, UPDATE),
    file(Df::Ssse, EF06, HOLDER_TITLE, Records(HOLDER_RECORDS), READ, UPDATE),
    file(Df::Ssse, 0xEF07, FINGERPRINT_TITLE, Transparent { size: 0x400 }, READ, UPDATE),
    file(Df::Ssse, 0xEF08, PHOTO_TITLE, Transparent { size: 0x1000 }, READ, UPDATE),
];

const DF01: Df = Df::App(1);
const DF02: Df = Df::App(2);
const DF03: Df = Df::App(3);
const DF04: Df = Df::App(4);
const DF07: Df = Df::App(7);

/// Reading DF01 to DF05 needs the PIN or the application's RK; which card key that is, the source does not say (recalled).
const APP: Access = PinOrKey(key::DF_FIRST);
/// Updating where the source names no key: taken as the application's first update key (recalled).
const UK: Access = Key(key::DF_FIRST);

// Nested records are TLV fields inside one record of this length, each field with its own tag and length; a record that
// the source gives "× n" stands n times under the same tag (deduced).

static APPLICATIONS_V2: &[FileSpec] = &[
    file(
        DF01,
        0xEF05,
        ("household registration", "户籍"),
        Records(&[el(0x20, AN, 0x02), el(0x21, AN, 0x50), el(0x0E, CN, 3)]),
        APP,
        UK,
    ),
    file(
        DF01,
        0xEF06,
        ("residence and contact", "常住地/通讯"),
        Records(&[el(0x23, AN, 0x50), el(0x24, CN, 3), el(0x28, AN, 0x0F), el(0x2C, AN, 0x32), el(0x2D, AN, 0x0F)]),
        APP,
        Key(key::DF_FOURTH),
    ),
    file(
        DF01,
        0xEF07,
        ("personal situation", "个人状况"),
        Records(&[el(0x29, AN, 1), el(0x2A, CN, 1)]),
        APP,
        Key(key::DF_SECOND),
    ),
    file(DF01, 0xEF08, ("marriage", "婚姻"), Records(&[el(0x2B, AN, 1)]), APP, UK),
    file(
        DF01,
        0xEF09,
        ("status and employer", "人员身份及就业单位"),
        Records(&[el(0x2E, AN, 0x46), el(0x30, AN, 9), el(0x32, AN, 2)]),
        APP,
        UK,
    ),
    file(
        DF01,
        0xEF0A,
        ("nationality and political status", "国籍及政治面貌"),
        Records(&[el(0x37, AN, 3), el(0x38, AN, 2), el(0x39, CN, 4)]),
        APP,
        UK,
    ),
    file(
        DF01,
        0xEF15,
        ("education", "学历"),
        // 57 an03, 58 cn03, 59 an28, three times.
        Records(&[el(0x2A, CN, 1), el(0x40, NEST, 0x34), el(0x40, NEST, 0x34), el(0x40, NEST, 0x34)]),
        APP,
        UK,
    ),
    file(DF01, 0xEF16, RESERVED, Transparent { size: 0x128 }, Free, UK),
    file(DF01, 0xEF17, RESERVED, Transparent { size: 0x128 }, Free, UK),
    file(DF01, 0xEF18, RESERVED, Transparent { size: 0x128 }, Free, UK),
    file(DF01, 0xEF19, RESERVED, Transparent { size: 0x128 }, Free, UK),
    file(DF01, 0xEF1A, RESERVED, Transparent { size: 0x128 }, Free, UK),
    file(
        DF02,
        0xEF05,
        ("vocational skills", "职业技能"),
        // 43: 5A an07, 5B an01, 5C an46, 5D cn04, 5E an10, twice; 44: 33 an03, 34 an46, 35 cn04, 36 an10, twice.
        Records(&[
            el(0x42, AN, 3),
            el(0x41, AN, 3),
            el(0x43, NEST, 0x6C),
            el(0x43, NEST, 0x6C),
            el(0x44, NEST, 0x65),
            el(0x44, NEST, 0x65),
        ]),
        APP,
        UK,
    ),
    file(
        DF02,
        0xEF06,
        ("employment", "就业状况"),
        Records(&[
            el(0x4C, CN, 4),
            el(0x4B, AN, 5),
            el(0x4D, CN, 3),
            el(0x60, CN, 4),
            el(0x4F, AN, 6),
            el(0x50, CN, 3),
            el(0x3A, AN, 7),
        ]),
        APP,
        UK,
    ),
    file(
        DF02,
        0xEF07,
        ("employment history", "就业记录"),
        Cyclic { records: 4, fields: &[(AN, 7), (CN, 4), (CN, 4), (AN, 0x46)] },
        APP,
        UK,
    ),
    file(
        DF02,
        0xEF09,
        ("employment certificate", "就业失业登记证"),
        Records(&[el(0x55, AN, 0x10), el(0x56, AN, 0x46), el(0x96, CN, 4), el(0x97, CN, 3)]),
        APP,
        UK,
    ),
    file(
        DF02,
        0xEF15,
        UNTITLED,
        // 10 an03, 11 cn04, 12 cn03, four times.
        Records(&[
            el(0x99, NEST, 0x10),
            el(0x99, NEST, 0x10),
            el(0x99, NEST, 0x10),
            el(0x99, NEST, 0x10),
            el(0x0F, CN, 4),
            el(0x1F, CN, 3),
        ]),
        APP,
        UK,
    ),
    file(
        DF03,
        0xEF05,
        ("unemployment", "失业"),
        Records(&[
            el(0x61, CN, 3),
            el(0x60, CN, 4),
            el(0x98, CN, 4),
            el(0x62, CN, 4),
            el(0x63, AN, 3),
            el(0x64, AN, 3),
            el(0x65, AN, 3),
            el(0x66, AN, 3),
        ]),
        APP,
        UK,
    ),
    file(
        DF04,
        0xEF05,
        MEDICAL,
        Records(&[
            el(0x81, AN, 8),
            el(0x84, CN, 3),
            el(0x87, AN, 0x11),
            el(0x8C, CN, 1),
            el(0x80, CN, 4),
            el(0x8B, AN, 0x1D),
            el(0x8A, AN, 0x0F),
            el(0x83, AN, 9),
            el(0x86, AN, 9),
            el(0x89, AN, 9),
            el(0x7D, AN, 9),
            el(0x7E, AN, 9),
            el(0x7F, AN, 9),
            el(0x8D, AN, 9),
            el(0x8E, AN, 9),
            el(0x8F, AN, 1),
        ]),
        APP,
        UK,
    ),
    file(
        DF04,
        0xEF06,
        OFFLINE,
        Records(&[el(0x90, AN, 1), el(0x92, DEC, 4), el(0x93, AN, 2)]),
        PinAndKey(key::DF_FIRST),
        UK,
    ),
    file(
        DF04,
        0xEF08,
        MEDICAL_LOG,
        Cyclic { records: 30, fields: &[(B, 2), (AN, 1), (CN, 6), (CN, 7), (B, 4), (B, 4), (B, 4)] },
        APP,
        Never,
    ),
    file(
        DF04,
        0xEF15,
        ("special medical settlements", "特殊医疗结算记录"),
        Cyclic { records: 8, fields: &[(B, 2), (AN, 1)] },
        APP,
        UK,
    ),
    file(
        DF07,
        0xEF05,
        OTHER,
        Records(&[el(0xF0, AN, 2), el(0xF1, AN, 1), el(0xF2, CN, 4), el(0xF3, AN, 3), el(0xF4, CN, 4)]),
        Key(key::DF_FIRST),
        Key(key::DF_FOURTH),
    ),
    file(
        DF07,
        0xEF06,
        OTHER,
        Records(&[el(0xF5, AN, 3), el(0xF6, CN, 4), el(0xF7, AN, 0x46)]),
        Key(key::DF_SECOND),
        Key(key::DF_FIFTH),
    ),
    file(DF07, 0xEF07, OTHER, Records(&[el(0xF8, CN, 4), el(0xF9, AN, 1)]), Key(key::DF_THIRD), Key(key::DF_SIXTH)),
];

static APPLICATIONS_V1: &[FileSpec] = &[
    file(
        DF01,
        0xEF05,
        ("household registration", "户籍"),
        Records(&[el(0x20, AN, 1), el(0x21, AN, 0x3E), el(0x22, AN, 0x12)]),
        APP,
        UK,
    ),
    file(
        DF01,
        0xEF06,
        ("residence and contact", "常住地/通讯"),
        Records(&[el(0x25, AN, 0x3E), el(0x26, AN, 0x12), el(0x27, CN, 3), el(0x28, AN, 0x0F)]),
        APP,
        Key(key::DF_FOURTH),
    ),
    file(
        DF01,
        0xEF09,
        ("status and employer", "人员身份及就业单位"),
        Records(&[el(0x2E, AN, 0x3E), el(0x2F, AN, 8), el(0x30, AN, 9), el(0x31, AN, 1), el(0x32, AN, 3)]),
        APP,
        UK,
    ),
    file(
        DF01,
        0xEF0A,
        ("nationality and political status", "国籍及政治面貌"),
        Records(&[el(0x37, DEC, 4), el(0x38, DEC, 4), el(0x39, CN, 4)]),
        APP,
        UK,
    ),
    file(
        DF04,
        0xEF05,
        MEDICAL,
        Records(&[
            el(0x80, CN, 4),
            el(0x81, AN, 0x3E),
            el(0x82, AN, 8),
            el(0x83, AN, 9),
            el(0x84, AN, 0x3E),
            el(0x85, AN, 8),
            el(0x86, AN, 9),
            el(0x87, AN, 0x3E),
            el(0x88, AN, 8),
            el(0x89, AN, 9),
            el(0x8A, AN, 0x0F),
            el(0x8B, AN, 0x0A),
            el(0x8C, AN, 1),
            el(0x8F, AN, 1),
        ]),
        APP,
        UK,
    ),
    file(
        DF04,
        0xEF06,
        OFFLINE,
        Records(&[el(0x90, DEC, 4), el(0x92, DEC, 4), el(0x93, DEC, 4)]),
        PinAndKey(key::DF_FIRST),
        UK,
    ),
    file(
        DF04,
        0xEF08,
        MEDICAL_LOG,
        Cyclic { records: 10, fields: &[(B, 2), (AN, 1), (CN, 6), (CN, 7), (B, 4), (B, 4), (B, 4)] },
        APP,
        Never,
    ),
];

const RESERVED: (&str, &str) = ("reserved", "预留");
const UNTITLED: (&str, &str) = ("employment, not titled", "");
const MEDICAL: (&str, &str) = ("medical insurance", "医疗保险基本信息");
const OFFLINE: (&str, &str) = ("off-line medical settlement", "医疗保险临时脱网结算信息");
const MEDICAL_LOG: (&str, &str) = ("medical transactions", "医疗交易明细");
const OTHER: (&str, &str) = ("other", "其它");

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
