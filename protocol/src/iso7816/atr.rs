//! Answer to Reset: the first bytes a card sends, which say how to talk to it (ISO/IEC 7816-3:2006 clause 8).
//!
//! ```text
//! TS  T0  TA1 TB1 TC1 TD1  TA2 TB2 TC2 TD2  ...  T1 .. TK  TCK
//! |   |   `-- group 1 --'  `-- group 2 --'       |         `- XOR of T0..TCK is 0; absent iff only T=0 is offered
//! |   |                                          `- historical bytes, K = 0..15
//! |   `- high nibble: which of TA1 TB1 TC1 TD1 follow; low nibble: K
//! `- 3B direct or 3F inverse convention
//! ```
//!
//! Every TD works as T0 does: its high nibble announces the next group, its low nibble names the protocol T that group
//! is for (T=15: not a protocol, the group holds for all of them).
//!
//! Two levels:
//!
//! * [`Atr`] is a *view*: it takes any bytes, never fails, and keeps what it does not know, so that the ATR of a card
//!   one cannot use can still be logged. Where a byte is absent the accessors give the default of the standard.
//!   [`Atr::check`] says whether the bytes are an ATR that the standard allows.
//! * [`AtrBuilder`] writes ATRs, and writes only ones that pass [`Atr::check`].
//!
//! Names such as TA1 count groups from 1 as the standard does. In values RFU means "reserved for future use".

use super::character::Convention;
use heapless::Vec;

/// The most bytes an ATR can have: TS and at most 32 characters after it (clause 8.1).
pub const MAX_LEN: usize = 33;

/// A whole ATR, TS first.
pub type AtrBytes = Vec<u8, MAX_LEN>;

/// The most historical bytes: K is a nibble of T0 (clause 8.2.2).
pub const MAX_HISTORICAL: usize = 15;

/// Fi and f(max) in kHz by the high nibble of TA1 (clause 8.3, table 7); 0: RFU.
const FI_AND_F_MAX: [(u16, u16); 16] = [
    (372, 4_000),
    (372, 5_000),
    (558, 6_000),
    (744, 8_000),
    (1116, 12_000),
    (1488, 16_000),
    (1860, 20_000),
    (0, 0),
    (0, 0),
    (512, 5_000),
    (768, 7_500),
    (1024, 10_000),
    (1536, 15_000),
    (2048, 20_000),
    (0, 0),
    (0, 0),
];

/// Di by the low nibble of TA1 (clause 8.3, table 8); 0: RFU. The code 7 = 64 is new in the edition of 2006.
const DI: [u8; 16] = [0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0];

/// The clock rate conversion integer Fi coded in the high nibble of `fi_di`, a TA1 or PPS1; `None`: RFU.
///
/// One etu lasts Fi / Di clock cycles.
pub fn decode_fi(fi_di: u8) -> Option<u16> {
    table_7(fi_di).map(|(fi, _)| fi)
}

/// The highest clock frequency in kHz that goes with [`decode_fi`]; `None`: RFU.
pub fn decode_f_max(fi_di: u8) -> Option<u16> {
    table_7(fi_di).map(|(_, f_max)| f_max)
}

/// The baud rate adjustment integer Di coded in the low nibble of `fi_di`, a TA1 or PPS1; `None`: RFU.
pub fn decode_di(fi_di: u8) -> Option<u8> {
    DI.get(usize::from(fi_di & 0x0F)).copied().filter(|&di| di != 0)
}

fn table_7(fi_di: u8) -> Option<(u16, u16)> {
    FI_AND_F_MAX.get(usize::from(fi_di >> 4)).copied().filter(|&(fi, _)| fi != 0)
}

/// A view over the bytes of an ATR, complete or not, good or bad. See the [module](self).
///
/// The bytes are decoded: the receiver has applied the convention, so TS is 3B or 3F.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atr<'a>(&'a [u8]);

/// The interface bytes announced by T0 (group 1) or by the TD before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The number in the bytes' names: 1 for TA1, TB1, TC1, TD1.
    pub index: usize,
    /// T in the low nibble of the TD that announced the group; `None` for group 1. It rules the meaning of TA, TB, TC
    /// from group 3 on (T=15: global), and of TC2; TA2 and TB2 are global whatever T is (clause 8.2.3).
    pub protocol: Option<u8>,
    /// TA, unless not announced or cut off.
    pub ta: Option<u8>,
    /// TB, unless not announced or cut off.
    pub tb: Option<u8>,
    /// TC, unless not announced or cut off.
    pub tc: Option<u8>,
    /// TD, unless not announced or cut off. If present there is a next group, though it may have no bytes.
    pub td: Option<u8>,
}

/// The groups of an ATR in order; made by [`Atr::groups`].
#[derive(Clone, Debug)]
pub struct Groups<'a>(Option<Place<'a>>);

/// Where a group lies in an ATR: what [`Group`] is read from, and all that reading a single byte takes.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    /// The bytes of the ATR from the group's first on.
    rest: &'a [u8],
    index: usize,
    /// T for which the group was announced; [`Place::FIRST`] for group 1.
    protocol: u8,
    /// Which bytes were announced, in the low nibble: 1 TA, 2 TB, 4 TC, 8 TD.
    announced: u8,
}

/// A byte of a group, as its bit in what announces it.
#[derive(Clone, Copy)]
enum Letter {
    A = 1,
    B = 2,
    C = 4,
    D = 8,
}

/// Which groups an interface byte may be in; as numbers what [`Place::within`] makes of a group.
#[derive(Clone, Copy)]
enum Within {
    /// Group 1.
    First = 1,
    /// Group 2.
    Second = 2,
    /// Those specific to T=1.
    T1 = 0x11,
    /// Those with global bytes, after T=15.
    T15 = 0x1F,
}

/// The check byte TCK (clause 8.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Tck {
    /// There is none and there must be none: only T=0 is offered, named or by default.
    Absent,
    /// It is there, and the XOR of all bytes from T0 to TCK is 0.
    Ok,
    /// It is there and that XOR is not 0.
    Wrong,
    /// It ought to be there, but the bytes end before it.
    Missing,
}

/// TA2: the card starts in specific mode, without PPS (clauses 6.3.1 and 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SpecificMode {
    /// The protocol T to use at once, 0..=14.
    pub protocol: u8,
    /// Whether a warm reset may bring the card into negotiable mode (b8 of TA2 is 0).
    pub can_change: bool,
    /// Whether F and D are known in some other way (b5 is 1) rather than being the Fi and Di of TA1.
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

/// Why bytes are not an ATR that ISO/IEC 7816-3 allows. One cause each, the first that [`Atr::check`] meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AtrError {
    /// There are no bytes.
    Empty,
    /// The first byte, given here, is neither 3B nor 3F.
    TsUnknown(u8),
    /// The bytes end too early.
    Truncated {
        /// How many bytes the ATR has at least; more only if a TD is among those missing.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// T0 and the TDs announce more than [`MAX_LEN`] bytes.
    OverLimit {
        /// How many bytes they announce, at least.
        announced: usize,
    },
    /// There are bytes behind the end.
    TooLong {
        /// How many bytes the ATR has.
        expected: usize,
        /// How many there are.
        have: usize,
    },
    /// All is there except TCK, although another T than 0 is named.
    TckMissing {
        /// The TCK that would fit.
        expected: u8,
    },
    /// The check byte does not match: a byte was received wrongly, or the ATR was copied wrongly.
    TckWrong {
        /// The TCK that would fit the other bytes.
        expected: u8,
        /// The TCK that is there.
        found: u8,
    },
    /// TD1 names T=15, which is not a protocol.
    T15First,
    /// A TD names a smaller T than the TD before it.
    TypesOutOfOrder {
        /// The T named first.
        before: u8,
        /// The smaller T named after it.
        after: u8,
    },
}

impl<'a> Atr<'a> {
    /// A view over `bytes`, TS first, in decoded form. Any bytes will do.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// All the bytes, as given.
    pub const fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The convention TS announces; `None` if TS is missing or no TS.
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
        Groups(self.t0().map(|_| self.first_group()))
    }

    /// The historical bytes; fewer than T0 announces if the bytes end too early.
    pub fn historical(&self) -> &'a [u8] {
        let layout = self.layout();
        let from_first = self.0.get(layout.interface_end..).unwrap_or_default();
        from_first.get(..layout.historical_len).unwrap_or(from_first)
    }

    /// The state of the check byte, as far as the bytes there are tell.
    pub fn tck(&self) -> Tck {
        let layout = self.layout();
        match self.0.get(1..layout.total) {
            _ if !layout.has_tck => Tck::Absent,
            None => Tck::Missing,
            Some(checked) if xor(checked) == 0 => Tck::Ok,
            Some(_) => Tck::Wrong,
        }
    }

    /// The protocols T = 0..=14 that the card offers, the preferred one first, each once.
    ///
    /// T=0 alone if there is no TD1 (clause 8.2.3). Empty only if [`Atr::check`] would complain.
    pub fn protocols(&self) -> impl Iterator<Item = u8> + use<'a> {
        // T=15 is no protocol: seen before it comes.
        Protocols { group: self.t0().map(|_| self.first_group()), seen: 1 << 15 }
    }

    /// The clock rate conversion integer Fi of TA1, 372 without TA1; `None` if TA1 has an RFU code (clause 8.3).
    ///
    /// In negotiable mode what the card *could* do after PPS; until then F = 372 and D = 1 are in force.
    pub fn fi(&self) -> Option<u16> {
        self.ta1().map_or(Some(372), decode_fi)
    }

    /// The baud rate adjustment integer Di of TA1, 1 without TA1; `None` if TA1 has an RFU code (clause 8.3).
    pub fn di(&self) -> Option<u8> {
        self.ta1().map_or(Some(1), decode_di)
    }

    /// N of TC1, default 0 (clause 8.3): the terminal leaves N more etu between the starts of its characters than the
    /// usual 12. N = 255 means no more than 12 in T=0, and only 11 in T=1.
    pub fn extra_guard(&self) -> u8 {
        self.find(Within::First, Letter::C).unwrap_or(0)
    }

    /// TA2, if there is one; `None`: the card is in negotiable mode (clauses 6.3.1 and 8.3).
    pub fn specific_mode(&self) -> Option<SpecificMode> {
        let ta2 = self.find(Within::Second, Letter::A)?;
        Some(SpecificMode { protocol: ta2 & 0x0F, can_change: ta2 & 0x80 == 0, implicit: ta2 & 0x10 != 0 })
    }

    /// The waiting integer WI for T=0: all 8 bits of TC2, default 10 (clause 10.2). 0 is RFU.
    ///
    /// The card has 960 x WI x Fi clock cycles for each character.
    pub fn wi(&self) -> u8 {
        self.find(Within::Second, Letter::C).unwrap_or(10)
    }

    /// How many information bytes a T=1 block to the card may have: the first TA for T=1, default 32 (clause 11.4.2).
    /// 0 and 255 are RFU.
    pub fn ifsc(&self) -> u8 {
        self.find(Within::T1, Letter::A).unwrap_or(32)
    }

    /// The block waiting integer for T=1: high nibble of the first TB for T=1, default 4 (clause 11.4.3).
    /// 10..=15 are RFU.
    pub fn bwi(&self) -> u8 {
        self.first_tb_for_t1() >> 4
    }

    /// The character waiting integer for T=1: low nibble of the first TB for T=1, default 13 (clause 11.4.3).
    pub fn cwi(&self) -> u8 {
        self.first_tb_for_t1() & 0x0F
    }

    /// The error detection code for T=1: b1 of the first TC for T=1, default LRC (clause 11.4.4).
    pub fn edc(&self) -> Edc {
        match self.find(Within::T1, Letter::C) {
            Some(tc) if tc & 1 == 1 => Edc::Crc,
            _ => Edc::Lrc,
        }
    }

    /// Whether the clock may be stopped: the first TA for T=15, default not (clause 8.3).
    pub fn clock_stop(&self) -> ClockStop {
        match self.first_ta_for_t15().unwrap_or(0) >> 6 {
            1 => ClockStop::Low,
            2 => ClockStop::High,
            3 => ClockStop::Any,
            _ => ClockStop::NotSupported,
        }
    }

    /// The classes of operating conditions the card accepts: the first TA for T=15 (clause 8.3).
    ///
    /// `None` if the card does not say. It answered, so the class it was powered with does; a terminal stays with it.
    pub fn classes(&self) -> Option<Classes> {
        self.first_ta_for_t15().map(|ta| Classes(ta & 0x3F))
    }

    /// Whether the card says that it takes extended lengths: the third of its capability bytes, b7, in historical bytes
    /// that are COMPACT-TLV (ISO/IEC 7816-4 clauses 8.1.1 and 8.1.1.2.7).
    pub fn extended_lengths(&self) -> bool {
        // Category 00 ends with three status bytes, which no object of ours can be mistaken for; 80 is objects only.
        let Some((0x00 | 0x80, mut objects)) = self.historical().split_first() else {
            return false;
        };
        while let [head, rest @ ..] = objects {
            let len = usize::from(head & 0x0F);
            if let (7, Some([_, _, third, ..])) = (head >> 4, rest.get(..len)) {
                return third & 0x40 != 0;
            }
            objects = rest.get(len..).unwrap_or_default();
        }
        false
    }

    /// Whether these bytes are one whole ATR that ISO/IEC 7816-3 allows.
    ///
    /// What comes first decides how much the rest can be trusted: TS, then the length that T0 and the TDs announce,
    /// then TCK. Only bytes that have arrived whole are blamed for what they say. RFU codes are no error: a newer card may
    /// use them, and a terminal that does not know Fi or Di goes on at 372 and 1.
    pub fn check(&self) -> Result<(), AtrError> {
        let ts = *self.0.first().ok_or(AtrError::Empty)?;
        if self.convention().is_none() {
            return Err(AtrError::TsUnknown(ts));
        }
        let layout = self.layout();
        let have = self.0.len();
        if layout.total > MAX_LEN {
            return Err(AtrError::OverLimit { announced: layout.total });
        }
        // 0 with the right TCK, and what TCK has to be without it.
        let sum = ts ^ xor(self.0);
        if have < layout.total {
            return Err(if layout.complete && layout.has_tck && have + 1 == layout.total {
                AtrError::TckMissing { expected: sum }
            } else {
                AtrError::Truncated { need: layout.total, have }
            });
        }
        if have > layout.total {
            return Err(AtrError::TooLong { expected: layout.total, have });
        }
        if layout.has_tck && sum != 0 {
            let found = self.0.last().copied().unwrap_or_default();
            return Err(AtrError::TckWrong { expected: found ^ sum, found });
        }
        // TD1 must not be T=15, and the Ts must ascend, so that T=0 is first and T=15 last (clause 8.2.3).
        match layout.first_descent {
            _ if self.find(Within::First, Letter::D).is_some_and(|td1| td1 & 0x0F == 15) => Err(AtrError::T15First),
            Some((before, after)) => Err(AtrError::TypesOutOfOrder { before, after }),
            None => Ok(()),
        }
    }

    /// How long the ATR is that begins with `prefix`, at most [`MAX_LEN`]; `None` while a byte is missing that decides.
    ///
    /// For a terminal that receives character by character: stop at this length, then [`Atr::check`]. The result never
    /// changes as more bytes arrive. It is [`MAX_LEN`] as soon as T0 and the TDs announce more, so that no card keeps a
    /// terminal waiting beyond that. TS is not looked at: refuse an unknown one when it arrives.
    pub fn expected_len(prefix: &[u8]) -> Option<usize> {
        let layout = Atr::new(prefix).layout();
        if layout.total >= MAX_LEN {
            return Some(MAX_LEN);
        }
        layout.complete.then_some(layout.total)
    }

    fn t0(&self) -> Option<u8> {
        self.0.get(1).copied()
    }

    /// TA1, the codes of Fi and Di; `None` if there is none.
    pub(super) fn ta1(&self) -> Option<u8> {
        self.find(Within::First, Letter::A)
    }

    /// Group 1; without T0 it announces nothing.
    fn first_group(&self) -> Place<'a> {
        let (rest, announced): (&[u8], _) = match self.0 {
            [_, t0, rest @ ..] => (rest, t0 >> 4),
            _ => (&[], 0),
        };
        Place { rest, index: 1, protocol: Place::FIRST, announced }
    }

    /// The first byte of this letter within these groups.
    fn find(&self, within: Within, letter: Letter) -> Option<u8> {
        let mut group = self.first_group();
        loop {
            if let (true, Some(byte)) = (group.within() == within as u8, group.byte(letter)) {
                return Some(byte);
            }
            if !group.advance() {
                return None;
            }
        }
    }

    fn first_tb_for_t1(&self) -> u8 {
        self.find(Within::T1, Letter::B).unwrap_or(0x4D)
    }

    fn first_ta_for_t15(&self) -> Option<u8> {
        self.find(Within::T15, Letter::A)
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout {
            interface_end: 2,
            historical_len: usize::from(self.t0().unwrap_or(0) & 0x0F),
            has_tck: false,
            complete: self.t0().is_some(),
            first_descent: None,
            total: 0,
        };
        let mut group = self.first_group();
        let mut before = 0;
        loop {
            layout.interface_end += group.count();
            if !group.advance() {
                layout.complete &= !group.announces(Letter::D);
                break;
            }
            let t = group.protocol;
            // Any T but 0, T=15 included, calls for TCK (clause 8.2.5).
            layout.has_tck |= t != 0;
            if t < before {
                layout.first_descent.get_or_insert((before, t));
            }
            before = t;
        }
        layout.total = layout.interface_end + layout.historical_len + usize::from(layout.has_tck);
        layout
    }
}

/// Where the parts of an ATR lie, as offsets and lengths in bytes. If not `complete` these are the least possible.
struct Layout {
    /// The offset of the first historical byte.
    interface_end: usize,
    historical_len: usize,
    has_tck: bool,
    /// Whether T0 and every announced TD are there.
    complete: bool,
    /// The first T that is smaller than the one before it, after that one.
    first_descent: Option<(u8, u8)>,
    /// All bytes, TS and TCK included.
    total: usize,
}

pub(super) fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

impl Group {
    /// The bytes of this group that are there, in the order sent, each with the letter of its name: `('A', ..)` for TA.
    pub fn bytes(&self) -> impl Iterator<Item = (char, u8)> + use<> {
        [('A', self.ta), ('B', self.tb), ('C', self.tc), ('D', self.td)]
            .into_iter()
            .filter_map(|(letter, byte)| Some((letter, byte?)))
    }
}

/// The ones among four bits. Half the code of `count_ones`, for which the target has no instruction.
#[cfg_attr(target_os = "none", inline(never))]
pub(super) const fn count(bits: u8) -> usize {
    let pairs = bits - (bits >> 1 & 0b0101);
    ((pairs & 0b0011) + (pairs >> 2)) as usize
}

impl<'a> Place<'a> {
    /// No protocol: T is a nibble.
    const FIRST: u8 = 0xFF;

    /// A [`Within`], or a number that is none. Groups from the third on hold what is specific to their T; group 2 has its
    /// own rules.
    const fn within(&self) -> u8 {
        if self.index > 2 { 0x10 | self.protocol } else { self.index as u8 }
    }

    const fn announces(&self, letter: Letter) -> bool {
        self.announced & letter as u8 != 0
    }

    /// How many bytes were announced.
    const fn count(&self) -> usize {
        count(self.announced)
    }

    /// The byte of this letter, unless not announced or cut off.
    fn byte(&self, letter: Letter) -> Option<u8> {
        let before = self.announced & (letter as u8 - 1);
        if self.announces(letter) { self.rest.get(count(before)).copied() } else { None }
    }

    /// Goes on to the group that the TD of this one announces; `false` if there is none.
    fn advance(&mut self) -> bool {
        if !self.announces(Letter::D) {
            return false;
        }
        // TD is the last of a group.
        let Some(([.., td], rest)) = self.rest.split_at_checked(self.count()) else { return false };
        self.rest = rest;
        self.index += 1;
        self.protocol = td & 0x0F;
        self.announced = td >> 4;
        true
    }
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let at = self.0.as_mut()?;
        let protocol = Some(at.protocol).filter(|&t| t != Place::FIRST);
        let [ta, tb, tc, td] = [Letter::A, Letter::B, Letter::C, Letter::D].map(|letter| at.byte(letter));
        let group = Group { index: at.index, protocol, ta, tb, tc, td };
        if !at.advance() {
            self.0 = None;
        }
        Some(group)
    }
}

/// See [`Atr::protocols`].
struct Protocols<'a> {
    group: Option<Place<'a>>,
    /// A bit for each T that has come.
    seen: u16,
}

impl Iterator for Protocols<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        while let Some(at) = &mut self.group {
            let t = if at.advance() {
                at.protocol
            } else {
                let by_default = at.index == 1 && !at.announces(Letter::D);
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

impl SpecificMode {
    /// The byte TA2 that says this.
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

impl core::fmt::Display for AtrError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::Empty => write!(f, "no bytes: expected an ATR, which begins with 3B or 3F"),
            Self::TsUnknown(0x03) => write!(
                f,
                "TS is 03, expected 3B or 3F: 03 is the TS of an inverse convention card read in direct convention; \
                 read it in inverse convention"
            ),
            Self::TsUnknown(ts) => {
                write!(f, "TS is {ts:02X}, expected 3B (direct convention) or 3F (inverse convention)")
            }
            Self::Truncated { need, have } => {
                write!(f, "cut off: T0 and the TDs announce at least {need} bytes, there are {have}")
            }
            Self::OverLimit { announced } => {
                write!(f, "T0 and the TDs announce at least {announced} bytes, an ATR has at most {MAX_LEN}")
            }
            Self::TooLong { expected, have } => {
                write!(f, "bytes behind the end: T0 and the TDs announce {expected} bytes, there are {have}")
            }
            Self::TckMissing { expected } => write!(
                f,
                "the check byte TCK is missing: a TD names another T than 0, so {expected:02X} must end the ATR"
            ),
            Self::TckWrong { expected, found } => {
                write!(f, "the check byte TCK is {found:02X}, expected {expected:02X}: a byte of the ATR is wrong")
            }
            Self::T15First => write!(f, "TD1 names T=15, expected a protocol (0 to 14): T=15 only marks global bytes"),
            Self::TypesOutOfOrder { before, after } => {
                write!(f, "T={after} is named after T={before}, expected the Ts in ascending order")
            }
        }
    }
}

impl core::error::Error for AtrError {}

/// The three bytes of a group that a protocol may have for itself. For T=1: IFSC, BWI and CWI, error detection code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecificBytes {
    /// TA, for T=1 the IFSC (1..=254).
    pub ta: Option<u8>,
    /// TB, for T=1 BWI (0..=9) in the high nibble and CWI in the low one.
    pub tb: Option<u8>,
    /// TC, for T=1 the error detection code: 0 LRC, 1 CRC.
    pub tc: Option<u8>,
}

/// Writes an ATR, in decoded form: TDs, T0 and TCK follow from what the card is told to offer.
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
    /// `Some` if T=0 is offered by name; inside, TC2.
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

    /// TA1: the codes of Fi and Di, see [`decode_fi`] and [`decode_di`].
    pub const fn ta1(mut self, ta1: u8) -> Self {
        self.group_1.ta = Some(ta1);
        self
    }

    /// TB1: programming voltage, out of use. Social security cards send 00, "none" (docs/card.md §3.4).
    pub const fn tb1(mut self, tb1: u8) -> Self {
        self.group_1.tb = Some(tb1);
        self
    }

    /// TC1: the extra guard time integer N, see [`Atr::extra_guard`].
    pub const fn tc1(mut self, n: u8) -> Self {
        self.group_1.tc = Some(n);
        self
    }

    /// TA2: start in specific mode. Its protocol ought to be one of those offered.
    pub const fn specific_mode(mut self, mode: SpecificMode) -> Self {
        self.specific_mode = Some(mode);
        self
    }

    /// Offers T=0, with the waiting integer WI (TC2) or its default. Only needed beside T=1, or to give WI.
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

    /// The ATR. It passes [`Atr::check`].
    pub fn build(&self) -> Result<AtrBytes, AtrDoesNotFit> {
        if self.historical.len() > MAX_HISTORICAL {
            return Err(AtrDoesNotFit);
        }
        let groups = self.groups();
        let mut atr = Vec::new();
        push(&mut atr, self.convention.ts())?;
        // T0 or the TD before a group: the group's Y in the high nibble; in the low one K (T0) or the group's T (TD).
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
        // Clause 8.2.5: TCK unless T=0 is all that is named.
        if self.t1.is_some() || self.t15.is_some() {
            let tck = xor(atr.get(1..).unwrap_or_default());
            push(&mut atr, tck)?;
        }
        Ok(atr)
    }

    /// Groups 1, 2, then those specific to T=1 and T=15, each with the T it is for (that of group 1 is not sent).
    ///
    /// Group 2 has fixed uses: TA2 is the specific mode and TC2 is WI. So bytes specific to T=1 or T=15 need a group of
    /// their own from the third on, even if T=1 was already named by TD1 (clause 8.2.3).
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

impl core::fmt::Display for AtrDoesNotFit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "an ATR holds at most {MAX_HISTORICAL} historical bytes and {MAX_LEN} bytes in all")
    }
}

impl core::error::Error for AtrDoesNotFit {}

#[cfg(test)]
mod tests;
