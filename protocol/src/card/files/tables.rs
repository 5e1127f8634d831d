//! The tables themselves (docs/card.md §1.3, §1.4). Abbreviations keep a record in one row; [`super::spec`] says what
//! they mean.

use super::spec::Access::{self, Free, Key, Never, PinAndKey, PinOrKey};
use super::spec::Content::{self, Cyclic, Records, Transparent};
use super::spec::Format::{self, Binary as B, Digits as CN, Nested as NEST, Number as DEC, Text as AN};
use super::spec::{Df, EF05, EF06, FileSpec, RecordSpec, key, tag};

const fn rec(tag: u8, name: &'static str, format: Format, len: u8) -> RecordSpec {
    RecordSpec { tag, name, format, len, read: None }
}

/// A record of an application file, for which the source gives only tag and shape.
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

/// EF05 of version 3.00: the card number requires RKSSSE; records 2 and 4 to 6 are taken to be free (recalled).
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

/// From version 2.00 on, the name extension shifts the records after it by one.
static HOLDER_RECORDS: &[RecordSpec] = &[
    rec(tag::ID_NUMBER, "social security (ID) number", AN, 0x12),
    rec(tag::NAME, "name", AN, 0x1E),
    rec(tag::NAME_EXTENSION, "name extension", AN, 0x14),
    rec(tag::SEX, "sex", AN, 1),
    rec(tag::ETHNICITY, "ethnicity", CN, 1),
    rec(tag::BIRTHPLACE, "birthplace", CN, 3),
    rec(tag::BIRTH_DATE, "birth date", CN, 4),
];

pub(super) static SSSE_V1: &[FileSpec] = &[
    file(Df::Ssse, EF05, CARD_TITLE, Records(CARD_RECORDS), Free, UPDATE),
    file(Df::Ssse, EF06, HOLDER_TITLE, Records(HOLDER_RECORDS_V1), Free, UPDATE),
    file(Df::Ssse, 0xEF07, FINGERPRINT_TITLE, Transparent { size: 0x300 }, READ, UPDATE),
];

pub(super) static SSSE_V2: &[FileSpec] = &[
    file(Df::Ssse, EF05, CARD_TITLE, Records(CARD_RECORDS), Free, UPDATE),
    file(Df::Ssse, EF06, HOLDER_TITLE, Records(HOLDER_RECORDS), Free, UPDATE),
    file(Df::Ssse, 0xEF07, FINGERPRINT_TITLE, Transparent { size: 0x400 }, READ, UPDATE),
    file(Df::Ssse, 0xEF08, PHOTO_TITLE, Transparent { size: 0x1000 }, READ, UPDATE),
];

pub(super) static SSSE_V3: &[FileSpec] = &[
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

/// Reading DF01 to DF05 requires the PIN or the application's RK. The source does not say which key of the card that is
/// (recalled).
const APP: Access = PinOrKey(key::DF_FIRST);
/// Updating where the source names no key: taken to require the application's first update key (recalled).
const UK: Access = Key(key::DF_FIRST);

// A nested record is one record of this length that contains TLV fields, each with its own tag and length. A record to
// which the source gives "× n" stands n times under the same tag (deduced).

pub(super) static APPLICATIONS_V2: &[FileSpec] = &[
    file(
        DF01,
        0xEF05,
        ("household registration", "户籍"),
        Records(&[el(0x20, AN, 0x02), el(0x21, AN, 0x50), el(tag::HOUSEHOLD_REGION, CN, 3)]),
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

pub(super) static APPLICATIONS_V1: &[FileSpec] = &[
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
