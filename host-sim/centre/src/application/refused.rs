//! Why an act of this room is refused: one enum, whose words for documents, forms and photos stand in files of their own.

mod document;
mod form;
mod photo;

use std::borrow::Cow;

use jiff::civil::Date;
use strum::EnumCount;

use super::documents::{DocumentFault, Kind};
use super::form_fault::FormFault;
use super::photo::{PhotoFault, PhotoRules};
use super::state::{State, Step};
use crate::acts::refusal::RefusalKind;
use crate::acts::words::{Worded, Words};

/// Whose document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The holder's.
    Holder,
    /// The guardian's.
    Guardian,
    /// The agent's.
    Agent,
}

/// Why an act of this room is refused.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum Refused {
    /// A document.
    Document(Whose, Kind, DocumentFault),
    /// The fields of the form.
    Form(FormFault),
    /// The photo, by the rules of the area.
    Photo(PhotoFault, Box<PhotoRules>),
    /// The photo is not base64, or longer than any area allows.
    PhotoField,
    /// The day on which a supplied photo was taken is missing, or given for one that was taken on site.
    PhotoDay,
    /// The state does not allow the step.
    State(State, Step),
    /// The form was changed since; its version is now this.
    Version(u32),
    /// The person has an open application with this number.
    Open(String),
    /// The old card is not this person's, or not of this area.
    OldCard,
    /// Only a known person has a card to replace.
    PersonUnknown,
    /// The name is not the one that is known for this number.
    NameDiffers,
    /// The day of birth is not the one that is known for this number.
    PersonBornDiffers,
    /// The person enrolled with another kind of document.
    KindDiffers(String),
    /// The person has died or left.
    PersonEnded,
    /// The document's number is too long for a social security number, or has other characters.
    NoSocialSecurityNumber,
    /// A photo is needed and there is none.
    PhotoMissing,
    /// Somebody else must sign.
    Signer,
    /// Whoever worked on an application does not review it.
    SamePerson,
    /// A return names at least one reason, and each once.
    ReasonsMissing,
    /// An approval names no reason.
    ReasonsOfApproval,
    /// The time of the application is not over; it ends on this day.
    NotOver(Option<Date>),
    /// The numbers of the day are used up.
    NumbersUsedUp,
    /// The employer's list is empty or too long.
    ListLength,
    /// The list's employer has a wrong code.
    ListCode,
    /// The list is not sealed, or its day is yet to come.
    ListSeal,
    /// An employer's list is for first and other cards of its own people only: this line names another employer.
    ListEmployer,
}

fn words(
    code: &'static str,
    en: impl Into<Cow<'static, str>>,
    zh: impl Into<Cow<'static, str>>,
    (next_en, next_zh): (&'static str, &'static str),
) -> Words {
    Words::new(code, en, zh).next(next_en, next_zh)
}

impl Refused {
    /// Every code.
    pub const ALL: &[&[&str]] = &[document::ALL, form::ALL, photo::ALL, OWN];

    const fn kind(&self) -> RefusalKind {
        match self {
            Self::Document(..)
            | Self::Form(_)
            | Self::Photo(..)
            | Self::PhotoField
            | Self::PhotoDay
            | Self::Signer
            | Self::ReasonsMissing
            | Self::ReasonsOfApproval
            | Self::ListLength
            | Self::ListCode
            | Self::ListSeal
            | Self::ListEmployer => RefusalKind::Input,
            Self::SamePerson => RefusalKind::Forbidden,
            _ => RefusalKind::Rule,
        }
    }
}

/// All but documents, forms and photos, whose faults have codes of their own.
const OWN: &[&str; Refused::COUNT - 3] = &[
    "photo-field",
    "photo-day",
    "application-state",
    "application-version",
    "application-open",
    "old-card-other-person",
    "person-unknown",
    "name-differs",
    "person-born-differs",
    "document-kind-differs",
    "person-ended",
    "no-social-security-number",
    "photo-missing",
    "signer-other",
    "same-person",
    "reasons-missing",
    "reasons-of-approval",
    "application-in-time",
    "application-numbers-used-up",
    "list-length",
    "list-code",
    "list-seal",
    "list-employer",
];

fn state_words(state: State, step: Step) -> Words {
    let (state, step): (&str, &str) = (state.into(), step.into());
    words(
        "application-state",
        format!("an application in the state {state} cannot be taken the step {step}"),
        format!("申请处于 {state} 状态，不能进行 {step}"),
        ("See what it waits for (application.show).", "请查看该申请等待的步骤。"),
    )
}

fn own(refused: &Refused) -> Words {
    let again = ("Correct the field and send it again.", "请更正该字段后重新提交。");
    match refused {
        Refused::PhotoField => words(
            "photo-field",
            "a photo is base64 of at most 1,000,000 bytes",
            "照片须为不超过 1000000 字节的 base64 编码",
            again,
        )
        .field("jpeg"),
        Refused::PhotoDay => words(
            "photo-day",
            "a supplied photo has the day on which it was taken; one taken on site has none",
            "自备照片须填写拍摄日期，现场拍摄则不填",
            again,
        )
        .field("taken"),
        Refused::Version(now) => words("application-version", format!("the form has been changed; its version is {now}"), format!("表格已变更，当前版本为 {now}"), ("Look at it again (application.show).", "请重新查看该申请。"))
        .field("version"),
        Refused::Open(number) => words("application-open", format!("the person has an open application: {number}"), format!("本人已有在办申请 {number}"), ("Go on with that one, or withdraw it.", "请继续办理该申请，或将其撤回。")),
        Refused::OldCard => words(
            "old-card-other-person",
            "this area has issued no such card to this person",
            "本统筹区未向本人发放该卡",
            ("Read the number from the card again.", "请重新核对原卡号。"),
        )
        .field("form.old_card"),
        Refused::PersonUnknown => words(
            "person-unknown",
            "nobody is known here with this document, so there is no card to replace",
            "未找到该证件对应的人员，无卡可补换",
            ("Compare the document's number, or apply for a first card.", "请核对证件号码，或按新办申领。"),
        )
        .field("form.holder.document.number"),
        Refused::NameDiffers => words(
            "name-differs",
            "another name is known for this document's number",
            "该证件号码登记的姓名与所填不一致",
            (
                "Compare name and number with the original; if the name has changed, replace the card for change of data.",
                "请与原件核对姓名和号码；若姓名已变更，请以信息变更为由换卡。",
            ),
        )
        .field("form.holder.name"),
        Refused::PersonBornDiffers => words(
            "person-born-differs",
            "another day of birth is known for this document's number",
            "该证件号码登记的出生日期与所填不一致",
            ("Compare number and day of birth with the original.", "请与原件核对号码和出生日期。"),
        )
        .field("form.holder.born"),
        Refused::KindDiffers(kind) => words("document-kind-differs", format!("the person is enrolled with another kind of document: {kind}"), format!("本人参保登记的证件类型为 {kind}"), ("Use the document of the enrolment.", "请使用参保登记时的证件类型。"))
        .field("form.holder.document.kind"),
        Refused::PersonEnded => words(
            "person-ended",
            "the person has died or left the area",
            "该人员已死亡或已离开本统筹区",
            ("Compare the document; if the record is wrong, ask the agency.", "请核对证件；如登记有误，请联系经办机构。"),
        ),
        Refused::NoSocialSecurityNumber => words(
            "no-social-security-number",
            "no social security number can be made of this document: its number has more than 14 letters and digits, or others",
            "无法由该证件号码生成社会保障号码：超过 14 位或含其他字符",
            ("Use another document of the holder.", "请改用持卡人的其他证件。"),
        )
        .field("form.holder.document.number"),
        Refused::PhotoMissing => words(
            "photo-missing",
            "a photo is needed",
            "缺少照片",
            ("Add a photo (application.photo).", "请添加照片。"),
        ),
        Refused::Signer => words(
            "signer-other",
            "the holder signs, or the guardian or agent who applies",
            "应由持卡人本人签名；监护人或代办人申请的，由其签名",
            ("Let the right person sign.", "请由应签名的人签名。"),
        )
        .field("signed_by"),
        Refused::SamePerson => words(
            "same-person",
            "whoever worked on an application does not review it",
            "经手该申请的人员不得复核",
            ("Ask another reviewer.", "请由另一名复核人员办理。"),
        ),
        Refused::ReasonsMissing => words(
            "reasons-missing",
            "a return names at least one reason, each once",
            "退回须至少选择一项原因，且不得重复",
            again,
        )
        .field("reasons"),
        Refused::ReasonsOfApproval => {
            words("reasons-of-approval", "an approval names no reasons", "通过时不填写退回原因", again).field("reasons")
        }
        Refused::NotOver(day) => words("application-in-time", day.map_or_else(|| "it has no term here".into(), |day| format!("its time lasts to {day}")), day.map_or_else(|| "当前状态无期限".into(), |day| format!("期限至 {day}")), ("Go on with it, or withdraw it for the applicant.", "请继续办理，或应申请人要求撤回。")),
        Refused::NumbersUsedUp => words(
            "application-numbers-used-up",
            "999,999 applications a day are the most",
            "当日受理编号已用完",
            ("File it tomorrow.", "请次日受理。"),
        ),
        Refused::ListLength => {
            words("list-length", "a list has 1 to 500 lines", "名单为 1 至 500 人", again).field("lines")
        }
        Refused::ListCode => words(
            "list-code",
            "the employer's code is none of GB 32100",
            "统一社会信用代码不符合 GB 32100",
            again,
        )
        .field("employer.code"),
        Refused::ListSeal => words(
            "list-seal",
            "the unit's application is sealed, on a day that is not to come",
            "单位申请书须盖章，日期不得晚于今日",
            ("Have the unit seal its application.", "请单位在申请书上盖章。"),
        )
        .field("sealed"),
        Refused::ListEmployer => words(
            "list-employer",
            "a list is for the unit's own people: the line names another employer",
            "名单仅限本单位人员，该行填写了其他单位",
            again,
        )
        .field("form.employer"),
        // Their words stand elsewhere; `Refused::words` asks there.
        Refused::Document(..) | Refused::Form(_) | Refused::Photo(..) | Refused::State(..) => {
            words("application-state", "", "", again)
        }
    }
}

impl Worded for Refused {
    fn words(&self) -> Words {
        let words = match self {
            Self::Document(whose, kind, fault) => document::words_of(*whose, *kind, fault),
            Self::Form(fault) => form::words_of(fault),
            Self::Photo(fault, rules) => photo::words_of(fault, rules),
            Self::State(state, step) => state_words(*state, *step),
            other => own(other),
        };
        words.kind(self.kind())
    }
}
