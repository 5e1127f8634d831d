//! Insurance as acts: a month from the relation to the credit, what is refused, and the deliberate faults.

mod audit;
pub(crate) mod bench;
mod collecting;
mod histories;
mod months;
mod mutants;
mod residents;
mod standing;

use super::kinds::{Capacity, Kind};
use super::month::Month;
use super::pooling::Not;
use super::refusal::Refused;
use super::relation::{Move, State};
use crate::acts::refusal::Explain;

/// Every refusal has a code of [`Refused::ALL`], says what is wrong and what to do in both languages, and is met by a test
/// of this folder.
#[test]
fn every_refusal_is_explained_and_met() {
    let month = Month::of(bench::day("2026-03-01"));
    let day = bench::day("2026-03-01");
    let refusals = [
        Refused::AlreadyInsured(Kind::Medical),
        Refused::KindNotOffered(Kind::Injury, Capacity::Flexible),
        Refused::PersonLeft,
        Refused::PersonStays,
        Refused::DeclarationClosed(month),
        Refused::TooEarly(month),
        Refused::Relation(State::Ended, Move::Pause),
        Refused::BaseMissing,
        Refused::BaseNotOffered { floor: 1, cap: 2, step: 1 },
        Refused::InjuryClass,
        Refused::WrongPayer(Capacity::Employee),
        Refused::MonthAhead,
        Refused::SlipNotDue,
        Refused::File("line 1".into()),
        Refused::FileNumberReused,
        Refused::FileAhead,
        Refused::Resolved,
        Refused::AmountDiffers { due: 1, is: 2 },
        Refused::NoCover { opens: day, ends: day },
        Refused::ClassUnknown,
        Refused::YearAssessed,
        Refused::EntryDay,
        Refused::YearNotOver,
        Refused::NoRetiredSum,
        Refused::AccountShort,
        Refused::Pooling(Not::Kin),
        Refused::NoAccount,
        Refused::Oneself,
        Refused::Bound,
        Refused::NotBound,
    ];
    let tests = [
        include_str!("months.rs"),
        include_str!("collecting.rs"),
        include_str!("residents.rs"),
        include_str!("standing.rs"),
    ]
    .concat();
    let codes: Vec<_> = refusals.iter().map(Explain::code).collect();
    assert_eq!(codes, Refused::ALL);
    for refusal in &refusals {
        let words = [refusal.en(), refusal.zh(), refusal.next_en(), refusal.next_zh()];
        assert!(words.iter().all(|word| !word.is_empty()) && refusal.field().is_some(), "{}", refusal.code());
        assert!(tests.contains(&format!("\"{}\"", refusal.code())), "no test meets {}", refusal.code());
    }
}
