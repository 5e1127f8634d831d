//! Scenarios: a TOML file that describes a centre, cards, terminals and steps, and what is to come of them.
//!
//! The keys are documented in `host-sim/scenarios/README.md`.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`file`](mod@file) | a scenario, read and checked; `line`, `serial`: the keys for what goes wrong on the lines |
//! | [`problem`] | what can be wrong with a file |
//! | [`centre`] | what a scenario needs of a centre: to set the centre up, and to look at it afterwards |
//! | [`stage`] | where a scenario is played, and what came of it |
//! | [`run`] | plays a scenario on a stage; `compare` compares the result with the expectations |
//! | [`simulated`] | a stage: a world of terminals in virtual time |
//! | [`unfired`] | what a step was to show, and did not: which key, in which line |
//! | [`report`] | how it went, as JSON |

pub mod centre;
mod compare;
pub mod file;
mod line;
pub mod problem;
pub mod report;
pub mod run;
mod serial;
pub mod simulated;
pub mod stage;
pub mod unfired;
