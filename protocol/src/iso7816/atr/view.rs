//! A view over the bytes of an ATR, and the check whether they are one. [`super::Parameters`] says what an ATR means.

use core::hint::cold_path;

use super::error::AtrError;
use super::groups::{Groups, Letter, Place};
use super::historical;
use super::layout::MAX_LEN;
use super::parameters::Parameters;
use super::walk::{Walk, walk};
use crate::iso7816::character::Convention;
use crate::iso7816::xor::xor;

/// A view over the bytes of an ATR, complete or not, right or wrong. See the [module](super).
///
/// The bytes are decoded: the receiver has applied the convention, so TS is 3B or 3F.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atr<'a>(&'a [u8]);

/// The check byte TCK (clause 8.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Tck {
    /// There is no TCK and there must be none: only T=0 is offered, named or by default.
    Absent,
    /// TCK is there, and the XOR of all bytes from T0 to TCK is 0.
    Ok,
    /// TCK is there, and the XOR of all bytes from T0 to TCK is not 0.
    Wrong,
    /// TCK should be there, but the bytes end before it.
    Missing,
}

impl<'a> Atr<'a> {
    /// A view over `bytes`, TS first, in decoded form. Any bytes are accepted.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// All the bytes, as given.
    pub const fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The convention that TS announces; `None` if TS is missing or has no defined value.
    pub fn convention(&self) -> Option<Convention> {
        const DIRECT: u8 = Convention::Direct.ts();
        const INVERSE: u8 = Convention::Inverse.ts();
        match *self.0.first()? {
            DIRECT => Some(Convention::Direct),
            INVERSE => Some(Convention::Inverse),
            _ => None,
        }
    }

    /// The groups of interface bytes, group 1 first. Empty only if T0 is missing.
    pub fn groups(&self) -> Groups<'a> {
        Groups(self.0.get(1).map(|_| Place::first(self.0)))
    }

    /// The historical bytes; fewer than T0 announces if the bytes end too early.
    pub fn historical(&self) -> &'a [u8] {
        let Walk { layout, .. } = walk(self.0);
        let from_first = self.0.get(layout.interface_end..).unwrap_or_default();
        from_first.get(..layout.historical_len).unwrap_or(from_first)
    }

    /// The state of the check byte, as far as the bytes tell.
    pub fn tck(&self) -> Tck {
        let Walk { layout, .. } = walk(self.0);
        match self.0.get(1..layout.total) {
            _ if !layout.has_tck => Tck::Absent,
            None => Tck::Missing,
            Some(checked) if xor(checked) == 0 => Tck::Ok,
            Some(_) => Tck::Wrong,
        }
    }

    /// The protocols T = 0..=14 that the card offers, the preferred one first, each once.
    ///
    /// T=0 alone if there is no TD1 (clause 8.2.3). Empty only for bytes that [`Atr::check`] refuses.
    pub fn protocols(&self) -> impl Iterator<Item = u8> + use<'a> {
        // T=15 is no protocol: it counts as seen from the start.
        Protocols { group: self.0.get(1).map(|_| Place::first(self.0)), seen: 1 << 15 }
    }

    /// What these bytes say about their card, whether or not they are an ATR. A missing byte says nothing.
    pub fn parameters(&self) -> Parameters {
        let Walk { parameters, .. } = walk(self.0);
        self.complete(parameters, parameters.historical(self.0))
    }

    /// Adds what the groups do not contain.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    fn complete(&self, mut parameters: Parameters, historical: &[u8]) -> Parameters {
        parameters.convention = self.convention().unwrap_or(Convention::Direct);
        parameters.extended_lengths = historical::extended_lengths(historical);
        parameters
    }

    /// Whether these bytes are one whole ATR that ISO/IEC 7816-3 allows; if so, what the ATR says.
    ///
    /// The order of the checks follows from how far the bytes can be trusted: first TS, then the length that T0 and the
    /// TDs announce, then TCK. Only bytes that have arrived whole are judged by what they say. RFU codes are no error:
    /// a newer card may use them, and a terminal that does not know Fi or Di continues at 372 and 1.
    pub fn check(&self) -> Result<Parameters, AtrError> {
        let ts = *self.0.first().ok_or(AtrError::Empty)?;
        if self.convention().is_none() {
            return Err(AtrError::TsUnknown(ts));
        }
        let walk = walk(self.0);
        let Walk { layout, first_t, .. } = walk;
        let have = self.0.len();
        if layout.total > MAX_LEN {
            return Err(AtrError::OverLimit { announced: layout.total });
        }
        // 0 if TCK is there and right; otherwise, without TCK, the value that TCK must have.
        let sum = || ts ^ xor(self.0);
        if have < layout.total {
            cold_path();
            return Err(if layout.complete && layout.has_tck && have + 1 == layout.total {
                AtrError::TckMissing { expected: sum() }
            } else {
                AtrError::Truncated { need: layout.total, have }
            });
        }
        if have > layout.total {
            cold_path();
            return Err(AtrError::TooLong { expected: layout.total, have });
        }
        if layout.has_tck {
            let sum = sum();
            if sum != 0 {
                cold_path();
                let found = self.0.last().copied().unwrap_or_default();
                return Err(AtrError::TckWrong { expected: found ^ sum, found });
            }
        }
        // TD1 must not be T=15, and the Ts must ascend, so that T=0 is first and T=15 last (clause 8.2.3).
        match layout.first_descent {
            _ if first_t == Some(15) => Err(AtrError::T15First),
            (0, _) => {
                let historical = layout.interface_end..layout.interface_end + layout.historical_len;
                Ok(self.complete(walk.parameters, self.0.get(historical).unwrap_or_default()))
            }
            (before, after) => Err(AtrError::TypesOutOfOrder { before, after }),
        }
    }

    /// How long the ATR is that begins with `prefix`, at most [`MAX_LEN`]; `None` while a byte that decides this is
    /// missing.
    ///
    /// A terminal that receives character by character stops at this length and then calls [`Atr::check`]. Further
    /// bytes never change the result. It is [`MAX_LEN`] as soon as T0 and the TDs announce more, so that no card makes
    /// a terminal wait longer. TS is not checked here: refuse an unknown TS when it arrives.
    pub fn expected_len(prefix: &[u8]) -> Option<usize> {
        let Walk { layout, .. } = walk(prefix);
        if layout.total >= MAX_LEN {
            return Some(MAX_LEN);
        }
        layout.complete.then_some(layout.total)
    }
}

/// See [`Atr::protocols`].
struct Protocols<'a> {
    group: Option<Place<'a>>,
    /// A bit for each T that has been returned.
    seen: u16,
}

impl Iterator for Protocols<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        while let Some(at) = &mut self.group {
            let t = if at.advance() {
                at.protocol()
            } else {
                let by_default = at.index() == 1 && !at.announces(Letter::D);
                self.group = None;
                if !by_default {
                    return None;
                }
                0
            };
            let bit = 1 << t;
            if self.seen & bit == 0 {
                self.seen |= bit;
                return Some(t);
            }
        }
        None
    }
}
