//! A running `qiyong centre serve`.

use std::io::{BufRead, Read};
use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::programs::Watched;
use crate::qiyong;

/// No test keeps a server longer.
const LIFE: Duration = Duration::from_secs(600);

/// The server, which ends with the test.
pub struct Served {
    /// Its process.
    pub process: Watched,
    /// Where it listens, as it says: `http://ADDRESS`, `tcp://ADDRESS`.
    pub addresses: Vec<String>,
    log: JoinHandle<String>,
}

impl Served {
    /// Serves the test centre `centre.db` of this folder, with these options; returns when it listens at so many addresses.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start(folder: &Path, options: &[&str], addresses: usize) -> Self {
        Self::start_over(folder, &[&["--db", "centre.db"], options].concat(), addresses)
    }

    /// The same over the database that these options of the program name.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn over(folder: &Path, db: &[String], options: &[&str], addresses: usize) -> Self {
        let db: Vec<&str> = db.iter().map(String::as_str).collect();
        Self::start_over(folder, &[&db, options].concat(), addresses)
    }

    /// The same with another database, or with several, as the options say.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start_over(folder: &Path, options: &[&str], addresses: usize) -> Self {
        let mut command = Command::new(qiyong());
        command.current_dir(folder).args(["centre", "serve", "--test-keys"]).args(options);
        let mut process = Watched::start_for(LIFE, &mut command);
        // Read all the time, or the server waits for its reader.
        let mut log = process.child.stderr.take().expect("standard error is read once");
        let log = thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        });
        let mut lines = process.lines();
        let mut address = || {
            let mut line = String::new();
            lines.read_line(&mut line).expect("a line");
            line.trim().strip_prefix("listening: ").unwrap_or_else(|| panic!("{line}")).to_string()
        };
        let addresses = (0..addresses).map(|_| address()).collect();
        Self { process, addresses, log }
    }

    /// Tells it to end; returns its log. It ends with status 0.
    ///
    /// # Panics
    /// If it does not end so, or cannot be told.
    #[must_use]
    pub fn end(self) -> String {
        self.process.signal("-TERM");
        let output = self.process.output();
        let log = self.log.join().expect("the log was read");
        assert!(output.status.success(), "{}: {log}", output.status);
        log
    }
}
