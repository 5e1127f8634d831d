//! What a page may call (docs/page.md §5), and its call out of JSON.
//!
//! The list is of what pages may call, so that a function which the library gets later is closed to them until somebody has
//! thought about it. Not here: the call itself (`cards`), and the quirks of other protocols' messages (`door`).

use encoding_rs::GBK;
use serde_json::{Map, Value};
use sscarddriver::boundary::{self, FUNCTIONS, Function, Parameter};
use zeroize::Zeroizing;

use crate::refusal::Refusal;

/// Functions for pages. None takes or gives a PIN; at those that need one the holder keys it on the pad.
const MAY: [&str; 12] = [
    READ,
    "iReadCardBas_HSM_Step1",
    READ_STEP_2,
    "iReadCard",
    "iReadCard_HSM_Step1",
    "iReadCard_HSM_Step2",
    "iVerifyPIN",
    "iChangePIN",
    "iDoDebit",
    "iDoDebit_HSM_Step1",
    "iDoDebit_HSM_Step2",
    "iReadDebitRecord",
];
/// The function that reads who the holder is.
pub(crate) const READ: &str = "iReadCardBas";
/// The second step of the same with a security module.
pub(crate) const READ_STEP_2: &str = "iReadCardBas_HSM_Step2";
/// At these a person keys something, or may have to.
const AT_PAD: [&str; 7] = [
    "iVerifyPIN",
    "iChangePIN",
    "iReadCard",
    "iDoDebit",
    "iDoDebit_HSM_Step1",
    "iDoDebit_HSM_Step2",
    "iReadDebitRecord",
];

/// A call, ready for the library.
pub(crate) struct Call {
    function: &'static Function,
    values: Vec<Given>,
}

enum Given {
    Number(i32),
    /// GBK.
    Text(Zeroizing<Vec<u8>>),
}

impl Call {
    /// The call that reads who the holder is, from a card in either kind of slot.
    pub(crate) fn read() -> Result<Self, Refusal> {
        let object = Map::from_iter([("iType".to_string(), Value::from(3))]);
        Self::new(READ, |name| object.get(name).cloned())
    }

    /// A call of this function; `value` gives what was sent for a parameter.
    pub(crate) fn new(name: &str, value: impl Fn(&'static str) -> Option<Value>) -> Result<Self, Refusal> {
        let function = served().find(|function| function.name == name).ok_or(Refusal::Function)?;
        let values =
            function.parameters.iter().map(|&(name, kind)| given(kind, value(name)).ok_or(Refusal::Value(name)));
        Ok(Self { function, values: values.collect::<Result<_, _>>()? })
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.function.name
    }

    /// Whether somebody may have to key a PIN meanwhile.
    pub(crate) fn is_at_pad(&self) -> bool {
        AT_PAD.contains(&self.name())
    }

    /// The values, in the order of the function's parameters.
    pub(crate) fn values(&self) -> Vec<boundary::Value<'_>> {
        let value = |given| match given {
            &Given::Number(number) => boundary::Value::Number(number),
            Given::Text(text) => boundary::Value::Text(text),
        };
        self.values.iter().map(value).collect()
    }
}

/// A parameter of a function, as JSON; `None`: it is of another kind, or has characters that GBK lacks.
fn given(kind: Parameter, value: Option<Value>) -> Option<Given> {
    match (kind, value?) {
        // Callers write 3 and "3".
        (Parameter::Number, Value::Number(number)) => Some(Given::Number(i32::try_from(number.as_i64()?).ok()?)),
        (Parameter::Number, Value::String(text)) => Some(Given::Number(text.parse().ok()?)),
        (Parameter::Text, Value::String(text)) => {
            let (bytes, _, lacks) = GBK.encode(&text);
            (!lacks).then(|| Given::Text(Zeroizing::new(bytes.into_owned())))
        }
        _ => None,
    }
}

/// The functions that this library has and pages may call.
pub(crate) fn served() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().filter(|function| MAY.contains(&function.name))
}

/// A message's object.
///
/// # Errors
/// It is none, or has a field, at any depth, that seems to contain a PIN. Nothing else of it has been looked at then.
pub(crate) fn object(message: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let Ok(Value::Object(object)) = serde_json::from_slice(message) else { return Err(Refusal::NotJson) };
    if names_pin(&object) { Err(Refusal::Pin) } else { Ok(object) }
}

/// Whether a field is named as one of a PIN. As deep as a message may be, which serde_json bounds.
fn names_pin(object: &Map<String, Value>) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Object(object) => names_pin(object),
            Value::Array(values) => values.iter().any(within),
            _ => false,
        }
    }
    object.iter().any(|(name, value)| is_of_pin(name) || within(value))
}

/// Whether a field's name is one for a PIN: `pin`, `newPIN`, `pUserPin`, `user_pin`, `password`. `pInfo` and `pinyin` are none.
fn is_of_pin(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if lower.ends_with("pin") || ["passw", "pwd", "pincode", "密码"].iter().any(|word| lower.contains(word)) {
        return true;
    }
    // A word ends before a capital letter that follows a small one, and at what is no letter.
    let mut words = vec![String::new()];
    let mut was_small = false;
    for character in name.chars() {
        if (was_small && character.is_ascii_uppercase()) || !character.is_ascii_alphabetic() {
            words.push(String::new());
        }
        was_small = character.is_ascii_lowercase();
        if let (true, Some(word)) = (character.is_ascii_alphabetic(), words.last_mut()) {
            word.push(character.to_ascii_lowercase());
        }
    }
    words.iter().any(|word| word == "pin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// docs/page.md §5.
    #[test]
    fn no_function_for_pages_takes_or_gives_a_pin() {
        for function in served() {
            let takes = function.parameters.iter().any(|(name, _)| name.to_ascii_lowercase().contains("pin"));
            assert!(!takes, "{}", function.name);
        }
        // Of these the second step gives a PIN back (docs/driver.md §A.3); those of PKI take one.
        for closed in FUNCTIONS.iter().map(|function| function.name) {
            if ["iReloadPIN", "iUnblockPIN", "iWriteCard", "PKI_"].iter().any(|word| closed.starts_with(word)) {
                assert!(!MAY.contains(&closed), "{closed}");
            }
        }
        assert!(AT_PAD.iter().all(|name| MAY.contains(name)));
        assert!(served().count() >= 8);
    }

    #[test]
    fn a_message_that_seems_to_contain_a_pin_is_refused() {
        for bad in [
            json!({"function": "iVerifyPIN", "iType": 1, "pin": "123456"}),
            json!({"function": "iVerifyPIN", "iType": 1, "pUserPin": ""}),
            json!({"function": "iVerifyPIN", "iType": 1, "more": [{"Password": 1}]}),
            json!({"密码": "123456"}),
            json!({"PIN1": ""}),
            json!({"pinNew": ""}),
            json!({"holder_pin_again": ""}),
        ] {
            assert_eq!(object(bad.to_string().as_bytes()).err(), Some(Refusal::Pin), "{bad}");
        }
        assert!(object(br#"{"function": "iVerifyPIN"}"#).is_ok(), "the name of a function is a value");
        assert!(object(br#"{"pInfo": 1, "pInData": 1, "pinyin": 1, "shipping": 1, "pOutInfo": 1}"#).is_ok());
        for bad in ["", "[]", "3", "{", "{\"a\":1}x", "\u{FEFF}{}", &"[".repeat(10_000)] {
            assert_eq!(object(bad.as_bytes()).err(), Some(Refusal::NotJson), "{bad:.10}");
        }
        assert_eq!(object(b"{\"a\":\"\xD5\xC5\"}").err(), Some(Refusal::NotJson), "GBK");
    }

    #[test]
    fn values_are_those_of_the_library() {
        let call =
            |name: &str, object: Value| Call::new(name, |name| object.get(name).cloned()).map(|call| call.name());
        assert_eq!(call("iReadCardBas", json!({"iType": 3})), Ok("iReadCardBas"));
        assert_eq!(call("iReadCardBas", json!({"iType": "3"})), Ok("iReadCardBas"));
        for bad in [json!({}), json!({"iType": 3.5}), json!({"iType": 1_u64 << 40}), json!({"iType": null})] {
            assert_eq!(call("iReadCardBas", bad), Err(Refusal::Value("iType")));
        }
        assert_eq!(call("iReadCardBas_HSM_Step2", json!({"pKey": 1})), Err(Refusal::Value("pKey")));
        assert_eq!(call("iReadCardBas_HSM_Step2", json!({"pKey": "😀"})), Err(Refusal::Value("pKey")));
        for closed in ["iReloadPIN", "PKI_SignData", "iWriteCard", "iFormat", ""] {
            assert_eq!(call(closed, json!({"iType": 3})), Err(Refusal::Function), "{closed}");
        }
    }
}
