//! Writes an ATR, for virtual cards. Reading one is not done here.

use core::fmt;

use heapless::Vec;

use super::groups::SpecificBytes;
use super::layout::{MAX_HISTORICAL, MAX_LEN};
use super::parameters::SpecificMode;
use crate::iso7816::character::Convention;
use crate::iso7816::xor::xor;

/// A whole ATR, TS first.
pub type AtrBytes = Vec<u8, MAX_LEN>;

/// Writes an ATR, in decoded form. The TDs, T0 and TCK follow from what the card is said to offer.
///
/// ```
/// use qiyong_protocol::iso7816::{atr::{Atr, AtrBuilder}, character::Convention};
///
/// let atr = AtrBuilder::new(Convention::Direct).ta1(0x96).t0(None).t1(Default::default()).historical(b"SSC").build()?;
/// assert_eq!(atr, [0x3B, 0x93, 0x96, 0x80, 0x01, b'S', b'S', b'C', 0xC7]);
/// assert!(Atr::new(&atr).protocols().eq([0, 1]));
/// # Ok::<(), qiyong_protocol::iso7816::atr::AtrDoesNotFit>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AtrBuilder<'a> {
    convention: Convention,
    group_1: SpecificBytes,
    specific_mode: Option<SpecificMode>,
    /// `Some` if the ATR names T=0; the inner value is TC2.
    t0: Option<Option<u8>>,
    /// `Some` if T=1 is offered.
    t1: Option<SpecificBytes>,
    /// `Some` if there are global bytes after T=15.
    t15: Option<SpecificBytes>,
    historical: &'a [u8],
}

/// More bytes than an ATR can hold: over [`MAX_HISTORICAL`] historical ones, or over [`MAX_LEN`] in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AtrDoesNotFit;

impl<'a> AtrBuilder<'a> {
    /// An ATR of two bytes: T=0 by default, no interface and no historical bytes.
    pub const fn new(convention: Convention) -> Self {
        const NONE: SpecificBytes = SpecificBytes { ta: None, tb: None, tc: None };
        Self { convention, group_1: NONE, specific_mode: None, t0: None, t1: None, t15: None, historical: &[] }
    }

    /// TA1: the codes of Fi and Di, see [`super::decode_fi`] and [`super::decode_di`].
    pub const fn ta1(mut self, ta1: u8) -> Self {
        self.group_1.ta = Some(ta1);
        self
    }

    /// TB1: programming voltage, not used any more. Social security cards send 00, "none" (docs/card.md §3.4).
    pub const fn tb1(mut self, tb1: u8) -> Self {
        self.group_1.tb = Some(tb1);
        self
    }

    /// TC1: the extra guard time integer N, see [`super::Parameters::extra_guard`].
    pub const fn tc1(mut self, n: u8) -> Self {
        self.group_1.tc = Some(n);
        self
    }

    /// TA2: the card starts in specific mode. The protocol should be one that the card offers.
    pub const fn specific_mode(mut self, mode: SpecificMode) -> Self {
        self.specific_mode = Some(mode);
        self
    }

    /// Offers T=0, with the waiting integer WI (TC2) or its default. Needed only if T=1 is offered too, or to give WI.
    pub const fn t0(mut self, wi: Option<u8>) -> Self {
        self.t0 = Some(wi);
        self
    }

    /// Offers T=1, with its specific bytes or their defaults.
    pub const fn t1(mut self, bytes: SpecificBytes) -> Self {
        self.t1 = Some(bytes);
        self
    }

    /// Global bytes after T=15: TA clock stop and classes of operating conditions, TB use of contact C6.
    pub const fn t15(mut self, bytes: SpecificBytes) -> Self {
        self.t15 = Some(bytes);
        self
    }

    /// The historical bytes, at most [`MAX_HISTORICAL`].
    pub const fn historical(mut self, bytes: &'a [u8]) -> Self {
        self.historical = bytes;
        self
    }

    /// The ATR. It passes [`super::Atr::check`].
    pub fn build(&self) -> Result<AtrBytes, AtrDoesNotFit> {
        if self.historical.len() > MAX_HISTORICAL {
            return Err(AtrDoesNotFit);
        }
        let groups = self.groups();
        let mut atr = Vec::new();
        push(&mut atr, self.convention.ts())?;
        // T0, or the TD before a group. The high nibble is the group's Y. The low nibble is K in T0, and the group's T
        // in a TD.
        let mut low_nibble = self.historical.len() as u8;
        for (i, (bytes, _)) in groups.iter().flatten().enumerate() {
            let next = groups.iter().flatten().nth(i.saturating_add(1));
            let announced = [bytes.ta, bytes.tb, bytes.tc, next.map(|_| 0)]
                .iter()
                .zip([0x10, 0x20, 0x40, 0x80])
                .filter_map(|(byte, bit)| byte.map(|_| bit))
                .fold(0u8, |y, bit| y | bit);
            push(&mut atr, announced | low_nibble)?;
            for byte in [bytes.ta, bytes.tb, bytes.tc].into_iter().flatten() {
                push(&mut atr, byte)?;
            }
            low_nibble = next.map_or(0, |&(_, t)| t);
        }
        for &byte in self.historical {
            push(&mut atr, byte)?;
        }
        // Clause 8.2.5: TCK, unless T=0 is the only protocol named.
        if self.t1.is_some() || self.t15.is_some() {
            let tck = xor(atr.get(1..).unwrap_or_default());
            push(&mut atr, tck)?;
        }
        Ok(atr)
    }

    /// Groups 1 and 2, then the groups specific to T=1 and T=15, each with its T (the T of group 1 is not sent).
    ///
    /// The uses of group 2 are fixed: TA2 is the specific mode and TC2 is WI. So bytes specific to T=1 or T=15 need a
    /// group of their own, the third or a later one, even if TD1 has already named T=1 (clause 8.2.3).
    fn groups(&self) -> [Option<(SpecificBytes, u8)>; 4] {
        let first_t = if self.t0.is_some() || self.t1.is_none() { 0 } else { 1 };
        let group_2 =
            SpecificBytes { ta: self.specific_mode.map(SpecificMode::to_ta2), tb: None, tc: self.t0.flatten() };
        let t1 = self.t1.filter(|&bytes| first_t == 0 || bytes != SpecificBytes::default());
        let needs_group_2 =
            group_2 != SpecificBytes::default() || self.t0.is_some() || self.t1.is_some() || self.t15.is_some();
        [
            Some((self.group_1, 0)),
            needs_group_2.then_some((group_2, first_t)),
            t1.map(|bytes| (bytes, 1)),
            self.t15.map(|bytes| (bytes, 15)),
        ]
    }
}

fn push(atr: &mut Vec<u8, MAX_LEN>, byte: u8) -> Result<(), AtrDoesNotFit> {
    atr.push(byte).map_err(|_| AtrDoesNotFit)
}

impl fmt::Display for AtrDoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an ATR holds at most {MAX_HISTORICAL} historical bytes and {MAX_LEN} bytes in all")
    }
}

impl core::error::Error for AtrDoesNotFit {}
