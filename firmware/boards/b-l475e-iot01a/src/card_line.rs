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
//! Only what hardware must do is here. Order and times of the contacts are `ContactSlot`'s. The emulator ignores smartcard
//! mode, clock and parity, and carries whole bytes; see the README for what is proven where.

use qiyong_firmware::slot::{CardLine, Clock, LineConfig, LineError, VoltageClass};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Convention, Received};
use qiyong_protocol::iso7816::t1::BLOCK_GUARD_TIME;
use stm32_metapac as pac;
use stm32_metapac::gpio::vals::{Idr, Moder, Ot, Pupdr};
use stm32_metapac::usart::vals::{M0, Ps, Stop};

use crate::board::{self, now_us, sleep_until, until};
use crate::serial::{self, CARD};

const IO: usize = 2;
const VCC_5V: usize = 3;
const CLK: usize = 4;
const RST: usize = 6;
const VCC: usize = 7;
const PRESENT: usize = 2;
/// USART2's alternate function of PA2 and PA4.
const USART2_AF: u8 = 7;

/// SYSCLK / `PRESCALER` = 4 MHz, within the 1 to 5 MHz of clause 5.2.3.
const PRESCALER: u32 = 4;
/// CLK, in Hz.
const CARD_HZ: u64 = (board::CLOCK_HZ / PRESCALER) as u64;
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
        let late_us = if board::is_emulated() { LATE_EMULATED_US } else { LATE_US };
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

/// The byte on the line that stands for `byte`: the receiver reads the least significant bit first and H as a one. In
/// inverse convention all nine moments are inverted, so that the parity is odd.
const fn on_line(byte: u8, convention: Convention) -> u8 {
    match convention {
        Convention::Direct => byte,
        Convention::Inverse => !byte.reverse_bits(),
    }
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
            Clock::Running => serial::alternate(pac::GPIOA, CLK, USART2_AF, Ot::PUSH_PULL),
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
            serial::alternate(pac::GPIOA, IO, USART2_AF, Ot::OPEN_DRAIN);
        } else {
            low(IO);
            output(IO);
        }
    }

    fn configure(&mut self, config: &LineConfig) {
        self.config = *config;
        let cycles = u32::from(config.fi) * PRESCALER / u32::from(config.di).max(1);
        let regs = CARD.regs();
        // Most of these can be written only while the USART is off (RM0351 §40.8).
        regs.cr1().modify(|w| w.set_ue(false));
        regs.brr().write(|w| w.set_brr(u16::try_from(cycles).unwrap_or(u16::MAX)));
        regs.cr2().write(|w| {
            w.set_stop(Stop::STOP1P5);
            w.set_clken(true);
        });
        regs.cr3().write(|w| {
            w.set_scen(true);
            w.set_nack(config.error_signal);
        });
        regs.gtpr().write(|w| {
            // The divisor of CLK, halved.
            w.set_psc((PRESCALER / 2).to_le_bytes()[0]);
            // Beyond the 12 etu that a character takes (11 in T=1 with N = 255).
            w.set_gt(u8::try_from(config.guard_time.saturating_sub(12)).unwrap_or(u8::MAX));
        });
        regs.cr1().write(|w| {
            // Eight bits and parity.
            w.set_m0(M0::BIT9);
            w.set_pce(true);
            w.set_ps(if config.convention == Convention::Inverse { Ps::ODD } else { Ps::EVEN });
            w.set_re(true);
            w.set_te(true);
            w.set_rxneie(true);
            w.set_ue(true);
        });
    }

    async fn wait(&mut self, cycles: u32) {
        sleep_until(now_us() + (u64::from(cycles) * 1_000_000).div_ceil(CARD_HZ)).await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        let regs = CARD.regs();
        for (index, &byte) in bytes.iter().enumerate() {
            if !is_present() {
                return Err(LineError::Removed);
            }
            // Between its own characters the USART keeps the guard time: none is out before that is over.
            if self.card_spoke_last {
                sleep_until(self.last_edge_us + self.us(self.config.turnaround.into())).await;
            }
            // I/O is one wire: the receiver would hear what is sent.
            regs.cr1().modify(|w| w.set_re(false));
            regs.icr().write(|w| w.set_fe(true));
            (self.last_edge_us, self.card_spoke_last) = (now_us(), false);
            CARD.send_within(on_line(byte, self.config.convention), self.us(SENDING)).await;
            let refused = regs.isr().read().fe() && self.config.error_signal;
            regs.cr1().modify(|w| w.set_re(true));
            if refused {
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
