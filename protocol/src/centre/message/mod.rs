//! Requests and answers as ISO 8583 messages: which field stands for what.
//!
//! [`write_request`] and [`read_answer`] are the terminal's half, [`read_request`] and [`write_answer`] the centre's. A
//! message is read only if its MAC is right and its contents are complete and within bounds; nothing is guessed.
//!
//! | Message | MTI | F3 | F60.1 | F60.3 | F11 | F55 | F62 | Marks |
//! |---|---|---|---|---|---|---|---|---|
//! | sign in | 0800 | – | 00 | 003 | the link's | – | token | confirmed; a token instead of a serial number: ours |
//! | authenticate | 0800 | – | 00 | 901 | the link's | ident code, historical bytes, algorithm, challenges | – | ours |
//! | inquire | 0200 | 310000 | 01 | 000 | the link's | card | operation | form of a balance inquiry, confirmed |
//! | transact: settle, purchase | 0200 | 000000 | 22 | 000 | the transaction's | card | operation | form of a sale, confirmed |
//! | transact: apply | 0200 | 900000 | 90 | 000 | the transaction's | card | operation | ours |
//! | transact: query | 0200 | 910000 | 91 | 000 | the transaction's | card | operation | ours; no terminal sends it |
//! | reverse | 0400 | – | 22 | 000 | the original's | card number | the original's time | confirmed; F60.1 always that of a sale, and no F3: ours |
//! | confirm | 0220 | – | 22 | 000 | the original's | card number | the original's time | ours, after 0220 of an advice |
//! | PIN changed | 0620 | – | 00 | 911 | the link's | card number, ident code | – | ours |
//! | report | 0620 | – | 00 | 912 | the link's | card number, if known | operation | ours |
//! | sign off | 0820 | – | 00 | 002 | the link's | – | – | confirmed |
//! | echo | 0820 | – | 00 | 301 | the link's | – | – | recalled |
//! | settle a batch | 0500 | – | 00 | 201 | the link's | – | – | confirmed; totals in F48: ours |
//! | upload | 0320 | – | 00 | 201 | the link's | – | entries | confirmed; what is in F48 and F62: ours |
//! | upload done | 0320 | – | 00 | 202 | the link's | – | – | confirmed: 202 ends one that is not balanced |
//!
//! The answer has the MTI that answers the request, the request's F3, F11 to F13, F41, F42 and F60 (to a sign-in, F60 with
//! the batch), in F55 the request's card number, or without one its ident code, and
//!
//! | Answer | F39 | F44 | F54 | F55 | F62 |
//! |---|---|---|---|---|---|
//! | signed in | 00 | – | – | – | next number, working key, time |
//! | authenticated | 00 | – | – | cryptograms | – |
//! | standing | 00 | – | – | – | status, flags |
//! | approved | 00 | – | balance | – | effects |
//! | where a batch stands, in F48 | 00 | – | – | – | – |
//! | done | 00 | – | – | – | – |
//! | refused | the reason's | its word, if it has no code | – | – | – |
//! | the message was in no good form, or had a wrong MAC | 30, A0 | – | – | – | – |
//!
//! Every request has the time in F12 and the date in F13, with the whole date in F62; the terminal in F41; the
//! institution and three spaces in F42; and the batch in F60.2, which is 000000 at sign-in (docs/centre.md §12). F4 is
//! the total of a bill, also of the one that a reversal undoes or a confirmation confirms, and F49 is then 156. F22 is 051 for a payment (chip and
//! PIN) and 052 for other requests with a card; F25 is 00 with either (both recalled, and ignored when read). A
//! reversal has 98 in F39, and batch, number and day of the original in F61; a confirmation has 00 there, or what failed on the card
//! after the approval as a report has it, and the same F61. A report has its reason in F39 and F44. F48 of a settlement has its
//! totals, of an upload the place of its first entry, at its end how many there were ([`upload`]). F2
//! is not used: the number of a social security card is no PAN, since it may have letters. [`response`] lists F39,
//! [`objects`] the data objects in F55 and F62, which are all ours.
//!
//! An answer's F64 covers the request's F64, 8 bytes as they came, and then the answer itself from its MTI on. So an answer
//! belongs to one request, to the byte: a recorded, late or swapped one is not taken, above all none that would make a forged
//! card genuine. A request without F64 is answered as if it had none to cover. A rejection of a message whose F64 was changed on
//! its way is bound to what came, and not taken either: the terminal waits its time then.
//!
//! F64 is a MAC by the working key that the sign-in has brought; a sign-in, a reversal and a confirmation are under the terminal's master key
//! (docs/card.md §5.3). [`Keys`] is the terminal's side of that. The MAC protects the contents but does not hide them: F55 and F62
//! contain ID numbers and names in plain form, so that a line that is not trusted needs encryption.

mod answer;
mod error;
mod forms;
mod keys;
pub mod layout;
pub mod objects;
mod request;
pub mod response;
pub mod upload;

pub use answer::{read_answer, write_answer, write_open_rejection, write_rejection};
pub use error::MessageError;
pub use keys::Keys;
pub use request::{Parts, Sent, sender, write_request};
pub use request::{read as read_request, read_proved as read_proved_request};

/// A buffer of so many bytes has room for every message that a terminal or centre can send.
pub const MESSAGE_MAX: usize = 512;

#[cfg(test)]
pub(crate) mod tests;
