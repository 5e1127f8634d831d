//! `qiyong pcscd ctl`: what a hand could do to the readers of a running server.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use zeroize::Zeroizing;

use qiyong_pcsc::ctl::{self, Outcome, Verb};
use qiyong_protocol::card::pin::PIN_MAX;

use crate::output::{Output, Verdict};

/// What to do to a reader of a running server.
#[derive(Args, Debug)]
pub(crate) struct CtlArgs {
    /// The server's socket
    #[arg(long)]
    socket: PathBuf,
    /// What to do
    action: Action,
    /// The reader's name or number (from 0); may be left out where there is only one
    reader: Option<String>,
    /// With insert and swap: the card to put in. Without it, insert takes the card that was in last
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

/// Actions, by their words on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
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

impl From<Action> for Verb {
    fn from(action: Action) -> Self {
        match action {
            Action::Insert => Self::Insert,
            Action::Remove => Self::Remove,
            Action::Swap => Self::Swap,
            Action::Mute => Self::Mute,
            Action::Key => Self::Key,
            Action::Cancel => Self::Cancel,
        }
    }
}

/// Runs the verb: exit 0 done, 1 the server says no, 2 it cannot be asked.
pub(crate) fn run(args: &CtlArgs, output: &mut Output) -> Result<Verdict, String> {
    match ask(args)? {
        Outcome::Done(text) => {
            output.line(&text);
            Ok(Verdict::Done)
        }
        Outcome::Refused(text) => {
            output.complain(&text);
            Ok(Verdict::No)
        }
    }
}

/// Asks the server. The error means that the server could not be asked.
fn ask(args: &CtlArgs) -> Result<Outcome, String> {
    let argument = match (args.action, &args.card) {
        (Action::Swap, None) => return Err("swap: which card is to be put in? Name its file with --card".into()),
        (Action::Remove | Action::Mute | Action::Key | Action::Cancel, Some(_)) => {
            return Err("--card goes with insert and swap: the other actions are for the card that is in".into());
        }
        (Action::Key, None) => keyed().map_err(|error| format!("cannot read the PIN from standard input: {error}"))?,
        _ => path(args.card.as_deref())?,
    };
    let reader = args.reader.as_deref().unwrap_or_default();
    ctl::ask(&args.socket, reader, args.action.into(), &argument).map_err(|error| error.to_string())
}

/// An absolute path, because the server may run in another folder.
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
