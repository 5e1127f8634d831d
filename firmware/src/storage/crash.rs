//! What a panic or fault leaves behind, as six words. No message: it could hold what must not be kept.

/// How the program ended when it should not have.
///
/// | Word | A panic | A fault of the core |
/// |---|---|---|
/// | 0 | 1 | 2 |
/// | 1 | the line | CFSR (ARMv7-M, B3.2.15); zero if a word of the program could not be read from flash |
/// | 2 | the end of the source file's path, | where the stack was; below the RAM after an overflow |
/// | 3 | 16 characters in four words, | the instruction, or the place in flash; zero if the stack does not tell |
/// | 4, 5 | filled up with zeros | zero |
///
/// In an image in which panics are faults (`panic=immediate-abort`) they come as such, with CFSR 0x0001_0000 (UNDEFINSTR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Crash([u32; 6]);

impl Crash {
    /// How many words it takes.
    pub const LEN: usize = 6;

    /// A panic in this file, of whose path as much of the end is kept as there is room for.
    pub fn panic(file: &str, line: u32) -> Self {
        let mut kept = [0; 16];
        let from = file.len().saturating_sub(kept.len());
        kept.iter_mut().zip(file.bytes().skip(from)).for_each(|(to, from)| *to = from);
        let [a, b, c, d]: [u32; 4] = zerocopy::transmute!(kept);
        Self([1, line, u32::from_le(a), u32::from_le(b), u32::from_le(c), u32::from_le(d)])
    }

    /// A fault.
    pub const fn fault(status: u32, stack: u32, at: u32) -> Self {
        Self([2, status, stack, at, 0, 0])
    }

    /// The crash that [`Crash::words`] gave these words for; `None` if they are no crash's.
    pub const fn from_words(words: [u32; Self::LEN]) -> Option<Self> {
        match words {
            [1 | 2, ..] => Some(Self(words)),
            _ => None,
        }
    }

    /// The words.
    pub const fn words(self) -> [u32; Self::LEN] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_comes_back_as_it_was() {
        for crash in [Crash::panic("firmware/src/terminal/mod.rs", 211), Crash::fault(0x82, 0x1FFF_FFE0, 0x0800_1234)] {
            assert_eq!(Crash::from_words(crash.words()), Some(crash));
        }
        assert_eq!(Crash::from_words([0; Crash::LEN]), None);
        assert_eq!(Crash::from_words([u32::MAX; Crash::LEN]), None);
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        let file = |crash: Crash| {
            let [_, _, file @ ..] = crash.words();
            file.map(u32::to_le_bytes)
        };
        assert_eq!(file(Crash::panic("firmware/src/terminal/mod.rs", 1)).as_flattened(), b"/terminal/mod.rs");
        assert_eq!(file(Crash::panic("a.rs", 1)).as_flattened(), b"a.rs\0\0\0\0\0\0\0\0\0\0\0\0");
    }
}
