//! `qiyong pcscd ctl`: what a hand could do to the readers of a running server, and what an eye could see there.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use qiyong::lang;
use qiyong_pcsc::ctl::{self, Listed, ListedUse, Listing, Outcome, Verb};
use qiyong_protocol::card::pin::PIN_MAX;

use crate::output::{Output, Verdict};

/// Where programs look for the socket, too.
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";

/// What to do to a running server.
#[derive(Args, Debug)]
pub(crate) struct CtlArgs {
    /// The server's socket; without this, the one that PCSCLITE_CSOCK_NAME names
    #[arg(long, global = true)]
    socket: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

/// Which reader.
#[derive(Args, Debug)]
struct At {
    /// The reader's name or number (from 0); may be left out where there is only one
    reader: Option<String>,
}

impl At {
    fn name(&self) -> &str {
        self.reader.as_deref().unwrap_or_default()
    }
}

/// Actions, by their words on the command line.
#[derive(Subcommand, Debug)]
enum Action {
    #[command(flatten)]
    Act(Act),
    /// Show the readers, what is in them, who holds what, and whether a PIN is awaited
    List {
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
}

/// What changes something.
#[derive(Subcommand, Debug)]
enum Act {
    /// Put a card in
    Insert {
        #[command(flatten)]
        at: At,
        /// The card to put in; without this, the one that was in last
        #[arg(long, value_name = "FILE")]
        card: Option<PathBuf>,
    },
    /// Take the card out
    Remove(At),
    /// Take the card out and put another one in
    Swap {
        #[command(flatten)]
        at: At,
        /// The card to put in
        #[arg(long, value_name = "FILE")]
        card: Option<PathBuf>,
    },
    /// Make the card answer no more
    Mute(At),
    /// Key a PIN on the reader's keypad, read from standard input
    Key(At),
    /// Press cancel on the reader's keypad
    Cancel(At),
    /// Plug a reader in, or take one away
    #[command(subcommand)]
    Reader(ReaderAction),
}

/// Readers that come and go.
#[derive(Subcommand, Debug)]
enum ReaderAction {
    /// Plug a reader in
    Add {
        /// Its name, at most 127 bytes in UTF-8; no other reader has it
        name: String,
        /// The card in it
        #[arg(long, value_name = "FILE")]
        card: Option<PathBuf>,
        /// It is a reader without contacts
        #[arg(long)]
        contactless: bool,
    },
    /// Take a reader away, with the card that is in it
    Remove(At),
}

/// Runs the verb: exit 0 done, 1 the server says no, 2 it cannot be asked.
pub(crate) fn run(args: &CtlArgs, output: &mut Output) -> Result<Verdict, String> {
    let socket = args.socket.clone().or_else(|| std::env::var_os(SOCKET).map(PathBuf::from));
    let socket = socket.ok_or_else(|| format!("which server? Name its socket with --socket, or in {SOCKET}"))?;
    let answered = match &args.action {
        Action::List { json } => ctl::list(&socket).map(|listed| listed.map(|listing| show(&listing, *json, output))),
        Action::Act(act) => {
            let (verb, at, argument) = asked(act)?;
            ctl::ask(&socket, at, verb, &argument).map(|outcome| match outcome {
                Outcome::Done(text) => {
                    output.line(&text);
                    Ok(())
                }
                Outcome::Refused(text) => Err(text),
            })
        }
    };
    Ok(match answered.map_err(|error| error.to_string())? {
        Ok(()) => Verdict::Done,
        Err(refusal) => {
            output.complain(&refusal);
            Verdict::No
        }
    })
}

/// What is asked of the server, of which reader, and with what.
fn asked(act: &Act) -> Result<(Verb, &str, Zeroizing<Vec<u8>>), String> {
    let nothing = Zeroizing::default;
    Ok(match act {
        Act::Insert { at, card } => (Verb::Insert, at.name(), path(card.as_deref())?),
        Act::Remove(at) => (Verb::Remove, at.name(), nothing()),
        Act::Swap { card: None, .. } => {
            return Err("swap: which card is to be put in? Name its file with --card".into());
        }
        Act::Swap { at, card } => (Verb::Swap, at.name(), path(card.as_deref())?),
        Act::Mute(at) => (Verb::Mute, at.name(), nothing()),
        Act::Key(at) => {
            let keyed = keyed().map_err(|error| format!("cannot read the PIN from standard input: {error}; give it there, as in `echo 123456 | qiyong pcscd ctl key`"))?;
            (Verb::Key, at.name(), keyed)
        }
        Act::Cancel(at) => (Verb::Cancel, at.name(), nothing()),
        Act::Reader(ReaderAction::Add { name, card, contactless }) => {
            let verb = if *contactless { Verb::PlugContactless } else { Verb::Plug };
            (verb, name, path(card.as_deref())?)
        }
        Act::Reader(ReaderAction::Remove(at)) => (Verb::Unplug, at.name(), nothing()),
    })
}

/// Prints what there is.
fn show(listing: &Listing, json: bool, output: &mut Output) {
    if json {
        return output.json_line(listing);
    }
    // Names of readers and programs are other people's words.
    for Listed { name, unit, contactless, state, used, file, atr, protocol, programs, keypad } in &listing.readers {
        let what = if *contactless {
            format!("without contacts: {state}, used by {used}")
        } else {
            format!("{state}, used by {used}")
        };
        output.as_it_is(&format!("{unit}  {name}: {}", lang::say(&what)));
        if let Some(file) = file {
            let protocol = protocol.map(|protocol| format!("T={protocol}")).unwrap_or_default();
            let cells = [file.as_str(), atr.as_deref().unwrap_or_default(), &protocol];
            output.as_it_is(format!("   {}", cells.join("  ")).trim_end());
        }
        for ListedUse { program, share, transaction, .. } in programs {
            let how = if *transaction { format!("{share}, in a transaction") } else { share.clone() };
            output.as_it_is(&format!("   {program} {}", lang::say(&how)));
        }
        if let Some(program) = keypad.as_ref().and_then(|keypad| keypad.awaited_by.as_ref()) {
            output.line(&format!("   keypad: {program} awaits a PIN"));
        }
    }
    if !listing.waiting.is_empty() {
        output.line(&format!("waiting for a change: {}", listing.waiting.join(", ")));
    }
}

/// An absolute path, because the server may run in another folder.
fn path(card: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, String> {
    let Some(card) = card else {
        return Ok(Zeroizing::default());
    };
    let path = std::path::absolute(card).map_err(|error| format!("--card {}: {error}", card.display()))?;
    let text = path
        .to_str()
        .ok_or_else(|| format!("--card {}: the path is not UTF-8; give the file another name", card.display()))?;
    Ok(text.as_bytes().to_vec().into())
}

fn keyed() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(PIN_MAX + 2));
    io::stdin().lock().take(PIN_MAX as u64 + 2).read_to_end(&mut digits)?;
    let end = digits.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
    digits.truncate(end);
    Ok(digits)
}
