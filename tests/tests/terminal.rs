//! `qiyong terminal` and its memory: killed between sending and receipt, and a second one of the same name. At which
//! moments else it may be killed is shown in `power`, without a process.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong_centre::{Centre, Phase};
use qiyong_firmware::storage::{REGION, Store};
use qiyong_firmware::terminal::Memory as _;
use qiyong_protocol::rules::money::Fen;
use qiyong_sim::flash::memory::Flash;
use qiyong_tests::programs::{Watched, eventually};
use qiyong_tests::qiyong;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

const PHARMACY: &str = "P32010000017";
const ACCOUNT: Fen = Fen(50_000);

/// A pharmacy's centre, and a card with the initial PIN.
struct Place {
    folder: TempDir,
    centre: PathBuf,
    /// Another card is for another till: a card file is in one program at a time.
    cards: [PathBuf; 2],
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = Watched::start(command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let centre = folder.path().join("centre.db");
        let cards = [("X00000019", "1"), ("X00000027", "2")].map(|(number, serial)| {
            let card = folder.path().join(format!("{serial}.toml"));
            let new = ["card", "new", "--profile", "v3", "--number", number, "--serial", serial, "--out"];
            run(Command::new(qiyong()).args(new).arg(&card));
            card
        });
        let mut add = Command::new(qiyong());
        add.args(["centre", "add", "--test-keys", "--account", "50000", "--institution", PHARMACY, "--db"])
            .arg(&centre);
        cards.iter().for_each(|card| {
            add.arg("--card").arg(card);
        });
        run(&mut add);
        Self { folder, centre, cards }
    }

    /// A terminal with this card and these options; the operation is to come.
    fn command(&self, card: usize, options: &[&str]) -> Command {
        let mut command = Command::new(qiyong());
        command.args(["terminal", "--json", "--institution", PHARMACY, "--centre"]).arg(&self.centre);
        command.arg("--card").arg(&self.cards[card]).args(options);
        command
    }

    fn purchase(&self) -> Command {
        let mut command = self.command(0, &[]);
        command.args(["purchase", "35.80"]);
        command
    }

    /// The memory of the terminal with the usual name.
    fn memory(&self) -> PathBuf {
        self.folder.path().join(format!("centre.db.{PHARMACY}-00000001.memory"))
    }
}

/// Whether the memory in this file says that a reversal is due.
fn reversal_due(file: &Path) -> bool {
    let flash = Flash::<2048>::new(REGION as usize, 0);
    flash.fill(&fs::read(file).unwrap_or_default());
    Store::<_>::recall(flash).duties().reversal
}

/// The lock on the centre's database lets the terminal ask and not transact: so it is killed when it has noted and sent
/// its transaction, and has no answer.
#[test]
fn a_terminal_that_is_killed_reverses_at_its_next_start_what_it_had_sent() {
    let place = Place::new();
    let mut first = Watched::start(&mut place.purchase());
    first.feed("123456\n271828\n271828\n");
    assert_eq!(first.output().status.code(), Some(0));
    let lock = Connection::open(&place.centre).unwrap();
    let mut terminal = Watched::start(&mut place.purchase());
    let mut errors = terminal.child.stderr.take().unwrap();
    read_until(&mut errors, "PIN");
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    terminal.feed("271828\n");
    eventually("the transaction is noted", || reversal_due(&place.memory()));
    terminal.child.kill().unwrap();
    terminal.child.wait().unwrap();
    lock.execute_batch("ROLLBACK").unwrap();
    assert!(reversal_due(&place.memory()), "it outlives the program");

    let mut again = Watched::start(&mut place.purchase());
    again.feed("271828\n");
    let output = again.output();
    let seen = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {seen}"));
    assert_eq!((&report["outcome"], &report["stan"]), (&"approved".into(), &3.into()), "{report}");
    let reversing = seen.find("冲正").unwrap_or_else(|| panic!("{seen}"));
    assert!(reversing < seen.find("请插卡").unwrap(), "the reversal comes first: {seen}");
    assert!(!reversal_due(&place.memory()));
    let centre = Centre::open(&place.centre).unwrap();
    let charged: Vec<_> = centre.journal().unwrap().into_iter().filter(|entry| !entry.reversed).collect();
    let charge: u64 = charged.iter().map(|entry| entry.charge.0).sum();
    assert_eq!((charge, report["balance"].as_u64()), (2 * 3580, Some(ACCOUNT.0 - 2 * 3580)), "{charged:?}");
    assert!(charged.iter().all(|entry| entry.phase == Some(Phase::Posted)), "each was confirmed: {charged:?}");
    assert_eq!(centre.pending().unwrap(), 0);
}

/// docs/card.md §5.3: without a holder.
#[test]
fn a_terminal_asks_whether_the_centre_is_there_and_signs_off() {
    let place = Place::new();
    let attend = |what: &str| {
        let report: Value = serde_json::from_slice(&run(place.command(0, &[]).arg(what))).unwrap();
        assert_eq!((&report["operation"], &report["outcome"]), (&what.into(), &"approved".into()), "{report}");
        assert_eq!((&report["card"], &report["stan"], &report["total"]), (&Value::Null, &Value::Null, &0.into()));
    };
    attend("echo");
    attend("sign-off");
    attend("sign-off");
    let centre = Centre::open(&place.centre).unwrap();
    assert!(centre.journal().unwrap().is_empty(), "neither is a decision");
    drop(centre);
    let mut again = Watched::start(&mut place.purchase());
    again.feed("123456\n271828\n271828\n");
    assert_eq!(again.output().status.code(), Some(0), "the next one signs in again");
}

/// Two programs with one memory would give the same numbers.
#[test]
fn a_second_terminal_of_the_same_name_is_told_at_once_and_one_of_another_name_works() {
    let place = Place::new();
    let mut first = Watched::start(&mut place.purchase());
    let mut errors = first.child.stderr.take().unwrap();
    read_until(&mut errors, "PIN");
    let mut second = Watched::start(place.command(1, &[]).arg("query"));
    second.feed("");
    let output = second.output();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(".memory: another program runs a terminal with this memory"), "{said}");

    let own = place.folder.path().join("own.memory");
    let report: Value = serde_json::from_slice(&run(place.command(1, &["--name", "00000002"]).arg("query"))).unwrap();
    assert_eq!(report["outcome"], "approved", "{report}");
    // With a memory of its own it is told by the centre, until the lease of the name is released.
    let with_own_memory = || {
        let output = Watched::start(place.command(1, &["--memory", own.to_str().unwrap()]).arg("query")).output();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report["reason"].clone())
    };
    assert_eq!(with_own_memory(), (Some(1), "terminal-name-taken".into()));
    let release = || {
        let mut release = Command::new(qiyong());
        release.args(["centre", "release", "--institution", PHARMACY, "--terminal", "00000001", "--db"]);
        String::from_utf8(run(release.arg(&place.centre))).unwrap()
    };
    assert!(release().contains("has no lease now"));
    assert!(release().contains("had no lease"), "said again, it is done already");
    assert_eq!(with_own_memory(), (Some(0), Value::Null));
    first.child.kill().unwrap();
}

/// Reads until these words have come.
fn read_until(from: &mut impl Read, words: &str) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(words) {
        assert_eq!(from.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
        seen.extend(byte);
    }
}

/// `load-key`: the memory takes a key as the terminal takes it from its till; what is not under the key that it has changes nothing.
#[cfg(unix)]
#[test]
fn a_key_is_loaded_into_a_memory_and_one_under_the_wrong_key_is_not() {
    use std::os::unix::fs::PermissionsExt;

    use qiyong_protocol::centre::TerminalId;
    use qiyong_protocol::centre::iso8583::mac::X919;
    use qiyong_protocol::ecr::{Command as Said, KeyLoad};
    use qiyong_protocol::rules::institution::InstitutionCode;

    let place = Place::new();
    let keys = [1, 2, 4].map(|byte| X919::new([byte; 16]));
    let files = keys.each_ref().map(|key| {
        let digits = hex::encode(key.expose());
        let file = place.folder.path().join(&digits[..2]);
        fs::write(&file, digits).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    });
    let load = |key: usize, how: &[&str]| {
        let mut command = Command::new(qiyong());
        command.args(["terminal", "--json", "--institution", PHARMACY, "--centre"]).arg(&place.centre);
        command.arg("--key").arg(&files[key]).arg("load-key").args(how);
        let output = Watched::start(&mut command).output();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), said["reason"].as_str().map(str::to_owned), said["kcv"].as_str().map(str::to_owned))
    };
    let check = |key: usize| Some(hex::encode_upper(keys[key].check_value()));
    let file = |key: usize| files[key].to_str().unwrap();
    let refused = |kcv| (Some(1), Some("other-key".to_owned()), kcv);
    assert_eq!(load(0, &["--under", file(1)]), refused(None), "the first one comes under the transport key");
    assert_eq!(load(0, &[]), (Some(0), None, check(0)));
    assert_eq!(load(0, &[]), (Some(0), None, check(0)), "it is there");
    assert_eq!(load(1, &[]), refused(check(0)));
    assert_eq!(load(1, &["--under", file(0)]), (Some(0), None, check(1)));
    // Enciphered elsewhere, so that it is nowhere here in the clear.
    let code = InstitutionCode::new(PHARMACY).unwrap();
    let sealed = KeyLoad::seal(code, TerminalId(*b"00000001"), &keys[2], &keys[1]);
    let digits = hex::encode_upper(&*Said::LoadKey(sealed).encode());
    assert_eq!(load(0, &["--sealed", &digits]), (Some(0), None, check(2)));
    let memory = fs::read(place.memory()).unwrap();
    assert!(memory.windows(16).any(|bytes| bytes == keys[2].with_odd_parity().expose()), "in its owner's file alone");
}
