//! The refusals that any act may meet; each room has its own beside these.

use strum::EnumCount;

use super::refusal::{Explain, RefusalKind};
use super::role::Role;

/// Why an act was refused before its room's rules were asked, or by a rule that all rooms share.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum General {
    /// No act has this name.
    NoSuchAct(String),
    /// The body is not what the act takes.
    Field {
        /// Where.
        path: String,
        /// What is wrong there; never what stands there.
        problem: String,
    },
    /// A field has a value that is not allowed.
    NotAllowed {
        /// Where.
        path: String,
        /// What is allowed, in English.
        en: String,
        /// What is allowed, in Chinese.
        zh: String,
    },
    /// The operator's role may not do this.
    Role {
        /// The operator's role.
        is: Role,
        /// Who may.
        may: &'static [Role],
    },
    /// The operator is not known, or has ended.
    Operator,
    /// What is named belongs to another area.
    OtherArea,
    /// What is named belongs to another outlet, for which the operator's own does not act.
    OtherOutlet,
    /// The document that was shown is not this person's, or not valid today.
    NotShown(&'static str),
    /// Nothing has this number.
    NotFound(&'static str),
    /// The key of a repetition came with another request.
    KeyReused,
    /// The key of a repetition is too long or empty.
    Key,
    /// No value of this parameter is in force on that day.
    NoParameter(&'static str),
}

impl General {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "no-such-act",
        "field-invalid",
        "value-not-allowed",
        "role-not-allowed",
        "operator-unknown",
        "other-area",
        "other-outlet",
        "document-not-shown",
        "not-found",
        "key-reused",
        "key-invalid",
        "parameter-missing",
    ];

    /// A field whose value is not allowed.
    pub fn not_allowed(path: impl Into<String>, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self::NotAllowed { path: path.into(), en: en.into(), zh: zh.into() }
    }
}

impl Explain for General {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchAct(_) => "no-such-act",
            Self::Field { .. } => "field-invalid",
            Self::NotAllowed { .. } => "value-not-allowed",
            Self::Role { .. } => "role-not-allowed",
            Self::Operator => "operator-unknown",
            Self::OtherArea => "other-area",
            Self::OtherOutlet => "other-outlet",
            Self::NotShown(_) => "document-not-shown",
            Self::NotFound(_) => "not-found",
            Self::KeyReused => "key-reused",
            Self::Key => "key-invalid",
            Self::NoParameter(_) => "parameter-missing",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Field { .. } | Self::NotAllowed { .. } | Self::Key => RefusalKind::Input,
            Self::Role { .. } | Self::OtherArea | Self::OtherOutlet => RefusalKind::Forbidden,
            Self::Operator => RefusalKind::Unknown,
            Self::NoSuchAct(_) | Self::NotFound(_) => RefusalKind::Missing,
            Self::KeyReused | Self::NoParameter(_) | Self::NotShown(_) => RefusalKind::Rule,
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::Field { path, .. } | Self::NotAllowed { path, .. } => Some(path.clone()),
            Self::NotShown(path) => Some((*path).to_owned()),
            _ => None,
        }
    }

    fn en(&self) -> String {
        match self {
            Self::NoSuchAct(name) => format!("there is no act {name}"),
            Self::Field { problem, .. } => problem.clone(),
            Self::NotAllowed { en, .. } => en.clone(),
            Self::Role { is, may } => format!("{} may not do this; {} may", word(is), words(may)),
            Self::Operator => "nobody with this name or token works here today".into(),
            Self::OtherArea => "this belongs to another area, where this outlet may not act".into(),
            Self::OtherOutlet => "this belongs to another outlet, for which this one does not act".into(),
            Self::NotShown(_) => "this document is not the person's, or it is not valid today".into(),
            Self::NotFound(what) => format!("this area has no {what} with this number"),
            Self::KeyReused => "this idempotency key was used for another request".into(),
            Self::Key => "an idempotency key has 1 to 64 letters, digits and hyphens".into(),
            Self::NoParameter(name) => format!("the parameter {name} has no value in force on that day"),
        }
    }

    fn zh(&self) -> String {
        match self {
            Self::NoSuchAct(name) => format!("没有业务 {name}"),
            Self::Field { .. } => "内容不符合要求".into(),
            Self::NotAllowed { zh, .. } => zh.clone(),
            Self::Role { is, may } => format!("角色 {} 无权办理；可办理的角色: {}", word(is), words(may)),
            Self::Operator => "该操作员或令牌今日无效".into(),
            Self::OtherArea => "属于其他统筹区，本网点无权办理".into(),
            Self::OtherOutlet => "属于其他网点，本网点无权办理".into(),
            Self::NotShown(_) => "所示证件与本人不符，或今日已失效".into(),
            Self::NotFound(what) => format!("本统筹区没有该编号的记录 ({what})"),
            Self::KeyReused => "该幂等键已用于另一请求".into(),
            Self::Key => "幂等键为 1 至 64 位字母、数字或连字符".into(),
            Self::NoParameter(name) => format!("参数 {name} 当日没有有效值"),
        }
    }

    fn next_en(&self) -> String {
        match self {
            Self::NoSuchAct(_) => "See the list of acts (`qiyong centre --help`, /openapi.json).",
            Self::Field { .. } | Self::NotAllowed { .. } | Self::Key => "Correct the field and send it again.",
            Self::Role { .. } => "Ask a colleague with one of these roles.",
            Self::Operator => "Sign in again, or ask the administrator.",
            Self::OtherArea => "Send the person to an outlet of that area.",
            Self::OtherOutlet => "Send the person to that outlet, or to the agency above both.",
            Self::NotShown(_) => "Compare kind, number and name with the original.",
            Self::NotFound(_) => "Check the number.",
            Self::KeyReused => "Use a new key for a new request.",
            Self::NoParameter(_) => "Ask the administrator to set it (parameter.set).",
        }
        .into()
    }

    fn next_zh(&self) -> String {
        match self {
            Self::NoSuchAct(_) => "请查看业务清单。",
            Self::Field { .. } | Self::NotAllowed { .. } | Self::Key => "请更正该字段后重新提交。",
            Self::Role { .. } => "请由具有该角色的同事办理。",
            Self::Operator => "请重新登录或联系管理员。",
            Self::OtherArea => "请到该统筹区的网点办理。",
            Self::OtherOutlet => "请到所属网点或上级经办机构办理。",
            Self::NotShown(_) => "请与证件原件核对类型、号码和姓名。",
            Self::NotFound(_) => "请核对编号。",
            Self::KeyReused => "新请求请使用新的幂等键。",
            Self::NoParameter(_) => "请联系管理员设置该参数。",
        }
        .into()
    }
}

fn word(role: &Role) -> &'static str {
    role.into()
}

fn words(roles: &[Role]) -> String {
    roles.iter().map(word).collect::<Vec<_>>().join(", ")
}
