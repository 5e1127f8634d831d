//! The advice of each error type of this crate, in one place, so that like causes get like answers.

use qiyong_protocol::advice::Advice;

use crate::ctl::{AskError, Refusal};
use crate::name::NameProblem;
#[cfg(feature = "pcsc")]
use crate::readers::ReaderError;
use crate::server::{SocketError, StartError};
use crate::slot::SlotFailure;
use crate::wire::WireError;

impl SlotFailure {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Empty | Self::Mute => Advice::AskHolder,
            Self::Broken(error) => error.advice(),
            Self::LineGone => Advice::CallService,
        }
    }
}

impl WireError {
    /// Who can put it right: the program at the other end speaks another version of the protocol, or none.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Command(_) | Self::Size { .. } | Self::TooLong { .. } => Advice::CallService,
        }
    }
}

impl SocketError {
    /// Who can put it right: another path is to be given.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::InUse(_) | Self::NotASocket(_) | Self::TooLong(_) | Self::Locked(_) | Self::Io { .. } => {
                Advice::CorrectInput
            }
        }
    }
}

impl StartError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Socket(error) => error.advice(),
            Self::Name(problem) => problem.advice(),
            Self::TooManyReaders { .. } | Self::TooManyNames { .. } => Advice::CorrectInput,
        }
    }
}

impl NameProblem {
    /// Who can put it right: another name is to be given.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Empty
            | Self::TooLong { .. }
            | Self::Control { .. }
            | Self::Blank { .. }
            | Self::PlugAndPlay { .. }
            | Self::Taken { .. } => Advice::CorrectInput,
        }
    }
}

impl AskError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::ReaderName(problem) => problem.advice(),
            Self::Argument | Self::Foreign { .. } => Advice::CorrectInput,
            // Whoever maintains the machine starts one.
            Self::Server { .. } | Self::Silent { .. } => Advice::CallService,
        }
    }
}

impl Refusal {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::PathNotUtf8
            | Self::SwapForWhat
            | Self::NoPin
            | Self::SeveralReaders { .. }
            | Self::NoReader { .. }
            | Self::NoCardBefore { .. }
            | Self::NoKeypad
            | Self::NoReaders
            | Self::TooManyReaders { .. } => Advice::CorrectInput,
            Self::Name(problem) => problem.advice(),
            Self::Card(error) => error.advice(),
            // Whoever puts cards in and takes them out.
            Self::Occupied { .. } | Self::Empty { .. } | Self::CardElsewhere { .. } | Self::OtherInterface { .. } => {
                Advice::AskHolder
            }
            Self::UnknownAction | Self::NoLine => Advice::CallService,
            // When the program asks.
            Self::NothingAwaited { .. } => Advice::TryAgain,
        }
    }
}

#[cfg(feature = "pcsc")]
impl ReaderError {
    /// Who can put it right.
    pub const fn advice(&self) -> Advice {
        match self {
            // The other program ends, or lets go.
            Self::Taken => Advice::TryAgain,
            // A reader is plugged in.
            Self::NoReader | Self::Gone => Advice::AskHolder,
            Self::NotCalled { .. } | Self::NoPad => Advice::CorrectInput,
            Self::NoService
            | Self::Silent { .. }
            | Self::Foreign { .. }
            | Self::HangsUp { .. }
            | Self::ServiceGone
            | Self::TooSlow
            | Self::Protocol
            | Self::Other(_) => Advice::CallService,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::PathBuf;

    use qiyong_firmware::slot::SlotError;
    use qiyong_sim::card::file::CardFileError;

    use qiyong_protocol::error_table as table;

    use super::*;

    fn path() -> PathBuf {
        "s".into()
    }

    fn there() -> Vec<String> {
        vec!["A 00".into(), "A 01".into()]
    }

    fn reader() -> String {
        "A 00".into()
    }

    #[test]
    fn of_slot_wire_and_socket() {
        table!(SlotFailure {
            SlotFailure::Empty = SlotFailure::Empty => AskHolder, "no card is in the slot: put one in";
            SlotFailure::Mute = SlotFailure::Mute => AskHolder, "the card does not answer: take it out, and put it in \
                                                                 again";
            SlotFailure::Broken(_) = SlotFailure::Broken(SlotError::Silent)
                => TryAgain, &*SlotError::Silent.to_string();
            SlotFailure::LineGone = SlotFailure::LineGone => CallService, "the simulated card line is gone: start the server \
                                                                           anew";
        });
        table!(WireError {
            WireError::Command(_) = WireError::Command(0x99) => CallService, "unknown command 0x99";
            WireError::Size { .. } = WireError::Size { command: 1, size: 3 }
                => CallService, "command 0x1 with a structure of 3 bytes";
            WireError::TooLong { .. } = WireError::TooLong { command: 9, len: 70_000 }
                => CallService, "command 0x9 announces 70000 bytes";
        });
        table!(SocketError {
            SocketError::InUse(_) = SocketError::InUse(path())
                => CorrectInput, "another server listens at s: stop it, or choose another --socket";
            SocketError::NotASocket(_) = SocketError::NotASocket(path())
                => CorrectInput, "s exists and is no socket: choose another --socket";
            SocketError::TooLong(_) = SocketError::TooLong(path())
                => CorrectInput, "the path s has more than 107 bytes, which no socket can: choose a shorter --socket";
            SocketError::Locked(_) = SocketError::Locked(path())
                => CorrectInput, "another program keeps the folder of s locked: end it, or choose another --socket";
            SocketError::Io { .. } = SocketError::Io { path: path(), error: ErrorKind::PermissionDenied.into() }
                => CorrectInput, "cannot open the socket s: permission denied; choose another --socket, where this \
                                  user may write";
        });
        table!(StartError {
            StartError::Socket(_) = SocketError::NotASocket(path()).into()
                => CorrectInput, "s exists and is no socket: choose another --socket";
            StartError::Name(_) = StartError::Name(NameProblem::Empty)
                => CorrectInput, "a reader's name must have at least one character";
            StartError::TooManyReaders { .. } = StartError::TooManyReaders { count: 17 }
                => CorrectInput, "17 readers: 16 are the most that programs see; leave the others out";
            StartError::TooManyNames { .. } = StartError::TooManyNames { names: 3, readers: 2 }
                => CorrectInput, "3 names for 2 readers: every name is for a reader; leave the others out";
        });
        table!(AskError {
            AskError::ReaderName(_) = AskError::ReaderName(NameProblem::Empty)
                => CorrectInput, "a reader's name must have at least one character";
            AskError::Argument = AskError::Argument => CorrectInput, "the path of --card is too long: choose a shorter \
                                                                      one";
            AskError::Silent { .. } = AskError::Silent { socket: path() }
                => CallService, "what listens at s does not answer: start it anew";
            AskError::Foreign { .. } = AskError::Foreign { socket: path() }
                => CorrectInput, "what listens at s is no `qiyong pcscd`: name another --socket";
            AskError::Server { .. } = AskError::Server { socket: path(), error: ErrorKind::NotFound.into() }
                => CallService, "no server answers at s: entity not found; start one with `qiyong pcscd`";
        });
    }

    #[test]
    fn of_a_readers_name() {
        let name = reader;
        table!(NameProblem {
            NameProblem::Empty = NameProblem::Empty => CorrectInput, "a reader's name must have at least one character";
            NameProblem::TooLong { .. } = NameProblem::TooLong { name: name() }
                => CorrectInput, "a reader's name must have at most 127 bytes in UTF-8 (MAX_READERNAME); A 00 has 4";
            NameProblem::Control { .. } = NameProblem::Control { name: "a\n".into() }
                => CorrectInput, "a reader's name must have no control characters: \"a\\n\"";
            NameProblem::Blank { .. } = NameProblem::Blank { name: " a".into() }
                => CorrectInput, "a reader's name must not begin or end with a blank: \" a\"";
            NameProblem::PlugAndPlay { .. } = NameProblem::PlugAndPlay { name: name() }
                => CorrectInput, "A 00 stands for readers that come and go: choose another name";
            NameProblem::Taken { .. } = NameProblem::Taken { name: name() }
                => CorrectInput, "there is a reader A 00 already: give this one a name of its own";
        });
    }

    #[test]
    fn of_what_a_server_refuses() {
        table!(Refusal {
            Refusal::PathNotUtf8 = Refusal::PathNotUtf8 => CorrectInput, "the path is not UTF-8: give the card's file \
                                                                          another name";
            Refusal::UnknownAction = Refusal::UnknownAction
                => CallService, "unknown action: is `qiyong` of another version?";
            Refusal::SwapForWhat = Refusal::SwapForWhat => CorrectInput, "which card? Name its file with --card";
            Refusal::NoPin = Refusal::NoPin => CorrectInput, "a PIN has 4 to 16 digits";
            Refusal::SeveralReaders { .. } = Refusal::SeveralReaders { there: there() }
                => CorrectInput, "there is more than one reader: name one of A 00, A 01";
            Refusal::NoReader { .. } = Refusal::NoReader { wanted: "7".into(), there: there() }
                => CorrectInput, "no reader is called 7; there are A 00, A 01";
            Refusal::NoReaders = Refusal::NoReaders
                => CorrectInput, "the server has no reader: plug one in with `reader add NAME`";
            Refusal::Name(_) = NameProblem::Empty.into()
                => CorrectInput, "a reader's name must have at least one character";
            Refusal::TooManyReaders { .. } = Refusal::TooManyReaders { most: 16 }
                => CorrectInput, "16 readers are the most that programs see: take one away with `reader remove NAME`";
            Refusal::NoLine = Refusal::NoLine
                => CallService, "no thread for the card line of another reader: end other programs, or raise their \
                                 limit (`ulimit -u`)";
            Refusal::NoCardBefore { .. } = Refusal::NoCardBefore { reader: reader() }
                => CorrectInput, "A 00: which card? Name its file with --card";
            Refusal::Occupied { .. } = Refusal::Occupied { reader: reader() }
                => AskHolder, "A 00: a card is in it; take it out with `remove`, or `swap` it for another";
            Refusal::Empty { .. } = Refusal::Empty { reader: reader() } => AskHolder, "A 00: no card is in it; put one in with `insert`";
            Refusal::CardElsewhere { .. } = Refusal::CardElsewhere { card: path(), other: reader() }
                => AskHolder, "s is in A 00: take it out there first";
            Refusal::OtherInterface { .. } = Refusal::OtherInterface { reader: reader(), contactless: true }
                => AskHolder, "A 00: the card has no antenna; put it into a reader of the other kind";
            Refusal::Card(_) = CardFileError::Io { doing: "read", path: path(), error: ErrorKind::NotFound.into() }.into()
                => CorrectInput, "cannot read the card file s: entity not found; check that it is there, and that it \
                                  and its folder may be read and written";
            Refusal::NothingAwaited { .. } = Refusal::NothingAwaited { reader: reader() }
                => TryAgain, "A 00: no program awaits a PIN; nothing was keyed: key it when one asks";
            Refusal::NoKeypad = Refusal::NoKeypad
                => CorrectInput, "the readers of this server have no keypad; start it with --keypad";
        });
    }

    #[cfg(feature = "pcsc")]
    #[test]
    fn of_a_reader() {
        table!(ReaderError {
            ReaderError::NoService = ReaderError::NoService
                => CallService, "no PC/SC service answers: start pcscd, or run `qiyong pcscd --socket PATH` and set \
                                 PCSCLITE_CSOCK_NAME=PATH";
            ReaderError::Silent { .. } = ReaderError::Silent { socket: path() }
                => CallService, "the PC/SC service at s does not answer: start it anew";
            ReaderError::Foreign { .. } = ReaderError::Foreign { socket: path() }
                => CallService, "what listens at s is no PC/SC service: start pcscd, or name another one in \
                                 PCSCLITE_CSOCK_NAME";
            ReaderError::HangsUp { .. } = ReaderError::HangsUp { socket: path() }
                => CallService, "what listens at s hangs up: let this user in (polkit), or name a PC/SC service in \
                                 PCSCLITE_CSOCK_NAME";
            ReaderError::NoReader = ReaderError::NoReader
                => AskHolder, "there is no PC/SC reader: plug one in, or run `qiyong pcscd`";
            ReaderError::NotCalled { .. } = ReaderError::NotCalled { wanted: "B".into(), there: there() }
                => CorrectInput, "no reader is called B; there are: A 00, A 01";
            ReaderError::Gone = ReaderError::Gone => AskHolder, "the reader is gone: was it unplugged?";
            ReaderError::ServiceGone = ReaderError::ServiceGone
                => CallService, "the PC/SC service is gone: was pcscd stopped?";
            ReaderError::TooSlow = ReaderError::TooSlow
                => CallService, "the PC/SC service gets no answer from reader and card in time: plug the reader in again, or \
                                 start the service anew";
            ReaderError::Taken = ReaderError::Taken
                => TryAgain, "another program has the card to itself: end it, or wait for it";
            ReaderError::Protocol = ReaderError::Protocol
                => CallService, "the reader does not offer the card's protocol: use another reader";
            ReaderError::NoPad = ReaderError::NoPad
                => CorrectInput, "the reader has no PIN pad that verifies and changes a PIN: leave --pad out";
            ReaderError::Other(_) = ReaderError::Other(::pcsc::Error::InternalError)
                => CallService, &*format!("the PC/SC reader: {}; plug it in again, and look at what pcscd logs if that \
                                           does not help", ::pcsc::Error::InternalError);
        });
    }
}
