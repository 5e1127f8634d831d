//! Status words: the last two bytes of every response (ISO/IEC 7816-4 clause 5.6, docs/card.md §1.8).

use core::fmt;

/// SW1 and SW2, SW1 in the high byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// 9000: done.
    pub const OK: Self = Self(0x9000);
    /// 6283: the selected application is blocked.
    pub const SELECTED_INVALIDATED: Self = Self(0x6283);
    /// 6581: the memory failed, and the command was not carried out.
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// 6700: wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6981: the command does not fit the file's kind.
    pub const WRONG_FILE_KIND: Self = Self(0x6981);
    /// 6982: an access condition is not met.
    pub const SECURITY_NOT_SATISFIED: Self = Self(0x6982);
    /// 6983: the PIN or key is blocked.
    pub const BLOCKED: Self = Self(0x6983);
    /// 6984: no challenge was requested just before.
    pub const NO_CHALLENGE: Self = Self(0x6984);
    /// 6985: the command makes no sense now.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// 6986: no file is selected.
    pub const NO_CURRENT_FILE: Self = Self(0x6986);
    /// 6988: the secure-messaging MAC is wrong.
    pub const MAC_WRONG: Self = Self(0x6988);
    /// 6A80: the data field is wrong.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// 6A81: the card is locked, or the function is missing.
    pub const NOT_SUPPORTED: Self = Self(0x6A81);
    /// 6A82: no such file.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// 6A83: no such record.
    pub const RECORD_NOT_FOUND: Self = Self(0x6A83);
    /// 6A86: wrong P1 or P2.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// 6A88: no such key.
    pub const KEY_NOT_FOUND: Self = Self(0x6A88);
    /// 6B00: the offset lies outside the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// 6D00: unknown INS.
    pub const UNKNOWN_INS: Self = Self(0x6D00);
    /// 6E00: unknown CLA.
    pub const UNKNOWN_CLA: Self = Self(0x6E00);
    /// 9303: the application is blocked for good.
    pub const BLOCKED_FOR_GOOD: Self = Self(0x9303);

    /// From SW1 and SW2.
    pub const fn new(sw1: u8, sw2: u8) -> Self {
        Self((sw1 as u16) << 8 | sw2 as u16)
    }

    /// 63Cx: verification failed, `tries` left (0 to 15).
    pub const fn tries_left(tries: u8) -> Self {
        Self(0x63C0 | (tries & 0x0F) as u16)
    }

    /// The first byte.
    pub const fn sw1(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// The second byte.
    pub const fn sw2(self) -> u8 {
        self.0 as u8
    }

    /// Whether the command was carried out (9000).
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// The tries left, if this is 63Cx.
    pub const fn verification_tries(self) -> Option<u8> {
        if self.0 & 0xFFF0 == 0x63C0 { Some(self.sw2() & 0x0F) } else { None }
    }

    /// What it means, in a few words for a log or a trace.
    pub const fn meaning(self) -> &'static str {
        match self.0 {
            0x9000 => "done",
            0x6100..=0x61FF => "response bytes waiting",
            0x6281 => "returned data may be wrong",
            0x6283 => "application blocked",
            0x63C0..=0x63CF => "verification failed, tries left in the last digit",
            0x6581 => "memory failure",
            0x6700 => "wrong length",
            0x6901 => "command not accepted",
            0x6981 => "wrong kind of file",
            0x6982 => "security status not satisfied",
            0x6983 => "blocked",
            0x6984 => "no challenge",
            0x6985 => "conditions of use not satisfied",
            0x6986 => "no current file",
            0x6988 => "secure-messaging MAC wrong",
            0x6A80 => "wrong data field",
            0x6A81 => "not supported, or card locked",
            0x6A82 => "file not found",
            0x6A83 => "record not found",
            0x6A84 => "no space",
            0x6A86 => "wrong P1 or P2",
            0x6A88 => "key not found",
            0x6B00 => "offset outside the file",
            0x6C00..=0x6CFF => "wrong Le, right one in the last byte",
            0x6D00 => "unknown INS",
            0x6E00 => "unknown CLA",
            0x6F00 => "general error",
            0x9302 => "MAC wrong",
            0x9303 => "application blocked for good",
            0x9403 => "key not found",
            0x9406 => "MAC not available",
            _ => "not in the norm's list",
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} ({})", self.0, self.meaning())
    }
}
