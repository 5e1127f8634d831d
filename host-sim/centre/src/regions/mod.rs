//! Regions: several centres, each with a database of its own, that together serve a province (docs/centre.md §19).
//!
//! `table` says which region serves which areas, and where its database is; `agreed` sees to it that all processes at one
//! database go by one table, or by a newer one; `refused` has the words. Which message goes where is decided in
//! `crate::terminal::home`, and who carries it there is outside this crate.

mod agreed;
mod refused;
mod table;

pub use refused::RegionsError;
pub use table::{Own, Region, RegionTable};

#[cfg(test)]
mod tests;
