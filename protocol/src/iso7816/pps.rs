//! PPS, protocol and parameters selection: card and terminal agree on a faster rate after the ATR (ISO/IEC 7816-3
//! clause 9).
//!
//! Only the bytes and the choice of a rate. The slot decides when PPS is done, and what follows if it fails.

use core::fmt;

use super::atr::{Parameters, count, decode_di, decode_fi};
use super::xor::xor;

/// The most characters of a PPS request or response: PPSS, PPS0, PPS1 to PPS3, PCK.
pub const PPS_MAX: usize = 6;
/// PPSS, the first character of request and response.
const PPSS: u8 = 0xFF;
/// PPS1 follows (PPS0, bit 5).
const HAS_PPS1: u8 = 0x10;

/// A PPS request with PPS1; PPS2 and PPS3 are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request([u8; 4]);

/// What the card agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Agreed {
    /// The rate that the terminal asked for.
    AsAsked,
    /// The protocol that the terminal asked for, at the default rate: the card left PPS1 out.
    DefaultRate,
}

/// Why bytes are no response to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PpsError {
    /// The response does not begin with FF.
    Start(u8),
    /// Another protocol, other parameters, or more of them than the terminal asked for.
    Different,
    /// The xor of all characters is not zero.
    Check,
    /// The response is cut short.
    Truncated,
}

impl fmt::Display for PpsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(byte) => write!(f, "the PPS response begins with {byte:02X} instead of FF")?,
            Self::Different => f.write_str("the PPS response is not what was asked for")?,
            Self::Check => f.write_str("the PPS response has a wrong check character")?,
            Self::Truncated => f.write_str("the PPS response is cut short")?,
        }
        f.write_str(": power the card anew, and ask it for no rate")
    }
}

impl core::error::Error for PpsError {}

impl Request {
    /// Asks for protocol T = `protocol` (0 to 14) and the Fi and Di of `pps1`, coded as in TA1.
    pub const fn new(protocol: u8, pps1: u8) -> Self {
        let pps0 = HAS_PPS1 | (protocol & 0x0F);
        Self([PPSS, pps0, pps1, PPSS ^ pps0 ^ pps1])
    }

    /// The characters to send.
    pub const fn bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// What `response` agrees to (clause 9.3): it repeats the request, or leaves PPS1 out.
    pub fn judge(&self, response: &[u8]) -> Result<Agreed, PpsError> {
        let [_, pps0, pps1, _] = self.0;
        match response.first() {
            Some(&PPSS) => {}
            Some(&other) => return Err(PpsError::Start(other)),
            None => return Err(PpsError::Truncated),
        }
        if expected_len(response) != Some(response.len()) {
            return Err(PpsError::Truncated);
        }
        if xor(response) != 0 {
            return Err(PpsError::Check);
        }
        match *response {
            [_, got0, got1, _] if got0 == pps0 && got1 == pps1 => Ok(Agreed::AsAsked),
            [_, got0, _] if got0 == pps0 & !HAS_PPS1 => Ok(Agreed::DefaultRate),
            _ => Err(PpsError::Different),
        }
    }
}

/// The whole length of a request or response, once PPS0 is known.
pub fn expected_len(prefix: &[u8]) -> Option<usize> {
    let pps0 = prefix.get(1)?;
    Some(3 + count(pps0 >> 4 & 0x07))
}

/// The fastest rate, as PPS1, of a card in negotiable mode that a terminal with at least `min_cycles` clock cycles per
/// etu can use. It has the card's Fi, and its Di or the greatest smaller Di (clause 9.2 allows any between default and
/// TA1).
///
/// `None` if no rate is faster than the default of 372 cycles: a PPS would gain nothing.
pub fn fastest(card: &Parameters, min_cycles: u16) -> Option<u8> {
    let ta1 = card.ta1()?;
    let fi = decode_fi(ta1)?;
    let most = decode_di(ta1)?;
    let most = u16::from(most).min(fi / min_cycles.max(1));
    let (mut fastest, mut pps1) = (0, ta1);
    // The codes of Di are not in the order of its values (table 8).
    for code in 0..16 {
        let di = u16::from(decode_di(code).unwrap_or(0));
        if di > fastest && di <= most {
            (fastest, pps1) = (di, ta1 & 0xF0 | code);
        }
    }
    (u32::from(fi) < 372 * u32::from(fastest)).then_some(pps1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso7816::atr::Atr;
    use hex_literal::hex;

    /// Clause 9.3.
    #[test]
    fn a_response_repeats_the_request_or_leaves_pps1_out() {
        let request = Request::new(0, 0x96);
        assert_eq!(request.bytes(), &hex!("FF109679"));
        assert_eq!(request.judge(&hex!("FF109679")), Ok(Agreed::AsAsked));
        assert_eq!(request.judge(&hex!("FF00FF")), Ok(Agreed::DefaultRate));
        assert_eq!(request.judge(&hex!("FF109578")), Err(PpsError::Check));
        assert_eq!(request.judge(&hex!("FF10957A")), Err(PpsError::Different));
        assert_eq!(request.judge(&hex!("FF01FE")), Err(PpsError::Different));
        assert_eq!(request.judge(&hex!("FF1096")), Err(PpsError::Truncated));
        assert_eq!(request.judge(&hex!("3B109679")), Err(PpsError::Start(0x3B)));
        assert_eq!(request.judge(&[]), Err(PpsError::Truncated));
    }

    /// Clause 9.2.
    #[test]
    fn the_fastest_rate_is_the_cards_or_the_terminals() {
        let pps1 = |atr: &[u8], min| fastest(&Atr::new(atr).parameters(), min);
        // TA1 96: Fi 512, Di 32, 16 cycles per etu.
        let card = hex!("3B1096");
        assert_eq!(pps1(&card, 16), Some(0x96));
        // A terminal that needs 31 cycles gets 512/16 = 32; Di 16 has code 5.
        assert_eq!(pps1(&card, 31), Some(0x95));
        // TA1 11 and no TA1 mean the default rate; an RFU code gets no PPS.
        assert_eq!(pps1(&hex!("3B1011"), 16), None);
        assert_eq!(pps1(&hex!("3B00"), 16), None);
        assert_eq!(pps1(&hex!("3B1070"), 16), None);
        // Di 12 has code 8, but is greater than Di 8 (code 4): 372/12 = 31 cycles.
        assert_eq!(pps1(&hex!("3B1018"), 31), Some(0x18));
        assert_eq!(pps1(&hex!("3B1018"), 32), Some(0x14));
    }
}
