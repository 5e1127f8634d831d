//! A block of T=1 as it goes by: its characters, and what its PCB says (clause 11.3).

use super::super::atr::Says;

/// A kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Information: N(S), and whether more blocks of the chain follow.
    I { ns: u8, more: bool },
    /// Receive ready: N(R).
    R { nr: u8 },
    /// A supervisory request.
    Request(About),
    /// A supervisory response.
    Response(About),
}

/// What a supervisory block is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Resynch,
    Ifs,
    Abort,
    Wtx,
}

impl Kind {
    /// What a PCB says (clause 11.3.2.2); `None` if it is reserved.
    pub(crate) const fn of(pcb: u8) -> Option<Self> {
        let about = match pcb & 0x1F {
            0 => Some(About::Resynch),
            1 => Some(About::Ifs),
            2 => Some(About::Abort),
            3 => Some(About::Wtx),
            _ => None,
        };
        match (pcb >> 6, about) {
            // In an I-block these five bits are 0.
            (0 | 1, Some(About::Resynch)) => Some(Self::I { ns: pcb >> 6, more: pcb & 0x20 != 0 }),
            (2, _) if pcb & 0x2C == 0 && pcb & 3 != 3 => Some(Self::R { nr: pcb >> 4 & 1 }),
            (3, Some(about)) if pcb & 0x20 == 0 => Some(Self::Request(about)),
            (3, Some(about)) => Some(Self::Response(about)),
            _ => None,
        }
    }

    /// Whether a block of this kind may have so many information bytes (clause 11.3.1).
    pub(crate) const fn allows(self, len: u8) -> bool {
        match self {
            Self::I { .. } => len < 255,
            Self::R { .. } => len == 0,
            Self::Request(about) | Self::Response(about) => match about {
                About::Ifs | About::Wtx => len == 1,
                About::Resynch | About::Abort => len == 0,
            },
        }
    }
}

/// The error detection code (clause 11.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Lrc,
    Crc,
}

impl Code {
    /// The one that TC for T=1 names (clause 11.4.4).
    pub(in super::super) fn of(says: &Says) -> Self {
        if says.t1[2].unwrap_or(0) & 1 == 1 { Self::Crc } else { Self::Lrc }
    }

    const fn len(self) -> usize {
        match self {
            Self::Lrc => 1,
            Self::Crc => 2,
        }
    }

    /// Whether a whole block is without a transmission error.
    pub(crate) fn holds(self, block: &[u8]) -> bool {
        match self {
            Self::Lrc => block.iter().fold(0, |sum, byte| sum ^ byte) == 0,
            Self::Crc => {
                let Some((body, [low, high])) = block.split_last_chunk::<2>() else { return false };
                crc(body) == u16::from_le_bytes([*low, *high])
            }
        }
    }
}

/// The CRC of ISO/IEC 13239, low byte first on the line.
fn crc(bytes: &[u8]) -> u16 {
    let shift = |value: u16, _| if value & 1 == 1 { value >> 1 ^ 0x8408 } else { value >> 1 };
    !bytes.iter().fold(0xFFFF, |value, byte| (0..8).fold(value ^ u16::from(*byte), shift))
}

/// The characters of a block so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Characters(pub(crate) Vec<u8>);

impl Characters {
    /// How many characters the block has, once LEN is known.
    pub(crate) fn expected(&self, code: Code) -> Option<usize> {
        self.0.get(2).map(|len| 3 + usize::from(*len) + code.len())
    }

    /// Whether all of it is here.
    pub(crate) fn whole(&self, code: Code) -> bool {
        self.expected(code).is_some_and(|expected| self.0.len() >= expected)
    }

    /// Its kind, once PCB is known.
    pub(crate) fn kind(&self) -> Option<Kind> {
        self.0.get(1).and_then(|pcb| Kind::of(*pcb))
    }

    /// Its information bytes.
    pub(crate) fn inf(&self) -> &[u8] {
        let len = self.0.get(2).map_or(0, |len| usize::from(*len));
        self.0.get(3..3 + len).unwrap_or_default()
    }
}
