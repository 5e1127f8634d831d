//! The real pcscd with vpcd's driver or with libccid, as private as our own server: it has its own /run, and the machine's pcscd, if
//! there is one, is not affected.

use std::fs;
use std::io::BufRead;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use qiyong_pcsc::wire::{ReaderState, command};

use super::raw::Raw;
use crate::programs::{Watched, eventually};

/// An emulated board is slower than a card.
const PATIENCE: Duration = Duration::from_secs(300);
/// Debian's libccid, as its package has it.
const BUNDLE: &str = "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents";
/// Where its list of readers is: the bundle has a link to it.
const READERS: &str = "/etc/libccid_Info.plist";

/// A running pcscd; dropping it ends it.
pub struct RealPcscd {
    process: Watched,
    folder: TempDir,
    log: Arc<Mutex<String>>,
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
        Self::in_folder(folder, port, &[])
    }

    /// Starts one with Debian's libccid, unmodified, and one reader: `usb` is where the stand-in for libusb, the library `libusb`, finds
    /// it. libccid has a private copy of its list of readers, in which the reader's id stands besides.
    pub fn with_libccid(usb: &Path, libusb: &Path, (vendor, product): (u16, u16)) -> Self {
        let folder = TempDir::new().unwrap();
        let (readers, private, drivers) =
            (folder.path().join("readers"), folder.path().join("libraries"), folder.path().join("drivers"));
        let contents = drivers.join("ifd-ccid.bundle/Contents");
        for made in [&readers, &private, &contents] {
            fs::create_dir_all(made).unwrap();
        }
        std::os::unix::fs::symlink(libusb, private.join("libusb-1.0.so.0")).unwrap();
        let mut list = fs::read_to_string(READERS).expect("Debian's libccid; `cargo xtask setup` installs it");
        let id = [format!("0x{vendor:04X}"), format!("0x{product:04X}"), "Qiyong reader".into()];
        for (key, value) in ["ifdVendorID", "ifdProductID", "ifdFriendlyName"].into_iter().zip(id) {
            let at = list.find(&format!("<key>{key}</key>")).expect("a list");
            let end = at + list[at..].find("</array>").expect("its end");
            list.insert_str(end, &format!("<string>{value}</string>\n\t"));
        }
        fs::write(contents.join("Info.plist"), list).unwrap();
        let reader = format!(
            "FRIENDLYNAME \"Qiyong reader\"\nDEVICENAME usb:{vendor:04x}/{product:04x}:libudev:0:/dev/bus/usb/001/001\n\
             LIBPATH {BUNDLE}/Linux/libccid.so\nCHANNELID 0\n"
        );
        fs::write(readers.join("ccid"), reader).unwrap();
        let environment = [
            ("LD_LIBRARY_PATH", private.as_os_str()),
            ("PCSCLITE_HP_DROPDIR", drivers.as_os_str()),
            (qiyong_libusb::wire::SOCKET, usb.as_os_str()),
            // What it cannot do, and nothing else: a row of its in the log is an error.
            ("LIBCCID_ifdLogLevel", std::ffi::OsStr::new("1")),
        ];
        let environment = environment.map(|(name, value)| (name, value.to_owned()));
        Self::in_folder(folder, 0, &environment)
    }

    fn in_folder(folder: TempDir, port: u16, environment: &[(&str, std::ffi::OsString)]) -> Self {
        let own = folder.path().join("readers");
        let readers = if own.exists() { own.as_path() } else { folder.path() };
        // A user namespace allows any user to mount. Each step is an `exec`, so that the process is pcscd itself.
        let script =
            "mount -t tmpfs tmpfs /run && mkdir /run/pcscd && exec /usr/sbin/pcscd --foreground --info --config \"$0\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script]).arg(readers);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut process = Watched::start_for(PATIENCE, &mut command);
        let mut lines = process.lines().lines();
        let log = Arc::new(Mutex::new(String::new()));
        let note = |log: &Mutex<String>, line: &str| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(line);
            log.push('\n');
        };
        for line in &mut lines {
            let line = line.unwrap();
            note(&log, &line);
            if line.contains("daemon ready") {
                // Keep reading: pcscd would stop if the pipe were full.
                let to = log.clone();
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| note(&to, &line)));
                let pcscd = Self { process, folder, log, port };
                eventually("pcscd opens its socket", || UnixStream::connect(pcscd.socket()).is_ok());
                return pcscd;
            }
        }
        let output = process.output();
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        panic!("pcscd ended: {log}{}; `cargo xtask setup` installs it", String::from_utf8_lossy(&output.stderr));
    }

    /// What it has logged, and its driver.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        self.wait_for(|state| state & 0x10 != 0);
    }

    /// Waits until the first reader has no card.
    pub fn wait_for_no_card(&self) {
        self.wait_for(|state| state & 0x02 != 0);
    }

    fn wait_for(&self, is_so: impl Fn(u32) -> bool) {
        let mut raw = Raw::new(&self.socket(), 4);
        loop {
            let table = raw.call(command::WAIT_READER_STATE_CHANGE, &[], 16 * ReaderState::LEN);
            if is_so(super::raw::parse_states(&table)[0].0) {
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
