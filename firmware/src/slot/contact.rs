//! The contact slot: power sequence, ATR, protocol (ISO/IEC 7816-3 clauses 6 to 10).

use heapless::Vec;

use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_protocol::iso7816::atr::{Atr, AtrError, ClockStop, Parameters, decode_di, decode_fi};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::pps::{self, Agreed, PpsError};
use qiyong_protocol::iso7816::{t0, t1};

use super::exchange::{Protocol, over_t1};
use super::repetition::{receive, send};
use super::{CardLine, CardSlot, Clock, LineConfig, LineError, SlotError, VoltageClass};

/// What a maker chooses for a slot.
#[derive(Clone, Copy, Debug)]
pub struct SlotConfig {
    /// The voltage classes to try, at least one, in this order. The next one is tried when a card stays mute, or says in its ATR that it
    /// is not made for the present one (clause 6.2.4).
    pub classes: &'static [VoltageClass],
    /// The fewest clock cycles an etu may take: what the slot's receiver can follow. 16 is what USARTs with a smartcard mode
    /// do; 372 or more switches PPS off.
    pub min_cycles_per_etu: u16,
    /// Whether the clock of a card that allows it is stopped while the card is not needed (clause 6.3.2).
    pub clock_stop: bool,
}

impl Default for SlotConfig {
    /// 3 V, then 5 V: what social security cards of all generations work with (docs/card.md §4.1). Low first, since a
    /// low voltage harms no card.
    fn default() -> Self {
        Self { classes: &[VoltageClass::B, VoltageClass::A], min_cycles_per_etu: 16, clock_stop: true }
    }
}

/// RST stays low at least 400 cycles after CLK starts (clause 6.2.2), and as long in a warm reset (6.2.3).
const RESET_CYCLES: u32 = 400;
/// TS comes at most 40 000 cycles after RST goes high (clause 6.2.2): 107.5 etu of 372 cycles.
const FIRST_CHARACTER: Etu = 108;
/// The initial waiting time: at most this between two characters of the ATR (clause 8.1).
const INITIAL_WAITING_TIME: Etu = 9600;
/// The most the whole ATR may take; clause 8.1 sets no limit below 33 initial waiting times, EMV and readers 20 160.
const ATR_BUDGET: Etu = 20_160;
/// The least etu from the card's last character to the terminal's first in T=0 and PPS (clause 10.2; cards of the PBOC
/// family need it). T=1 has its block guard time. Where the card's guard time is longer, that counts.
const TURNAROUND: Etu = 16;
/// When a character has been received, so many etu of it have gone by: start, data and parity moments (clause 7.2).
const CHARACTER: Etu = 10;
/// CLK runs on for at least this long after the last character before it is stopped (clause 6.3.2).
const BEFORE_CLOCK_STOP: u32 = 1860;
/// CLK runs for at least this long before the next character once it was stopped (clause 6.3.2).
const AFTER_CLOCK_STOP: u32 = 700;
/// A powered-down card is left alone for 10 ms before it is powered again (clause 6.2.4), here in cycles at 3.5712 MHz.
const REST_CYCLES: u32 = 35_712;

/// Drives a card on a [`CardLine`].
#[derive(Debug)]
pub struct ContactSlot<L> {
    line: L,
    config: SlotConfig,
    atr: Vec<u8, 33>,
    /// What it says; that of the card before while a card is being reset.
    card: Parameters,
    /// The protocol of the powered card; `None` while there is no power.
    powered: Option<Protocol>,
    /// CLK is stopped though the card has power.
    resting: bool,
}

impl<L: CardLine> ContactSlot<L> {
    /// A slot without power.
    pub const fn new(line: L, config: SlotConfig) -> Self {
        Self { line, config, atr: Vec::new(), card: Parameters::DEFAULT, powered: None, resting: false }
    }

    /// The line below, for tracers and benches.
    pub const fn line(&mut self) -> &mut L {
        &mut self.line
    }

    /// Clause 6.2.2: RST low, VCC on, I/O released, CLK on, and RST high after 400 cycles.
    async fn cold_reset(&mut self, class: VoltageClass) -> Result<(), SlotError> {
        self.line.set_rst(false);
        self.line.set_vcc(Some(class)).await;
        self.line.set_io(true);
        self.line.set_clk(Clock::Running);
        self.answer_to_reset().await
    }

    /// The common end of a cold and a warm reset, RST being low.
    async fn answer_to_reset(&mut self) -> Result<(), SlotError> {
        self.line.configure(&LineConfig::RESET);
        self.line.wait(RESET_CYCLES).await;
        self.line.set_rst(true);
        self.receive_atr().await
    }

    async fn receive_atr(&mut self) -> Result<(), SlotError> {
        self.atr.clear();
        let (ts, _) = match self.line.receive(FIRST_CHARACTER).await {
            Err(LineError::Timeout) => return Err(SlotError::Mute),
            ts => ts?,
        };
        let Some(convention) = Convention::from_ts_read_direct(ts) else {
            return Err(SlotError::Atr(AtrError::TsUnknown(ts.byte)));
        };
        self.line.configure(&LineConfig { convention, error_signal: true, ..LineConfig::RESET });
        // An ATR never has more than 33 characters, so pushing cannot fail.
        let _ = self.atr.push(convention.ts());
        let mut elapsed: Etu = 0;
        while Atr::expected_len(&self.atr).is_none_or(|whole| self.atr.len() < whole) && !self.atr.is_full() {
            match receive(&mut self.line, INITIAL_WAITING_TIME).await? {
                Some((byte, etu)) if elapsed.saturating_add(etu) <= ATR_BUDGET => {
                    elapsed += etu;
                    let _ = self.atr.push(byte);
                }
                // The card stopped or dawdled. The check below says what is wrong with the characters that came.
                Some(_) | None => break,
            }
        }
        self.card = Atr::new(&self.atr).check().map_err(SlotError::Atr)?;
        Ok(())
    }

    /// Takes protocol and rate into use: the announced ones in specific mode; in negotiable mode the protocol the card
    /// offers first, at the fastest rate both sides can do, if the card agrees (clauses 6.3.1 and 9).
    async fn negotiate(&mut self, may_ask: bool) -> Result<Protocol, SlotError> {
        let card = self.card;
        let asked = pps::fastest(&card, self.config.min_cycles_per_etu).filter(|_| may_ask);
        let (protocol, fi, di) = match (card.specific_mode(), asked) {
            // Clause 6.3.1: a terminal that cannot do what the card insists on must not go on.
            (Some(mode), _) if !mode.implicit => match card.fi().zip(card.di()) {
                Some((fi, di)) if u32::from(fi) >= u32::from(self.config.min_cycles_per_etu) * u32::from(di) => {
                    (mode.protocol, fi, di)
                }
                _ => return Err(SlotError::Rate),
            },
            (Some(mode), _) => (mode.protocol, 372, 1),
            (None, asked) => {
                let protocol = card.preferred_protocol().unwrap_or(0);
                let agreed = match asked.filter(|_| protocol <= 1) {
                    Some(pps1) => self.ask_for(protocol, pps1).await?,
                    None => None,
                };
                let rate = agreed.and_then(|pps1| decode_fi(pps1).zip(decode_di(pps1)));
                let (fi, di) = rate.unwrap_or((372, 1));
                (protocol, fi, di)
            }
        };
        let convention = card.convention();
        // Clause 8.3: the card needs its guard time after a character of its own, too.
        let guard_time = card.guard_time(fi, di);
        match protocol {
            0 => {
                let turnaround = TURNAROUND.max(guard_time);
                self.line.configure(&LineConfig { convention, fi, di, guard_time, turnaround, error_signal: true });
                Ok(Protocol::T0(t0::Limits::from_atr(&card, fi, di)))
            }
            1 => {
                let turnaround = t1::BLOCK_GUARD_TIME.max(guard_time);
                // N = 255 means 11 etu in T=1 (clause 11.2), and no error signal exists.
                let guard_time = if card.extra_guard() == 255 { 11 } else { guard_time };
                self.line.configure(&LineConfig { convention, fi, di, guard_time, turnaround, error_signal: false });
                let mut link = t1::Connection::new(t1::Parameters::from_atr(&card, fi, di));
                // Without this the card cuts its responses into blocks of 32 bytes. A card that refuses works all the same.
                let limits = t1::Limits::new(&link, 1, 1);
                match over_t1(&mut self.line, link.negotiate_ifsd(t1::IFS_MAX, limits)).await {
                    Ok(_) => {}
                    Err(SlotError::T1(_)) if link.is_ready() => {}
                    Err(error) => return Err(error),
                }
                Ok(Protocol::T1(link))
            }
            offered => Err(SlotError::Protocol { offered }),
        }
    }

    /// Asks for a rate by PPS (clause 9); returns the PPS1 agreed on, or `None` for the default rate.
    async fn ask_for(&mut self, protocol: u8, pps1: u8) -> Result<Option<u8>, SlotError> {
        let request = pps::Request::new(protocol, pps1);
        let convention = self.card.convention();
        // Clause 9.1: the guard time is that of clause 8.3, the waiting time that of the ATR.
        let guard_time = self.card.guard_time(LineConfig::RESET.fi, LineConfig::RESET.di);
        let turnaround = TURNAROUND.max(guard_time);
        let config = LineConfig { convention, guard_time, turnaround, error_signal: true, ..LineConfig::RESET };
        self.line.configure(&config);
        // Whatever damages the request or its answer, the card is asked again after a reset, at the default rate.
        let lost = |error| if matches!(error, SlotError::Parity) { SlotError::Pps(PpsError::Check) } else { error };
        send(&mut self.line, request.bytes()).await.map_err(lost)?;
        let mut response: Vec<u8, { pps::PPS_MAX }> = Vec::new();
        while pps::expected_len(&response).is_none_or(|whole| response.len() < whole) && !response.is_full() {
            match receive(&mut self.line, INITIAL_WAITING_TIME).await.map_err(lost)? {
                Some((byte, _)) => _ = response.push(byte),
                None => return Err(SlotError::Pps(PpsError::Truncated)),
            }
        }
        match request.judge(&response).map_err(SlotError::Pps)? {
            Agreed::AsAsked => {
                // The card takes the new rate when its response is out. The turnaround after the response is still counted at the
                // old one.
                let turnaround = if protocol == 1 { t1::BLOCK_GUARD_TIME.max(turnaround) } else { turnaround };
                self.line.wait(u32::from(LineConfig::RESET.fi) * (turnaround - CHARACTER)).await;
                Ok(Some(pps1))
            }
            Agreed::DefaultRate => Ok(None),
        }
    }

    /// Whether the ATR says that the card is not made for `class` (clause 8.3, TA after T=15).
    fn rejects(&self, class: VoltageClass) -> bool {
        self.card.classes().is_some_and(|classes| classes.bits() & class.indicator_bit() == 0)
    }

    /// The class walk of clause 6.2.4: the next class is tried when a card is mute, answers rubbish, or says that it is
    /// not made for this one.
    async fn power_up(&mut self) -> Result<(), SlotError> {
        let mut last = SlotError::Mute;
        for &class in self.config.classes {
            if !self.line.present() {
                return Err(SlotError::Removed);
            }
            let mut answer = self.cold_reset(class).await;
            if matches!(answer, Err(SlotError::Atr(_) | SlotError::Parity)) {
                // Not mute, but damaged: a warm reset may do better.
                self.line.set_rst(false);
                answer = self.answer_to_reset().await;
            }
            match answer {
                Ok(()) if self.rejects(class) => last = SlotError::NoCommonClass,
                Ok(()) => return Ok(()),
                Err(error @ (SlotError::Removed | SlotError::ShortCircuit)) => return Err(error),
                // Silence at another voltage says less than what came at this one.
                Err(SlotError::Mute) if !matches!(last, SlotError::Mute) => {}
                Err(error) => last = error,
            }
            self.power_down().await;
            self.line.wait(REST_CYCLES).await;
        }
        Err(last)
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
        let ready = self.reset_and_negotiate().await;
        self.ready(ready).await
    }

    async fn reset_and_negotiate(&mut self) -> Result<(), SlotError> {
        self.line.set_rst(false);
        self.answer_to_reset().await?;
        self.powered = Some(self.negotiate(true).await?);
        Ok(())
    }

    /// The end of connecting: the card is ready, or off power.
    async fn ready(&mut self, ready: Result<(), SlotError>) -> Result<&[u8], SlotError> {
        if let Err(error) = ready {
            self.power_down().await;
            return Err(error);
        }
        Ok(&self.atr)
    }

    /// Whether the card insists on a rate or protocol that this slot cannot do, and says that a warm reset changes that (TA2,
    /// clause 6.3.1).
    fn can_change(&self, error: SlotError) -> bool {
        let insists = matches!(error, SlotError::Rate | SlotError::Protocol { .. });
        insists && self.card.specific_mode().is_some_and(|mode| mode.can_change)
    }

    async fn power_and_negotiate(&mut self, may_ask: bool) -> Result<(), SlotError> {
        self.power_up().await?;
        self.powered = Some(self.negotiate(may_ask).await?);
        Ok(())
    }

    /// Clause 6.4: RST low, CLK low, I/O low, VCC off.
    async fn power_down(&mut self) {
        self.powered = None;
        self.resting = false;
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
        if self.powered.is_some() {
            // A visit that was dropped midway left the card powered.
            self.power_down().await;
            self.line.wait(REST_CYCLES).await;
        }
        let mut ready = self.power_and_negotiate(true).await;
        if matches!(ready, Err(SlotError::Pps(_))) {
            // Clause 9: a card whose PPS failed is powered down. Powered again and not asked, it works at the default rate.
            self.power_down().await;
            self.line.wait(REST_CYCLES).await;
            ready = self.power_and_negotiate(false).await;
        }
        if ready.as_ref().is_err_and(|error| self.can_change(*error)) {
            ready = self.reset_and_negotiate().await;
        }
        self.ready(ready).await
    }

    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let Some(protocol) = &mut self.powered else {
            // The card may have been taken out, and off power, while it rested.
            return Err(if self.line.present() { SlotError::NotConnected } else { SlotError::Removed });
        };
        if self.resting {
            self.resting = false;
            self.line.set_clk(Clock::Running);
            self.line.wait(AFTER_CLOCK_STOP).await;
        }
        let result = protocol.exchange(&mut self.line, command, buffer).await;
        // Contacts that touch nothing any more, or each other, are taken off power without delay; so is a card that is out of
        // step, for which only a reset is left.
        if result.as_ref().is_err_and(|error| protocol.is_over(*error)) {
            self.power_down().await;
        }
        result
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
    }
}
