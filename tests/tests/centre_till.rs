//! A till's bill over HTTP, by programs that know nothing of this project: Python plays docs/centre.md §15 and compares the
//! centre's figures with the page's, and the shell runs the example of docs/usage.md as it is written there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use qiyong_tests::centre::applicants::{Person, text};
use qiyong_tests::centre::town::Town;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What Python's till says of a page, at a new centre.
fn till(page: &Path) -> Output {
    let town = Town::new();
    let person = Person::new("周有钱", 601);
    let (application, _) = town.handed_over(&person, "R-1");
    let number = town.number(&application);
    // Two of a hundred of it are credited: 200 yuan.
    town.insure(&[&number], 1_000_000);
    let mut command = Command::new("python3");
    command.arg(here("tests/centre_till/till.py")).arg(&town.server.url).arg(page).args([&text(&number), &person.id]);
    for (name, operator) in
        [("OFFICER_TOKEN", "settlement-officer"), ("PHARMACY_TOKEN", "till"), ("HOSPITAL_TOKEN", "till-hospital")]
    {
        command.env(name, town.token(operator));
    }
    let output = Watched::start(&mut command).output();
    let verify = ["centre", "verify", "--db", "centre.db"];
    let (folder, _) = town.server.end();
    let verified = Watched::start(Command::new(qiyong()).current_dir(folder.path()).args(verify)).output();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    output
}

/// docs/centre.md §15: each figure of both tables, of the undo, and of the stays after the first.
#[test]
fn pythons_till_gets_the_figures_of_the_page() {
    let output = till(&here("../docs/centre.md"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for one in said["figures"].as_array().expect("figures") {
        println!("{:<50} {}", one["what"].as_str().expect("a name"), one["centre"]);
    }
    assert_eq!(said["compared"], json!(said["figures"].as_array().map(Vec::len)));
    assert!(said["compared"].as_u64() > Some(80), "{}", said["compared"]);
}

/// A page with one figure changed is found out.
#[test]
fn pythons_till_finds_a_wrong_figure_of_the_page() {
    let page = fs::read_to_string(here("../docs/centre.md")).expect("the page");
    let folder = tempfile::tempdir().expect("a folder");
    for (right, wrong, said) in [
        ("| 3.50 | 4.50 | 40.50 |", "| 3.50 | 4.50 | 40.51 |", "line 2 inscp_scp_amt"),
        ("`balc` 86.00", "`balc` 86.10", "purchase balc of the lines"),
        ("further ones none (6,248.00)", "further ones none (6,249.00)", "stay 3 hifp_pay"),
    ] {
        let bent = folder.path().join("page.md");
        assert_eq!(page.matches(right).count(), 1, "{right}");
        fs::write(&bent, page.replace(right, wrong)).expect("a file");
        let output = till(&bent);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{wrong}: {error}");
    }
}

/// The fenced blocks of a language under a heading of docs/usage.md.
fn blocks(heading: &str, language: &str) -> String {
    let page = fs::read_to_string(here("../docs/usage.md")).expect("the page");
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut found = String::new();
    let mut inside = false;
    for line in section.lines() {
        match line.strip_prefix("```") {
            Some(opens) => inside = opens == language,
            None if inside => found += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!found.is_empty(), "{heading} has {language}");
    found
}

#[test]
fn the_example_of_a_till_runs_as_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = qiyong().parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").expect("a path");
    let mut command = Command::new("bash");
    command.args(["-eu", "-o", "pipefail", "-c", &blocks("A till over HTTP", "sh")]).current_dir(folder.path());
    let output = Watched::start(command.env("PATH", format!("{}:{path}", programs.display()))).output();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, blocks("A till over HTTP", "text"), "{}", String::from_utf8_lossy(&output.stderr));
}
