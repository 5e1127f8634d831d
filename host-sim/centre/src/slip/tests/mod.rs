//! The room's tests: its rules, and its acts.

pub(crate) mod acts;
mod rules;
mod transitions;

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    acts::a_slip_is_issued_paid_and_remitted,
    acts::a_free_card_needs_no_slip,
    acts::an_application_that_comes_again_pays_once,
    acts::an_overdue_slip_gives_way_to_a_new_one,
    acts::every_refusal_is_reached_and_changes_nothing,
    acts::the_fee_can_be_set_and_wrong_ones_are_refused,
];
