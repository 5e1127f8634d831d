//! The program `qiyong`: its verbs and their arguments, one file for each verb. Command line, standard output and exit
//! status are here, and in no crate below.
#![forbid(unsafe_code)]

mod advice;
mod atr;
mod attach;
mod card_from_centre;
mod card_new;
mod card_psam;
mod card_record;
mod card_send;
mod card_show;
mod centre;
mod chaos;
mod command_line;
mod completions;
mod demo;
mod dissector;
mod doctor;
mod emulate;
mod exchange;
mod extras;
mod flash;
mod live;
mod manual;
mod message;
mod objects;
mod output;
#[cfg(unix)]
mod pcscd;
#[cfg(unix)]
mod pcscd_ctl;
#[cfg(unix)]
mod pcscd_watch;
mod probe;
mod probes;
mod progress;
mod reach;
mod reader;
mod readers;
mod rows;
mod scenario;
#[cfg(feature = "serve")]
mod serve_page;
mod settings;
#[cfg(feature = "serve")]
mod signals;
mod stack;
mod story;
mod system;
mod terminal;
#[cfg(test)]
mod tests;
mod till;
#[cfg(unix)]
mod vicc;
#[cfg(not(unix))]
mod without_unix;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
#[cfg(not(unix))]
use without_unix::{pcscd, pcscd_ctl, vicc};

/// The version, and the commit that it was built from where there is one.
const VERSION: &str = env!("QIYONG_VERSION");

/// Qiyong 启用: the simulator of the social security card activation terminal.
///
/// Exit status: 0 done, 1 the answer is no, 2 bad input or environment.
#[derive(Parser)]
#[command(name = "qiyong", version = VERSION)]
struct Cli {
    /// The language of help, prompts, errors and receipts [default: QIYONG_LANG, or that of the locale]
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = ["en", "zh"])]
    lang: Option<String>,
    /// Whether to use colour; `auto`: where a terminal shows it, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Put three cards into use and see others refused
    Demo {
        /// Show every character on the card line, with its time in etu
        #[arg(long)]
        trace: bool,
        /// Print one JSON object instead of the story
        #[arg(long)]
        json: bool,
    },
    /// Play scenario files
    #[command(subcommand)]
    Scenario(ScenarioVerb),
    /// Play whole worlds drawn from a seed, in which everything goes wrong, and look whether what must never break holds
    Chaos(chaos::ChaosArgs),
    /// Decode an ATR
    Atr {
        /// The ATR in hex; spaces, colons and 0x do not matter
        #[arg(required = true)]
        hex: Vec<String>,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make virtual cards and look at them
    #[command(subcommand)]
    Card(CardVerb),
    /// Replay recorded exchanges against the terminal's T=0 and T=1 engines
    #[command(subcommand)]
    Exchange(ExchangeVerb),
    /// Run a private PC/SC server: virtual cards for any program that is linked with libpcsclite
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Pcscd {
        #[command(flatten)]
        args: pcscd::DaemonArgs,
        #[command(subcommand)]
        verb: Option<PcscdVerb>,
    },
    /// List PC/SC readers and the cards in them
    Readers {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Run the terminal application on this machine's screen and keyboard
    Terminal(terminal::TerminalArgs),
    /// Say what is wrong with a board, from a capture of its card line or its log: pin, time, rule and remedy
    Doctor(doctor::DoctorArgs),
    /// Be the till of a board on the desk, at its serial line: set it up, have it serve, carry its messages to the centre
    Till(till::TillArgs),
    /// Run the flashable image on an emulated board, with a virtual card in its slot
    Emulate(emulate::EmulateArgs),
    /// List debug probes
    Probes {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Write the image into the flash of a board, through a debug probe, or as a UF2 file for a Pico
    Flash(flash::FlashArgs),
    /// Watch the image on a board through a debug probe: its log, its screen, its stack
    Attach(attach::AttachArgs),
    /// A card centre: its database, and every act that people and other systems do there
    #[command(subcommand)]
    Centre(CentreVerb),
    /// Let pages of hospitals read cards: a local service for browsers, over HTTP and WebSockets
    #[cfg(feature = "serve")]
    ServePage(serve_page::ServePageArgs),
    /// Decode a message between terminal and centre (ISO 8583), or a frame between till and terminal
    Message(message::MessageArgs),
    /// Print a dissector for Wireshark, which names every part of our captures
    Dissector(dissector::DissectorArgs),
    /// Put a virtual card into the virtual reader (vpcd) of a real pcscd
    Vicc(vicc::ViccArgs),
    /// Print what a shell needs to complete this program's verbs and flags
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the pages of the manual, one for each verb, or print one
    Manual(manual::ManualArgs),
}

#[derive(Subcommand)]
enum CentreVerb {
    /// Make a centre's database
    Init(centre::InitArgs),
    /// Make institutions and cards known to a centre
    Add(centre::AddArgs),
    /// End a terminal's lease, so that another may work under its name
    Release(centre::ReleaseArgs),
    /// Undo what no terminal has confirmed within the area's time (parameter terminal.pending)
    Expire(centre::ExpireArgs),
    /// Check that nobody but the centre changed its database: the audit chain and the ledger
    Verify(centre::VerifyArgs),
    /// Copy a centre's file and its keys, while it is served or not
    Backup(centre::backup::BackupArgs),
    /// Examine a centre's database and what is around it: clock, keys, version, chains, room, standbys, durability
    Doctor(centre::doctor::DoctorArgs),
    /// Add fictional people to a centre with test keys, with applications, cards and accounts in every state
    Populate(centre::populate::PopulateArgs),
    /// Show the centre's clock, or stop it at a time
    Clock(centre::ClockArgs),
    #[command(flatten)]
    Act(centre::act::ActVerb),
    /// Serve a centre: over HTTP its acts as JSON and a page for operators, over TCP the terminals' ISO 8583
    #[cfg(feature = "serve")]
    Serve(centre::serve::ServeArgs),
}

#[derive(Subcommand)]
enum PcscdVerb {
    /// Put cards into the readers of a running server, take them out, press keys, plug readers in, see who holds what
    Ctl(pcscd_ctl::CtlArgs),
}

#[derive(Subcommand)]
enum ScenarioVerb {
    /// Play files and compare with what they expect
    Run(scenario::RunArgs),
}

#[derive(Subcommand)]
enum ExchangeVerb {
    /// Replay a file, a line of it an exchange
    Replay {
        /// The file
        file: PathBuf,
        /// Print one JSON object an exchange
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum CardVerb {
    /// Make a card file
    New(card_new::NewArgs),
    /// Make a virtual PSAM with the test keys, for the driver library
    Psam(card_psam::PsamArgs),
    /// Send commands to a card file through the terminal's own slot, and keep what they change; or to a card in a reader
    Send(card_send::SendArgs),
    /// Record a real card in a PC/SC reader as a card file that answers the same, with its holder's details replaced
    Record(card_record::RecordArgs),
    /// Show what a card file holds
    Show {
        /// The card file
        file: PathBuf,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let verb = match command_line::read(Cli::command()) {
        // Both are in force already.
        Ok(Cli { verb, lang: _, color: _ }) => verb,
        Err(status) => return status,
    };
    output::run(|output| match verb {
        Verb::Demo { trace, json } => demo::run(trace, json, output),
        Verb::Scenario(ScenarioVerb::Run(args)) => scenario::run(&args, output),
        Verb::Chaos(args) => chaos::run(&args, output),
        Verb::Atr { hex, json } => atr::run(&hex.join(" "), json, output),
        Verb::Exchange(ExchangeVerb::Replay { file, json }) => exchange::run(&file, json, output),
        Verb::Pcscd { verb: Some(PcscdVerb::Ctl(args)), .. } => pcscd_ctl::run(&args, output),
        Verb::Pcscd { args, verb: None } => pcscd::run(&args, output),
        Verb::Readers { json } => readers::run(json, output),
        Verb::Terminal(args) => terminal::run(&args, output),
        Verb::Doctor(args) => doctor::run(&args, output),
        Verb::Till(args) => till::run(&args, output),
        Verb::Emulate(args) => emulate::run(&args, output),
        Verb::Probes { json } => probes::run(json, output),
        Verb::Flash(args) => flash::run(&args, output),
        Verb::Attach(args) => attach::run(&args, output),
        Verb::Centre(CentreVerb::Init(args)) => centre::init(&args, output),
        Verb::Centre(CentreVerb::Add(args)) => centre::add(&args, output),
        Verb::Centre(CentreVerb::Release(args)) => centre::release(&args, output),
        Verb::Centre(CentreVerb::Expire(args)) => centre::expire(&args, output),
        Verb::Centre(CentreVerb::Verify(args)) => centre::verify(&args, output),
        Verb::Centre(CentreVerb::Backup(args)) => centre::backup::run(&args, output),
        Verb::Centre(CentreVerb::Doctor(args)) => centre::doctor::run(&args, output),
        Verb::Centre(CentreVerb::Populate(args)) => centre::populate::run(&args, output),
        Verb::Centre(CentreVerb::Clock(args)) => centre::clock(&args, output),
        Verb::Centre(CentreVerb::Act(verb)) => centre::act::run(&verb, output),
        #[cfg(feature = "serve")]
        Verb::Centre(CentreVerb::Serve(args)) => centre::serve::run(&args, output),
        #[cfg(feature = "serve")]
        Verb::ServePage(args) => serve_page::run(&args, output),
        Verb::Message(args) => message::run(&args, output),
        Verb::Dissector(args) => dissector::run(&args, output),
        Verb::Vicc(args) => vicc::run(&args, output),
        Verb::Completions { shell } => completions::run(shell, command_line::said(Cli::command()), output),
        Verb::Manual(args) => manual::run(&args, Cli::command(), output),
        Verb::Card(CardVerb::New(args)) => card_new::run(&args, output),
        Verb::Card(CardVerb::Psam(args)) => card_psam::run(&args, output),
        Verb::Card(CardVerb::Send(args)) => card_send::run(&args, output),
        Verb::Card(CardVerb::Record(args)) => card_record::run(&args, output),
        Verb::Card(CardVerb::Show { file, json }) => card_show::run(&file, json, output),
    })
}
