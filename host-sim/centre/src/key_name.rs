//! The names of master keys, in the database and in errors. Not here: the keys, which are the security module's.

use qiyong_protocol::card::files::key;

/// The keys for EXTERNAL AUTHENTICATE that every card has, by key identifier. RKSSSE is the first: the centre itself
/// uses it.
pub(crate) const EXTERNAL_KEYS: [u8; 8] = [
    key::READ_SSSE,
    key::UPDATE_SSSE,
    key::DF_FIRST,
    key::DF_SECOND,
    key::DF_THIRD,
    key::DF_FOURTH,
    key::DF_FIFTH,
    key::DF_SIXTH,
];

/// A name for each of an algorithm's keys (docs/card.md §1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// IRK: INTERNAL AUTHENTICATE, and the check value in the ident code.
    InternalAuthentication,
    /// PUK: PIN UNBLOCK.
    PinUnblock,
    /// STK: blocking and unblocking application and card.
    Maintenance,
    /// A read or update key for EXTERNAL AUTHENTICATE, by its key identifier.
    External(u8),
}

impl KeyName {
    /// Every key of an algorithm.
    pub fn all() -> impl Iterator<Item = Self> {
        let internal = [Self::InternalAuthentication, Self::PinUnblock, Self::Maintenance];
        internal.into_iter().chain(EXTERNAL_KEYS.map(Self::External))
    }
}

/// The name in the database: `irk`, `puk`, `stk`, and `external-0A` for the key with identifier 0A.
impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InternalAuthentication => f.write_str("irk"),
            Self::PinUnblock => f.write_str("puk"),
            Self::Maintenance => f.write_str("stk"),
            Self::External(id) => write!(f, "external-{id:02X}"),
        }
    }
}
