//! `qiyong vicc`: a virtual card in the virtual reader (vpcd) of a real pcscd.

use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use qiyong_pcsc::slot::{Observer, Watched};
use qiyong_pcsc::vicc;

use crate::output::{Output, Verdict};
use crate::pcscd::{SlotArgs, open_for};
use crate::pcscd_watch::WatchArgs;
use crate::system::Refused;

/// Which card goes where.
#[derive(Args, Debug)]
pub(crate) struct ViccArgs {
    /// Where vpcd listens
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:35963")]
    connect: String,
    /// The card's file
    #[arg(long, value_name = "FILE")]
    card: PathBuf,
    /// Put the card on an antenna: vpcd is then a reader without contacts
    #[arg(long)]
    contactless: bool,
    #[command(flatten)]
    slot: SlotArgs,
    #[command(flatten)]
    watch: WatchArgs,
}

/// Runs the verb until it is told to stop: exit 0 then, 2 when it cannot start.
pub(crate) fn run(args: &ViccArgs, output: &mut Output) -> Result<Verdict, String> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(Refused::Signals)?;
    // The name is looked up at each try; but an error in it must be reported now.
    args.connect.to_socket_addrs().map_err(|error| format!("--connect {}: {error}", args.connect))?;
    let mut slot = args.slot.open(args.contactless)?;
    let card = open_for(slot.as_ref(), &args.card)?;
    let watch = args.watch.watch()?;
    // What vpcd does is told among the rows, in their order.
    let teller = watch.as_ref().and_then(|watch| watch.teller()).cloned().unwrap_or_default();
    teller.begin()?;
    if let Some(watch) = &watch {
        slot = Box::new(Watched::new(slot, Arc::clone(watch) as Arc<dyn Observer>, &args.connect, 0));
    }
    slot.insert(card);
    let (address, told) = (args.connect.clone(), Arc::clone(&teller));
    let serve = move || {
        vicc::serve(&address, slot.as_mut(), &mut |line| told.row(String::new(), line.into()));
    };
    thread::Builder::new().name("vicc".into()).spawn(serve).map_err(Refused::Threads)?;
    // Whichever signal comes first. Nothing is left to be done with the card: its file is in step after every command.
    let _ = signals.forever().next();
    watch.iter().for_each(|watch| watch.end(output));
    // Without a trace it is nobody else's; with one it has ended, and does so once.
    teller.end(output);
    Ok(Verdict::Done)
}
