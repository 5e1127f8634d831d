//! The acts of insurance, by what they are about.

pub mod accounts;
pub mod assessing;
pub mod collecting;
pub mod credits;
pub mod moves;
pub mod payers;
pub mod pooling;
pub mod relations;
pub mod residents;
pub mod slips;
pub mod unmatched;
pub mod work;

mod common;
mod declaring;
