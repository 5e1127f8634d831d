//! The acts of insurance, by what they are about.

pub mod accounts;
pub mod collecting;
pub mod pooling;
pub mod premiums;
pub mod relations;
pub mod residents;

mod common;
