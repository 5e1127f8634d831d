//! The fields and their bytes: docs/card.md §5.2 as a table. What our messages put into a field is not known here.

/// What a field consists of, and therefore what its length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Digits as BCD, from the left. The length counts digits; if it is odd, the last half byte has no meaning.
    Digits,
    /// The digits of a magnetic stripe's track 2, where D stands for the separator `=`.
    Track,
    /// Printable ASCII.
    Text,
    /// Any bytes.
    Binary,
}

/// How long a field is, in the units that its content counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Always this long.
    Fixed(usize),
    /// LLVAR: two BCD digits of length come first; the length is at most this.
    Ll(usize),
    /// LLLVAR: three BCD digits of length, in two bytes, come first; the length is at most this.
    Lll(usize),
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its number, 2 to 63. The table has no F64, the MAC: F64 is always the last eight bytes.
    pub number: u8,
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

const fn field(number: u8, content: Content, size: Size) -> Field {
    Field { number, content, size }
}

use Content::{Binary, Digits, Text, Track};
use Size::{Fixed, Ll, Lll};

/// Every field whose form is known, in the order of their numbers.
///
/// docs/card.md does not give the limits of F48, F54, F55 and F60 to F63: taken to be what three digits of length can
/// say. It does not say either whether the length of F48 counts digits: taken to do so, as that of F60 does.
pub const FIELDS: [Field; 30] = [
    field(2, Digits, Ll(19)),
    field(3, Digits, Fixed(6)),
    field(4, Digits, Fixed(12)),
    field(11, Digits, Fixed(6)),
    field(12, Digits, Fixed(6)),
    field(13, Digits, Fixed(4)),
    field(14, Digits, Fixed(4)),
    field(15, Digits, Fixed(4)),
    field(22, Digits, Fixed(3)),
    field(23, Digits, Fixed(3)),
    field(25, Digits, Fixed(2)),
    field(26, Digits, Fixed(2)),
    field(32, Digits, Ll(11)),
    field(35, Track, Ll(37)),
    field(37, Text, Fixed(12)),
    field(38, Text, Fixed(6)),
    field(39, Text, Fixed(2)),
    field(41, Text, Fixed(8)),
    field(42, Text, Fixed(15)),
    field(44, Text, Ll(25)),
    field(48, Digits, Lll(999)),
    field(49, Text, Fixed(3)),
    field(52, Binary, Fixed(8)),
    field(53, Digits, Fixed(16)),
    field(54, Text, Lll(999)),
    field(55, Binary, Lll(999)),
    field(60, Digits, Lll(999)),
    field(61, Digits, Lll(999)),
    field(62, Binary, Lll(999)),
    field(63, Text, Lll(999)),
];

/// What the fields of [`FIELDS`] are called, in their order, and F64. Beside the table, since a terminal needs no names.
pub const NAMES: [(u8, &str); 31] = [
    (2, "primary account number"),
    (3, "processing code"),
    (4, "amount"),
    (11, "system trace audit number"),
    (12, "time"),
    (13, "date"),
    (14, "expiry"),
    (15, "settlement date"),
    (22, "entry mode"),
    (23, "card sequence number"),
    (25, "condition"),
    (26, "PIN length"),
    (32, "acquirer"),
    (35, "track 2"),
    (37, "retrieval reference"),
    (38, "authorization code"),
    (39, "response code"),
    (41, "terminal"),
    (42, "merchant"),
    (44, "additional response"),
    (48, "additional data"),
    (49, "currency"),
    (52, "PIN block"),
    (53, "security control"),
    (54, "balance"),
    (55, "card data"),
    (60, "message sort, batch, network code"),
    (61, "original batch and trace number"),
    (62, "keys or objects"),
    (63, "operator and remarks"),
    (64, "message authentication code"),
];

/// What a field is called.
pub fn name(number: u8) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The field with this number, if its form is known.
pub fn find(number: u8) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.number == number)
}
