//! `qiyong terminal`: the firmware's terminal application with this machine's screen and keyboard as its desk.
//!
//! The card is in a PC/SC reader (`qiyong_pcsc::reader_slot`) or in a file (`file_slot`, over the virtual line). The
//! centre, a database file in the same process or one at the end of a connection, is behind the firmware's serial link. What
//! the terminal may not forget lies in a file, too (`memory`), so that it knows at the next start what it owes, however this
//! program ended. `desk` is what operator and holder see and key; `ask` has what is to be done, `operations` reads it; `key` reads the terminal's key,
//! `load_key` gives it;
//! `board` says where a PIN is keyed; `receipt` reports how it ended; `trouble` keeps what went wrong with reader or centre.

mod ask;
mod board;
mod clock;
mod desk;
mod file_slot;
pub(crate) mod key;
pub(crate) mod load_key;
mod memory;
mod operations;
mod receipt;
mod trouble;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
#[cfg(feature = "pcsc")]
use std::time::Duration;

use clap::Args;
use jiff::civil::DateTime;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Board, Clock, Settings};
#[cfg(feature = "pcsc")]
use qiyong_pcsc::{reader_slot::ReaderSlot, readers::ReaderError};
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Outcome;

use crate::centre::{institution, terminal_id};
use crate::live::LiveArgs;
use crate::output::{Output, Verdict};
use crate::reach::{Reached, Target};
use crate::stack;
use crate::system::Refused;
pub(crate) use ask::Asked as AskedOperation;
pub(crate) use ask::Task;
use clock::CentreClock;
pub(crate) use clock::at;
pub(crate) use desk::Desk;
pub(crate) use memory::beside;
pub(crate) use operations::Operations;
use qiyong_sim::flash::file::FileFlash;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::station::{Link, Parts, Station};
pub(crate) use receipt::Receipt;
use trouble::Trouble;

/// What terminal to put up, and what to do there.
#[derive(Args, Debug)]
pub(crate) struct TerminalArgs {
    #[command(flatten)]
    card: CardArgs,
    /// The institution's code, such as P32010000017: pharmacy P, hospital H or bank B
    #[arg(long, value_name = "CODE", value_parser = institution)]
    institution: InstitutionCode,
    /// The centre's database (`qiyong centre init`), or tcp://HOST:PORT, where a centre listens (`qiyong centre serve --iso`); a
    /// new one knows no institution and no card (`qiyong centre add`)
    #[arg(long, value_name = "FILE|tcp://HOST:PORT", value_parser = Target::parse)]
    centre: Target,
    /// The terminal's name, eight letters and digits
    #[arg(long, value_name = "NAME", value_parser = terminal_id, default_value = "00000001")]
    name: TerminalId,
    /// The file with the terminal's key, 32 hex digits for its owner's eyes alone (`qiyong centre terminal register`), which the
    /// memory then keeps; without it the one that the memory has, or before the first the published test key, which a centre
    /// with test keys alone believes
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The file with what the terminal may not forget; if left out, one with the terminal's name, beside the database or, with
    /// tcp://, in the current folder
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// The holder keys the PIN on the reader's own pad, and it never comes to this program
    #[arg(long, requires = "reader")]
    pad: bool,
    /// Seconds to wait for a card, and for another program that has it
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u16,
    #[command(flatten)]
    live: LiveArgs,
    /// Print one JSON object an operation; what a person would see goes to standard error
    #[arg(long)]
    json: bool,
    /// What to do; without it the terminal asks, again and again
    #[command(subcommand)]
    operation: Option<ask::Asked>,
}

/// Where the card is.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct CardArgs {
    /// A PC/SC reader, by its name or a part of it, or `any`
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// A card file, in the terminal's own slot on the virtual line
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
}

/// Runs the verb: exit 0 when all was approved, 1 when something was not, 2 when the terminal could not work.
pub(crate) fn run(args: &TerminalArgs, output: &mut Output) -> Result<Verdict, String> {
    if let Some(ask::Asked::LoadKey(how)) = &args.operation {
        let (institution, name, centre) = (args.institution, args.name, &args.centre);
        let (memory, key, json) = (args.memory.as_deref(), args.key.as_deref(), args.json);
        return load_key::run(&load_key::For { institution, name, centre, memory, key, json }, how, output);
    }
    let trouble = Trouble::default();
    // The link's waits, which nobody sees: a centre answers while its end is asked, or never.
    let time = VirtualTime::new(DateTime::default());
    match (&args.card.card, &args.card.reader) {
        (Some(file), _) => {
            let slot = file_slot::open(file, &time, trouble.clone())?;
            work::<board::AtTerminal<_>>(args, slot, time, &trouble, output)
        }
        (None, Some(name)) => on_reader(args, name, time, &trouble, output),
        (None, None) => Err("where is the card? Give --reader or --card".into()),
    }
}

#[cfg(feature = "pcsc")]
fn on_reader(
    args: &TerminalArgs,
    name: &str,
    time: VirtualTime,
    trouble: &Trouble,
    output: &mut Output,
) -> Result<Verdict, String> {
    let own = trouble.clone();
    let on_trouble = move |error: ReaderError| {
        own.note(error.to_string());
    };
    let mut slot = ReaderSlot::open(name, on_trouble).map_err(|error| error.to_string())?;
    slot.wait_for_others(Duration::from_secs(args.wait.into()));
    if args.pad {
        work::<board::AtReader<_>>(args, slot, time, trouble, output)
    } else {
        work::<board::AtTerminal<_>>(args, slot, time, trouble, output)
    }
}

#[cfg(not(feature = "pcsc"))]
fn on_reader(args: &TerminalArgs, _: &str, _: VirtualTime, _: &Trouble, _: &mut Output) -> Result<Verdict, String> {
    // Nor on its pad.
    let _ = args.pad;
    Err(crate::readers::NOT_BUILT_IN.into())
}

/// Carries out the requested operations with a card in `slot`.
fn work<B>(
    args: &TerminalArgs,
    slot: B::Slot,
    time: VirtualTime,
    trouble: &Trouble,
    output: &mut Output,
) -> Result<Verdict, String>
where
    B: Board<Centre = Link, Operator = Desk, Clock = CentreClock, Random = ChaCha8Rng, Memory = Store<FileFlash>>,
{
    let memory = memory::open(args.memory.as_deref(), &args.centre, args.institution, args.name)?;
    let before = memory.keyring().present;
    let kept = before.as_ref().filter(|(name, _)| *name == (args.institution, args.name)).map(|(_, key)| key.clone());
    let key = match (&args.key, kept) {
        (None, Some(kept)) => kept,
        (file, _) => key::read(file.as_deref())?,
    };
    let centre = Reached::new(&args.centre, key)?.captured(args.live.begin()?);
    let setup = Setup { institution: args.institution, terminal: args.name, key: centre.key(), next_stan: Stan(1) };
    let centre = Rc::new(RefCell::new(centre));
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(Refused::Random)?;
    let policy = memory.policy();
    let parts = Parts {
        slot,
        operator: Desk::new(args.json),
        random: ChaCha8Rng::from_seed(seed),
        state: memory.state([0; 12]),
        memory,
        settings: Settings { card_wait: args.wait, policy, ..Settings::at(args.institution, args.name) },
    };
    // The clock is the centre's in the same process, or the system's, which nobody needs to set.
    let mut clock = CentreClock(centre.clone());
    let mut station: Station<B> = Station::start(time, parts, clock.clone(), |_| {}, centre.clone(), trouble.clone());
    if let Some((_, own)) = &before {
        // The file is this person's own: who has it has the key in it.
        station.load_key(setup.sealed(own)).map_err(|error| error.to_string())?;
    }
    station.set_up(setup).map_err(|error| error.to_string())?;

    let mut worst = Verdict::Done;
    let mut operations = Operations::new(args.operation.as_ref(), args.institution);
    while let Some(asked) = operations.next(station.terminal().operator()) {
        let task = match asked {
            Ok(task) => task,
            Err(problem) if operations.is_from_command_line() => return Err(problem),
            Err(problem) => {
                output.complain(&problem);
                worst = worst.max(Verdict::No);
                continue;
            }
        };
        let served = match &task {
            Task::Serve(operation) => station.serve(operation, clock.now()),
            Task::Attend(what) => station.attend(*what, clock.now()),
        };
        stack::wipe();
        let report = served.map_err(|error| trouble.take().unwrap_or_else(|| error.to_string()))?.report;
        let record = report.card.and_then(|number| centre.borrow().card(&number));
        let receipt =
            receipt::Receipt::new(args.institution, args.name, &task, (&report, station.duties()), record.as_ref());
        if args.json {
            output.json_line(&receipt);
        } else {
            receipt.print(output);
        }
        if let Some(problem) = trouble.take() {
            return Err(problem);
        }
        if report.outcome != Outcome::Approved {
            worst = worst.max(Verdict::No);
        }
    }
    Ok(worst)
}
