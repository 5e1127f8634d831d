//! A board on the desk, as another program emulates it; a centre that serves terminals; and tills at both.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::rules::reason::Outcome;
use qiyong_tests::centre::lines::{CARDS, PLACES, Terminals};
use qiyong_tests::programs::Watched;
use qiyong_tests::{image, pico_image, qiyong};

/// The initial PIN, and one of the holder's own.
pub(super) const PINS: &str = "123456\n271828\n271828\n";
/// The pharmacy.
pub(super) const PLACE: &str = PLACES[2];
/// The board Pico with its till at the USB port.
pub(super) const PICO_OVER_USB: &str = "pico over USB";
/// No board and no till here takes longer, however busy the machine is.
pub(super) const LIFE: Duration = Duration::from_secs(600);

/// An emulated board.
pub(super) struct Board {
    process: Watched,
    keys: Option<ChildStdin>,
    rows: Receiver<String>,
    /// Where its till line is.
    pub(super) line: String,
}

impl Board {
    /// Starts it, with this card beside it.
    pub(super) fn start(board: &str, line: &str, card: &PathBuf) -> Self {
        let (board, options): (_, &[&str]) =
            if board == PICO_OVER_USB { ("pico", &["--till-usb"]) } else { (board, &[]) };
        let elf = if board == "pico" { pico_image(false) } else { image() };
        let mut command = Command::new(qiyong());
        command
            .args(["emulate", "--json", "--board", board])
            .args(options)
            .args(["--till-line", line, "--elf"])
            .arg(elf)
            .arg("--card")
            .arg(card);
        let mut process = Watched::start_for(LIFE, &mut command);
        let (to, rows) = channel();
        let lines = process.lines();
        thread::spawn(move || lines.lines().map_while(Result::ok).try_for_each(|row| to.send(row)));
        let keys = process.child.stdin.take();
        let mut board = Self { process, keys, rows, line: String::new() };
        let first = board.until("till_line");
        let first: Value = serde_json::from_str(&first).expect("an object");
        board.line = first["till_line"].as_str().expect("a name").to_owned();
        board
    }

    /// Ends it, and waits for that: it lets the card go.
    pub(super) fn end(&mut self) {
        self.process.signal("-TERM");
        let is_well = self.process.child.wait().expect("it ends").success();
        let said = self.process.child.stderr.take().map(std::io::read_to_string);
        assert!(is_well, "{said:?}");
    }

    /// Keys rows at its PIN pad.
    pub(super) fn key(&mut self, rows: &str) {
        self.keys.as_mut().expect("a keyboard").write_all(rows.as_bytes()).expect("it reads");
    }

    /// Reads what it tells until a row has these words; returns that.
    pub(super) fn until(&mut self, words: &str) -> String {
        let mut all = Vec::new();
        loop {
            match self.rows.recv_timeout(LIFE) {
                Ok(row) if row.contains(words) => return row,
                Ok(row) => all.push(row),
                Err(_) => {
                    let said = self.process.child.stderr.take().map(std::io::read_to_string);
                    panic!("not told: {words}; but {all:#?} {said:?}");
                }
            }
        }
    }
}

/// All of it.
pub(super) struct Desk {
    pub(super) terminals: Terminals,
    pub(super) board: Board,
    /// Where tills find the board's line.
    pub(super) port: String,
    /// Where tills find the centre.
    pub(super) centre: String,
}

impl Desk {
    pub(super) fn new(board: &str, line: &str) -> Self {
        let terminals = Terminals::start(&["--iso", "127.0.0.1:0"], 1);
        let board = Board::start(board, line, &terminals.file("v3.toml"));
        let (port, centre) = (board.line.clone(), terminals.address().to_owned());
        Self { terminals, board, port, centre }
    }

    /// The board ends, and its memory with it; another one starts in its place.
    pub(super) fn restart(&mut self, board: &str, line: &str) {
        self.board.end();
        self.board = Board::start(board, line, &self.terminals.file("v3.toml"));
        self.port.clone_from(&self.board.line);
    }

    /// `qiyong till` at the board's line, with these options and words.
    pub(super) fn command(&self, what: &[&str]) -> Command {
        let mut command = Command::new(qiyong());
        command.current_dir(self.terminals.folder.path()).args(["till", "--port", &self.port]);
        command.args(["--institution", PLACE, "--centre", &self.centre, "--patience", "300"]).args(what);
        command
    }

    /// Starts a till that reports for programs.
    pub(super) fn start(&self, what: &[&str]) -> Watched {
        let mut command = self.command(&["--json"]);
        Watched::start_for(LIFE, command.args(what).stdin(Stdio::null()))
    }

    /// Runs one to its end: exit status, report, and what people see.
    pub(super) fn till(&self, what: &[&str]) -> (i32, Value, String) {
        ended(self.start(what))
    }

    /// Runs one for people, who key these rows: exit status, and both outputs.
    pub(super) fn keyed(&self, rows: &str) -> (i32, String, String) {
        let mut process = Watched::start_for(LIFE, &mut self.command(&[]));
        process.feed(rows);
        let output = process.output();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().expect("an exit status"), text(&output.stdout), text(&output.stderr))
    }

    /// What the holder was charged in the end, in fen: by the journal of the centre, and by the account. Terminal and centre have
    /// settled their batch, nothing is open between them, the chains are whole, and the card is put into use if anything was sold.
    pub(super) fn books(&mut self) -> u64 {
        self.centre = self.terminals.address().to_owned();
        let (status, report, seen) = self.till(&["settle-batch"]);
        assert_eq!((status, &report["owed"]), (0, &0.into()), "{report} {seen}");
        self.sold()
    }

    /// The same without the terminal's word.
    pub(super) fn sold(&self) -> u64 {
        let centre = self.terminals.centre();
        assert_eq!(centre.pending().expect("it is sound"), 0);
        let stands = |entry: &qiyong_centre::JournalEntry| {
            entry.outcome == Outcome::Approved && entry.stan.is_some() && !entry.reversed
        };
        let journal = centre.journal().expect("it is sound");
        let sold = journal.iter().filter(|entry| stands(entry)).map(|entry| entry.charge.0).sum();
        let number = CardNumber::new(CARDS[2].1.as_bytes()).expect("a number");
        let card = centre.card(&number).expect("it is sound").expect("it is known");
        assert_eq!(card.account.0 + sold, 50_000, "the account and the journal");
        assert_eq!(card.social, sold > 0, "the card is put into use by a sale, and by nothing else");
        for (area, chain, wrong) in centre.verify().expect("it is sound") {
            assert!(wrong.is_none(), "{area}: {chain:?} {wrong:?}");
        }
        sold
    }
}

/// Waits for a till's end: exit status, report, and what people see. None of them has a PIN.
pub(super) fn ended(process: Watched) -> (i32, Value, String) {
    let output = process.output();
    let (told, seen) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(PINS.lines().all(|pin| !told.contains(pin) && !seen.contains(pin)), "{told}{seen}");
    (output.status.code().unwrap_or(-1), serde_json::from_str(&told).unwrap_or(Value::Null), seen)
}
