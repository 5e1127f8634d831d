//! Applications for cards.
pub mod documents;
pub mod photo;

#[cfg(test)]
mod tests;
