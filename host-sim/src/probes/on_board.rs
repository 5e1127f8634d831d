//! What the verbs do, through probe-rs.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::args::{AttachArgs, FlashArgs, Which};
use crate::output::{Output, Verdict};
use qiyong_lab::probe::Counters;
use qiyong_lab::probe::board::{Board, BoardError};
use qiyong_lab::probe::job::{self, Job};
use qiyong_lab::probe::watch::{self, Seen};
use qiyong_lab::probe::{DebugProbe, ScreenText, SlotPins};

/// A probe, for programs.
#[derive(Serialize)]
struct Found {
    name: String,
    /// What `--probe` takes for it.
    selector: String,
    /// Whose kind it is, such as ST-LINK.
    kind: String,
    /// This user may open it.
    allowed: bool,
}

impl From<job::Found> for Found {
    fn from(found: job::Found) -> Self {
        let job::Found { name, selector, kind, allowed } = found;
        Self { name, selector, kind, allowed }
    }
}

/// How flashing, or the check, ended, for programs.
#[derive(Serialize)]
struct Told<'a> {
    chip: &'a str,
    /// How many bytes are loaded.
    bytes: usize,
    fits: bool,
    /// Why it does not.
    misfits: &'a [String],
    flashed: bool,
}

/// What was seen, for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    Log(&'a str),
    Screen { chinese: &'a str, english: &'a str, detail: &'a str },
    End { stack: usize, stack_of: usize, slot: SlotPins, counters: Option<Counters> },
}

pub(super) fn probes(json: bool, output: &mut Output) -> Result<Verdict, String> {
    let found: Vec<_> = job::probes().into_iter().map(Found::from).collect();
    if json {
        output.json_line(&found);
    } else {
        for Found { name, selector, kind, allowed } in &found {
            let hint = if *allowed { "" } else { ", may not be opened by this user" };
            output.line(&format!("{selector}  {name} ({kind}{hint})"));
        }
    }
    if found.is_empty() {
        output.complain(&BoardError::NoProbe.to_string());
        return Ok(Verdict::No);
    }
    Ok(Verdict::Done)
}

fn job(which: &Which) -> Result<Job, String> {
    Job::new(&which.elf, &which.chip).map_err(|error| error.to_string())
}

fn connect(job: &Job, which: &Which) -> Result<Board, String> {
    job.connect(which.probe.as_deref()).map_err(|error| error.to_string())
}

pub(super) fn flash(args: &FlashArgs, output: &mut Output) -> Result<Verdict, String> {
    let job = job(&args.which)?;
    let misfits: Vec<_> = job.misfits().iter().map(ToString::to_string).collect();
    let bytes = job.bytes();
    let fits = misfits.is_empty();
    let flashed = fits && !args.check_only;
    let elf = args.which.elf.display();
    misfits.iter().for_each(|misfit| output.complain(&format!("{elf}: {misfit}")));
    if flashed {
        let mut board = connect(&job, &args.which)?;
        let mut said = "";
        board
            .flash(&job.segments, &mut |step| {
                // Each bank of flash is a round of its own.
                if !args.json && step != said {
                    Output::default().line(step);
                }
                said = if step == "erasing" { "erasing" } else { "" };
            })
            .and_then(|()| board.reset())
            .map_err(|error| error.to_string())?;
    }
    if args.json {
        output.json_line(&Told { chip: &job.chip.name, bytes, fits, misfits: &misfits, flashed });
    } else if fits {
        let done = if flashed { "is flashed and verified, and runs" } else { "fits; nothing was flashed" };
        output.line(&format!("{elf}: {bytes} bytes for {}: {done}", job.chip.name));
    }
    Ok(match (fits, args.check_only) {
        (true, _) => Verdict::Done,
        (false, true) => Verdict::No,
        (false, false) => Verdict::BadInput,
    })
}

pub(super) fn attach(args: &AttachArgs, output: &mut Output) -> Result<Verdict, String> {
    let job = job(&args.which)?;
    let elf = args.which.elf.display();
    if let Some(misfit) = job.misfits().first() {
        return Err(format!("{elf}: {misfit}"));
    }
    let stop = stopped_by_signals().map_err(|error| format!("cannot listen to signals: {error}"))?;
    let mut board = connect(&job, &args.which)?;
    if let Some(at) = watch::difference(&mut board, &job.segments).map_err(|error| error.to_string())? {
        return Err(format!(
            "the board runs another image than {elf}, flash differs from {at:#010x} on: `qiyong flash`, or name its \
             ELF with --elf"
        ));
    }
    if args.reset {
        board.reset().map_err(|error| error.to_string())?;
    }
    let mut tell = |seen| tell(&seen, args.json, output);
    watch::watch(&mut board, job.image, args.once, &stop, &mut tell).map_err(|error| error.to_string())?;
    Ok(Verdict::Done)
}

/// Set by the first signal to end; the second ends the program whatever it does.
fn stopped_by_signals() -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        flag::register_conditional_shutdown(signal, 2, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

fn tell(seen: &Seen, json: bool, output: &mut Output) -> bool {
    let on = |on| if on { "on" } else { "off" };
    let high = |high| if high { "high" } else { "low" };
    match seen {
        Seen::Log(line) if json => output.json_line(&Line::Log(line)),
        Seen::Screen(ScreenText { english, chinese, detail }) if json => {
            output.json_line(&Line::Screen { chinese, english, detail });
        }
        Seen::End { stack: (stack, stack_of), pins, counters } if json => {
            output.json_line(&Line::End { stack: *stack, stack_of: *stack_of, slot: *pins, counters: *counters });
        }
        Seen::Log(line) => output.line(&format!("log     {line}")),
        Seen::Screen(screen) => output.line(&format!("screen  {}", screen.in_one_line())),
        Seen::End { stack: (stack, stack_of), pins: SlotPins { vcc, rst, present }, counters } => {
            let card = if *present { "a card" } else { "no card" };
            output.line(&format!("slot    VCC {}, RST {}, {card}", on(*vcc), high(*rst)));
            output.line(&format!("stack   {stack} bytes of {stack_of} used"));
            output.line(&match counters {
                Some(Counters { next_stan, reversal_due, starts, crashes }) => {
                    let due = if *reversal_due { ", a reversal is due" } else { "" };
                    format!(
                        "memory  next transaction {next_stan:06}{due}; {starts} starts, {crashes} of them after a crash"
                    )
                }
                None => "memory  cannot be read".to_string(),
            });
        }
    }
    !output.has_failed()
}
