//! Whole worlds in which everything goes wrong (`qiyong chaos`): many are clean, two runs are the same to the byte, a failure is
//! shrunk and played again, and every deliberate fault is caught by the invariant that names it.

#[path = "chaos/bent.rs"]
mod bent;
#[path = "chaos/meddlers.rs"]
mod meddlers;
#[path = "chaos/mutants.rs"]
mod mutants;

use qiyong::worlds::{Many, play_many, play_plan};
use qiyong_sim::chaos::draw::{Size, plan, seed_of};
use qiyong_sim::chaos::invariant::Invariant;
use qiyong_sim::chaos::plan::Plan;
use qiyong_sim::chaos::play::Played;
use qiyong_sim::chaos::shrink::shrink;
use qiyong_sim::world::direct::Level;
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use mutants::{MUTANTS, Mutant};

/// So many worlds are played; `qiyong chaos --worlds` plays more.
const WORLDS: u64 = 2_000;
/// What the worlds come from.
const SEED: u64 = 20_260_302;

fn drawn(world: u64) -> Plan {
    plan(seed_of(SEED, world), Size::default())
}

/// docs/design.md §1, invariant 1, and the other five.
#[test]
fn worlds_in_which_everything_goes_wrong_break_no_invariant() {
    let many = Many { seed: SEED, from: 0, worlds: WORLDS, size: Size::default(), threads: None };
    let run = play_many(many, || {}).unwrap();
    let broken: Vec<_> = run.failures.iter().map(|failure| (failure.world, failure.broken.to_string())).collect();
    assert_eq!(broken, [], "seed {SEED}: `qiyong chaos --seed {SEED} --from WORLD --worlds 1 --film` shows it");
    let figures = &run.figures;
    println!("{figures:#?}");
    assert_eq!(figures.findings, 0, "the referee of the card line convicts nobody");
    let ends = ["power-at-moment", "power-at-byte", "till-killed", "centre-killed"];
    for word in ["link", "message", "byte", "character", "meanwhile", "partition"].into_iter().chain(ends) {
        assert!(figures.faults.get(word).copied().unwrap_or_default() > 10, "{word}: {:?}", figures.faults);
    }
    closing_line(&format!(
        "worlds without a broken invariant: {WORLDS}, with {} steps, {} sales, {} power cuts",
        figures.steps, figures.sales, figures.power_cuts
    ));
}

#[test]
fn two_runs_of_a_seed_are_the_same_to_the_byte() {
    for world in 0..3 {
        let [one, other] = [(); 2].map(|()| play_plan(&drawn(world), true).unwrap());
        assert_eq!(one.film, other.film);
        assert_eq!((one.hash, one.figures), (other.hash, other.figures));
        assert!(one.film.len() > 100, "{:?}", one.film);
    }
    // As many threads as one likes.
    let many = |threads| Many { seed: 1, from: 0, worlds: 4, size: Size::default(), threads: Some(threads) };
    let [one, two] = [1, 2].map(|threads| play_many(many(threads), || {}).unwrap().hash);
    assert_eq!(one, two);
    let other = Many { seed: 2, ..many(1) };
    assert_ne!(play_many(other, || {}).unwrap().hash, one);
}

#[test]
fn a_larger_world_is_clean_too() {
    // More terminals than there are keys that a watcher of one line remembers.
    let size = Size { terminals: 24, cards: 9, steps: 120, ..Size::default() };
    let played = play_plan(&plan(seed_of(SEED, 1), size), false).unwrap();
    assert_eq!(played.broken, None);
}

/// What is wrong in a mutant's own world is the mutant.
#[test]
fn the_worlds_of_mutants_are_clean_without_them() {
    for text in MUTANTS.iter().filter_map(|mutant| mutant.plan) {
        assert_eq!(play_plan(&Plan::parse(text).unwrap(), false).unwrap().broken, None);
    }
}

#[test]
fn a_world_of_two_hundred_terminals_is_clean_and_so_is_one_without_a_line() {
    let size = Size { terminals: 200, cards: 200, steps: 200, level: Level::Line };
    let played = play_plan(&plan(seed_of(SEED, 2), size), false).unwrap();
    assert_eq!(played.broken, None);
    let size = Size { level: Level::Apdu, ..Size::default() };
    let many = Many { seed: SEED, from: 0, worlds: 50, size, threads: None };
    let run = play_many(many, || {}).unwrap();
    assert_eq!(run.failures.len(), 0, "{:?}", run.failures.first());
    assert_eq!((run.figures.faults.get("character"), run.figures.faults.get("noise")), (None, None));
    let written = plan(3, size).text();
    assert_eq!(Plan::parse(&written).unwrap().level, Level::Apdu);
}

/// The first world of the first hundred in which this mutant is caught.
fn first_caught(mutant: &Mutant) -> Option<(Plan, Played)> {
    let own = mutant.plan.map(|text| Plan::parse(text).unwrap());
    let drawn = (0..if own.is_some() { 0 } else { 100 }).map(drawn);
    let mut all = own.into_iter().chain(drawn).map(|plan| (mutant.play(&plan, false), plan));
    all.find(|(played, _)| played.broken.is_some()).map(|(played, plan)| (plan, played))
}

/// A proof that cannot fail is none.
#[test]
fn every_mutant_is_caught_by_the_invariant_that_it_breaks() {
    let caught = in_parallel(MUTANTS, |mutant| {
        let (plan, played) = first_caught(mutant).expect("it goes free");
        let broken = played.broken.expect("it was found by that");
        assert_eq!(broken.invariant, mutant.breaks, "{broken}");
        (plan.seed, broken)
    });
    for (mutant, (_, broken)) in MUTANTS.iter().zip(&caught) {
        println!("{:<34} {}", mutant.name, broken);
    }
    let invariants = Invariant::ALL.iter().filter(|one| MUTANTS.iter().any(|mutant| mutant.breaks == **one));
    assert_eq!(invariants.count(), Invariant::ALL.len());
    closing_line(&format!("mutants of worlds caught: {0} of {0}", MUTANTS.len()));
}

#[test]
fn a_failure_is_shrunk_written_down_and_fails_again() {
    let mutant = MUTANTS.iter().find(|mutant| mutant.name == "says that it has reversed").unwrap();
    let (plan, played) = first_caught(mutant).unwrap();
    let invariant = played.broken.unwrap().invariant;
    let fails = |plan: &Plan| mutant.play(plan, false).broken.map(|broken| broken.invariant);
    let (small, runs) = shrink(plan.clone(), invariant, fails);
    println!("{} of {} steps are enough, found in {runs} runs:\n{}", small.steps.len(), plan.steps.len(), small.text());
    assert!(small.steps.len() <= 2, "{small:?}");
    let read = Plan::parse(&small.text()).unwrap();
    assert_eq!(read, small);
    let [one, other] = [&small, &read].map(|plan| mutant.play(plan, true));
    assert_eq!((one.hash, &one.film, &one.broken), (other.hash, &other.film, &other.broken));
    assert_eq!(one.broken.unwrap().invariant, invariant);
    // The film tells what happened.
    let told = |words: &str| one.film.iter().any(|line| line.contains(words));
    assert!(told("step") && told("screen: Insert card") && told("reverse transaction"), "{:#?}", one.film);
    // Without the mutant the same world is clean.
    assert_eq!(play_plan(&read, false).unwrap().broken, None);
}

/// Found by worlds: when the last byte of the end comes twice, the till has heard the end before the terminal has said it.
#[test]
fn the_last_byte_of_a_visit_may_come_twice() {
    let step = "[[step]]\nid = 8\nterminal = 0\ncard = 0\nasks = \"query\"\nfen = 2371\n[[step.trouble]]\n";
    let head = "seed = 779081444957647600\nterminals = 1\ncards = 1\n";
    let bytes: Vec<u64> = (380..500).collect();
    in_parallel(&bytes, |at| {
        let trouble = format!("what = \"byte\"\nto_till = true\nat = {at}\nfault = \"doubled\"\n");
        let plan = Plan::parse(&format!("{head}{step}{trouble}")).unwrap();
        assert_eq!(play_plan(&plan, false).unwrap().broken, None);
    });
}

/// Found by worlds: a cut while the terminal is set up, before the holder's turn, left the receipt of the visit before, and the auditor
/// took it for this one's.
#[test]
fn a_cut_before_the_holders_turn_leaves_no_receipt_of_the_visit_before() {
    let head = "seed = 5009955971884473086\nterminals = 3\ncards = 3\n";
    let step = |id, card| format!("[[step]]\nid = {id}\nterminal = 1\ncard = {card}\nasks = \"use\"\nfen = 16340\n");
    let bytes: Vec<u32> = (0..240).collect();
    in_parallel(&bytes, |byte| {
        let trouble = format!("[[step.trouble]]\nwhat = \"power-at-byte\"\nbyte = {byte}\n");
        let kind = "[[step.trouble]]\nwhat = \"link\"\nkind = \"unsendable\"\n";
        let plan = Plan::parse(&format!("{head}{}{}{trouble}{kind}", step(8, 1), step(10, 2))).unwrap();
        assert_eq!(play_plan(&plan, false).unwrap().broken, None);
    });
}

#[test]
fn a_file_that_is_no_plan_is_refused_with_the_reason() {
    let good = drawn(0).text();
    assert!(Plan::parse(&good).is_ok());
    let step = "[[step]]\nid = 1\nterminal = 0\ncard = 0\nasks = \"use\"\nfen = 1\n";
    let head = "seed = 1\nterminals = 1\ncards = 1\n";
    let trouble = |text: &str| format!("{head}{step}[[step.trouble]]\n{text}");
    for (text, says) in [
        ("seed = ".to_string(), "line 1"),
        ("seed = 1\nterminals = 0\ncards = 1\n".to_string(), "each be 1 to 200"),
        (format!("{head}{}", step.replace("card = 0", "card = 1")), "count from 0"),
        (format!("{head}{}", step.replace("fen = 1", "fen = 0")), "`fen` must be 1 to 100000"),
        (trouble("what = \"link\"\nkind = \"cut\""), "\"cut\" must be one of ok, down"),
        (trouble("what = \"earthquake\""), "unknown variant"),
        (trouble("what = \"meanwhile\"\nnumber = 1\nterminal = 0\ncard = 0"), "at another terminal"),
    ] {
        let error = Plan::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
