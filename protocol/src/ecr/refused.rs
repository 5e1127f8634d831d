//! Why a terminal does not carry out a command of its till. Which command it is about is not known here.

use core::fmt;

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refused {
    /// It is no command of this module.
    Malformed,
    /// The terminal has not been set up.
    NotSetUp,
    /// A holder is being served.
    Busy,
    /// This kind of institution does not offer the operation.
    NotHere,
    /// The terminal has no master key of this name.
    NoKey,
    /// The key is not enciphered under the key that the terminal has, or somebody changed it on its way.
    OtherKey,
    /// The key does not fit its check value.
    CheckValue,
    /// A byte of the key has an even number of ones.
    Parity,
    /// Something is owed under the present name and under the one before; a third key has no place.
    Owing,
    /// The terminal could not keep it.
    NotKept,
    /// The terminal's source of random numbers has failed its test: it uses no key until it is started anew.
    NoRandom,
}

impl Refused {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Malformed,
        Self::NotSetUp,
        Self::Busy,
        Self::NotHere,
        Self::NoKey,
        Self::OtherKey,
        Self::CheckValue,
        Self::Parity,
        Self::Owing,
        Self::NotKept,
        Self::NoRandom,
    ];

    /// Its word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotSetUp => "not-set-up",
            Self::Busy => "busy",
            Self::NotHere => "not-here",
            Self::NoKey => "no-key",
            Self::OtherKey => "other-key",
            Self::CheckValue => "check-value",
            Self::Parity => "parity",
            Self::Owing => "owing",
            Self::NotKept => "not-kept",
            Self::NoRandom => "no-random",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the terminal does not know this command: till and terminal are of different versions",
            Self::NotSetUp => "the terminal has not been set up: send it its key, which says where it stands",
            Self::Busy => "the terminal serves a holder: wait for the end, or cancel",
            Self::NotHere => "the institution that the terminal is set up for does not offer this operation",
            Self::NoKey => "the terminal has no master key of this name: load it first",
            Self::OtherKey => {
                "the key is not enciphered under the master key that the terminal has (before its first one, under the \
                 transport key of its maker), or was changed on its way"
            }
            Self::CheckValue => "the key does not fit its check value: nothing was changed",
            Self::Parity => "a byte of the key has an even number of ones, so it is no key: nothing was changed",
            Self::Owing => {
                "the terminal owes something under its name and under the one before: let it reach the centre first"
            }
            Self::NotKept => "the terminal's storage has not taken the key: call service",
            Self::NoRandom => {
                "the terminal's source of random numbers has failed its test, and it uses no key: start it anew; if it \
                 says so again, call service"
            }
        })
    }
}
