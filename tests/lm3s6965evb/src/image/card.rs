//! The card's characters on UART2, whose two pins are one wire to the card. The UART has no smartcard mode: it neither gives nor
//! hears an error signal, so a character of wrong parity is not repeated.

use core::sync::atomic::Ordering;

use qiyong_board_support::spacing::{Spacing, on_line};
use qiyong_firmware::adapters::CardUart;
use qiyong_firmware::slot::{LineConfig, LineError};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Convention, Received};

use super::time::{SYSTEM_HZ, now, sleep_until, until};
use super::uart::CARD;
use super::words::LIVE;

/// CLK, in Hz.
pub(crate) const CLK_HZ: u32 = 4_000_000;
/// Cycles of the chip's clock, and of the time, in one of CLK.
const PER_CLK: u32 = SYSTEM_HZ / CLK_HZ;
const TIME_PER_CLK: u32 = 4;
/// Line: a parity bit; an even one; two stop bits.
const PARITY: u32 = 1 << 1;
const EVEN: u32 = 1 << 2;
const STOP_2: u32 = 1 << 3;
/// Etu that a character to the card takes.
const CHARACTER: u64 = 12;

/// The UART.
pub(crate) struct Characters(Spacing);

impl Characters {
    pub(crate) const fn new() -> Self {
        Self(Spacing::new(TIME_PER_CLK))
    }
}

impl CardUart for Characters {
    fn configure(&mut self, config: &LineConfig) {
        self.0.config = *config;
        CARD.echoes.store(false, Ordering::Relaxed);
        let quarters = 4 * PER_CLK * u32::from(config.fi) / u32::from(config.di).max(1);
        let parity = if config.convention == Convention::Inverse { PARITY } else { PARITY | EVEN };
        CARD.start(quarters, parity | STOP_2);
        LIVE.listens.store(1, Ordering::Relaxed);
    }

    fn rst_changes(&mut self) {
        CARD.forget();
        self.0.rst_changes(now());
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for byte in bytes {
            sleep_until(self.0.may_send_at(now())).await;
            self.0.sends(now());
            CARD.echoes.store(true, Ordering::Relaxed);
            CARD.send(on_line(*byte, self.0.config.convention));
            // The card answers 12 etu after the edge at the soonest: its character is whole long after the echo.
            sleep_until(now() + self.0.cycles(CHARACTER)).await;
            CARD.echoes.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        let character = until(self.0.deadline(within), || CARD.take()).await.ok_or(LineError::Timeout)?;
        let elapsed = self.0.received(character.at(now()), within);
        let byte = on_line(character.byte, self.0.config.convention);
        Ok((Received { byte, parity_ok: character.parity_ok }, elapsed))
    }
}
