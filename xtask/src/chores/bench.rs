//! `cargo xtask bench`: how fast the engines and the ways through PC/SC are, and what the image takes when it runs, as tables or one
//! JSON object, each figure with its bound.
//!
//! What is measured, and the bounds, are in `tests/src/bench` and `tests/benches`; here it is only run, in release mode. Not
//! part of `test`: a figure says something about this machine at this moment, too.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::chores::board::Usage;
use crate::chores::{setup, step};

/// Runs the verb; ends with 1 if a bound does not hold.
///
/// # Errors
/// When something is missing that is measured with, or cargo fails.
pub(crate) fn run(json: bool) -> Result<ExitCode> {
    // The packaged pcscd and libpcsclite are measured, too.
    setup::run()?;
    step::run(step::cargo().args(["build", "--release", "--package", "qiyong", "--features", "pcsc"]))?;
    // The image, of which there are figures too.
    Usage::of_image()?;
    let benches = [bench("line", json), bench("pcsc", json), image_figures(json)];
    if json {
        return merged(benches);
    }
    let mut holds = true;
    for mut bench in benches {
        holds &= step::status(&mut bench)?.success();
        println!();
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bench(name: &str, json: bool) -> Command {
    measured(["bench", "--bench", name], json)
}

/// Counts instead of times, so that no optimised build of ours is needed; the tests run it, too.
fn image_figures(json: bool) -> Command {
    measured(["test", "--test", "image_figures"], json)
}

fn measured([verb, kind, name]: [&str; 3], json: bool) -> Command {
    let mut bench = step::cargo();
    bench.args([verb, "--quiet", "--package", "qiyong-tests", "--features", "pcsc", kind, name]);
    if json {
        bench.args(["--", "--json"]);
    }
    bench
}

/// The rows of all in one object.
fn merged(benches: [Command; 3]) -> Result<ExitCode> {
    let mut rows = Vec::new();
    for mut bench in benches {
        // A missed bound is exit status 1, and yet there are figures.
        let output = step::output(&mut bench)?;
        let object: Value = serde_json::from_slice(&output.stdout)
            .context("the benchmark printed no figures; its own message is above")?;
        rows.extend(object["rows"].as_array().context("the benchmark printed no rows")?.iter().cloned());
    }
    let holds = rows.iter().all(|row| row["holds"] == true);
    println!("{}", json!({ "rows": rows, "holds": holds }));
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
