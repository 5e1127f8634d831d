//! QEMU's control socket (QMP), which stops the whole board and lets it run on: memory that is read while the board
//! stands still is that of one moment.
//!
//! The socket carries JSON, one object in each row: a greeting, answers to commands, and events between them.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use serde_json::{Value, json};

use super::EmulatorError;
use super::lines::read_available;
use crate::wait::wait_for;

/// How long QEMU may take to answer: a watchdog.
const PATIENCE: Duration = Duration::from_secs(600);

/// The socket.
pub(super) struct Control {
    stream: UnixStream,
    line: Vec<u8>,
    /// QEMU takes commands from the first one on.
    ready: bool,
}

impl Control {
    pub(super) const fn new(stream: UnixStream) -> Self {
        Self { stream, line: Vec::new(), ready: false }
    }

    /// Stops the board between two instructions.
    pub(super) fn stop(&mut self) -> Result<(), EmulatorError> {
        self.execute("stop").map(drop)
    }

    /// Lets the board run on.
    pub(super) fn go_on(&mut self) -> Result<(), EmulatorError> {
        self.execute("cont").map(drop)
    }

    /// How many instructions the board has executed.
    pub(super) fn instructions(&mut self) -> Result<u64, EmulatorError> {
        let answer = self.execute("query-replay")?;
        answer["icount"].as_u64().ok_or_else(|| EmulatorError::Answer { said: format!("query-replay: {answer}") })
    }

    /// The parts of one of QEMU's objects: their names, and of what type each is.
    pub(super) fn children(&mut self, path: &str) -> Result<Vec<(String, String)>, EmulatorError> {
        let all = self.execute_with("qom-list", &json!({ "path": path }))?;
        let word = |part: &Value, name: &str| part[name].as_str().unwrap_or_default().to_string();
        Ok(all.as_array().into_iter().flatten().map(|part| (word(part, "name"), word(part, "type"))).collect())
    }

    fn execute(&mut self, command: &str) -> Result<Value, EmulatorError> {
        self.execute_with(command, &json!({}))
    }

    fn execute_with(&mut self, command: &str, arguments: &Value) -> Result<Value, EmulatorError> {
        if !std::mem::replace(&mut self.ready, true) {
            self.execute("qmp_capabilities")?;
        }
        let request = json!({ "execute": command, "arguments": arguments });
        self.stream.write_all(format!("{request}\n").as_bytes())?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            for mut answer in self.answers()? {
                if let Some(result) = answer.get_mut("return") {
                    return Ok(result.take());
                }
                if let Some(error) = answer.get("error") {
                    return Err(EmulatorError::Answer { said: format!("{command}: {error}") });
                }
                // The greeting, or an event.
            }
            wait_for(&mut [PollFd::new(&self.stream, PollFlags::IN)], Duration::from_millis(100))?;
        }
        Err(EmulatorError::Silent { what: "QEMU's control line", seconds: PATIENCE.as_secs() })
    }

    fn answers(&mut self) -> Result<Vec<Value>, EmulatorError> {
        self.line.extend(read_available(&mut self.stream)?);
        let whole = self.line.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.line.drain(..whole).collect();
        let parse = |line: &[u8]| {
            serde_json::from_slice(line)
                .map_err(|_| EmulatorError::Answer { said: String::from_utf8_lossy(line).into_owned() })
        };
        lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).map(parse).collect()
    }
}
