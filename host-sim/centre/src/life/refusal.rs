//! Why an act on a card was refused, and what to do next, in English and Chinese. The code is stable: programs rely on it.

use std::borrow::Cow;

use jiff::civil::Date;
use strum::EnumCount;

use super::bank::BankAct;
use super::card_act::CardAct;
use super::codes::CodeError;
use super::place::Place;
use crate::acts::refusal::{Explain, RefusalKind};

/// Why an act on a card, or on what belongs to it, was refused.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum LifeRefusal {
    /// The act is not offered at this place.
    NotHere {
        /// The act.
        act: CardAct,
        /// Where it was asked for.
        place: Place,
    },
    /// The bank function is the bank's.
    BankActNotHere {
        /// The act.
        act: BankAct,
        /// Where it was asked for.
        place: Place,
    },
    /// The account is another bank's.
    OtherBank,
    /// The centre has no such card.
    Unknown,
    /// The card is another area's.
    OtherArea,
    /// The card was made and not yet handed over.
    NotHandedOver,
    /// The card is reported lost in writing.
    Lost,
    /// The card is reported lost by word of mouth.
    TemporarilyLost,
    /// The card's application is locked.
    Locked,
    /// The card is sealed.
    Sealed,
    /// The card is cancelled.
    Cancelled,
    /// The card's validity has ended.
    Expired,
    /// Nobody reported the card lost.
    NotLost,
    /// The card is not locked.
    NotLocked,
    /// The card is not sealed.
    NotSealed,
    /// The loss was reported elsewhere, and is released there.
    ReportedElsewhere(Place),
    /// The area does not release what was reported in writing.
    FormalReleaseForbidden,
    /// The document is not the one by which the holder is known.
    DocumentMismatch,
    /// The document is no longer valid.
    DocumentExpired,
    /// What the card shows does not agree with the record.
    NotGenuine,
    /// A field has no possible value.
    Field {
        /// The field.
        field: &'static str,
        /// What is allowed, in English.
        en: &'static str,
        /// What is allowed, in Chinese.
        zh: &'static str,
    },
    /// The card has no bank function.
    NoBankFunction,
    /// The bank function is reported lost.
    BankLost,
    /// The bank function is blocked.
    BankBlocked,
    /// The bank function is closed.
    BankClosed,
    /// The social function comes first.
    SocialFirst,
    /// A card that was reported lost by word of mouth cannot be replaced yet.
    ReplaceNeedsFormal,
    /// A lost card cannot be replaced before its loss is reported.
    ReplaceNeedsReport,
    /// A cancelled card is not replaced: its holder applies for a new one.
    ReplaceIsNew,
    /// It is too early to renew the card.
    RenewTooEarly(Date),
    /// The person has a card.
    HasCard,
    /// The person has a temporary card.
    HasTemporary,
    /// The card is no temporary one.
    NotTemporary,
    /// The act is not for temporary cards.
    Temporary,
    /// A temporary card for this many days is too long.
    TemporaryTooLong(u16),
    /// The person is already in this area.
    SameArea,
    /// The person is retired.
    Retired,
    /// Another change of area of this person is open.
    TransferOpen,
    /// There is no such change of area.
    TransferUnknown,
    /// The change of area is not at the step that the act needs.
    TransferStep,
    /// The change of area waits for another area.
    TransferElsewhere,
    /// A status or its code has no counterpart in another system.
    Code(CodeError),
}

/// A code, the field that it is about, cause, and next step, in two languages.
struct Words {
    code: &'static str,
    field: Option<&'static str>,
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
    next_en: &'static str,
    next_zh: &'static str,
}

fn words(
    code: &'static str,
    field: impl Into<Option<&'static str>>,
    (en, zh): (impl Into<Cow<'static, str>>, impl Into<Cow<'static, str>>),
    (next_en, next_zh): (&'static str, &'static str),
) -> Words {
    Words { code, field: field.into(), en: en.into(), zh: zh.into(), next_en, next_zh }
}

/// The places of an act, for a sentence.
fn listed(places: &[Place], name: fn(Place) -> &'static str, between: &str) -> String {
    places.iter().map(|place| name(*place)).collect::<Vec<_>>().join(between)
}

impl LifeRefusal {
    /// Every code, for the test that reaches each.
    pub const ALL: &'static [&'static str; Self::COUNT] = &[
        "life-not-here",
        "life-bank-not-here",
        "life-card-unknown",
        "life-other-area",
        "life-not-handed-over",
        "life-lost",
        "life-temporarily-lost",
        "life-locked",
        "life-sealed",
        "life-cancelled",
        "life-expired",
        "life-not-lost",
        "life-not-locked",
        "life-not-sealed",
        "life-reported-elsewhere",
        "life-formal-release-forbidden",
        "life-document-mismatch",
        "life-document-expired",
        "life-not-genuine",
        "life-field",
        "life-other-bank",
        "life-no-bank-function",
        "life-bank-lost",
        "life-bank-blocked",
        "life-bank-closed",
        "life-social-first",
        "life-replace-needs-formal",
        "life-replace-needs-report",
        "life-replace-is-new",
        "life-renew-too-early",
        "life-has-card",
        "life-has-temporary",
        "life-not-temporary",
        "life-temporary",
        "life-temporary-too-long",
        "life-same-area",
        "life-retired",
        "life-transfer-open",
        "life-transfer-unknown",
        "life-transfer-step",
        "life-transfer-elsewhere",
        "life-code",
    ];

    fn words(&self) -> Words {
        match self {
            Self::NotHere { .. } | Self::BankActNotHere { .. } => self.of_place(),
            Self::NoBankFunction
            | Self::OtherBank
            | Self::BankLost
            | Self::BankBlocked
            | Self::BankClosed
            | Self::SocialFirst
            | Self::HasTemporary
            | Self::NotTemporary
            | Self::Temporary
            | Self::TemporaryTooLong(_) => self.of_bank_or_temporary(),
            Self::ReplaceNeedsFormal
            | Self::ReplaceNeedsReport
            | Self::ReplaceIsNew
            | Self::RenewTooEarly(_)
            | Self::HasCard => self.of_replacement(),
            Self::SameArea
            | Self::Retired
            | Self::TransferOpen
            | Self::TransferUnknown
            | Self::TransferStep
            | Self::TransferElsewhere => self.of_transfer(),
            _ => self.of_card(),
        }
    }

    fn of_place(&self) -> Words {
        let (code, places, place) = match self {
            Self::BankActNotHere { act, place } => ("life-bank-not-here", act.places(), *place),
            Self::NotHere { act, place } => ("life-not-here", act.places(), *place),
            _ => ("life-not-here", [].as_slice(), Place::Window),
        };
        let en = format!("this act is not offered at {}, but at {}", place.en(), listed(places, Place::en, ", "));
        let zh = format!("{}不办理此项业务，可在以下渠道办理：{}", place.zh(), listed(places, Place::zh, "、"));
        words(code, None, (en, zh), ("go to one of these places", "请到上述渠道办理"))
    }

    fn of_card(&self) -> Words {
        let number = Some("card");
        match self {
            Self::OtherArea => words(
                "life-other-area",
                number,
                ("the card belongs to another coordinating area", "该卡属于其他统筹区"),
                ("go to an agency of the card's area", "请到发卡统筹区的经办机构办理"),
            ),
            Self::NotHandedOver => words(
                "life-not-handed-over",
                number,
                ("the card was not handed over yet", "该卡尚未领取"),
                ("hand the card over to its holder first", "请先办理领卡"),
            ),
            Self::Lost => words(
                "life-lost",
                number,
                ("the card is reported lost in writing", "该卡已正式挂失"),
                ("apply for a replacement", "请申请补卡"),
            ),
            Self::TemporarilyLost => words(
                "life-temporarily-lost",
                number,
                ("the card is reported lost by word of mouth", "该卡已口头挂失"),
                (
                    "release the loss where it was reported, or confirm it in writing",
                    "请在原渠道解挂，或到窗口办理正式挂失",
                ),
            ),
            Self::Locked => words(
                "life-locked",
                number,
                ("the card's application is locked", "该卡应用已锁定"),
                ("unlock it at the agency's window", "请到经办窗口解锁"),
            ),
            Self::Sealed => words(
                "life-sealed",
                number,
                ("the card is sealed", "该卡已封存"),
                ("have it unsealed at the agency's window", "请到经办窗口解封"),
            ),
            Self::Cancelled => words(
                "life-cancelled",
                number,
                ("the card is cancelled for good", "该卡已注销"),
                ("apply for a new card", "请申请新卡"),
            ),
            Self::Expired => words(
                "life-expired",
                number,
                ("the card's validity has ended", "该卡已过有效期"),
                ("apply for a replacement because of expiry", "请申请到期换卡"),
            ),
            Self::NotLost => words(
                "life-not-lost",
                number,
                ("nobody has reported the card lost, or the report has lapsed", "该卡未挂失，或挂失已失效"),
                ("nothing needs to be released", "无需解挂"),
            ),
            Self::NotLocked => words(
                "life-not-locked",
                number,
                ("the card's application is not locked", "该卡应用未锁定"),
                ("nothing needs to be unlocked", "无需解锁"),
            ),
            Self::NotSealed => words(
                "life-not-sealed",
                number,
                ("the card is not sealed", "该卡未封存"),
                ("nothing needs to be unsealed", "无需解封"),
            ),
            Self::ReportedElsewhere(place) => words(
                "life-reported-elsewhere",
                number,
                (
                    format!("the loss was reported at {}, and is released there only", place.en()),
                    format!("该挂失在{}办理，只能在原渠道解挂", place.zh()),
                ),
                ("release it there, or confirm the loss in writing", "请在原渠道解挂，或办理正式挂失"),
            ),
            Self::FormalReleaseForbidden => words(
                "life-formal-release-forbidden",
                number,
                ("this area does not release a loss that was reported in writing", "本统筹区正式挂失后不可解挂"),
                ("apply for a replacement", "请申请补卡"),
            ),
            Self::DocumentMismatch => words(
                "life-document-mismatch",
                "document",
                ("the document is not one by which the card's holder is known", "所持证件与持卡人登记的证件不符"),
                ("bring the document that the holder registered with", "请持登记时的有效证件办理"),
            ),
            Self::DocumentExpired => words(
                "life-document-expired",
                "document_expires",
                ("the document is no longer valid", "证件已过有效期"),
                ("bring a valid document", "请持有效证件办理"),
            ),
            Self::NotGenuine => words(
                "life-not-genuine",
                "ident",
                ("what was read from the card is not what the centre knows of it", "读出的卡信息与中心记录不符"),
                ("keep the card and call the card centre", "请留存该卡并联系卡管中心"),
            ),
            Self::Code(error) => words(
                "life-code",
                "code",
                (error.to_string(), "状态码对照表中无对应项"),
                ("ask the other system's operator what it means", "请向对方系统核实"),
            ),
            Self::Field { field, en, zh } => {
                words("life-field", *field, (*en, *zh), ("correct the field", "请更正该字段"))
            }
            _ => words(
                "life-card-unknown",
                number,
                ("the centre has no such card", "中心无此卡"),
                ("compare the number with the card", "请核对卡号"),
            ),
        }
    }

    fn of_bank_or_temporary(&self) -> Words {
        let number = Some("card");
        match self {
            Self::OtherBank => words(
                "life-other-bank",
                number,
                ("this counter is none of the bank that has the account", "本柜面不属于该账户的开户银行"),
                (
                    "go to that bank; its counters are named in application.banks",
                    "请到开户银行办理；其柜面登记在参数 application.banks 中",
                ),
            ),
            Self::BankLost => words(
                "life-bank-lost",
                number,
                ("the bank function is reported lost", "该卡金融账户已挂失"),
                ("release it at the bank first, or replace the card", "请先在银行解挂，或换卡"),
            ),
            Self::BankBlocked => words(
                "life-bank-blocked",
                number,
                ("the bank function is blocked, since the card has ended", "该卡已终止，金融账户已止付"),
                ("close the account at the bank", "请到银行销户"),
            ),
            Self::BankClosed => words(
                "life-bank-closed",
                number,
                ("the bank account is closed", "该金融账户已销户"),
                ("apply for a new card", "请申请新卡"),
            ),
            Self::SocialFirst => words(
                "life-social-first",
                number,
                (
                    "the bank account is closed only after the social function has ended",
                    "须先注销社保功能，再办理金融账户销户",
                ),
                ("cancel the card at the agency's window first", "请先到经办窗口注销该卡"),
            ),
            Self::HasTemporary => words(
                "life-has-temporary",
                "person",
                ("the person has a temporary card", "该人员已有临时卡"),
                ("take the temporary card back first", "请先收回临时卡"),
            ),
            Self::NotTemporary => words(
                "life-not-temporary",
                number,
                ("the card is no temporary card", "该卡不是临时卡"),
                ("name a temporary card", "请输入临时卡卡号"),
            ),
            Self::Temporary => words(
                "life-temporary",
                number,
                ("the act is not for temporary cards", "临时卡不办理此项业务"),
                ("take the temporary card back, and lend another if it is needed", "请收回临时卡，必要时重新借出"),
            ),
            Self::TemporaryTooLong(days) => words(
                "life-temporary-too-long",
                "days",
                (format!("a temporary card is lent for 1 to {days} days"), format!("临时卡使用期限为1至{days}天")),
                ("choose fewer days", "请缩短期限"),
            ),
            _ => words(
                "life-no-bank-function",
                number,
                ("the card has no bank function", "该卡无金融功能"),
                ("use the holder's regular card", "请使用正式卡办理"),
            ),
        }
    }

    fn of_replacement(&self) -> Words {
        let number = Some("card");
        match self {
            Self::ReplaceNeedsFormal => words(
                "life-replace-needs-formal",
                number,
                ("the loss was reported by word of mouth only", "该卡仅口头挂失，不可补换"),
                ("confirm the loss in writing first", "请先办理正式挂失"),
            ),
            Self::ReplaceNeedsReport => words(
                "life-replace-needs-report",
                number,
                ("nobody has reported the card lost", "该卡未挂失，不可按遗失补卡"),
                ("report the loss in writing first", "请先办理正式挂失"),
            ),
            Self::ReplaceIsNew => words(
                "life-replace-is-new",
                number,
                ("the card is cancelled, so that nothing is there to be replaced", "该卡已注销，不可补换"),
                ("apply for a new card", "请按新申领办理"),
            ),
            Self::RenewTooEarly(from) => words(
                "life-renew-too-early",
                number,
                (
                    format!("the card can be renewed because of expiry from {from} on"),
                    format!("自{from}起方可办理到期换卡"),
                ),
                ("come back on that day", "请届时办理"),
            ),
            _ => words(
                "life-has-card",
                "person",
                ("the person has a card in this province", "该人员在本省已有社会保障卡"),
                ("use that card, or have it replaced", "请使用原卡，或申请补换"),
            ),
        }
    }

    fn of_transfer(&self) -> Words {
        match self {
            Self::SameArea => words(
                "life-same-area",
                "to",
                ("the person is in this area already", "该人员已在本统筹区参保"),
                ("name another area", "请选择其他统筹区"),
            ),
            Self::Retired => words(
                "life-retired",
                "person",
                ("the insurance of a retired person is not transferred", "已退休人员不办理转移接续"),
                ("the person goes on in the present area", "继续在原统筹区享受待遇"),
            ),
            Self::TransferOpen => words(
                "life-transfer-open",
                "person",
                ("another change of area of this person is open", "该人员有未办结的转移接续"),
                ("finish that one first", "请先办结"),
            ),
            Self::TransferStep => words(
                "life-transfer-step",
                "transfer",
                ("the change of area is at another step", "转移接续当前状态不允许此操作"),
                ("look at its state, which names what comes next", "请查看当前状态及下一步"),
            ),
            Self::TransferElsewhere => words(
                "life-transfer-elsewhere",
                "transfer",
                ("the step belongs to the other area", "此步骤应由对方统筹区办理"),
                ("wait for the other area", "请等待对方统筹区办理"),
            ),
            _ => words(
                "life-transfer-unknown",
                "transfer",
                ("there is no such change of area", "无此转移接续记录"),
                ("compare the number with the certificate", "请核对参保凭证编号"),
            ),
        }
    }
}

impl Explain for LifeRefusal {
    fn code(&self) -> &'static str {
        self.words().code
    }

    fn field(&self) -> Option<String> {
        self.words().field.map(String::from)
    }

    fn en(&self) -> String {
        self.words().en.into_owned()
    }

    fn zh(&self) -> String {
        self.words().zh.into_owned()
    }

    fn next_en(&self) -> String {
        self.words().next_en.into()
    }

    fn next_zh(&self) -> String {
        self.words().next_zh.into()
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Field { .. } | Self::Code(_) | Self::TemporaryTooLong(_) => RefusalKind::Input,
            Self::Unknown | Self::TransferUnknown => RefusalKind::Missing,
            Self::NotHere { .. } | Self::BankActNotHere { .. } | Self::TransferElsewhere => RefusalKind::Forbidden,
            _ => RefusalKind::Rule,
        }
    }
}
