//! The room's tests: its rules, its acts, every refusal, and any order of reports.

mod acts;
mod bench;
mod refusals;
mod rules;
mod transitions;
