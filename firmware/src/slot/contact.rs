//! The contact slot: power, classes, and what is done with a card that cannot do what it was asked for (ISO/IEC 7816-3
//! clauses 6 and 9).
//!
//! The answer to reset is received in `reset`, protocol and rate are chosen in `negotiation`, APDUs carried in `exchange`.

use heapless::Vec;

use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_protocol::iso7816::atr::{Atr, ClockStop, Parameters, Tck};
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::T1Error;

use super::config::SlotConfig;
use super::exchange::Protocol;
use super::manner::Manner;
use super::{CardLine, CardSlot, Clock, SlotError, VoltageClass};

/// CLK runs on for at least this long after the last character before it is stopped (clause 6.3.2).
const BEFORE_CLOCK_STOP: u32 = 1860;
/// CLK runs for at least this long before the next character once it was stopped (clause 6.3.2).
const AFTER_CLOCK_STOP: u32 = 700;
/// CLK until the answer to reset says otherwise, in Hz (clause 5.2.3).
const CLOCK_HZ: core::ops::RangeInclusive<u32> = 1_000_000..=5_000_000;

/// Drives a card on a [`CardLine`].
#[derive(Debug)]
pub struct ContactSlot<L> {
    pub(super) line: L,
    pub(super) config: SlotConfig,
    pub(super) atr: Vec<u8, 33>,
    /// How many characters more came than it announces.
    pub(super) surplus: u8,
    /// What it says; that of the card before while a card is being reset.
    pub(super) card: Parameters,
    /// What this card is asked for.
    pub(super) manner: Manner,
    /// A rate was agreed on, and the card has not been understood at it yet.
    pub(super) unproven: bool,
    /// Power was taken from a card, perhaps just now.
    pub(super) was_powered: bool,
    /// The protocol of the powered card; `None` while there is no power.
    pub(super) powered: Option<Protocol>,
    /// F and D in force.
    pub(super) rate: (u16, u8),
    /// CLK is stopped though the card has power.
    resting: bool,
}

impl<L: CardLine> ContactSlot<L> {
    /// A slot without power.
    pub const fn new(line: L, config: SlotConfig) -> Self {
        Self {
            line,
            config,
            atr: Vec::new(),
            surplus: 0,
            card: Parameters::DEFAULT,
            manner: Manner::RateAndBlockSize,
            unproven: false,
            was_powered: false,
            powered: None,
            rate: (372, 1),
            resting: false,
        }
    }

    /// The line below, for tracers and benches.
    pub const fn line(&mut self) -> &mut L {
        &mut self.line
    }

    /// Whether the ATR says that the card is not made for `class` (clause 8.3, TA after T=15).
    fn rejects(&self, class: VoltageClass) -> bool {
        self.card.classes().is_some_and(|classes| classes.bits() & class.indicator_bit() == 0)
    }

    /// The class walk of clause 6.2.4: the next class is tried when a card is mute, answers rubbish, or says that it is
    /// not made for this one.
    async fn power_up(&mut self) -> Result<(), SlotError> {
        let mut last = None;
        for class in self.config.classes().filter(|class| L::serves(*class)) {
            if !self.line.present() {
                return Err(SlotError::Removed);
            }
            let mut answer = self.cold_reset(class).await;
            if matches!(answer, Err(SlotError::Atr(_) | SlotError::Parity)) && !self.line_is_unfit() {
                // Not mute, but damaged: a warm reset may do better.
                self.line.set_rst(false);
                answer = self.answer_to_reset().await;
            }
            match answer {
                Err(error) if self.line_is_unfit() => return Err(error),
                Ok(()) if self.rejects(class) => last = Some(SlotError::NoCommonClass),
                Ok(()) => return Ok(()),
                Err(error @ (SlotError::Removed | SlotError::ShortCircuit)) => return Err(error),
                // Silence at another voltage says less than what came at this one.
                Err(SlotError::Mute) if last.is_some() => {}
                Err(error) => last = Some(error),
            }
            self.power_down().await;
        }
        Err(last.unwrap_or(SlotError::NoCommonClass))
    }

    /// Whether a character of an answer to reset without TCK came twice: one more came than it announces. Such a card speaks
    /// T=0, where nothing detects that, neither at the terminal nor at the card: on this line a PIN would cost a try of it. So
    /// the line is not used before the card is connected to again, when somebody has cleaned it or put it in anew.
    fn line_is_unfit(&self) -> bool {
        self.surplus == 1 && Atr::new(&self.atr).tck() == Tck::Absent
    }

    /// Resets the powered card without taking power from it (clause 6.2.3), and agrees on protocol and rate anew; returns
    /// the answer to reset. What the card has in volatile memory, such as rights gained with a PIN, is gone.
    ///
    /// Cancel-safety: as [`CardSlot::connect`].
    ///
    /// # Errors
    /// As [`CardSlot::connect`]; the card is off power then. Without power, [`SlotError::NotConnected`].
    pub async fn warm_reset(&mut self) -> Result<&[u8], SlotError> {
        if self.powered.is_none() {
            return Err(SlotError::NotConnected);
        }
        if self.resting {
            self.resting = false;
            self.line.set_clk(Clock::Running);
        }
        self.make_ready(true).await?;
        Ok(&self.atr)
    }

    /// Brings the card from a warm reset, or from no power, to where it takes commands. What fails is asked for no more:
    /// the card is powered anew, since clause 9 wants that after a PPS that failed, and one that has understood nothing may
    /// be anywhere. An error leaves the card off power.
    async fn make_ready(&mut self, warm: bool) -> Result<(), SlotError> {
        let mut ready = if warm { self.reset_and_negotiate().await } else { self.power_and_negotiate().await };
        // Once after each power-up.
        let mut may_change = !warm;
        while let Err(error) = ready {
            let deaf = self.is_deaf_at(error);
            ready = if self.manner.yields_to(error, deaf) {
                self.power_down().await;
                may_change = true;
                self.power_and_negotiate().await
            } else if may_change && self.can_change(error) {
                may_change = false;
                self.reset_and_negotiate().await
            } else {
                self.power_down().await;
                return Err(error);
            };
        }
        Ok(())
    }

    async fn power_and_negotiate(&mut self) -> Result<(), SlotError> {
        self.power_up().await?;
        self.powered = Some(self.negotiate().await?);
        Ok(())
    }

    async fn reset_and_negotiate(&mut self) -> Result<(), SlotError> {
        self.line.set_rst(false);
        self.answer_to_reset().await?;
        self.powered = Some(self.negotiate().await?);
        Ok(())
    }

    /// Whether the card insists on a rate or protocol that this slot cannot do, and says that a warm reset changes that (TA2,
    /// clause 6.3.1).
    fn can_change(&self, error: SlotError) -> bool {
        let insists = matches!(
            error,
            SlotError::Rate | SlotError::RateReserved | SlotError::RateImplicit | SlotError::Protocol { .. }
        );
        insists && self.card.specific_mode().is_some_and(|mode| mode.can_change)
    }

    /// Whether `error` shows that the rate agreed on is of no use: not one valid character has come since the change-over, so
    /// the card has not had a command either, and nothing is lost by a reset.
    fn is_deaf_at(&self, error: SlotError) -> bool {
        self.unproven
            && matches!(
                error,
                SlotError::T0(T0Error::Timeout | T0Error::ProcedureByte(_) | T0Error::BudgetExceeded)
                    | SlotError::T1(T1Error::NoAnswer(_))
                    | SlotError::Parity
                    | SlotError::NotAccepted
            )
    }

    /// Clause 6.4: RST low, CLK low, I/O low, VCC off.
    async fn power_down(&mut self) {
        self.powered = None;
        self.resting = false;
        self.was_powered = true;
        self.line.set_rst(false);
        self.line.set_clk(Clock::Low);
        self.line.set_io(false);
        self.line.set_vcc(None).await;
    }
}

impl<L: CardLine> CardSlot for ContactSlot<L> {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        self.line.wait_for_card(seconds).await
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        if !CLOCK_HZ.contains(&self.line.clk_hz()) {
            return Err(SlotError::Clock { max_khz: (CLOCK_HZ.end() / 1000) as u16 });
        }
        if self.powered.is_some() {
            // A visit that was dropped midway left the card powered.
            self.power_down().await;
        }
        self.make_ready(false).await?;
        Ok(&self.atr)
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let done = loop {
            let Some(protocol) = &mut self.powered else {
                // The card may have been taken out, and off power, while it rested.
                return Err(if self.line.present() { SlotError::NotConnected } else { SlotError::Removed });
            };
            if self.resting {
                self.resting = false;
                self.line.set_clk(Clock::Running);
                self.line.wait(AFTER_CLOCK_STOP).await;
            }
            let error = match protocol.exchange(&mut self.line, command, buffer, &mut self.unproven).await {
                Ok(done) => break done,
                Err(error) => error,
            };
            if !protocol.is_over(error) {
                return Err(error);
            }
            if self.is_deaf_at(error) && self.manner.yields_to(error, true) {
                self.power_down().await;
                self.make_ready(false).await?;
                continue;
            }
            // Contacts that touch nothing any more, or each other, are taken off power without delay; so is a card that is out
            // of step, for which only a reset is left.
            self.power_down().await;
            return Err(error);
        };
        Ok(Response { data: buffer.get(..done.len).unwrap_or_default(), sw: done.sw })
    }

    async fn rest(&mut self) {
        let clock = match self.card.clock_stop() {
            ClockStop::Low | ClockStop::Any => Clock::Low,
            ClockStop::High => Clock::High,
            ClockStop::NotSupported => return,
        };
        if self.config.clock_stop && self.powered.is_some() && !self.resting {
            self.line.wait(BEFORE_CLOCK_STOP).await;
            self.line.set_clk(clock);
            self.resting = true;
        }
    }

    async fn removal(&mut self) {
        match self.powered {
            Some(_) => self.line.removal().await,
            None => core::future::pending().await,
        }
    }

    async fn disconnect(&mut self) {
        self.power_down().await;
        // The card may be exchanged for another before anybody looks: what failed with one is asked of the next.
        self.manner = Manner::RateAndBlockSize;
    }
}
