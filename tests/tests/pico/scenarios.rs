//! Scenarios on the Pico's image end as in a simulated world: those that the other emulated board cannot play, and of the others one of
//! each kind. With `QIYONG_PICO_SCENARIOS=all` in the environment every file is played, which takes some five minutes of a core.

use std::env::var;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use qiyong_tests::parallel::in_parallel_on;
use qiyong_tests::pico_image;
use qiyong_tests::scenarios::{FOLDER, Ran, files, objects, root, run, stem};

/// What is told otherwise here: the file, the key, and why.
const OTHERWISE: [(&str, &str, &str); 1] =
    [("refused-card-unreadable-line-faults", "cause", "the board has nothing that tells it of a short circuit")];

/// What is played in each run of the tests.
const SOME: [&str; 19] = [
    "refused-card-removed-at-the-pin",
    "refused-card-unreadable-any-atr",
    "refused-card-unreadable-character-twice",
    "refused-card-unreadable-line-faults",
    "refused-card-unreadable-null-forever",
    "refused-card-unreadable-rubbish-atr",
    "refused-cancelled-by-operator-at-card",
    "refused-no-answer-damaged-frames",
    "refused-storage-failed",
    "rule-bank-application",
    "rule-card-any-atr-inverse",
    "rule-card-v1-inverse-convention",
    "rule-card-v2-inverse-convention",
    "rule-card-v3-inverse-convention",
    "rule-hospital-first-settlement",
    "rule-line-damaged-characters-are-repeated",
    "rule-line-nobody-is-blamed",
    "rule-line-the-till-repeats-what-is-lost",
    "rule-link-an-answer-said-twice-counts-once",
];

fn emulated(files: &[String], options: &[&str]) -> Ran {
    let elf = pico_image(false);
    let elf = elf.to_str().expect("a path in UTF-8");
    run(root(), files, &[&["--bench", "emulated", "--board", "pico", "--elf", elf], options].concat())
}

/// Takes out of a report what depends on time, and this key of each step.
fn timeless(mut object: Value, otherwise: Option<&str>) -> Value {
    for step in object["steps"].as_array_mut().unwrap() {
        let step = step.as_object_mut().unwrap();
        ["took_us"].into_iter().chain(otherwise).for_each(|key| drop(step.remove(key)));
    }
    for card in object["cards"].as_object_mut().unwrap().values_mut() {
        for activation in card["activations"].as_array_mut().unwrap() {
            activation.as_object_mut().unwrap().remove("time");
        }
    }
    object
}

/// Plays these on both benches, and compares all that is told of them but the times.
fn same_on_both(files: &[String]) {
    let shares: Vec<&[String]> = files.chunks(2).collect();
    let runs = in_parallel_on(2, &shares, |files| {
        let [here, there] = [emulated(files, &["--json"]), run(root(), files, &["--json"])];
        assert_eq!((here.code, here.stderr.as_str()), (Some(0), ""), "{}", here.stdout);
        objects(&here.stdout).into_iter().zip(objects(&there.stdout)).collect::<Vec<_>>()
    });
    for (here, there) in runs.into_iter().flatten() {
        let file = there["file"].as_str().expect("a file").to_string();
        assert!(here["skipped"].is_null(), "{file}: {here}");
        let otherwise = OTHERWISE.iter().find(|(name, ..)| *name == stem(&file)).map(|(_, key, _)| *key);
        let [here, there] = [here, there].map(|object| timeless(object, otherwise));
        assert_eq!(here, there, "{file}");
    }
}

#[test]
fn some_of_each_kind_come_out_the_same_as_simulated() {
    if var("QIYONG_PICO_SCENARIOS").is_ok_and(|which| which == "all") {
        return same_on_both(&files());
    }
    let some: Vec<_> = files().into_iter().filter(|file| SOME.contains(&stem(file))).collect();
    assert_eq!(some.len(), SOME.len());
    same_on_both(&some);
}

#[test]
fn what_does_not_go_together_is_told() {
    let file = [format!("{FOLDER}/rule-pharmacy-first-purchase.toml")];
    let ran = run(root(), &file, &["--board", "pico"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--board goes with --bench emulated"), "{}", ran.stderr);
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(root().join(&file[0])).unwrap().replace("activated = true", "activated = false");
    fs::write(folder.path().join("bent.toml"), text).unwrap();
    let bent = folder.path().join("bent.toml").to_str().unwrap().to_string();
    let ran = emulated(&[bent], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.contains("step 1: activated should be false, but is true"), "{}", ran.stdout);
}
