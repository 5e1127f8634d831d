//! QEMU with a board: finds it, starts it, ends it.
//!
//! Each of its lines ends at a socket in a folder of its own. This program listens there before QEMU starts, so that
//! nothing that the image sends is lost. The image is started in the form in which it would be flashed.

use std::fs::{self, File};
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use tempfile::TempDir;

use super::EmulatorError;
use super::model::{Model, SerialEnd};
use crate::wait::wait_for;

/// The program that is started.
const PROGRAM: &str = "qemu-system-arm";
/// The program of util-linux that starts it: the system then ends QEMU when this program ends, in whatever way.
const STARTER: [&str; 4] = ["setpriv", "--pdeathsig", "KILL", "--"];
/// The first version with the B-L475E-IOT01A and its USARTs.
const OLDEST: (u32, u32) = (9, 1);
/// If instructions are counted, each takes 2 to the power of this, in ns: about the time on the chip. QEMU tells the
/// count (`query-replay`) only if it also records the run; see the board's `time`.
const INSTRUCTION_SHIFT: u32 = 7;
/// How long QEMU may take to open its lines. This is a watchdog, as every real time here.
const START: Duration = Duration::from_secs(600);

/// A running QEMU; dropping it ends it.
#[derive(Debug)]
pub(super) struct Qemu {
    child: Child,
    folder: TempDir,
}

/// The lines of a QEMU that has just been started.
pub(super) struct Lines {
    pub(super) qtest: UnixStream,
    /// The control socket (QMP).
    pub(super) control: UnixStream,
    /// Till and centre.
    pub(super) till: UnixStream,
    /// The card's I/O.
    pub(super) card: UnixStream,
    /// The PIN pad.
    pub(super) keys: UnixStream,
}

impl Qemu {
    /// Starts an image, which waits before its first instruction. `counted`: QEMU counts its instructions, and the image does not
    /// wait, because a QEMU that records its run answers no probe while it stands. `first`:
    /// addresses, and the words that stand there at every start.
    ///
    /// # Errors
    /// There is no suitable QEMU, or QEMU does not start.
    pub(super) fn start(
        model: &Model,
        elf: &Path,
        counted: bool,
        first: &[(u64, u32)],
    ) -> Result<(Self, Lines), EmulatorError> {
        check_version(&version()?)?;
        let folder = TempDir::new()?;
        let place = |name: &str| folder.path().join(name);
        let listen = |name: &str| UnixListener::bind(place(name));
        let [till, card, keys] = [SerialEnd::Till, SerialEnd::Card, SerialEnd::Keys].map(|end| listen(end.name()));
        let listeners = [listen("qtest")?, listen("control")?, till?, card?, keys?];
        let unix = |name: &str| format!("unix:{}", place(name).display());
        let [starter, arguments @ ..] = STARTER;
        let mut command = Command::new(starter);
        command.args(arguments).arg(PROGRAM);
        command.args(["-M", model.machine, "-nodefaults", "-nographic", "-monitor", "none", "-accel", "tcg"]);
        command.args(["-qtest-log", "none", "-qtest", &unix("qtest"), "-qmp", &unix("control"), "-kernel"]).arg(elf);
        for (address, word) in first {
            command.args(["-device", &format!("loader,addr={address:#x},data={word:#x},data-len=4")]);
        }
        if counted {
            let log = place("record");
            command.args(["-icount", &format!("shift={INSTRUCTION_SHIFT},rr=record,rrfile={}", log.display())]);
        } else {
            command.arg("-S");
        }
        for end in model.serials {
            command.arg("-serial").arg(end.map_or_else(|| "null".to_string(), |end| unix(end.name())));
        }
        let complaints = File::create(place("complaints"))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
        let child = command.spawn()?;
        let mut qemu = Self { child, folder };
        let deadline = Instant::now() + START;
        let [qtest, control, till, card, keys] = listeners;
        let lines = Lines {
            till: qemu.accept(&till, deadline)?,
            card: qemu.accept(&card, deadline)?,
            keys: qemu.accept(&keys, deadline)?,
            control: qemu.accept(&control, deadline)?,
            qtest: qemu.accept(&qtest, deadline)?,
        };
        Ok((qemu, lines))
    }

    fn accept(&mut self, listener: &UnixListener, deadline: Instant) -> Result<UnixStream, EmulatorError> {
        listener.set_nonblocking(true)?;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    return Ok(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            self.check()?;
            if Instant::now() >= deadline {
                return Err(EmulatorError::Silent { what: "QEMU", seconds: START.as_secs() });
            }
            wait_for(&mut [PollFd::new(listener, PollFlags::IN)], Duration::from_millis(100))?;
        }
    }

    /// # Errors
    /// QEMU has ended: the error says what QEMU wrote.
    pub(super) fn check(&mut self) -> Result<(), EmulatorError> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let said = fs::read_to_string(self.folder.path().join("complaints")).unwrap_or_default();
                Err(EmulatorError::Ended { status: status.to_string(), said: said.trim().to_string() })
            }
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // If it has already ended, that is fine too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first row of QEMU's version text.
fn version() -> Result<String, EmulatorError> {
    let output = Command::new(PROGRAM).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => EmulatorError::NoQemu,
        _ => EmulatorError::Io(error),
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_string())
}

fn check_version(line: &str) -> Result<(), EmulatorError> {
    let number = line.split_whitespace().skip_while(|word| *word != "version").nth(1).unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(()),
        _ => Err(EmulatorError::OldQemu { found: line.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qemu_without_the_board_is_refused_by_its_version() {
        for good in ["QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)", "QEMU emulator version 9.1.0"] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for bad in
            ["QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)", "QEMU emulator version 9.0.4", "", "version x"]
        {
            let error = check_version(bad).unwrap_err().to_string();
            assert!(error.contains("bookworm-backports") && error.contains("9.1"), "{error}");
        }
    }
}
