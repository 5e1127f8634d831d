//! `qiyong pcscd`: runs a private PC/SC server until it is told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use qiyong_pcsc::ReaderName;
use qiyong_pcsc::server::{NewReader, READERS_MAX, Server, Setup, StartError};
use qiyong_pcsc::slot::{Observer, Slot, Way};
use qiyong_sim::card::desk::{DeskCard, same_file};

use crate::output::{Output, Verdict, complain};
use crate::pcscd_watch::WatchArgs;
use crate::system::Refused;

/// What server to run.
#[derive(Args, Debug)]
pub(crate) struct DaemonArgs {
    /// Where to listen; programs find it by PCSCLITE_CSOCK_NAME
    #[arg(long, required = true)]
    socket: Option<PathBuf>,
    /// A card file; each one gets a reader with this card in it
    #[arg(long = "card", value_name = "FILE")]
    cards: Vec<PathBuf>,
    /// Readers without a card, after those with one
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    empty: u8,
    /// A card file; each one gets a reader without contacts, on which this card lies, after all other readers
    #[arg(long, value_name = "FILE")]
    contactless: Vec<PathBuf>,
    /// Readers without contacts and without a card, after all other readers
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    empty_contactless: u8,
    /// A reader's name, at most 127 bytes in UTF-8: the first one for the first reader, and so on. Readers without one are named as
    /// pcscd names them
    #[arg(long = "reader-name", value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    watch: WatchArgs,
    #[command(flatten)]
    slot: SlotArgs,
    /// Give readers a keypad, on which `ctl key` keys a PIN
    #[arg(long)]
    keypad: bool,
}

/// The way from reader to card.
#[derive(Args, Debug)]
pub(crate) struct SlotArgs {
    /// What lies between reader and card
    #[arg(long, value_enum, default_value_t = WayArg::Straight)]
    slot: WayArg,
    /// With --slot line: one character in N arrives with a bit inverted
    #[arg(long, value_name = "N", default_value_t = 0)]
    noise: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WayArg {
    /// Nothing: APDUs go to the virtual card
    Straight,
    /// The firmware's contact slot and the virtual line, T=0 or T=1 as the card says
    Line,
}

impl SlotArgs {
    /// This way.
    fn way(&self) -> Result<Way, String> {
        Ok(match self.slot {
            WayArg::Straight if self.noise > 0 => return Err("--noise is on the line: it goes with --slot line".into()),
            WayArg::Straight => Way::Straight,
            WayArg::Line => Way::Line(self.noise),
        })
    }

    /// A slot at the end of this way, or one without contacts.
    pub(crate) fn open(&self, contactless: bool) -> Result<Box<dyn Slot>, String> {
        self.way()?.open(contactless).map_err(|error| {
            format!("no thread for the card line: {error}; end other programs, or raise their limit (`ulimit -u`)")
        })
    }
}

/// Serves until it is told to stop: exit 0 then, 2 when it cannot start.
pub(crate) fn run(args: &DaemonArgs, output: &mut Output) -> Result<Verdict, String> {
    // Before anything that would have to be cleaned up.
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(Refused::Signals)?;
    let socket = args.socket.as_deref().ok_or("--socket is missing: name the socket where programs find the server")?;
    let socket = std::path::absolute(socket).map_err(|error| format!("--socket {}: {error}", socket.display()))?;
    let names =
        args.names.iter().map(|name| ReaderName::new(name).map_err(|problem| format!("--reader-name: {problem}")));
    let names = names.collect::<Result<_, _>>()?;
    let watch = args.watch.watch()?;
    let observer = watch.clone().map(|watch| -> Arc<dyn Observer> { watch });
    let setup = Setup { names, keypads: args.keypad, way: args.slot.way()?, observer, complain };
    let server = Server::with(&socket, readers(args)?, setup).map_err(|error| error.to_string())?;
    for reader in server.readers() {
        output.as_it_is(&reader);
    }
    output.line(&format!("listening: PCSCLITE_CSOCK_NAME={}", socket.display()));
    watch.as_ref().map_or(Ok(()), |watch| watch.begin())?;
    // Whichever signal comes first.
    let _ = signals.forever().next();
    drop(server);
    watch.iter().for_each(|watch| watch.end(output));
    Ok(Verdict::Done)
}

fn readers(args: &DaemonArgs) -> Result<Vec<NewReader>, String> {
    let (empty, empty_contactless) = (args.empty.into(), args.empty_contactless.into());
    let count = args.cards.len() + empty + args.contactless.len() + empty_contactless;
    if count == 0 {
        return Err("no reader: give a card with --card FILE or --contactless FILE, or --empty 1".into());
    }
    if count > READERS_MAX {
        return Err(StartError::TooManyReaders { count }.to_string());
    }
    let files: Vec<_> = args.cards.iter().chain(&args.contactless).collect();
    for (at, card) in files.iter().enumerate() {
        if files[..at].iter().any(|other| same_file(card, other)) {
            return Err(format!(
                "{} is given twice: leave one out, since a card is in one reader at a time",
                card.display()
            ));
        }
    }
    let with_contacts = args.cards.iter().map(Some).chain(std::iter::repeat_n(None, empty));
    let without = args.contactless.iter().map(Some).chain(std::iter::repeat_n(None, empty_contactless));
    let with_contacts = with_contacts.map(|card| reader(args.slot.open(false)?, card));
    with_contacts.chain(without.map(|card| reader(args.slot.open(true)?, card))).collect()
}

fn reader(slot: Box<dyn Slot>, card: Option<&PathBuf>) -> Result<NewReader, String> {
    let card = card.map(|path| open_for(slot.as_ref(), path)).transpose()?;
    Ok(NewReader { slot, card })
}

/// The card of this file, if it has the slot's interface.
pub(crate) fn open_for(slot: &dyn Slot, path: &Path) -> Result<DeskCard, String> {
    let card = DeskCard::open(path, complain).map_err(|error| error.to_string())?;
    match (slot.takes(&card.card), slot.contactless()) {
        (true, _) => Ok(card),
        (false, true) => Err(format!("{}: this card has no antenna: put it in with --card", path.display())),
        (false, false) => Err(format!("{}: this card has no contacts: put it in with --contactless", path.display())),
    }
}
