//! The doctor: what is wrong on a card line, by its pins alone, with pin, time, clause, cause and remedy.
//!
//! For the day on which a maker's board does not work. The doctor is fed with edges at pins in time, as a logic analyser or one
//! of our captures has them. It takes nothing from the terminal: it measures CLK, finds the characters itself, works out from
//! the card's answer to reset and from PPS whose turn it is and at which rate, and shows the result to the referee
//! ([`crate::referee`]). What the referee finds, what it remarks of the card, and what no character is needed for (a pin that
//! never moves) become [`Finding`]s. Bytes of commands are in none of them.
//!
//! | Module | What it is for |
//! |---|---|
//! | `pins` | pins and levels, what the doctor is fed with |
//! | `clock` | CLK from its edges: when it runs, how fast, when it stops |
//! | `ear` | characters on I/O, and the rate that they have |
//! | `listener` | who sends which character; the referee's judgement |
//! | `wiring` | pins that never move, are swapped or turned over |
//! | `finding`, `words` | findings, and cause and remedy for each |
//! | `log` | the log of one of our boards |
//! | [`vcd`], [`packets`] | with the feature `capture`: files of both kinds, read |
//!
//! ```
//! use qiyong_sim::doctor::{Doctor, Level, Pin, Settings};
//!
//! let mut doctor = Doctor::new(Settings { clk_hz: 4_000_000, resolution_ns: 1 });
//! // VCC comes, RST rises 10 ms later, and CLK never runs.
//! doctor.see(1_000, Pin::Vcc, Level::High);
//! doctor.see(2_000, Pin::Io, Level::High);
//! doctor.see(10_000_000, Pin::Rst, Level::High);
//! let found = doctor.ends(60_000_000).findings;
//! assert_eq!(found[0].name, "clk-stuck-low");
//! ```

mod clock;
mod ear;
mod finding;
mod listener;
pub mod log;
#[cfg(feature = "capture")]
pub mod packets;
mod pins;
#[cfg(feature = "capture")]
pub mod vcd;
mod wiring;
mod words;

pub use finding::{Diagnosis, Finding};
pub use pins::{Level, Party, Pin, Settings};
pub use wiring::Fault;

use clock::Clockwork;
use listener::Listener;
use wiring::Wiring;

/// The doctor. Its memory does not grow with the time that it listens, except by what it finds.
#[derive(Debug)]
pub struct Doctor {
    clock: Clockwork,
    listener: Listener,
    wiring: Wiring,
}

impl Doctor {
    /// A doctor who has heard nothing; all pins are low.
    pub fn new(settings: Settings) -> Self {
        Self { clock: Clockwork::new(settings), listener: Listener::new(settings), wiring: Wiring::new(settings) }
    }

    /// A pin has this level from `at_ns` on. Call it in the order of time: an earlier time counts as the last one.
    pub fn see(&mut self, at_ns: u64, pin: Pin, level: Level) {
        let Self { clock, listener, wiring } = self;
        wiring.see(at_ns, pin, level);
        clock.see(at_ns, pin, level, &mut |at, event| listener.happens(at, event));
    }

    /// Nothing follows after `at_ns`.
    pub fn ends(mut self, at_ns: u64) -> Diagnosis {
        let Self { clock, listener, wiring } = &mut self;
        clock.ends(at_ns, &mut |at, event| listener.happens(at, event));
        listener.ends(at_ns);
        wiring.ends(at_ns);
        finding::all(&self.listener, &self.wiring)
    }
}
