//! Tests of this room. Each table of cases is also put to deliberate faults (mutants) of the rule, and must catch every
//! one of them.

mod acts;
mod beyond;
mod documents;
mod filing;
mod form;
mod kinds;
mod number;
mod photo;
mod picture;
mod pictures;
mod refusals;
mod reviews;
mod states;

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    acts::a_person_applies_and_is_known_and_has_an_order_once_approved,
    acts::a_foreign_worker_proves_the_work_and_gets_a_constructed_number,
    acts::a_guardian_applies_for_a_minor_who_needs_a_photo_from_seven_years_on,
    acts::an_agent_applies_with_both_documents,
    acts::an_employers_list_is_filed_line_by_line,
    acts::what_was_signed_stays_signed_if_only_the_photo_was_at_fault,
    acts::what_production_sends_back_is_corrected_and_ordered_anew,
    acts::nobody_reviews_what_they_worked_on,
    acts::mutants_of_the_second_person_are_caught,
    acts::another_area_sees_nothing_and_every_look_is_on_record,
    acts::nothing_of_a_person_lies_open_in_the_database,
    acts::a_replacement_names_a_card_of_the_person,
    refusals::every_refusal_of_the_room_is_reached,
    states::every_act_is_carried_out_where_the_table_says_so_and_nowhere_else,
    refusals::hostile_text_is_kept_as_text_or_refused,
];
