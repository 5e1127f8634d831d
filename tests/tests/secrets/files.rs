//! Every file that a day leaves, and everything that the programs say meanwhile: a centre with its server, terminals, a
//! settled batch, a copy, scenarios with their captures, the emulated board; and what each says to nonsense.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::centre::served::Served;
use qiyong_tests::programs::Watched;
use qiyong_tests::secrets::{Found, Secret, files_below, search};
use qiyong_tests::{image, qiyong};
use tempfile::TempDir;

use super::process::registered;
use super::{NEW_PIN, PIN, WRONG, card, card_keys, holder, id_number, pins};

const PLACE: &str = "P32010000017";

/// What may have secrets, and why.
const ALLOWED: [(&str, &str); 5] = [
    ("v3.toml", "a virtual card is a card: its file has what the chip has, for its owner alone"),
    ("v2.toml", "another one, which the emulated board gets"),
    ("bad-card.toml", "a card file that is wrong, and is given to be read"),
    ("scenario.toml", "what a tester wrote: the holder's PINs are a part of the story"),
    ("terminal.key", "the key that the terminal is given, for its owner alone"),
];

/// What stands for the terminal's flash has the terminal's master key, and nothing else of these: docs/limits.md says so.
const MEMORY: &str = "P32010000017-00000001.memory";

/// A day in a folder. What a program says is a file, too.
struct Day {
    folder: TempDir,
    said: u32,
}

impl Day {
    fn at(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program with these rows keyed; what it says goes to a file. Returns whether it did what it was asked
    /// for.
    fn run(&mut self, arguments: &[&str], keyed: &str) -> bool {
        let mut process = Watched::start(Command::new(qiyong()).current_dir(self.at()).args(arguments));
        process.feed(keyed);
        let output = process.output();
        self.said += 1;
        let verb: Vec<_> = arguments.iter().take_while(|word| !word.starts_with('-')).take(3).copied().collect();
        let name = format!("said/{:02} {}", self.said, verb.join(" ").replace('/', "_"));
        let text = [&output.stdout[..], b"\n---\n", &output.stderr].concat();
        fs::write(self.at().join(name), text).expect("a file");
        output.status.success()
    }

    fn done(&mut self, arguments: &[&str], keyed: &str) {
        let done = self.run(arguments, keyed);
        assert!(
            done,
            "{arguments:?}: see what it said in {:?}",
            files_below(&self.at().join("said"))
                .ok()
                .and_then(|mut all| all.pop())
                .map(|(_, text)| String::from_utf8_lossy(&text).into_owned())
        );
    }
}

/// A scenario with the secrets of these tests.
fn scenario() -> String {
    let holder = String::from_utf8(id_number().as_bytes().to_vec()).expect("ASCII");
    format!(
        r#"title = "A PIN is wrong, and another one is chosen"
seed = 1
clock = "2026-03-02T09:00:00+08:00"
[centre]
area = "320100"
[[centre.institution]]
code = "{PLACE}"
kind = "pharmacy"
designated = true
[[card]]
name = "zhang"
profile = "v3"
number = "X00000019"
id_number = "{holder}"
holder = "张三"
pin = "{PIN}"
pin_is_initial = true
account = 50000
[[terminal]]
name = "till"
institution = "{PLACE}"
[[step]]
terminal = "till"
card = "zhang"
do = "purchase"
total = 3580
pin = ["{WRONG}", "{PIN}"]
new_pin = "{NEW_PIN}"
expect = {{ outcome = "approved", activated = true, balance = 46420, pin_changed = true }}
"#
    )
}

/// The day. Returns the terminal's key.
fn live(day: &mut Day) -> String {
    for (name, generation) in [("v3.toml", Generation::V3), ("v2.toml", Generation::V2)] {
        let made = make_card(&card(generation, 1), &Hsm::test_keys()).expect("a card");
        made.save(&day.at().join(name)).expect("a file");
    }
    fs::copy(day.at().join("v3.toml"), day.at().join("0.toml")).expect("a copy");
    let key = registered(day.at());
    fs::remove_file(day.at().join("0.toml")).expect("it is there");
    let server = Served::start(day.at(), &["--http", "127.0.0.1:0", "--iso", "127.0.0.1:0"], 2);
    let centre = server.addresses.iter().find(|address| address.starts_with("tcp")).expect("for terminals").clone();
    let terminal = ["terminal", "--institution", PLACE, "--key", "terminal.key", "--centre", &centre, "--card"];
    let visit = |day: &mut Day, more: &[&str], keyed: &str| day.run(&[&terminal, more].concat(), keyed);
    assert!(visit(day, &["v3.toml", "purchase", "35.80"], &format!("{WRONG}\n{PIN}\n")), "the first sale");
    assert!(visit(day, &["v3.toml", "--json", "purchase", "35.80"], &format!("{PIN}\n")), "the second sale");
    // A PIN where none is asked for, a wrong one until the holder gives up, none, one that is no PIN, and an ID number
    // instead.
    let holder = String::from_utf8(id_number().as_bytes().to_vec()).expect("ASCII");
    let wrong_place = format!("{PIN}\nquery {PIN}\npurchase {PIN}\n{holder}\n");
    for (more, keyed) in [
        (&["v3.toml"][..], wrong_place.as_str()),
        (&["v3.toml", "purchase", "35.80"], &format!("{WRONG}\n\n")),
        (&["v3.toml", "purchase", "35.80"], &format!("{PIN}{PIN}\n{holder}\n\n")),
        (&["v3.toml", "--json"], &format!("purchase {PIN}\nsettle 1.00 --fund {PIN}\napply --document {PIN}\n")),
        (&["none.toml", "purchase", "1.00"], &format!("{PIN}\n")),
    ] {
        assert!(!visit(day, more, keyed), "{more:?}");
    }
    assert!(visit(day, &["v3.toml", "query"], ""), "a question");
    assert!(visit(day, &["v3.toml", "settle-batch"], ""), "the batch");
    day.done(&["centre", "backup", "--db", "centre.db", "--to", "copy.db"], "");
    for act in
        [&["audit", "list"][..], &["terminal", "settlements"], &["terminal", "rejections"], &["terminal", "list"]]
    {
        day.run(&[&["centre"], act, &["--db", "centre.db", "--as", "keys", "--json"]].concat(), "");
        day.run(&[&["centre"], act, &["--db", "centre.db", "--json"]].concat(), "");
    }
    day.done(&["centre", "verify", "--db", "centre.db"], "");
    day.run(&["centre", "doctor", "--db", "centre.db"], "");
    fs::write(day.at().join("said/log of the server"), server.end()).expect("a file");
    key
}

/// Programs without that centre.
fn play(day: &mut Day) {
    fs::write(day.at().join("scenario.toml"), scenario()).expect("a file");
    fs::create_dir(day.at().join("captures")).expect("a folder");
    day.done(&["scenario", "run", "scenario.toml", "--capture", "captures"], "");
    day.done(&["scenario", "run", "scenario.toml", "--json", "--tcp"], "");
    for card in ["v3.toml", "v2.toml"] {
        day.done(&["card", "show", card], "");
        day.done(&["card", "show", card, "--json"], "");
    }
    let elf = image();
    let emulate = ["emulate", "--elf", elf.to_str().expect("a path"), "--card", "v2.toml"];
    let keyed = format!("{WRONG}\n{PIN}\n{NEW_PIN}\n{NEW_PIN}\n");
    day.done(&[&emulate[..], &["--json", "--screen", "screen.png", "purchase", "35.80"]].concat(), &keyed);
    day.run(&[&emulate[..], &["purchase", "35.80"]].concat(), &format!("{WRONG}\n{NEW_PIN}x\n{WRONG}\n"));
    // A card file with each line in turn doubled behind a letter, so that its values stand where nothing is expected.
    let file = fs::read_to_string(day.at().join("v3.toml")).expect("a card");
    let lines: Vec<&str> = file.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let mut bad = lines.clone();
        let bent = format!("x{}", line.replace('"', ""));
        bad[at] = &bent;
        fs::write(day.at().join("bad-card.toml"), bad.join("\n")).expect("a file");
        fs::set_permissions(day.at().join("bad-card.toml"), fs::Permissions::from_mode(0o600)).expect("its owner");
        day.run(&["card", "show", "bad-card.toml"], "");
    }
}

#[test]
fn no_secret_is_in_anything_that_a_day_leaves_or_says() {
    let mut day = Day { folder: TempDir::new().expect("a folder"), said: 0 };
    fs::create_dir(day.at().join("said")).expect("a folder");
    let key = live(&mut day);
    play(&mut day);
    let mut secrets = pins();
    secrets.extend(card_keys(&card(Generation::V3, 1)));
    secrets.push(holder());
    secrets.push(Secret::bytes("master key", &hex::decode(&key).expect("hex")));
    let mut table: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut leaks = Vec::new();
    for (path, mut bytes) in files_below(day.at()).expect("files") {
        let path = path.strip_prefix(day.at()).expect("it is below").display().to_string();
        let allowed = ALLOWED.iter().any(|(name, _)| *name == path);
        let is_leave = |found: &Found| path == MEMORY && found.name == "master key";
        let found: Vec<_> = search(&bytes, &secrets).into_iter().filter(|found| !is_leave(found)).collect();
        assert!(!allowed || !found.is_empty(), "{path} needs no leave");
        let kind = path.split(['/', ' ', '-']).next().filter(|_| path.contains('/')).unwrap_or(&path);
        let row = table.entry(kind.to_string()).or_default();
        (row[0], row[1]) = (row[0] + 1, row[1] + bytes.len());
        if allowed {
            continue;
        }
        leaks.extend(found.iter().map(|found| format!("{path}: {found:?}")));
        // The same file with one of them in it.
        let forms: Vec<_> = secrets.iter().flat_map(|secret| secret.forms().map(|form| (secret.name, form))).collect();
        let (name, (form, planted)) = forms[bytes.len() % forms.len()];
        let middle = bytes.len() / 2;
        bytes.splice(middle..middle, planted.iter().copied());
        row[2] += 1;
        row[3] += usize::from(search(&bytes, &secrets).iter().any(|found| found.name == name && found.form == form));
    }
    println!("{:<28} {:>5} {:>9} {:>7} {:>6}", "place", "files", "bytes", "planted", "found");
    for (place, [files, bytes, planted, found]) in &table {
        println!("{place:<28} {files:>5} {bytes:>9} {planted:>7} {found:>6}");
        assert_eq!(planted, found, "{place}");
    }
    ALLOWED.iter().for_each(|(name, reason)| println!("{name} may have them: {reason}"));
    assert!(leaks.is_empty(), "{leaks:#?}");
}
