//! `qiyong till`: the till of a board on the desk, at the other end of its serial line. It gives the terminal its place, and its key
//! if it lacks that; says what the holder is to do; carries the terminal's messages to the centre; and prints the receipt.
//!
//! `port` is the line as the system has it, `line` what is said over it, `carrier` the way to the centre. `note` keeps what was begun
//! until its end was told, and `former` finds out what became of it when this program was killed. `sale` is one request, `told` what
//! is printed. The PIN is keyed at the terminal: it is never here.

mod carrier;
mod former;
mod interrupt;
mod line;
mod note;
mod port;
mod sale;
mod told;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use qiyong_centre::test_mac_key;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Command, Event, KeyLoad, Place, Refused, State, TEST_TRANSPORT_KEY};
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::centre::{institution, terminal_id};
use crate::live::LiveArgs;
use crate::output::{self, Output, Verdict};
use crate::reach::{Reached, Target};
use crate::terminal::load_key::{self, LoadKeyArgs};
use crate::terminal::{AskedOperation, Desk, Operations, beside, key};
use carrier::Carrier;
use former::Former;
#[cfg(test)]
pub(crate) use former::Told as FormerTold;
use line::{Line, LineError, state_of};
use note::Note;
use port::Port;
use sale::{Served, Till};
#[cfg(test)]
pub(crate) use told::{Former as FormerReceipt, Status};

/// Which terminal, which centre, and what to do.
#[derive(Args, Debug)]
pub(crate) struct TillArgs {
    /// The terminal's serial line, such as /dev/ttyACM0, or tcp://HOST:PORT of an emulated board (`qiyong emulate --till-line`)
    #[arg(long, value_name = "DEVICE|tcp://HOST:PORT")]
    port: String,
    /// The institution's code, such as P32010000017: pharmacy P, hospital H or bank B
    #[arg(long, value_name = "CODE", value_parser = institution, default_value = "P32010000017")]
    institution: InstitutionCode,
    /// The centre's database (`qiyong centre init`), or tcp://HOST:PORT, where a centre listens (`qiyong centre serve --iso`);
    /// needed for everything but `status` and `load-key`
    #[arg(long, value_name = "FILE|tcp://HOST:PORT", value_parser = Target::parse)]
    centre: Option<Target>,
    /// The terminal's name, eight letters and digits
    #[arg(long, value_name = "NAME", value_parser = terminal_id, default_value = "00000001")]
    name: TerminalId,
    /// The file with the terminal's key, 32 hex digits for its owner's eyes alone, for a terminal that lacks it; without it that gets
    /// the published test key, which a centre with test keys alone believes
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The file with what was begun and whose end was not told yet; if left out, one with the terminal's name, beside the database
    /// or, with tcp://, in the current folder
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// For how many seconds the terminal may be silent
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=3600))]
    patience: u16,
    #[command(flatten)]
    live: LiveArgs,
    /// Print one JSON object a request; what a person would see goes to standard error
    #[arg(long)]
    json: bool,
    /// What to do; without it the till asks, again and again
    #[command(subcommand)]
    what: Option<Asked>,
}

/// A request in words.
#[derive(Debug, Subcommand)]
enum Asked {
    /// Show how the terminal is: its name for itself, its key's check value, what it owes
    Status,
    #[command(flatten)]
    Terminal(AskedOperation),
}

/// Runs the verb: exit 0 when all was approved, 1 when something was not, 2 when the till could not work.
pub(crate) fn run(args: &TillArgs, output: &mut Output) -> Result<Verdict, String> {
    let asked = match &args.what {
        Some(Asked::Terminal(asked)) => Some(asked),
        Some(Asked::Status) | None => None,
    };
    let is_status = matches!(args.what, Some(Asked::Status));
    // Before anything is said to the terminal: what a key file says, and where the centre is.
    let load = match asked {
        Some(AskedOperation::LoadKey(how)) => Some(sealed(args, how)?),
        _ => None,
    };
    if args.centre.is_none() && !is_status && load.is_none() {
        return Err("which centre? Give --centre FILE, or --centre tcp://HOST:PORT".into());
    }
    let port = Port::open(&args.port)?;
    let live = args.live.begin()?;
    let mut line = Line::new(port, &args.port, Duration::from_secs(args.patience.into()), live.clone());
    let state = line.ask(&Command::Status, state_of).map_err(|error| error.to_string())?;
    if is_status {
        told::state(&state, args.json, output);
        return Ok(Verdict::Done);
    }
    if let Some(load) = load {
        return load_it(&mut line, load, args.json, output);
    }
    let Some(target) = &args.centre else { unreachable!("it was looked for") };
    let file = args.memory.clone().unwrap_or_else(|| beside(target, args.institution, args.name, "till"));
    let note = Note::open(file)?;
    let carrier = Carrier::new(Reached::new(target, test_mac_key())?.captured(live), args.json);
    let mut till = Till::new(line, carrier, note, args.institution, args.name, args.json);
    till.waits_for_others(&state)?;
    let state = set_up(&mut till.line, args)?;
    told::place(args.institution, args.name, &state, args.json);
    let former = former::settle(&mut till, &state)?;
    work(args, asked, &mut till, former, output)
}

/// Does what is asked, unless something of before had to be settled: who starts the same words again after a mishap does not mean
/// a second sale.
fn work(
    args: &TillArgs,
    asked: Option<&AskedOperation>,
    till: &mut Till,
    former: Option<Former>,
    output: &mut Output,
) -> Result<Verdict, String> {
    let mut worst = Verdict::Done;
    if let Some(former) = former {
        worst = former.tell(till, output);
        if asked.is_some() {
            output::tell(
                "this was the request of before; nothing else was begun: ask again for another one",
                args.json,
            );
            return Ok(worst);
        }
    }
    let mut desk = Desk::new(args.json);
    let mut operations = Operations::new(asked, args.institution);
    while let Some(asked) = operations.next(&mut desk) {
        let task = match asked {
            Ok(task) => task,
            Err(problem) if operations.is_from_command_line() => return Err(problem),
            Err(problem) => {
                output.complain(&problem);
                worst = worst.max(Verdict::No);
                continue;
            }
        };
        worst = worst.max(match till.serve(&task, output)? {
            Served::Told(verdict) => verdict,
            Served::Forgotten(state) => {
                output::tell(
                    "the terminal started anew in the middle, and does not know the request any more",
                    args.json,
                );
                former::settle(till, &state)?.map_or(Verdict::No, |former| former.tell(till, output))
            }
        });
    }
    Ok(worst)
}

/// Tells the terminal where it stands; one that has no key of that name gets it first.
fn set_up(line: &mut Line, args: &TillArgs) -> Result<State, String> {
    let place = Place { institution: args.institution, terminal: args.name, next_stan: Stan(1) };
    let is_set_up = |event: &Event| state_of(event).filter(|state| state.set_up);
    match line.ask(&Command::Setup(place), is_set_up) {
        Err(LineError::Refused(Refused::NoKey)) => {}
        other => return other.map_err(|error| error.to_string()),
    }
    let own = key::read(args.key.as_deref())?;
    let state = line.ask(&Command::Status, state_of).map_err(|error| error.to_string())?;
    let under = match state.key {
        None => &TEST_TRANSPORT_KEY,
        Some(check) if check == own.check_value() => &own,
        Some(check) => {
            return Err(format!(
                "the terminal has another master key (check value {}) and stands elsewhere: give it the one of {} {} with \
                 `--key FILE load-key --under FILE`, where the second file has its present key",
                hex::encode_upper(check),
                args.institution,
                args.name.as_str(),
            ));
        }
    };
    let load = KeyLoad::seal(args.institution, args.name, &own, under);
    line.ask(&Command::LoadKey(load), loaded).map_err(|error| error.to_string())?;
    let what = if args.key.is_some() { "its key" } else { "the published test key" };
    output::tell(&format!("the terminal had no key of this name, and was given {what}"), args.json);
    line.ask(&Command::Setup(place), is_set_up).map_err(|error| error.to_string())
}

fn loaded(event: &Event) -> Option<[u8; 3]> {
    match event {
        Event::KeyLoaded(check) => Some(*check),
        _ => None,
    }
}

/// The key of `load-key`.
fn sealed(args: &TillArgs, how: &LoadKeyArgs) -> Result<KeyLoad, String> {
    load_key::sealed((args.institution, args.name), args.key.as_deref(), how)
}

/// Gives the terminal a key: exit 0 when it has taken it, 1 when it has not.
fn load_it(line: &mut Line, load: KeyLoad, json: bool, output: &mut Output) -> Result<Verdict, String> {
    let name = (load.institution, load.terminal);
    let (kcv, reason) = match line.ask(&Command::LoadKey(load), loaded) {
        Ok(check) => (Some(check), None),
        Err(LineError::Refused(why)) => {
            (line.ask(&Command::Status, state_of).map_err(|error| error.to_string())?.key, Some(why))
        }
        Err(error) => return Err(error.to_string()),
    };
    Ok(load_key::tell(name, kcv, reason, json, output))
}
