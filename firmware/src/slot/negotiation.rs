//! Protocol, rate and block size: what the slot asks a card for after its answer to reset, and what it takes into use
//! (ISO/IEC 7816-3 clauses 6.3.1, 9, 10 and 11).

use heapless::Vec;

use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::atr::{decode_di, decode_f_max, decode_fi};
use qiyong_protocol::iso7816::pps::{self, Agreed, PpsError};
use qiyong_protocol::iso7816::{t0, t1};

use super::exchange::{Protocol, over_t1};
use super::manner::Manner;
use super::repetition::{receive, send};
use super::reset::{INITIAL_WAITING_TIME, TURNAROUND};
use super::{CardLine, ContactSlot, LineConfig, SlotError};

/// When a character has been received, so many etu of it have gone by: start, data and parity moments (clause 7.2).
const CHARACTER: Etu = 10;
/// F and D until card and terminal agree on others (clause 8.1).
const DEFAULT_RATE: (u16, u8) = (LineConfig::RESET.fi, LineConfig::RESET.di);
/// f(max) of a card that says nothing, in kHz (clause 8.3).
const DEFAULT_F_MAX: u16 = 5000;

impl<L: CardLine> ContactSlot<L> {
    /// Takes protocol and rate into use: the announced ones in specific mode; in negotiable mode the protocol the card
    /// offers first, at the fastest rate both sides can do, if the card agrees (clauses 6.3.1 and 9).
    pub(super) async fn negotiate(&mut self) -> Result<Protocol, SlotError> {
        // Clause 8.3: f(max), which the card has at any rate.
        let max_khz = self.card.ta1().and_then(decode_f_max).unwrap_or(DEFAULT_F_MAX);
        if self.line.clk_hz() > u32::from(max_khz) * 1000 {
            return Err(SlotError::Clock { max_khz });
        }
        let (protocol, rate) = match self.card.specific_mode() {
            Some(mode) => {
                let rate = self.insisted_on(mode.implicit)?;
                // The slot has listened for TURNAROUND since the last character of the answer to reset.
                self.turn_around(mode.protocol, TURNAROUND).await;
                (mode.protocol, rate)
            }
            None => {
                let protocol = self.card.preferred_protocol().unwrap_or(0);
                (protocol, self.agree(protocol).await?)
            }
        };
        let mut protocol = self.take_up(protocol, rate)?;
        if let Protocol::T1(link) = &mut protocol
            && self.manner != Manner::Nothing
        {
            // Without this the card cuts its responses into blocks of 32 bytes. A card that refuses works all the same; one
            // that says nothing at all is reset, as rule 7.4.1 wants it, and not asked again.
            let limits = t1::Limits::new(link, 1, 1);
            match over_t1(&mut self.line, link.negotiate_ifsd(t1::IFS_MAX, limits)).await {
                Ok(_) => {}
                Err(SlotError::T1(_)) if link.is_ready() => {}
                Err(error) => return Err(error),
            }
            self.unproven = false;
        }
        Ok(protocol)
    }

    /// Takes this protocol and these F and D into use.
    fn take_up(&mut self, protocol: u8, (fi, di): (u16, u8)) -> Result<Protocol, SlotError> {
        self.rate = (fi, di);
        let card = &self.card;
        let convention = card.convention();
        // Clause 8.3: the card needs its guard time after a character of its own, too.
        let guard_time = card.guard_time(fi, di);
        match protocol {
            0 => {
                let turnaround = TURNAROUND.max(guard_time);
                self.line.configure(&LineConfig { convention, fi, di, guard_time, turnaround, error_signal: true });
                Ok(Protocol::T0(t0::Limits::from_atr(card, fi, di)))
            }
            1 => {
                let turnaround = t1::BLOCK_GUARD_TIME.max(guard_time);
                // N = 255 means 11 etu in T=1 (clause 11.2), and no error signal exists.
                let guard_time = if card.extra_guard() == 255 { 11 } else { guard_time };
                self.line.configure(&LineConfig { convention, fi, di, guard_time, turnaround, error_signal: false });
                Ok(Protocol::T1(t1::Connection::new(t1::Parameters::from_atr(card, fi, di))))
            }
            offered => Err(SlotError::Protocol { offered }),
        }
    }

    /// Before the rate changes, lets the time go by that the card needs between its last character and the next of the
    /// terminal, counted at the default rate; `passed` etu of it are over.
    async fn turn_around(&mut self, protocol: u8, passed: Etu) {
        let (fi, di) = DEFAULT_RATE;
        let least = if protocol == 1 { t1::BLOCK_GUARD_TIME } else { TURNAROUND };
        let etu = least.max(self.card.guard_time(fi, di)).saturating_sub(passed);
        self.line.wait(etu * u32::from(fi)).await;
    }

    /// F and D of a card in specific mode. Clause 6.3.1: a terminal that cannot do what the card insists on must not go on, and
    /// neither must one that would have to guess.
    fn insisted_on(&self, implicit: bool) -> Result<(u16, u8), SlotError> {
        let rate = if implicit {
            self.config.implicit_rate.ok_or(SlotError::RateImplicit)?
        } else {
            self.card.fi().zip(self.card.di()).ok_or(SlotError::RateReserved)?
        };
        let (fi, di) = rate;
        let least = u32::from(self.config.min_cycles_per_etu) * u32::from(di);
        if u32::from(fi) >= least { Ok(rate) } else { Err(SlotError::Rate) }
    }

    /// Asks the card for the fastest rate by PPS (clause 9), if that gains anything; returns the F and D that are in force then.
    async fn agree(&mut self, protocol: u8) -> Result<(u16, u8), SlotError> {
        let asked = pps::fastest(&self.card, self.config.min_cycles_per_etu);
        let Some(pps1) = asked.filter(|_| protocol <= 1 && self.manner == Manner::RateAndBlockSize) else {
            return Ok(DEFAULT_RATE);
        };
        let request = pps::Request::new(protocol, pps1);
        let convention = self.card.convention();
        let (fi, di) = DEFAULT_RATE;
        // Clause 9.1: the guard time is that of clause 8.3, the waiting time that of the ATR.
        let guard_time = self.card.guard_time(fi, di);
        let turnaround = TURNAROUND.max(guard_time);
        self.line.configure(&LineConfig { convention, fi, di, guard_time, turnaround, error_signal: true });
        // Whatever damages the request or its answer, the card is asked again after a reset, at the default rate.
        let lost = |error| match error {
            SlotError::Parity | SlotError::NotAccepted => SlotError::Pps(PpsError::Check),
            error => error,
        };
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
                // The card takes the new rate when its response is out.
                self.turn_around(protocol, CHARACTER).await;
                self.unproven = true;
                Ok(decode_fi(pps1).zip(decode_di(pps1)).unwrap_or(DEFAULT_RATE))
            }
            Agreed::DefaultRate => Ok(DEFAULT_RATE),
        }
    }
}
