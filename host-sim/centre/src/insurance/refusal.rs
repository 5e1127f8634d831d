//! Why an act of insurance is refused, in words for people.

use jiff::civil::Date;
use strum::EnumCount;

use crate::acts::refusal::{Explain, RefusalKind};

use super::kinds::{Capacity, Kind};
use super::month::Month;
use super::pooling::Not;
use super::relation::{Move, State};

/// Why an act of insurance is refused.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum Refused {
    /// The person has a relation of this kind.
    AlreadyInsured(Kind),
    /// This kind cannot be had in this capacity, or not in this area.
    KindNotOffered(Kind, Capacity),
    /// The person has died or left the area.
    PersonLeft,
    /// The person has neither died nor left the area.
    PersonStays,
    /// The month's declarations are over.
    DeclarationClosed(Month),
    /// It would take effect before what has happened already.
    TooEarly(Month),
    /// The relation's state forbids this.
    Relation(State, Move),
    /// There is no base to calculate with.
    BaseMissing,
    /// The base is not one that may be chosen.
    BaseNotOffered {
        /// In fen.
        floor: i64,
        /// In fen.
        cap: i64,
        /// In fen.
        step: i64,
    },
    /// The employer's trade has no class of injury, or the area does not know it.
    InjuryClass,
    /// Employees are paid for by an employer, everybody else by themselves.
    WrongPayer(Capacity),
    /// The month has not begun.
    MonthAhead,
    /// Nothing is due on the slip any more, or something of it was collected.
    SlipNotDue,
    /// The bank's file cannot be read.
    File(String),
    /// The bank has used this number for another file.
    FileNumberReused,
    /// The file is of a day that has not come.
    FileAhead,
    /// The unmatched money went back or was assigned.
    Resolved,
    /// The amount is not what is due.
    AmountDiffers {
        /// In fen, with the late fee.
        due: i64,
        /// In fen.
        is: i64,
    },
    /// The cover cannot be paid for now.
    NoCover {
        /// The first day.
        opens: Date,
        /// The last day.
        ends: Date,
    },
    /// This class of residents is not known here.
    ClassUnknown,
    /// The year is paid or a slip for it is due.
    YearAssessed,
    /// A day of this entry is missing, or does not belong to it.
    EntryDay,
    /// The year is not over.
    YearNotOver,
    /// The area has no sum for retired persons.
    NoRetiredSum,
    /// The account has too little.
    AccountShort,
    /// The account may not pay for this person.
    Pooling(Not),
    /// The owner has no personal account.
    NoAccount,
    /// Nobody binds themselves.
    Oneself,
    /// The account is bound to this relative already.
    Bound,
    /// It is not.
    NotBound,
}

use Refused as R;

impl Refused {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "insured-already",
        "insurance-not-offered",
        "person-left",
        "person-stays",
        "declaration-closed",
        "effect-too-early",
        "relation-state",
        "base-missing",
        "base-not-offered",
        "injury-class-missing",
        "payer-wrong",
        "month-ahead",
        "slip-not-due",
        "collection-unreadable",
        "collection-number-reused",
        "collection-ahead",
        "unmatched-resolved",
        "amount-differs",
        "cover-not-payable",
        "resident-class-unknown",
        "resident-year-assessed",
        "entry-day-wrong",
        "year-not-over",
        "retired-sum-missing",
        "account-short",
        "pooling-not-admitted",
        "account-missing",
        "pooling-oneself",
        "pooling-bound",
        "pooling-not-bound",
    ];
}

/// Code, field, cause in English and Chinese, next step in English and Chinese.
type Words = (&'static str, &'static str, String, String, &'static str, &'static str);

/// The code, as few words as say it.
fn words(why: &Refused) -> Words {
    let say = |code, field, en: &str, zh: &str, next_en, next_zh| {
        (code, field, en.to_owned(), zh.to_owned(), next_en, next_zh)
    };
    match why {
        R::AlreadyInsured(kind) => (
            "insured-already",
            "kinds",
            format!("the person has a relation of {kind} insurance already"),
            format!("该人员已有{kind}参保关系"),
            "End or resume that relation (relation.list shows it).",
            "请先终止或恢复原参保关系 (relation.list)。",
        ),
        R::KindNotOffered(kind, capacity) => (
            "insurance-not-offered",
            "kinds",
            format!("{kind} insurance cannot be had as {capacity} in this area"),
            format!("本统筹区 {capacity} 人员不能参加 {kind} 保险"),
            "Choose kinds that the area offers in this capacity (parameter.list shows premium.rates and premium.flexible).",
            "请选择该身份可参加的险种。",
        ),
        R::PersonLeft => say(
            "person-left",
            "person",
            "the person has died or left the area",
            "该人员已死亡或已离开本统筹区",
            "Check the person's number.",
            "请核对人员编号。",
        ),
        R::PersonStays => say(
            "person-stays",
            "person",
            "the person has neither died nor left the area",
            "该人员未死亡也未离开本统筹区",
            "An account is paid out only then; record it first.",
            "请先登记死亡或转出。",
        ),
        R::DeclarationClosed(month) => (
            "declaration-closed",
            "from",
            format!("declarations for {month} and before are over"),
            format!("{month} 及以前月份的申报期已过"),
            "Declare it for a later month.",
            "请按以后月份申报。",
        ),
        R::TooEarly(month) => (
            "effect-too-early",
            "from",
            format!("the relation has begun, or was changed, as of {month}"),
            format!("参保关系自 {month} 起已有变动"),
            "Give a later month.",
            "请填写更晚的月份。",
        ),
        R::Relation(state, moved) => (
            "relation-state",
            "relation",
            format!("a relation that is {state} cannot {moved}"),
            format!("参保关系状态为 {state}，不能办理 {moved}"),
            "See relation.list for where it stands.",
            "请用 relation.list 查看状态。",
        ),
        R::BaseMissing => say(
            "base-missing",
            "base",
            "no base was declared for this person and payer",
            "未申报该人员的缴费基数",
            "Give the base, or declare it first (base.declare).",
            "请先申报缴费基数。",
        ),
        R::BaseNotOffered { floor, cap, step } => (
            "base-not-offered",
            "base",
            format!("a base is {floor} or {cap} fen, or one between whose premium is a multiple of {step} fen"),
            format!("基数应为 {floor} 分或 {cap} 分，或其间缴费额为 {step} 分整数倍的档次"),
            "Choose such a base.",
            "请选择规定档次。",
        ),
        R::InjuryClass => say(
            "injury-class-missing",
            "payer",
            "the employer's trade has no class of work injury, or the area has no rate for it",
            "用人单位未登记工伤行业类别，或本统筹区无该类别费率",
            "Register the employer with the class (payer.register).",
            "请登记行业类别 (payer.register)。",
        ),
        R::WrongPayer(capacity) => (
            "payer-wrong",
            "payer",
            format!("the payer does not suit {capacity}: employees have an employer, all others pay for themselves"),
            format!("缴费主体与身份 {capacity} 不符：职工由用人单位缴费，其他人员由本人缴费"),
            "Give the employer's code for an employee, and no payer for anybody else.",
            "职工请填写单位编码，其他人员不填。",
        ),
        R::MonthAhead => say(
            "month-ahead",
            "month",
            "this month has not begun",
            "该月份尚未开始",
            "Wait until it begins.",
            "请在该月开始后办理。",
        ),
        R::SlipNotDue => say(
            "slip-not-due",
            "slip",
            "nothing is due on this slip, or a part of it was collected",
            "该缴费单无应缴金额或已部分到账",
            "See premium.slip for where its lines stand.",
            "请用 premium.slip 查看各行状态。",
        ),
        R::File(problem) => (
            "collection-unreadable",
            "file",
            problem.clone(),
            format!("银行代收文件不符合格式: {problem}"),
            "Nothing of the file was taken. Ask the bank for a right one.",
            "文件未处理，请银行重新提供。",
        ),
        R::FileNumberReused => say(
            "collection-number-reused",
            "file",
            "the bank has sent another file under this number",
            "该文件编号已用于另一文件",
            "Ask the bank which of both is right; the second needs a number of its own.",
            "请向银行核实，新文件须使用新编号。",
        ),
        R::FileAhead => say(
            "collection-ahead",
            "file",
            "the file is of a day that has not come",
            "文件日期晚于今日",
            "Send it on its day.",
            "请在当日提交。",
        ),
        R::Resolved => say(
            "unmatched-resolved",
            "line",
            "this money went back or was assigned already",
            "该笔款项已退回或已认领",
            "See premium.unmatched for what is open.",
            "请用 premium.unmatched 查看待处理款项。",
        ),
        R::AmountDiffers { due, is } => (
            "amount-differs",
            "slip_line",
            format!("{due} fen are due with the late fee, and {is} fen came"),
            format!("应缴（含滞纳金）{due} 分，到账 {is} 分"),
            "Return the money, or choose the line that it is for.",
            "请退回款项或选择对应行。",
        ),
        R::NoCover { opens, ends } => (
            "cover-not-payable",
            "year",
            format!("this cover can be paid for from {opens} to {ends}"),
            format!("该年度缴费时间为 {opens} 至 {ends}"),
            "Come in that time, or choose another year.",
            "请在规定时间办理或选择其他年度。",
        ),
        R::ClassUnknown => say(
            "resident-class-unknown",
            "class",
            "the area has no premium for this class of residents",
            "本统筹区无该类居民缴费标准",
            "Choose another class, or have premium.resident set.",
            "请选择其他类别或设置 premium.resident。",
        ),
        R::YearAssessed => say(
            "resident-year-assessed",
            "year",
            "this year is paid, or a slip for it is due",
            "该年度已缴费或已开具缴费单",
            "See premium.list for the slip.",
            "请用 premium.list 查看缴费单。",
        ),
        R::EntryDay => say(
            "entry-day-wrong",
            "entry_day",
            "newborn and former-employee need a day that is not ahead; ordinary has none",
            "新生儿和原职工须填写不晚于今日的日期；普通参保不填",
            "Give the day of birth, or the last day of the employment.",
            "请填写出生日期或终止就业日期。",
        ),
        R::YearNotOver => say(
            "year-not-over",
            "year",
            "this year is not over",
            "该年度尚未结束",
            "Run it when the year is over.",
            "请在年度结束后结息。",
        ),
        R::NoRetiredSum => say(
            "retired-sum-missing",
            "month",
            "account.credit has no sum for retired persons in that month",
            "该月 account.credit 未设置退休人员划入额",
            "Have it set (parameter.set).",
            "请设置该参数。",
        ),
        R::AccountShort => say(
            "account-short",
            "owner",
            "the account has too little for this",
            "个人账户余额不足",
            "Pay in another way.",
            "请使用其他方式缴费。",
        ),
        R::Pooling(not) => (
            "pooling-not-admitted",
            if matches!(not, Not::Kin) { "kin" } else { "relative" },
            match not {
                Not::Kin => "this area's family pooling does not include this kinship",
                Not::NotInsured => "the relative is not insured",
                Not::Use => "this area's family pooling does not pay for this",
                Not::PharmacyForResident => "this area's family pooling does not pay at pharmacies for residents",
            }
            .into(),
            match not {
                Not::Kin => "本统筹区家庭共济不包括该亲属关系",
                Not::NotInsured => "该亲属未参加基本医疗保险",
                Not::Use => "本统筹区家庭共济不用于该项支付",
                Not::PharmacyForResident => "本统筹区居民参保亲属不能在药店使用共济",
            }
            .into(),
            "The relative uses the own insurance and account, or pays in another way.",
            "请使用本人的医保待遇和账户，或以其他方式支付。",
        ),
        R::NoAccount => say(
            "account-missing",
            "owner",
            "the owner has no personal account: not insured as employee, retired, or flexible with an account",
            "该人员没有个人账户",
            "Choose an owner with a personal account.",
            "请选择有个人账户的人员。",
        ),
        R::Oneself => say(
            "pooling-oneself",
            "relative",
            "the own account pays for oneself without being bound",
            "本人使用本人账户无需绑定",
            "Name a relative.",
            "请填写亲属。",
        ),
        R::Bound => say(
            "pooling-bound",
            "relative",
            "the account is bound to this relative in another kinship",
            "已按其他亲属关系绑定",
            "Unbind it first (pooling.unbind).",
            "请先解除绑定。",
        ),
        R::NotBound => say(
            "pooling-not-bound",
            "relative",
            "the account is not bound to this relative",
            "未绑定该亲属",
            "See pooling.list, and bind it (pooling.bind).",
            "请用 pooling.list 查看，或先绑定。",
        ),
    }
}

impl Explain for Refused {
    fn code(&self) -> &'static str {
        words(self).0
    }

    fn kind(&self) -> RefusalKind {
        match self {
            R::File(_) | R::BaseNotOffered { .. } | R::EntryDay => RefusalKind::Input,
            _ => RefusalKind::Rule,
        }
    }

    fn field(&self) -> Option<String> {
        Some(words(self).1.to_owned())
    }

    fn en(&self) -> String {
        words(self).2
    }

    fn zh(&self) -> String {
        words(self).3
    }

    fn next_en(&self) -> String {
        words(self).4.into()
    }

    fn next_zh(&self) -> String {
        words(self).5.into()
    }
}
