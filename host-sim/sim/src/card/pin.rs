//! A PIN with its counter, as a card keeps it. What a wrong try costs is for the application that has the PIN.

use qiyong_protocol::card::pin::Pin;

/// The PIN and its counter.
#[derive(Clone, Debug)]
pub struct PinState {
    /// The PIN.
    pub value: Pin,
    /// Tries allowed in a row.
    pub tries: u8,
    /// Tries left.
    pub left: u8,
}
