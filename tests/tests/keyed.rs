//! What a person meets who keys at `qiyong terminal`: questions for what is missing, asked again after a wrong answer; the
//! operations of the place; rows of before; receipts. A program by others (pexpect) holds the pseudo-terminal.

use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong_tests::closing::closing_line;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;
use serde_json::Value;
use tempfile::TempDir;

const BANK: &str = "B32010000001";
const HOSPITAL: &str = "H32010000021";
const PHARMACY: &str = "P32010000017";
const PIN: &str = "123456";
const NEW_PIN: &str = "271828";
const ID_NUMBER: &str = "111111198101011110";
/// What the cursor key for the row of before sends.
const UP: &str = "\u{1b}[A";

/// A centre that knows an institution of each kind and one card, not activated, with 500 yuan.
struct Place {
    folder: TempDir,
    card: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let card = folder.path().join("card.toml");
        run(Command::new(qiyong()).args(["card", "new", "--profile", "v3", "--out"]).arg(&card));
        let mut add = Command::new(qiyong());
        add.args(["centre", "add", "--test-keys", "--account", "50000", "--db"]).arg(folder.path().join("centre.db"));
        add.arg("--card").arg(&card).args(["--institution", BANK]);
        run(add.args(["--institution", HOSPITAL, "--institution", PHARMACY]));
        Self { folder, card }
    }

    fn terminal(&self, program: &Path, institution: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["terminal", "--institution", institution, "--centre"]).arg(self.folder.path().join("centre.db"));
        command.arg("--card").arg(&self.card);
        command
    }

    /// A person who answers these questions with these rows; returns the exit status and what was on the screen.
    fn person(&self, institution: &str, talk: &[(&str, &str)]) -> (i64, String) {
        let terminal = self.terminal(&qiyong(), institution);
        let mut command = Command::new("python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keyed/person.py")).env("TERM", "xterm");
        command.arg(terminal.get_program()).args(terminal.get_args());
        let mut process = Watched::start(&mut command);
        process.feed(&serde_json::to_string(talk).unwrap());
        let output = process.output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let seen = said["seen"].as_str().unwrap().to_owned();
        for secret in [PIN, NEW_PIN] {
            assert!(!seen.contains(secret), "{secret} in {seen}");
        }
        (said["status"].as_i64().unwrap(), seen)
    }

    /// The same rows from a pipe.
    fn piped(&self, institution: &str, rows: &str) -> (i32, String, String) {
        let mut process = Watched::start(&mut self.terminal(&qiyong(), institution));
        process.feed(rows);
        let output = process.output();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }
}

fn run(command: &mut Command) {
    let output = Watched::start(command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_bank_asks_for_each_part_of_the_document_until_it_is_right() {
    let place = Place::new();
    let (status, seen) = place.person(
        BANK,
        &[
            ("what is to be done? apply, query, echo, settle-batch, sign-off, help or quit: ", "apply"),
            ("its number or word: ", "9"),
            ("the number must be from 0 to 8", ""),
            // Nothing was keyed: back to the first question, where a cursor key brings the row back.
            ("what is to be done?", UP),
            ("its number or word: ", "1"),
            ("number of the document: ", "111111198101011111"),
            ("has a wrong check character", ID_NUMBER),
            ("name on the document: ", "张三"),
            ("valid until (YYYY-MM-DD or long-term): ", "2026-02-30"),
            ("the validity must be a day", "long-term"),
            ("PIN (nothing: cancel): ", ""),
            ("what is to be done?", "query"),
            ("what is to be done?", "quit"),
        ],
    );
    assert_eq!(status, 1, "one operation was given up: {seen}");
    for words in [
        "2 passport             护照",
        "social  社保功能  put into use 已启用",
        "account 金融账户  put into use 已启用",
        "done Active 已启用",
        "social  社保功能  in use 已启用",
    ] {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    closing_line("qiyong terminal: a person is asked for each part of a document, three of them again");
}

#[test]
fn a_hospital_asks_for_the_bill_and_offers_what_hospitals_do() {
    let place = Place::new();
    let (status, seen) = place.person(
        HOSPITAL,
        &[
            ("what is to be done? settle, query, echo, settle-batch, sign-off, help or quit: ", "help"),
            ("Hospital: settle a bill", ""),
            ("what is to be done?", "help settle"),
            ("--fund <YUAN>", ""),
            ("what is to be done?", "purchase 1.00"),
            ("`purchase` is done at a pharmacy; H32010000021 is a hospital: choose one of settle, query,", "pay"),
            ("unrecognized subcommand 'pay'", "settle \"152"),
            ("is not closed", "settle"),
            ("the whole bill, in yuan", "a lot"),
            ("such as 35.80", "152.00"),
            ("what of it the pooled fund pays", "152.01"),
            ("the fund pays no more than that", "100"),
            ("PIN (nothing: cancel): ", PIN),
            ("new PIN (nothing: cancel): ", NEW_PIN),
            ("new PIN again (nothing: cancel): ", NEW_PIN),
            ("what is to be done?", "quit"),
        ],
    );
    assert_eq!(status, 1, "some rows were wrong: {seen}");
    for words in
        ["total   总额  ¥152.00", "fund    统筹支付  ¥100.00", "charged 账户支付  ¥52.00", "balance 余额  ¥448.00"]
    {
        assert!(seen.contains(words), "{words}: {seen}");
    }
    assert!(!seen.contains("Pharmacy: pay a purchase"), "help shows what is not done here: {seen}");
}

/// A row from a pipe is the answer to one question: a wrong one ends the operation, and the next row is another one.
#[test]
fn from_a_pipe_a_wrong_answer_ends_the_operation() {
    let place = Place::new();
    let rows = format!("purchase\nmuch\npurchase\n35.80\n{PIN}\n{NEW_PIN}\n{NEW_PIN}\napply\nquery\n");
    let (status, told, seen) = place.piped(PHARMACY, &rows);
    assert_eq!(status, 1, "{told} {seen}");
    assert!(told.contains("approved Card activated 卡已启用") && told.contains("done Active 已启用"), "{told}");
    assert!(seen.contains("such as 35.80") && seen.contains("`apply` is done at a bank"), "{seen}");
    let (status, _, seen) = place.piped(BANK, "apply --document none\napply --document 'id-card' --holder '张 三'\n");
    assert_eq!(status, 1, "{seen}");
    assert!(seen.contains("number of the document: nothing was keyed"), "{seen}");
}
