//! What a panic or fault leaves behind, as six words. No message: it could hold what must not be kept.

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

impl Crash {
    /// How many words it takes.
    pub const LEN: usize = 6;

    /// A panic in this file, of whose path as much of the end is kept as there is room for.
    pub fn panic(file: &str, line: u32) -> Self {
        let mut kept = [0; 16];
        let from = file.len().saturating_sub(kept.len());
        kept.iter_mut().zip(file.bytes().skip(from)).for_each(|(to, from)| *to = from);
        Self::Panic { file: kept, line }
    }

    /// The words; the first is not zero.
    pub fn encode(self) -> [u32; Self::LEN] {
        match self {
            Self::Panic { file, line } => {
                let [a, b, c, d] = zerocopy::transmute!(file);
                [1, line, u32::from_le(a), u32::from_le(b), u32::from_le(c), u32::from_le(d)]
            }
            Self::Fault { status, stack, at } => [2, status, stack, at, 0, 0],
        }
    }

    /// From the words; `None` if they are none of a crash.
    pub fn decode([kind, what, a, b, c, d]: [u32; Self::LEN]) -> Option<Self> {
        match kind {
            1 => Some(Self::Panic { file: zerocopy::transmute!([a, b, c, d].map(u32::to_le)), line: what }),
            2 => Some(Self::Fault { status: what, stack: a, at: b }),
            _ => None,
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
        assert_eq!(Crash::decode([u32::MAX; Crash::LEN]), None);
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        let file = *b"/terminal/mod.rs";
        assert_eq!(Crash::panic("firmware/src/terminal/mod.rs", 1), Crash::Panic { file, line: 1 });
        let file = *b"a.rs\0\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(Crash::panic("a.rs", 1), Crash::Panic { file, line: 1 });
    }
}
