//! Characters repeated until they are right (ISO/IEC 7816-3 clause 7.3), where the protocol has an error signal: ATR, PPS, T=0.
//!
//! T=1 has none: there the block is repeated, which is its engine's business.

use qiyong_protocol::iso7816::Etu;

use super::{CardLine, LineError, SlotError};

/// How often a character is repeated before it is given up. The standard sets no number; with the first time that makes
/// four, as EMV has it.
const REPETITIONS: u8 = 3;

/// Sends characters, and sends each again that the card does not accept.
pub(super) async fn send<L: CardLine>(line: &mut L, bytes: &[u8]) -> Result<(), SlotError> {
    let mut rest = bytes;
    let mut repetitions = 0;
    loop {
        match line.send(rest).await {
            Ok(()) => return Ok(()),
            Err(LineError::NotAccepted(index)) if index > 0 || repetitions < REPETITIONS => {
                repetitions = if index > 0 { 1 } else { repetitions + 1 };
                rest = rest.get(index..).unwrap_or_default();
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Receives a character; in place of one with wrong parity, its repetition. Returns it and the etu since the last event on the
/// line. `None`: nothing came in time.
pub(super) async fn receive<L: CardLine>(line: &mut L, within: Etu) -> Result<Option<(u8, Etu)>, SlotError> {
    let mut elapsed: Etu = 0;
    for _ in 0..=REPETITIONS {
        match line.receive(within).await {
            Ok((character, etu)) => {
                elapsed = elapsed.saturating_add(etu);
                if character.parity_ok {
                    return Ok(Some((character.byte, elapsed)));
                }
            }
            Err(LineError::Timeout) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Err(SlotError::Parity)
}
