//! Insurance as acts: a month from the relation to the credit, what is refused, and the deliberate faults.

mod audit;
mod bench;
mod collecting;
mod histories;
mod months;
mod mutants;
mod residents;
mod standing;
