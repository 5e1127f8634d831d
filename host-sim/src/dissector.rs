//! `qiyong dissector`: a script for Wireshark that names every part of our captures, made from the program's own tables; and what people
//! are told after a capture.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use qiyong_sim::dissector::script;

use crate::output::{Output, Verdict};

/// Where to put it.
#[derive(Args, Debug)]
pub(crate) struct DissectorArgs {
    /// Write it to FILE, and say how Wireshark reads it; without this it goes to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the verb: exit 2 when the file cannot be written.
pub(crate) fn run(args: &DissectorArgs, output: &mut Output) -> Result<Verdict, String> {
    let Some(out) = &args.out else {
        script().lines().for_each(|line| output.line(line));
        return Ok(Verdict::Done);
    };
    fs::write(out, script()).map_err(|error| {
        format!(
            "{}: the script cannot be written: {error}; check that its folder may be written and has room",
            out.display()
        )
    })?;
    output.line(&format!("wireshark -X lua_script:{} FILE", quoted(out)));
    Ok(Verdict::Done)
}

/// The command that opens a capture in Wireshark.
pub(crate) fn opens(capture: &Path) -> String {
    format!("qiyong dissector --out qiyong.lua && wireshark -X lua_script:qiyong.lua {}", quoted(capture))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:=@%".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted_whatever_the_file_is_called() {
        let ends = |path: &str| opens(Path::new(path)).rsplit_once("qiyong.lua ").unwrap().1.to_string();
        assert_eq!(ends("captures/a-1.pcapng"), "captures/a-1.pcapng");
        assert_eq!(ends("my captures/a.pcapng"), "'my captures/a.pcapng'");
        assert_eq!(ends("it's.pcapng"), "'it'\\''s.pcapng'");
    }
}
