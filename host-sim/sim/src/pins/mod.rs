//! A card slot pin by pin: what an MCU without a smartcard USART sees and drives, in cycles of its own clock, with the cost of each
//! look and each write.
//!
//! | Module | What it is for |
//! |---|---|
//! | `bench` | [`Bench`]: the MCU's time, and what happens to the slot |
//! | `hal` | its pins, delay and count of cycles as the firmware's adapters take them |
//! | `slot` | the card at its contacts, its characters as levels in time, and the referee, who sees the contacts |
//! | `chip` | an interface chip between the MCU's pins and the contacts, with its own order, faults and rules |
//!
//! A character of the terminal is read from the edges of the contact; one of the card is made into edges. Nothing here comes from the
//! adapters: how a chip's pins are read stands here once more.

mod bench;
mod chip;
mod hal;
mod slot;

pub use bench::{Bench, Costs, Front, Happens, Pin};
pub use chip::{Breach, Kind, Order};
pub use hal::{BenchCounter, BenchDelay, BenchPin};
