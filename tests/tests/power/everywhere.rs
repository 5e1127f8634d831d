//! Power cuts everywhere, on the three channels and in an ordinary purchase: at each moment at which the terminal
//! waits, each message, each command to the card, each character on the card line, and each byte of the flash; and then
//! once more in the visit after that, wherever it goes.
//!
//! A terminal without power is its flash. So two cuts that leave the same flash, card and centre have the same future,
//! and one recovery is played for both: `left` is how many different states there are. What a cut leaves is noted at
//! each point of a visit that is not cut, and a visit that is cut must leave just that, or the numbers here would mean
//! nothing. What a cut leaves in the middle of a byte is not known without it, so that each of these is made.
//!
//! Recoveries that go the same way, point by point, differ in what lies in places of the flash that nobody reads.
//! Second cuts are made in one recovery of each way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use super::fuse::{Cut, Point};
use super::judge::Broken;
use super::mutants::{EVERYWHERE, Mutant, Wrong};
use super::place::{Errand, Left, Place};

/// With this variable in the environment every first cut is made, and one in so many of the second cuts in the flash.
/// Otherwise, by their position, one in so many of some kinds. Second cuts elsewhere are made once for each state that
/// they leave, in either case.
const ONE_IN: &str = "QIYONG_CUTS_ONE_IN";

/// One in so many cuts of a kind is made: the first ones, and the second ones in the flash.
fn stride(kind: Point, is_first: bool) -> u64 {
    let asked = env::var(ONE_IN).ok().map(|number| number.parse().expect("a number of cuts"));
    match (kind, is_first) {
        (Point::Flash, false) => asked.unwrap_or(151),
        _ if asked.is_some() => 1,
        (Point::Message | Point::Apdu, _) => 1,
        (Point::Wait | Point::Character | Point::Flash, _) => 7,
    }
}

/// A visit that was watched.
struct Run {
    /// The state that a cut leaves at each point, but within bytes of the flash.
    points: Vec<(Cut, u64)>,
    /// How many bytes were written or erased, the start included.
    bytes: u64,
    /// A number for the way it went.
    way: u64,
}

impl Run {
    /// How many points of a kind there are.
    fn count(&self, kind: Point) -> u64 {
        match kind {
            Point::Flash => self.bytes,
            _ => self.points.iter().filter(|(cut, _)| cut.kind == kind).count() as u64,
        }
    }

    /// The cuts of a kind that are made, and what each must leave, as far as that is known.
    fn cuts(&self, kind: Point, stride: u64) -> Vec<(Cut, Option<u64>)> {
        let known = self.points.iter().filter(|(cut, _)| cut.kind == kind).map(|(cut, left)| (*cut, Some(*left)));
        let torn = (0..self.bytes).map(|at| (Cut { kind, at }, None));
        let every = |(cut, _): &(Cut, _)| cut.at.is_multiple_of(stride);
        match kind {
            Point::Flash => torn.filter(every).collect(),
            _ => known.filter(every).collect(),
        }
    }

    /// One point for each state that a cut leaves.
    fn different(&self) -> BTreeMap<u64, Cut> {
        self.points.iter().rev().map(|(cut, left)| (*left, *cut)).collect()
    }
}

/// A number for what a cut leaves.
fn left(state: &Left) -> u64 {
    let mut left = DefaultHasher::new();
    (state.bytes(), state.around()).hash(&mut left);
    left.finish()
}

/// Watches what a place does.
fn watch(place: &Place, does: impl FnOnce(&Place)) -> Run {
    let state = place.state();
    let begin = place.flash.work();
    let seen = Rc::new(RefCell::new((Vec::new(), DefaultHasher::new())));
    let (noted, mut passed, mut flash) = (seen.clone(), [0; 5], (u64::MAX, 0));
    place.fuse.begin(None);
    place.fuse.record(Some(Box::new(move |kind| {
        let work = state.flash.work() - begin;
        if flash.0 != work {
            flash = (work, state.bytes());
        }
        let around = state.around();
        let mut left = DefaultHasher::new();
        (flash.1, around).hash(&mut left);
        let at: u64 = passed[kind as usize];
        passed[kind as usize] += 1;
        let (points, way) = &mut *noted.borrow_mut();
        points.push((Cut { kind, at }, left.finish()));
        (kind, around, work).hash(way);
    })));
    does(place);
    place.fuse.record(None);
    let bytes = place.flash.work() - begin;
    let (points, way) = seen.take();
    Run { points, bytes, way: way.finish() }
}

/// A place whose flash begins a page in the next visit.
fn place(errand: Errand, seed: u64) -> Place {
    let place = Place::of(errand, seed);
    place.begin_a_page();
    place
}

/// The place after this cut, with a flash whose torn bytes depend on the cut.
fn cut_at(errand: Errand, cut: Cut) -> Place {
    let place = place(errand, cut.at);
    place.visit(|| place.store(), Some(cut));
    place
}

#[derive(Default)]
struct Counts {
    /// Points, and cuts that were made there.
    points: [u64; 5],
    made: [u64; 5],
    /// How many different states were left, all of which were recovered from.
    left: usize,
    /// Ways of recoveries.
    ways: usize,
}

impl Counts {
    fn row(&self, table: &mut String, errand: Errand, which: &str) {
        let _ = write!(table, "{:<9} {which:<6}", format!("{errand:?}"));
        for kind in Point::ALL {
            let (points, made) = (self.points[kind as usize], self.made[kind as usize]);
            let _ = write!(table, " {:>14}", format!("{made}/{points}"));
        }
        let _ = writeln!(table, " {:>6} {:>5}", self.left, self.ways);
    }
}

/// docs/design.md §1, invariants 1, 2, 3 and 6.
#[test]
fn power_may_fail_everywhere_and_anywhere_again() {
    let whole = Errand::ALL
        .map(|errand| (errand, watch(&place(errand, 0), |place| assert!(place.visit(|| place.store(), None)))));
    let mut cases = Vec::new();
    for (errand, run) in &whole {
        for kind in Point::ALL {
            cases.extend(run.cuts(kind, stride(kind, true)).into_iter().map(|(cut, left)| (*errand, cut, left)));
        }
    }
    let states = in_parallel(&cases, |&(errand, cut, expected)| {
        let left = left(&cut_at(errand, cut).state());
        assert!(expected.is_none_or(|expected| expected == left), "what is left is not what was there");
        left
    });
    let mut first: BTreeMap<Errand, Counts> = BTreeMap::new();
    let mut different: BTreeMap<(Errand, u64), Cut> = BTreeMap::new();
    for (errand, run) in &whole {
        first.entry(*errand).or_default().points = Point::ALL.map(|kind| run.count(kind));
        different.extend(run.different().into_iter().map(|(left, cut)| ((*errand, left), cut)));
    }
    for ((errand, cut, _), left) in cases.iter().zip(states) {
        first.entry(*errand).or_default().made[cut.kind as usize] += 1;
        different.entry((*errand, left)).or_insert(*cut);
    }
    let recoveries: Vec<(Errand, Cut)> = different.iter().map(|((errand, _), cut)| (*errand, *cut)).collect();
    let runs = in_parallel(&recoveries, |&(errand, cut)| {
        let place = cut_at(errand, cut);
        watch(&place, |place| place.settle(|| place.store()).unwrap_or_else(|broken| panic!("{broken}")))
    });
    let mut ways: BTreeMap<(Errand, u64), (Cut, Run)> = BTreeMap::new();
    for ((errand, cut), run) in recoveries.into_iter().zip(runs) {
        first.entry(errand).or_default().left += 1;
        ways.entry((errand, run.way)).or_insert((cut, run));
    }
    let second = second_cuts(&ways);
    let header = ["wait", "message", "apdu", "character", "flash"].map(|kind| format!(" {kind:>14}")).concat();
    let mut table = format!("made/points     {header}   left  ways\n");
    let mut sum = 0;
    for errand in Errand::ALL {
        for (counts, which) in [(&first, "first"), (&second, "second")] {
            let counts = &counts[&errand];
            counts.row(&mut table, errand, which);
            sum += counts.made.iter().sum::<u64>();
        }
    }
    println!("{table}");
    closing_line(&format!("power cuts: {sum} made"));
}

/// A second cut in each way of recovering: at each point that leaves another state, and in the bytes of the flash.
fn second_cuts(ways: &BTreeMap<(Errand, u64), (Cut, Run)>) -> BTreeMap<Errand, Counts> {
    let mut counted: BTreeMap<Errand, Counts> = BTreeMap::new();
    let mut cases = Vec::new();
    for ((errand, _), (first, run)) in ways {
        let counts = counted.entry(*errand).or_default();
        counts.ways += 1;
        for kind in Point::ALL {
            counts.points[kind as usize] += run.count(kind);
        }
        cases.extend(run.different().into_iter().map(|(left, cut)| (*errand, *first, cut, Some(left))));
        let torn = run.cuts(Point::Flash, stride(Point::Flash, false)).into_iter();
        cases.extend(torn.map(|(cut, left)| (*errand, *first, cut, left)));
    }
    in_parallel(&cases, |&(errand, first, second, expected)| {
        let place = cut_at(errand, first);
        place.visit(|| place.store(), Some(second));
        let left = left(&place.state());
        assert!(expected.is_none_or(|expected| expected == left), "what is left is not what was there");
        place.settle(|| place.store()).unwrap_or_else(|broken| panic!("{broken}"));
    });
    for (errand, _, cut, _) in cases {
        let counts = counted.entry(errand).or_default();
        counts.made[cut.kind as usize] += 1;
        counts.left += 1;
    }
    counted
}

/// A place at which something is wrong: the memory, or what the centre says of initial PINs. Served with these cuts,
/// and judged.
fn judged(errand: Errand, wrong: Option<Faulty>, cuts: &[Cut]) -> Result<(), Broken> {
    let (memory, knows) = match wrong {
        None => (None, errand.replaces_pin()),
        Some(Faulty::Memory(kind)) => (Some(kind), errand.replaces_pin()),
        Some(Faulty::AsksForAPinAgain) => (None, false),
    };
    let place = Place::where_everybody_knows(knows, errand, cuts.first().map_or(0, |cut| cut.at));
    place.begin_a_page();
    let store = || Mutant { memory: place.store(), kind: memory, hidden: None, cuts: place.cuts.get() };
    for cut in cuts {
        place.visit(store, Some(*cut));
    }
    place.settle(store)
}

#[derive(Clone, Copy, Debug)]
enum Faulty {
    Memory(Wrong),
    /// The centre does not know that everybody knows the initial PIN, so that a card with a new one cannot be told from
    /// it.
    AsksForAPinAgain,
}

/// A proof that cannot fail is none: each of these is convicted of the invariant that it breaks, by a cut here or by a
/// second one.
#[test]
fn every_mutant_is_convicted_by_a_cut_somewhere() {
    let mut cases: Vec<(Errand, Vec<Cut>)> = Vec::new();
    for errand in [Errand::Pharmacy, Errand::Bank] {
        cases.push((errand, Vec::new()));
        let run = watch(&place(errand, 0), |place| assert!(place.visit(|| place.store(), None)));
        let torn = run.cuts(Point::Flash, 241).into_iter().map(|(cut, _)| cut);
        for cut in run.different().into_values().chain(torn) {
            // The second cut comes before anything is recovered.
            let at_once = Cut { kind: Point::Wait, at: 9 };
            cases.extend([(errand, vec![cut]), (errand, vec![cut, at_once])]);
        }
    }
    let memories = EVERYWHERE.map(|(kind, invariant)| (Some(Faulty::Memory(kind)), invariant));
    let all = [(None, 0), (Some(Faulty::AsksForAPinAgain), 3)].into_iter().chain(memories);
    let mut caught = 0;
    for (wrong, invariant) in all {
        let verdicts = in_parallel(&cases, |(errand, cuts)| judged(*errand, wrong, cuts).err());
        let broken: Vec<u8> = verdicts.into_iter().flatten().map(|broken| broken.invariant).collect();
        let convicted = broken.iter().filter(|number| **number == invariant).count();
        let name = wrong.map_or("as it is".to_string(), |wrong| format!("{wrong:?}"));
        println!(
            "{name:<36} invariant {invariant}: {convicted:>3} of {} cases, others {}",
            cases.len(),
            broken.len() - convicted
        );
        assert_eq!(wrong.is_some(), convicted > 0, "{name}: {broken:?}");
        assert!(wrong.is_some() || broken.is_empty(), "{name}: {broken:?}");
        caught += usize::from(wrong.is_some());
    }
    closing_line(&format!("mutants of cuts everywhere caught: {caught} of {}", EVERYWHERE.len() + 1));
}
