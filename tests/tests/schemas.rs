//! Every verb that has `--json` is run, and what it prints is held against its schema in docs/schemas by another program. That every
//! verb has a schema, and that the schemas are as the types are, is tested beside the types (`host-sim/src/tests/schemas.rs`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use qiyong_protocol::card::files::Generation;
use qiyong_tests::closing::closing_line;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::schemas::{faults, wrong};
use qiyong_tests::{image, pico_image, qiyong};

/// What is keyed at a first purchase.
const KEYED: &str = "123456\n271828\n271828\n";
/// Verbs that are held against their schemas by the tests of another file.
const ELSEWHERE: &[(&str, &str)] = &[("till", "tests/tests/till.rs, where a board is")];
/// Objects whose names are not the program's: cards by name, faults by word.
const FREE: &[&str] = &["cards", "faults"];

/// A folder in which commands are run, and what they have printed.
struct Bench {
    folder: TempDir,
    rows: Vec<(&'static str, Value)>,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `verb` with `--json` and these words, and these rows keyed: each row that is printed is kept.
    fn run(&mut self, verb: &'static str, words: &[&str], status: i32) {
        self.run_by(Command::new(qiyong()), verb, words, status);
    }

    fn run_by(&mut self, mut command: Command, verb: &'static str, words: &[&str], status: i32) {
        command.current_dir(self.folder.path()).args(verb.split(' ')).arg("--json").args(words);
        let mut process = Watched::start(&mut command);
        process.feed(KEYED);
        let output = process.output();
        let [told, said] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        assert_eq!(output.status.code(), Some(status), "{verb} {words:?}: {told}{said}");
        let rows = told.lines().map(|row| serde_json::from_str(row).unwrap_or_else(|error| panic!("{error}: {row}")));
        let before = self.rows.len();
        self.rows.extend(rows.map(|row| (verb, row)));
        assert!(self.rows.len() > before, "{verb} {words:?} printed nothing: {said}");
    }
}

fn beside(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).to_str().expect("UTF-8").to_owned()
}

#[test]
fn what_each_verb_prints_with_json_is_as_its_schema_says() {
    let mut bench = Bench { folder: tempfile::tempdir().unwrap(), rows: Vec::new() };
    for (name, options) in [("card", &[][..]), ("other", &["--number", "N00000016"])] {
        let out = format!("{name}.toml");
        let mut new = Command::new(qiyong());
        new.current_dir(bench.folder.path()).args(["card", "new", "--out", &out]).args(options);
        assert!(new.output().expect("a card").status.success());
    }
    bench.run("atr", &["3B6D000000814E43238697159900BF7C7A"], 0);
    bench.run("atr", &["3B6D0000"], 1);
    bench.run("atr", &["xyz"], 2);
    bench.run("card show", &["card.toml"], 0);
    bench.run("card send", &["card.toml", "0020000003000000", "00A4000002EF05"], 0);
    bench.run("exchange replay", &[&beside("field.exchanges")], 0);
    fs::write(bench.path("bad.exchanges"), "bad: t=1 C:0084000008 >000005008400000888 R:9000\n").unwrap();
    bench.run("exchange replay", &["bad.exchanges"], 1);
    bench.run("exchange replay", &["none.exchanges"], 2);
    bench.run("demo", &[], 0);
    bench.run("chaos", &["--worlds", "4"], 0);
    scenarios(&mut bench);
    centre(&mut bench);
    boards(&mut bench);
    readers(&mut bench);

    // All of them are right, and every deliberate fault is seen.
    let found = wrong(&bench.rows);
    for ((verb, row), wrong) in bench.rows.iter().zip(found) {
        assert!(wrong.is_empty(), "qiyong {verb} --json: {wrong:#?}\n{row}");
    }
    let broken: Vec<(&str, String, Value)> = bench
        .rows
        .iter()
        .flat_map(|(verb, row)| faults(verb, row, FREE).into_iter().map(|(what, value)| (*verb, what, value)))
        .collect();
    let values: Vec<(&str, Value)> = broken.iter().map(|(verb, _, value)| (*verb, value.clone())).collect();
    for ((verb, what, value), wrong) in broken.iter().zip(wrong(&values)) {
        assert!(!wrong.is_empty(), "{verb}: {what} is not seen\n{value}");
    }
    let verbs: BTreeSet<&str> = bench.rows.iter().map(|(verb, _)| *verb).collect();
    let (rows, faults) = (bench.rows.len(), broken.len());
    closing_line(&format!(
        "faults in what verbs print with --json caught: {faults} of {faults}, in {rows} rows of {} verbs",
        verbs.len()
    ));

    // No schema without a run.
    let folder = fs::read_dir(beside("../docs/schemas")).expect("the schemas").map(|entry| entry.unwrap().path());
    let schemas = folder.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let with_schema: BTreeSet<String> =
        schemas.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let run = verbs.into_iter().chain(ELSEWHERE.iter().map(|(verb, _)| *verb)).map(|verb| verb.replace(' ', "-"));
    assert_eq!(with_schema, run.collect());
}

fn scenarios(bench: &mut Bench) {
    let folder = beside("../host-sim/scenarios");
    // Through PPS, T=1, reversals, refusals, a card that nobody can read; and one that is not for the bench.
    let names =
        ["rule-pharmacy-first-purchase", "rule-query", "refused-card-unreadable-any-atr", "rule-card-v1-over-t1"];
    let files = names.map(|name| format!("{folder}/{name}.toml"));
    let words: Vec<&str> = files.iter().map(String::as_str).collect();
    bench.run("scenario run", &[&words[..], &["--capture", "captures"]].concat(), 0);
    let good = fs::read_to_string(&files[0]).unwrap();
    let idle = good.replace("[[step]]\n", "[[step]]\nnoise = 99999999\nmust_fire = false\n");
    fs::write(bench.path("idle.toml"), idle).unwrap();
    bench.run("scenario run", &["idle.toml"], 0);
    fs::write(bench.path("wrong.toml"), good.replacen("account = 46420", "account = 1", 1)).unwrap();
    bench.run("scenario run", &["wrong.toml"], 1);
    bench.run("scenario run", &["none.toml"], 2);
    bench.run("doctor", &["captures/rule-pharmacy-first-purchase.vcd"], 0);
    let frozen = include_str!("../../protocol/src/centre/message/tests/frozen.txt");
    let digits: String = frozen.lines().filter_map(|line| line.rsplit_once(": ")).map(|(_, digits)| digits).collect();
    fs::write(bench.path("message"), digits).unwrap();
    bench.run("message", &["message"], 0);
}

fn centre(bench: &mut Bench) {
    let add = [
        "centre",
        "add",
        "--db",
        "c.db",
        "--test-keys",
        "--institution",
        "P32010000017",
        "--account",
        "50000",
        "--card",
        "card.toml",
    ];
    let added = Command::new(qiyong()).current_dir(bench.folder.path()).args(add).output().expect("a centre");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let till = ["--institution", "P32010000017", "--centre", "c.db", "--card", "card.toml"];
    bench.run("terminal", &[&till[..], &["purchase", "35.80"]].concat(), 0);
    bench.run("terminal", &[&till[..], &["echo"]].concat(), 0);
    let init = ["centre", "init", "--db", "p.db", "--test-keys", "--area", "320100"];
    let made = Command::new(qiyong()).current_dir(bench.folder.path()).args(init).output().expect("a centre");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    bench.run("centre populate", &["--db", "p.db", "--people", "3"], 0);
    bench.run("centre verify", &["--db", "c.db"], 0);
    bench.run("centre doctor", &["--db", "c.db"], 1);
    bench.run("centre backup", &["--db", "c.db", "--to", "copy.db"], 0);
}

fn boards(bench: &mut Bench) {
    let (first, pico) = (image(), pico_image(false));
    let (first, pico) = (first.to_str().unwrap(), pico.to_str().unwrap());
    bench.run(
        "emulate",
        &["--elf", first, "--card", "other.toml", "--institution", "P32010000017", "purchase", "35.80"],
        0,
    );
    bench.run("attach", &["--emulated", "--elf", first], 0);
    let seen = bench.rows.iter().filter(|(verb, _)| *verb == "attach");
    let seen: BTreeSet<&str> = seen.flat_map(|(_, row)| row.as_object().unwrap().keys().map(String::as_str)).collect();
    assert_eq!(seen, BTreeSet::from(["end", "log", "screen"]));
    bench.run("flash", &["--check-only", "--elf", first], 0);
    bench.run("flash", &["--check-only", "--uf2", pico], 0);
    // There may be a probe.
    let status = Command::new(qiyong()).arg("probes").output().expect("it starts").status.code();
    bench.run("probes", &[], status.expect("a status"));
}

fn readers(bench: &mut Bench) {
    let server = PrivateServer::with(&[Generation::V3]);
    let by = || server.command(qiyong().to_str().expect("UTF-8"));
    bench.run_by(by(), "readers", &[], 0);
    bench.run_by(by(), "pcscd ctl list", &[], 0);
    bench.run_by(by(), "card record", &["--reader", "any", "recorded.toml"], 0);
    bench.run_by(by(), "card send", &["--reader", "any", "00A4000002EF05"], 0);
}
