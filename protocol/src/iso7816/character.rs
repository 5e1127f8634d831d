//! One character on the I/O contact: eight data moments and a parity moment (ISO/IEC 7816-3 clause 7).
//!
//! Time is not handled here: the protocol engines decide when a character may start.

/// How the states of the I/O contact stand for bits. TS, the first character of the ATR, announces it (clause 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Convention {
    /// State H is a one, least significant bit first; TS reads 3B.
    Direct,
    /// State L is a one, most significant bit first; TS reads 3F.
    Inverse,
}

/// The nine moments of a character after its start moment, as the contact shows them.
///
/// Bit 0 is the first data moment, bit 7 the last, bit 8 the parity moment; a one is state H.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moments(u16);

/// A character as a receiver set to one convention sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Received {
    /// The data byte.
    pub byte: u8,
    /// Whether data and parity moments together hold an even number of ones (clause 7.2).
    pub parity_ok: bool,
}

impl Moments {
    /// The character whose moments are the low nine bits of `moments`.
    pub const fn from_moments(moments: u16) -> Self {
        Self(moments & 0x1FF)
    }

    /// The nine moments, first data moment in bit 0, parity in bit 8.
    pub const fn moments(self) -> u16 {
        self.0
    }
}

impl Convention {
    /// The value of TS that announces this convention (clause 8.1).
    pub const fn ts(self) -> u8 {
        match self {
            Self::Direct => 0x3B,
            Self::Inverse => 0x3F,
        }
    }

    /// The moments that carry `byte`, with even parity.
    pub const fn encode(self, byte: u8) -> Moments {
        let parity = (byte.count_ones() & 1) as u16;
        match self {
            Self::Direct => Moments(byte as u16 | parity << 8),
            Self::Inverse => Moments(!(byte.reverse_bits() as u16 | parity << 8) & 0x1FF),
        }
    }

    /// What a receiver set to this convention reads from these moments.
    pub const fn decode(self, frame: Moments) -> Received {
        let ones = match self {
            Self::Direct => frame.0,
            Self::Inverse => !frame.0 & 0x1FF,
        };
        let data = (ones & 0xFF) as u8;
        Received {
            byte: match self {
                Self::Direct => data,
                Self::Inverse => data.reverse_bits(),
            },
            parity_ok: ones.count_ones().is_multiple_of(2),
        }
    }

    /// The convention that a TS announces, if a receiver set to [`Convention::Direct`] has received it.
    ///
    /// Such a receiver reads an inverse TS as 03 with wrong parity. `None`: the character is no TS.
    pub const fn from_ts_read_direct(ts: Received) -> Option<Self> {
        match (ts.byte, ts.parity_ok) {
            (0x3B, true) => Some(Self::Direct),
            (0x03, false) => Some(Self::Inverse),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ts_patterns_are_those_of_clause_8_1() {
        // Clause 8.1 writes TS as (H)LHHLLLLLLH for inverse and (H)LHHLHHHLLH for direct, start moment first.
        let moments = |pattern: &str| pattern.chars().enumerate().fold(0, |all, (i, c)| all | u16::from(c == 'H') << i);
        assert_eq!(Convention::Inverse.encode(0x3F).moments(), moments("HHLLLLLLH"));
        assert_eq!(Convention::Direct.encode(0x3B).moments(), moments("HHLHHHLLH"));
    }

    /// Clauses 7.2 and 8.1.
    #[test]
    fn every_byte_survives_both_conventions_and_one_wrong_moment_is_seen() {
        for convention in [Convention::Direct, Convention::Inverse] {
            for byte in 0..=255 {
                let frame = convention.encode(byte);
                assert_eq!(convention.decode(frame), Received { byte, parity_ok: true });
                for moment in 0..9 {
                    let bent = Moments::from_moments(frame.moments() ^ 1 << moment);
                    assert!(!convention.decode(bent).parity_ok);
                }
            }
            let ts = Convention::Direct.decode(convention.encode(convention.ts()));
            assert_eq!(Convention::from_ts_read_direct(ts), Some(convention));
        }
    }
}
