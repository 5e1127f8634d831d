//! `qiyong centre populate`: fictional people for a test centre. A terminal on standard error sees how far it is.

use std::time::Instant;

use clap::Args;
use serde::Serialize;

use qiyong_centre::populate::{PEOPLE_MAX, Populated, Population, SEED_MAX};
use qiyong_protocol::card::codes::Region;

use super::act::area;
use super::db::Db;
use super::{open, region};
use crate::output::{Output, Verdict};
use crate::progress::Progress;

/// Which people.
#[derive(Args, Debug)]
pub(crate) struct PopulateArgs {
    #[command(flatten)]
    db: Db,
    /// How many people there shall be of this seed; those that are there already count
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(PEOPLE_MAX)))]
    people: u32,
    /// Which people: the same seed has the same ones, and two seeds have nobody in common
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=i64::from(SEED_MAX)))]
    seed: u8,
    /// In which area; may be left out where there is one
    #[arg(long, value_name = "CODE", value_parser = region)]
    area: Option<Region>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Who came, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told<'a> {
    /// In which area.
    area: &'a str,
    /// Which people.
    seed: u8,
    /// How many people of this seed there were before.
    before: u32,
    /// How many came.
    people: u32,
    /// How many rows of the database they take.
    rows: u64,
    /// How long it took in real time, in s.
    seconds: f64,
}

/// Exit 0 done, or done before; 2 when this centre takes nobody.
pub(crate) fn run(args: &PopulateArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = args.db.place()?;
    let mut centre = open(&place)?;
    let area = match args.area {
        Some(area) => area,
        None => area(&centre, &place, None)?,
    };
    let population = Population { area, people: args.people, seed: args.seed };
    let begun = Instant::now();
    let progress = Progress::new(args.people.into(), "{wide_bar} {pos}/{len} people, {per_sec}, {eta} left");
    let populated = centre.populate(population, &mut |people| progress.reach(people.into()));
    drop(progress);
    let Populated { before, people, rows } = populated.map_err(|error| error.to_string())?;
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        output.json_line(&Told { area: area.as_str(), seed: args.seed, before, people, rows, seconds });
    } else {
        output.line(&format!("{place}: {people} fictional people came to {area}, with {rows} rows, in {seconds:.1} s"));
        output.line(&format!("{place}: seed {} has {} people now", args.seed, before + people));
    }
    Ok(Verdict::Done)
}
