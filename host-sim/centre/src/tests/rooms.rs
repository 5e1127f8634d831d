//! One history over all rooms that move money: premiums, interest, retired sums, a relative's year, bills of lines with
//! undo and reversal, terminals' purchases with reversal, card fees, running costs, a change of area. Whatever happens, in
//! whatever order, the books are those of a model that shares nothing with the rooms (docs/centre.md §6.8.2, §15, §16).
//!
//! `world` has the people and the model, `steps` what can happen, `check` what must hold, `mutants` the proof that the
//! check can fail, `flips` the flipped byte.

mod check;
mod flips;
mod mutants;
pub(super) mod steps;
pub(super) mod world;

use proptest::prelude::*;

use check::check;
use steps::{Step, happen};
use world::World;

fn step() -> impl Strategy<Value = Step> {
    let person = || 0..World::PEOPLE;
    let earlier = || 0..40_usize;
    prop_oneof![
        3 => Just(Step::Assess),
        4 => Just(Step::Collect),
        3 => (1..28_i8).prop_map(Step::Day),
        3 => Just(Step::NextMonth),
        1 => Just(Step::NextYear),
        1 => Just(Step::Grant),
        2 => Just(Step::Interest),
        1 => Just(Step::ChildsYear),
        4 => (person(), 1..9_u8).prop_map(|(person, count)| Step::Buy { person, count }),
        2 => person().prop_map(|person| Step::Stay { person }),
        2 => earlier().prop_map(Step::Undo),
        2 => earlier().prop_map(Step::Reverse),
        5 => (person(), 1..40_000_u64).prop_map(|(person, fen)| Step::Terminal { person, fen }),
        3 => earlier().prop_map(Step::TerminalReverses),
        2 => Just(Step::PayFee),
        1 => Just(Step::CancelFee),
        1 => Just(Step::RemitFees),
        1 => (1..9_000_i64).prop_map(Step::Cost),
        1 => Just(Step::Send),
        1 => Just(Step::Receive),
        1 => Just(Step::PayOut),
    ]
}

proptest! {
    // A history takes a third of a second.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 32, ..ProptestConfig::default() })]

    #[test]
    fn any_history_over_all_rooms_adds_up(steps in prop::collection::vec(step(), 1..45)) {
        let mut world = World::new();
        for step in &steps {
            happen(&mut world, step);
        }
        if let Err(wrong) = check(&world) {
            return Err(TestCaseError::fail(wrong));
        }
    }
}

/// A history in which everything happens.
pub(super) fn eventful() -> Vec<Step> {
    vec![
        Step::Assess,
        Step::Day(20),
        Step::Collect,
        Step::Buy { person: 0, count: 2 },
        Step::Buy { person: 1, count: 3 },
        Step::Undo(1),
        Step::Buy { person: 1, count: 1 },
        Step::Reverse(3),
        Step::Stay { person: 0 },
        Step::Undo(4),
        Step::Reverse(5),
        Step::Terminal { person: 1, fen: 1_200 },
        Step::Terminal { person: 1, fen: 800 },
        Step::TerminalReverses(0),
        Step::TerminalReverses(0),
        Step::PayFee,
        Step::RemitFees,
        Step::CancelFee,
        Step::PayFee,
        Step::Cost(350_000),
        Step::NextMonth,
        Step::Grant,
        Step::Grant,
        Step::Assess,
        Step::Day(28),
        Step::Collect,
        Step::Send,
        Step::Receive,
        Step::Terminal { person: 2, fen: 500 },
        Step::NextMonth,
        Step::Assess,
        Step::Collect,
        Step::PayOut,
        Step::NextYear,
        Step::ChildsYear,
        Step::Interest,
        Step::Interest,
    ]
}

/// Interest of a year bears interest from the first day after it, though its run was later: it was a fen that the model lacked.
#[test]
fn interest_bears_interest_from_the_end_of_its_year() {
    let mut world = World::new();
    let years = [Step::NextYear, Step::Interest];
    for step in [Step::Assess, Step::Collect].iter().chain(years.iter().cycle().take(16)) {
        happen(&mut world, step);
    }
    check(&world).unwrap();
}

/// The proof that the histories go through every room: each step of this one moves money, or is refused where it must be.
#[test]
fn the_eventful_history_moves_money_in_every_room() {
    let mut world = World::new();
    for step in eventful() {
        happen(&mut world, &step);
        check(&world).unwrap_or_else(|wrong| panic!("after {step:?}: {wrong}"));
    }
    let reasons = world.reasons();
    println!("one history over all rooms: {} postings, by reason {reasons:?}", reasons.values().sum::<i64>());
    for reason in [
        "premium",
        "retired-credit",
        "interest",
        "settlement",
        "settlement-undo",
        "purchase",
        "purchase-undone",
        "card-fee",
        "card-fee-remitted",
        "card-fee-returned",
        "card-fee-back",
        "running-cost",
        "transfer-out",
        "pay-out",
    ] {
        assert!(reasons.contains_key(reason), "no {reason}");
    }
}
