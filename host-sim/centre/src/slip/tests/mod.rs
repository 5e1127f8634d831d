//! The room's tests: its rules, and its acts.

pub(crate) mod acts;
mod rules;
