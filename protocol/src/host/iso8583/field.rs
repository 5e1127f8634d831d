//! The fields and their bytes: domain.md §5.2 as a table.

/// What a field consists of, and so what its length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Digits as BCD, from the left; the length counts digits, and the last half byte of an odd number means nothing.
    Digits,
    /// The same of a magnetic stripe's track 2, where D stands for the separator `=`.
    Track,
    /// Printable ASCII.
    Text,
    /// Any bytes.
    Binary,
}

/// How long a field is, in what its content counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Always this long.
    Fixed(usize),
    /// LLVAR: two BCD digits of length come first, and say this much at most.
    Ll(usize),
    /// LLLVAR: three BCD digits of length in two bytes.
    Lll(usize),
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its number, 2 to 63. F64, the MAC, is in no table: it is always the last eight bytes.
    pub number: u8,
    /// What it is for.
    pub name: &'static str,
    /// What it consists of.
    pub content: Content,
    /// How long it is.
    pub size: Size,
}

impl Content {
    /// How many bytes hold `count` digits, characters or bytes.
    pub const fn bytes(self, count: usize) -> usize {
        match self {
            Self::Digits | Self::Track => count.div_ceil(2),
            Self::Text | Self::Binary => count,
        }
    }
}

const fn field(number: u8, name: &'static str, content: Content, size: Size) -> Field {
    Field { number, name, content, size }
}

use Content::{Binary, Digits, Text, Track};
use Size::{Fixed, Ll, Lll};

/// Every field whose form is known, in the order of their numbers.
///
/// The limits of F48, F54, F55, F60 to F63 are not in domain.md: as much as three digits of length can say. Nor is
/// whether F48's length counts digits: taken to, as F60's does.
pub const FIELDS: [Field; 30] = [
    field(2, "primary account number", Digits, Ll(19)),
    field(3, "processing code", Digits, Fixed(6)),
    field(4, "amount", Digits, Fixed(12)),
    field(11, "system trace audit number", Digits, Fixed(6)),
    field(12, "time", Digits, Fixed(6)),
    field(13, "date", Digits, Fixed(4)),
    field(14, "expiry", Digits, Fixed(4)),
    field(15, "settlement date", Digits, Fixed(4)),
    field(22, "entry mode", Digits, Fixed(3)),
    field(23, "card sequence number", Digits, Fixed(3)),
    field(25, "condition", Digits, Fixed(2)),
    field(26, "PIN length", Digits, Fixed(2)),
    field(32, "acquirer", Digits, Ll(11)),
    field(35, "track 2", Track, Ll(37)),
    field(37, "retrieval reference", Text, Fixed(12)),
    field(38, "authorization code", Text, Fixed(6)),
    field(39, "response code", Text, Fixed(2)),
    field(41, "terminal", Text, Fixed(8)),
    field(42, "merchant", Text, Fixed(15)),
    field(44, "additional response", Text, Ll(25)),
    field(48, "additional data", Digits, Lll(999)),
    field(49, "currency", Text, Fixed(3)),
    field(52, "PIN block", Binary, Fixed(8)),
    field(53, "security control", Digits, Fixed(16)),
    field(54, "balance", Text, Lll(999)),
    field(55, "card data", Binary, Lll(999)),
    field(60, "message sort, batch, network code", Digits, Lll(999)),
    field(61, "original batch and trace number", Digits, Lll(999)),
    field(62, "keys or objects", Binary, Lll(999)),
    field(63, "operator and remarks", Text, Lll(999)),
];

/// The field with this number, if its form is known.
pub fn find(number: u8) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.number == number)
}
