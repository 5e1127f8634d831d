//! What a repetition gets, row by row, at both faces of the centre: a terminal's number (F11 in its batch) over ISO 8583, and an
//! `Idempotency-Key` over HTTP. The table of docs/centre.md §21 has the same rows; each is played on a server of its own.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use qiyong::in_process::record_of;
use qiyong_centre::Centre;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::codes::{CardNumber, IdNumber};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::MessageError;
use qiyong_protocol::centre::{Answer, Lease, Stan, TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;
use qiyong_tests::centre::lines::{Asked, PLACES, Raw};
use qiyong_tests::centre::served::Served;
use qiyong_tests::centre::{CentreServer, OfficeFile};
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::programs::Watched;
use qiyong_tests::{qiyong, sample_card};

/// The rows. What each of them must give stands in [`iso`] and [`http`].
const ROWS: [&str; 13] = [
    "same key, same body",
    "other amount",
    "other card or payee",
    "other terminal or operator",
    "again after a refusal",
    "after day cut",
    "over-long key",
    "empty key",
    "twins at the same time",
    "after a restart",
    "after a restore of a later copy",
    "after a restore of an earlier copy",
    "after its expiry",
];

#[test]
fn every_row_of_the_table_holds_at_both_faces() {
    let played = in_parallel(&ROWS, |row| (iso(row), http(row)));
    println!("{:<36} {:<44} HTTP", "", "ISO 8583");
    for (row, (iso, http)) in ROWS.iter().zip(&played) {
        println!("{row:<36} {iso:<44} {http}");
    }
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/centre.md")).expect("the page");
    for (row, (iso, http)) in ROWS.iter().zip(&played) {
        let line = format!("| {row} | {iso} | {http} |");
        assert!(page.contains(&line), "docs/centre.md lacks: {line}");
    }
}

fn run(command: &mut Command) {
    let output = Watched::start(command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `centre.db` of a folder, copied while it works.
fn copy(folder: &Path) {
    let mut command = Command::new(qiyong());
    run(command.current_dir(folder).args(["centre", "backup", "--db", "centre.db", "--to", "copy.db"]));
}

/// The copy takes the place of what is there.
fn restore(folder: &Path) {
    for (from, to) in [("copy.db", "centre.db"), ("copy.db.key", "centre.db.key")] {
        std::fs::rename(folder.join(from), folder.join(to)).expect("a copy");
    }
}

/// A moment of 2026 by terminals' clocks and the centre's.
#[derive(Clone, Copy)]
struct Moment(u8, u8, u8);

const MORNING: Moment = Moment(3, 2, 9);
const NEXT_MORNING: Moment = Moment(3, 3, 9);
const NEXT_WEEK: Moment = Moment(3, 9, 9);

impl Moment {
    fn text(self) -> String {
        format!("2026-{:02}-{:02}T{:02}:00:00", self.0, self.1, self.2)
    }

    fn stamp(self) -> Timestamp {
        Timestamp { date: Date::new(2026, self.0, self.1).expect("a day"), hour: self.2, minute: 0, second: 0 }
    }
}

/// A centre for terminals, one of them, and two cards with 100 yuan each.
struct Line {
    folder: TempDir,
    served: Served,
    raw: Raw,
    cards: [CardRecord; 2],
}

const TERMINAL: TerminalId = TerminalId(*b"SAME0001");

fn listen(folder: &Path) -> (Served, TcpStream) {
    let served = Served::start(folder, &["--iso", "127.0.0.1:0"], 1);
    let stream = connect(&served);
    (served, stream)
}

fn connect(served: &Served) -> TcpStream {
    let stream = TcpStream::connect(served.addresses[0].trim_start_matches("tcp://")).expect("it listens");
    stream.set_read_timeout(Some(qiyong_tests::programs::PATIENCE)).expect("a patience");
    stream
}

impl Line {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("centre.db");
        let mut centre = Centre::create(&file, &Hsm::test_keys()).expect("a new file");
        centre.stop_clock(MORNING.text().parse().expect("a time")).expect("a test centre");
        let pharmacy = InstitutionCode::new(PLACES[2]).expect("a code");
        centre.add_institution(&Institution::of_region(pharmacy)).expect("a place");
        let cards = [(b"N00000032", b"111111197001010036"), (b"N00000016", b"111111195506120012")];
        let cards = cards.map(|(number, id)| {
            let mut new = sample_card(Generation::V2);
            new.number = CardNumber::new(number).expect("a number");
            new.id_number = IdNumber::new(id).expect("a number");
            let record = record_of(&new, &Hsm::test_keys()).expect("a possible card");
            let record = CardRecord { account: Fen(10_000), pin_is_initial: false, ..record };
            centre.add_card(&record).expect("a new card");
            record
        });
        drop(centre);
        let (served, stream) = listen(folder.path());
        let mut raw = Raw::new(stream, TERMINAL);
        raw.time = Some(MORNING.stamp());
        assert!(matches!(raw.sign_in(Token(*b"a token!")), Answer::SignedIn { .. }));
        Self { folder, served, raw, cards }
    }

    fn lease(&self) -> Lease {
        self.raw.lease().expect("signed in")
    }

    /// A sale of 10 yuan, or of more, with the first card or the second.
    fn write(&mut self, total: Fen, card: usize) -> Asked {
        let lease = self.lease();
        self.raw.sale(&self.cards[card], total, lease)
    }

    fn say(&mut self, asked: &Asked) -> Answer {
        self.raw.send(&asked.bytes);
        self.raw.hear(asked)
    }

    /// The first sale, which is approved.
    fn sell(&mut self) -> (Asked, Answer) {
        let asked = self.write(Fen(1_000), 0);
        let answer = self.say(&asked);
        assert!(matches!(answer, Answer::Approved(_)), "{answer:?}");
        (asked, answer)
    }

    /// What both cards have paid.
    fn paid(&self) -> [u64; 2] {
        let centre = Centre::open(&self.folder.path().join("centre.db")).expect("the file");
        let account = |card: &CardRecord| centre.card(&card.number).expect("the file").expect("known").account.0;
        [0, 1].map(|card| 10_000 - account(&self.cards[card]))
    }

    /// Starts the server again after something happened to its folder.
    fn again(mut self, between: impl FnOnce(&Path)) -> Self {
        self.served.process.signal("-KILL");
        // Its end is awaited: the file is nobody's then.
        drop(self.served);
        between(self.folder.path());
        let (served, stream) = listen(self.folder.path());
        self.raw.connect(stream);
        Self { served, ..self }
    }

    /// The same at another time, by its clock and the centre's.
    fn at(mut self, moment: Moment) -> Self {
        self.raw.time = Some(moment.stamp());
        self.again(|folder| {
            let mut command = Command::new(qiyong());
            run(command.current_dir(folder).args(["centre", "clock", "--db", "centre.db", "--set", &moment.text()]));
        })
    }
}

/// Where F11 stands in a sale: after length, TPDU, header, MTI, bitmap, processing code and amount.
fn at_number(frame: &[u8], number: Stan) -> usize {
    let digits = u8::try_from(number.0).expect("the first number of a batch");
    let at = frame.windows(3).position(|bytes| bytes == [0, 0, digits] && digits < 10);
    at.expect("a number")
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Approved(_) => "approved".into(),
        Answer::Refused(reason) => format!("`{}`", reason.as_str()),
        other => panic!("{other:?}"),
    }
}

/// Plays a row over ISO 8583; what the repetition got.
fn iso(row: &str) -> String {
    let mut line = Line::new();
    match row {
        "same key, same body" => {
            let (asked, answer) = line.sell();
            assert_eq!(line.say(&asked), answer);
            assert_eq!(line.paid(), [1_000, 0]);
            "the same answer, once".into()
        }
        "other amount" => {
            line.sell();
            let other = line.write(Fen(1_001), 0);
            let answer = line.say(&other);
            assert_eq!(line.paid(), [1_000, 0]);
            word(&answer)
        }
        "other card or payee" => {
            line.sell();
            let other = line.write(Fen(1_000), 1);
            let answer = line.say(&other);
            assert_eq!(line.paid(), [1_000, 0]);
            word(&answer)
        }
        "other terminal or operator" => {
            line.sell();
            let mut other = Raw::new(connect(&line.served), TerminalId(*b"SAME0002"));
            other.time = line.raw.time;
            assert!(matches!(other.sign_in(Token(*b"another!")), Answer::SignedIn { .. }));
            let (card, lease) = (line.cards[0].clone(), other.lease().expect("signed in"));
            assert_eq!(lease.next, line.lease().next, "the same number");
            let asked = other.sale(&card, Fen(1_000), lease);
            other.send(&asked.bytes);
            assert!(matches!(other.hear(&asked), Answer::Approved(_)));
            assert_eq!(line.paid(), [2_000, 0]);
            "its own: both count".into()
        }
        "again after a refusal" => {
            let asked = line.write(Fen(10_001), 0);
            let answer = line.say(&asked);
            assert_eq!(answer, Answer::Refused(Reason::InsufficientFunds));
            assert_eq!(line.say(&asked), answer);
            // Who wants to try anew takes a new number.
            let other = line.write(Fen(1_000), 0);
            assert_eq!(line.say(&other), Answer::Refused(Reason::NumberReused));
            assert_eq!(line.paid(), [0, 0]);
            "the same refusal".into()
        }
        "after day cut" => {
            let (asked, answer) = line.sell();
            let mut line = line.at(NEXT_MORNING);
            assert_eq!(line.say(&asked), answer);
            assert_eq!(line.paid(), [1_000, 0]);
            "the same answer, once".into()
        }
        "over-long key" => {
            assert_eq!(Stan::new(1_000_000), None, "F11 has six digits");
            let lease = Lease { next: Stan(1_000_000), ..line.lease() };
            let card = line.cards[0].clone();
            let refused = line.raw.try_sale(&card, Fen(1_000), lease);
            assert_eq!(refused.err(), Some(MessageError::Value { field: 11 }));
            "F11 cannot hold it".into()
        }
        "empty key" => {
            let (card, lease) = (line.cards[0].clone(), Lease { next: Stan(0), ..line.lease() });
            let refused = line.raw.try_sale(&card, Fen(1_000), lease);
            assert_eq!(refused.err(), Some(MessageError::Value { field: 11 }));
            // Somebody else's writer may do it all the same: the first sale with its number wiped out on the way.
            let asked = line.write(Fen(1_000), 0);
            let at = at_number(&asked.bytes, line.lease().next);
            let mut wiped = asked.bytes.clone();
            wiped[at..at + 3].fill(0);
            line.raw.send(&wiped);
            let frame = line.raw.frame();
            let code = Message::read(&frame).expect("a message").field(39).expect("F39").bytes;
            assert_eq!(line.paid(), [0, 0]);
            format!("rejected, F39 = {}", code.escape_ascii())
        }
        "twins at the same time" => {
            let asked = line.write(Fen(1_000), 0);
            let mut twin = connect(&line.served);
            line.raw.send(&asked.bytes);
            twin.write_all(&asked.bytes).expect("it takes them");
            let answer = line.raw.hear(&asked);
            assert!(matches!(answer, Answer::Approved(_)), "{answer:?}");
            line.raw.connect(twin);
            assert_eq!(line.raw.hear(&asked), answer);
            assert_eq!(line.paid(), [1_000, 0]);
            "the same answer, once".into()
        }
        "after a restart" => {
            let (asked, answer) = line.sell();
            let mut line = line.again(|_| {});
            assert_eq!(line.say(&asked), answer);
            assert_eq!(line.paid(), [1_000, 0]);
            "the same answer, once".into()
        }
        "after a restore of a later copy" => {
            let (asked, answer) = line.sell();
            copy(line.folder.path());
            let mut line = line.again(restore);
            assert_eq!(line.say(&asked), answer);
            assert_eq!(line.paid(), [1_000, 0]);
            "the same answer, once".into()
        }
        "after a restore of an earlier copy" => {
            copy(line.folder.path());
            let (asked, _) = line.sell();
            let mut line = line.again(restore);
            assert_eq!(line.paid(), [0, 0], "the copy knows nothing of it");
            let answer = line.say(&asked);
            assert!(matches!(answer, Answer::Approved(_)), "{answer:?}");
            assert_eq!(line.say(&asked), answer);
            assert_eq!(line.paid(), [1_000, 0]);
            "carried out, once".into()
        }
        "after its expiry" => {
            let (asked, _) = line.sell();
            let mut line = line.at(NEXT_WEEK);
            // The server does it by itself, too, once it comes to that.
            run(Command::new(qiyong()).current_dir(line.folder.path()).args(["centre", "expire", "--db", "centre.db"]));
            let answer = line.say(&asked);
            assert_eq!(line.paid(), [0, 0]);
            word(&answer)
        }
        other => panic!("no row {other}"),
    }
}

/// A centre over HTTP, and two who may book.
struct Desk {
    server: CentreServer,
    second: String,
}

impl Desk {
    fn new() -> Self {
        let mut file = OfficeFile::new();
        file.act(
            "operator.add",
            json!({"id": "second", "role": "administrator", "outlet": "32010201", "name": "second"}),
        );
        Self::over(file)
    }

    fn over(mut file: OfficeFile) -> Self {
        let token = file.act("token.issue", json!({"operator": "second", "hours": 24}));
        Self { second: token["token"].as_str().expect("a token").into(), server: file.serve() }
    }

    fn arguments(token: &str, key: &str, amount: i64, reference: &str) -> [String; 8] {
        let body = json!({"amount": amount, "reference": reference, "purpose": "水电"}).to_string();
        let [bearer, key] = [format!("Authorization: Bearer {token}"), format!("Idempotency-Key: {key}")];
        let json = "Content-Type: application/json".to_string();
        ["-H".into(), bearer, "-H".into(), json, "-H".into(), key, "-d".into(), body]
    }

    fn book_as(&self, token: &str, key: &str, amount: i64, reference: &str) -> (u16, Value) {
        let arguments = Self::arguments(token, key, amount, reference);
        self.server.curl("/v1/cost/book", &arguments.each_ref().map(String::as_str))
    }

    fn book(&self, key: &str, amount: i64, reference: &str) -> (u16, Value) {
        self.book_as(&self.server.tokens["administrator"], key, amount, reference)
    }

    fn first(&self) -> (u16, Value) {
        let answer = self.book("key-1", 1_000, "电费 1");
        assert_eq!(answer.0, 200, "{answer:?}");
        answer
    }

    /// What was booked in all, in fen.
    fn booked(&self) -> i64 {
        let bearer = format!("Authorization: Bearer {}", self.server.tokens["administrator"]);
        let account = self.server.curl("/v1/ledger/account?account=finance", &["-H", &bearer]);
        -account.1["balance"].as_i64().unwrap_or_else(|| panic!("{account:?}"))
    }

    /// Starts the server again after something happened to its folder, with its clock at this time.
    fn again(self, moment: Moment, between: impl FnOnce(&Path)) -> Self {
        let (folder, _) = self.server.end();
        between(folder.path());
        Self::over(OfficeFile::again(folder, &moment.text()))
    }
}

fn code((status, body): &(u16, Value)) -> String {
    format!("{status} `{}`", body["code"].as_str().expect("a code"))
}

/// Plays a row over HTTP; what the repetition got.
fn http(row: &str) -> String {
    let desk = Desk::new();
    match row {
        "same key, same body" => {
            let answer = desk.first();
            assert_eq!(desk.first(), answer);
            assert_eq!(desk.booked(), 1_000);
            "the same answer, once".into()
        }
        "other amount" | "other card or payee" => {
            desk.first();
            let other = if row == "other amount" { (1_001, "电费 1") } else { (1_000, "水费 1") };
            let answer = desk.book("key-1", other.0, other.1);
            assert_eq!(desk.booked(), 1_000);
            code(&answer)
        }
        "other terminal or operator" => {
            desk.first();
            let answer = desk.book_as(&desk.second, "key-1", 1_000, "电费 2");
            assert_eq!(answer.0, 200, "{answer:?}");
            assert_eq!(desk.booked(), 2_000);
            "its own: both count".into()
        }
        "again after a refusal" => {
            let answer = desk.book("key-1", 0, "电费 1");
            assert_eq!(answer.0, 409, "{answer:?}");
            assert_eq!(desk.book("key-1", 0, "电费 1"), answer);
            // Nothing was kept under it: the request that was put right may bear it.
            desk.first();
            assert_eq!(desk.booked(), 1_000);
            "decided anew".into()
        }
        "after day cut" | "after its expiry" => {
            let answer = desk.first();
            let moment = if row == "after day cut" { NEXT_MORNING } else { NEXT_WEEK };
            let desk = desk.again(moment, |_| {});
            assert_eq!(desk.first(), answer);
            assert_eq!(desk.booked(), 1_000);
            if row == "after day cut" { "the same answer, once" } else { "never expires: the same answer, once" }.into()
        }
        "over-long key" | "empty key" => {
            let key = if row == "empty key" { String::new() } else { "k".repeat(65) };
            // Without a value curl leaves the header out; a semicolon sends it empty.
            let token = &desk.server.tokens["administrator"];
            let mut arguments = Desk::arguments(token, &key, 1_000, "电费 1");
            if key.is_empty() {
                arguments[5] = "Idempotency-Key;".into();
            }
            let answer = desk.server.curl("/v1/cost/book", &arguments.each_ref().map(String::as_str));
            assert_eq!(desk.booked(), 0);
            code(&answer)
        }
        "twins at the same time" => {
            let twins = in_parallel(&[0, 1], |_| desk.first());
            assert_eq!(twins[0], twins[1]);
            assert_eq!(desk.booked(), 1_000);
            "the same answer, once".into()
        }
        "after a restart" => {
            let answer = desk.first();
            let desk = desk.again(MORNING, |_| {});
            assert_eq!(desk.first(), answer);
            assert_eq!(desk.booked(), 1_000);
            "the same answer, once".into()
        }
        "after a restore of a later copy" => {
            let answer = desk.first();
            copy(desk.server.folder.path());
            let desk = desk.again(MORNING, restore);
            assert_eq!(desk.first(), answer);
            assert_eq!(desk.booked(), 1_000);
            "the same answer, once".into()
        }
        "after a restore of an earlier copy" => {
            copy(desk.server.folder.path());
            desk.first();
            let desk = desk.again(MORNING, restore);
            assert_eq!(desk.booked(), 0, "the copy knows nothing of it");
            let answer = desk.first();
            assert_eq!(desk.first(), answer);
            assert_eq!(desk.booked(), 1_000);
            "carried out, once".into()
        }
        other => panic!("no row {other}"),
    }
}
