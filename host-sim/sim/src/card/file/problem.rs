//! What can be wrong with a value of a card file. The words follow the name of the key.

use hex::FromHexError;
use thiserror::Error;

use qiyong_pki::certificate::CERTIFICATE_MAX;
use qiyong_protocol::card::codes::CodeError;
use qiyong_protocol::card::files::Generation;

use crate::card::antenna::AntennaProblem;
use crate::card::contact::habits::UnknownHabit;

/// A key and the problem with its value.
pub type Problem = (String, ValueProblem);

/// What is wrong, and what is allowed. Never holds what stands there as a PIN or a key.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ValueProblem {
    /// The file is of another format than this program reads.
    #[error("is {found}, and this program reads format {read}: use the version of it that has written the file")]
    Format {
        /// The file's.
        found: u32,
        /// The one that is read.
        read: u32,
    },
    /// There is no such generation.
    #[error("must be v1, v2 or v3")]
    Generation,
    /// It is none of the words that the key allows.
    #[error("must be one of {}", allowed.join(", "))]
    Word {
        /// The words.
        allowed: &'static [&'static str],
    },
    /// It is not hex.
    #[error("must be hex: {0}")]
    NotHex(FromHexError),
    /// It is not so many bytes as a card sends after a reset.
    #[error("must be 1 to {most} bytes, which need not be a valid ATR")]
    AtrLength {
        /// The most there can be.
        most: usize,
    },
    /// The key belongs to an interface that `interfaces` does not name.
    #[error(
        "does not go with `interfaces`, which names no such side of the card: leave it out, or name that side there"
    )]
    OfOtherInterface,
    /// It is no value of an antenna.
    #[error(transparent)]
    Antenna(AntennaProblem),
    /// It is no habit of a card.
    #[error(transparent)]
    Habit(UnknownHabit),
    /// It is no 16-byte key in hex.
    #[error("must be 32 hex digits")]
    Key,
    /// It is no secret key of SM2 in hex.
    #[error("must be 64 hex digits, a key of SM2")]
    SecretKey,
    /// A certificate has more bytes than its file.
    #[error("has {0} bytes; a certificate has at most {CERTIFICATE_MAX}")]
    CertificateLength(usize),
    /// The name of an external key is no key identifier.
    #[error("must be named by two hex digits")]
    KeyName,
    /// There are more external keys than a card has.
    #[error("is one too many: a card has at most {most} of these keys")]
    TooManyKeys {
        /// How many a card has.
        most: usize,
    },
    /// A key is missing that a card with these interfaces has, or an external key that every card has.
    #[error("is missing: take it from the file of a new card (`qiyong card new`)")]
    KeyMissing,
    /// It is no PIN.
    #[error("must be 4 to 16 digits")]
    Pin,
    /// The PIN's tries are out of bounds.
    #[error("must be 1 to 15, and `pin.left` not more")]
    PinTries,
    /// The tries left for keys are out of bounds.
    #[error("must be 0 to {most}")]
    KeyTries {
        /// The most there can be.
        most: u8,
    },
    /// A record is missing that is always written.
    #[error("is missing: is the file cut off?")]
    RecordMissing,
    /// Cards of this generation have no such file.
    #[error("is no file of a {} card: leave it out", .0.as_str())]
    NoFile(Generation),
    /// The file has no record of this tag.
    #[error("is no record of this file: leave it out, or name it by its tag in hex")]
    NoRecord,
    /// The cyclic file has no record of this number.
    #[error("is no record of this file; they are 1 to {count}")]
    NoRecordNumber {
        /// How many records it has.
        count: usize,
    },
    /// A transparent file has one key, and this is not it.
    #[error("is unknown: write the one key of this file, `bytes`")]
    NotBytes,
    /// It has too few bytes.
    #[error("must have at least {0} bytes")]
    AtLeast(usize),
    /// It must have exactly so many bytes.
    #[error("must have {0} bytes")]
    Bytes(usize),
    /// It has more bytes than the file.
    #[error("has {0} bytes, more than the file's size: shorten it")]
    LargerThanFile(usize),
    /// It has characters that GBK does not have.
    #[error("has characters that GBK does not have: write it with others")]
    NotGbk,
    /// It is not digits.
    #[error("must be digits")]
    NotDigits,
    /// A value in hex has another length than its record.
    #[error("must have exactly {len} bytes, it has {found}")]
    OtherLength {
        /// The record's length, in bytes.
        len: usize,
        /// The value's, in bytes.
        found: usize,
    },
    /// A value is longer than its record.
    #[error("must have at most {len} bytes, it has {found}")]
    TooLong {
        /// The record's length, in bytes.
        len: usize,
        /// The value's, in bytes.
        found: usize,
    },
    /// There is no such day.
    #[error("must be a day that exists, as YYYYMMDD")]
    Day,
    /// It is no code of the kind that its tag stands for.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// There is no such version of a card.
    #[error("must be 1.00, 2.00 or 3.00")]
    Version,
}
