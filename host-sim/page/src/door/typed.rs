//! The protocol of pages that open `ws://localhost:1919`: a message has a number in `type`, of which 4 reads a card.
//!
//! The callers that are known ask by it for an identity card and take an error code and a text of JSON. No module that reads
//! identity cards is driven (docs/card.md §4.4): the holder's name and number come from the social security card, and the
//! answer says so in `source`.

use serde_json::{Value, json};

use crate::cards::Outcome;
use crate::functions::object;
use crate::refusal::Refusal;
use crate::shown;

/// The type that reads who somebody is.
const READ: i64 = 4;

/// Whether a message is one that reads a card.
pub(crate) fn read(message: &[u8]) -> Result<(), Refusal> {
    match object(message)?.get("type") {
        Some(Value::Number(kind)) if kind.as_i64() == Some(READ) => Ok(()),
        Some(Value::String(kind)) if *kind == READ.to_string() => Ok(()),
        _ => Err(Refusal::Value("type")),
    }
}

/// The answer: the library's code, and a text of JSON in it.
pub(crate) fn answer(outcome: &Outcome) -> String {
    let data = match shown::fields(&outcome.text).filter(|_| outcome.code == 0) {
        Some(all) => json!({ "source": "sicard", "name": all["name"], "idNumber": all["id_number"] }),
        None => json!({ "message": *outcome.text }),
    };
    json!({ "type": READ, "ErrorCode": outcome.code, "JsonData": data.to_string() }).to_string()
}
