//! Chaos: whole worlds in virtual time, drawn from a seed, in which everything goes wrong, and an auditor who looks after
//! every step whether what must never break still holds (docs/design.md §1).
//!
//! A world is the shipped terminal code on flash with torn writes, virtual cards on the character line, and one centre. The
//! same plan gives the same events, to the cycle.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`plan`] | what happens in a world: steps, and the trouble in each; as a file |
//! | [`draw`] | a plan from a seed |
//! | [`cast`] | who takes part: institutions, terminals, cards |
//! | [`door`] | what is heard at the centre's door |
//! | [`books`] | what an auditor needs of a centre |
//! | [`invariant`] | what must never break, by name |
//! | [`audit`] | the auditor; [`ledger`] is the ledger of its own; `secrets` finds what must stand nowhere |
//! | [`play`], [`player`] | plays a plan; what is done in a step, and `beside` it |
//! | [`film`], [`figures`] | what happened, a line an event, and the hash of it; what is counted |
//! | [`shrink`] | a failing plan, made as small as it can be |
//!
//! Not here: which centre it is, and how many worlds run at once.

pub mod audit;
mod beside;
pub mod books;
pub mod cast;
pub mod door;
pub mod draw;
mod ending;
pub mod figures;
pub mod film;
pub mod invariant;
pub mod ledger;
pub mod plan;
pub mod play;
pub mod player;
mod secrets;
pub mod shrink;
mod trouble;
mod words;
