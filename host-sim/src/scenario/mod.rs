//! Scenarios: a TOML file that describes a centre, cards, terminals and steps, and what is to come of them.
//!
//! The keys are documented in `host-sim/scenarios/README.md`.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`file`](mod@file) | a scenario, read and checked; `line` knows the keys for what goes wrong on the card line |
//! | [`run`] | plays it on a stage; `compare` holds what came of it against what was expected |
//! | `simulated`, [`emulated`] | the two stages |
//! | [`report`] | how it went, as JSON |
//! | [`verb`] | the command line |

mod compare;
pub mod emulated;
pub mod file;
mod line;
pub mod report;
pub mod run;
mod simulated;
pub mod verb;
