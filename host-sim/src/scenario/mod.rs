//! Scenarios: a TOML file that describes a centre, cards, terminals and steps, and what is to come of them.
//!
//! [`file`](mod@file) reads and checks such a file, [`run`] plays it on the simulated bench, [`report`] says how it went. The keys are
//! documented in `host-sim/scenarios/README.md`.

pub mod file;
mod line;
pub mod report;
pub mod run;
