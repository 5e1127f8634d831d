//! A PIN with its tries in a card's file.

use std::fmt::Write as _;

use serde::Deserialize;

use qiyong_protocol::card::pin::Pin;

use super::problem::ValueProblem;
use crate::card::pin::PinState;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinTable {
    value: String,
    tries: u8,
    left: u8,
}

impl PinTable {
    /// The PIN; or the key of the table that is wrong.
    pub(super) fn check(self) -> Result<PinState, (&'static str, ValueProblem)> {
        let Self { value, tries, left } = self;
        let value = Pin::new(value.as_bytes()).ok_or(("value", ValueProblem::Pin))?;
        if !(1..=15).contains(&tries) || left > tries {
            return Err(("tries", ValueProblem::PinTries));
        }
        Ok(PinState { value, tries, left })
    }
}

pub(super) fn write(out: &mut String, pin: &PinState) -> std::fmt::Result {
    writeln!(out, "value = \"{}\"", digits(pin.value.card_block().as_bytes()))?;
    writeln!(out, "tries = {}", pin.tries)?;
    writeln!(out, "left = {}", pin.left)
}

/// Packed digits without the filler F.
pub fn digits(packed: &[u8]) -> String {
    hex::encode_upper(packed).trim_end_matches('F').to_string()
}
