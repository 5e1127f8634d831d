//! What a hand could do to the readers of a running server: put cards in, take them out, press keys, plug readers in, look.
//!
//! This is one private command on the server's own socket; see [`wire::Ctl`]. The answer is a number, 0 if the action
//! was done, and a text.

mod listing;
mod outcome;

pub use listing::{Listed, ListedKeypad, ListedUse, Listing};
pub(crate) use outcome::Answer;
pub use outcome::{Deed, Done, Refusal};

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use qiyong_protocol::card::pin::Pin;

use crate::call::connect;
use crate::name::NameProblem;
use crate::wire::{self, Ctl, NAME_LEN, Name};

/// What came of an action, as whoever asked hears it: in the server's words, which may be a server of another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done: the words of a [`Done`].
    Done(String),
    /// It was not: the words of a [`Refusal`].
    Refused(String),
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer has more bytes.
const ANSWER_MAX: u64 = 1 << 20;

/// What can be done to a reader. The numbers are those in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Put a card in: the argument is its file, or empty for the last card.
    Insert,
    /// Take the card out.
    Remove,
    /// Take the card out and put another one in; the argument is its file.
    Swap,
    /// Make the card mute.
    Mute,
    /// Key a PIN, the argument, on the reader's keypad.
    Key,
    /// Press cancel on the reader's keypad.
    Cancel,
    /// Plug a reader of this name in: the argument is the file of the card in it, or empty.
    Plug,
    /// The same of a reader without contacts.
    PlugContactless,
    /// Take the reader away.
    Unplug,
    /// Say which readers there are, what is in them, and who holds what, as a [`Listing`] in JSON.
    List,
}

impl Verb {
    const ALL: [Self; 10] = [
        Self::Insert,
        Self::Remove,
        Self::Swap,
        Self::Mute,
        Self::Key,
        Self::Cancel,
        Self::Plug,
        Self::PlugContactless,
        Self::Unplug,
        Self::List,
    ];

    fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| *verb as u32 == code)
    }
}

/// What the server is to do.
pub(crate) enum Action {
    /// Say what there is.
    List,
    Plug {
        contactless: bool,
        card: Option<PathBuf>,
    },
    Unplug,
    At(Act),
}

/// What is to be done at a reader that is there. No path means the last card.
pub(crate) enum Act {
    Insert(Option<PathBuf>),
    Remove,
    Swap(PathBuf),
    Mute,
    Key(Pin),
    CancelKey,
}

impl Action {
    /// From a request.
    pub(crate) fn read(request: &Ctl<'_>) -> Result<Self, Refusal> {
        let path = || {
            let path = std::str::from_utf8(request.argument).map_err(|_| Refusal::PathNotUtf8)?;
            Ok::<_, Refusal>(Some(PathBuf::from(path)).filter(|path| path.as_os_str() != ""))
        };
        Ok(match Verb::from_code(request.action).ok_or(Refusal::UnknownAction)? {
            Verb::Insert => Self::At(Act::Insert(path()?)),
            Verb::Remove => Self::At(Act::Remove),
            Verb::Swap => Self::At(Act::Swap(path()?.ok_or(Refusal::SwapForWhat)?)),
            Verb::Mute => Self::At(Act::Mute),
            Verb::Key => Self::At(Act::Key(Pin::new(request.argument).ok_or(Refusal::NoPin)?)),
            Verb::Cancel => Self::At(Act::CancelKey),
            Verb::Plug => Self::Plug { contactless: false, card: path()? },
            Verb::PlugContactless => Self::Plug { contactless: true, card: path()? },
            Verb::Unplug => Self::Unplug,
            Verb::List => Self::List,
        })
    }
}

/// Appends the server's answer.
pub(crate) fn answer(outcome: &Result<Answer, Refusal>, out: &mut Vec<u8>) {
    let (code, text) = match outcome {
        // Numbers and texts always become JSON.
        Ok(Answer::Listed(listing)) => (0, serde_json::to_string(listing).unwrap_or_default()),
        Ok(Answer::Done(done)) => (0, done.to_string()),
        Err(refusal) => (1, refusal.to_string()),
    };
    wire::number(out, code);
    wire::number(out, text.len() as u32);
    out.extend(text.as_bytes());
}

/// Why a server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The name has more bytes than any reader's name.
    #[error(transparent)]
    ReaderName(NameProblem),
    /// The argument is a path of more bytes than a message holds.
    #[error("the path of --card is too long: choose a shorter one")]
    Argument,
    /// Something listens, and says nothing.
    #[error("what listens at {} does not answer: start it anew", socket.display())]
    Silent {
        /// The socket.
        socket: PathBuf,
    },
    /// Something listens that does not know what it is asked, such as another maker's PC/SC server.
    #[error("what listens at {} is no `qiyong pcscd`: name another --socket", socket.display())]
    Foreign {
        /// The socket.
        socket: PathBuf,
    },
    /// No server answers.
    #[error("no server answers at {}: {error}; start one with `qiyong pcscd`", socket.display())]
    Server {
        /// The socket.
        socket: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}

/// Asks the server at `socket` to do something to a reader. The reader is given by name or number; an empty name is the
/// only reader.
///
/// # Errors
/// The server could not be asked. A refusal by the server is an outcome, not an error.
pub fn ask(socket: &Path, reader: &str, verb: Verb, argument: &[u8]) -> Result<Outcome, AskError> {
    let mut name = [0; NAME_LEN];
    let room = name.get_mut(..reader.len()).filter(|room| room.len() < NAME_LEN);
    room.ok_or_else(|| AskError::ReaderName(NameProblem::TooLong { name: reader.into() }))?
        .copy_from_slice(reader.as_bytes());
    if argument.len() > wire::PATH_MAX {
        return Err(AskError::Argument);
    }
    let mut request = Zeroizing::new(Vec::new());
    Ctl { action: verb as u32, reader: Name(&name), argument }.write(&mut request);
    let socket_path = || socket.into();
    exchange(socket, &request).map_err(|error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => AskError::Silent { socket: socket_path() },
        // It hung up, or its answer is none.
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::InvalidData => {
            AskError::Foreign { socket: socket_path() }
        }
        _ => AskError::Server { socket: socket_path(), error },
    })
}

/// What the server at `socket` has.
///
/// # Errors
/// The server could not be asked, or says no, in its words.
pub fn list(socket: &Path) -> Result<Result<Listing, String>, AskError> {
    Ok(match ask(socket, "", Verb::List, &[])? {
        Outcome::Done(text) => {
            Ok(serde_json::from_str(&text).map_err(|_| AskError::Foreign { socket: socket.into() })?)
        }
        Outcome::Refused(text) => Err(text),
    })
}

fn exchange(socket: &Path, request: &[u8]) -> io::Result<Outcome> {
    let mut stream = connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let [a, b, c, d, e, f, g, h] = head;
    let (code, len) = (u32::from_ne_bytes([a, b, c, d]), u64::from(u32::from_ne_bytes([e, f, g, h])));
    if code > 1 || len > ANSWER_MAX {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut text = String::new();
    stream.take(len).read_to_string(&mut text)?;
    Ok(if code == 0 { Outcome::Done(text) } else { Outcome::Refused(text) })
}
