//! What is built with the tests: the words by which it is, and what cargo says of it. The same words each time: others would build more.

use anyhow::Result;
use serde_json::Value;

use crate::chores::step;

/// With PC/SC readers, which need libpcsclite, which `setup` installs; and with debug probes.
pub(crate) const FEATURES: [&str; 2] =
    ["--features", "qiyong/pcsc,qiyong/probe,qiyong-driver/pcsc,qiyong-tests/pcsc,xtask/chores"];

/// Builds the tests, and the programs that they start.
pub(crate) const BUILD: [&str; 8] =
    ["build", "--profile", "test", "--tests", "--bin", "qiyong", "--bin", "with_postgres"];

/// The others. Each command names the same ones: with more packages they would have more features, and be compiled again.
pub(crate) const OTHERS: [&str; 5] = ["--workspace", "--exclude", "qiyong-protocol", "--exclude", "qiyong-firmware"];

/// Something that was built with the tests: the first of cargo's messages of which `what` makes something.
///
/// # Errors
/// The tests do not build.
pub(crate) fn find<T>(what: impl Fn(Value) -> Option<T>) -> Result<Option<T>> {
    let built = step::output(step::cargo().args(BUILD).args(["--message-format", "json"]).args(OTHERS).args(FEATURES))?;
    let messages = String::from_utf8_lossy(&built);
    Ok(messages.lines().find_map(|line| what(serde_json::from_str(line).ok()?)))
}
