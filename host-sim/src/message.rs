//! `qiyong message HEX…|FILE`: decodes messages between terminal and centre, and frames between till and terminal, and shows every part
//! with its place. Secrets are shown as `*`.

use std::fs;
use std::path::Path;

use clap::Args;

use qiyong_sim::decode::{Decoded, Node, Problem, all};
use qiyong_sim::input::parse_hex;

use crate::output::{Output, Verdict};
use crate::story::pad;

/// The most bytes that are read of a file.
const MOST: u64 = 1 << 20;

/// What to decode.
#[derive(Args, Debug)]
pub(crate) struct MessageArgs {
    /// The bytes in hex (spaces, colons and 0x do not matter), or a file with them, in hex or as they are: messages with their two bytes
    /// of length, or frames from 00 to 00, one or several
    #[arg(required = true, value_name = "HEX|FILE")]
    input: Vec<String>,
    /// Print one JSON object a message
    #[arg(long)]
    json: bool,
}

/// Runs the verb: exit 0 when these are messages of ours, 1 when one can be read and is not as ours are, 2 when they are none.
pub(crate) fn run(args: &MessageArgs, output: &mut Output) -> Result<Verdict, String> {
    let bytes = bytes(&args.input)?;
    let decoded = all(&bytes).map_err(|problem| told(&problem))?;
    let mut verdict = Verdict::Done;
    for one in &decoded {
        if args.json {
            output.json_line(one);
        } else {
            show(one, output);
        }
        if let Some(strange) = &one.strange {
            output.complain(&format!(
                "this is no message of ours: {strange}; give one that a terminal and its centre exchange"
            ));
            verdict = Verdict::No;
        }
    }
    Ok(verdict)
}

fn told(problem: &Problem) -> String {
    format!(
        "these bytes are no message: {problem}; give it whole, with its length in two bytes before it, or a frame between two 00"
    )
}

/// The bytes of the command line, or of the file that it names.
fn bytes(input: &[String]) -> Result<Vec<u8>, String> {
    let joined = input.join(" ");
    let [only] = input else { return parse_hex(&joined).map_err(|error| error.to_string()) };
    let path = Path::new(only);
    match fs::metadata(path) {
        Ok(what) if what.is_file() && what.len() > MOST => {
            Err(format!("{only}: {} bytes are too many; give one message, which has a few hundred", what.len()))
        }
        Ok(what) if what.is_file() => {
            let content = fs::read(path).map_err(|error| format!("{only}: {error}"))?;
            // Bytes in hex are text; a message is none, since it has bytes such as 00.
            match std::str::from_utf8(&content) {
                Ok(text) if !text.contains('\0') => {
                    parse_hex(text).map_err(|error| format!("{only}: {}", error.without_text()))
                }
                _ => Ok(content),
            }
        }
        Ok(_) => Err(format!("{only} is no file: name one, or give the bytes in hex")),
        // No file has such a name: it is meant as hex, and what is wrong with that is told.
        Err(_) => parse_hex(only)
            .map_err(|error| format!("{error}; check the name if a file is meant, since there is none of this name")),
    }
}

fn show(decoded: &Decoded, output: &mut Output) {
    let Decoded { kind, what, parts, .. } = decoded;
    output.line(&format!("{kind}: {what}"));
    parts.iter().for_each(|part| rows(part, 1, output));
}

fn rows(part: &Node, depth: usize, output: &mut Output) {
    let Node { name, at, length, value, words, parts, .. } = part;
    let value = value.as_deref().unwrap_or_default();
    let words = words.as_ref().map(|words| format!(" ({words})")).unwrap_or_default();
    let title = pad(&format!("{}{name}", "  ".repeat(depth)), 44);
    output.line(format!("{at:>4} {length:>4} {title} {value}{words}").trim_end());
    parts.iter().for_each(|part| rows(part, depth + 1, output));
}
