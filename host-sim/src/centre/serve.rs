//! `qiyong centre serve`: the centre over HTTP until it is told to stop. The log goes to standard error, a line of JSON for
//! each request; what a request contained is in no line.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;

use clap::Args;

use qiyong_http::Limits;

use super::db::Db;
use super::{damaged, open};
use crate::output::{Output, Verdict};

/// Which centre, and where.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    db: Db,
    /// Where to listen, such as 127.0.0.1:8080; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    http: SocketAddr,
    /// Allow a database with the published test keys, which protect nothing
    #[arg(long)]
    test_keys: bool,
    /// How many requests a minute a token may make
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().per_minute)]
    rate: NonZeroU32,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| error.to_string())?.next();
    found.ok_or_else(|| "has no address".into())
}

/// Serves until it is told to stop: exit 0 then, 2 when it cannot start.
pub(crate) fn run(args: &ServeArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = args.db.place()?;
    let centre = open(&place)?;
    // A server reads the file for months; whether it is sound is not left to chance.
    centre.look_through().map_err(|error| damaged(&place, error))?;
    if centre.hsm().has_test_keys() && !args.test_keys {
        return Err(format!(
            "{place} has the published test keys, which protect nothing: give --test-keys if that is meant"
        ));
    }
    // A second subscriber would be a fault of this program, and the first one stays.
    let _ = tracing_subscriber::fmt().json().flatten_event(true).with_writer(io::stderr).try_init();
    let defaults = Limits::default();
    let a_tenth = NonZeroU32::new(args.rate.get() / 10).unwrap_or(NonZeroU32::MIN);
    let limits = Limits { per_minute: args.rate, at_once: defaults.at_once.max(a_tenth), ..defaults };
    let ready = |address| output.line(&format!("listening: http://{address}"));
    qiyong_http::run(centre, args.http, limits, ready).map_err(|error| format!("{}: {error}", args.http))?;
    Ok(Verdict::Done)
}
