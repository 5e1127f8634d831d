//! The words for documents.

use strum::EnumCount;

use super::{Whose, words};
use crate::acts::words::Words;
use crate::application::documents::numbers::{NumberFault, form_of};
use crate::application::documents::{DocumentFault, Kind};

/// Of each fault of a number one, and of each other fault of a document.
pub(super) const ALL: &[&str; DocumentFault::COUNT - 1 + NumberFault::COUNT] = &[
    "document-number-form",
    "document-number-character",
    "document-number-check",
    "document-number-birth",
    "document-number-region",
    "document-other-kind",
    "document-mainlanders-permit",
    "document-expired",
    "document-expiry-missing",
    "document-never-long-term",
];

pub(super) fn words_of(whose: Whose, kind: Kind, fault: &DocumentFault) -> Words {
    let part = match fault {
        DocumentFault::Number(_) => "number",
        DocumentFault::NeverLongTerm => "long_term",
        DocumentFault::Expired(_) | DocumentFault::ExpiryMissing => "until",
    };
    let whose = match whose {
        Whose::Holder => "holder",
        Whose::Guardian => "guardian",
        Whose::Agent => "agent",
    };
    let words = match fault {
        DocumentFault::Number(fault) => number(kind, fault),
        DocumentFault::Expired(day) => words(
            "document-expired",
            format!("the document was valid until {day}"),
            format!("证件有效期至 {day}，已过期"),
            ("Show a valid document.", "请出示有效证件。"),
        ),
        DocumentFault::ExpiryMissing => words(
            "document-expiry-missing",
            "a document of this kind has a last day",
            "该类证件须填写有效期",
            ("Enter the last day that stands on it.", "请填写证件上的有效期止日。"),
        ),
        DocumentFault::NeverLongTerm => words(
            "document-never-long-term",
            "no document of this kind is valid without end",
            "该类证件没有长期有效的",
            ("Enter the last day that stands on it.", "请填写证件上的有效期止日。"),
        ),
    };
    words.field(format!("form.{whose}.document.{part}"))
}

fn number(kind: Kind, fault: &NumberFault) -> Words {
    let again = ("Read the number from the original again.", "请按证件原件重新填写号码。");
    let (form_en, form_zh) = form_of(kind);
    match fault {
        NumberFault::Form(_) => words(
            "document-number-form",
            format!("the number of a document of this kind has {form_en}"),
            format!("该类证件号码应为{form_zh}"),
            again,
        ),
        NumberFault::Character(_, at) => words(
            "document-number-character",
            format!("character {at} is not allowed there; the number has {form_en}"),
            format!("第 {at} 位字符不允许；号码应为{form_zh}"),
            again,
        ),
        NumberFault::Check => words(
            "document-number-check",
            "the check character does not fit the number (MOD 11-2)",
            "号码校验位不符 (MOD 11-2)",
            again,
        ),
        NumberFault::BirthDate => words(
            "document-number-birth",
            "the number contains a day of birth that does not exist or is yet to come",
            "号码中的出生日期不存在或晚于今日",
            again,
        ),
        NumberFault::Region => words(
            "document-number-region",
            "the number begins with digits that never were a region",
            "号码前六位不是行政区划代码",
            (
                "Read the number again; if it is right, have the region added (region.add).",
                "请重新核对号码；如无误，请管理员补录该行政区划。",
            ),
        ),
        NumberFault::OtherKind(other) => {
            let word: &str = other.into();
            words(
                "document-other-kind",
                format!("this is the number of another kind of document: {word}"),
                format!("该号码属于另一类证件: {word}"),
                ("Choose that kind, or read the number again.", "请改选证件类型或重新核对号码。"),
            )
        }
        NumberFault::MainlandersPermit => words(
            "document-mainlanders-permit",
            "this is a mainlander's permit to go to Hong Kong and Macao, which does not serve here",
            "这是内地居民往来港澳通行证，不能用于申领",
            ("Show the holder's ID card.", "请出示居民身份证。"),
        ),
    }
}
