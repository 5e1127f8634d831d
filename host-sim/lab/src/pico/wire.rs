//! I/O as a wire: levels in time, and the characters in them (ISO/IEC 7816-3 clause 7).
//!
//! The terminal's characters are read from the edges of its pin; a moment is what the wire is at its middle. Those of the card are made
//! into edges. Whoever sends and when, is decided elsewhere.

use qiyong_protocol::iso7816::character::Moments;

/// Cycles of the chip's clock in one of CLK.
pub(super) const PER_CLK: u64 = 32;
/// Tenths of an etu from a character's leading edge until all of it is known, its error signal but for its end included.
const WHOLE: u64 = 105;
/// How far an edge may be from where it should be, in tenths of an etu (clause 7.1).
const TOLERANCE: u64 = 2;

/// Cycles of CLK from RST going high to TS, as on the virtual line (ISO/IEC 7816-3 clause 6.2.2).
pub(super) const ATR_DELAY: u64 = 400;
/// Fi and Di after every reset (clause 8.1).
pub(super) const DEFAULT_RATE: (u16, u8) = (372, 1);

/// Cycles in so many tenths of an etu at a rate of (Fi, Di).
pub(super) fn tenths(count: u64, (fi, di): (u16, u8)) -> u64 {
    (PER_CLK * count * u64::from(fi)).div_ceil(10 * u64::from(di).max(1))
}

/// A character of the terminal, as it comes.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// Its leading edge, in cycles.
    pub(super) edge: u64,
    pub(super) rate: (u16, u8),
    /// When the pin changed, and whether it was let go.
    edges: Vec<(u64, bool)>,
}

impl Heard {
    /// A character begins.
    pub(super) fn new(edge: u64, rate: (u16, u8)) -> Self {
        Self { edge, rate, edges: Vec::new() }
    }

    /// The pin changes.
    pub(super) fn edge(&mut self, at: u64, high: bool) {
        self.edges.push((at, high));
    }

    /// When all of it is known.
    pub(super) fn whole_at(&self) -> u64 {
        self.edge + tenths(WHOLE, self.rate)
    }

    /// What the pin was at this cycle.
    fn level(&self, at: u64) -> bool {
        self.edges.iter().take_while(|(edge, _)| *edge <= at).last().is_some_and(|(_, high)| *high)
    }

    /// Whether the pin is let go now.
    pub(super) fn is_high(&self) -> bool {
        self.edges.last().is_some_and(|(_, high)| *high)
    }

    /// Its nine moments.
    pub(super) fn moments(&self) -> Moments {
        let moment = |number: u64| self.level(self.edge + tenths(10 * number + 5, self.rate));
        Moments::from_moments((1..10).fold(0, |all, number| all | u16::from(moment(number)) << (number - 1)))
    }

    /// How far the worst of its edges is from where it should be, in tenths of an etu, if that is too far.
    pub(super) fn crooked(&self) -> Option<u64> {
        let etu = tenths(10, self.rate);
        let off = |at: u64| {
            let rest = (at - self.edge) % etu;
            rest.min(etu - rest) * 10 / etu.max(1)
        };
        self.edges.iter().map(|(at, _)| off(*at)).max().filter(|worst| *worst > TOLERANCE)
    }
}

/// The edges of a character of the card that begins at `edge`: whether it lets the wire go.
pub(super) fn edges(edge: u64, moments: Moments, rate: (u16, u8)) -> Vec<(u64, bool)> {
    let mut all = vec![(edge, false)];
    let mut level = false;
    for number in 1..=10 {
        let next = number == 10 || moments.moments() >> (number - 1) & 1 != 0;
        if next != level {
            all.push((edge + tenths(10 * number, rate), next));
            level = next;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::iso7816::character::Convention;

    use super::*;

    #[test]
    fn what_is_made_into_edges_is_read_from_them() {
        for rate in [(372, 1), (512, 32), (512, 64)] {
            for byte in 0..=255 {
                for convention in [Convention::Direct, Convention::Inverse] {
                    let moments = convention.encode(byte);
                    let mut heard = Heard::new(1000, rate);
                    edges(1000, moments, rate).into_iter().for_each(|(at, high)| heard.edge(at, high));
                    assert_eq!((heard.moments(), heard.crooked()), (moments, None), "{byte:02X} {rate:?}");
                }
            }
        }
    }

    #[test]
    fn an_edge_that_is_late_is_told() {
        let mut heard = Heard::new(0, (372, 1));
        heard.edge(0, false);
        heard.edge(tenths(14, (372, 1)), true);
        assert_eq!(heard.crooked(), Some(4));
    }
}

/// A character that the card is about to send, or sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming {
    pub(super) edge: u64,
    pub(super) rate: (u16, u8),
    pub(super) byte: u8,
}

/// A character on the wire.
#[derive(Debug)]
pub(super) enum OnWire {
    /// The card's as it arrives, and when the terminal has pulled the wire after it.
    Card(Coming, Moments, Option<(u64, Option<u64>)>),
    /// The terminal's; once it is whole, the card's error signal.
    Terminal(Heard),
}

/// What goes wrong with the next character.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Next {
    pub(super) flip: u16,
    pub(super) lose: bool,
    pub(super) double: bool,
    pub(super) late: u32,
    pub(super) early: u32,
}
