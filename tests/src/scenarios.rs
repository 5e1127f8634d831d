//! The scenario files of `host-sim/scenarios`, and runs of `qiyong scenario run` on them.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use serde_json::Value;

use crate::qiyong;

/// The folder of the files, from the root of the repository, as a user names it.
pub const FOLDER: &str = "host-sim/scenarios";
/// A run that takes longer hangs. This is the only use of real time.
const WATCHDOG: Duration = Duration::from_secs(600);

/// The root of the repository.
///
/// # Panics
/// Never, since this package is in the repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository")
}

/// The scenario files, by name.
///
/// # Panics
/// If the folder cannot be read.
#[must_use]
pub fn files() -> Vec<String> {
    let entries = fs::read_dir(root().join(FOLDER)).expect("the folder of the scenarios");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"));
    let mut files: Vec<_> =
        names.filter(|name| name.ends_with(".toml")).map(|name| format!("{FOLDER}/{name}")).collect();
    files.sort();
    files
}

/// A file's name without folder and extension.
///
/// # Panics
/// If it has no name.
#[must_use]
pub fn stem(file: &str) -> &str {
    Path::new(file).file_stem().and_then(|stem| stem.to_str()).expect("a name")
}

/// The result of a run of the program.
#[derive(Debug)]
pub struct Ran {
    /// The exit status.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `qiyong scenario run` in `folder`, and ends it if it hangs.
///
/// # Panics
/// If it hangs, or does not start.
#[must_use]
pub fn run(folder: &Path, files: &[String], options: &[&str]) -> Ran {
    let mut child = Command::new(qiyong())
        .current_dir(folder)
        .args(["scenario", "run"])
        .args(files)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let read = |mut pipe: Box<dyn Read + Send>| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // The bytes that were read before a failure are still sent.
            let _ = pipe.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
        receiver
    };
    let stdout = read(Box::new(child.stdout.take().expect("a pipe")));
    let stderr = read(Box::new(child.stderr.take().expect("a pipe")));
    let Ok(stdout) = stdout.recv_timeout(WATCHDOG) else {
        let _ = child.kill();
        panic!("qiyong scenario run hangs on one of {files:?}");
    };
    Ran {
        stdout: String::from_utf8(stdout).expect("output is UTF-8"),
        stderr: String::from_utf8(stderr.recv().expect("the other pipe ends too")).expect("complaints are UTF-8"),
        code: child.wait().expect("an exit status").code(),
    }
}

/// The objects of `--json`, one in each row.
///
/// # Panics
/// If a row is no object.
#[must_use]
pub fn objects(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
