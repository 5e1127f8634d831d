//! Smartcard mode: what is written into the card's USART, and in which order, register by register as RM0351 chapter 40 names
//! them.
//!
//! No address is here and nothing of the chip, so that the host can record the order and check it: no emulator models this
//! mode. What is awaited meanwhile, pins and times are `card_line`'s; the registers themselves are `serial`'s.

use qiyong_board_support::spacing::on_line;
use qiyong_firmware::slot::LineConfig;
use qiyong_protocol::iso7816::character::Convention;

/// The USART's clock / `PRESCALER` is CLK: 4 MHz of 16, within the 1 to 5 MHz of clause 5.2.3.
pub(crate) const PRESCALER: u32 = 4;

/// A register of the USART (RM0351 §40.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Register {
    /// Control 1.
    Cr1,
    /// Control 2. Locked while the USART is on.
    Cr2,
    /// Control 3. Locked while the USART is on.
    Cr3,
    /// Cycles of the USART's clock per etu. Locked while the USART is on.
    Brr,
    /// Guard time and prescaler. Locked while the USART is on.
    Gtpr,
    /// Status. Only read.
    Isr,
    /// Clears flags of the status. Only written.
    Icr,
    /// The character to be sent.
    Tdr,
}
use Register::{Brr, Cr1, Cr2, Cr3, Gtpr, Icr, Isr, Tdr};

/// CR1: the USART is on.
const UE: u32 = 1 << 0;
/// CR1: the receiver is on.
const RE: u32 = 1 << 2;
/// CR1: the transmitter is on.
const TE: u32 = 1 << 3;
/// CR1: a received character interrupts.
const RXNEIE: u32 = 1 << 5;
/// CR1: the end of a sent character interrupts.
const TCIE: u32 = 1 << 6;
/// CR1: the parity is odd. Locked while the USART is on.
const PS: u32 = 1 << 9;
/// CR1: the last bit is parity. Locked while the USART is on.
const PCE: u32 = 1 << 10;
/// CR1: nine bits, parity included. Locked while the USART is on.
const M0: u32 = 1 << 12;
/// CR2: CLK is given out.
const CLKEN: u32 = 1 << 11;
/// CR2: one and a half stop bits.
const STOP_1_5: u32 = 0b11 << 12;
/// CR3: wrong parity is signalled to the card.
const NACK: u32 = 1 << 4;
/// CR3: smartcard mode.
const SCEN: u32 = 1 << 5;
/// CR3: how often a character is repeated, in either direction, before FE or PE reports it.
const SCARCNT: u32 = 3 << 17;
/// GTPR: the guard time, here one etu: TC comes that long after the character's one and a half stop bits, so after its echo.
/// All that the card asks for beyond is waited for in software, because TC waits for the guard time, and the card does not.
const GT: u32 = 1 << 8;
/// ISR: framing error. Of a character sent, the card's error signal.
const FE: u32 = 1 << 1;
/// ISR: the character has gone out, its repetitions too.
const TC: u32 = 1 << 6;
/// ICR: clears FE.
const FECF: u32 = 1 << 1;
/// ICR: clears TC.
const TCCF: u32 = 1 << 6;

/// The registers of a USART.
pub(crate) trait Registers {
    /// Writes one.
    fn write(&self, register: Register, value: u32);

    /// Reads one.
    fn read(&self, register: Register) -> u32;
}

/// Sets the USART up.
pub(crate) fn configure(usart: &impl Registers, config: &LineConfig) {
    // While the USART is on, most of what follows is locked.
    usart.write(Cr1, usart.read(Cr1) & !UE);
    let cycles = u32::from(config.fi) * PRESCALER / u32::from(config.di).max(1);
    usart.write(Brr, cycles.min(u16::MAX.into()));
    // A character with wrong parity is signalled to the card only as long as a repetition is left (RM0351 §40.5.11): without
    // SCARCNT there would be no error signal.
    usart.write(Cr3, SCEN | if config.error_signal { NACK | SCARCNT } else { 0 });
    // The divisor of CLK is halved.
    usart.write(Gtpr, GT | (PRESCALER / 2));
    // CLK after its divisor, and that after smartcard mode: the description of CLKEN asks for this order.
    usart.write(Cr2, STOP_1_5 | CLKEN);
    let parity = if config.convention == Convention::Inverse { PS } else { 0 };
    usart.write(Cr1, M0 | PCE | parity | RXNEIE | TE | RE | UE);
}

/// Begins to send a character to the card. When it [is gone](is_gone), or that has lasted too long, comes [`refused`].
///
/// The receiver stays on: without it, the card's error signal would not be seen (RM0351 §40.5.4, 1.5 stop bits), and the card's
/// answer not heard, which may begin 12 etu after this character did. I/O is one wire, so the character itself is received, too,
/// before TC comes: the interrupt handler leaves this echo out.
pub(crate) fn begin(usart: &impl Registers, byte: u8, config: &LineConfig) {
    usart.write(Icr, FECF | TCCF);
    usart.write(Tdr, on_line(byte, config.convention).into());
    // The handler learns by this interrupt that the echo is over.
    usart.write(Cr1, usart.read(Cr1) | TCIE);
}

/// Whether the character has gone out, on any line. If not, an interrupt will come when it has.
pub(crate) fn is_gone(usart: &impl Registers) -> bool {
    let gone = usart.read(Isr) & TC != 0;
    if !gone {
        // The handler takes the interrupt away: whoever waits asks for the next.
        usart.write(Cr1, usart.read(Cr1) | TCIE);
    }
    gone
}

/// Whether the card did not accept the character, however often it was repeated: it gave its error signal, and that is looked
/// for.
pub(crate) fn refused(usart: &impl Registers, config: &LineConfig) -> bool {
    usart.read(Isr) & FE != 0 && config.error_signal
}

#[cfg(test)]
mod tests;
