//! The virtual card line: contacts and characters between the terminal's slot and a virtual card, in virtual time.
//!
//! [`VirtualLine`] is the wire with a card at its end. It also referees: whatever the slot does against the standard is
//! noted in [`VirtualLine::violations`]. [`Tracer`] and [`PullCard`] are layers ([`Layer`]) that stack on a line, as in
//! smoltcp's `phy`: with one on it, a line is still a line.

mod layers;
mod wire;

pub use layers::{Layer, Layered, LineEvent, PullAt, PullCard, Tracer};
pub use wire::VirtualLine;

use qiyong_firmware::slot::CardLine;

use crate::card::contact::ContactCard;
use std::cell::RefCell;
use std::rc::Rc;

/// Counts etu on a line whose rate changes: each stretch of time at the rate then in force.
#[derive(Clone, Copy, Debug, Default)]
pub struct EtuCounter {
    last_cycle: Option<u64>,
    tenths: u64,
}

impl EtuCounter {
    /// Moves on to `cycle`, at a rate of (Fi, Di); returns tenths of an etu since the first call.
    pub fn advance(&mut self, cycle: u64, (fi, di): (u16, u8)) -> u64 {
        let cycles = cycle.saturating_sub(self.last_cycle.unwrap_or(cycle));
        self.last_cycle = Some(cycle);
        self.tenths += cycles * 10 * u64::from(di) / u64::from(fi);
        self.tenths
    }
}

/// A virtual card shared between the bench that owns it and the slot it is in.
pub type SharedCard = Rc<RefCell<ContactCard>>;

/// A line on a bench: one into which a card can be put, and which has a clock.
pub trait BenchLine: CardLine {
    /// Puts a card in, or takes out what is there.
    fn set_card(&mut self, card: Option<SharedCard>);

    /// The time now, in clock cycles since the beginning.
    fn now(&self) -> u64;

    /// When the last character began, in the same cycles.
    fn last_edge(&self) -> u64;

    /// Clock cycles an etu takes at present, as (Fi, Di).
    fn rate(&self) -> (u16, u8);

    /// What the slot did against the standard so far.
    fn violations(&self) -> &[String];
}
