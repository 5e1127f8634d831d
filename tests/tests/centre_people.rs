//! Fictional people by the program; and that an act costs among many of them what it costs among few. The million, and how
//! fast they come, are measured by `cargo xtask bench` and by hand (docs/measurements.md).

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use qiyong_tests::centre::OfficeFile;
use qiyong_tests::centre::costs::ACTS;
use qiyong_tests::qiyong;

/// By how much an act may cost more among eight times as many people, in hundredths: nothing leads to a row by going over
/// others, and the machine's steps know nothing of the depth of an index.
const MORE: u64 = 102;

#[test]
fn an_act_costs_among_many_people_what_it_costs_among_few() {
    let mut file = OfficeFile::new();
    file.populate(1_000);
    // The first time, rows are added that are changed from then on.
    file.costs();
    let few = file.costs();
    file.populate(8_000);
    let many = file.costs();
    for ((act, few), many) in ACTS.iter().zip(few).zip(many) {
        assert!(few.steps > 0 && many.steps * 100 <= few.steps * MORE, "{act}: {few:?} among few, {many:?} among many");
        // Small tables have no index for everything.
        assert!(many.scanned <= few.scanned, "{act}: {few:?} among few, {many:?} among many");
        assert_eq!((few.parsed_again, many.parsed_again), (0, 0), "{act}: a statement is parsed once");
    }
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(qiyong()).current_dir(folder.path()).args(arguments).output().expect("the program runs")
}

fn done(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(folder, arguments)).expect("JSON")
}

#[test]
fn people_come_by_a_command_and_a_card_of_their_batches_can_be_taken_out() {
    let folder = TempDir::new().expect("a folder");
    let at = ["--test-keys", "--area", "320100", "--clock", "2026-03-02T09:00:00"];
    done(&folder, &[&["centre", "init", "--db", "c.db"], &at[..]].concat());
    let populate = ["centre", "populate", "--db", "c.db", "--people", "120", "--seed", "3", "--json"];
    let first = json(&folder, &populate);
    assert_eq!((&first["before"], &first["people"]), (&0.into(), &120.into()));
    let again = run(&folder, &populate);
    assert!(again.stderr.is_empty(), "no bar where there is no terminal");
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!((&again["before"], &again["people"]), (&120.into(), &0.into()));
    let verified = json(&folder, &["centre", "verify", "--db", "c.db", "--json"]);
    let whole = serde_json::json!({"broken_record": null, "broken_ledger": null});
    assert!(verified[0]["records"].as_u64().is_some_and(|records| records > 0), "{verified}");
    for (name, nothing) in whole.as_object().expect("an object") {
        assert_eq!(&verified[0][name], nothing, "{verified}");
    }

    let producer = ["--id", "producer", "--role", "producer", "--outlet", "32010099", "--name", "制卡"];
    done(&folder, &[&["centre", "operator", "add", "--db", "c.db"], &producer[..]].concat());
    let by = ["--db", "c.db", "--as", "producer", "--json"];
    let listed = json(&folder, &[&["centre", "production", "list", "--stage", "in-batch"], &by[..]].concat());
    let making = &listed["productions"][0];
    let application = making["application"].as_str().expect("a card in a batch");
    let shown = json(&folder, &[&["centre", "production", "show", "--application", application], &by[..]].concat());
    let (batch, line) = (making["batch"].as_str().expect("its batch"), making["line"].to_string());
    done(&folder, &["card", "new", "--from-centre", "c.db", "--batch", batch, "--line", &line, "--out", "mine.card"]);
    let card = json(&folder, &["card", "show", "mine.card", "--json"]);
    assert!(card.to_string().contains(shown["card"].as_str().expect("its number")), "{card}");

    let refused = run(&folder, &["centre", "populate", "--db", "c.db", "--people", "1", "--seed", "100"]);
    assert_eq!(refused.status.code(), Some(2));
    done(&folder, &["centre", "init", "--db", "own.db", "--area", "320100"]);
    let refused = run(&folder, &["centre", "populate", "--db", "own.db", "--people", "1"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("keys of its own"));
}
