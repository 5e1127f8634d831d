//! Why a bill is not registered, calculated, settled or undone.

use jiff::civil::Date;
use strum::EnumCount;

use super::setlinfo::Identity;
use super::visit::State;
use crate::acts::refusal::{Explain, RefusalKind};

/// Why a bill is not registered, calculated, settled or undone.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum Refused {
    /// The operator acts for no hospital or pharmacy.
    NoInstitution,
    /// This kind of treatment is not given at such a place.
    MedType,
    /// No such person.
    Person,
    /// The certificate is not this person's, or is not valid.
    Certificate,
    /// No such visit here.
    Visit,
    /// The visit is in another state.
    VisitState(State),
    /// It was registered too long ago.
    VisitLapsed {
        /// Within so many days it had to be settled.
        days: u16,
    },
    /// Both a visit and lines were given, or neither.
    VisitOrLines,
    /// There is nothing to settle.
    NoLines,
    /// Too many lines.
    ManyLines,
    /// Another line has this number.
    LineReused(usize),
    /// The amount is not count times price.
    LineAmount {
        /// Which line.
        line: usize,
        /// What count times price comes to, fen.
        expected: i64,
    },
    /// The fee is of a day to come.
    FeeInFuture(usize),
    /// The fee is too old.
    FeeTooOld {
        /// Which line.
        line: usize,
        /// Fees are settled within so many days.
        days: u16,
    },
    /// The institution had no agreement in force on the day of a fee.
    FeeNotSettled {
        /// Which line, by its `feedetl_sn`.
        serial: String,
        /// Its day.
        day: Date,
    },
    /// A sum differs from what the centre has calculated.
    Sum {
        /// Which field.
        field: &'static str,
        /// What the centre has.
        expected: i64,
    },
    /// This message number came with another request.
    MessageReused,
    /// This message was reversed before it came.
    MessageReversed,
    /// No such settlement here.
    Settlement,
    /// It was undone before.
    Undone,
    /// It is an undo, which cannot be undone.
    IsUndo,
    /// An account has not enough for this any more.
    Short,
    /// The catalogue's level and share do not fit together.
    Catalogue,
    /// An identity of docs/centre.md §6.8.2 does not hold: a fault of this program.
    Identity(Identity),
}

impl Refused {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "operator-not-of-institution",
        "med-type-not-here",
        "bill-person-unknown",
        "certificate-not-accepted",
        "visit-unknown",
        "visit-state",
        "visit-lapsed",
        "visit-or-lines",
        "bill-without-lines",
        "bill-too-long",
        "line-number-reused",
        "line-amount",
        "fee-in-future",
        "fee-too-old",
        "fee-not-settled",
        "sum-differs",
        "message-reused",
        "message-reversed",
        "settlement-unknown",
        "settlement-undone",
        "settlement-is-undo",
        "bill-account-short",
        "catalogue-share",
        "identity-broken",
    ];
}

impl Explain for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::NoInstitution => "operator-not-of-institution",
            Self::MedType => "med-type-not-here",
            Self::Person => "bill-person-unknown",
            Self::Certificate => "certificate-not-accepted",
            Self::Visit => "visit-unknown",
            Self::VisitState(_) => "visit-state",
            Self::VisitLapsed { .. } => "visit-lapsed",
            Self::VisitOrLines => "visit-or-lines",
            Self::NoLines => "bill-without-lines",
            Self::ManyLines => "bill-too-long",
            Self::LineReused(_) => "line-number-reused",
            Self::LineAmount { .. } => "line-amount",
            Self::FeeInFuture(_) => "fee-in-future",
            Self::FeeTooOld { .. } => "fee-too-old",
            Self::FeeNotSettled { .. } => "fee-not-settled",
            Self::Sum { .. } => "sum-differs",
            Self::MessageReused => "message-reused",
            Self::MessageReversed => "message-reversed",
            Self::Settlement => "settlement-unknown",
            Self::Undone => "settlement-undone",
            Self::IsUndo => "settlement-is-undo",
            Self::Short => "bill-account-short",
            Self::Catalogue => "catalogue-share",
            Self::Identity(_) => "identity-broken",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::NoInstitution => RefusalKind::Forbidden,
            Self::Person | Self::Visit | Self::Settlement => RefusalKind::Missing,
            Self::VisitOrLines
            | Self::ManyLines
            | Self::LineAmount { .. }
            | Self::FeeInFuture(_)
            | Self::Catalogue
            | Self::MedType => RefusalKind::Input,
            Self::Identity(_) => RefusalKind::Failure,
            _ => RefusalKind::Rule,
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::MedType => "med_type",
            Self::Person => "psn_no",
            Self::Certificate => "mdtrt_cert_no",
            Self::Visit | Self::VisitState(_) | Self::VisitLapsed { .. } | Self::VisitOrLines => "mdtrt_id",
            Self::NoLines | Self::ManyLines => "feedetail",
            Self::LineReused(line) => return Some(format!("feedetail[{line}].feedetl_sn")),
            Self::LineAmount { line, .. } => return Some(format!("feedetail[{line}].det_item_fee_sumamt")),
            Self::FeeInFuture(line) | Self::FeeTooOld { line, .. } => {
                return Some(format!("feedetail[{line}].fee_ocur_time"));
            }
            Self::Sum { field, .. } => field,
            Self::MessageReused | Self::MessageReversed => "medins_setl_id",
            Self::Settlement | Self::Undone | Self::IsUndo => "setl_id",
            Self::Catalogue => "selfpay_prop",
            Self::NoInstitution | Self::FeeNotSettled { .. } | Self::Short | Self::Identity(_) => return None,
        };
        Some(field.into())
    }

    fn en(&self) -> String {
        match self {
            Self::NoInstitution => "the operator acts for no hospital or pharmacy".into(),
            Self::MedType => "a pharmacy has med_type 41, a hospital any other".into(),
            Self::Person => "no person has this number here".into(),
            Self::Certificate => {
                "the certificate is not this person's, or the card may not be used today (lost, sealed, not in use)"
                    .into()
            }
            Self::Visit => "this institution has no visit of this number and person".into(),
            Self::VisitState(state) => format!("the visit is {state}"),
            Self::VisitLapsed { days } => format!("a visit is settled within {days} days of its registration"),
            Self::VisitOrLines => "either mdtrt_id or lines are given, and not both".into(),
            Self::NoLines => "the bill has no lines".into(),
            Self::ManyLines => "a bill has at most 500 lines".into(),
            Self::LineReused(_) => "another line of the bill has this number".into(),
            Self::LineAmount { expected, .. } => {
                format!("the line's amount is count times price to the fen, which is {expected} fen")
            }
            Self::FeeInFuture(_) => "a fee arises today or earlier".into(),
            Self::FeeTooOld { days, .. } => format!("a fee is settled within {days} days"),
            Self::FeeNotSettled { serial, day } => {
                format!("the institution had no agreement in force on {day}, the day of line {serial}")
            }
            Self::Sum { expected, .. } => format!("the centre has calculated {expected} fen"),
            Self::MessageReused => "another request came under this number".into(),
            Self::MessageReversed => "this message was reversed before it came".into(),
            Self::Settlement => "this institution has no settlement of this number and person".into(),
            Self::Undone => "the settlement was undone before, by another message".into(),
            Self::IsUndo => "an undo is not undone".into(),
            Self::Short => "an account has less than the settlement takes from it".into(),
            Self::Catalogue => "the own share is 0 at level 01, above 0 and below 1 at 02, and 1 at 03".into(),
            Self::Identity(identity) => {
                format!("the amounts do not add up ({identity}): a fault of this program")
            }
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::NoInstitution => "操作员不属于任何医院或药店".into(),
            Self::MedType => "药店的医疗类别为41，医院为其他类别".into(),
            Self::Person => "本区没有该人员编号".into(),
            Self::Certificate => "就诊凭证不是该人员的，或社会保障卡今日不可使用（挂失、封存、未启用）".into(),
            Self::Visit => "本机构没有该人员的此就诊号".into(),
            Self::VisitState(state) => format!("就诊状态为 {state}"),
            Self::VisitLapsed { days } => format!("就诊须在登记后{days}天内结算"),
            Self::VisitOrLines => "就诊号与明细须且只能填写一项".into(),
            Self::NoLines => "账单没有明细".into(),
            Self::ManyLines => "一张账单最多500条明细".into(),
            Self::LineReused(_) => "账单中另一条明细已使用该流水号".into(),
            Self::LineAmount { expected, .. } => format!("明细金额须等于数量乘单价（精确到分），即{expected}分"),
            Self::FeeInFuture(_) => "费用发生时间不得晚于今日".into(),
            Self::FeeTooOld { days, .. } => format!("费用须在{days}天内结算"),
            Self::FeeNotSettled { serial, day } => format!("明细{serial}发生日{day}该机构没有生效的协议，费用不予结算"),
            Self::Sum { expected, .. } => format!("中心计算结果为{expected}分"),
            Self::MessageReused => "该报文号已用于其他请求".into(),
            Self::MessageReversed => "该报文在到达前已被冲正".into(),
            Self::Settlement => "本机构没有该人员的此结算号".into(),
            Self::Undone => "该结算已由另一报文撤销".into(),
            Self::IsUndo => "撤销记录不能再撤销".into(),
            Self::Short => "账户余额不足以支付本次结算".into(),
            Self::Catalogue => "甲类自付比例为0，乙类大于0且小于1，丙类为1".into(),
            Self::Identity(identity) => {
                format!("金额不平衡（{identity}），属本程序故障")
            }
        }
    }

    fn next_en(&self) -> String {
        match self {
            Self::NoInstitution => "Sign in as an operator of the hospital or pharmacy.",
            Self::MedType => "Correct the kind of treatment.",
            Self::Person => "Ask for the person by their certificate (settlement.person).",
            Self::Certificate => "Take another certificate, or send the holder to the agency's window.",
            Self::Visit | Self::VisitOrLines => "Correct the visit's number, or register anew (settlement.register).",
            Self::VisitState(State::Settled) => "Undo its settlement first (settlement.undo), or register anew.",
            Self::VisitState(_) | Self::VisitLapsed { .. } => "Register anew (settlement.register).",
            Self::NoLines => "Send the lines first (settlement.lines).",
            Self::ManyLines => "Make several bills of it.",
            Self::LineReused(_) => "Give the line another number.",
            Self::LineAmount { .. } => "Correct count, price or amount.",
            Self::FeeInFuture(_) => "Correct the time, or look at the clock.",
            Self::FeeTooOld { .. } | Self::FeeNotSettled { .. } => "Take the line out: the holder pays it alone.",
            Self::Sum { .. } => "Calculate again with the centre (settlement.trial).",
            Self::MessageReused | Self::MessageReversed => "Send the request under a new number.",
            Self::Settlement => "Correct the number; see settlement.list.",
            Self::Undone => "Nothing is left to do; see settlement.show.",
            Self::IsUndo => "Settle the visit again under a new number.",
            Self::Short => "Calculate again with the centre (settlement.trial).",
            Self::Catalogue => "Correct level or share.",
            Self::Identity(_) => "Nothing was booked. Call the centre's engineer.",
        }
        .into()
    }

    fn next_zh(&self) -> String {
        match self {
            Self::NoInstitution => "请以医院或药店的操作员身份登录。",
            Self::MedType => "请更正医疗类别。",
            Self::Person => "请先凭就诊凭证查询人员信息。",
            Self::Certificate => "请使用其他凭证，或请持卡人到经办窗口办理。",
            Self::Visit | Self::VisitOrLines => "请更正就诊号，或重新登记。",
            Self::VisitState(State::Settled) => "请先撤销其结算，或重新登记。",
            Self::VisitState(_) | Self::VisitLapsed { .. } => "请重新登记。",
            Self::NoLines => "请先上传费用明细。",
            Self::ManyLines => "请分成多张账单。",
            Self::LineReused(_) => "请使用其他流水号。",
            Self::LineAmount { .. } => "请更正数量、单价或金额。",
            Self::FeeInFuture(_) => "请更正时间，或检查时钟。",
            Self::FeeTooOld { .. } | Self::FeeNotSettled { .. } => "请剔除该明细，由持卡人自费。",
            Self::Sum { .. } => "请重新预结算。",
            Self::MessageReused | Self::MessageReversed => "请使用新的报文号。",
            Self::Settlement => "请更正结算号，可查询结算列表。",
            Self::Undone => "无需再办理，可查询该结算。",
            Self::IsUndo => "请使用新的报文号重新结算该就诊。",
            Self::Short => "请重新预结算。",
            Self::Catalogue => "请更正等级或比例。",
            Self::Identity(_) => "未记账。请联系中心工程师。",
        }
        .into()
    }
}
