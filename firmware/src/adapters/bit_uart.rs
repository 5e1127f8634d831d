//! A card's UART out of one pin and a count of cycles, for an MCU without a smartcard USART (ISO/IEC 7816-3 clause 7).
//!
//! While a character goes or comes, nothing else runs: one etu is 93 µs at 372 cycles and 4 MHz, a character ten of them.
//! Between characters it yields to the executor. What is sent lies on a grid from the leading edge on, so that no error adds up;
//! what is received is looked at in the middle of each moment.
//!
//! Times come from a free-running count ([`CycleCounter`]), not from a delay. A delay promises *at least* so long and begins when it is
//! called, so that ten of them are late by ten calls; a count has no beginning, and a deadline on it is late by one look at most.
//!
//! How fast it can be is measured when it is made: [`BitUart::min_cycles_per_etu`] is what the slot is told
//! ([`SlotConfig::min_cycles_per_etu`](crate::slot::SlotConfig::min_cycles_per_etu)), and an MCU that cannot keep even the rate after a
//! reset is refused with [`TooSlow`].

use core::fmt;

use embassy_futures::yield_now;
use embedded_hal::digital::{InputPin, OutputPin};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Moments, Received};

use super::CardUart;
use crate::slot::{LineConfig, LineError};

/// A count of cycles that runs for ever: DWT's CYCCNT, SysTick, or a timer at a whole part of the core's clock.
pub trait CycleCounter {
    /// How many it counts in a second.
    const HZ: u32;

    /// The count. It goes round after 2^32, which must take longer than the card may be silent: some seconds.
    fn now(&mut self) -> u32;
}

/// The count makes an etu after a reset of fewer looks at the pin than the standard's tolerances take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooSlow {
    /// The fewest cycles of CLK that an etu would need; 372 is what every card needs.
    pub cycles_per_etu: u32,
}

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cycles_per_etu } = self;
        write!(
            f,
            "a pin is looked at too slowly: an etu would need {cycles_per_etu} cycles, and has 372: use a faster clock"
        )
    }
}

impl core::error::Error for TooSlow {}

/// An edge, and a look at one, may be off by a fifth of an etu (clause 7.1). Half of that is left to the card and its line.
const LOOKS_PER_ETU: u32 = 10;
/// How often the time of a look is measured.
const MEASURED: u8 = 8;
/// Tenths of an etu: the middle of the first moment; the end of the ten moments, and with the card's tolerance; where an error signal begins, and ends; where it
/// is looked for (clause 7.3); what goes by before a refused character comes again.
const FIRST_MIDDLE: u64 = 15;
const MOMENTS: u64 = 100;
const HEARD: u64 = 104;
const SIGNAL: (u64, u64) = (105, 120);
const SIGNAL_MIDDLE: u64 = 110;
const AGAIN: u64 = 130;
/// So far from a look that found the line high a leading edge may lie, in tenths of an etu: it is taken to be halfway.
const UNSURE: u64 = 4;
/// So long it looks without yielding, in etu: a card that sends sends its next character by then.
const ATTENTIVE: u64 = 24;
/// The line is quiet for so many etu before a character that was missed is certainly over, with all that follow it.
const QUIET: u64 = 25;
/// A tenth of an etu is kept in so many bits after the point: over 9600 etu that is an error of a hundred counts at most.
const GRAIN: u32 = 10;
/// More characters than any answer or block has.
const FLOOD: u64 = 300;

/// A UART on a pin that is open drain: high lets it go, and it is read in either state.
#[derive(Debug)]
pub struct BitUart<P, C> {
    pin: P,
    counter: C,
    clk_hz: u32,
    config: LineConfig,
    /// Counts in a tenth of an etu, with [`GRAIN`] bits after the point.
    grain: u64,
    /// The count so far, and as it was last read.
    total: u64,
    last_count: u32,
    /// The last event on the line: a leading edge, or RST.
    last_edge: u64,
    /// The latest at which that can have been: pauses are counted from here.
    not_after: u64,
    card_spoke_last: bool,
    /// The last character was refused by the card.
    refused: bool,
    /// When the line was last seen high.
    seen_high: u64,
    min_cycles_per_etu: u16,
}

impl<P: InputPin + OutputPin, C: CycleCounter> BitUart<P, C> {
    /// A UART beside a CLK of so many Hz. The pin is left as it is: low, where it is the contact itself, until the slot has power.
    ///
    /// # Errors
    /// The MCU is too slow for any card.
    pub fn new(pin: P, counter: C, clk_hz: u32) -> Result<Self, TooSlow> {
        let config = LineConfig::RESET;
        let (total, last_edge, seen_high) = (0, 0, 0);
        let mut uart = Self {
            pin,
            counter,
            clk_hz: clk_hz.max(1),
            config,
            grain: 0,
            total,
            last_count: 0,
            last_edge,
            not_after: 0,
            card_spoke_last: false,
            refused: false,
            seen_high,
            min_cycles_per_etu: LineConfig::RESET.fi,
        };
        uart.set_rate();
        let mut slowest = 0;
        for _ in 0..MEASURED {
            let before = uart.now();
            uart.hold(before.saturating_sub(uart.tenths(1)));
            // A write takes no longer than a look.
            let _ = uart.is_high() & uart.is_high();
            slowest = slowest.max(uart.now().saturating_sub(before));
        }
        let looks = slowest.max(1).saturating_mul(LOOKS_PER_ETU.into());
        let needed = looks.saturating_mul(uart.clk_hz.into()).div_ceil(C::HZ.max(1).into());
        match u16::try_from(needed) {
            Ok(fits) if fits <= LineConfig::RESET.fi => uart.min_cycles_per_etu = fits,
            _ => return Err(TooSlow { cycles_per_etu: u32::try_from(needed).unwrap_or(u32::MAX) }),
        }
        Ok(uart)
    }

    /// The fewest cycles of CLK that an etu may have.
    pub const fn min_cycles_per_etu(&self) -> u16 {
        self.min_cycles_per_etu
    }

    fn now(&mut self) -> u64 {
        let count = self.counter.now();
        self.total = self.total.saturating_add(count.wrapping_sub(self.last_count).into());
        self.last_count = count;
        self.total
    }

    /// A pin that cannot be read is one that nobody pulls low.
    fn is_high(&mut self) -> bool {
        self.pin.is_high().unwrap_or(true)
    }

    /// Counts that so many tenths of an etu take at the rate in force. Without a division, since it is asked within a moment.
    const fn tenths(&self, tenths: u64) -> u64 {
        (tenths.saturating_mul(self.grain) >> GRAIN).saturating_add(1)
    }

    /// Sets the length of an etu.
    fn set_rate(&mut self) {
        let counts = (u64::from(self.config.fi) << GRAIN).saturating_mul(C::HZ.into());
        let tenths_a_second = u64::from(self.config.di).saturating_mul(self.clk_hz.into()).saturating_mul(10);
        self.grain = counts / tenths_a_second.max(1);
    }

    const fn etu(&self, etu: u64) -> u64 {
        self.tenths(etu.saturating_mul(10))
    }

    /// Until then nothing else runs.
    fn hold(&mut self, until: u64) {
        while self.now() < until {}
    }

    /// Waits, and lets others run as long as that is not soon.
    async fn wait(&mut self, until: u64) {
        while self.now().saturating_add(self.etu(2)) < until {
            yield_now().await;
        }
        self.hold(until);
    }

    fn may_send_at(&self) -> u64 {
        let gap = match (self.card_spoke_last, self.refused) {
            (true, _) => self.etu(self.config.turnaround.into()),
            (false, true) => self.etu(self.config.guard_time.into()).max(self.tenths(AGAIN)),
            (false, false) => self.etu(self.config.guard_time.into()),
        };
        self.not_after.saturating_add(gap)
    }

    /// Sends a character, whose leading edge is now. False: the card has refused it.
    fn say(&mut self, byte: u8) -> bool {
        let moments = self.config.convention.encode(byte).moments();
        let edge = self.now();
        let _ = self.pin.set_low();
        (self.last_edge, self.not_after, self.card_spoke_last) = (edge, edge, false);
        for moment in 0..9 {
            self.hold(edge.saturating_add(self.etu(moment + 1)));
            let _ = self.pin.set_state((moments >> moment & 1 != 0).into());
        }
        self.hold(edge.saturating_add(self.tenths(MOMENTS)));
        let _ = self.pin.set_high();
        if !self.config.error_signal {
            return true;
        }
        self.hold(edge.saturating_add(self.tenths(SIGNAL_MIDDLE)));
        self.is_high()
    }

    /// Takes the character that began at `edge`; gives the error signal if that is due.
    fn hear(&mut self, edge: u64) -> Received {
        let mut moments = 0;
        for moment in 0..9 {
            self.hold(edge.saturating_add(self.tenths(FIRST_MIDDLE + 10 * moment)));
            moments |= u16::from(self.is_high()) << moment;
        }
        let received = self.config.convention.decode(Moments::from_moments(moments));
        self.hold(edge.saturating_add(self.tenths(HEARD)));
        if !received.parity_ok && self.config.error_signal {
            self.hold(edge.saturating_add(self.tenths(SIGNAL.0)));
            let _ = self.pin.set_low();
            self.hold(edge.saturating_add(self.tenths(SIGNAL.1)));
            let _ = self.pin.set_high();
        }
        self.seen_high = self.now();
        received
    }

    /// A leading edge was missed: others ran for too long. What is under way cannot be read, nor can an error be signalled at its
    /// time, so it is let go by.
    async fn let_go_by(&mut self) {
        let until = self.now().saturating_add(self.etu(FLOOD * 12));
        let mut quiet_since = self.now();
        while self.now() < until && self.total.saturating_sub(quiet_since) < self.etu(QUIET) {
            if !self.is_high() {
                quiet_since = self.now();
            }
            yield_now().await;
        }
        (self.last_edge, self.not_after) = (quiet_since, quiet_since);
        (self.card_spoke_last, self.seen_high) = (true, self.total);
    }
}

impl<P: InputPin + OutputPin, C: CycleCounter> CardUart for BitUart<P, C> {
    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
        self.set_rate();
        let _ = self.pin.set_high();
    }

    fn rst_changes(&mut self) {
        let now = self.now();
        (self.last_edge, self.not_after, self.seen_high) = (now, now, now);
        (self.card_spoke_last, self.refused) = (true, false);
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, &byte) in bytes.iter().enumerate() {
            let at = self.may_send_at();
            self.wait(at).await;
            self.refused = !self.say(byte);
            self.seen_high = self.now();
            if self.refused {
                return Err(LineError::NotAccepted(index));
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        let begun = self.now();
        let limit = self.last_edge.saturating_add(self.etu(within.into()));
        // One that begins at the limit is found a look later.
        let late = limit.saturating_add(self.tenths(UNSURE));
        let (attentive, unsure) = (begun.saturating_add(self.etu(ATTENTIVE)), self.tenths(UNSURE));
        loop {
            let now = self.now();
            if !self.is_high() {
                let doubt = now.saturating_sub(self.seen_high);
                if doubt > unsure {
                    self.let_go_by().await;
                    return Err(LineError::Timeout);
                }
                let edge = now.saturating_sub(doubt / 2).max(self.last_edge);
                let received = self.hear(edge);
                let elapsed = edge.saturating_sub(self.last_edge).saturating_mul(2).saturating_add(self.etu(1));
                let elapsed = elapsed / self.etu(2).max(1);
                (self.last_edge, self.not_after) = (edge, now);
                (self.card_spoke_last, self.refused) = (true, false);
                return Ok((received, Etu::try_from(elapsed).unwrap_or(Etu::MAX).min(within)));
            }
            self.seen_high = now;
            if now > late {
                return Err(LineError::Timeout);
            }
            if now > attentive {
                yield_now().await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
