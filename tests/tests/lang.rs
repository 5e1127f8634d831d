//! The language of the program: whatever it says exists in Chinese, and says the same.
//!
//! `sources` reads every text of the sources that people may see, `judge` compares them with the catalogue in
//! `host-sim/src/lang/zh`, and `spoken` runs the program in both languages.

mod judge;
mod literals;
mod sources;
mod spoken;

use qiyong::lang::{Catalogue, FILES};
use qiyong_tests::closing::closing_line;

use judge::{judge, names_a_way_out};
use sources::Sources;

#[test]
fn whatever_the_program_says_exists_in_chinese() {
    let sources = Sources::of_the_house();
    let wrong = judge(&FILES, &sources);
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
    let texts = Catalogue::keys(&FILES).len();
    let errors = sources.errors.len();
    let with_way_out = sources.errors.iter().filter(|error| names_a_way_out(error)).count();
    closing_line(&format!(
        "languages: {with_way_out} of {errors} texts of errors say what to do, in both; the others name the cause alone"
    ));
    closing_line(&format!(
        "languages: {} texts of the sources exist in Chinese; {texts} entries, none dead",
        sources.required.len()
    ));
}

/// A deliberate fault: the files of the catalogue, bent.
type Bend = fn(&mut Vec<(String, String)>);

#[test]
fn a_catalogue_with_a_fault_is_convicted() {
    let sources = Sources::of_the_house();
    let faults: [(&str, Bend); 8] = [
        ("an entry is missing", |files| drop_line(files, "no card is in the slot")),
        ("an entry with a placeholder is missing", |files| drop_line(files, "cannot write the result")),
        ("a placeholder is missing in the Chinese text", |files| {
            change(files, "'无法写出结果：{error}'", "'无法写出结果'");
        }),
        ("another placeholder in the Chinese text", |files| {
            change(files, "'无法写出结果：{error}'", "'无法写出结果：{other}'")
        }),
        ("the English text was changed in the source", |files| {
            change(files, "'cannot write the result: {error}'", "'cannot write a result: {error}'");
        }),
        ("the Chinese text keeps the way out to itself", |files| {
            change(files, "'调试探针 {=0} 已断开：是否被拔掉了？'", "'调试探针 {=0} 已断开'");
        }),
        ("an entry that no source has", |files| files[0].1.push_str("'what nobody says' = '没有人说'\n")),
        ("an entry stands twice", |files| {
            files[1].1.push_str("'cannot write the result: {error}' = '无法写出：{error}'\n")
        }),
    ];
    for (fault, bend) in faults {
        let mut files: Vec<(String, String)> =
            FILES.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        let before = files.clone();
        bend(&mut files);
        assert_ne!(files, before, "{fault}: nothing was changed");
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert!(!judge(&files, &sources).is_empty(), "{fault}: not found");
    }
    closing_line(&format!("languages: {0} of {0} deliberate faults of the catalogue convicted", faults.len()));
}

fn drop_line(files: &mut [(String, String)], begins: &str) {
    for (_, text) in files {
        let left: Vec<&str> =
            text.lines().filter(|line| !line.trim_start_matches(['\'', '"']).starts_with(begins)).collect();
        *text = format!("{}\n", left.join("\n"));
    }
}

fn change(files: &mut [(String, String)], from: &str, to: &str) {
    for (_, text) in files {
        *text = text.replace(from, to);
    }
}
