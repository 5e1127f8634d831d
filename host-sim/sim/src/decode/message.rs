//! An ISO 8583 message as a tree: length, TPDU, header, type, bitmap, every field by number and name, our own fields to their last
//! part, and the code at its end.

use qiyong_protocol::centre::iso8583::field::{Content, find, name};
use qiyong_protocol::centre::iso8583::{FormatError, Message, START, Value, take};
use qiyong_protocol::centre::message::layout::{self, Layout, OBJECTS, Variant};
use qiyong_protocol::iso7816::tlv::Objects;
use qiyong_protocol::layout::{Form, Secret};

use super::node::{Node, Problem, Written, parts_of};

/// The bytes of F64.
const MAC: usize = 8;

/// A message's tree, without values, and what it is in a few words.
pub(super) struct Read {
    pub(super) words: String,
    pub(super) nodes: Vec<Node>,
    /// What of the fields of ours is not as they are; the first.
    pub(super) strange: Option<Problem>,
}

/// Reads the whole message.
///
/// # Errors
/// The bytes are no message: the first fault from the left.
pub(super) fn read(bytes: &[u8]) -> Result<Read, Problem> {
    let message = Message::read(bytes).map_err(|error| placed(bytes, error))?;
    let mut strange = None;
    let mti = message.mti();
    let plain = |key: &str, name: &str, form: Form, at: usize, length: usize| {
        Node::leaf(key, name, Written { form, at: 2 * at..2 * (at + length), secret: Secret::No })
    };
    let mut nodes = vec![
        plain("length", "length", Form::Number(2), 0, 2),
        plain("tpdu", "TPDU", Form::Bytes(5), 2, 5),
        plain("header", "header", Form::Bytes(6), 7, 6),
        plain("mti", "message type", Form::Digits(4), 13, 2),
        plain("bitmap", "bitmap", Form::Bytes(8), 15, 8),
    ];
    let (words, network) = about(&message);
    let mac = if message.mac().is_some() { MAC } else { 0 };
    let mut rest = bytes.get(START..bytes.len() - mac).unwrap_or_default();
    for value in message.fields() {
        let begin = bytes.len() - mac - rest.len();
        let Ok((_, behind)) = take(value.field, rest) else { break };
        let at = bytes.len() - mac - behind.len() - value.bytes.len();
        rest = behind;
        let (node, odd) = field(bytes, begin, at, &value, (mti.0, network));
        nodes.push(node);
        strange = strange.or(odd);
    }
    if let Some((number, left)) = message.unread() {
        let at = bytes.len() - mac - left.len();
        let what = "the form of this field is not known, and what follows it cannot be read";
        strange = strange.or(Some(Problem::new(format!("F{number}"), at, what)));
        let written = Written { form: Form::RestBytes, at: 2 * at..2 * (at + left.len()), secret: Secret::Whole };
        nodes.push(Node::leaf("unread", format!("F{number} and what follows"), written));
    }
    if mac > 0 {
        nodes.push(plain("f64", &title(64), Form::Text(MAC), bytes.len() - mac, mac));
    }
    if let Some(problem) = nodes.iter().find_map(|node| node.nonsense(bytes)) {
        strange = strange.or(Some(problem));
    }
    Ok(Read { words, nodes, strange })
}

/// What a field is called, with its number.
pub(super) fn title(number: u8) -> String {
    format!("F{number} {}", name(number).unwrap_or_default())
}

/// What a message asks or answers, and its F60.3.
fn about(message: &Message<'_>) -> (String, Option<u32>) {
    let digits: Option<Vec<u32>> = message.field(60).map(|value| value.digits().map(u32::from).collect());
    let Some([a, b, _, _, _, _, _, _, i, j, k]) = digits.as_deref() else {
        return (format!("message {}", message.mti()), None);
    };
    let (sort, network) = (a * 10 + b, i * 100 + j * 10 + k);
    let mti = message.mti();
    let is_answer = mti.answer() == mti;
    let asked = if is_answer { mti.0 & !0x0010 } else { mti.0 };
    let known = layout::names().find(|name| (name.mti, name.sort, name.network) == (asked, sort, network));
    let words = match known {
        Some(name) if is_answer => format!("{}, answered", name.words),
        Some(name) => name.words.to_string(),
        None => format!("message {mti}, of another kind than ours"),
    };
    (words, Some(network))
}

/// A field as a node, and what is strange about it.
fn field(
    bytes: &[u8],
    begin: usize,
    at: usize,
    value: &Value<'_>,
    kind: (u16, Option<u32>),
) -> (Node, Option<Problem>) {
    let number = value.field.number;
    let (key, name) = (format!("f{number}"), title(number));
    let end = at + value.bytes.len();
    let is_digits = matches!(value.field.content, Content::Digits | Content::Track);
    let half_bytes = if is_digits { value.count } else { 2 * value.count };
    let place = 2 * at..2 * at + half_bytes;
    let own = match value.field.content {
        Content::Digits | Content::Track => Form::Digits(value.count),
        Content::Text => Form::Rest,
        Content::Binary => Form::RestBytes,
    };
    let leaf = |form, secret| Node::leaf(key.clone(), name.clone(), Written { form, at: place.clone(), secret });
    let of_parts = |parts: Vec<Node>| Node::group(key.clone(), name.clone(), begin..end, parts);
    // Nobody knows what is in it: it is not shown.
    let hidden = |problem: Problem| (leaf(own, Secret::Whole), Some(problem.within(&name)));
    match layout::field(number) {
        Layout::Plain(secret) => (leaf(own, secret), None),
        Layout::One(form) => (leaf(form, Secret::No), None),
        Layout::Parts(variants) => match of_variant(variants, kind, &key, bytes, at, half_bytes) {
            Ok(parts) => (of_parts(parts), None),
            Err(problem) => hidden(problem),
        },
        Layout::Objects => match objects(number, bytes, at, end) {
            Ok((parts, strange)) => (of_parts(parts), strange.map(|problem| problem.within(&name))),
            Err(problem) => hidden(problem),
        },
    }
}

/// The parts of a field by the first variant that fits.
fn of_variant(
    variants: &[Variant],
    (mti, network): (u16, Option<u32>),
    key: &str,
    bytes: &[u8],
    at: usize,
    half_bytes: usize,
) -> Result<Vec<Node>, Problem> {
    let is_for = |variant: &&Variant| {
        variant.mti.is_none_or(|own| own == mti) && variant.network.is_none_or(|own| Some(own) == network)
    };
    let mut wrong = None;
    for variant in variants.iter().filter(is_for) {
        match parts_of(variant.parts, key, bytes, 2 * at, half_bytes) {
            Ok(parts) => return Ok(parts),
            Err(problem) => wrong = wrong.or(Some(problem)),
        }
    }
    Err(wrong.unwrap_or_else(|| Problem::new("", at, "messages of this kind do not have this field")))
}

/// The data objects of a field.
fn objects(number: u8, bytes: &[u8], at: usize, end: usize) -> Result<(Vec<Node>, Option<Problem>), Problem> {
    let content = bytes.get(at..end).unwrap_or_default();
    let (mut nodes, mut strange) = (Vec::new(), None);
    let mut begin = at;
    let mut left = Objects::new(content);
    while let Some(object) = left.next() {
        let object = object.map_err(|error| Problem::new("data object", begin, error.to_string()))?;
        // A value borrows from the field, so that its place follows.
        let behind = left.rest().len();
        let (start, stop) = (end - behind - object.value.len(), end - behind);
        let (key, tag) = (format!("f{number}.{:x}", object.tag), format!("{:X}", object.tag));
        let known = OBJECTS.iter().find(|known| (known.field, known.tag) == (number, object.tag));
        let read = known.map(|known| {
            let mut wrong = None;
            for parts in known.variants {
                match parts_of(parts, &key, bytes, 2 * start, 2 * object.value.len()) {
                    Ok(parts) => return Ok((known.name, parts)),
                    Err(problem) => wrong = wrong.or(Some(problem)),
                }
            }
            Err(wrong.unwrap_or_else(|| Problem::new("", start, "it has no form")))
        });
        let title = format!("{tag} {}", known.map_or("unknown object", |known| known.name));
        nodes.push(match read {
            Some(Ok((_, mut parts))) => match parts.pop() {
                // The object's only part has no name of its own.
                Some(only) if parts.is_empty() && only.name.is_empty() => only.called(title),
                last => {
                    parts.extend(last);
                    Node::group(key, title, begin..stop, parts)
                }
            },
            other => {
                let problem = match other {
                    Some(Err(problem)) => problem,
                    _ => Problem::new("", begin, "none of our messages has this object"),
                };
                strange = strange.or(Some(problem.within(&title)));
                let at = 2 * start..2 * stop;
                Node::leaf(key, title, Written { form: Form::RestBytes, at, secret: Secret::Whole })
            }
        });
        begin = stop;
    }
    Ok((nodes, strange))
}

/// A fault of the form with its place.
fn placed(bytes: &[u8], error: FormatError) -> Problem {
    let what = error.to_string();
    let (place, at) = match error {
        FormatError::Short => ("message".to_string(), bytes.len()),
        FormatError::Length { .. } => ("length".to_string(), 0),
        FormatError::Mti(_) => ("message type".to_string(), 13),
        FormatError::SecondBitmap => ("bitmap".to_string(), 15),
        FormatError::Trailing(left) => ("end".to_string(), bytes.len().saturating_sub(left)),
        FormatError::Truncated { field }
        | FormatError::FieldLength { field }
        | FormatError::TooLong { field }
        | FormatError::Content { field } => (title(field), begin_of(bytes, field)),
    };
    Problem::new(place, at, what)
}

/// Where a field begins, if all before it can be read.
fn begin_of(bytes: &[u8], field: u8) -> usize {
    let bitmap = bytes.get(15..START).and_then(|bitmap| bitmap.try_into().ok()).map_or(0, u64::from_be_bytes);
    let mut rest = bytes.get(START..).unwrap_or_default();
    for number in (2..field).filter(|number| bitmap >> (64 - u32::from(*number)) & 1 == 1) {
        match find(number).and_then(|known| take(known, rest).ok()) {
            Some((_, behind)) => rest = behind,
            None => break,
        }
    }
    bytes.len() - rest.len()
}
