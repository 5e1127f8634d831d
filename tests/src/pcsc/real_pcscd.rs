//! The real pcscd with vpcd's driver, as private as our own server: it has its own /run, and the machine's pcscd, if
//! there is one, is not affected.

use std::fs;
use std::io::BufRead;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use qiyong_pcsc::wire::{ReaderState, command};

use super::raw::Raw;
use crate::programs::{Watched, eventually};

/// A running pcscd; dropping it ends it.
pub struct RealPcscd {
    process: Watched,
    folder: TempDir,
    /// Where vpcd listens for a card.
    pub port: u16,
}

impl RealPcscd {
    /// Starts one with vpcd on a free port.
    pub fn start() -> Self {
        Self::on_port(free_port())
    }

    /// Starts one with vpcd on this port.
    pub fn on_port(port: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let library = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
        let reader = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:{port:#X}\nLIBPATH {library}\nCHANNELID {port:#X}\n"
        );
        fs::write(folder.path().join("vpcd"), reader).unwrap();
        // A user namespace allows any user to mount. Each step is an `exec`, so that the process is pcscd itself.
        let script =
            "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && exec /usr/sbin/pcscd --foreground --info --config \"$0\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script]).arg(folder.path());
        let mut process = Watched::start(&mut command);
        let mut lines = process.lines().lines();
        let mut log = String::new();
        for line in &mut lines {
            log += &line.unwrap();
            if log.contains("daemon ready") {
                // Keep reading: pcscd would stop if the pipe were full.
                std::thread::spawn(move || lines.for_each(drop));
                let pcscd = Self { process, folder, port };
                eventually("pcscd opens its socket", || UnixStream::connect(pcscd.socket()).is_ok());
                return pcscd;
            }
        }
        let output = process.output();
        panic!("pcscd ended: {log}{}; `cargo xtask setup` installs it", String::from_utf8_lossy(&output.stderr));
    }

    /// Where programs reach it.
    pub fn socket(&self) -> PathBuf {
        format!("/proc/{}/root/run/pcscd/pcscd.comm", self.process.child.id()).into()
    }

    /// A program that finds this pcscd instead of the machine's.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("PCSCLITE_CSOCK_NAME", self.socket());
        command
    }

    /// Waits until the first reader has a card that answered to reset.
    pub fn wait_for_card(&self) {
        let mut raw = Raw::new(&self.socket(), 4);
        loop {
            let table = raw.call(command::WAIT_READER_STATE_CHANGE, &[], 16 * ReaderState::LEN);
            if super::raw::parse_states(&table)[0].0 & 0x10 != 0 {
                return;
            }
            raw.told();
        }
    }
}

/// A port that is free now, as is the next one: vpcd takes two.
pub fn free_port() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}
