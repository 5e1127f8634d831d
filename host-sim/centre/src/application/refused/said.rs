//! What the words of all refusals of this room are made with.

use std::borrow::Cow;

use crate::acts::words::Words;

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

pub(super) fn words(
    code: &'static str,
    en: impl Into<Cow<'static, str>>,
    zh: impl Into<Cow<'static, str>>,
    (next_en, next_zh): (&'static str, &'static str),
) -> Words {
    Words::new(code, en, zh).next(next_en, next_zh)
}
