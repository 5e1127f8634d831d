//! The units of docs/operating.md §1 and docs/operating.md §2, as `systemd-analyze verify` reads them. Nothing is started.

use std::fs;
use std::path::Path;
use std::process::Command;

use qiyong_tests::manual::Page;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

/// Where the page has the program.
const PROGRAM: &str = "/usr/local/bin/qiyong";

/// What systemd says of a unit: nothing, if all is well.
fn verified(folder: &Path, name: &str) -> String {
    let mut command = Command::new("systemd-analyze");
    command
        .args(["verify", "--man=no"])
        .arg(folder.join(name))
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.display()));
    let output = Watched::start(&mut command).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { said } else { format!("{} {said}", output.status) }
}

#[test]
fn systemd_reads_the_units_and_the_program_knows_their_flags() {
    let page = Page::named("operating.md");
    let sections = ["1. One machine, one file", "2. A PostgreSQL server, several processes, a new version"];
    let blocks: Vec<_> = sections.iter().flat_map(|heading| page.blocks(heading)).collect();
    let name = |text: &str| Some(text.lines().next()?.strip_prefix("# /etc/systemd/system/")?.to_owned());
    let units: Vec<(String, String)> =
        blocks.into_iter().filter_map(|block| Some((name(&block.text)?, block.text))).collect();
    assert_eq!(units.len(), 4, "units on the page");
    for (name, text) in &units {
        let Some(line) = text.lines().find_map(|line| line.strip_prefix("ExecStart=")) else { continue };
        let words: Vec<&str> = line.split(' ').collect();
        let help = Command::new(qiyong()).args(&words[1..3]).arg("--help").output().expect("the program runs");
        let help = String::from_utf8_lossy(&help.stdout);
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag), "{name}: {:?} has no {flag}", &words[1..3]);
        }
        assert_eq!(words[0], PROGRAM, "{name}");
    }
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("no systemd-analyze here: the units were not read by systemd");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in &units {
        fs::write(folder.path().join(name), text.replace(PROGRAM, &qiyong().display().to_string())).expect("a file");
    }
    for (name, text) in &units {
        assert_eq!(verified(folder.path(), name), "", "{name}");
        // It does read them.
        let broken = text.replace(PROGRAM, &qiyong().display().to_string()).replacen("Description", "Descriptoin", 1);
        fs::write(folder.path().join(name), broken).expect("a file");
        assert!(verified(folder.path(), name).contains("Descriptoin"), "{name}: a fault is not seen");
        fs::write(folder.path().join(name), text.replace(PROGRAM, &qiyong().display().to_string())).expect("a file");
    }
}
