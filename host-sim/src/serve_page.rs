//! `qiyong serve-page`: the local service through which pages of hospitals read a card, until it is told to stop. Whether a
//! page may is asked here, on the terminal; what is served, to whom and how is `qiyong-page`'s.

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use clap::Args;
use qiyong_page::consent::{Consent, Consents};
use qiyong_page::door::Door;
use qiyong_page::origin::Origin;
use qiyong_page::{Limits, Plan, Service};
use qiyong_sim::private_file;
use sscarddriver::settings::{Settings, Source};
use tokio::runtime;
use tokio::sync::watch;
use tracing_subscriber::filter::LevelFilter;

use crate::output::{self, Output, Verdict};
use crate::system::Refused;
use crate::{rows, signals};

/// Where consents are kept, below the folder for state.
const CONSENTS: &str = "qiyong/page-consents";

/// To whom, and which cards.
#[derive(Args, Debug)]
pub(crate) struct ServePageArgs {
    /// A page that may ask, by scheme, host and port, such as https://his.example; may be repeated
    #[arg(long, value_name = "ORIGIN", required_unless_present = "sample")]
    origin: Vec<Origin>,
    /// The service's own sample page may ask, too: to try the service without a server
    #[arg(long)]
    sample: bool,
    /// The card in this file
    #[arg(long, value_name = "FILE", conflicts_with = "reader")]
    card: Option<PathBuf>,
    /// The card in the PC/SC reader whose name contains this; `any` is any. Without --card and --reader SSCardDriver.ini says
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// The PIN pad's library, for --card and --reader: libTerminalProtocolKeyboard.so of the pad's vendor
    #[arg(long, value_name = "FILE")]
    keyboard: Option<PathBuf>,
    /// Another port for a protocol (v1, ws-12342, ws-1919, http-8321), such as v1=9000; 0 takes a free one; may be repeated
    #[arg(long, value_name = "PROTOCOL=PORT", value_parser = port)]
    port: Vec<(Door, u16)>,
    /// Do not serve this protocol; may be repeated
    #[arg(long, value_name = "PROTOCOL")]
    without: Vec<Door>,
    /// Consent to the pages of --origin now, instead of being asked here when one of them comes
    #[arg(long)]
    consent: bool,
    /// What goes to standard error, in lines of JSON: trouble, and each page once that is not listed; each request and call, too
    /// (`all`); or nothing (`off`)
    #[arg(long, value_name = "WHICH", default_value = "trouble")]
    log: Log,
    /// Where consents are kept, mode 0600; without it qiyong/page-consents in the folder for state ($XDG_STATE_HOME)
    #[arg(long, value_name = "FILE")]
    consents: Option<PathBuf>,
}

/// What is logged.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Log {
    All,
    Trouble,
    Off,
}

impl Log {
    /// Sends it to standard error, a line of JSON each.
    fn start(self) {
        let level = match self {
            Self::All => LevelFilter::INFO,
            Self::Trouble => LevelFilter::WARN,
            Self::Off => LevelFilter::OFF,
        };
        let log = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(level).with_writer(io::stderr);
        // A second subscriber would be a fault of this program, and the first one stays.
        let _ = log.try_init();
    }
}

fn port(text: &str) -> Result<(Door, u16), String> {
    let (door, port) = text.split_once('=').ok_or("it must be a protocol, = and a port, such as v1=9000")?;
    Ok((door.parse()?, port.parse().map_err(|_| "a port is a number from 0 to 65535")?))
}

impl ServePageArgs {
    fn settings(&self) -> Option<Settings> {
        let file = self.card.clone().map(Source::File);
        let source = file.or_else(|| self.reader.clone().map(Source::Reader))?;
        Some(Settings { source, keyboard: self.keyboard.clone(), ..Settings::default() })
    }

    fn doors(&self) -> Vec<(Door, u16)> {
        let served = Door::ALL.into_iter().filter(|door| !self.without.contains(door));
        let port =
            |door| self.port.iter().rev().find(|(other, _)| *other == door).map_or(door.port(), |(_, port)| *port);
        served.map(|door| (door, port(door))).collect()
    }

    /// The file of consents; `None`: this machine has no folder for state.
    fn file(&self) -> Option<PathBuf> {
        let state = || {
            let named = env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
            named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/state")))
        };
        self.consents.clone().or_else(|| Some(state()?.join(CONSENTS)))
    }
}

/// Runs the verb.
pub(crate) fn run(args: &ServePageArgs, output: &mut Output) -> Result<Verdict, String> {
    if args.keyboard.is_some() && args.settings().is_none() {
        return Err("--keyboard is for --card and --reader: leave it out, SSCardDriver.ini has its own".into());
    }
    let doors = args.doors();
    if doors.is_empty() {
        return Err("--without names every protocol: leave one out".into());
    }
    let (ask, asked) = mpsc::channel();
    let consents = Arc::new(consents(args, ask)?);
    if args.consent {
        for origin in &args.origin {
            consents.answer(origin, true).map_err(|error| error.to_string())?;
        }
    }
    args.log.start();
    let (origins, limits) = (args.origin.clone(), Limits::default());
    let plan = Plan {
        origins,
        sample: args.sample,
        consents: Arc::clone(&consents),
        doors,
        settings: args.settings(),
        limits,
    };
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Refused::Threads)?;
    let verdict = runtime.block_on(async {
        let told = signals::until_told().map_err(Refused::Signals)?;
        let service = Service::bind(plan).await.map_err(|error| {
            let door = error.door;
            format!("{error}; give another one (--port {door}=0 takes a free one), or leave it out (--without {door})")
        })?;
        for (door, address) in service.addresses().map_err(|error| error.to_string())? {
            let scheme = if matches!(door, Door::Named | Door::Typed) { "ws" } else { "http" };
            output.line(&format!("listening: {door} {scheme}://{address}"));
            if args.sample && door == Door::Own {
                output.line(&format!("sample page 示例网页: http://{address}/v1/sample.html"));
            }
        }
        // It waits for a row that may never come: it ends with the program.
        thread::spawn(move || {
            for origin in asked {
                answer(&origin, &consents);
            }
        });
        let (tell, end) = watch::channel(false);
        let told = async {
            told.await;
            tell.send_replace(true);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = service.serve(end) => Ok(Verdict::Done),
            () = told => Ok(Verdict::Done),
        }
    });
    // A call of the library that waits for a pad is not waited for.
    runtime.shutdown_background();
    verdict
}

fn consents(args: &ServePageArgs, ask: Sender<Origin>) -> Result<Consents, String> {
    let ask = Mutex::new(ask);
    let ask = Box::new(move |origin: &Origin| {
        // The other end is there as long as the program.
        let _ = ask.lock().unwrap_or_else(PoisonError::into_inner).send(origin.clone());
    });
    match args.file() {
        Some(file) => Consents::open(file, ask, private_file::write).map_err(|error| error.to_string()),
        None => Ok(Consents::of_this_run(ask)),
    }
}

/// Asks the person at this terminal, and takes the answer down.
fn answer(origin: &Origin, consents: &Consents) {
    let mut output = Output::default();
    output.line(&format!("{origin} wants to read cards on this computer. Allow it? 允许该网页读卡吗？ y/n"));
    let yes = loop {
        match rows::next().ok().flatten().map(|row| row.trim().to_ascii_lowercase()).as_deref() {
            Some("y" | "yes" | "是") => break true,
            Some("n" | "no" | "否") => break false,
            Some(_) => output.line("y or n 请输入y或n"),
            None => {
                output::complain(&format!("{origin}: nobody can be asked here; start with --consent if it may"));
                break false;
            }
        }
    };
    if let Err(error) = consents.answer(origin, yes) {
        output::complain(&error.to_string());
    }
    let said =
        if consents.of(origin) == Consent::Given { "may read cards 已允许" } else { "gets nothing 已拒绝" };
    output.line(&format!("{origin} {said}"));
}
