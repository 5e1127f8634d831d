//! The virtual card line: contacts and characters between the terminal's slot and a virtual card, in virtual time.
//!
//! | Module | What it is for |
//! |---|---|
//! | `wire` | [`VirtualLine`], the wire with a card at its end; it also referees: whatever the slot does against the standard is noted in [`VirtualLine::violations`] |
//! | `layers` | [`Layer`]s stack on a line, as in smoltcp's `phy`: with one on it, a line is still a line. [`Tracer`] is one |
//! | `faults` | [`Faults`], the layer that decides when something goes wrong; the wire plays it |

mod faults;
mod layers;
mod wire;

pub use faults::{Fault, FaultPlan, Faults, Noise};
pub use layers::{Character, Layer, Layered, LineEvent, Tracer};
pub use wire::{Seat, VirtualLine};

use qiyong_firmware::slot::CardLine;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Moments;

use crate::card::contact::{ContactCard, Misbehaviour};
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

/// Something that goes wrong on a line, at one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// These moments of the next character are inverted on the contact, bit 0 the first data moment, bit 8 parity. An odd
    /// number of them is seen by parity, an even number is not.
    Flip(u16),
    /// The next character never arrives.
    Lose,
    /// The next character arrives twice.
    Double,
    /// The next character comes so many etu later.
    Late(Etu),
    /// The next character of the card comes up to so many etu sooner than it should; one to the card is not disturbed.
    Early(Etu),
    /// From now on nothing of what the card sends arrives, until it is reset.
    Silence,
    /// VCC breaks down.
    ShortCircuit,
    /// The card is pulled out.
    Pull,
    /// From now on the card misbehaves, until it is reset.
    Misbehave(Misbehaviour),
}

/// A simulated line: one into which a card can be put, which has a clock, and on which things go wrong.
pub trait SimulatedLine: CardLine {
    /// Puts a card in, or takes out what is there.
    fn set_card(&mut self, card: Option<SharedCard>);

    /// Lets this happen at the next character.
    fn disturb(&mut self, disturbance: Disturbance);

    /// The time now, in clock cycles since the beginning.
    fn now(&self) -> u64;

    /// When the last character began, in the same cycles.
    fn last_edge(&self) -> u64;

    /// What the last character looked like on the contact, and whether its receiver signalled an error.
    fn last_frame(&self) -> (Moments, bool);

    /// Clock cycles an etu takes at present, as (Fi, Di).
    fn rate(&self) -> (u16, u8);

    /// What the slot did against the standard so far.
    fn violations(&self) -> &[String];
}
