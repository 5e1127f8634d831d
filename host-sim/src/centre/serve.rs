//! `qiyong centre serve`: the centre over HTTP and, for terminals, ISO 8583 over TCP, until it is told to stop. The log goes to
//! standard error, a line of JSON for each request over HTTP and each connection that was closed for cause; what was said is
//! in no line. The faces share nothing but the database's file: each has it open for itself.

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgGroup, Args};
use tokio::runtime;
use tokio::sync::watch;

use qiyong_centre::{Centre, Place};
use qiyong_iso::due::{DueWork, EVERY};

use super::db::place;
use super::over_http::OverHttp;
use super::{damaged, open, regions};
use crate::live::LiveArgs;
use crate::output::{Output, Verdict};
use crate::signals::until_told;
use crate::system::Refused;

/// Which centre, and where.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("face").required(true).multiple(true).args(["http", "iso"])))]
#[command(group(ArgGroup::new("databases").required(true).args(["db", "regions"])))]
pub(crate) struct ServeArgs {
    /// The centre's database (`qiyong centre init`): a file, or a server's, postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "FILE")]
    db: Option<OsString>,
    /// The file with the keys of a server's database, as for the other verbs
    #[arg(long, value_name = "FILE", requires = "db")]
    keys: Option<PathBuf>,
    /// A table of regions, TOML: several databases, each with the areas that it serves; for terminals, and over HTTP figures alone
    #[arg(long, value_name = "FILE", requires = "iso")]
    regions: Option<PathBuf>,
    /// Where to listen for people and programs, such as 127.0.0.1:8080; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    http: Option<SocketAddr>,
    /// Where to listen for terminals, ISO 8583 over TCP, such as 127.0.0.1:8583; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    iso: Option<SocketAddr>,
    #[command(flatten)]
    live: LiveArgs,
    /// Allow a database with the published test keys, which protect nothing
    #[arg(long)]
    test_keys: bool,
    /// How many requests a minute a token may make
    #[arg(long, value_name = "COUNT", default_value_t = qiyong_http::Limits::default().per_minute)]
    rate: NonZeroU32,
    /// How many terminals may be connected
    #[arg(long, value_name = "COUNT", requires = "iso", default_value_t = qiyong_iso::Limits::default().connections)]
    terminals: u32,
    /// How many of them from one address
    #[arg(long, value_name = "COUNT", requires = "iso", default_value_t = qiyong_iso::Limits::default().per_address)]
    terminals_per_address: u32,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| error.to_string())?.next();
    found.ok_or_else(|| "has no address: write it as HOST:PORT".into())
}

impl ServeArgs {
    fn http_limits(&self) -> qiyong_http::Limits {
        let defaults = qiyong_http::Limits::default();
        let a_tenth = NonZeroU32::new(self.rate.get() / 10).unwrap_or(NonZeroU32::MIN);
        qiyong_http::Limits { per_minute: self.rate, at_once: defaults.at_once.max(a_tenth), ..defaults }
    }

    /// As many terminals as the system has room for; says so if those are fewer than were asked for.
    fn iso_limits(&self, output: &mut Output) -> Result<qiyong_iso::Limits, String> {
        let mut connections = self.terminals;
        if let Err(few) = qiyong_iso::raise(connections).map_err(|error| {
            format!("the limit of open files cannot be raised: {error}; set it beforehand (`ulimit -n`)")
        })? {
            output.complain(&format!("{few} ({})", few.zh()));
            connections = few.room;
        }
        let per_address = self.terminals_per_address;
        Ok(qiyong_iso::Limits { connections, per_address, ..qiyong_iso::Limits::default() })
    }
}

/// Serves until it is told to stop: exit 0 then, 2 when it cannot start.
pub(crate) fn run(args: &ServeArgs, output: &mut Output) -> Result<Verdict, String> {
    let sources = match (&args.db, &args.regions) {
        (Some(db), _) => one(args, db)?,
        (None, Some(table)) => {
            let (front, stations) = regions::stations(regions::read(table)?, args.test_keys, output)?;
            Sources::Several(front, stations)
        }
        (None, None) => return Err("where are the databases? Name one with --db, or a table with --regions".into()),
    };
    // A second subscriber would be a fault of this program, and the first one stays.
    let _ = tracing_subscriber::fmt().json().flatten_event(true).with_writer(io::stderr).try_init();
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Refused::Threads)?;
    // What is due is done where terminals are served.
    let mut due = None;
    let (over_http, iso) = match (sources, args.iso) {
        (Sources::One(_, centre), None) => (OverHttp::Centre(centre), None),
        (Sources::One(place, centre), Some(address)) => {
            let limits = args.iso_limits(output)?;
            // A database's client may block, which it must not where other tasks wait: here none does yet.
            let (decider, refuser) = (open(&place)?, open(&place)?);
            due = Some(DueWork::start(open(&place)?, EVERY).map_err(Refused::Threads)?);
            let _here = runtime.enter();
            let server = qiyong_iso::Server::bind(address, vec![decider], refuser, limits);
            (OverHttp::Centre(centre), Some((address, server.map_err(|error| format!("{address}: {error}"))?)))
        }
        (Sources::Several(..), None) => return Err("--regions serves terminals: give --iso".into()),
        (Sources::Several(front, stations), Some(address)) => {
            let limits = args.iso_limits(output)?;
            due = Some(DueWork::start_regions(regions::due(&front, args.test_keys), EVERY).map_err(Refused::Threads)?);
            let _here = runtime.enter();
            let server = qiyong_iso::Server::bind_regions(address, front.clone(), stations, limits);
            (OverHttp::Regions(front), Some((address, server.map_err(|error| format!("{address}: {error}"))?)))
        }
    };
    let live = args.live.begin()?;
    let iso = match (iso, live.is_wanted()) {
        (Some((address, server)), true) => Some((address, server.heard_by(Arc::new(live)))),
        (None, true) => return Err("--capture is of what terminals say: give --iso".into()),
        (iso, false) => iso,
    };
    // For the same reason it is not left to a task to close what no face needs.
    let http = args.http.zip(Some(over_http));
    runtime.block_on(serve(args, http, iso, due.as_ref(), output))?;
    Ok(Verdict::Done)
}

/// Where the databases are.
enum Sources {
    /// One of them; its centre is for people and programs.
    One(Place, Box<Centre>),
    /// One for each region.
    Several(qiyong_iso::regions::Front, Vec<qiyong_iso::regions::Station<Centre>>),
}

fn one(args: &ServeArgs, db: &OsStr) -> Result<Sources, String> {
    let place = place(db, args.keys.as_deref()).map_err(|error| format!("--db: {error}"))?;
    let centre = open(&place)?;
    // A server reads the file for months; whether it is sound is not left to chance.
    centre.look_through().map_err(|error| damaged(&place, error))?;
    if centre.hsm().has_test_keys() && !args.test_keys {
        return Err(format!(
            "{place} has the published test keys, which protect nothing: give --test-keys if that is meant"
        ));
    }
    Ok(Sources::One(place, Box::new(centre)))
}

/// An address that was asked for, and what is to be there.
type At<S> = (SocketAddr, S);

async fn serve(
    args: &ServeArgs,
    http: Option<At<OverHttp>>,
    iso: Option<At<qiyong_iso::Server>>,
    due: Option<&DueWork>,
    output: &mut Output,
) -> Result<(), String> {
    let told = until_told().map_err(Refused::Signals)?;
    let figures =
        iso.as_ref().map(|(_, server)| server.figures()).into_iter().chain(due.map(DueWork::figures)).collect();
    let http = match http {
        None => None,
        Some((address, over_http)) => {
            let server = over_http.bind(address, args.http_limits(), figures).await;
            Some((address, server.map_err(|error| format!("{address}: {error}"))?))
        }
    };
    let where_is = |address: io::Result<SocketAddr>| address.map_err(|error| error.to_string());
    if let Some((_, server)) = &http {
        output.line(&format!("listening: http://{}", where_is(server.address())?));
    }
    if let Some((_, server)) = &iso {
        output.line(&format!("listening: tcp://{}", where_is(server.address())?));
    }
    let (tell, end) = watch::channel(false);
    let http = async {
        let Some((address, server)) = http else { return Ok(()) };
        server.serve(end.clone()).await.map_err(|error| format!("{address}: {error}"))
    };
    let iso = async {
        let Some((address, server)) = iso else { return Ok(()) };
        server.serve(end.clone()).await.map_err(|error| format!("{address}: {error}"))
    };
    let told = async {
        told.await;
        tracing::info!("told to end");
        tell.send_replace(true);
        // The servers end by themselves.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = async { tokio::try_join!(http, iso) } => ended.map(|_| ()),
        () = told => Ok(()),
    }
}
