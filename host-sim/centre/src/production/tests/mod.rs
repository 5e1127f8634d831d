//! The room's tests: its rules, its acts, every refusal, and any order of reports.

mod acts;
pub(crate) mod bench;
mod refusals;
mod rules;
mod transitions;

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    acts::a_card_is_made_and_handed_over,
    acts::a_bank_refuses_and_there_is_always_a_way_on,
    acts::a_failed_line_is_made_again,
    acts::an_instant_card_is_at_the_outlet_when_it_is_reported,
    acts::a_units_agent_distributes,
    acts::an_uncollected_card_goes_back_and_is_destroyed,
    acts::a_replacement_ends_the_old_card,
    acts::a_random_pin_is_drawn_shown_once_and_forgotten,
    acts::nobody_pays_for_what_was_given_up,
    refusals::every_refusal_is_reached_and_changes_nothing,
];
