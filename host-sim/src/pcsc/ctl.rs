//! `qiyong pcscd ctl`: what a hand could do to a running server's readers: put cards in, take them out, press keys.
//!
//! One private command on the server's own socket; see `wire::Ctl`. The answer is a number, 0 for done, and a text.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use zeroize::Zeroizing;

use qiyong_protocol::card::pin::{PIN_MAX, Pin};

use super::wire::{self, Ctl, NAME_LEN, Name};
use crate::output::{Output, Verdict};

/// What came of an action, in words.
pub(super) type Outcome = Result<String, String>;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer is longer.
const ANSWER_MAX: u64 = 1 << 16;

/// What to do to a reader of a running server.
#[derive(Args, Debug)]
pub struct CtlArgs {
    /// The server's socket
    #[arg(long)]
    socket: PathBuf,
    /// What to do
    action: Verb,
    /// The reader's name or number (from 0); may be left out where there is only one
    reader: Option<String>,
    /// The card to put in; without it, the one that was in last
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

/// Actions, by their words on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Verb {
    /// Put a card in
    Insert,
    /// Take the card out
    Remove,
    /// Take the card out and put another one in
    Swap,
    /// Make the card answer no more
    Mute,
    /// Key a PIN on the reader's keypad, read from standard input
    Key,
    /// Press cancel on the reader's keypad
    Cancel,
}

impl Verb {
    const ALL: [Self; 6] = [Self::Insert, Self::Remove, Self::Swap, Self::Mute, Self::Key, Self::Cancel];

    fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| *verb as u32 == code)
    }
}

/// What the server is to do. A card without a path is the one that was in last.
pub(super) enum Action {
    Insert(Option<PathBuf>),
    Remove,
    Swap(PathBuf),
    Mute,
    Key(Pin),
    CancelKey,
}

impl Action {
    /// From a request.
    pub(super) fn read(request: &Ctl<'_>) -> Result<Self, String> {
        let path = || {
            let path = std::str::from_utf8(request.argument).map_err(|_| "the path is not UTF-8".to_string())?;
            Ok::<_, String>(Some(PathBuf::from(path)).filter(|path| path.as_os_str() != ""))
        };
        Ok(match Verb::from_code(request.action).ok_or("unknown action: is `qiyong` of another version?")? {
            Verb::Insert => Self::Insert(path()?),
            Verb::Remove => Self::Remove,
            Verb::Swap => Self::Swap(path()?.ok_or("which card? Name its file with --card")?),
            Verb::Mute => Self::Mute,
            Verb::Key => Self::Key(Pin::new(request.argument).ok_or("a PIN has 4 to 16 digits")?),
            Verb::Cancel => Self::CancelKey,
        })
    }
}

/// Appends the server's answer.
pub(super) fn answer(outcome: &Outcome, out: &mut Vec<u8>) {
    let (code, text) = match outcome {
        Ok(text) => (0, text),
        Err(text) => (1, text),
    };
    wire::number(out, code);
    wire::number(out, text.len() as u32);
    out.extend(text.as_bytes());
}

/// Runs the verb: exit 0 done, 1 the server says no, 2 it cannot be asked.
pub fn run(args: &CtlArgs) -> ExitCode {
    let mut output = Output::default();
    match ask(args) {
        Ok(Ok(text)) => {
            output.line(&text);
            output.finish(Verdict::Done)
        }
        Ok(Err(text)) => {
            output.complain(&text);
            output.finish(Verdict::No)
        }
        Err(problem) => {
            output.complain(&problem);
            output.finish(Verdict::BadInput)
        }
    }
}

/// Asks the server. The outer error is that it could not be asked.
fn ask(args: &CtlArgs) -> Result<Outcome, String> {
    let reader = args.reader.as_deref().unwrap_or_default();
    let mut name = [0; NAME_LEN];
    let room = name.get_mut(..reader.len()).filter(|room| room.len() < NAME_LEN);
    room.ok_or("no reader has so long a name")?.copy_from_slice(reader.as_bytes());
    let argument = match args.action {
        Verb::Key => keyed().map_err(|error| format!("cannot read the PIN from standard input: {error}"))?,
        _ => path(args.card.as_deref())?,
    };
    if argument.len() > wire::PATH_MAX {
        return Err("the path of --card is too long".into());
    }
    let mut request = Zeroizing::new(Vec::new());
    Ctl { action: args.action as u32, reader: Name(&name), argument: &argument }.write(&mut request);
    exchange(&args.socket, &request).map_err(|error| {
        format!("no server answers at {}: {error}; start one with `qiyong pcscd`", args.socket.display())
    })
}

/// The server may run in another folder.
fn path(card: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, String> {
    let Some(card) = card else {
        return Ok(Zeroizing::default());
    };
    let path = std::path::absolute(card).map_err(|error| format!("--card {}: {error}", card.display()))?;
    let text = path.to_str().ok_or_else(|| format!("--card {}: the path is not UTF-8", card.display()))?;
    Ok(text.as_bytes().to_vec().into())
}

fn keyed() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(PIN_MAX + 2));
    io::stdin().lock().take(PIN_MAX as u64 + 2).read_to_end(&mut digits)?;
    let end = digits.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    digits.truncate(end);
    Ok(digits)
}

fn exchange(socket: &Path, request: &[u8]) -> io::Result<Outcome> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let [a, b, c, d, e, f, g, h] = head;
    let (code, len) = (u32::from_ne_bytes([a, b, c, d]), u64::from(u32::from_ne_bytes([e, f, g, h])));
    let mut text = String::new();
    stream.take(len.min(ANSWER_MAX)).read_to_string(&mut text)?;
    Ok(if code == 0 { Ok(text) } else { Err(text) })
}
