//! A damaged centre's file, as whoever runs the program sees it: every verb refuses it with its name, what is wrong and the
//! way out, in English and Chinese.

use std::fs;
use std::process::{Command, Output};

use qiyong_tests::qiyong;
use tempfile::TempDir;

fn program(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(qiyong());
    command.current_dir(folder.path()).arg("centre").args(arguments).args(["--db", "centre.db"]);
    command.output().expect("the program runs")
}

#[test]
fn every_verb_refuses_a_damaged_file_in_both_languages() {
    let folder = TempDir::new().expect("a folder");
    let made = program(&folder, &["init", "--test-keys", "--area", "320100"]);
    assert!(made.status.success(), "{made:?}");
    let verify = program(&folder, &["verify"]);
    assert!(verify.status.success(), "{verify:?}");
    let path = folder.path().join("centre.db");
    let sound = fs::read(&path).expect("the file");
    let mut zeros = sound.clone();
    zeros[20 * 4096..][..4096].fill(0);
    for (what, damaged) in [("a page of zeros", &zeros[..]), ("half", &sound[..sound.len() / 2]), ("nothing", &[])] {
        fs::write(&path, damaged).expect("the file");
        let verbs: [&[&str]; 4] = [
            &["verify"],
            &["operator", "list"],
            &["serve", "--http", "127.0.0.1:0", "--test-keys"],
            &["release", "--institution", "P32010000017", "--terminal", "00000001"],
        ];
        for verb in verbs {
            let output = program(&folder, verb);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{what}, {verb:?}: {said}");
            for word in ["centre.db", "damaged", "restore it from a copy", "已损坏", "备份恢复"] {
                assert!(said.contains(word), "{what}, {verb:?}: {said}");
            }
        }
        assert!(fs::read(&path).expect("the file") == damaged, "nothing was written into it");
    }
}
