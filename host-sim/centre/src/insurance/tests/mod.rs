//! Insurance as acts: a month from the relation to the credit, what is refused, and the deliberate faults.

mod audit;
pub(crate) mod bench;
mod collecting;
mod histories;
mod months;
mod mutants;
mod residents;
mod standing;
mod transitions;

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

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    collecting::a_file_is_taken_once,
    collecting::a_file_that_cannot_be_right_changes_nothing,
    collecting::what_the_bank_could_not_collect_stays_due,
    collecting::every_reason_is_named_and_its_money_is_kept,
    collecting::unmatched_money_finds_its_line_if_it_pays_it_exactly,
    months::a_month_from_the_relation_to_the_credit,
    months::a_month_is_assessed_once_and_goes_on_where_it_stopped,
    months::the_slip_is_printed_with_what_is_due_today,
    months::the_queue_names_who_must_act_and_until_when,
    months::a_wrong_slip_is_withdrawn_and_made_again,
    months::declarations_keep_the_calendar_and_the_states,
    months::what_is_missing_is_named,
    months::late_premiums_cost_a_fee_that_goes_to_the_fund,
    months::before_2023_the_credit_goes_by_age,
    months::retirement_interest_and_the_end_of_an_account,
    residents::in_the_window_for_the_next_year,
    residents::late_the_pool_waits_and_missed_years_count,
    residents::newborn_former_employee_poor_and_newcomer,
    residents::a_class_that_the_area_does_not_have_is_refused,
    residents::a_relatives_account_pays_the_year,
    standing::arrears_stop_the_pool_until_they_are_paid,
    standing::after_a_gap_the_pool_waits,
    standing::family_pooling_gives_money_and_no_entitlement,
];
