//! The words of a refusal, side by side: a shorter way to implement [`Explain`], by one method instead of seven.

use std::borrow::Cow;

use super::refusal::{Explain, RefusalKind};

/// What [`Explain`] asks for.
pub struct Words {
    code: &'static str,
    kind: RefusalKind,
    field: Option<Cow<'static, str>>,
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
    next: (&'static str, &'static str),
}

impl Words {
    /// A refusal by a rule, about no field: its code, and its cause in English and Chinese.
    pub fn new(code: &'static str, en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Self { code, kind: RefusalKind::Rule, field: None, en: en.into(), zh: zh.into(), next: ("", "") }
    }

    /// It is about this field.
    #[must_use]
    pub fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// It is of this kind.
    #[must_use]
    pub fn kind(mut self, kind: RefusalKind) -> Self {
        self.kind = kind;
        self
    }

    /// What to do next, in English and Chinese.
    #[must_use]
    pub fn next(mut self, en: &'static str, zh: &'static str) -> Self {
        self.next = (en, zh);
        self
    }
}

/// A room's enum of refusals whose words stand together.
pub trait Worded {
    /// The words.
    fn words(&self) -> Words;
}

impl<W: Worded> Explain for W {
    fn code(&self) -> &'static str {
        self.words().code
    }

    fn kind(&self) -> RefusalKind {
        self.words().kind
    }

    fn field(&self) -> Option<String> {
        self.words().field.map(Cow::into_owned)
    }

    fn en(&self) -> String {
        self.words().en.into_owned()
    }

    fn zh(&self) -> String {
        self.words().zh.into_owned()
    }

    fn next_en(&self) -> String {
        self.words().next.0.into()
    }

    fn next_zh(&self) -> String {
        self.words().next.1.into()
    }
}
