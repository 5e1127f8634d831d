//! PPS as it goes by (clause 9).

use super::atr::{Says, rate};
use super::rule::Rule;
use super::seen::Rate;

/// PPSS.
pub(super) const PPSS: u8 = 0xFF;
/// PPS1 is present (PPS0).
const HAS_PPS1: u8 = 0x10;

/// A PPS exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Pps {
    request: Vec<u8>,
    response: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreed {
    /// This protocol, at this rate.
    On(u8, Rate),
    /// The response does not fit the request, so that nothing but a reset is left.
    Nothing,
}

impl Pps {
    /// Whether the request is out.
    pub(super) fn asked(&self) -> bool {
        whole(&self.request)
    }

    /// Fi and Di that the request asks for.
    pub(super) fn rate(&self) -> Option<Rate> {
        let names = self.request.get(1).is_some_and(|pps0| pps0 & HAS_PPS1 != 0);
        self.request.get(2).filter(|_| names).and_then(|pps1| rate(*pps1))
    }

    /// The terminal's next character.
    ///
    /// # Errors
    /// The rule that the request breaks.
    pub(super) fn terminal(&mut self, byte: u8, says: &Says) -> Result<(), Rule> {
        if self.asked() {
            return Err(Rule::PpsTurn);
        }
        self.request.push(byte);
        if !self.asked() {
            return Ok(());
        }
        let pps0 = self.request[1];
        if sum(&self.request) != 0 || pps0 & 0x80 != 0 {
            return Err(Rule::PpsBytes);
        }
        let most = says.rate().unwrap_or(Rate::DEFAULT);
        let within = |asked: Rate| asked.f <= most.f && asked.d <= most.d;
        let offered = says.protocols.contains(&(pps0 & 0x0F));
        match (offered, pps0 & HAS_PPS1) {
            (true, 0) => Ok(()),
            (true, _) if rate(self.request[2]).is_some_and(within) => Ok(()),
            _ => Err(Rule::PpsOffered),
        }
    }

    /// The card's next character; the end of the exchange, if this is it.
    pub(super) fn card(&mut self, byte: u8) -> Option<Agreed> {
        self.response.push(byte);
        let (Some(&asked), Some(&first)) = (self.request.get(1), self.response.first()) else { return None };
        if first != PPSS {
            return Some(Agreed::Nothing);
        }
        if !whole(&self.response) {
            return None;
        }
        let pps0 = self.response[1];
        // Nothing but what was asked for, and the same of it (clause 9.3).
        let fits = sum(&self.response) == 0 && pps0 & 0x0F == asked & 0x0F && pps0 & !asked & 0xF0 == 0;
        let pps1 = (pps0 & HAS_PPS1 != 0).then(|| self.response[2]);
        let same = pps1.is_none_or(|pps1| self.request.get(2) == Some(&pps1));
        let rate = pps1.map_or(Some(Rate::DEFAULT), rate);
        Some(match rate.filter(|_| fits && same) {
            Some(rate) => Agreed::On(pps0 & 0x0F, rate),
            None => Agreed::Nothing,
        })
    }
}

/// PPSS, PPS0, as many of PPS1 to PPS3 as PPS0 announces, PCK.
fn whole(bytes: &[u8]) -> bool {
    bytes.get(1).is_some_and(|pps0| bytes.len() == 3 + (pps0 >> 4 & 7).count_ones() as usize)
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}
