//! A message between till and terminal, and the frame around it, as a tree.

use qiyong_protocol::centre::message::MESSAGE_MAX;
use qiyong_protocol::ecr::layout::find;
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::frame::{Decoder, encoded_len};
use qiyong_protocol::layout::{Form, Secret};

use super::node::{Node, Problem, Written, parts_of};

/// Reads a message.
///
/// # Errors
/// It is none: the first fault from the left.
pub(super) fn read(bytes: &[u8]) -> Result<(&'static str, Vec<Node>), Problem> {
    let letter = *bytes.first().ok_or_else(|| Problem::new("letter", 0, "the message has no byte"))?;
    let known =
        find(letter).ok_or_else(|| Problem::new("letter", 0, format!("no message begins with {letter:02X}")))?;
    let written = Written { form: Form::Text(1), at: 0..2, secret: Secret::No };
    let mut nodes = vec![Node::leaf("letter", "letter", written)];
    let key = super::node::key_of(known.name);
    let parts = parts_of(known.parts, &key, bytes, 2, 2 * (bytes.len() - 1));
    nodes.extend(parts.map_err(|problem| problem.within(known.name))?);
    if let Some(problem) = nodes.iter().find_map(|node| node.nonsense(bytes)) {
        return Err(problem.within(known.name));
    }
    // What no part shows by itself, such as a fund that pays more than the bill.
    let is_whole = Command::decode(bytes).is_some() || Event::decode(bytes).is_some();
    if is_whole { Ok((known.name, nodes)) } else { Err(Problem::new(known.name, 0, "its parts contradict each other")) }
}

/// The payload of the frame that `bytes` are, from 00 to 00, and its peer's number.
///
/// # Errors
/// It is none.
pub(super) fn frame(bytes: &[u8], at: usize) -> Result<(u8, Vec<u8>), Problem> {
    let mut decoder: Box<Decoder<{ encoded_len(MESSAGE_MAX) - 2 }>> = Box::default();
    for byte in bytes {
        match decoder.push(*byte) {
            None => {}
            Some(Ok(frame)) => return Ok((frame.peer.code(), frame.payload.to_vec())),
            Some(Err(error)) => return Err(Problem::new("frame", at, error.to_string())),
        }
    }
    Err(Problem::new("frame", at + bytes.len(), "the 00 at its end is missing"))
}
