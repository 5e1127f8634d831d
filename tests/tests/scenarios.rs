//! The scenario files of `host-sim/scenarios`: all of them pass, and together they show every rule. What becomes of files
//! that are edited, or no scenarios, is in `edited`; how a run is told, in `told`.

mod edited;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use qiyong::in_process::play;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::document::DocumentKind;
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::habits::{ifs_word, procedure_word};
use qiyong_sim::card::contact::{Habits, Misbehaviour};
use qiyong_sim::line::PullDuring;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::stage::Played;
use qiyong_sim::serial::wire::ByteFault;
use qiyong_sim::time::CLOCK_HZ;
use qiyong_sim::world::visit::{CancelAt, LinkTrouble};
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::scenarios::{files, objects, root, run, stem};

/// Every file, read and played in this process.
fn played() -> Vec<(String, Scenario, Played)> {
    let play = |file: String| {
        let scenario = Scenario::load(&root().join(&file)).unwrap_or_else(|error| panic!("{error}"));
        let played = play(&scenario).unwrap_or_else(|error| panic!("{file}: {error}"));
        (file, scenario, played)
    };
    files().into_iter().map(play).collect()
}

// ---- the files of the folder

#[test]
fn every_file_passes_and_comes_out_the_same_twice() {
    let files = files();
    let options = [&["--json"][..], &["--json"], &[]];
    let [first, second, text] =
        in_parallel(&options, |options| run(root(), &files, options)).try_into().expect("three");
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""));
    let objects = objects(&first.stdout);
    assert_eq!(objects.len(), files.len(), "one object a file");
    for (file, object) in files.iter().zip(&objects) {
        assert_eq!((&object["file"], &object["passed"]), (&file.as_str().into(), &true.into()), "{object}");
        let scenario = Scenario::load(&root().join(file)).unwrap();
        let steps = object["steps"].as_array().unwrap();
        assert_eq!(steps.len(), scenario.steps.len(), "{file}");
        for step in steps {
            // `reason` is null if the step was approved; otherwise the reason tells the outcome.
            let outcome = match &step["reason"] {
                Value::Null => Outcome::Approved,
                reason => Reason::from_word(reason.as_str().unwrap()).unwrap().outcome(),
            };
            assert_eq!(step["outcome"], outcome.as_str(), "{file}: {step}");
            assert!(step["activated"].is_boolean(), "{file}: {step}");
            assert!(step["activated"] == false || outcome == Outcome::Approved, "{file}: {step}");
        }
        let names: BTreeSet<_> = object["cards"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, scenario.cards.iter().map(|card| card.name.as_str()).collect(), "{file}");
    }
    assert_eq!((second.code, second.stdout == first.stdout), (Some(0), true), "the same bytes");
    assert_eq!(text.code, Some(0));
    assert!(text.stdout.ends_with(&format!("{0} of {0} scenarios passed\n", files.len())), "{}", text.stdout);
}

/// The rows of the rule (docs/design.md §1): the file, each step as "approved" or the reason, and whether the step
/// activates.
#[rustfmt::skip]
const ROWS: &[(&str, &[(&str, bool)])] = &[
    ("rule-bank-application", &[("approved", true)]),
    ("rule-hospital-first-settlement", &[("approved", true)]),
    ("rule-pharmacy-first-purchase", &[("approved", true)]),
    ("rule-active-card-just-pays", &[("approved", false), ("approved", false)]),
    ("rule-bank-apply-on-active-card", &[("approved", false)]),
    ("rule-bank-completes-financial-account", &[("approved", true), ("approved", false), ("approved", false)]),
    ("rule-initial-pin-changed-in-the-same-visit",
        &[("approved", true), ("approved", true), ("approved", false), ("pin-wrong", false)]),
    ("rule-payment-refused-leaves-card-inactive",
        &[("insufficient-funds", false), ("approved", false), ("approved", true)]),
    ("rule-temporary-loss", &[
        ("card-lost", false), ("card-lost", false), ("card-lost", false), ("card-lost", false), ("approved", false),
    ]),
    ("rule-query", &[("approved", false); 9]),
];

/// Of the causes of docs/card.md §1.10, those of PIN entry.
#[test]
fn the_files_are_the_rule_book() {
    let played = played();
    let results = |name: &str| -> Vec<(&str, bool)> {
        let (_, _, played) = played.iter().find(|(file, _, _)| stem(file) == name).unwrap_or_else(|| panic!("{name}"));
        let reports = played.steps.iter().map(|step| &step.report);
        reports.map(|r| (r.reason.map_or("approved", Reason::as_str), r.effects.activates)).collect()
    };
    for (row, steps) in ROWS {
        assert_eq!(results(row), *steps, "{row}");
    }

    // Every reason has files of its own name, which show it.
    let mut shown = BTreeSet::new();
    for (file, _, _) in played.iter().filter(|(file, _, _)| stem(file) != "demo") {
        let name = stem(file);
        match name.strip_prefix("refused-") {
            None => assert!(name.starts_with("rule-"), "{file}: neither rule- nor refused-"),
            Some(name) => {
                let words = Reason::ALL.iter().map(|reason| reason.as_str());
                let begins = |word: &&str| name == *word || name.starts_with(&format!("{word}-"));
                let reason = words.filter(begins).max_by_key(|word| word.len());
                let reason = reason.unwrap_or_else(|| panic!("{file} names no reason"));
                let steps = results(stem(file));
                assert!(steps.contains(&(reason, false)), "{file}: no step ends with {reason}: {steps:?}");
                shown.insert(reason);
            }
        }
    }
    // No two terminals of a world have one name, and none asks for what its place does not offer: the tests in `two_tills`
    // and those of the centre have these.
    let unseen = [
        Reason::OperationNotHere,
        Reason::NameTaken,
        Reason::NotSignedIn,
        Reason::NumbersUsedUp,
        Reason::NumberReused,
        Reason::AlreadyReversed,
        Reason::Expired,
        Reason::UnknownTransaction,
        Reason::AlreadyConfirmed,
        Reason::JournalFull,
        Reason::BatchSettled,
        Reason::TotalsDiffer,
    ];
    let reasons = Reason::ALL.iter().filter(|reason| !unseen.contains(reason));
    assert_eq!(shown, reasons.map(|reason| reason.as_str()).collect());
}

/// Notes that `kind` was seen.
fn see<T: std::fmt::Debug>(seen: &mut BTreeMap<&'static str, BTreeSet<String>>, what: &'static str, kind: T) {
    seen.entry(what).or_default().insert(format!("{kind:?}"));
}

#[test]
fn every_kind_of_thing_occurs_in_some_file() {
    let mut seen = BTreeMap::new();
    for (_, scenario, played) in played() {
        for card in &scenario.cards {
            see(&mut seen, "status", card.known.status);
            see(&mut seen, "generation and convention", (card.new.generation, card.new.convention));
            card.misbehaviour.iter().for_each(|fault| see(&mut seen, "fault", fault));
            let Habits { pps, procedure, ifs, wtx, response_delay, .. } = card.habits;
            see(&mut seen, "pps", pps.word().split(':').next());
            see(&mut seen, "procedure", procedure_word(procedure));
            see(&mut seen, "ifs", ifs_word(ifs).split(':').next());
            see(&mut seen, "own time", (wtx.is_some(), response_delay > 0));
        }
        for (step, played) in scenario.steps.iter().zip(&played.steps) {
            see(&mut seen, "link", step.visit.trouble);
            for (_, fault) in step.visit.to_till.iter().chain(&step.visit.to_terminal) {
                see(&mut seen, "serial", fault);
            }
            step.visit.cancel.iter().for_each(|place| see(&mut seen, "cancel", place));
            step.visit.pull_during.iter().for_each(|during| see(&mut seen, "pull", during));
            if let Operation::Apply { document: Some(document) } = &step.operation
                && played.report.outcome == Outcome::Approved
            {
                see(&mut seen, "document", document.kind);
            }
            if let (true, Some(card)) = (played.report.effects.activates, step.card) {
                let channel = scenario.terminals[step.terminal].1.channel();
                see(&mut seen, "activation", (channel, scenario.cards[card].new.generation));
            }
        }
    }
    let mut all = BTreeMap::new();
    let pps = ["as-asked", "no-pps1", "pps1", "protocol", "wrong-pck", "silent", "unusable", "unusable-once"];
    pps.iter().for_each(|word| see(&mut all, "pps", Some(word)));
    ["all", "single", "mixed", "ack-when-empty"].iter().for_each(|word| see(&mut all, "procedure", word));
    ["ok", "silent", "other"].iter().for_each(|word| see(&mut all, "ifs", Some(word)));
    [(false, false), (false, true), (true, false)].iter().for_each(|kind| see(&mut all, "own time", kind));
    CardStatus::ALL.iter().for_each(|kind| see(&mut all, "status", kind));
    Misbehaviour::ALL.iter().for_each(|kind| see(&mut all, "fault", kind));
    LinkTrouble::WORDS.iter().for_each(|(_, kind)| see(&mut all, "link", kind));
    ByteFault::WORDS.iter().for_each(|(_, kind)| see(&mut all, "serial", kind));
    CancelAt::WORDS.iter().for_each(|(_, kind)| see(&mut all, "cancel", kind));
    PullDuring::WORDS.iter().for_each(|(_, kind)| see(&mut all, "pull", kind));
    DocumentKind::ALL.iter().for_each(|kind| see(&mut all, "document", kind));
    for generation in Generation::ALL {
        for convention in [Convention::Direct, Convention::Inverse] {
            see(&mut all, "generation and convention", (generation, convention));
        }
        Channel::ALL.iter().for_each(|channel| see(&mut all, "activation", (channel, generation)));
    }
    assert_eq!(seen, all);
}

#[test]
fn every_file_says_all_it_expects() {
    for file in files() {
        // The demo is written for people.
        if stem(&file) == "demo" {
            continue;
        }
        let scenario = Scenario::load(&root().join(&file)).unwrap();
        for (number, step) in (1..).zip(&scenario.steps) {
            let expect = step.expect;
            assert!(expect.outcome.is_some() && expect.activated.is_some(), "{file}: step {number}");
            assert!(expect.reason.is_some() || expect.outcome == Some(Outcome::Approved), "{file}: step {number}");
        }
        let cards: Vec<usize> = scenario.expected_cards.iter().map(|(card, _)| *card).collect();
        assert_eq!(cards, (0..scenario.cards.len()).collect::<Vec<_>>(), "{file}: every card is expected");
        for (card, expected) in &scenario.expected_cards {
            let record = expected.status.is_some() && expected.social.is_some() && expected.financial.is_some();
            let card = &scenario.cards[*card];
            assert!(record || !card.registered && expected.pin_tries_left.is_some(), "{file}: card {}", card.name);
        }
    }
}

/// docs/design.md §1, judged by the centre's records before and after each step, whatever the file expects.
#[test]
fn no_step_of_any_file_breaks_the_rule() {
    for (file, scenario, played) in played() {
        // If a reversal is to be sent, a step may undo an earlier one.
        let left_due = [
            LinkTrouble::AnswerAndReversalsLost,
            LinkTrouble::AnswerLostThenBusy,
            LinkTrouble::AnswerLostThenRegionDown,
        ];
        let overdue = scenario.steps.iter().any(|step| left_due.contains(&step.visit.trouble));
        for (number, (step, played)) in (1..).zip(scenario.steps.iter().zip(&played.steps)) {
            let at = format!("{file}: step {number}");
            let report = &played.report;

            let cycles = |event: Option<&(u64, _)>| event.map_or(0, |(cycle, _)| *cycle);
            let seconds = (cycles(played.events.last()) - cycles(played.events.first())) / CLOCK_HZ;
            // A PIN pad or a link that stays silent costs a minute each time; a card costs much less.
            let bound = if report.reason == Some(Reason::CardUnreadable) { 25 } else { 600 };
            assert!(seconds <= bound, "{at}: {seconds} s");

            let (Some(before), Some(after)) = (&played.before, &played.after) else {
                continue;
            };
            let effects = report.effects;
            if overdue {
                continue;
            }
            if effects.activates {
                assert_eq!((before.status, after.status), (CardStatus::Inactive, CardStatus::Active), "{at}");
                assert!(!before.social && after.social, "{at}");
            }
            if !effects.activates {
                assert_eq!((before.status, before.social), (after.status, after.social), "{at}");
            }
            let channel = scenario.terminals[step.terminal].1.channel();
            assert_eq!(effects.activates_financial, !before.financial && after.financial, "{at}");
            assert!(!effects.activates_financial || channel == Channel::Bank, "{at}");
            let approved = report.outcome == Outcome::Approved;
            assert!(approved || effects == Default::default(), "{at}: {effects:?}");
            let share = match &step.operation {
                Operation::Settle(bill) | Operation::Purchase(bill) if approved => bill.share().0,
                _ => 0,
            };
            assert_eq!((effects.charge.0, before.account.0 - after.account.0), (share, share), "{at}");
        }
    }
}

// ---- files that expect otherwise, and files that are no scenarios
