//! Which of the board's lights are on, read from its port registers. The README of the board says what they mean.

use super::{DebugProbe, GPIO_A, GPIO_STEP};

/// Offsets of a port's registers for mode and output (RM0351 §8.4.1, §8.4.6).
const MODER: u64 = 0x00;
const ODR: u64 = 0x14;

/// The lights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lights {
    /// LD1, green.
    pub runs: bool,
    /// LD2, green.
    pub ready: bool,
    /// LD4, blue.
    pub busy: bool,
    /// LD3, yellow.
    pub wrong: bool,
}

/// The level of an output; `None` if the pin is no output.
fn output<P: DebugProbe>(probe: &mut P, port: u8, pin: u8) -> Result<Option<bool>, P::Error> {
    let registers = GPIO_A + GPIO_STEP * u64::from(port);
    let mode = probe.read_word(registers + MODER)? >> (2 * pin) & 0b11;
    let level = probe.read_word(registers + ODR)? >> pin & 1 == 1;
    Ok((mode == 0b01).then_some(level))
}

pub(crate) fn lights<P: DebugProbe>(probe: &mut P) -> Result<Lights, P::Error> {
    let (ld1, ld2, ld3_4) = (output(probe, 0, 5)?, output(probe, 1, 14)?, output(probe, 2, 9)?);
    Ok(Lights {
        runs: ld1 == Some(true),
        ready: ld2 == Some(true),
        busy: ld3_4 == Some(false),
        wrong: ld3_4 == Some(true),
    })
}
