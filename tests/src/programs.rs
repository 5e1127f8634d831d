//! Private servers and the programs that use them, started and stopped by the test that needs them.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;

use crate::{qiyong, sample_card};
use qiyong_protocol::card::files::Generation;

/// No program here takes longer, however busy the machine is. One that does is ended, and the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until something holds that depends on another process.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
    }
}

/// The driver library that cargo has built beside this test.
///
/// # Panics
/// If it is missing; the message says what to do.
pub fn driver_library() -> PathBuf {
    let deps = std::env::current_exe().expect("a path").parent().expect("a folder").to_path_buf();
    let places = [deps.join("libsscarddriver.so"), deps.parent().expect("a folder").join("libsscarddriver.so")];
    places.into_iter().find(|path| path.exists()).expect("`cargo build -p qiyong-driver` makes libsscarddriver.so")
}

/// Ends a child process that runs for too long, and at the end of the test.
pub struct Watched {
    /// The process.
    pub child: Child,
    done: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
}

impl Watched {
    /// Starts a program; what it writes to standard output can be read from `child`.
    pub fn start(command: &mut Command) -> Self {
        Self::start_for(PATIENCE, command)
    }

    /// The same, for a program that may take longer than others.
    pub fn start_for(patience: Duration, command: &mut Command) -> Self {
        let program = command.get_program().to_owned();
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask setup` installs it", program.display()));
        let (done, wait) = channel();
        let id = child.id().to_string();
        let watch = thread::spawn(move || {
            if wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-9", &id]).status();
            }
        });
        Self { child, done: Some(done), watch: Some(watch) }
    }

    /// The rows that it writes.
    pub fn lines(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.child.stdout.take().expect("standard output is read once"))
    }

    /// Writes to its standard input, and closes it.
    pub fn feed(&mut self, text: &str) {
        let mut input = self.child.stdin.take().expect("standard input is fed once");
        input.write_all(text.as_bytes()).expect("it reads");
    }

    /// Waits for its end; returns its status and everything that it wrote.
    pub fn output(mut self) -> Output {
        drop(self.child.stdin.take());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let errors = self.child.stderr.take();
        let errors = thread::spawn(move || {
            let _ = errors.map(|mut errors| errors.read_to_end(&mut stderr));
            stderr
        });
        let _ = self.child.stdout.take().map(|mut out| out.read_to_end(&mut stdout));
        let status = self.child.wait().expect("it ends");
        Output { status, stdout, stderr: errors.join().expect("standard error was read") }
    }

    /// Sends it a signal, such as `-KILL`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        drop(self.done.take());
        let _ = self.watch.take().map(JoinHandle::join);
    }
}

/// A server of the test's own, with its socket and cards in a folder of its own.
pub struct PrivateServer {
    /// The server.
    pub process: Watched,
    /// Where its socket and cards are.
    pub folder: TempDir,
    /// Its readers' names.
    pub readers: Vec<String>,
}

impl PrivateServer {
    /// A server with the sample cards of these generations.
    pub fn with(cards: &[Generation]) -> Self {
        Self::with_options(cards, &[])
    }

    /// The same, with these options of `qiyong pcscd`.
    pub fn with_options(cards: &[Generation], options: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        for (number, generation) in cards.iter().enumerate() {
            let card = make_card(&sample_card(*generation), &Hsm::test_keys()).unwrap();
            card.save(&folder.path().join(format!("{number}.toml"))).unwrap();
        }
        Self::in_folder(folder, cards.len(), options)
    }

    /// A server with the cards 0.toml, 1.toml and so on, which are already in `folder`.
    pub fn in_folder(folder: TempDir, cards: usize, options: &[&str]) -> Self {
        let mut command = Command::new(qiyong());
        command.current_dir(folder.path()).args(["pcscd", "--socket", "socket"]).args(options);
        for number in 0..cards {
            command.args(["--card", &format!("{number}.toml")]);
        }
        let mut process = Watched::start(&mut command);
        let mut readers = Vec::new();
        for line in process.lines().lines() {
            let line = line.expect("lines");
            if line.starts_with("listening") {
                return Self { process, folder, readers };
            }
            readers.push(line);
        }
        let output = process.output();
        panic!("the server ended: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Where programs reach it.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// The file of the card that was in this reader at the beginning.
    pub fn card_file(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.toml"))
    }

    /// A program that finds this server instead of the machine's.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("PCSCLITE_CSOCK_NAME", self.socket());
        command
    }

    /// Runs a program to its end and returns what it wrote; it must succeed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Watched::start(self.command(program).args(arguments)).output();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{program} {arguments:?}: {}\n{out}{err}", output.status);
        out.into_owned()
    }

    /// Debian's own Python, which has pyscard, with a script that is beside this file.
    pub fn python(&self, script: &str) -> Command {
        let mut command = self.command("/usr/bin/python3");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pcsc").join(script);
        command.arg(path).env("PYTHONDONTWRITEBYTECODE", "1").env("QIYONG", qiyong()).env("SOCKET", self.socket());
        command
    }

    /// Runs `qiyong pcscd ctl`; returns its exit status and everything that it wrote.
    pub fn ctl(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = self.command(qiyong().to_str().expect("UTF-8"));
        let output = Watched::start(command.args(["pcscd", "ctl", "--socket", "socket"]).args(arguments)).output();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().expect("an exit status"), String::from_utf8(text).expect("UTF-8"))
    }
}
