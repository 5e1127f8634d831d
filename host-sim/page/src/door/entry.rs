//! The protocol of pages that fetch `http://localhost:8321/readcard/entry?param=sicard`: `code` is 200 or 1001, beside it
//! `message`, `data` and `sign`.
//!
//! `data` has the fields by our own names, and `sign` is empty: callers do not show theirs (docs/page.md §3).

use serde_json::{Value, json};

use crate::cards::Outcome;
use crate::shown;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Who the holder of the social security card is.
    SocialSecurityCard,
    /// Who the holder of an identity card is.
    IdentityCard,
}

/// What a query asks for; `None`: nothing that is known.
pub(crate) fn wanted(query: &str) -> Option<Wanted> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("param="))?;
    match value {
        "sicard" => Some(Wanted::SocialSecurityCard),
        "idcard" => Some(Wanted::IdentityCard),
        _ => None,
    }
}

/// The answer to a read.
pub(crate) fn answer(outcome: &Outcome) -> Value {
    match shown::fields(&outcome.text).filter(|_| outcome.code == 0) {
        Some(all) => json!({ "code": 200, "message": "成功", "data": all, "sign": "" }),
        None => failed(&format!("{} {}", outcome.code, *outcome.text)),
    }
}

/// The answer to the call that prepares the reader, which needs nothing here.
pub(crate) fn prepared() -> Value {
    json!({ "code": 200, "message": "成功", "data": null, "sign": "" })
}

/// The answer to what is not done.
pub(crate) fn failed(message: &str) -> Value {
    json!({ "code": 1001, "message": message, "data": null, "sign": "" })
}
