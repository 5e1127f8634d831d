//! Decodes what crosses the lines to till and centre for whoever looks at it: ISO 8583 messages, the till's messages, and frames,
//! each as a tree of named parts with their places. The tables are the protocol's (`qiyong_protocol::layout`); what they hide
//! is hidden here.
//!
//! Not here: whether a message is proved, and what follows from it; and the same for Wireshark, which is [`crate::dissector`].

mod message;
mod node;
mod till;
mod value;

use std::ops::Range;

use serde::Serialize;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::{MessageError, Parts, read_proved_request};
use qiyong_protocol::frame::Peer;

pub use node::{Node, Problem, key_of};
pub use value::MASK;

/// What was decoded.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decoded {
    /// `message` to or from the centre, `till`, or `frame`.
    pub kind: &'static str,
    /// What it is, in a few words.
    pub what: String,
    /// Its parts, in order. Places in a frame's message count from the message's first byte.
    pub parts: Vec<Node>,
    /// What is not as in messages of ours, though it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strange: Option<String>,
}

/// All that `bytes` are: messages to or from the centre, each with its length, or frames, each between two 00.
///
/// # Errors
/// They are neither.
pub fn all(bytes: &[u8]) -> Result<Vec<Decoded>, Problem> {
    // A frame has its peer behind 00 and one more byte, which is never 00; a message's TPDU has another number there.
    let begin = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let peer = bytes.get(begin + 1);
    let is_frame = begin > 0 && Peer::ALL.iter().any(|own| peer == Some(&own.code()));
    match bytes {
        [] => Err(Problem::new("message", 0, "there is not one byte")),
        _ if is_frame => frames(bytes),
        _ => messages(bytes),
    }
}

fn messages(bytes: &[u8]) -> Result<Vec<Decoded>, Problem> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)) + 2);
        // The last one has all that is left, so that a wrong length is told as such.
        let whole = rest.get(..length).filter(|whole| !whole.is_empty()).unwrap_or(rest);
        let own = one_message(whole).map_err(|problem| Problem { at: problem.at + at, ..problem })?;
        decoded.push(own);
        at += whole.len();
    }
    Ok(decoded)
}

fn frames(bytes: &[u8]) -> Result<Vec<Decoded>, Problem> {
    let mut decoded = Vec::new();
    let mut at = 0;
    for piece in bytes.split_inclusive(|byte| *byte == 0) {
        // The 00 with which one begins may be the end of the one before.
        if piece != [0] {
            let (peer, payload) = till::frame(piece, at)?;
            decoded.push(one_frame(peer, &payload)?);
        }
        at += piece.len();
    }
    Ok(decoded)
}

/// Decodes one message to or from the centre.
///
/// # Errors
/// It is none: the first fault from the left. A message of others, of which not all can be read, is told by [`Decoded::strange`].
pub fn one_message(bytes: &[u8]) -> Result<Decoded, Problem> {
    let message::Read { words, mut nodes, strange } = message::read(bytes)?;
    let masked = hide(bytes, &nodes);
    nodes.iter_mut().for_each(|node| node.fill(&masked));
    let strange = strange.map(|problem| problem.to_string()).or_else(|| incomplete(bytes));
    Ok(Decoded { kind: "message", what: words, parts: nodes, strange })
}

/// Why a request is none of ours though each of its fields is.
fn incomplete(bytes: &[u8]) -> Option<String> {
    let message = Message::read(bytes).ok().filter(|message| message.mti().answer() != message.mti())?;
    let error = read_proved_request(&message, &mut Parts::default()).err()?;
    let place = match error.field() {
        0 => String::new(),
        field => format!("{}: ", message::title(field)),
    };
    (error != MessageError::Mac).then(|| format!("{place}{error}"))
}

/// Decodes one message between till and terminal.
///
/// # Errors
/// It is none.
pub fn one_of_till(bytes: &[u8]) -> Result<Decoded, Problem> {
    let (name, mut nodes) = till::read(bytes)?;
    let masked = hide(bytes, &nodes);
    nodes.iter_mut().for_each(|node| node.fill(&masked));
    Ok(Decoded { kind: "till", what: name.into(), parts: nodes, strange: None })
}

fn one_frame(peer: u8, payload: &[u8]) -> Result<Decoded, Problem> {
    let within = |problem: Problem| problem.within("message in the frame");
    let (whom, inner) = if peer == Peer::Centre.code() {
        // An empty one says that there is no answer.
        let inner = if payload.is_empty() { None } else { Some(one_message(payload).map_err(within)?) };
        ("centre", inner)
    } else {
        ("till", Some(one_of_till(payload).map_err(within)?))
    };
    let what = inner.as_ref().map_or("no answer", |inner| &inner.what);
    let (what, strange) = (format!("{whom}: {what}"), inner.as_ref().and_then(|inner| inner.strange.clone()));
    Ok(Decoded { kind: "frame", what, parts: inner.map(|inner| inner.parts).unwrap_or_default(), strange })
}

fn hide(bytes: &[u8], nodes: &[Node]) -> Vec<u8> {
    let mut secrets: Vec<Range<usize>> = Vec::new();
    nodes.iter().for_each(|node| node.secrets(&mut secrets));
    let mut masked = bytes.to_vec();
    for secret in secrets {
        masked.get_mut(secret).unwrap_or_default().fill(MASK);
    }
    masked
}

/// The message with `*` for every secret byte: what may be written to a capture. Of what cannot be read nothing may be.
pub fn masked_message(bytes: &[u8]) -> Vec<u8> {
    match message::read(bytes) {
        Ok(read) => hide(bytes, &read.nodes),
        Err(_) => vec![MASK; bytes.len()],
    }
}

/// The same of what a frame of this peer carries.
pub fn masked_payload(peer: Peer, bytes: &[u8]) -> Vec<u8> {
    match (peer, till::read(bytes)) {
        (Peer::Centre, _) if bytes.is_empty() => Vec::new(),
        (Peer::Centre, _) => masked_message(bytes),
        (Peer::Till, Ok((_, nodes))) => hide(bytes, &nodes),
        (Peer::Till, Err(_)) => vec![MASK; bytes.len()],
    }
}

#[cfg(test)]
mod tests;
