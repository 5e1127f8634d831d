//! The whole of what must never be lost, as a model that is explored to its end: terminals, network, centre, card and
//! account (docs/never-lost.md, docs/design.md §1). The terminals are the shipped ones over the shipped journal, and
//! the centre decides by its own rules; what is judged is judged by a book of the model's own.
//!
//! A program of its own, which prints what it has explored and the table of the mutants: not a list of tests.

#[path = "model/centre.rs"]
mod centre;
#[path = "model/conformity.rs"]
mod conformity;
#[path = "model/explore.rs"]
mod explore;
#[path = "model/faults.rs"]
mod faults;
#[path = "model/flash.rs"]
mod flash;
#[path = "model/ledger.rs"]
mod ledger;
#[path = "model/memory.rs"]
mod memory;
#[path = "model/mutants.rs"]
mod mutants;
#[path = "model/parts.rs"]
mod parts;
#[path = "model/people.rs"]
mod people;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/settings.rs"]
mod settings;
#[path = "model/terminal.rs"]
mod terminal;
#[path = "model/words.rs"]
mod words;
#[path = "model/world.rs"]
mod world;

fn main() {
    conformity::the_centre_of_the_model_answers_as_the_real_one();
    explore::every_scene_is_explored_to_its_end();
    explore::each_mutant_is_convicted_by_the_property_that_names_it();
}
