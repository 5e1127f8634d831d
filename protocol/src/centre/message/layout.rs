//! What the fields of our messages are called and consist of: data, for whoever shows messages. Which fields a message must have,
//! and what they mean together, is in the codec.

use super::forms::{FORMS, Form as MessageForm};
use super::objects::{self, DOCUMENT_KINDS};
use super::response;
use crate::card::keys::Algorithm;
use crate::card::status::CardStatus;
use crate::centre::{BatchState, Deal};
use crate::layout::{Form, Part, Secret, hidden, part};

/// What a message asks, by what it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The type of the request; the answer's has 0010 more.
    pub mti: u16,
    /// F60.1.
    pub sort: u32,
    /// F60.3.
    pub network: u32,
    /// In a few words.
    pub words: &'static str,
}

/// All messages that there are.
pub fn names() -> impl Iterator<Item = Name> {
    FORMS.iter().map(|form| {
        let MessageForm { kind, mti, sort, network, .. } = form;
        Name { mti: mti.0, sort: of_digits(sort), network: of_digits(network), words: kind.words() }
    })
}

fn of_digits(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number: u32, digit| number.wrapping_mul(10).wrapping_add((*digit).into()))
}

/// What a field consists of.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// What the table of fields says, and no more; what of it must not be shown.
    Plain(Secret),
    /// One value.
    One(Form),
    /// Parts, by the kind of message: the first that fits. A field of which none fits is not one of our messages, and not shown.
    Parts(&'static [Variant]),
    /// Data objects ([`OBJECTS`]). Others than these are not shown.
    Objects,
}

/// The parts of a field in some messages.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// In messages of this type alone.
    pub mti: Option<u16>,
    /// In messages with this F60.3 alone.
    pub network: Option<u32>,
    /// The parts.
    pub parts: &'static [Part],
}

/// A data object of F55 or F62.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// The field.
    pub field: u8,
    /// Its tag.
    pub tag: u32,
    /// What it is called.
    pub name: &'static str,
    /// What it consists of: the first that fits.
    pub variants: &'static [&'static [Part]],
}

const fn always(parts: &'static [Part]) -> Variant {
    Variant { mti: None, network: None, parts }
}

const fn of(mti: u16, network: u32, parts: &'static [Part]) -> Variant {
    Variant { mti: Some(mti), network: Some(network), parts }
}

/// What a field consists of.
pub const fn field(number: u8) -> Layout {
    match number {
        3 => Layout::One(Form::DigitCode(6, processing)),
        4 => Layout::One(Form::FenDigits(12)),
        39 => Layout::One(Form::TextCode(2, response::words)),
        42 => Layout::Parts(&F42),
        48 => Layout::Parts(&F48),
        49 => Layout::One(Form::TextCode(3, currency)),
        54 => Layout::Parts(&F54),
        55 | 62 => Layout::Objects,
        60 => Layout::Parts(&F60),
        61 => Layout::Parts(&F61),
        // Account numbers and PIN blocks, which other people's messages have.
        2 => Layout::Plain(Secret::Middle),
        35 | 52 => Layout::Plain(Secret::Whole),
        _ => Layout::Plain(Secret::No),
    }
}

fn processing(code: u32) -> Option<&'static str> {
    let is_it = |form: &&MessageForm| form.processing.is_some_and(|digits| of_digits(&digits) == code);
    FORMS.iter().find(is_it).map(|form| form.kind.words())
}

fn currency(code: &[u8]) -> Option<&'static str> {
    if code == b"156" { Some("yuan") } else { None }
}

static F42: [Variant; 1] = [always(&[part("institution", Form::Text(12)), part("spaces", Form::Text(3))])];

static F48: [Variant; 5] = [
    of(
        0x0500,
        201,
        &[
            part("applications", Form::Digits(6)),
            part("total of applications", Form::FenDigits(18)),
            part("paid by accounts of applications", Form::FenDigits(18)),
            part("settlements", Form::Digits(6)),
            part("total of settlements", Form::FenDigits(18)),
            part("paid by accounts of settlements", Form::FenDigits(18)),
            part("purchases", Form::Digits(6)),
            part("total of purchases", Form::FenDigits(18)),
            part("paid by accounts of purchases", Form::FenDigits(18)),
        ],
    ),
    of(0x0320, 201, &[part("place of the first entry", Form::Digits(6))]),
    of(0x0320, 202, &[part("number of entries", Form::Digits(6))]),
    Variant { mti: Some(0x0510), network: None, parts: &STATE },
    Variant { mti: Some(0x0330), network: None, parts: &STATE },
];

static STATE: [Part; 1] = [part("state of the batch", Form::DigitCode(1, batch_state))];

fn batch_state(code: u32) -> Option<&'static str> {
    let state = BatchState::ALL.into_iter().find(|state| of_digits(&super::upload::state_digits(*state)) == code)?;
    Some(match state {
        BatchState::Open => "open",
        BatchState::Balanced => "balanced",
        BatchState::Differs => "differs",
        BatchState::Closed => "closed with a difference",
    })
}

static F54: [Variant; 1] = [always(&[
    part("account", Form::Text(2)),
    part("kind of balance", Form::Text(2)),
    part("currency", Form::Text(3)),
    part("sign", Form::Text(1)),
    part("balance", Form::FenText(12)),
])];

static F60: [Variant; 1] =
    [always(&[part("sort", Form::Digits(2)), part("batch", Form::Digits(6)), part("network", Form::Digits(3))])];

static F61: [Variant; 1] = [always(&[
    part("original batch", Form::Digits(6)),
    part("original number", Form::Digits(6)),
    part("original day", Form::Digits(4)),
])];

const fn object(field: u8, tag: u32, name: &'static str, variants: &'static [&'static [Part]]) -> Object {
    Object { field, tag, name, variants }
}

/// The only part of an object.
const fn whole(form: Form) -> Part {
    part("", form)
}

/// Every data object that there is.
pub static OBJECTS: [Object; 26] = [
    object(55, objects::CARD_NUMBER, "card number", &[&[whole(Form::Text(9))]]),
    object(55, objects::IDENT, "card ident code", &[&[whole(Form::Bytes(16))]]),
    object(55, objects::ID_NUMBER, "ID number", &[&[hidden("", Form::Text(18), Secret::Middle)]]),
    object(55, objects::NAME, "holder's name", &[&[whole(Form::Gbk)]]),
    object(55, objects::HISTORICAL, "historical bytes", &[&[whole(Form::RestBytes)]]),
    object(55, objects::ALGORITHM, "algorithm", &[&[whole(Form::Code(algorithm))]]),
    object(
        55,
        objects::INTERNAL,
        "internal authentication",
        &[&[part("data", Form::Bytes(16))], &[part("cryptogram", Form::Bytes(8))]],
    ),
    object(
        55,
        objects::EXTERNAL,
        "external authentication",
        &[
            &[part("card's challenge", Form::Bytes(8)), part("terminal's bytes", Form::Bytes(8))],
            &[part("cryptogram", Form::Bytes(8))],
        ],
    ),
    object(62, objects::DATE, "date", &[&[whole(Form::Date)]]),
    object(62, objects::OPERATION, "operation", &[&[whole(Form::Code(operation))]]),
    object(62, objects::FUND, "paid by the fund", &[&[whole(Form::FenDigits(12))]]),
    object(62, objects::DOCUMENT_KIND, "document's kind", &[&[whole(Form::TextCode(1, document_kind))]]),
    object(62, objects::DOCUMENT_NUMBER, "document's number", &[&[hidden("", Form::Rest, Secret::Middle)]]),
    object(62, objects::DOCUMENT_NAME, "name on the document", &[&[whole(Form::Gbk)]]),
    // Nothing: it is valid without end.
    object(
        62,
        objects::DOCUMENT_VALIDITY,
        "document's last day",
        &[&[whole(Form::Date)], &[whole(Form::TextCode(0, |_| Some("without end")))]],
    ),
    object(62, objects::TOKEN, "terminal's token", &[&[whole(Form::Bytes(8))]]),
    object(62, objects::ORIGINAL_TIME, "original time", &[&[whole(Form::Time)]]),
    object(
        62,
        objects::STATUS,
        "card's status",
        &[&[whole(Form::TextCode(1, status))], &[whole(Form::TextCode(0, status))]],
    ),
    object(62, objects::FLAGS, "card's flags", &[&[whole(Form::Flags(&STANDING))]]),
    object(62, objects::EFFECTS, "effects", &[&[whole(Form::Flags(&["card active", "bank account active"]))]]),
    object(62, objects::CHARGE, "paid by the account", &[&[whole(Form::FenDigits(12))]]),
    object(62, objects::NEXT, "next number", &[&[whole(Form::Digits(6))]]),
    object(
        62,
        objects::WORKING_KEY,
        "working key",
        &[&[hidden("enciphered key", Form::Bytes(16), Secret::Whole), part("check value", Form::Bytes(3))]],
    ),
    object(62, objects::TIME, "centre's time", &[&[whole(Form::Time)]]),
    object(62, objects::ENTRIES, "entries", &[&[part("entry", Form::Repeat(&ENTRY))]]),
    object(
        62,
        objects::POLICY,
        "terminal's policy",
        &[&[
            part("tries", Form::Number(1)),
            part("rounds", Form::Number(1)),
            part("wait in seconds", Form::Number(1)),
            part("pause in seconds", Form::Number(1)),
        ]],
    ),
];

/// The flags of a card's standing.
pub(crate) static STANDING: [&str; 4] =
    ["social function in use", "bank account in use", "PIN is the initial one", "that PIN is a common one"];

static ENTRY: [Part; 7] = [
    part("number", Form::Digits(6)),
    part("kind", Form::Code(deal)),
    part("card number", Form::Text(9)),
    part("total", Form::FenDigits(12)),
    part("paid by the account", Form::FenDigits(12)),
    part("time", Form::Time),
    part("end", Form::Code(ended)),
];

fn algorithm(code: u32) -> Option<&'static str> {
    [(Algorithm::TripleDes, "3DES"), (Algorithm::Sm4, "SM4")]
        .into_iter()
        .find(|(algorithm, _)| u32::from(algorithm.code()) == code)
        .map(|(_, word)| word)
}

/// The word for an operation's code.
pub(crate) const fn operation(code: u32) -> Option<&'static str> {
    match code {
        1 => Some("apply"),
        2 => Some("settle"),
        3 => Some("purchase"),
        4 => Some("query"),
        _ => None,
    }
}

fn deal(code: u32) -> Option<&'static str> {
    let place = usize::try_from(code).ok()?.checked_sub(1)?;
    // In the order of their codes.
    Deal::ALL.get(place).map(|deal| match deal {
        Deal::Apply => "apply",
        Deal::Settle => "settle",
        Deal::Purchase => "purchase",
    })
}

const fn ended(code: u32) -> Option<&'static str> {
    match code {
        1 => Some("confirmed"),
        2 => Some("reversed"),
        _ => None,
    }
}

/// The word for a kind of document.
pub(crate) fn document_kind(code: &[u8]) -> Option<&'static str> {
    DOCUMENT_KINDS.iter().find(|(_, known)| code == [*known]).map(|(kind, _)| kind.as_str())
}

fn status(code: &[u8]) -> Option<&'static str> {
    let code = match code {
        [] => None,
        [code] => Some(*code),
        _ => return None,
    };
    CardStatus::from_code(code).map(CardStatus::as_str)
}
