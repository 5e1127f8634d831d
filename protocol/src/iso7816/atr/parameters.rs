//! What an ATR says about its card, taken from all groups in one walk.

use super::rate::{decode_di, decode_fi};
use crate::iso7816::character::Convention;
use crate::iso7816::{Etu, div_up};

/// How many interface bytes are kept: three of each kind of group.
const KEPT: usize = 4 * 3;
/// Those that are asked for, by their places. TA, TB and TC of a group follow each other.
const TA1: usize = 0;
const TC1: usize = 2;
const TA2: usize = 3;
const TC2: usize = 5;
const TA_OF_T1: usize = 6;
const TB_OF_T1: usize = 7;
const TC_OF_T1: usize = 8;
const TA_OF_T15: usize = 9;

/// The parameters of a card: convention, protocols, rate, waiting and guard times, block sizes, power.
///
/// [`super::Atr::check`] makes it of bytes that are an ATR, [`super::Atr::parameters`] of any bytes. It keeps each
/// interface byte that counts, so that the methods cost nothing. Where the ATR lacks a byte, they give the default of
/// the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Parameters {
    pub(super) convention: Convention,
    /// TA, TB, TC of group 1, of group 2, for T=1 and for T=15; where there is none, the default. A bit for each that is
    /// there.
    pub(super) bytes: [u8; KEPT],
    pub(super) there: u16,
    /// A bit for each T = 0..=14 that is offered, and bit 15 if T=15 is named: N of TC1 counts otherwise with it.
    pub(super) offered: u16,
    /// The T = 0..=14 named first.
    pub(super) preferred: Option<u8>,
    /// Where the historical bytes begin, and how many there are.
    pub(super) historical: (u8, u8),
    pub(super) extended_lengths: bool,
}

/// TA2: the card starts in specific mode, without PPS (clauses 6.3.1 and 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SpecificMode {
    /// The protocol T to use at once, 0..=14.
    pub protocol: u8,
    /// Whether a warm reset may bring the card into negotiable mode (b8 of TA2 is 0).
    pub can_change: bool,
    /// Whether F and D are known in some other way (b5 is 1) than by Fi and Di in TA1.
    pub implicit: bool,
}

/// The error detection code that ends each T=1 block (clause 11.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Edc {
    /// One byte, the XOR of the block.
    Lrc,
    /// Two bytes, a CRC of the block.
    Crc,
}

/// Whether the clock may be stopped between exchanges, and in which state (clause 8.3, X in TA for T=15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ClockStop {
    /// The clock must run on.
    NotSupported,
    /// It may be stopped in state L.
    Low,
    /// It may be stopped in state H.
    High,
    /// It may be stopped in either state.
    Any,
}

/// The classes of operating conditions a card accepts (clause 8.3, Y in TA for T=15): b1 A, b2 B, b3 C, the rest RFU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Classes(u8);

impl Parameters {
    /// The parameters of an ATR that names nothing, not even a protocol.
    pub const DEFAULT: Self = Self {
        convention: Convention::Direct,
        // TA1: Fi 372, Di 1. TC2: WI 10. T=1: IFSC 32, BWI 4 and CWI 13.
        bytes: [0x11, 0, 0, 0, 0, 10, 32, 0x4D, 0, 0, 0, 0],
        there: 0,
        offered: 0,
        preferred: None,
        historical: (0, 0),
        extended_lengths: false,
    };

    /// Where the bytes of group 1 are kept.
    pub(super) const FIRST: usize = TA1;
    /// Where those of group 2 are kept, which has rules of its own (clause 8.2.3).
    pub(super) const SECOND: usize = TA2;

    /// Where the bytes of any other group are kept, which are specific to its T. The standard defines some for T=1 and
    /// T=15; others are kept nowhere.
    #[inline]
    pub(super) fn specific_to(t: u8) -> usize {
        const NONE: u8 = KEPT as u8;
        const ONE: u8 = TA_OF_T1 as u8;
        const GLOBAL: u8 = TA_OF_T15 as u8;
        const BY_T: [u8; 16] =
            [NONE, ONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, GLOBAL];
        BY_T.get(usize::from(t & 0x0F)).copied().unwrap_or(NONE).into()
    }

    /// The byte that is kept there, or its default.
    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// The byte that is kept there, if the ATR has it.
    #[inline]
    fn given(&self, at: usize) -> Option<u8> {
        if self.there >> at & 1 == 1 { Some(self.byte(at)) } else { None }
    }

    /// The convention that TS announces; direct if the first byte is no TS.
    pub const fn convention(&self) -> Convention {
        self.convention
    }

    /// The protocol T = 0..=14 that the card offers first, T=0 if there is no TD1 (clause 8.2.3). `None` only for bytes
    /// that [`super::Atr::check`] refuses.
    pub const fn preferred_protocol(&self) -> Option<u8> {
        self.preferred
    }

    /// Whether the card offers T = `t`.
    pub const fn offers(&self, t: u8) -> bool {
        t < 15 && self.offered >> t & 1 == 1
    }

    /// TA1, the codes of Fi and Di; `None` if there is none.
    pub fn ta1(&self) -> Option<u8> {
        self.given(TA1)
    }

    /// The clock rate conversion integer Fi of TA1, 372 without TA1; `None` if TA1 has an RFU code (clause 8.3).
    ///
    /// In negotiable mode this is what the card *could* use after PPS; until then F = 372 and D = 1 are in force. The
    /// waiting time of T=0 follows it at once (clause 10.2).
    pub fn fi(&self) -> Option<u16> {
        decode_fi(self.byte(TA1))
    }

    /// The baud rate adjustment integer Di of TA1, 1 without TA1; `None` if TA1 has an RFU code (clause 8.3).
    pub fn di(&self) -> Option<u8> {
        decode_di(self.byte(TA1))
    }

    /// N of TC1, default 0 (clause 8.3): see [`Parameters::guard_time`]. N = 255 means no more than 12 etu in T=0 and in
    /// PPS, and only 11 etu in T=1.
    pub fn extra_guard(&self) -> u8 {
        self.byte(TC1)
    }

    /// The least etu from the leading edge of a character, whichever side sent it, to that of the next one to the card
    /// (GT, clause 8.3), while an etu takes `fi` / `di` cycles.
    ///
    /// 12 etu, and N more. N counts in etu of the rate in force; if a TD names T=15, it counts in etu of TA1's Fi and
    /// Di. Rounded up to whole etu. N = 255 adds nothing; T=1 has a rule of its own for it (clause 11.2).
    pub fn guard_time(&self, fi: u16, di: u8) -> Etu {
        const LEAST: Etu = 12;
        let n = match self.extra_guard() {
            255 => return LEAST,
            n => Etu::from(n),
        };
        let own = if self.offered >> 15 == 1 { self.fi().zip(self.di()) } else { None };
        LEAST
            + own.map_or(n, |(own_fi, own_di)| {
                let cycles = n * Etu::from(own_fi) * Etu::from(di);
                div_up(cycles, Etu::from(own_di) * Etu::from(fi))
            })
    }

    /// TA2, if there is one; `None`: the card is in negotiable mode (clauses 6.3.1 and 8.3).
    pub fn specific_mode(&self) -> Option<SpecificMode> {
        let ta2 = self.given(TA2)?;
        Some(SpecificMode { protocol: ta2 & 0x0F, can_change: ta2 & 0x80 == 0, implicit: ta2 & 0x10 != 0 })
    }

    /// The waiting integer WI for T=0: all 8 bits of TC2, default 10 (clause 10.2). 0 is RFU.
    ///
    /// The card has 960 x WI x Fi clock cycles for each character, with Fi of TA1 whatever F is in force.
    pub fn wi(&self) -> u8 {
        self.byte(TC2)
    }

    /// How many information bytes a T=1 block to the card may have: the first TA for T=1, default 32 (clause 11.4.2).
    /// 0 and 255 are RFU.
    pub fn ifsc(&self) -> u8 {
        self.byte(TA_OF_T1)
    }

    /// The block waiting integer for T=1: high nibble of the first TB for T=1, default 4 (clause 11.4.3).
    /// 10..=15 are RFU.
    pub fn bwi(&self) -> u8 {
        self.byte(TB_OF_T1) >> 4
    }

    /// The character waiting integer for T=1: low nibble of the first TB for T=1, default 13 (clause 11.4.3).
    pub fn cwi(&self) -> u8 {
        self.byte(TB_OF_T1) & 0x0F
    }

    /// The error detection code for T=1: b1 of the first TC for T=1, default LRC (clause 11.4.4).
    pub fn edc(&self) -> Edc {
        if self.byte(TC_OF_T1) & 1 == 1 { Edc::Crc } else { Edc::Lrc }
    }

    /// Whether the clock may be stopped: the first TA for T=15, default not (clause 8.3).
    pub fn clock_stop(&self) -> ClockStop {
        match self.byte(TA_OF_T15) >> 6 {
            1 => ClockStop::Low,
            2 => ClockStop::High,
            3 => ClockStop::Any,
            _ => ClockStop::NotSupported,
        }
    }

    /// The classes of operating conditions the card accepts: the first TA for T=15 (clause 8.3).
    ///
    /// `None` if the card does not say. The card has answered, so it accepts the class that powers it, and a terminal
    /// keeps this class.
    pub fn classes(&self) -> Option<Classes> {
        self.given(TA_OF_T15).map(|ta| Classes(ta & 0x3F))
    }

    /// Whether the card says that it takes extended lengths: b7 of the third capability byte, in historical bytes in
    /// COMPACT-TLV form (ISO/IEC 7816-4 clauses 8.1.1 and 8.1.1.2.7).
    pub const fn extended_lengths(&self) -> bool {
        self.extended_lengths
    }

    /// The historical bytes of `atr`, of which these parameters were made; fewer than T0 announces if it ends too
    /// early.
    pub fn historical<'a>(&self, atr: &'a [u8]) -> &'a [u8] {
        let (start, len) = self.historical;
        let from_first = atr.get(usize::from(start)..).unwrap_or_default();
        from_first.get(..usize::from(len)).unwrap_or(from_first)
    }
}

impl SpecificMode {
    /// The byte TA2 for this mode.
    pub const fn to_ta2(self) -> u8 {
        let unable_to_change = if self.can_change { 0 } else { 0x80 };
        let implicit = if self.implicit { 0x10 } else { 0 };
        unable_to_change | implicit | self.protocol & 0x0F
    }
}

impl Classes {
    /// Class A, 5 V.
    pub const fn a(self) -> bool {
        self.0 & 1 != 0
    }

    /// Class B, 3 V.
    pub const fn b(self) -> bool {
        self.0 & 2 != 0
    }

    /// Class C, 1.8 V.
    pub const fn c(self) -> bool {
        self.0 & 4 != 0
    }

    /// The six bits of Y as the card sent them.
    pub const fn bits(self) -> u8 {
        self.0
    }
}
