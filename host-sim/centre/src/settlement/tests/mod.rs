//! The rules of settlement against an independent oracle, their mutants, and figures worked out by hand.

mod acts;
mod cases;
mod debit;
mod figures;
mod histories;
mod mutants;
mod oracle;
mod town;
mod transitions;

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    acts::a_purchase_of_lines_and_its_undo,
    acts::a_stay_with_its_deductible,
    acts::a_lost_answer_is_reversed_by_its_number,
    acts::totals_and_details_are_compared,
    acts::who_is_assisted_pays_less,
    acts::who_is_not_insured_pays_alone_and_a_relative_pays_money_only,
    acts::a_terminal_settles_what_a_till_prepared,
    acts::a_card_proves_whose_it_is,
    acts::lines_are_taken_back_and_sent_anew,
    acts::every_refusal_is_reached,
    acts::a_broken_identity_is_an_error_and_no_answer,
    debit::a_payment_puts_a_card_into_use_once_and_its_undo_takes_it_back,
    debit::a_card_stays_in_use_as_long_as_a_payment_stands,
    debit::what_keeps_a_card_from_paying,
    debit::the_module_answers_for_the_card_that_is_there,
];
