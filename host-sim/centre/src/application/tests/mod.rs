//! Tests of this room. Each table of cases is also put to deliberate faults (mutants) of the rule, and must catch every
//! one of them.

mod documents;
mod photo;
mod picture;
