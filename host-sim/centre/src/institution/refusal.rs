//! Why nothing is done about an institution or its agreement.

use jiff::civil::Date;
use strum::EnumCount;

use super::agreement::State;
use crate::acts::refusal::{Explain, RefusalKind};

/// Why nothing is done about an institution or its agreement.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum Refused {
    /// The code is registered under another name.
    CodeTaken,
    /// The code's region is not one of this area.
    Region,
    /// No institution has this code here.
    Unknown,
    /// A hospital without a level, or another institution with one.
    Level,
    /// The agreement would begin before today.
    Past,
    /// It would end before it begins, or last longer than the area allows.
    Term {
        /// It may last so many months.
        months: u16,
    },
    /// There is an agreement for some of these days.
    Overlap,
    /// There is no agreement that this could be done to.
    State(Option<State>),
    /// More days than a suspension may last, or none.
    Days {
        /// So many are allowed.
        most: u16,
    },
    /// It was suspended as often as the area allows.
    SuspendedBefore(u16),
    /// The institution is not designated on this day, so that it cannot do this.
    NotUsable(Date),
}

impl Refused {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "institution-code-taken",
        "institution-not-of-area",
        "institution-unknown",
        "institution-level",
        "agreement-in-past",
        "agreement-term",
        "agreement-overlaps",
        "agreement-state",
        "suspension-days",
        "suspensions-used-up",
        "institution-not-designated",
    ];
}

impl Explain for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::CodeTaken => "institution-code-taken",
            Self::Region => "institution-not-of-area",
            Self::Unknown => "institution-unknown",
            Self::Level => "institution-level",
            Self::Past => "agreement-in-past",
            Self::Term { .. } => "agreement-term",
            Self::Overlap => "agreement-overlaps",
            Self::State(_) => "agreement-state",
            Self::Days { .. } => "suspension-days",
            Self::SuspendedBefore(_) => "suspensions-used-up",
            Self::NotUsable(_) => "institution-not-designated",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Unknown => RefusalKind::Missing,
            Self::Level | Self::Past | Self::Term { .. } | Self::Days { .. } => RefusalKind::Input,
            _ => RefusalKind::Rule,
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::CodeTaken | Self::Region | Self::Unknown => "code",
            Self::Level => "level",
            Self::Past | Self::Overlap => "effective",
            Self::Term { .. } => "void",
            Self::Days { .. } => "days",
            Self::State(_) | Self::SuspendedBefore(_) | Self::NotUsable(_) => return None,
        };
        Some(field.into())
    }

    fn en(&self) -> String {
        match self {
            Self::CodeTaken => "this code is registered under another name".into(),
            Self::Region => "the region in this code does not belong to the coordinating area today".into(),
            Self::Unknown => "no institution is registered here under this code".into(),
            Self::Level => {
                "a hospital's agreement has two levels, from community to three; others are unrated, twice".into()
            }
            Self::Past => "an agreement begins today or later".into(),
            Self::Term { months } => {
                format!("an agreement's last day comes after its first, and it lasts at most {months} months")
            }
            Self::Overlap => "the institution has an agreement for some of these days".into(),
            Self::State(Some(state)) => format!("the agreement is {state} today"),
            Self::State(None) => "the institution has no agreement today".into(),
            Self::Days { most } => format!("a suspension lasts from 1 to {most} days"),
            Self::SuspendedBefore(times) => {
                format!("an agreement that was suspended {times} times in its term is not suspended again, but ended")
            }
            Self::NotUsable(day) => format!("the institution has no agreement in force on {day}"),
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::CodeTaken => "该机构编码已以其他名称登记".into(),
            Self::Region => "该编码中的行政区划今日不属于本统筹区".into(),
            Self::Unknown => "本区没有登记该机构编码".into(),
            Self::Level => "医院的协议须有起付线级别和限价级别（社区至三级）；其他机构两项均为无级别".into(),
            Self::Past => "协议生效日期须为今日或以后".into(),
            Self::Term { months } => format!("协议终止日期须晚于生效日期，且期限不超过{months}个月"),
            Self::Overlap => "该机构在此期间已有协议".into(),
            Self::State(Some(state)) => format!("协议今日状态为 {state}"),
            Self::State(None) => "该机构今日没有协议".into(),
            Self::Days { most } => format!("中止期限为1至{most}天"),
            Self::SuspendedBefore(times) => format!("协议期内已中止{times}次，不得再次中止，应予解除"),
            Self::NotUsable(day) => format!("该机构在{day}没有生效的协议"),
        }
    }

    fn next_en(&self) -> String {
        match self {
            Self::CodeTaken | Self::Region => "Correct the code.",
            Self::Unknown => "Correct the code, or register the institution (institution.register).",
            Self::Level => "Correct the levels.",
            Self::Past | Self::Term { .. } | Self::Overlap => "Choose other days; see institution.show.",
            Self::State(_) => "See institution.show for what can be done with the agreement today.",
            Self::Days { .. } => "Correct the number of days.",
            Self::SuspendedBefore(_) => "End the agreement (institution.end).",
            Self::NotUsable(_) => "Ask the agency about the agreement (institution.show).",
        }
        .into()
    }

    fn next_zh(&self) -> String {
        match self {
            Self::CodeTaken | Self::Region => "请更正编码。",
            Self::Unknown => "请更正编码，或先登记该机构。",
            Self::Level => "请更正级别。",
            Self::Past | Self::Term { .. } | Self::Overlap => "请选择其他日期，可查询该机构的协议。",
            Self::State(_) => "请查询该机构协议今日可办理的业务。",
            Self::Days { .. } => "请更正天数。",
            Self::SuspendedBefore(_) => "请解除协议。",
            Self::NotUsable(_) => "请向经办机构查询协议状态。",
        }
        .into()
    }
}
