//! Our own protocol, version 1 (docs/page.md §2): a call by the library's names, and its code, text and fields.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cards::Outcome;
use crate::functions::{Call, READ, READ_STEP_2, object};
use crate::refusal::Refusal;
use crate::shown;

/// A request: the call, and what of its answer is wanted.
pub(crate) struct Request {
    pub(crate) call: Call,
    /// Only what a page may show.
    is_masked: bool,
}

/// A request out of a message. With it comes `id`, whatever it is, also out of a message that is refused.
pub(crate) fn read(message: &[u8]) -> (Option<Value>, Result<Request, Refusal>) {
    let mut object = match object(message) {
        Ok(object) => object,
        Err(refusal) => return (None, Err(refusal)),
    };
    let id = object.remove("id");
    (id, request(object))
}

fn request(mut object: Map<String, Value>) -> Result<Request, Refusal> {
    let Some(Value::String(name)) = object.remove("function") else { return Err(Refusal::NoFunction) };
    let is_masked = match object.remove("masked") {
        None => false,
        Some(Value::Bool(is_masked)) => is_masked,
        Some(_) => return Err(Refusal::Value("masked")),
    };
    if is_masked && ![READ, READ_STEP_2].contains(&name.as_str()) {
        return Err(Refusal::Value("masked"));
    }
    let call = Call::new(&name, |name| object.get(name).cloned())?;
    // A field that is overlooked would be thought to have done something.
    if object.len() > call.values().len() {
        return Err(Refusal::Field);
    }
    Ok(Request { call, is_masked })
}

/// What a page is told.
#[derive(Serialize)]
pub(crate) struct Answer {
    /// As the request had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    code: i64,
    /// The library's text; not in a masked answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Who the holder is, of functions that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Map<String, Value>>,
    /// What went wrong.
    #[serde(skip_serializing_if = "str::is_empty")]
    en: &'static str,
}

impl Answer {
    /// The answer to a call of the function `name`; `id` is the request's.
    pub(crate) fn new(id: Option<Value>, name: &str, is_masked: bool, outcome: &Outcome) -> Self {
        let reads = outcome.code == 0 && [READ, READ_STEP_2].contains(&name);
        let fields = match (reads, is_masked) {
            (false, _) => None,
            (true, false) => shown::fields(&outcome.text),
            (true, true) => shown::masked(&outcome.text),
        };
        // What went wrong names nobody.
        let text = (!is_masked || outcome.code != 0).then(|| outcome.text.to_string());
        Self { id, code: outcome.code, text, fields, en: outcome.english }
    }
}

impl Request {
    /// Whether only what a page may show is wanted.
    pub(crate) const fn is_masked(&self) -> bool {
        self.is_masked
    }
}
