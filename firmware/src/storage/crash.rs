//! What a panic or fault leaves behind, as 24 bytes. No message: it could hold what must not be kept.

use zerocopy::byteorder::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// How the program ended when it should not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// A panic.
    Panic {
        /// The end of the source file's path, filled up with zeros.
        file: [u8; 16],
        /// The line.
        line: u32,
    },
    /// A fault of the core.
    Fault {
        /// CFSR (ARMv7-M, B3.2.15): what it was. Zero if a word of the program could not be read from flash; then `at` is its
        /// address in there.
        status: u32,
        /// Where the stack was; below the RAM after an overflow.
        stack: u32,
        /// The instruction; zero if the stack does not tell. A panic in an image in which panics are faults is one, with
        /// status 0x0001_0000 (UNDEFINSTR).
        at: u32,
    },
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Raw {
    /// 1 a panic, 2 a fault.
    kind: U32,
    /// The line; or the status.
    what: U32,
    /// The file; or the stack's address, the instruction's, and zeros.
    place: [u8; 16],
}

impl Crash {
    /// How many bytes it takes.
    pub const LEN: usize = 24;

    /// A panic in this file, of whose path as much of the end is kept as there is room for.
    pub fn panic(file: &str, line: u32) -> Self {
        let mut kept = [0; 16];
        let from = file.len().saturating_sub(kept.len());
        kept.iter_mut().zip(file.bytes().skip(from)).for_each(|(to, from)| *to = from);
        Self::Panic { file: kept, line }
    }

    /// The bytes.
    pub fn encode(self) -> [u8; Self::LEN] {
        let raw = match self {
            Self::Panic { file, line } => Raw { kind: U32::new(1), what: U32::new(line), place: file },
            Self::Fault { status, stack, at } => {
                let ([a, b, c, d], [e, f, g, h]) = (stack.to_le_bytes(), at.to_le_bytes());
                let place = [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0];
                Raw { kind: U32::new(2), what: U32::new(status), place }
            }
        };
        zerocopy::transmute!(raw)
    }

    /// From the bytes; `None` if they are none of a crash.
    pub fn decode(bytes: [u8; Self::LEN]) -> Option<Self> {
        let Raw { kind, what, place } = zerocopy::transmute!(bytes);
        match kind.get() {
            1 => Some(Self::Panic { file: place, line: what.get() }),
            2 => {
                let [a, b, c, d, e, f, g, h, ..] = place;
                let (stack, at) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
                Some(Self::Fault { status: what.get(), stack, at })
            }
            _ => None,
        }
    }

    /// The end of the path of the file that panicked; empty for a fault.
    pub fn file(&self) -> &str {
        match self {
            Self::Panic { file, .. } => core::str::from_utf8(file).unwrap_or_default().trim_end_matches('\0'),
            Self::Fault { .. } => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_comes_back_as_it_was() {
        for crash in [
            Crash::panic("firmware/src/terminal/mod.rs", 211),
            Crash::panic("a.rs", u32::MAX),
            Crash::Fault { status: 0x0002_0000, stack: 0x1FFF_FFE0, at: 0x0800_1234 },
        ] {
            assert_eq!(Crash::decode(crash.encode()), Some(crash));
        }
        assert_eq!(Crash::decode([0; Crash::LEN]), None);
        assert_eq!(Crash::decode([0xFF; Crash::LEN]), None);
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        assert_eq!(Crash::panic("firmware/src/terminal/mod.rs", 1).file(), "/terminal/mod.rs");
        assert_eq!(Crash::panic("a.rs", 1).file(), "a.rs");
    }
}
