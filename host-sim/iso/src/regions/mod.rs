//! Several regions behind one address: each has a queue, a thread and a database of its own, so that one that is down or slow
//! stops nobody else (docs/centre.md §19).
//!
//! `front` says to which queue a message goes, and what a terminal is told whose region is down; it knows, within bounds,
//! where institutions are and under which keys terminals speak: because their region has said it, or because they have spoken
//! (`memory`). `station` is a region's decider, and
//! `gate` keeps it from trying at every message what has just failed. What is decided where is the centre's business.

mod front;
mod gate;
mod memory;
mod station;

pub use front::Front;
pub use gate::Ticker;
pub use station::{Open, Region, Station};
