//! Why there is no PC/SC reader to work with, in words. Errors of a card are the slot's, and not here.

use std::path::PathBuf;

use ::pcsc::Error;
use thiserror::Error as ThisError;

/// Why there is no reader to work with. None of these is the card's fault.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum ReaderError {
    /// No PC/SC service runs.
    #[error(
        "no PC/SC service answers: start pcscd, or run `qiyong pcscd --socket PATH` and set PCSCLITE_CSOCK_NAME=PATH"
    )]
    NoService,
    /// Something listens, and says nothing.
    #[error("the PC/SC service at {} does not answer: start it anew", socket.display())]
    Silent {
        /// Where it listens.
        socket: PathBuf,
    },
    /// Something listens that does not speak pcsc-lite's protocol.
    #[error("what listens at {} is no PC/SC service: start pcscd, or name another one in PCSCLITE_CSOCK_NAME", socket.display())]
    Foreign {
        /// Where it listens.
        socket: PathBuf,
    },
    /// Something listens and hangs up, as pcscd does with users that it does not let in.
    #[error("what listens at {} hangs up: let this user in (polkit), or name a PC/SC service in PCSCLITE_CSOCK_NAME", socket.display())]
    HangsUp {
        /// Where it listens.
        socket: PathBuf,
    },
    /// There is no reader.
    #[error("there is no PC/SC reader: plug one in, or run `qiyong pcscd`")]
    NoReader,
    /// There is no reader of this name.
    #[error("no reader is called {wanted}; there are: {}", there.join(", "))]
    NotCalled {
        /// The name, or a part of it.
        wanted: String,
        /// The readers that there are.
        there: Vec<String>,
    },
    /// The reader is gone.
    #[error("the reader is gone: was it unplugged?")]
    Gone,
    /// The service is gone.
    #[error("the PC/SC service is gone: was pcscd stopped?")]
    ServiceGone,
    /// The service makes no connection to the card, though nobody else has it.
    #[error(
        "the PC/SC service gets no answer from reader and card in time: plug the reader in again, or start the service anew"
    )]
    TooSlow,
    /// Another program uses the reader exclusively.
    #[error("another program has the card to itself: end it, or wait for it")]
    Taken,
    /// The reader does not offer the card's protocol.
    #[error("the reader does not offer the card's protocol: use another reader")]
    Protocol,
    /// The reader has no PIN pad, or none that does what this card needs.
    #[error("the reader has no PIN pad that verifies and changes a PIN: leave --pad out")]
    NoPad,
    /// Something else, in the words of libpcsclite.
    #[error("the PC/SC reader: {0}; plug it in again, and look at what pcscd logs if that does not help")]
    Other(Error),
}

impl ReaderError {
    /// What an error means during the search for readers.
    pub(crate) const fn looking(error: Error) -> Self {
        match error {
            Error::NoService | Error::ServiceStopped => Self::NoService,
            Error::NoReadersAvailable => Self::NoReader,
            error => Self::using(error),
        }
    }

    /// What an error means during the use of a reader.
    pub(crate) const fn using(error: Error) -> Self {
        match error {
            Error::ReaderUnavailable | Error::UnknownReader => Self::Gone,
            Error::NoService | Error::ServiceStopped | Error::CommError => Self::ServiceGone,
            Error::Timeout => Self::TooSlow,
            Error::SharingViolation => Self::Taken,
            Error::ProtoMismatch => Self::Protocol,
            error => Self::Other(error),
        }
    }
}
