//! Tests of this room. Each table of cases is also put to deliberate faults (mutants) of the rule, and must catch every
//! one of them.

mod acts;
mod documents;
mod filing;
mod form;
mod number;
mod photo;
mod picture;
mod refusals;
mod states;
