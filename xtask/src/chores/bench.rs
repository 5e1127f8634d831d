//! `cargo xtask bench`: measures the engines, the ways through PC/SC, the driver library, a centre with many people and with many
//! terminals, a page that reads cards, and what the image takes when it runs. Prints tables or one JSON object, each figure with its
//! bound.
//!
//! The measuring code and the bounds are in `tests/src/bench` and `tests/benches`, and in `instructions` for what is counted;
//! this file only runs them, in release mode. Of these `test` runs only what is counted, since a time also depends on this
//! machine at this moment.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::chores::board::Usage;
use crate::chores::instructions::Counted;
use crate::chores::{setup, step};

/// Runs the verb; ends with 1 if a bound does not hold.
///
/// # Errors
/// A measuring tool is missing, or cargo fails.
pub(crate) fn run(json: bool) -> Result<ExitCode> {
    // The packaged pcscd and libpcsclite are measured too.
    setup::run()?;
    let build = ["build", "--release", "--package", "qiyong", "--package", "qiyong-driver"];
    step::run(step::cargo().args(build).args(["--features", "qiyong/pcsc,qiyong-driver/pcsc"]))?;
    // Builds the image, since it is measured too.
    Usage::of_image()?;
    let counted = Counted::count()?;
    let benches = [
        bench("line", json),
        bench("pcsc", json),
        bench("driver", json),
        bench("centre", json),
        bench("terminals", json),
        bench("page", json),
        image_figures(json),
    ];
    if json {
        return merged(&counted, benches);
    }
    counted.print();
    println!();
    let mut holds = counted.hold();
    for mut bench in benches {
        holds &= step::status(&mut bench)?.success();
        println!();
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bench(name: &str, json: bool) -> Command {
    measured(["bench", "--bench", name], json)
}

/// These are counts and not times, so that no optimised build is needed; the tests run this too.
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

/// The rows of all benchmarks in one object.
fn merged(counted: &Counted, benches: [Command; 7]) -> Result<ExitCode> {
    let mut rows = counted.json();
    for mut bench in benches {
        // A missed bound gives exit status 1, but the figures are there.
        let output = step::answer(&mut bench)?;
        let object: Value = serde_json::from_slice(&output.stdout)
            .context("the benchmark printed no figures; its own message is above")?;
        rows.extend(object["rows"].as_array().context("the benchmark printed no rows")?.iter().cloned());
    }
    let holds = rows.iter().all(|row| row["holds"] == true);
    println!("{}", json!({ "rows": rows, "holds": holds }));
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
