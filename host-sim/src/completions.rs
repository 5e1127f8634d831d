//! `qiyong completions`: the script by which a shell completes verbs and flags. Values that depend on a machine, such as
//! names of readers, are not completed.

use clap::Command;
use clap_complete::{Shell, generate};

use crate::output::{Output, Verdict};

/// Prints the script for `shell`.
pub(crate) fn run(shell: Shell, mut program: Command, output: &mut Output) -> Result<Verdict, String> {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut program, name, &mut script);
    output.own_text(&script);
    Ok(Verdict::Done)
}
