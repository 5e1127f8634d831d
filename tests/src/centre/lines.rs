//! A centre that terminals reach over TCP, for one test; and a terminal that sends whatever it is told to.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use qiyong::in_process::record_of;
use qiyong_centre::clock::{Clock, SystemClock};
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{Centre, test_mac_key};
use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX, MessageError, Sent, write_request};
use qiyong_protocol::centre::{Answer, Batch, Body, Lease, Request, Stan, TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Operation, PresentedCard};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};

use super::served::Served;
use crate::programs::{PATIENCE, Watched};
use crate::{qiyong, sample_card};

/// The places that the centre knows: of each kind one.
pub const PLACES: [&str; 3] = ["B32010000001", "H32010000561", "P32010000017"];
/// Its cards: generation, number and holder's number. All of them are called 张三, have 500 yuan each, and are not activated.
pub const CARDS: [(&str, &str, &str); 3] = [
    ("v1", "N00000016", "111111195506120012"),
    ("v2", "N00000024", "111111199002280010"),
    ("v3", "X00000019", "111111198101011110"),
];
/// The card of the terminal that sends whatever it is told to.
pub const OWN_CARD: &str = "N00000032";

/// A centre, its server, and the files of its cards.
pub struct Terminals {
    /// Where the files are: `centre.db`, `v1.toml` and so on.
    pub folder: TempDir,
    /// The server.
    pub served: Served,
}

fn run(command: &mut Command) {
    let output = Watched::start(command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Terminals {
    /// A centre with these options; the last address is that for terminals.
    ///
    /// # Panics
    /// If anything of it cannot be made.
    #[must_use]
    pub fn start(options: &[&str], addresses: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut add = Command::new(qiyong());
        add.current_dir(folder.path()).args([
            "centre",
            "add",
            "--db",
            "centre.db",
            "--test-keys",
            "--account",
            "50000",
        ]);
        for place in PLACES {
            add.args(["--institution", place]);
        }
        for (profile, number, holder) in CARDS {
            let mut new = Command::new(qiyong());
            let (file, serial) = (format!("{profile}.toml"), &number[7..]);
            new.current_dir(folder.path()).args(["card", "new", "--profile", profile, "--number", number]);
            run(new.args(["--id-number", holder, "--serial", serial, "--out", &file]));
            add.args(["--card", &file]);
        }
        run(&mut add);
        let mut centre = Centre::open(&folder.path().join("centre.db")).expect("the centre's file");
        centre.add_card(&own_record()).expect("a new card");
        drop(centre);
        let served = Served::start(folder.path(), options, addresses);
        Self { folder, served }
    }

    /// `tcp://HOST:PORT`.
    ///
    /// # Panics
    /// If it listens for no terminals.
    #[must_use]
    pub fn address(&self) -> &str {
        let last = self.served.addresses.last().filter(|address| address.starts_with("tcp://"));
        last.expect("an address for terminals")
    }

    /// A connection to it.
    ///
    /// # Panics
    /// If it takes none.
    #[must_use]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address().trim_start_matches("tcp://")).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a patience");
        stream
    }

    /// A file in its folder.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `qiyong terminal` at this place with this card, over TCP.
    #[must_use]
    pub fn terminal(&self, place: &str, card: &str, what: &[&str]) -> Command {
        self.terminal_at(self.address(), place, card, what)
    }

    /// The same at another centre.
    #[must_use]
    pub fn terminal_at(&self, centre: &str, place: &str, card: &str, what: &[&str]) -> Command {
        let mut command = Command::new(qiyong());
        command.current_dir(self.folder.path()).args(["terminal", "--json", "--institution", place]);
        command.args(["--card", &format!("{card}.toml"), "--centre", centre]).args(what);
        command
    }

    /// The centre's own view of its file.
    ///
    /// # Panics
    /// If it cannot be opened.
    #[must_use]
    pub fn centre(&self) -> Centre {
        Centre::open(&self.file("centre.db")).expect("the centre's file")
    }
}

/// Runs a terminal to its end, with these rows keyed; returns exit status, report, and what people saw.
///
/// # Panics
/// If a secret is shown.
#[must_use]
pub fn serve(command: &mut Command, keyed: &str) -> (i32, Value, String) {
    let mut process = Watched::start(command);
    process.feed(keyed);
    let output = process.output();
    let seen = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    for secret in keyed.lines().filter(|row| row.len() >= 6) {
        assert!(!seen.contains(secret) && !report.to_string().contains(secret), "a secret in {seen}{report}");
    }
    (output.status.code().expect("an exit status"), report, seen)
}

/// A terminal of the pharmacy that sends what it is told to.
pub struct Raw {
    stream: TcpStream,
    terminal: TerminalId,
    keys: Keys,
    lease: Option<Lease>,
    number: Stan,
    /// What its clock shows; `None`: the centre's time.
    pub time: Option<Timestamp>,
}

/// A message, and what its answer must be like.
pub struct Asked {
    /// Its bytes.
    pub bytes: Vec<u8>,
    sent: Sent,
}

impl Raw {
    /// One of this name, which has not signed in.
    #[must_use]
    pub const fn new(stream: TcpStream, terminal: TerminalId) -> Self {
        Self { stream, terminal, keys: Keys::new(test_mac_key()), lease: None, number: Stan::of_start(1), time: None }
    }

    /// Signs in, as the terminal with this token.
    ///
    /// # Panics
    /// If there is no answer.
    pub fn sign_in(&mut self, token: Token) -> Answer {
        let asked = self.write(Batch::NONE, Body::SignIn { token });
        self.send(&asked.bytes);
        let answer = self.hear(&asked);
        if let Answer::SignedIn { lease, .. } = answer {
            self.lease = Some(lease);
        }
        answer
    }

    /// A purchase of 10 yuan with a card, in a lease that it has, or in another's.
    ///
    /// # Panics
    /// If it has signed in nowhere and is given no lease.
    #[must_use]
    pub fn purchase(&mut self, card: &CardRecord, lease: Option<Lease>) -> Asked {
        self.sale(card, Fen(1_000), lease.or(self.lease).expect("a lease"))
    }

    /// A purchase with this total, in this batch and under this number.
    ///
    /// # Panics
    /// If the total is none of a bill, or the message does not fit.
    #[must_use]
    pub fn sale(&mut self, card: &CardRecord, total: Fen, lease: Lease) -> Asked {
        self.try_sale(card, total, lease).expect("it fits")
    }

    /// The same, which may not fit a message.
    ///
    /// # Errors
    /// A field cannot hold its value.
    ///
    /// # Panics
    /// If the total is none of a bill.
    pub fn try_sale(&mut self, card: &CardRecord, total: Fen, lease: Lease) -> Result<Asked, MessageError> {
        let CardRecord { number, ident, id_number, name, .. } = card.clone();
        let presented = PresentedCard { number, ident, id_number, name };
        let operation = Operation::Purchase(Bill::new(total, Fen(0)).expect("a bill"));
        self.try_write(lease.batch, Body::Transact { stan: lease.next, card: &presented, operation: &operation })
    }

    fn write(&mut self, batch: Batch, body: Body<'_>) -> Asked {
        self.try_write(batch, body).expect("it fits")
    }

    fn try_write(&mut self, batch: Batch, body: Body<'_>) -> Result<Asked, MessageError> {
        self.number = self.number.next_message();
        let institution = InstitutionCode::new(PLACES[2]).expect("a code");
        let time = self.time.unwrap_or_else(now);
        let request = Request { institution, terminal: self.terminal, batch, time, body };
        let mut buffer = [0; MESSAGE_MAX];
        // Who has not signed in has no working key, and tries with another's published one.
        let written = if self.keys.working().is_some() || request.body.is_under_master_key() {
            self.keys.write(&request, self.number, &mut buffer)
        } else {
            write_request(&request, self.number, self.keys.master(), &mut buffer)
        };
        let (sent, bytes) = written?;
        Ok(Asked { bytes: bytes.to_vec(), sent })
    }

    /// Goes on over another connection.
    pub fn connect(&mut self, stream: TcpStream) {
        self.stream = stream;
    }

    /// Its lease, once it has signed in.
    #[must_use]
    pub const fn lease(&self) -> Option<Lease> {
        self.lease
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// If the connection is broken.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("it takes them");
    }

    /// The next message, as it came.
    ///
    /// # Panics
    /// If the connection ends before it.
    #[must_use]
    pub fn frame(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 2];
        self.stream.read_exact(&mut bytes).expect("an answer");
        bytes.resize(2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), 0);
        self.stream.read_exact(&mut bytes[2..]).expect("all of it");
        bytes
    }

    /// The answer to a message.
    ///
    /// # Panics
    /// If something else comes.
    #[must_use]
    pub fn hear(&mut self, asked: &Asked) -> Answer {
        self.try_hear(asked).expect("its answer")
    }

    /// What comes back for a message, also if that is a rejection.
    ///
    /// # Errors
    /// It is no answer.
    ///
    /// # Panics
    /// If the connection ends before it.
    pub fn try_hear(&mut self, asked: &Asked) -> Result<Answer, MessageError> {
        let frame = self.frame();
        self.keys.read(&frame, &asked.sent)
    }
}

/// The time by the centre's clock.
///
/// # Panics
/// Never, in the years of the calendar.
#[must_use]
pub fn now() -> Timestamp {
    let now = SystemClock.now();
    let [hour, minute, second, month, day] =
        [now.hour(), now.minute(), now.second(), now.month(), now.day()].map(i8::unsigned_abs);
    let date = Date::new(now.year().unsigned_abs(), month, day).expect("a day of the calendar");
    Timestamp { date, hour, minute, second }
}

/// The card of a person of its own, who has a PIN of their own.
fn own_record() -> CardRecord {
    let mut new = sample_card(Generation::V2);
    new.number = CardNumber::new(OWN_CARD.as_bytes()).expect("a number");
    new.id_number = IdNumber::new(b"111111197001010036").expect("a number");
    let record = record_of(&new, &Hsm::test_keys()).expect("a possible card");
    CardRecord { account: Fen(50_000), pin_is_initial: false, ..record }
}

/// The card of [`OWN_CARD`], as the centre knows it.
///
/// # Panics
/// If it does not.
#[must_use]
pub fn own_card(centre: &Centre) -> CardRecord {
    let number = CardNumber::new(OWN_CARD.as_bytes()).expect("a number");
    centre.card(&number).expect("the file").expect("it is known")
}
