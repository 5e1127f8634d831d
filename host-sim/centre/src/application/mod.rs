//! Applications for cards: the form, its documents and photo, the checks, the review (docs/centre.md §6.5).
pub mod codes;
pub mod documents;
pub mod form;
pub mod form_fault;
pub mod form_rules;
pub mod number;
pub mod photo;
pub mod reasons;
pub mod rules;
pub mod state;
pub mod unit;

#[cfg(test)]
mod tests;
