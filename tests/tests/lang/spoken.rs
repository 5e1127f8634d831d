//! Runs the program in both languages, with sense and nonsense: what is said in Chinese has no English sentence in it, and exit status
//! and JSON are the same.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use tempfile::TempDir;

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::qiyong;

/// What a command said.
struct Said {
    status: Option<i32>,
    output: String,
    complaints: String,
}

/// Runs the program in `folder`; `keyed` is its standard input.
fn run(folder: &Path, lang: &str, arguments: &[&str], keyed: &str) -> Said {
    let mut child = Command::new(qiyong())
        .args(["--lang", lang])
        .args(arguments)
        .current_dir(folder)
        .env("PCSCLITE_CSOCK_NAME", folder.join("no.socket"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("qiyong");
    // It may end without reading it.
    let _ = child.stdin.take().expect("piped").write_all(keyed.as_bytes());
    let out = child.wait_with_output().expect("its end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { status: out.status.code(), output: text(&out.stdout), complaints: text(&out.stderr) }
}

/// What may stay in a Chinese text: commands and what stands in quotation marks, names, paths, and what a screen shows, which is in both
/// languages.
static STAYS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"`[^`]*`|“[^”]*”|'[^']*'|<[^>]*>|\[[^\]]*\]|[\w.-]*/[\w./-]*|[│┌└].*|\b[A-Z][A-Z0-9_./-]+\b|--?[a-z][a-z-]*|qiyong (?:\w+ ?){1,3}|--lang .*").unwrap()
});
/// Two words or more, one after another.
static SENTENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z]{2,} [a-z]{2,}(?: [a-z]{2,})*").unwrap());
/// Names that look like words, and what a log says.
const NAMES: &[&str] = &["the watchdog has reset"];

/// Rows with English in them.
fn english(text: &str) -> Vec<String> {
    let is_english = |row: &&str| {
        let left = STAYS.replace_all(row, "·");
        let left = NAMES.iter().fold(left.into_owned(), |left, name| left.replace(name, "·"));
        SENTENCE.is_match(&left)
    };
    text.lines().filter(is_english).map(str::to_owned).collect()
}

/// A folder with what the commands need: a copy of one that is made once.
fn folder() -> TempDir {
    static FIRST: LazyLock<TempDir> = LazyLock::new(first_folder);
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(FIRST.path()).expect("the first folder") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a copy");
    }
    folder
}

fn first_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).expect("a file");
    write("empty", b"");
    write("noise.bin", &[0xFF, 0x00, 0x1B, 0x80]);
    write("bad.toml", b"title = \"no steps\"\nclock = \"yesterday\"\n");
    write("typo.toml", b"titel = \"x\"\n");
    write("bad.exchanges", b"a-name: X:00\n");
    write("bad.vcd", b"$timescale 3 ns $end\n");
    write("text.log", b"boot\nthe watchdog has reset the board\n");
    for (arguments, keyed) in [
        (&["card", "new", "--out", "card.toml"][..], ""),
        (&["card", "new", "--profile", "v2", "--number", "N00000016", "--serial", "2", "--out", "other.toml"], ""),
        (&["centre", "init", "--test-keys", "--db", "centre.db", "--area", "320100"], ""),
        (
            &[
                "centre",
                "add",
                "--db",
                "centre.db",
                "--institution",
                "P32010000017",
                "--card",
                "card.toml",
                "--account",
                "50000",
            ],
            "",
        ),
    ] {
        let said = run(folder.path(), "en", arguments, keyed);
        assert_eq!(said.status, Some(0), "{arguments:?}: {}{}", said.output, said.complaints);
    }
    folder
}

/// A command, what is keyed, and whether its output is JSON that is the same each time.
#[derive(Debug)]
struct Case(&'static [&'static str], &'static str, bool);

const SALE: &[&str] =
    &["terminal", "--card", "card.toml", "--centre", "centre.db", "--institution", "P32010000017", "purchase", "35.80"];

const CASES: &[Case] = &[
    // Sense.
    Case(&["demo"], "", false),
    Case(&["demo", "--json"], "", true),
    Case(&["atr", "3B6D000080318065B0893501F183009000"], "", false),
    Case(&["atr", "3BFF9600FFFE"], "", false),
    Case(&["atr", "--json", "3B6D000080318065B0893501F183009000"], "", true),
    Case(&["card", "show", "card.toml"], "", false),
    Case(&["card", "show", "card.toml", "--json"], "", true),
    Case(&["card", "send", "card.toml", "00A404000E7378312E73682EC9E7BBE1B1A3D5CF", "00B2050400"], "", false),
    Case(&["card", "psam", "--out", "psam.toml", "--terminal", "320100000001"], "", false),
    Case(&["centre", "init", "--test-keys", "--db", "centre.db"], "", false),
    Case(&["centre", "verify", "--db", "centre.db"], "", false),
    Case(&["centre", "doctor", "--db", "centre.db"], "", false),
    Case(&["centre", "clock", "--db", "centre.db"], "", false),
    Case(&["centre", "expire", "--db", "centre.db"], "", false),
    Case(
        &["centre", "release", "--db", "centre.db", "--institution", "P32010000017", "--terminal", "00000001"],
        "",
        false,
    ),
    Case(SALE, "123456\n271828\n271828\n", false),
    Case(SALE, "271828\n", false),
    Case(SALE, "\n", false),
    Case(
        &["terminal", "--card", "card.toml", "--centre", "centre.db", "--institution", "P32010000017"],
        "query\nhelp\nhelp purchase\napply\npurchase\n\nsettle 3\nnonsense\n123456\npurchase \"\nquit\n",
        false,
    ),
    Case(&["doctor", "--log", "text.log"], "", false),
    Case(&["doctor", "--log", "text.log", "--json"], "", true),
    Case(&["message", "00"], "", false),
    Case(&["chaos", "--worlds", "1", "--visits", "3"], "", false),
    // Arguments that make no sense.
    Case(&[], "", false),
    Case(&["nonsense"], "", false),
    Case(&["demoo"], "", false),
    Case(&["demo", "--tracee"], "", false),
    Case(&["demo", "more"], "", false),
    Case(&["atr"], "", false),
    Case(&["card", "new", "--out"], "", false),
    Case(&["card", "new", "--profile", "v9", "--out", "x.toml"], "", false),
    Case(&["card", "new", "--number", "X0", "--out", "x.toml"], "", false),
    Case(&["card", "new", "--pin", "12", "--out", "x.toml"], "", false),
    Case(&["card", "new", "--tries", "99", "--out", "x.toml"], "", false),
    Case(&["card", "new", "--expires", "2000-01-01", "--out", "x.toml"], "", false),
    Case(&["terminal", "--reader", "x", "--card", "y"], "", false),
    Case(&["terminal", "--institution", "X1", "--centre", "c"], "", false),
    Case(&["terminal", "--institution", "P32010000017", "--centre", "centre.db", "query"], "", false),
    Case(&["--color", "pink", "demo"], "", false),
    Case(&["completions", "tcsh"], "", false),
    Case(&["manual", "nonsense"], "", false),
    Case(&["centre", "operator"], "", false),
    Case(&["centre", "operator", "list", "--nonsense"], "", false),
    // What is wrong with files, places and machines.
    Case(&["atr", "3B"], "", false),
    Case(&["atr", "xyz"], "", false),
    Case(&["atr", "3"], "", false),
    Case(&["card", "new", "--out", "card.toml"], "", false),
    Case(&["card", "show", "missing.toml"], "", false),
    Case(&["card", "show", "bad.toml"], "", false),
    Case(&["card", "send", "card.toml", "00"], "", false),
    Case(&["card", "send", "card.toml", "zz"], "", false),
    Case(&["card", "send"], "", false),
    Case(&["card", "record", "--out", "r.toml"], "", false),
    Case(&["exchange", "replay", "bad.exchanges"], "", false),
    Case(&["exchange", "replay", "empty"], "", false),
    Case(&["scenario", "run", "bad.toml", "typo.toml", "missing.toml", "noise.bin"], "", false),
    Case(&["scenario", "run", "bad.toml", "--elf", "x"], "", false),
    Case(&["centre", "verify", "--db", "missing.db"], "", false),
    Case(&["centre", "verify", "--db", "noise.bin"], "", false),
    Case(&["centre", "add", "--db", "centre.db", "--institution", "X"], "", false),
    Case(&["centre", "card", "show", "--db", "centre.db", "--card", "X00000027"], "", false),
    Case(&["centre", "card", "show", "--db", "centre.db", "--card", "X"], "", false),
    Case(&["centre", "operator", "list", "--db", "centre.db", "--as", "nobody"], "", false),
    Case(&["centre", "serve", "--db", "centre.db"], "", false),
    Case(&["centre", "clock", "--db", "centre.db", "--stop-at", "never"], "", false),
    Case(
        &["terminal", "--card", "missing.toml", "--centre", "centre.db", "--institution", "P32010000017", "query"],
        "",
        false,
    ),
    Case(
        &["terminal", "--card", "card.toml", "--centre", "tcp://127.0.0.1:1", "--institution", "P32010000017", "query"],
        "",
        false,
    ),
    Case(
        &["terminal", "--reader", "none", "--centre", "centre.db", "--institution", "P32010000017", "query"],
        "",
        false,
    ),
    Case(&["till", "--port", "/dev/none", "status"], "", false),
    Case(&["till", "--port", "tcp://127.0.0.1:1", "status"], "", false),
    Case(&["till", "--port", "empty", "purchase", "3"], "", false),
    Case(&["emulate", "--card", "missing.toml", "--elf", "missing.elf", "purchase", "3"], "", false),
    Case(&["emulate", "--card", "card.toml"], "", false),
    Case(&["flash", "--elf", "missing.elf", "--check"], "", false),
    Case(&["flash", "--elf", "noise.bin", "--check"], "", false),
    Case(&["flash", "--uf2", "noise.bin"], "", false),
    Case(&["readers"], "", false),
    Case(&["doctor", "bad.vcd"], "", false),
    Case(&["doctor", "empty"], "", false),
    Case(&["doctor", "--log", "noise.bin"], "", false),
    Case(&["doctor", "bad.vcd", "--pin", "NOSE=1"], "", false),
    Case(&["message", "zz"], "", false),
    Case(&["message", "0004AABBCCDD"], "", false),
    Case(&["dissector", "--out", "missing/x.lua"], "", false),
    Case(&["pcscd", "--socket", "s"], "", false),
    Case(&["pcscd", "--socket", "s", "--card", "missing.toml"], "", false),
    Case(&["pcscd", "ctl", "--socket", "s", "insert", "0"], "", false),
    Case(&["serve-page", "--port", "v1=x"], "", false),
    Case(&["serve-page", "--origin", "x"], "", false),
];

#[test]
fn both_languages_say_the_same_and_chinese_is_chinese() {
    let wrong: Vec<String> = in_parallel(CASES, |Case(arguments, keyed, is_json)| {
        let (en, zh) = (folder(), folder());
        let (en, zh) = (run(en.path(), "en", arguments, keyed), run(zh.path(), "zh", arguments, keyed));
        let mut wrong = Vec::new();
        if en.status != zh.status {
            wrong.push(format!("exit status {:?} in English, {:?} in Chinese", en.status, zh.status));
        }
        if *is_json {
            if en.output != zh.output {
                wrong.push("another JSON".into());
            }
        } else {
            wrong.extend(english(&zh.output));
        }
        wrong.extend(english(&zh.complaints));
        wrong.into_iter().map(|what| format!("qiyong {}: {what}", arguments.join(" "))).collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    closing_line(&format!("languages: {} commands say the same in both, with the same exit status", CASES.len()));
}

#[test]
fn the_whole_manual_is_in_chinese() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = run(folder.path(), "zh", &["manual", "--out", "manual"], "");
    assert_eq!(said.status, Some(0), "{}", said.complaints);
    let (mut wrong, mut pages) = (Vec::new(), 0);
    for entry in fs::read_dir(folder.path().join("manual")).expect("the manual") {
        let path = entry.expect("a page").path();
        let text =
            fs::read_to_string(&path).expect("a page").replace("\\-", "-").replace("\\&", "").replace("\\*(Aq", "'");
        pages += 1;
        wrong.extend(english(&text).into_iter().map(|row| format!("{}: {row}", path.display())));
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    closing_line(&format!("languages: {pages} pages of the manual in Chinese"));
}

#[test]
fn colour_is_where_a_person_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = run(folder.path(), "en", &["card", "show", "missing"], "").complaints;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = run(folder.path(), "en", &["--color", "always", "card", "show", "missing"], "").complaints;
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31mqiyong:\u{1b}[0m "), "{coloured:?}");
    for lang in ["en", "zh"] {
        let nonsense = run(folder.path(), lang, &["--color", "always", "nonsense"], "");
        assert!(nonsense.complaints.contains("\u{1b}[1m\u{1b}[31m"), "{:?}", nonsense.complaints);
        assert_eq!(nonsense.status, Some(2));
    }
}
