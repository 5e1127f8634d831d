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

use qiyong_board_support::spacing::{Spacing, on_line};
use qiyong_firmware::adapters::{CardUart, Contacts, PinLine, Timing};
use qiyong_firmware::slot::{LineConfig, LineError};
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::Received;
use stm32_metapac::gpio::vals::{Ot, Pupdr};

use super::pins::{Handover, Pin};
use super::publication;
use super::serial::{self, CARD};
use super::time::{self, Delay, now, sleep_until, until};
use crate::smartcard::{self, PRESCALER};

/// USART2's alternate function of PA2 and PA4.
const USART2_AF: u8 = 7;
/// CLK, in Hz.
const CARD_HZ: u32 = time::CLOCK_HZ / PRESCALER;
/// What the supply takes to be stable, in µs; and to be gone.
const VCC_SETTLES_US: u32 = 10_000;
/// Etu that a character to the card takes, the least pause included.
const CHARACTER: u64 = 12;
/// A time-out is noticed this late, in cycles: at the next tick.
const LATE: u64 = 1_000 * time::US;

/// The contacts, each on its pin.
type BoardContacts =
    Contacts<Pin<'A', 7>, Pin<'A', 3>, Pin<'A', 6>, Handover<'A', 4>, Pin<'A', 4>, Handover<'A', 2>, Pin<'B', 2>>;

/// The line.
pub(crate) type Line = PinLine<BoardContacts, CardUsart, Delay>;

/// The line, without power.
pub(crate) fn line() -> Line {
    let contacts = Contacts {
        vcc: Pin::<'A', 7>.output(Ot::PUSH_PULL),
        five_volts: Pin::<'A', 3>.output(Ot::PUSH_PULL),
        rst: Pin::<'A', 6>.output(Ot::PUSH_PULL),
        clk: Handover::<'A', 4>.to(USART2_AF, Ot::PUSH_PULL),
        clk_level: Pin::<'A', 4>,
        io: Handover::<'A', 2>.to(USART2_AF, Ot::OPEN_DRAIN),
        present: Pin::<'B', 2>.input(Pupdr::PULL_DOWN),
    };
    PinLine::new(
        contacts,
        CardUsart { spacing: Spacing::new(PRESCALER), given_up: false },
        Delay,
        Timing::at::<CARD_HZ>(VCC_SETTLES_US),
    )
}

/// USART2 in smartcard mode. It repeats characters by itself, in both directions, as often as the slot would.
pub(crate) struct CardUsart {
    spacing: Spacing,
    /// A character was not understood, with all its repetitions. So every further try fails at once, until the slot has given up:
    /// the USART is not made to repeat anew, and what the card says next is not taken for the repetition.
    given_up: bool,
}

impl CardUart for CardUsart {
    fn configure(&mut self, config: &LineConfig) {
        (self.spacing.config, self.given_up) = (*config, false);
        // Makes good what a dropped `send` has left behind.
        smartcard::configure(&CARD, config);
        publication::listens();
    }

    fn rst_changes(&mut self) {
        CARD.forget();
        self.given_up = false;
        self.spacing.rst_changes(now());
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
        for (index, &byte) in bytes.iter().enumerate() {
            if !self.given_up {
                sleep_until(self.spacing.may_send_at(now())).await;
                self.spacing.sends(now());
                serial::echoes();
                smartcard::begin(&CARD, byte, &self.spacing.config);
                CARD.sent(CHARACTER).await;
                self.given_up = smartcard::refused(&CARD, &self.spacing.config);
            }
            if self.given_up {
                return Err(LineError::NotAccepted(index));
            }
        }
        Ok(())
    }

    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
        if self.given_up {
            return Ok((Received { byte: 0, parity_ok: false }, 0));
        }
        // A time that is told is noticed at once.
        let late = if time::is_told() { 0 } else { LATE };
        let Some(character) = until(self.spacing.deadline(within).saturating_add(late), || CARD.take()).await else {
            return Err(LineError::Timeout);
        };
        let elapsed = self.spacing.received(character.at(now()), within);
        self.given_up = !character.parity_ok && self.spacing.config.error_signal;
        let byte = on_line(character.byte, self.spacing.config.convention);
        Ok((Received { byte, parity_ok: character.parity_ok }, elapsed))
    }
}
