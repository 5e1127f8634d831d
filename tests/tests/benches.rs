//! The scenario files end alike on both benches: simulated, and emulated with the flashable image in QEMU
//! (docs/design.md §2, one terminal on every bench).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use qiyong_tests::image;
use qiyong_tests::parallel::in_parallel_on;
use qiyong_tests::scenarios::{FOLDER, Ran, files, objects, root, run, stem};

/// Files that are not for the emulated bench, whose card line carries whole bytes without parity, and whose storage
/// does not wear out.
const NOT_EMULATED: [(&str, &str); 12] = [
    ("rule-card-any-atr-inverse", "inverse convention"),
    ("demo", "inverse convention"),
    ("refused-card-unreadable-character-twice", "disturbs characters"),
    ("refused-card-unreadable-line-faults", "disturbs characters"),
    ("refused-no-answer-damaged-frames", "disturbs bytes"),
    ("refused-storage-failed", "storage is worn"),
    ("rule-card-v1-inverse-convention", "inverse convention"),
    ("rule-card-v2-inverse-convention", "inverse convention"),
    ("rule-card-v3-inverse-convention", "inverse convention"),
    ("rule-line-damaged-characters-are-repeated", "disturbs characters"),
    ("rule-line-nobody-is-blamed", "disturbs characters"),
    ("rule-line-the-till-repeats-what-is-lost", "disturbs bytes"),
];

/// How many boards run at the same time: a board mostly waits for its own clock, and other tests run at the same time.
const BOARDS: usize = 2;
/// How many files a process gets: few, so that the boards end at about the same time.
const SHARE: usize = 3;

fn emulated(folder: &Path, files: &[String], options: &[&str]) -> Ran {
    let elf = image();
    let elf = elf.to_str().expect("a path in UTF-8");
    run(folder, files, &[&["--bench", "emulated", "--elf", elf], options].concat())
}

/// The objects of a run without errors, by file.
fn by_file(ran: &Ran) -> BTreeMap<String, Value> {
    let objects = objects(&ran.stdout);
    let amiss: Vec<_> = objects.iter().filter(|object| object["passed"] == false).collect();
    assert_eq!((ran.code, ran.stderr.as_str(), amiss), (Some(0), "", Vec::new()));
    objects.into_iter().map(|object| (object["file"].as_str().unwrap().to_string(), object)).collect()
}

/// By how many µs a visit's time may differ between the benches. CLK, the till's rate, the supply's time to settle and the moment
/// at which a receiver gives up are the same, and what happens on the card line has the same distances to the µs. But the
/// terminal takes a byte of the till at its next tick, of 1 ms, and what starts the ticks (the cancel key, the panel, the time that
/// a divider of 138 gives to what it sends) is the board's own: each frame to the terminal comes up to 1 ms sooner or later. A
/// visit waits for up to five of them. Measured: 1.4 ms.
const FRAMES_US: u64 = 5_000;

/// Takes the times that the visits took out of a report, in µs.
fn durations(object: &mut Value) -> Vec<u64> {
    let steps = object["steps"].as_array_mut().unwrap().iter_mut();
    let took = |step: &mut Value| step.as_object_mut().unwrap().remove("took_us").as_ref().and_then(Value::as_u64);
    steps.map(|step| took(step).expect("a time")).collect()
}

/// Takes the times of the activations at the centre out of a report, in seconds of the day.
fn times(object: &mut Value) -> Vec<u64> {
    let mut times = Vec::new();
    for card in object["cards"].as_object_mut().unwrap().values_mut() {
        for activation in card["activations"].as_array_mut().unwrap() {
            let time = activation.as_object_mut().unwrap().remove("time");
            let time = time.as_ref().and_then(Value::as_str).and_then(|time| time.get(11..)).expect("a time of day");
            times.push(time.split(':').fold(0, |all, part| all * 60 + part.parse::<u64>().expect("a number")));
        }
    }
    times
}

#[test]
fn two_runs_on_the_emulated_bench_are_the_same_times_included() {
    let names = ["refused-card-removed-after-the-new-pin", "refused-no-answer-answer-lost", "rule-card-v1-over-t1"];
    let files = names.map(|name| format!("{FOLDER}/{name}.toml"));
    let runs = in_parallel_on(2, &[1, 2], |_| emulated(root(), &files, &["--json"]));
    assert_eq!((runs[0].code, &runs[0].stdout), (Some(0), &runs[1].stdout));
}

#[test]
fn every_scenario_comes_out_the_same_on_both_benches() {
    let files = files();
    let shares: Vec<&[String]> = files.chunks(SHARE).collect();
    let runs = in_parallel_on(BOARDS, &shares, |files| by_file(&emulated(root(), files, &["--json"])));
    let mut simulated = by_file(&run(root(), &files, &["--json"]));
    let mut skipped = BTreeSet::new();
    for (file, emulated) in runs.into_iter().flatten() {
        let (mut simulated, mut emulated) = (simulated.remove(&file).expect("the same files"), emulated);
        let Some(why) = emulated["skipped"].as_str().map(String::from) else {
            let moments = [times(&mut simulated), times(&mut emulated)];
            let took = [durations(&mut simulated), durations(&mut emulated)];
            assert_eq!(simulated, emulated, "{file}");
            let near = |[one, other]: &[Vec<u64>; 2], most| {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.abs_diff(*other) <= most)
            };
            assert!(near(&took, FRAMES_US), "{file}: visits took {took:?} us");
            // A whole second may end between the two.
            assert!(near(&moments, 1), "{file}: activations at {moments:?}");
            continue;
        };
        let known = NOT_EMULATED.iter().find(|(name, _)| *name == stem(&file));
        assert!(known.is_some_and(|(_, words)| why.contains(words)), "{file}: {why}");
        assert_eq!(
            (&emulated["passed"], emulated["steps"].as_array().map(Vec::len)),
            (&Value::Null, Some(0)),
            "{file}"
        );
        skipped.insert(stem(&file).to_string());
    }
    assert!(simulated.is_empty(), "{:?}", simulated.keys());
    assert_eq!(skipped, NOT_EMULATED.map(|(name, _)| name.to_string()).into());
    let readme = std::fs::read_to_string(root().join(FOLDER).join("README.md")).unwrap();
    for (name, _) in NOT_EMULATED {
        assert!(readme.contains(&format!("`{name}`")), "{name} stands in the README");
    }
}

#[test]
fn a_pull_that_never_came_is_a_difference_on_both_benches() {
    let folder = TempDir::new().unwrap();
    let text = std::fs::read_to_string(root().join(FOLDER).join("rule-pharmacy-first-purchase.toml")).unwrap();
    // Nobody asks for a new PIN.
    let known = text.replace("pin_is_initial = true", "pin_is_initial = false").replace("new_pin = \"271828\"\n", "");
    let cases = [
        (&text, "pull_at = 90000", "nothing came of what was to go wrong at character 90000 (Pull)"),
        (&known, "pull_during = \"new-pin\"", "`pull_during` never came to its moment"),
        (&known, "pull_during = \"new-pin-taken\"", "`pull_during` never came to its moment"),
    ];
    for (text, key, words) in cases {
        let bent = text.replace("[[step]]\n", &format!("[[step]]\n{key}\n"));
        std::fs::write(folder.path().join("bent.toml"), bent).unwrap();
        let files = ["bent.toml".to_string()];
        let told = [run(folder.path(), &files, &["--json"]), emulated(folder.path(), &files, &["--json"])]
            .map(|ran| (ran.code, objects(&ran.stdout)[0]["differences"].clone()));
        assert_eq!((told[0].0, &told[0]), (Some(1), &told[1]), "{key}");
        assert!(told[0].1[0].as_str().is_some_and(|told| told.contains(words)), "{told:?}");
    }
}

#[test]
fn people_are_told_what_is_not_for_the_bench_and_what_does_not_go_together() {
    let file = |name: &str| format!("{FOLDER}/{name}.toml");
    let ran = emulated(root(), &[file("rule-card-v2-inverse-convention"), file("rule-pharmacy-first-purchase")], &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    let lines: Vec<_> = ran.stdout.lines().collect();
    let [skipped, passed, sum] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(skipped.starts_with("skip  ") && skipped.contains("not for this bench: card \"zhao\" is in inverse"));
    assert!(passed.starts_with("ok    "), "{passed}");
    assert_eq!(*sum, "1 of 2 scenarios passed, 1 not for this bench");

    let folder = TempDir::new().unwrap();
    let here = folder.path().to_str().unwrap();
    let refused = |options: &[&str], words: &str| {
        let ran = run(root(), &[file("rule-pharmacy-first-purchase")], options);
        assert_eq!(ran.code, Some(2), "{options:?} {}", ran.stdout);
        assert!(ran.stderr.contains(words), "{options:?}: {}", ran.stderr);
    };
    refused(&["--bench", "emulated", "--capture", here], "--capture records the simulated card line");
    refused(&["--elf", here], "--elf goes with --bench emulated");
    refused(&["--bench", "emulated", "--elf", "none"], "cargo xtask firmware");
    refused(&["--bench", "real"], "possible values: simulated, emulated");
}

#[test]
fn a_scenario_that_comes_out_otherwise_than_expected_fails_on_the_emulated_bench_too() {
    let folder = TempDir::new().unwrap();
    let text = std::fs::read_to_string(root().join(FOLDER).join("rule-pharmacy-first-purchase.toml")).unwrap();
    let bent = text.replace("activated = true", "activated = false");
    assert_ne!(bent, text);
    std::fs::write(folder.path().join("bent.toml"), bent).unwrap();
    let ran = emulated(folder.path(), &["bent.toml".into()], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.contains("step 1: activated should be false, but is true"), "{}", ran.stdout);
}
