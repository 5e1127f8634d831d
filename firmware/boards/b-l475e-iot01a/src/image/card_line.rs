//! The card's contacts: USART2 in smartcard mode, and pins for RST, VCC and the card-present switch.
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
//! Only what hardware must do is here. Order and times of the contacts are `ContactSlot`'s; what is written into the USART is
//! `smartcard`'s. The emulator ignores smartcard mode, clock and parity, and carries whole bytes; see the README for what is
//! proven where.

use qiyong_firmware::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;
use qiyong_protocol::iso7816::t1::BLOCK_GUARD_TIME;
use stm32_metapac as pac;
use stm32_metapac::gpio::vals::{Idr, Moder, Ot, Pupdr};

use super::serial::CARD;
use super::time::{self, now_us, sleep_until, until};
use super::{chip, pins};
use crate::smartcard::{self, PRESCALER, on_line};

const IO: usize = 2;
const VCC_5V: usize = 3;
const CLK: usize = 4;
const RST: usize = 6;
const VCC: usize = 7;
const PRESENT: usize = 2;
/// USART2's alternate function of PA2 and PA4.
const USART2_AF: u8 = 7;

/// CLK, in Hz.
const CARD_HZ: u64 = (time::CLOCK_HZ / PRESCALER) as u64;
/// What the supply takes to be stable, in µs; and to be gone.
const VCC_SETTLES_US: u64 = 10_000;
/// Etu from a character's leading edge until the receiver has it: ten moments and a half.
const CHARACTER: u64 = 11;
/// Etu that a character may take to go out, guard time included: 12 and 255, and some doubt.
const SENDING: u64 = 300;
/// A time-out is noticed this late, in µs: at the next tick.
const LATE_US: u64 = 1_000;
/// In the emulator a character comes when the host's scheduler lets it, so silence is believed later, in µs.
const LATE_EMULATED_US: u64 = 2_000_000;

/// The line.
pub(crate) struct UsartLine {
    config: LineConfig,
    /// When the last event on the line was: a leading edge, or RST going high.
    last_edge_us: u64,
    card_spoke_last: bool,
    late_us: u64,
}

impl UsartLine {
    /// All contacts low, VCC off.
    pub(crate) fn new() -> Self {
        for pin in [IO, VCC_5V, CLK, RST, VCC] {
            low(pin);
            let kind = if pin == IO { Ot::OPEN_DRAIN } else { Ot::PUSH_PULL };
            pac::GPIOA.otyper().modify(|w| w.set_ot(pin, kind));
            pac::GPIOA.moder().modify(|w| w.set_moder(pin, Moder::OUTPUT));
        }
        pac::GPIOB.pupdr().modify(|w| w.set_pupdr(PRESENT, Pupdr::PULL_DOWN));
        pac::GPIOB.moder().modify(|w| w.set_moder(PRESENT, Moder::INPUT));
        let late_us = if chip::is_emulated() { LATE_EMULATED_US } else { LATE_US };
        Self { config: LineConfig::RESET, last_edge_us: 0, card_spoke_last: false, late_us }
    }

    /// What `etu` take at the rate in force.
    fn us(&self, etu: u64) -> u64 {
        let cycles = (etu * u64::from(self.config.fi)).div_ceil(u64::from(self.config.di).max(1));
        (cycles * 1_000_000).div_ceil(CARD_HZ)
    }

    fn etu(&self, us: u64) -> Etu {
        let etu = us * CARD_HZ * u64::from(self.config.di) / (1_000_000 * u64::from(self.config.fi).max(1));
        Etu::try_from(etu).unwrap_or(Etu::MAX)
    }
}

fn is_present() -> bool {
    pac::GPIOB.idr().read().idr(PRESENT) == Idr::HIGH
}

fn low(pin: usize) {
    pac::GPIOA.bsrr().write(|w| w.set_br(pin, true));
}

fn high(pin: usize) {
    pac::GPIOA.bsrr().write(|w| w.set_bs(pin, true));
}

fn output(pin: usize) {
    pac::GPIOA.moder().modify(|w| w.set_moder(pin, Moder::OUTPUT));
}

impl CardLine for UsartLine {
    async fn wait_for_card(&mut self, seconds: u16) -> bool {
        until(now_us() + u64::from(seconds) * 1_000_000, || is_present().then_some(())).await.is_some()
    }

    async fn removal(&mut self) {
        let _ = until(u64::MAX, || (!is_present()).then_some(())).await;
    }

    fn present(&mut self) -> bool {
        is_present()
    }

    async fn set_vcc(&mut self, class: Option<VoltageClass>) {
        match class {
            Some(VoltageClass::A) => {
                high(VCC_5V);
                high(VCC);
            }
            Some(VoltageClass::B) => {
                low(VCC_5V);
                high(VCC);
            }
            // The supply has no 1.8 V: the card stays off and is found mute.
            Some(VoltageClass::C) => defmt::warn!("this board has no class C supply"),
            None => {
                low(VCC);
                low(VCC_5V);
            }
        }
        sleep_until(now_us() + VCC_SETTLES_US).await;
    }

    fn set_rst(&mut self, up: bool) {
        CARD.forget();
        if up {
            high(RST)
        } else {
            low(RST)
        }
        (self.last_edge_us, self.card_spoke_last) = (now_us(), true);
    }

    fn set_clk(&mut self, clock: Clock) {
        match clock {
            Clock::Running => pins::alternate(pac::GPIOA, CLK, USART2_AF, Ot::PUSH_PULL),
            Clock::Low => {
                low(CLK);
                output(CLK);
            }
            Clock::High => {
                high(CLK);
                output(CLK);
            }
        }
    }

    fn set_io(&mut self, released: bool) {
        if released {
            pins::alternate(pac::GPIOA, IO, USART2_AF, Ot::OPEN_DRAIN);
        } else {
            low(IO);
            output(IO);
        }
    }

    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
        smartcard::configure(&CARD, config);
    }

    async fn wait(&mut self, cycles: u32) {
        sleep_until(now_us() + (u64::from(cycles) * 1_000_000).div_ceil(CARD_HZ)).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, &byte) in bytes.iter().enumerate() {
            if !is_present() {
                return Err(LineError::Removed);
            }
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
        let come = until(deadline.saturating_add(late_us), || {
            let character = CARD.take();
            (character.is_some() || !is_present()).then_some(character)
        });
        match come.await {
            None => Err(LineError::Timeout),
            Some(None) => Err(LineError::Removed),
            Some(Some(character)) => {
                let edge = character.at_us().saturating_sub(self.us(CHARACTER)).max(self.last_edge_us);
                let elapsed = self.etu(edge - self.last_edge_us).min(within);
                (self.last_edge_us, self.card_spoke_last) = (edge, true);
                let byte = on_line(character.byte, self.config.convention);
                Ok((Received { byte, parity_ok: character.parity_ok }, elapsed))
            }
        }
    }
}
