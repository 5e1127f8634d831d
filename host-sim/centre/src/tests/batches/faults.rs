//! Faults of the program, one for each rule of the settlement: each is caught, by the test that stands beside it.

use std::panic::catch_unwind;

use strum::VariantArray;

use super::later::{
    what_comes_after_the_settlement_is_done_and_noted, what_expired_counts_nothing,
    what_is_pending_becomes_what_the_upload_says,
};
use super::verdicts::each_deliberate_difference_is_named_and_nothing_else as verdicts;
use super::*;
use crate::terminal::settling::faults::{Fault, set};
use crate::tests::closing::closing_line;

const fn catcher(fault: Fault) -> (&'static str, fn()) {
    match fault {
        Fault::CardIgnored
        | Fault::ChargeIgnored
        | Fault::TimeIgnored
        | Fault::ReversedMayStand
        | Fault::ConflictIsDuplicate
        | Fault::ForgottenUnseen
        | Fault::TotalsUnseen => ("each difference is named", verdicts),
        Fault::ElsewhereIsMissing => ("what was passed on is named", crate::tests::regions::every_claim_holds as fn()),
        Fault::ExpiredCounts => ("what expired counts nothing", what_expired_counts_nothing),
        Fault::PendingCounts | Fault::NamedTwiceResolves | Fault::DifferentResolves => {
            ("what is pending", what_is_pending_becomes_what_the_upload_says)
        }
        Fault::GapsUnseen | Fault::EntriesStay => {
            ("an upload with a gap", totals_come_first_and_an_upload_that_lacks_a_place_is_asked_for_again)
        }
        Fault::SettledAgain | Fault::BatchGoesOn | Fault::OldBatchForgotten => {
            ("settled once", equal_totals_settle_the_batch_once_and_the_next_one_begins_with_1)
        }
        Fault::LateUnnoted => ("what comes later is noted", what_comes_after_the_settlement_is_done_and_noted),
        Fault::AnybodySettles => ("without the lease", whoever_has_not_the_lease_settles_nothing),
    }
}

#[test]
fn each_fault_of_the_program_is_caught() {
    let mut escaped = Vec::new();
    for fault in Fault::VARIANTS {
        let (by, test) = catcher(*fault);
        set(Some(*fault));
        let caught = catch_unwind(test).is_err();
        set(None);
        println!("{fault:?}: {}", if caught { by } else { "escaped" });
        if !caught {
            escaped.push(fault);
        }
    }
    assert!(escaped.is_empty(), "{escaped:?}");
    closing_line(&format!("faults of the settlement caught: {}", Fault::VARIANTS.len()));
}
