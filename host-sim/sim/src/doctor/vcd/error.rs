//! Why a waveform tells nothing.

use std::io;

use thiserror::Error;

/// Why a file tells nothing.
#[derive(Debug, Error)]
pub enum VcdError {
    /// It cannot be read.
    #[error("it cannot be read: {0}; check that it is there and may be read")]
    Io(#[from] io::Error),
    /// It is none, or a damaged one.
    #[error("line {line}: {what}; capture it again, and save it as VCD")]
    Damaged {
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// There is no such channel.
    #[error("there is no channel for {pin}: say which with --pin {pin}=NAME; {have}")]
    NoChannel {
        /// The pin.
        pin: &'static str,
        /// The channels that there are.
        have: String,
    },
    /// The named channel is not there.
    #[error("there is no channel {name:?}: name another with --pin; {have}")]
    NoSuchChannel {
        /// The name that was asked for.
        name: String,
        /// The channels that there are.
        have: String,
    },
    /// Nothing ever changes.
    #[error("it has channels, but nothing ever changes: is it a capture?")]
    Empty,
}
