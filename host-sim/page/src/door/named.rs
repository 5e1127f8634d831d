//! The protocol of pages that open `ws://127.0.0.1:12342`: a message names a function and its parameters, the answer has
//! `functionName`, `success` and `pOutInfo`.
//!
//! Callers have quirks that are served: the name of one function without its own middle, keys in other letters, numbers as text, and the
//! first step of iReadCard under the name of the function itself.

use serde_json::{Map, Value, json};

use crate::cards::Outcome;
use crate::functions::{Call, READ_STEP_2, object};
use crate::refusal::Refusal;

/// The most characters of a name that is said again.
const NAME_MAX: usize = 64;

/// What callers write for iReadCardBas_HSM_Step2.
const OTHER_STEP_2: &str = "ReadCard_HSM_Step2";

/// The name in a message, as the caller wrote it, and the call.
pub(crate) fn read(message: &[u8]) -> (String, Result<Call, Refusal>) {
    let object = match object(message) {
        Ok(object) => object,
        Err(refusal) => return (String::new(), Err(refusal)),
    };
    let Some(Value::String(name)) = value(&object, "function") else {
        return (String::new(), Err(Refusal::NoFunction));
    };
    let function = match name.as_str() {
        OTHER_STEP_2 => READ_STEP_2,
        // The function itself has iAuthType, its first step has not.
        "iReadCard" if value(&object, "iAuthType").is_none() => "iReadCard_HSM_Step1",
        name => name,
    };
    let call = Call::new(function, |name| value(&object, name));
    (name.chars().take(NAME_MAX).collect(), call)
}

/// The value of this name in any letters. What else the message has is overlooked: callers send much.
fn value(object: &Map<String, Value>, name: &str) -> Option<Value> {
    let same = || object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    object.get(name).or_else(same).cloned()
}

/// The answer. `success` is text in any case: "1", or the library's code.
pub(crate) fn answer(name: &str, outcome: &Outcome) -> String {
    let success = if outcome.code == 0 { 1 } else { outcome.code };
    json!({ "functionName": name, "success": success.to_string(), "pOutInfo": *outcome.text }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/driver.md §A.4.
    #[test]
    fn quirks_of_callers_are_served() {
        let read = |message: Value| {
            let (name, call) = read(message.to_string().as_bytes());
            (name, call.map(|call| call.name()))
        };
        let named = |name: &str, function| (name.to_string(), function);
        for key in ["pKey", "pkey", "PKEY"] {
            let message = json!({"function": "ReadCard_HSM_Step2", key: "00"});
            assert_eq!(read(message), named("ReadCard_HSM_Step2", Ok("iReadCardBas_HSM_Step2")));
        }
        let first = json!({"function": "iReadCard", "iType": "3", "pCardInfo": "", "pFileAddr": "SSSEEF05|07|$"});
        assert_eq!(read(first.clone()), named("iReadCard", Ok("iReadCard_HSM_Step1")));
        let mut whole = first;
        whole["iAuthType"] = 1.into();
        assert_eq!(read(whole), named("iReadCard", Ok("iReadCard")));
        let more = json!({"function": "iReadCardBas", "iType": 3, "seq": 7, "device": {}});
        assert_eq!(read(more), named("iReadCardBas", Ok("iReadCardBas")));
        assert_eq!(read(json!({"function": "iReadICCardNum"})), named("iReadICCardNum", Err(Refusal::Function)));
        assert_eq!(read(json!({"function": 1})), named("", Err(Refusal::NoFunction)));
        assert_eq!(read(json!({"function": "x".repeat(1000)})).0.len(), NAME_MAX);
    }
}
