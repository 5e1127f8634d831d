//! What ends a visit from outside: the power of the terminal fails, or the program of the till is killed.
//!
//! What the terminal does about it is the firmware's; here it is only decided when it happens.

use crate::flash::memory::Flash;

/// What ends a visit from outside, and when. A moment is one at which something waits: each byte of the serial line is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interruption {
    /// Nothing does.
    #[default]
    Never,
    /// The power fails at this moment of the visit, from 0.
    PowerAtMoment(u64),
    /// The power fails while this byte is written to the flash or erased there, from 0.
    PowerAtByte(u64),
    /// The till is killed at this moment of the visit, from 0. The terminal goes on alone.
    TillAtMoment(u64),
}

/// A visit with more moments hangs: a visit in which everything goes wrong that can has some ten thousand.
const HANGS: u64 = 2_000_000;

/// Watches one visit.
pub(super) struct Watch<const PAGE: usize> {
    what: Interruption,
    flash: Flash<PAGE>,
    moments: u64,
}

impl Interruption {
    pub(super) fn watch<const PAGE: usize>(self, flash: &Flash<PAGE>) -> Watch<PAGE> {
        if let Self::PowerAtByte(byte) = self {
            flash.cut_after(byte.saturating_add(1));
        } else {
            flash.power_on();
        }
        Watch { what: self, flash: flash.clone(), moments: 0 }
    }
}

/// What is still there when a terminal works.
pub trait Presence {
    /// Asked at each moment: whether there is power.
    fn has_power(&mut self) -> bool;

    /// Whether somebody still runs the till.
    fn has_till(&self) -> bool;

    /// Whether the visit has been ended because it had no end of its own.
    fn hangs(&self) -> bool;
}

impl<const PAGE: usize> Presence for Watch<PAGE> {
    fn has_power(&mut self) -> bool {
        self.moments += 1;
        match self.what {
            Interruption::PowerAtMoment(moment) if self.moments > moment => false,
            Interruption::PowerAtByte(_) if self.flash.is_off() => false,
            _ => self.moments < HANGS,
        }
    }

    fn has_till(&self) -> bool {
        !matches!(self.what, Interruption::TillAtMoment(moment) if self.moments >= moment)
    }

    fn hangs(&self) -> bool {
        self.moments >= HANGS
    }
}
