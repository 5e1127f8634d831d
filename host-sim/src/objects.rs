//! The data objects in a card's answer, for people and programs: BER-TLV in the answer to SELECT, SIMPLE-TLV in
//! records.
//!
//! They are only shown: the terminal itself reads an answer by `qiyong_protocol`.

use iso7816_tlv::{ber, simple};
use serde::Serialize;

use qiyong_protocol::card::commands::ins;

/// The most bytes that are decoded. The reader of objects calls itself for each template in a template, so that a card
/// could exhaust the stack with a long answer.
const SHOWN_MAX: usize = 256;

/// A data object.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Object {
    /// In hex.
    tag: String,
    /// In hex; empty for a template.
    value: String,
    /// The objects in a template.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objects: Vec<Object>,
}

/// The objects of which the answer to a command with this INS byte consists; none if it does not consist of objects.
pub(crate) fn objects(ins: u8, answer: &[u8]) -> Vec<Object> {
    if answer.is_empty() || answer.len() > SHOWN_MAX {
        return Vec::new();
    }
    match ins {
        ins::SELECT => ber::Tlv::from_bytes(answer).map(|object| vec![of_ber(&object)]).unwrap_or_default(),
        ins::READ_RECORD => simple::Tlv::from_bytes(answer).map(|object| vec![of_record(&object)]).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn of_ber(object: &ber::Tlv) -> Object {
    let tag = hex::encode_upper(object.tag().to_bytes());
    match object.value() {
        ber::Value::Primitive(value) => Object { tag, value: hex::encode_upper(value), objects: Vec::new() },
        ber::Value::Constructed(parts) => {
            Object { tag, value: String::new(), objects: parts.iter().map(of_ber).collect() }
        }
    }
}

fn of_record(object: &simple::Tlv) -> Object {
    let tag: u8 = object.tag().into();
    Object { tag: format!("{tag:02X}"), value: hex::encode_upper(object.value()), objects: Vec::new() }
}

impl Object {
    /// A row for the object, and an indented row for each object in it.
    pub(crate) fn lines(&self, depth: usize, lines: &mut Vec<String>) {
        let Self { tag, value, objects } = self;
        lines.push(format!("{}{tag} {value}", "   ".repeat(depth)).trim_end().to_string());
        objects.iter().for_each(|object| object.lines(depth + 1, lines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(ins: u8, answer: &str) -> Vec<String> {
        let mut lines = Vec::new();
        objects(ins, &hex::decode(answer.replace(" ", "")).unwrap())
            .iter()
            .for_each(|object| object.lines(0, &mut lines));
        lines
    }

    #[test]
    fn templates_are_taken_apart() {
        assert_eq!(lines(ins::SELECT, "6F07 8403 010203 A500"), ["6F", "   84 010203", "   A5"]);
        assert_eq!(lines(ins::READ_RECORD, "0709583030303030303139"), ["07 583030303030303139"]);
    }

    #[test]
    fn what_is_no_object_is_not_shown_as_one() {
        // The announcement of an algorithm (docs/card.md §1.7); too short; too deep; an INS whose answer has no
        // objects.
        for (ins, answer) in [
            (ins::SELECT, "6F06A5049F0C8603".to_string()),
            (ins::SELECT, "6F07".into()),
            (ins::SELECT, "E0".repeat(SHOWN_MAX + 1)),
            (ins::READ_RECORD, "0702AA".into()),
            (ins::GET_CHALLENGE, "8401AA".into()),
            (ins::SELECT, String::new()),
        ] {
            assert_eq!(lines(ins, &answer), [""; 0], "{answer}");
        }
    }
}
