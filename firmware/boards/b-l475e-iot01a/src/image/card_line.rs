//! The card's contacts: their pins, and USART2 in smartcard mode for the characters.
//!
//! | Contact | Pin | Arduino | |
//! |---|---|---|---|
//! | I/O (C7) | PA2 | D10 | USART2_TX, open drain, half duplex; a pull-up of 10 to 20 kΩ to the card's VCC |
//! | CLK (C3) | PA4 | D7 | USART2_CK, 4 MHz |
//! | RST (C2) | PA6 | D12 | push-pull |
//! | VCC (C1) | PA7 | D11 | high switches the supply on |
//! | - | PA3 | D4 | high: the supply gives 5 V (class A), low: 3 V (class B) |
//! | - | PB2 | D8 | card-present switch, high with a card |
//!
//! Order and times of the contacts are `ContactSlot`'s; how they are driven is for `qiyong_firmware::adapters`; what is written
//! into the USART is `smartcard`'s. The emulator ignores smartcard mode, clock and parity, and carries whole bytes; see the
//! README for what is proven where.

use qiyong_firmware::adapters::{Characters, Contacts, PinLine, Timing};
use qiyong_firmware::slot::{CardLine, LineConfig, LineError};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;
use qiyong_protocol::iso7816::t1::BLOCK_GUARD_TIME;
use stm32_metapac::gpio::vals::{Ot, Pupdr};

use super::chip;
use super::pins::{Handover, Pin};
use super::serial::CARD;
use super::time::{self, Delay, now_us, sleep_until, until};
use crate::smartcard::{self, PRESCALER, on_line};

/// USART2's alternate function of PA2 and PA4.
const USART2_AF: u8 = 7;
/// CLK, in Hz.
const CARD_HZ: u32 = time::CLOCK_HZ / PRESCALER;
/// What the supply takes to be stable, in µs; and to be gone.
const VCC_SETTLES_US: u32 = 10_000;
/// Etu from a character's leading edge until the receiver has it: ten moments and a half.
const CHARACTER: u64 = 11;
/// Etu that a character may take to go out, guard time included: 12 and 255, and some doubt.
const SENDING: u64 = 300;
/// A time-out is noticed this late, in µs: at the next tick.
const LATE_US: u64 = 1_000;
/// In the emulator a character comes when the host's scheduler lets it, so silence is believed later, in µs.
const LATE_EMULATED_US: u64 = 2_000_000;

/// The line, without power.
pub(crate) fn line() -> impl CardLine {
    let contacts = Contacts {
        vcc: Pin::<'A', 7>.output(Ot::PUSH_PULL),
        five_volts: Pin::<'A', 3>.output(Ot::PUSH_PULL),
        rst: Pin::<'A', 6>.output(Ot::PUSH_PULL),
        clk: Handover::<'A', 4>.to(USART2_AF, Ot::PUSH_PULL),
        clk_level: Pin::<'A', 4>,
        io: Handover::<'A', 2>.to(USART2_AF, Ot::OPEN_DRAIN),
        present: Pin::<'B', 2>.input(Pupdr::PULL_DOWN),
    };
    let late_us = if chip::is_emulated() { LATE_EMULATED_US } else { LATE_US };
    let characters = CardUsart { config: LineConfig::RESET, last_edge_us: 0, card_spoke_last: false, late_us };
    PinLine::new(contacts, characters, Delay, Timing { clk_hz: CARD_HZ, vcc_settles_us: VCC_SETTLES_US })
}

/// USART2 in smartcard mode.
struct CardUsart {
    config: LineConfig,
    /// When the last event on the line was: a leading edge, or RST going high.
    last_edge_us: u64,
    card_spoke_last: bool,
    late_us: u64,
}

impl CardUsart {
    /// What `etu` take at the rate in force.
    fn us(&self, etu: u64) -> u64 {
        let cycles = (etu * u64::from(self.config.fi)).div_ceil(u64::from(self.config.di).max(1));
        (cycles * 1_000_000).div_ceil(CARD_HZ.into())
    }

    fn etu(&self, us: u64) -> Etu {
        let etu = us * u64::from(CARD_HZ) * u64::from(self.config.di) / (1_000_000 * u64::from(self.config.fi).max(1));
        Etu::try_from(etu).unwrap_or(Etu::MAX)
    }
}

impl Characters for CardUsart {
    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
        // Switches the receiver on again if `send` was dropped before it did.
        smartcard::configure(&CARD, config);
    }

    fn rst_changes(&mut self) {
        CARD.forget();
        (self.last_edge_us, self.card_spoke_last) = (now_us(), true);
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, &byte) in bytes.iter().enumerate() {
            // Between its own characters the USART keeps the guard time: none is out before that is over.
            if self.card_spoke_last {
                sleep_until(self.last_edge_us + self.us(self.config.turnaround.into())).await;
            }
            (self.last_edge_us, self.card_spoke_last) = (now_us(), false);
            smartcard::begin(&CARD, byte, &self.config);
            CARD.sent_within(self.us(SENDING)).await;
            if !smartcard::finish(&CARD, &self.config) {
                return Err(LineError::NotAccepted(index));
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        let deadline = self.last_edge_us + self.us(u64::from(within) + CHARACTER);
        // After a block of T=1 the slot makes sure that nothing more comes, for no longer than the block guard time: there
        // silence is the rule, and not waited for in vain.
        let late_us = if within <= BLOCK_GUARD_TIME { LATE_US } else { self.late_us };
        let Some(character) = until(deadline.saturating_add(late_us), || CARD.take()).await else {
            return Err(LineError::Timeout);
        };
        let edge = character.at_us().saturating_sub(self.us(CHARACTER)).max(self.last_edge_us);
        let elapsed = self.etu(edge - self.last_edge_us).min(within);
        (self.last_edge_us, self.card_spoke_last) = (edge, true);
        let byte = on_line(character.byte, self.config.convention);
        Ok((Received { byte, parity_ok: character.parity_ok }, elapsed))
    }
}
