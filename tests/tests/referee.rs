//! The referee of the card line, put to the test: it convicts every deliberate fault by the rule that names it, and has
//! nothing against the terminal as it is, with every card of Debian's list.
//!
//! A program of its own, which prints the table of the mutants: not a list of tests.

#[path = "referee/bent.rs"]
mod bent;
#[path = "referee/doctor.rs"]
mod doctor;
#[path = "referee/mutants.rs"]
mod mutants;
#[path = "referee/pins.rs"]
mod pins;
#[path = "referee/rig.rs"]
mod rig;
#[path = "referee/wiring.rs"]
mod wiring;
#[path = "referee/worn.rs"]
mod worn;

fn main() {
    mutants::each_mutant_is_convicted_by_the_rule_that_names_it();
    worn::no_atr_of_the_list_leads_to_a_finding();
    doctor::each_fault_is_named_with_pin_time_and_remedy();
    doctor::nothing_is_said_of_a_board_that_works_with_every_atr_of_the_list();
}
