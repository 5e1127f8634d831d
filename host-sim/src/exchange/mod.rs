//! `qiyong exchange replay FILE [--json]`: recorded T=0 and T=1 exchanges, played against the terminal's engines.
//!
//! To debug a capture, or to show what the engines do in the scenarios of ISO/IEC 7816-3 annex A
//! (`tests/annex_a.exchanges`). [`parse`] describes the file, [`replay`] what a token does. Exit codes: 0 all exchanges
//! went as written, 1 some did not, 2 no such file, or not such a file.

pub mod parse;
pub mod replay;

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::output::{Output, Verdict};

/// How an exchange of the file went.
#[derive(Debug, Serialize)]
struct Line<'f> {
    name: &'f str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<replay::Failure>,
}

/// A file that cannot be played.
#[derive(Serialize)]
struct Unreadable {
    ok: bool,
    error: String,
}

/// Plays the file and prints `ok NAME` or `FAIL NAME: token K: expected ..., got ...` for each exchange, with `json` an
/// object a line. Returns the exit code (see the module).
pub fn run(path: &Path, json: bool) -> ExitCode {
    let mut output = Output::default();
    let verdict = match read(path) {
        Ok(exchanges) => {
            exchanges.iter().map(|exchange| report(exchange, json, &mut output)).max().unwrap_or(Verdict::Done)
        }
        Err(error) => {
            output.complain(&error);
            if json {
                output.json_line(&Unreadable { ok: false, error });
            }
            Verdict::BadInput
        }
    };
    output.finish(verdict)
}

fn read(path: &Path) -> Result<Vec<parse::Exchange>, String> {
    let text = crate::input::read_text(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse::file(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn report(exchange: &parse::Exchange, json: bool, output: &mut Output) -> Verdict {
    let name = &*exchange.name;
    let failure = replay::replay(exchange).err();
    let verdict = if failure.is_some() { Verdict::No } else { Verdict::Done };
    match failure {
        failure if json => output.json_line(&Line { name, ok: failure.is_none(), failure }),
        Some(failure) => output.line(&format!("FAIL {name}: {failure}")),
        None => output.line(&format!("ok {name}")),
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNEX_A: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/annex_a.exchanges"));

    #[test]
    fn the_scenarios_of_annex_a_go_as_written() {
        let exchanges = parse::file(ANNEX_A).unwrap();
        assert!(exchanges.len() > 70, "{} exchanges", exchanges.len());
        for exchange in exchanges {
            assert_eq!(replay::replay(&exchange), Ok(()), "{}", exchange.name);
        }
    }

    #[test]
    fn every_character_of_the_file_counts() {
        // One digit changed of what must be sent or delivered, and the exchange fails at that token.
        for exchange in parse::file(ANNEX_A).unwrap() {
            for (at, token) in exchange.tokens.iter().enumerate() {
                let mut bent = exchange.clone();
                match &mut bent.tokens[at].what {
                    parse::What::Sends(bytes) | parse::What::Response(bytes) => bytes[0] ^= 0x10,
                    parse::What::Error(name) => name.push('x'),
                    _ => continue,
                }
                let failure = replay::replay(&bent).expect_err(&exchange.name);
                assert_eq!(failure.token, token.number, "{}: {failure}", exchange.name);
            }
        }
    }
}
