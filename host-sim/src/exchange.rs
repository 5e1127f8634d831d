//! `qiyong exchange replay FILE [--json]`: recorded T=0 and T=1 exchanges, played against the terminal's engines.

use std::path::Path;

use serde::Serialize;

use qiyong_sim::exchange::{parse, replay};
use qiyong_sim::input::read_text;

use crate::output::{Output, Verdict};

/// How an exchange of the file went.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Line<'f> {
    /// Its name in the file.
    name: &'f str,
    /// Whether all went as written.
    passed: bool,
    /// Where it went otherwise; only there if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<replay::Failure>,
}

/// The report of a file that cannot be played.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unreadable<'e> {
    /// False.
    passed: bool,
    /// What is wrong with the file.
    error: &'e str,
}

/// Plays the file and prints `ok NAME` or `FAIL NAME: token K: expected ..., got ...` for each exchange, with `json` an
/// object a line: exit 0 when all went as written, 1 when some did not, 2 when there is no such file, or it is not such a file.
pub(crate) fn run(path: &Path, json: bool, output: &mut Output) -> Result<Verdict, String> {
    match read(path) {
        Ok(exchanges) => {
            let verdicts = exchanges.iter().map(|exchange| report(exchange, json, output));
            Ok(verdicts.max().unwrap_or(Verdict::Done))
        }
        Err(error) => {
            if json {
                output.json_line(&Unreadable { passed: false, error: &error });
            }
            Err(error)
        }
    }
}

fn read(path: &Path) -> Result<Vec<parse::Exchange>, String> {
    let text = read_text(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let exchanges = parse::file(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    if exchanges.is_empty() {
        return Err(format!("{}: there is no exchange in it, such as `a-name: C:00840000`", path.display()));
    }
    Ok(exchanges)
}

fn report(exchange: &parse::Exchange, json: bool, output: &mut Output) -> Verdict {
    let name = &*exchange.name;
    let failure = replay::replay(exchange).err();
    let verdict = if failure.is_some() { Verdict::No } else { Verdict::Done };
    match failure {
        failure if json => output.json_line(&Line { name, passed: failure.is_none(), failure }),
        Some(failure) => output.line(&format!("FAIL {name}: {failure}")),
        None => output.line(&format!("ok {name}")),
    }
    verdict
}
