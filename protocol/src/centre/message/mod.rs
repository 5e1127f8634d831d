//! Requests and answers as ISO 8583 messages: which field stands for what.
//!
//! [`write_request`] and [`read_answer`] are the terminal's half, [`read_request`] and [`write_answer`] the centre's. What is
//! read must have the right MAC, and what it says must be complete and within bounds; nothing is guessed.
//!
//! | Message | MTI | F3 | F60.1 | F60.3 | F11 | F55 | F62 | Marks |
//! |---|---|---|---|---|---|---|---|---|
//! | authenticate | 0800 | – | 00 | 901 | the link's | ident code, historical bytes, algorithm, challenges | – | ours |
//! | inquire | 0200 | 310000 | 01 | 000 | the link's | card | operation | form of a balance inquiry, confirmed |
//! | transact: settle, purchase | 0200 | 000000 | 22 | 000 | the transaction's | card | operation | form of a sale, confirmed |
//! | transact: apply | 0200 | 900000 | 90 | 000 | the transaction's | card | operation | ours |
//! | transact: query | 0200 | 910000 | 91 | 000 | the transaction's | card | operation | ours; no terminal sends it |
//! | reverse | 0400 | – | 22 | 000 | the original's | card number | – | confirmed; F60.1 always that of a sale, and no F3, F4: ours |
//! | PIN changed | 0620 | – | 00 | 911 | the link's | card number, ident code | – | ours |
//! | report | 0620 | – | 00 | 912 | the link's | card number, if known | operation | ours |
//!
//! The answer has the MTI of the answer, the request's F3, F11 to F13, F41, F42 and F60, and
//!
//! | Answer | F39 | F44 | F54 | F55 | F62 |
//! |---|---|---|---|---|---|
//! | authenticated | 00 | – | – | cryptograms | – |
//! | standing | 00 | – | – | – | status, flags |
//! | approved | 00 | – | balance | – | effects |
//! | done | 00 | – | – | – | – |
//! | refused | the reason's | its word, if it has no code | – | – | – |
//! | the message was in no good form, or had a wrong MAC | 30, A0 | – | – | – | – |
//!
//! In every request stand F12 and F13, time and date, with the whole date in F62; F41, the terminal; F42, the institution and
//! three spaces; F60.2, batch 000001, until there is settlement. F4 is a bill's total and F49 then 156. F22 is 051 for a
//! payment (chip and PIN) and 052 for others with a card, F25 is 00 with either (recalled; not looked at when read). A
//! reversal has F39 98 and in F61 batch and number of the original. A report has its reason in F39 and F44. F2 is not used:
//! a card number of the social security card is no PAN, it may have letters. [`response`] lists F39, [`objects`] the data
//! objects in F55 and F62, which are all ours.
//!
//! F64 is a MAC by a session key. How terminal and centre come to have it is not settled here: sign-in (0800 with F60.3
//! 003, docs/card.md §5.3) is not there yet. The MAC protects what is said, and does not hide it: F55 and F62 hold ID
//! numbers and names in plain, so that a line other than a trusted one needs encryption around.

mod answer;
mod error;
mod forms;
pub mod objects;
mod request;
pub mod response;

pub use answer::{read_answer, write_answer, write_rejection};
pub use error::MessageError;
pub use request::read as read_request;
pub use request::{Parts, Sent, write_request};

/// A buffer of this many bytes holds any of these messages that a terminal or centre can come to send.
pub const MESSAGE_MAX: usize = 512;

#[cfg(test)]
pub(crate) mod tests;
