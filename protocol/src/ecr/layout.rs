//! What the parts of the messages between till and terminal are called: data, for whoever shows messages.

use super::{Formality, KeyLoad, Refused};
use crate::card::status::CardStatus;
use crate::centre::message::layout::{STANDING, document_kind, operation};
use crate::layout::{Form, Part, Secret, hidden, part};
use crate::rules::reason::Reason;

/// A message: its letter, what it is called, and its parts behind the letter.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// The letter with which it begins.
    pub letter: u8,
    /// What it is called.
    pub name: &'static str,
    /// Its parts.
    pub parts: &'static [Part],
}

const fn message(letter: u8, name: &'static str, parts: &'static [Part]) -> Message {
    Message { letter, name, parts }
}

const INSTITUTION: Part = part("institution", Form::Text(12));
const TERMINAL: Part = part("terminal", Form::Text(8));
const REFERENCE: Part = part("reference", Form::Number(4));
const TIME: Part = part("time", Form::PlainTime);
const CHECK_VALUE: Part = part("check value", Form::Bytes(3));

/// The till's commands.
pub static COMMANDS: [Message; 7] = [
    message(b'U', "set up", &[INSTITUTION, TERMINAL, part("least next number", Form::Number(4))]),
    message(
        KeyLoad::LETTER,
        "load key",
        &[
            INSTITUTION,
            TERMINAL,
            hidden("enciphered key", Form::Bytes(16), Secret::Whole),
            CHECK_VALUE,
            part("message authentication code", Form::Text(8)),
        ],
    ),
    message(b'V', "start", &[REFERENCE, TIME, part("operation", Form::Choice(&OPERATIONS))]),
    message(b'F', "attend", &[REFERENCE, TIME, part("what", Form::Code(formality))]),
    message(b'C', "cancel", &[]),
    message(b'S', "status", &[]),
    message(b'T', "time", &[TIME]),
];

/// The terminal's events.
pub static EVENTS: [Message; 4] = [
    message(
        b's',
        "state",
        &[
            part("flags", Form::Flags(&["set up", "reversal due", "confirmation due"])),
            part("parked", Form::Number(1)),
            part("visit under way", Form::Maybe(&[REFERENCE])),
            part("next number", Form::Number(4)),
            part("starts", Form::Number(4)),
            part("crashes", Form::Number(4)),
            part("serial number", Form::Bytes(12)),
            part("master key", Form::Maybe(&[CHECK_VALUE])),
        ],
    ),
    message(
        b'e',
        "ended",
        &[
            REFERENCE,
            part("effects", Form::Flags(&["card active", "bank account active", "PIN changed"])),
            part("paid by the account", Form::Fen),
            part("not approved", Form::Maybe(&[part("reason", Form::Code(reason))])),
            part("balance known", Form::Maybe(&[part("balance", Form::Fen)])),
            part("transaction sent", Form::Maybe(&[part("number", Form::Number(4))])),
            part(
                "standing known",
                Form::Maybe(&[part("card's status", Form::Code(status)), part("card's flags", Form::Flags(&STANDING))]),
            ),
            part("PIN stayed", Form::Maybe(&[part("why the PIN stayed", Form::Code(reason))])),
            part("cause", Form::Number(4)),
        ],
    ),
    message(b'k', "key loaded", &[CHECK_VALUE]),
    message(b'r', "refused", &[part("why", Form::Code(refused))]),
];

/// The message with this letter.
pub fn find(letter: u8) -> Option<&'static Message> {
    COMMANDS.iter().chain(&EVENTS).find(|message| message.letter == letter)
}

static OPERATIONS: [(u8, &str, &[Part]); 4] = [
    (1, word(1), &[part("document", Form::Maybe(&DOCUMENT))]),
    (2, word(2), &BILL),
    (3, word(3), &BILL),
    (4, word(4), &[]),
];

const fn word(code: u32) -> &'static str {
    match operation(code) {
        Some(word) => word,
        None => "",
    }
}

static BILL: [Part; 2] = [part("total", Form::Fen), part("paid by the fund", Form::Fen)];

static DOCUMENT: [Part; 4] = [
    part("document's kind", Form::TextCode(1, document_kind)),
    hidden("document's number", Form::Counted, Secret::Middle),
    part("name on the document", Form::CountedGbk),
    // Zeros: without end.
    part("document's last day", Form::Date),
];

fn at<T: Copy>(all: &[T], code: u32) -> Option<T> {
    all.get(usize::try_from(code).ok()?).copied()
}

fn formality(code: u32) -> Option<&'static str> {
    at(&Formality::ALL, code).map(Formality::as_str)
}

fn reason(code: u32) -> Option<&'static str> {
    at(Reason::ALL, code).map(Reason::as_str)
}

fn status(code: u32) -> Option<&'static str> {
    at(&CardStatus::ALL, code).map(CardStatus::as_str)
}

fn refused(code: u32) -> Option<&'static str> {
    at(&Refused::ALL, code).map(Refused::as_str)
}
