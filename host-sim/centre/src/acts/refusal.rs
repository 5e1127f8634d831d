//! Why an act was not carried out: a code that stays the same, and words for people in English and Chinese.

use std::ops::Deref;

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::CentreError;

/// What the enum of refusals of a room says of each.
pub trait Explain {
    /// The code: kebab-case, unique in the crate, never changed.
    fn code(&self) -> &'static str;
    /// The field that is wrong, as its path in the body: `lines[2].amount`.
    fn field(&self) -> Option<String> {
        None
    }
    /// The cause, and what is allowed.
    fn en(&self) -> String;
    /// The same in Chinese.
    fn zh(&self) -> String;
    /// What to do next.
    fn next_en(&self) -> String;
    /// The same in Chinese.
    fn next_zh(&self) -> String;
    /// What kind of refusal it is.
    fn kind(&self) -> RefusalKind {
        RefusalKind::Rule
    }
}

/// The kinds of refusal, which become statuses of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// A field is not what it may be: 400.
    Input,
    /// Nobody signed in: 401.
    Unknown,
    /// The operator may not: 403.
    Forbidden,
    /// What is named does not exist: 404.
    Missing,
    /// A rule forbids it as things stand: 409.
    Rule,
    /// The centre failed; it may be repeated: 503.
    Failure,
}

/// A refusal; its [`Words`] are boxed, since it is returned through many hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Box<Words>);

impl Deref for Refusal {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.0
    }
}

/// The code of what failed because others did the same at the same time.
pub(crate) const CONFLICT: &str = "centre-conflict";

/// What a refusal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Refusal)]
pub struct Words {
    /// What happened, in one word that stays the same.
    pub code: &'static str,
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The cause, and what is allowed, in English.
    pub en: String,
    /// The cause, and what is allowed, in Chinese.
    pub zh: String,
    /// What to do next, in English.
    pub next_en: String,
    /// What to do next, in Chinese.
    pub next_zh: String,
}

impl<E: Explain> From<E> for Refusal {
    fn from(why: E) -> Self {
        Self(Box::new(Words {
            code: why.code(),
            kind: why.kind(),
            field: why.field(),
            en: why.en(),
            zh: why.zh(),
            next_en: why.next_en(),
            next_zh: why.next_zh(),
        }))
    }
}

impl From<CentreError> for Refusal {
    fn from(error: CentreError) -> Self {
        if let Some(damage) = error.damage() {
            return Self(Box::new(Words {
                code: "centre-damaged",
                kind: RefusalKind::Failure,
                field: None,
                en: format!("The card centre's database is damaged: {damage}."),
                zh: format!("卡管中心数据库已损坏：{}。", damage.zh()),
                next_en:
                    "Nothing was done. Stop work, and have the centre's engineer restore the database from a copy."
                        .into(),
                next_zh: "未做任何更改。请停止操作，由卡管中心工程师用备份恢复数据库。".into(),
            }));
        }
        let (code, next_en, next_zh) = match &error {
            CentreError::Store(error) if error.may_be_repeated() => (
                CONFLICT,
                "Nothing was done, because others changed the same at the same time. Try again.",
                "因他人同时更改了相同内容，未做任何更改。请重试。",
            ),
            CentreError::Uncertain(_) => (
                "centre-uncertain",
                "Ask again as before, under the same key; without a key, look first whether it was done.",
                "请以相同内容和相同密钥重试；未使用密钥时，请先查询是否已办理。",
            ),
            _ => (
                "centre-failed",
                "Nothing was done. Try again; if it fails again, call the centre's engineer.",
                "未做任何更改。请重试；若仍失败，请联系卡管中心工程师。",
            ),
        };
        Self(Box::new(Words {
            code,
            kind: RefusalKind::Failure,
            field: None,
            en: error.to_string(),
            zh: format!("卡管中心发生故障: {error}"),
            next_en: next_en.into(),
            next_zh: next_zh.into(),
        }))
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}: {field}: {}; {}", self.code, self.en, self.next_en),
            None => write!(f, "{}: {}; {}", self.code, self.en, self.next_en),
        }
    }
}

impl std::error::Error for Refusal {}
