//! What can be wrong with a line of the file of exchanges.

use thiserror::Error;

use crate::input::HexError;

/// What is wrong, without the place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Nothing, or something with a space in it, stands before the colon.
    #[error("there is no name and a colon before the tokens, like `a-name: C:00840000`")]
    NoName,
    /// A setting stands behind another token.
    #[error("the setting `{setting}` comes after the exchange has begun: put it in front")]
    LateSetting {
        /// As it is written.
        setting: String,
    },
    /// The first token that is no setting is none that an exchange can begin with.
    #[error("an exchange begins with `C:HEX` or `ifsd=N`")]
    Beginning,
    /// There are no tokens but settings.
    #[error("there is no command: an exchange begins with `C:HEX` or `ifsd=N`")]
    NoCommand,
    /// The token speaks of T=1, and the exchange is in T=0.
    #[error("there is no such thing in T=0: leave it out, or set t=1")]
    NotInT0,
    /// There is no such token.
    #[error("`{token}` is no token: write C:HEX, ifsd=N, abort, >HEX, <HEX, !timeout, !parity, R:HEX or E:NAME")]
    NoToken {
        /// As it is written.
        token: String,
    },
    /// The setting is a number, and this is none within its bounds.
    #[error("`{key}` is {given:?}; it must be a number from {least} to {most}")]
    Number {
        /// The setting.
        key: String,
        /// What stands there.
        given: String,
        /// The least that is allowed.
        least: u8,
        /// The most that is allowed.
        most: u8,
    },
    /// There is no such error detection code.
    #[error("`edc` is {given:?}; it must be `lrc` or `crc`")]
    Edc {
        /// What stands there.
        given: String,
    },
    /// There is no such setting.
    #[error("there is no setting `{key}`; there are: t, ifsc, ifsd, edc, wi, bwi, cwi")]
    NoSetting {
        /// As it is written.
        key: String,
    },
    /// There is nothing where bytes belong.
    #[error("there are no bytes: write pairs of hex digits without spaces")]
    NoBytes,
    /// What stands where bytes belong is not hex.
    #[error("`{given}` must be pairs of hex digits: {error}")]
    NotHex {
        /// What stands there.
        given: String,
        /// What is wrong with it.
        error: HexError,
    },
}
