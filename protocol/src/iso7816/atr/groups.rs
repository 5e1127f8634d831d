//! The groups of interface bytes, one after the other: what T0 and each TD announce (clause 8.2.3).
//! [`super::Parameters`] knows what the bytes mean.

/// The interface bytes announced by T0 (group 1) or by the TD before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The number in the bytes' names: 1 for TA1, TB1, TC1, TD1.
    pub index: usize,
    /// T in the low nibble of the TD that announced the group; `None` for group 1. From group 3 on, T decides what TA,
    /// TB and TC mean (T=15: global). In group 2, T decides what TC2 means; TA2 and TB2 are global whatever T is
    /// (clause 8.2.3).
    pub protocol: Option<u8>,
    /// TA, unless it was not announced or is cut off.
    pub ta: Option<u8>,
    /// TB, unless it was not announced or is cut off.
    pub tb: Option<u8>,
    /// TC, unless it was not announced or is cut off.
    pub tc: Option<u8>,
    /// TD, unless it was not announced or is cut off. If it is present, there is a next group, even one without bytes.
    pub td: Option<u8>,
}

/// The groups of an ATR in order; made by [`super::Atr::groups`].
#[derive(Clone, Debug)]
pub struct Groups<'a>(pub(super) Option<Place<'a>>);

/// Where a group is in an ATR. [`Group`] is read from this; a single byte can be read without a [`Group`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The bytes of the ATR from the group's first on.
    rest: &'a [u8],
    index: usize,
    /// The T of the TD that announced the group; [`Place::FIRST`] for group 1.
    protocol: u8,
    /// Which bytes were announced, in the low nibble: 1 TA, 2 TB, 4 TC, 8 TD.
    announced: u8,
}

/// A byte of a group, as its bit in the byte that announces it.
#[derive(Clone, Copy)]
pub(super) enum Letter {
    A = 1,
    B = 2,
    C = 4,
    D = 8,
}

/// The three bytes of a group that a protocol may define for itself. For T=1: IFSC, BWI and CWI, error detection code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpecificBytes {
    /// TA, for T=1 the IFSC (1..=254).
    pub ta: Option<u8>,
    /// TB, for T=1 BWI (0..=9) in the high nibble and CWI in the low one.
    pub tb: Option<u8>,
    /// TC, for T=1 the error detection code: 0 LRC, 1 CRC.
    pub tc: Option<u8>,
}

impl Group {
    /// The bytes of this group that are there, in the order sent, each with the letter of its name: `('A', ..)` for TA.
    pub fn bytes(&self) -> impl Iterator<Item = (char, u8)> + use<> {
        [('A', self.ta), ('B', self.tb), ('C', self.tc), ('D', self.td)]
            .into_iter()
            .filter_map(|(letter, byte)| Some((letter, byte?)))
    }
}

/// How many of four bits are ones. This has half the code of `count_ones`, for which the target has no instruction.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) const fn count(bits: u8) -> usize {
    let pairs = bits - (bits >> 1 & 0b0101);
    ((pairs & 0b0011) + (pairs >> 2)) as usize
}

impl<'a> Place<'a> {
    /// No protocol: T is a nibble.
    const FIRST: u8 = 0xFF;

    /// Group 1 of an ATR, TS first. If T0 is missing, the group announces nothing.
    pub(super) fn first(atr: &'a [u8]) -> Self {
        let (rest, announced): (&[u8], _) = match atr {
            [_, t0, rest @ ..] => (rest, t0 >> 4),
            _ => (&[], 0),
        };
        Self { rest, index: 1, protocol: Self::FIRST, announced }
    }

    /// Its number, 1 for group 1.
    pub(super) const fn index(&self) -> usize {
        self.index
    }

    /// The T for which it was announced; [`Place::FIRST`] for group 1.
    pub(super) const fn protocol(&self) -> u8 {
        self.protocol
    }

    pub(super) const fn announces(&self, letter: Letter) -> bool {
        self.announced & letter as u8 != 0
    }

    /// How many bytes were announced.
    pub(super) const fn count(&self) -> usize {
        count(self.announced)
    }

    /// The byte of this letter, unless it was not announced or is cut off.
    pub(super) fn byte(&self, letter: Letter) -> Option<u8> {
        let before = self.announced & (letter as u8 - 1);
        if self.announces(letter) { self.rest.get(count(before)).copied() } else { None }
    }

    /// Moves to the group that the TD of this one announces; `false` if there is none.
    pub(super) fn advance(&mut self) -> bool {
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
