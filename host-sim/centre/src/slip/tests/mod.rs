//! The room's tests: its rules, and its acts.

mod acts;
mod rules;
