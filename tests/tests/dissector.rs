//! Wireshark with the dissector that `qiyong dissector` makes from our tables: every frozen message and a whole visit, on the card's
//! side, the till's and the centre's. No packet is malformed, no byte is left over, no field has no name, and every field is what the
//! codec says. A wrong table is noticed.

#[path = "dissector/card.rs"]
mod card;
#[path = "dissector/codec.rs"]
mod codec;
#[path = "dissector/frozen.rs"]
mod frozen;
#[path = "dissector/live.rs"]
mod live;
#[path = "dissector/pdml.rs"]
mod pdml;
#[path = "dissector/visit.rs"]
mod visit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::qiyong;

/// The dissector, as the program writes it, in a folder.
fn script() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("qiyong.lua");
    let output = Command::new(qiyong()).args(["dissector", "--out"]).arg(&path).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.starts_with("wireshark -X lua_script:"), "{said}");
    (folder, path)
}

#[test]
fn every_frozen_message_is_what_the_codec_says_field_by_field() {
    let (folder, script) = script();
    let capture = folder.path().join("frozen.pcapng");
    frozen::write(&capture);
    let expected = frozen::expected();
    assert_eq!(frozen::differences(&capture, &script, &expected), [""; 0]);
    let fields: usize = expected.iter().map(|(_, fields)| fields.len()).sum();
    closing_line(&format!("dissector: {} frozen messages, {fields} fields", expected.len()));
    // On standard output it is the same.
    let output = Command::new(qiyong()).arg("dissector").output().expect("it starts");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), fs::read_to_string(&script).expect("the script"));
}

/// What is changed in the script.
const MUTANTS: [(&str, &str); 14] = [
    // A length in each table, and the parts of fields and objects.
    (
        "content = \"digits\", length = 0, size = 6, one = { k = \"\", n = \"\", s = 6, f = \"digits\" }",
        "content = \"digits\", length = 0, size = 4, one = { k = \"\", n = \"\", s = 4, f = \"digits\" }",
    ),
    ("k = \"institution\", n = \"institution\", s = 12", "k = \"institution\", n = \"institution\", s = 11"),
    ("k = \"batch\", n = \"batch\", s = 6", "k = \"batch\", n = \"batch\", s = 5"),
    (
        "k = \"total_of_purchases\", n = \"total of purchases\", s = 18",
        "k = \"total_of_purchases\", n = \"total of purchases\", s = 16",
    ),
    (
        "k = \"enciphered_key\", n = \"enciphered key\", s = 16",
        "k = \"enciphered_key\", n = \"enciphered key\", s = 15",
    ),
    ("k = \"card_number\", n = \"card number\", s = 9", "k = \"card_number\", n = \"card number\", s = 8"),
    // A name.
    ("n = \"F11 system trace audit number\"", "n = \"\""),
    ("n = \"DF12 paid by the fund\"", "n = \"\""),
    ("n = \"check value\"", "n = \"\""),
    // A whole row.
    ("[57104] =", "[57999] ="),
    ("[57128] =", "[57999] ="),
    ("[44] = {", "[45] = {"),
    // How a value is read.
    ("n = \"\", f = \"gbk\"", "n = \"\", f = \"rest\""),
    ("n = \"time\", f = \"time\"", "n = \"time\", f = \"plaintime\""),
];

#[test]
fn a_wrong_table_is_noticed() {
    let (folder, script) = script();
    let capture = folder.path().join("frozen.pcapng");
    frozen::write(&capture);
    let (expected, text) = (frozen::expected(), fs::read_to_string(&script).expect("the script"));
    let found = in_parallel(&MUTANTS, |(right, wrong)| {
        assert!(text.contains(right), "the script has no {right}");
        let mutant = tempfile::Builder::new().suffix(".lua").tempfile_in(folder.path()).expect("a file");
        fs::write(mutant.path(), text.replace(right, wrong)).expect("room on the disk");
        let differences = frozen::differences(&capture, mutant.path(), &expected);
        assert!(!differences.is_empty(), "{right} became {wrong}, and nothing differs");
        differences.len()
    });
    closing_line(&format!(
        "dissector: {} wrong tables, each noticed at {} to {} places",
        MUTANTS.len(),
        found.iter().min().unwrap_or(&0),
        found.iter().max().unwrap_or(&0)
    ));
}

#[test]
fn damaged_messages_are_no_fault_of_the_script() {
    let (folder, script) = script();
    let capture = folder.path().join("frozen.pcapng");
    frozen::write(&capture);
    let seeds: Vec<u64> = (1..=8).collect();
    let found = in_parallel(&seeds, |seed| {
        let path = folder.path().join(format!("{seed}.pcapng"));
        let damaged = frozen::damage(&capture, &path, *seed);
        let packets = pdml::read(&path, &script).unwrap_or_else(|said| panic!("{said}"));
        let failed = packets.iter().flat_map(|packet| &packet.fields).find(|field| field.name == pdml::LUA_ERROR);
        assert!(failed.is_none(), "seed {seed}: {}", failed.map(|field| field.title.clone()).unwrap_or_default());
        let told = packets.iter().filter(|packet| !packet.faults().is_empty()).count();
        assert_eq!(packets.len(), damaged, "seed {seed}");
        told
    });
    assert!(found.iter().sum::<usize>() > 100, "{found:?}");
}

/// How many frames of the till's and messages of the centre's a capture has, in which nothing is wrong.
pub(crate) fn counted(capture: &Path) -> [usize; 2] {
    let packets = live::faultless(capture);
    ["qiyong.till.peer", "qiyong.centre.mti"]
        .map(|name| packets.iter().filter(|packet| packet.value(name).is_some()).count())
}

/// A file of the repository.
fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").join(path)
}
