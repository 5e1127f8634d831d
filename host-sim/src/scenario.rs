//! `qiyong scenario run`: plays scenario files.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use qiyong::in_process::play;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::report::FileReport;

use crate::dissector::opens;
use crate::extras::{BoardKind, CaptureFolder, play_over_tcp};
use crate::output::{Output, Verdict, aside};

/// Where scenarios are played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum BenchKind {
    /// The terminal's code in this process, a virtual card line, virtual time
    #[default]
    Simulated,
    /// The flashable image on emulated boards
    Emulated,
}

/// What to play, and where.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// Scenario files (TOML)
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where to play them
    #[arg(long, value_enum, default_value_t)]
    bench: BenchKind,
    /// With `--bench emulated`: which board
    #[arg(long, value_enum)]
    board: Option<BoardKind>,
    /// With `--bench emulated`: the image, unless it is where `cargo xtask firmware` puts it
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// Reach each scenario's centre over TCP, by a server and a connection in this process
    #[arg(long)]
    tcp: bool,
    /// Print one JSON object a file
    #[arg(long)]
    json: bool,
    /// Write what happened on the lines to DIR: NAME.vcd (GTKWave; the card's) and NAME.pcapng (Wireshark; the card's, the till's and the
    /// centre's, as `qiyong dissector` reads them) for each file
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
}

/// Where to play, and what else is wanted of it.
enum Bench<'a> {
    Simulated(Option<CaptureFolder>),
    Emulated(BoardKind, &'a Path),
}

impl RunArgs {
    fn bench(&self) -> Result<Bench<'_>, String> {
        if self.bench == BenchKind::Simulated && self.board.is_some() {
            return Err("--board goes with --bench emulated".into());
        }
        let board = self.board.unwrap_or_default();
        match (self.bench, &self.elf, &self.capture) {
            (BenchKind::Simulated, None, None) => Ok(Bench::Simulated(None)),
            (BenchKind::Simulated, None, Some(folder)) => {
                let folder = CaptureFolder::new(folder, &self.files).map_err(|error| error.to_string())?;
                Ok(Bench::Simulated(Some(folder)))
            }
            (BenchKind::Simulated, Some(_), _) => Err("--elf goes with --bench emulated".into()),
            (BenchKind::Emulated, _, Some(_)) => Err("--capture records the simulated card line: leave one of \
                 --capture and --bench emulated out; `qiyong emulate --board pico --waveform FILE` has the waveform of an image"
                .into()),
            (BenchKind::Emulated, elf, None) => Ok(Bench::Emulated(board, elf.as_deref().unwrap_or(board.elf()))),
        }
    }
}

/// Runs the verb: exit 0 when all that are for the bench passed, 1 when one did not, 2 when one is no scenario, could not be
/// played or a capture cannot be written.
pub(crate) fn run(args: &RunArgs, output: &mut Output) -> Result<Verdict, String> {
    let bench = args.bench()?;
    let mut verdict = Verdict::Done;
    let (mut passed, mut skipped) = (0, 0);
    for path in &args.files {
        let (report, complaint) = play_file(path, &bench, args.tcp);
        if let Some(complaint) = complaint {
            output.complain(&complaint);
            verdict = verdict.max(Verdict::BadInput);
        }
        match report.passed {
            Some(true) => passed += 1,
            Some(false) => verdict = verdict.max(Verdict::No),
            None => skipped += 1,
        }
        if args.json {
            output.json_line(&report);
        } else {
            tell(&report, output);
        }
    }
    if let Bench::Simulated(Some(folder)) = &bench
        && let Some(first) = args.files.first()
    {
        let how = format!("capture: {}", opens(&folder.packets(first)));
        // With --json, standard output is for results.
        if args.json { aside(&how) } else { output.line(&how) }
    }
    if !args.json {
        let not_here = if skipped > 0 { format!(", {skipped} not for this bench") } else { String::new() };
        output.line(&format!("{passed} of {} scenarios passed{not_here}", args.files.len()));
    }
    Ok(verdict)
}

/// How a file went, and what else people are told.
fn play_file(path: &Path, bench: &Bench<'_>, tcp: bool) -> (FileReport, Option<String>) {
    let file = path.display().to_string();
    let scenario = match Scenario::load(path) {
        Ok(scenario) => scenario,
        Err(error) => {
            let told = error.to_string();
            return (FileReport::unplayed(file, error.problem.to_string()), Some(told));
        }
    };
    let played = match bench {
        Bench::Emulated(board, _) if let Some(why) = board.refusal(&scenario) => {
            return (FileReport::skipped(file, &scenario, why), None);
        }
        Bench::Emulated(board, elf) => board.play(&scenario, elf, tcp),
        Bench::Simulated(_) if tcp => play_over_tcp(&scenario),
        Bench::Simulated(_) => play(&scenario),
    };
    match played {
        Ok(played) => {
            let written = match bench {
                Bench::Simulated(Some(folder)) => {
                    folder.write(path, scenario.clock, played.steps.iter().flat_map(|step| &step.events))
                }
                _ => Ok(()),
            };
            (FileReport::played(file, &scenario, played), written.err().map(|error| error.to_string()))
        }
        Err(error) => {
            let told = format!("{file}: {error}");
            (FileReport::unplayed(file, error.to_string()), Some(told))
        }
    }
}

/// Tells people the result.
fn tell(report: &FileReport, output: &mut Output) {
    let FileReport { file, title, .. } = report;
    let title = title.as_deref().unwrap_or_default();
    match (report.passed, &report.skipped) {
        (Some(true), _) => output.verdict(Verdict::Done, &format!("ok    {file}: {title} ({} steps)", report.steps())),
        (_, Some(why)) => output.line(&format!("skip  {file}: {title} (not for this bench: {why})")),
        // The error has already been told.
        _ if report.error.is_some() => {}
        _ => {
            output.verdict(Verdict::No, &format!("FAIL  {file}: {title}"));
            report.differences.iter().for_each(|difference| output.line(&format!("      {difference}")));
        }
    }
}
