//! The language of the program: whatever it says exists in Chinese, and says the same.
//!
//! `sources` reads every text of the sources that people may see, `judge` compares them with the catalogue in
//! `host-sim/src/lang/zh`, and `spoken` runs the program in both languages.

mod judge;
mod literals;
mod sources;
mod spoken;
mod ways;

use qiyong::lang::{Catalogue, FILES};
use qiyong_tests::closing::closing_line;

use judge::judge;
use sources::{ErrorText, Sources};
use ways::{Around, Count, Excuses, Inside, names_a_way_out};

#[test]
fn whatever_the_program_says_exists_in_chinese() {
    let sources = Sources::of_the_house();
    let wrong = judge(&FILES, &sources);
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
    let texts = Catalogue::keys(&FILES).len();
    closing_line(&format!(
        "languages: {} texts of the sources exist in Chinese; {texts} entries, none dead",
        sources.required.len()
    ));
}

#[test]
fn every_error_names_the_way_out() {
    let Count { errors, complaints, excused } = ways::judge(&Sources::of_the_house(), &Excuses::ours())
        .unwrap_or_else(|wrong| panic!("{} texts:\n{}", wrong.len(), wrong.join("\n")));
    closing_line(&format!(
        "languages: {errors} texts of errors and {complaints} complaints of the program name cause and way out, in both; {excused} of \
         them by the words around or in them"
    ));
}

/// A deliberate fault: the sources and the excuses, bent.
type BentExcuse = fn(&mut Sources, &mut Excuses);

#[test]
fn an_error_without_a_way_out_is_convicted_and_so_is_a_poor_excuse() {
    let faults: [(&str, BentExcuse); 9] = [
        ("an error names the cause alone", |sources, _| error_of(sources, "the valve is stuck", "ValveError")),
        ("an error guesses at the cause", |sources, _| error_of(sources, "it must have been cut off", "ValveError")),
        ("an error tells what the program does", |sources, _| {
            error_of(sources, "a name that ends the run", "ValveError")
        }),
        ("the program complains of the cause alone", |sources, _| {
            sources.complaints.insert("the valve is stuck".into(), "host-sim/src/valve.rs:1".into());
        }),
        ("a text of an enum around which nobody says more", |sources, _| {
            error_of(sources, "the valve is stuck", "ImageFault");
        }),
        ("an excuse by a text that names none", |_, excuses| excuses.inside[0].told_in = "is cut off or damaged: {0}"),
        ("an excuse by a text that nobody says", |_, excuses| excuses.inside[0].told_in = "it is stuck: restore it"),
        ("an excuse that excuses nothing", |sources, excuses| {
            error_of(sources, "the valve is stuck: take it out", "ValveError");
            let told_in = excuses.inside[1].told_in;
            excuses.inside.push(Inside { file: "host-sim/src/valve.rs", item: "ValveError", told_in });
        }),
        ("an excuse by an error that names none", |_, excuses| {
            excuses.around[0] = Around { item: "Damage", ..excuses.around[0] };
        }),
    ];
    let house = Sources::of_the_house();
    for (fault, bend) in faults {
        let (mut sources, mut excuses) = (house.clone(), Excuses::ours());
        bend(&mut sources, &mut excuses);
        assert!(ways::judge(&sources, &excuses).is_err(), "{fault}: not found");
    }
    closing_line(&format!("languages: {0} of {0} deliberate faults of ways out convicted", faults.len()));
}

/// An error of a source that there is not.
fn error_of(sources: &mut Sources, text: &str, item: &str) {
    sources.errors.insert(ErrorText { text: text.into(), item: item.into(), at: "host-sim/src/valve.rs:1".into() });
}

#[test]
fn what_describes_a_failure_is_no_way_out() {
    for cause in [
        "QEMU closed its lines",
        "`{key}` is more than {0} fen",
        "{left} of the `pin` were never keyed",
        "the name of its owner, the date and the end are missing",
        "it is damaged: its parts do not fit together ({0})",
        "nothing is under way to it: the visit never ends",
        "the reader does not offer what there is",
        "there are none",
        "it must have been cut off",
    ] {
        assert!(!names_a_way_out(cause), "{cause}");
    }
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
            change(files, "'无法写出结果：{error}；", "'无法写出结果；");
        }),
        ("another placeholder in the Chinese text", |files| {
            change(files, "'无法写出结果：{error}；", "'无法写出结果：{other}；")
        }),
        ("the English text was changed in the source", |files| {
            change(files, "'cannot write the result: {error};", "'cannot write a result: {error};");
        }),
        ("the Chinese text keeps the way out to itself", |files| {
            change(files, "'调试探针 {=0} 已断开：是否被拔掉了？'", "'调试探针 {=0} 已断开'");
        }),
        ("an entry that no source has", |files| files[0].1.push_str("'what nobody says' = '没有人说'\n")),
        ("an entry stands twice", |files| {
            files[1].1.push_str(
                "'cannot write the result: {error}; check that where it goes has room' = '无法写出：{error}；请检查'\n",
            )
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
