//! `qiyong exchange replay FILE [--json]`: recorded T=0 and T=1 exchanges, played against the terminal's engines.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use qiyong_sim::exchange::{parse, replay};
use qiyong_sim::input::read_text;

use crate::output::{Output, Verdict};

/// How an exchange of the file went.
#[derive(Debug, Serialize)]
struct Line<'f> {
    name: &'f str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<replay::Failure>,
}

/// The report of a file that cannot be played.
#[derive(Serialize)]
struct Unreadable {
    ok: bool,
    error: String,
}

/// Plays the file. Prints `ok NAME` or `FAIL NAME: token K: expected ..., got ...` for each exchange; with `json`, one
/// object in each row. Exit status: 0 all went as written, 1 some did not, 2 there is no such file, or it is no file of
/// exchanges.
pub(crate) fn run(path: &Path, json: bool) -> ExitCode {
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
    let text = read_text(path).map_err(|error| format!("{}: {error}", path.display()))?;
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
