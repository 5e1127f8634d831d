//! Runs commands and prints them: every command of a verb passes through here.
//!
//! This file knows processes, not their meaning. The caller knows which command to run, and what its failure means to
//! the user.

use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(crate) use crate::inner::{cargo, cargo_at, command, root};

/// Prints a step line.
pub(crate) fn say(text: impl AsRef<str>) {
    eprintln!("== {}", text.as_ref());
}

/// Says the command, runs it, and returns how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    say(shown(command));
    command.status().with_context(|| format!("cannot start `{}`", program(command)))
}

/// Prints the command, runs it, and returns how it ended and what it wrote to standard output.
pub(crate) fn answer(command: &mut Command) -> Result<Output> {
    say(shown(command));
    let output = command.stderr(Stdio::inherit()).output();
    output.with_context(|| format!("cannot start `{}`", program(command)))
}

/// Prints the command, runs it, and returns what it wrote to standard output; any exit code except 0 is an error.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = answer(command)?;
    ended(command, output.status)?;
    Ok(output.stdout)
}

/// Prints the command and runs it; any exit code except 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ended(command, status)
}

fn ended(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status}); its own message is above", shown(command));
    }
    Ok(())
}

/// Prints the command and runs it for at most `limit`: `false` if it cannot start, fails, or must be ended.
pub(crate) fn try_within(limit: Duration, command: &mut Command) -> Result<bool> {
    say(format!("{} (at most {} s)", shown(command), limit.as_secs()));
    let Ok(mut child) = command.stdin(Stdio::null()).spawn() else {
        return Ok(false);
    };
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= deadline {
            say("no answer in time");
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command without printing it, and returns its standard output; `None` if it cannot start or fails.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// The command as one would type it, after the variables set for it.
fn shown(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        let value = value?.to_string_lossy();
        let value = if value.contains(' ') { format!("'{value}'") } else { value.into_owned() };
        Some(format!("{}={value}", name.to_string_lossy()))
    });
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    variables.chain([program(command)]).chain(words).collect::<Vec<_>>().join(" ")
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
