//! Who applies for cards in a test, and what they bring along: forms, documents, payments.

use serde_json::{Value, json};

use qiyong_protocol::card::codes::IdNumber;

/// Somebody who applies for a card.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: &'static str,
    /// The ID number.
    pub id: String,
}

impl Person {
    /// Somebody born in 1980, whose number ends with this sequence and its check character.
    #[must_use]
    pub fn new(name: &'static str, sequence: u16) -> Self {
        let body = format!("32010219800101{sequence:03}");
        let id = format!("{body}{}", char::from(IdNumber::check_character(body.as_bytes())));
        Self { name, id }
    }

    /// The document as a window takes it down.
    #[must_use]
    pub fn shown(&self) -> Value {
        json!({"kind": "id-card", "number": self.id, "name": self.name})
    }

    /// The document as it is shown when a card is collected.
    #[must_use]
    pub fn original(&self) -> Value {
        json!({"kind": "id-card", "number": self.id, "original": true})
    }

    /// The form of an application for a first card.
    #[must_use]
    pub fn form(&self) -> Value {
        json!({
            "kind": "new", "bank": "95588", "applicant": "holder", "category": "resident",
            "holder": {
                "name": self.name, "country": "CHN", "mobile": "13812345678",
                "document": {"kind": "id-card", "number": self.id, "until": "2036-01-01"}
            }
        })
    }

    /// The claim of the holder who collects the card of an application.
    #[must_use]
    pub fn collects(&self, application: &Value) -> Value {
        json!({
            "application": application, "collector": "holder", "phone": "13812345678", "document": self.original()
        })
    }
}

/// The payment of a slip in cash, today.
#[must_use]
pub fn payment(slip: &Value, reference: &str) -> Value {
    json!({
        "number": slip["number"], "number_check": slip["number_check"], "whole_check": slip["whole_check"],
        "reference": reference, "amount": slip["total"], "paid": "2026-03-02", "channel": "cash"
    })
}

/// The text of a value.
///
/// # Panics
/// It is none.
#[must_use]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Fen as yuan.
#[must_use]
pub fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
