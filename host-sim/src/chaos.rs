//! `qiyong chaos`: plays whole worlds drawn from a seed, or one from a file, and says whether what must never break holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use qiyong::worlds::{Failure, Many, Run, play_many, play_plan, smallest};
use qiyong_sim::chaos::draw::Size;
use qiyong_sim::chaos::figures::Figures;
use qiyong_sim::chaos::plan::Plan;
use qiyong_sim::input::read_text;
use qiyong_sim::world::direct::Level;

use crate::output::{Output, Verdict};
use crate::progress::{Progress, busy};
use crate::system::Refused;

/// How many failures are told.
const TOLD: usize = 10;

/// Which worlds, and what is wanted of them.
#[derive(Args, Debug)]
pub(crate) struct ChaosArgs {
    /// What the worlds are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The number of the first world
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u64,
    /// How many worlds
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    worlds: u64,
    /// Terminals in each world
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=200))]
    terminals: u32,
    /// Cards in each world
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=200))]
    cards: u32,
    /// Visits in each world
    #[arg(long, value_name = "COUNT", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// At which level terminals speak to cards: character by character over the line, or apdu by apdu without one
    #[arg(long, value_name = "LEVEL", default_value = "line", value_parser = level)]
    level: Level,
    /// Worlds at once; as many as there are cores, unless said
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Make the first world that fails as small as it can be, and write it to FILE
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Play the world in FILE instead, as `--keep` has written it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "from", "worlds", "terminals", "cards", "steps", "level", "keep"])]
    replay: Option<PathBuf>,
    /// Print what happens, a line an event: in the world in FILE, or in the first that fails
    #[arg(long)]
    film: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn level(word: &str) -> Result<Level, String> {
    let found = Level::WORDS.iter().find(|(known, _)| *known == word).map(|(_, level)| *level);
    found.ok_or_else(|| "must be `line` or `apdu`".into())
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told {
    /// How many worlds were played.
    worlds: u64,
    /// How many steps they had in all.
    steps: u64,
    /// How many messages came to centres.
    messages: u64,
    /// How many sales were approved.
    sales: u64,
    /// How many cards were put into use.
    activations: u64,
    /// What went wrong, by its word: how often.
    faults: BTreeMap<&'static str, u64>,
    /// How often a terminal lost its power.
    power_cuts: u64,
    /// Sales that the centre has undone after three days without a confirmation, though the holder has a receipt.
    expired_unheard: u64,
    /// Sales that a cut kept from being shown to anybody, though the terminal knew the answer; undone after three days, too.
    expired_unshown: u64,
    /// How often a terminal broke a rule of the card line.
    findings: u64,
    /// How long the worlds took in their own time, in s.
    virtual_seconds: u64,
    /// How long it took in real time, in s.
    seconds: f64,
    /// Of all that happened, SHA-256 in hex: the same for the same worlds.
    hash: String,
    /// What must never break, and did.
    failures: Vec<FailureTold>,
}

/// A world in which something broke that must never break.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct FailureTold {
    /// Its number.
    world: u64,
    /// What it was drawn from.
    seed: u64,
    /// What broke.
    invariant: &'static str,
    /// How that was seen.
    what: String,
}

impl From<&Failure> for FailureTold {
    fn from(failure: &Failure) -> Self {
        let Failure { world, plan, broken } = failure;
        Self { world: *world, seed: plan.seed, invariant: broken.invariant.as_str(), what: broken.what.clone() }
    }
}

/// Exit 0: nothing broke; 1: something did; 2: no such file, or the database fails.
pub(crate) fn run(args: &ChaosArgs, output: &mut Output) -> Result<Verdict, String> {
    let begun = Instant::now();
    let (worlds, run) = match &args.replay {
        Some(file) => (1, replay(file, args, output)?),
        None => (args.worlds, many(args, output)?),
    };
    let seconds = begun.elapsed().as_secs_f64();
    if args.json {
        output.json_line(&told(worlds, &run, seconds));
    } else {
        tell(worlds, &run, seconds, output);
    }
    Ok(if run.failures.is_empty() { Verdict::Done } else { Verdict::No })
}

fn many(args: &ChaosArgs, output: &mut Output) -> Result<Run, String> {
    let size = Size { terminals: args.terminals, cards: args.cards, steps: args.steps, level: args.level };
    let progress = Progress::new(args.worlds, "{wide_bar} {pos}/{len} worlds, {per_sec}, {eta} left");
    let many = Many { seed: args.seed, from: args.from, worlds: args.worlds, size, threads: args.threads };
    let run = play_many(many, || progress.advance(1)).map_err(|error| error.to_string());
    drop(progress);
    let run = run?;
    let Some(first) = run.failures.first() else { return Ok(run) };
    if args.film && args.keep.is_none() {
        film(&first.plan, output)?;
    }
    if let Some(file) = &args.keep {
        let shrinks = || smallest(first.plan.clone(), first.broken.invariant);
        let (plan, runs) = busy("{spinner} making the world smaller, {elapsed}", shrinks);
        if args.film {
            film(&plan, output)?;
        }
        fs::write(file, plan.text()).map_err(Refused::to_write(file))?;
        let (file, steps, of) = (file.display(), plan.steps.len(), first.plan.steps.len());
        output.complain(&format!("{file}: {steps} of {of} steps are enough for the failure (found in {runs} runs)"));
    }
    Ok(run)
}

fn replay(file: &Path, args: &ChaosArgs, output: &mut Output) -> Result<Run, String> {
    let name = file.display();
    let text = read_text(file)
        .map_err(|error| format!("cannot read {name}: {error}; check that it is there and may be read"))?;
    let plan = Plan::parse(&text).map_err(|error| format!("{name}: {error}"))?;
    if args.film {
        film(&plan, output)?;
    }
    let played = play_plan(&plan, false).map_err(|error| error.to_string())?;
    let failure = played.broken.map(|broken| Failure { world: 0, plan, broken });
    Ok(Run { figures: played.figures, hash: played.hash, failures: failure.into_iter().collect() })
}

fn film(plan: &Plan, output: &mut Output) -> Result<(), String> {
    let played = play_plan(plan, true).map_err(|error| error.to_string())?;
    played.film.iter().for_each(|line| output.line(line));
    Ok(())
}

fn told(worlds: u64, run: &Run, seconds: f64) -> Told {
    let Run { figures, hash, failures } = run;
    let figures = figures.clone();
    let Figures {
        steps,
        messages,
        sales,
        activations,
        faults,
        power_cuts,
        unheard,
        unshown,
        findings,
        seconds: passed,
    } = figures;
    Told {
        worlds,
        steps,
        messages,
        sales,
        activations,
        faults,
        power_cuts,
        expired_unheard: unheard,
        expired_unshown: unshown,
        findings,
        virtual_seconds: passed,
        seconds,
        hash: hex::encode(hash),
        failures: failures.iter().map(FailureTold::from).collect(),
    }
}

fn tell(worlds: u64, run: &Run, seconds: f64, output: &mut Output) {
    let Told {
        steps,
        messages,
        sales,
        activations,
        faults,
        power_cuts,
        expired_unheard,
        expired_unshown,
        virtual_seconds,
        hash,
        ..
    } = told(worlds, run, seconds);
    let faults: Vec<_> = faults.iter().map(|(word, count)| format!("{word} {count}")).collect();
    output.line(&format!(
        "{worlds} worlds, {steps} steps, {messages} messages, {sales} sales, {activations} activations"
    ));
    output.line(&format!("what went wrong: {}", faults.join(", ")));
    output.line(&format!(
        "{power_cuts} power cuts; undone after 72 h: {expired_unheard} sales with a receipt and without a confirmation, \
         {expired_unshown} that were cut before anybody saw them"
    ));
    let (per_second, days) = (activations as f64 / seconds, virtual_seconds / 86_400);
    output.line(&format!("{days} days of the worlds in {seconds:.1} s, {per_second:.0} activations a second"));
    output.line(&format!("hash {hash}"));
    for FailureTold { world, seed, invariant, what } in run.failures.iter().take(TOLD).map(FailureTold::from) {
        output.line(&format!("FAIL  world {world} (seed {seed}): {invariant}: {what}"));
    }
    output.line(&format!("{} of {worlds} worlds broke an invariant", run.failures.len()));
}
