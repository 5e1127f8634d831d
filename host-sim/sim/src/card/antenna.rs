//! The card's side without contacts, ISO/IEC 14443 type A: its UID, its answer to select (ATS), and the ATR that a PC/SC
//! reader makes of it.
//!
//! Not here: anticollision and the block protocol of part 4. What a program sees through PC/SC is whole APDUs.

use thiserror::Error;

/// The most historical bytes of an ATS that fit into an ATR.
pub const HISTORICAL_MAX: usize = 15;

/// What a card has for readers without contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Antenna {
    /// Its identifier: 4, 7 or 10 bytes, in the order in which they are sent.
    pub uid: Vec<u8>,
    /// What it answers to RATS.
    pub ats: Ats,
}

/// An answer to select (ISO/IEC 14443-4, section 5.2). The rate is 106 kbit/s both ways; there is no CID and no NAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ats {
    /// The code of the longest frame that the card takes: 0 to 8, for 16, 24, 32, 40, 48, 64, 96, 128 and 256 bytes.
    pub fsci: u8,
    /// The frame waiting time is 4096 × 2^FWI periods of the carrier, 302 µs × 2^FWI: 0 to 14.
    pub fwi: u8,
    /// The guard time after the ATS, in the same form: 0 to 14, and 0 for none.
    pub sfgi: u8,
    /// The historical bytes: at most [`HISTORICAL_MAX`].
    pub historical: Vec<u8>,
}

/// What is wrong with an antenna's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AntennaProblem {
    /// The UID has a length that none has.
    #[error("must have 4, 7 or 10 bytes")]
    Uid,
    /// A UID in parts would be taken for one by its first byte.
    #[error("must not begin with 88, which announces a longer one")]
    Cascade,
    /// FSCI is out of bounds.
    #[error("must be 0 to 8")]
    Fsci,
    /// FWI or SFGI is out of bounds.
    #[error("must be 0 to 14")]
    Fourteen,
    /// There are more historical bytes than an ATR has room for.
    #[error("must be at most {HISTORICAL_MAX} bytes")]
    Historical,
}

impl Antenna {
    /// The antenna of a card that says the same on both sides: the historical bytes of its ATR, and a UID of four bytes
    /// made of its serial number, as a card has it that has a fixed one.
    pub fn beside(historical: &[u8], serial: u32) -> Self {
        let [_, a, b, c] = serial.to_be_bytes();
        let historical = historical.iter().copied().take(HISTORICAL_MAX).collect();
        Self { uid: vec![0x10, a, b, c], ats: Ats { historical, ..Ats::default() } }
    }

    /// Whether its values are those of an antenna; the error names the key of the card file.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), (&'static str, AntennaProblem)> {
        let Self { uid, ats: Ats { fsci, fwi, sfgi, historical } } = self;
        match uid.as_slice() {
            [0x88, _, _, _] => return Err(("uid", AntennaProblem::Cascade)),
            uid if [4, 7, 10].contains(&uid.len()) => {}
            _ => return Err(("uid", AntennaProblem::Uid)),
        }
        let checks = [
            ("fsci", *fsci <= 8, AntennaProblem::Fsci),
            ("fwi", *fwi <= 14, AntennaProblem::Fourteen),
            ("sfgi", *sfgi <= 14, AntennaProblem::Fourteen),
            ("historical", historical.len() <= HISTORICAL_MAX, AntennaProblem::Historical),
        ];
        checks.into_iter().find(|(_, good, _)| !good).map_or(Ok(()), |(key, _, problem)| Err((key, problem)))
    }
}

/// A frame of 256 bytes, a waiting time of 77 ms, no guard time, no historical bytes.
impl Default for Ats {
    fn default() -> Self {
        Self { fsci: 8, fwi: 8, sfgi: 0, historical: Vec::new() }
    }
}

impl Ats {
    /// The bytes TL to Tk, without CRC.
    pub fn encode(&self) -> Vec<u8> {
        // T0: TA, TB and TC follow, and FSCI. TA 80: the same rate both ways, 106 kbit/s alone. TC 00: no NAD, no CID.
        let mut bytes = vec![0, 0x70 | self.fsci, 0x80, self.fwi << 4 | self.sfgi, 0x00];
        bytes.extend(&self.historical);
        let len = bytes.len() as u8;
        bytes.iter_mut().take(1).for_each(|tl| *tl = len);
        bytes
    }

    /// The ATR that a PC/SC reader shows for the card (PC/SC part 3 clause 3.1.3.2.3.1): T=0 and then T=1 announced, so that
    /// programs take it for a card of T=1, the historical bytes, and TCK.
    pub fn pcsc_atr(&self) -> Vec<u8> {
        let count = self.historical.len().min(HISTORICAL_MAX);
        let mut atr = vec![0x3B, 0x80 | count as u8, 0x80, 0x01];
        atr.extend(self.historical.iter().take(count));
        let tck = atr.iter().skip(1).fold(0, |tck, byte| tck ^ byte);
        atr.push(tck);
        atr
    }
}

/// Whether an ATR has the form that a PC/SC reader gives to cards without contacts. A card in contacts could have it, too.
pub fn is_pcsc_atr(atr: &[u8]) -> bool {
    matches!(atr, [0x3B, t0, 0x80, 0x01, rest @ ..] if t0 >> 4 == 8 && rest.len() == usize::from(t0 & 0x0F) + 1)
}

#[cfg(test)]
mod tests {
    use qiyong_protocol::iso7816::atr::Atr;

    use super::*;

    /// docs/card.md §4.2.
    #[test]
    fn the_atr_of_an_ats_is_one_of_t1_with_its_historical_bytes() {
        for count in 0..=HISTORICAL_MAX {
            let historical: Vec<u8> = (0..count as u8).map(|byte| 0xA0 | byte).collect();
            let atr = Ats { historical: historical.clone(), ..Ats::default() }.pcsc_atr();
            assert!(is_pcsc_atr(&atr));
            let view = Atr::new(&atr);
            assert!(view.check().is_ok(), "{atr:02X?}");
            assert_eq!(view.historical(), historical);
            assert!(view.protocols().any(|protocol| protocol == 1));
        }
        // The one of the contactless cards that readers' manuals have as example: one historical byte 80.
        let example = Ats { historical: vec![0x80], ..Ats::default() };
        assert_eq!(example.pcsc_atr(), [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80]);
        for other in ["3B6D000000814E43238697159900BF7C7A", "3B80800101FF", "3B8180018080FF", "3B818001", ""] {
            assert!(!is_pcsc_atr(&hex::decode(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn an_ats_counts_itself_and_has_its_parameters() {
        let ats = Ats { fsci: 5, fwi: 7, sfgi: 2, historical: vec![0x80, 0x02] };
        assert_eq!(ats.encode(), [7, 0x75, 0x80, 0x72, 0x00, 0x80, 0x02]);
        assert_eq!(Ats::default().encode(), [5, 0x78, 0x80, 0x80, 0x00]);
    }

    #[test]
    fn what_no_antenna_has_is_named() {
        let good = Antenna::beside(&[1; 13], 0x0203_0405);
        assert_eq!((good.uid.as_slice(), good.check()), (&[0x10, 3, 4, 5][..], Ok(())));
        type Change = fn(&mut Antenna);
        let changes: [(Change, _); 7] = [
            (|antenna| antenna.uid = vec![1; 5], ("uid", AntennaProblem::Uid)),
            (|antenna| antenna.uid = vec![], ("uid", AntennaProblem::Uid)),
            (|antenna| antenna.uid = vec![0x88, 1, 2, 3], ("uid", AntennaProblem::Cascade)),
            (|antenna| antenna.ats.fsci = 9, ("fsci", AntennaProblem::Fsci)),
            (|antenna| antenna.ats.fwi = 15, ("fwi", AntennaProblem::Fourteen)),
            (|antenna| antenna.ats.sfgi = 15, ("sfgi", AntennaProblem::Fourteen)),
            (|antenna| antenna.ats.historical = vec![0; 16], ("historical", AntennaProblem::Historical)),
        ];
        for (change, problem) in changes {
            let mut antenna = good.clone();
            change(&mut antenna);
            assert_eq!(antenna.check(), Err(problem));
        }
    }
}
