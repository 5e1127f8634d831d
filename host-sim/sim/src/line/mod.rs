//! The virtual card line: contacts and characters between the terminal's slot and a virtual card, in virtual time.
//!
//! | Module | What it is for |
//! |---|---|
//! | `wire` | [`VirtualLine`], the wire with a card at its end; the referee ([`crate::referee`]) watches it |
//! | `layers` | [`Layer`]s; a line with a layer on it is still a line, as in smoltcp's `phy`. [`Tracer`] is one |
//! | `seat` | [`Seat`], the place for a card, and the moments at which the holder pulls it |
//! | `faults` | [`Faults`], the layer that decides when something goes wrong; the wire carries it out |

mod faults;
mod layers;
mod seat;
mod wire;

pub use faults::{Fault, FaultPlan, Faults, Noise};
pub use layers::{Character, Layer, Layered, LineEvent, Tracer};
pub use seat::{PullDuring, Seat};
pub use wire::{Hardware, VirtualLine};

use qiyong_firmware::slot::CardLine;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Moments;

use crate::card::contact::{ContactCard, Misbehaviour};
use crate::referee::Finding;
use std::cell::RefCell;
use std::rc::Rc;

/// Counts etu on a line whose rate changes: each stretch of time counts at the rate then in force.
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

/// A virtual card, shared between its owner and the slot in which it is.
pub type SharedCard = Rc<RefCell<ContactCard>>;

/// Something that goes wrong on a line, at one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// These moments of the next character are inverted on the contact: bit 0 is the first data moment, bit 8 parity.
    /// Parity detects an odd number of inversions, but not an even number.
    Flip(u16),
    /// The next character never arrives.
    Lose,
    /// The next character arrives twice.
    Double,
    /// The next character comes so many etu later.
    Late(Etu),
    /// The next character of the card comes up to so many etu earlier; a character to the card is not disturbed.
    Early(Etu),
    /// From now on, until the card is reset, nothing that it sends arrives.
    Silence,
    /// VCC breaks down.
    ShortCircuit,
    /// The card is pulled out.
    Pull,
    /// From now on, until it is reset, the card misbehaves.
    Misbehave(Misbehaviour),
}

/// A simulated line: a card can be put into it, it has a clock, and things go wrong on it.
pub trait SimulatedLine: CardLine {
    /// Puts a card in, or takes out the card that is there.
    fn set_card(&mut self, card: Option<SharedCard>);

    /// Makes this happen at the next character.
    fn disturb(&mut self, disturbance: Disturbance);

    /// The time now, in clock cycles since the beginning.
    fn now(&self) -> u64;

    /// When the last character began, in cycles since the beginning.
    fn last_edge(&self) -> u64;

    /// The moments of the last character on the contact, and whether its receiver signalled an error.
    fn last_frame(&self) -> (Moments, bool);

    /// Clock cycles per etu at present, as (Fi, Di).
    fn rate(&self) -> (u16, u8);

    /// What the slot has done against the standard so far.
    fn findings(&self) -> &[Finding];
}
