//! `qiyong scenario run`: plays scenario files.

mod files;
#[cfg(feature = "lab")]
mod junit;
#[cfg(feature = "lab")]
mod picture;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use qiyong::in_process::play;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::scenario::report::FileReport;
use qiyong_sim::scenario::stage::Played;

use crate::dissector::opens;
use crate::extras::{BoardKind, CaptureFolder, play_over_tcp};
use crate::output::{Output, Verdict};
use crate::progress::Progress;
use crate::story::whole::{Words, tell_scenario};

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
    /// Scenario files (TOML), and folders: all files in them that end with .toml, but nothing hidden
    #[arg(required = true, value_name = "FILE|FOLDER")]
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
    /// Tell each visit as `qiyong demo` does: screens, APDUs, messages, what the centre says before and after
    #[arg(long, conflicts_with = "json")]
    story: bool,
    /// Tell each visit, and every character on the card line with its time in etu
    #[arg(long, conflicts_with = "json")]
    trace: bool,
    /// Write the result to FILE in the XML of JUnit, for a build server: a test case a file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write what is printed to FILE as a picture of a terminal (SVG)
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    svg: Option<PathBuf>,
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
    fn bench(&self, files: &[PathBuf]) -> Result<Bench<'_>, String> {
        if self.bench == BenchKind::Simulated && self.board.is_some() {
            return Err("--board goes with --bench emulated".into());
        }
        let board = self.board.unwrap_or_default();
        match (self.bench, &self.elf, &self.capture) {
            (BenchKind::Simulated, None, None) => Ok(Bench::Simulated(None)),
            (BenchKind::Simulated, None, Some(folder)) => {
                let folder = CaptureFolder::new(folder, files).map_err(|error| error.to_string())?;
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
/// played, or a capture, the report or the picture cannot be written.
pub(crate) fn run(args: &RunArgs, output: &mut Output) -> Result<Verdict, String> {
    let files = files::all(&args.files)?;
    let bench = args.bench(&files)?;
    let mut results = Results::new(args.junit.as_deref())?;
    if args.svg.is_some() {
        output.keep();
    }
    let progress = Progress::new(files.len() as u64, "{wide_bar} {pos}/{len} scenarios, {eta} left");
    let mut verdict = Verdict::Done;
    let (mut passed, mut skipped) = (0, 0);
    for path in &files {
        let begun = Instant::now();
        let (report, complaint) = play_file(path, &bench, args, &mut |scenario, played| {
            progress.aside(|| tell_scenario(scenario, played, Words::Theirs, args.trace, output));
        });
        results.add(&report, begun.elapsed());
        match report.passed {
            Some(true) => passed += 1,
            Some(false) => verdict = verdict.max(Verdict::No),
            None => skipped += 1,
        }
        if complaint.is_some() {
            verdict = verdict.max(Verdict::BadInput);
        }
        progress.aside(|| {
            complaint.iter().for_each(|complaint| output.complain(complaint));
            if args.json {
                output.json_line(&report);
            } else {
                tell(&report, output);
            }
        });
        progress.advance(1);
    }
    drop(progress);
    if let Bench::Simulated(Some(folder)) = &bench
        && let Some(first) = files.first()
    {
        let how = format!("capture: {}", opens(&folder.packets(first)));
        output.tell(&how, args.json);
    }
    if !args.json {
        let not_here = if skipped > 0 { format!(", {skipped} not for this bench") } else { String::new() };
        output.line(&format!("{passed} of {} scenarios passed{not_here}", files.len()));
    }
    let written = [results.write(), args.svg.as_deref().map_or(Ok(()), |path| write_picture(path, output.kept()))];
    for problem in written.into_iter().filter_map(Result::err) {
        output.complain(&problem);
        verdict = Verdict::BadInput;
    }
    Ok(verdict)
}

#[cfg(feature = "lab")]
fn write_picture(path: &Path, printed: &str) -> Result<(), String> {
    picture::write(path, printed)
}

#[cfg(not(feature = "lab"))]
fn write_picture(_: &Path, _: &str) -> Result<(), String> {
    Err(crate::extras::NOT_BUILT_IN.into())
}

/// The report for a build server, if one is wanted.
#[cfg(feature = "lab")]
struct Results<'a>(Option<(junit::Junit, &'a Path)>);

#[cfg(feature = "lab")]
impl<'a> Results<'a> {
    fn new(path: Option<&'a Path>) -> Result<Self, String> {
        Ok(Self(path.map(|path| (junit::Junit::new(), path))))
    }

    fn add(&mut self, report: &FileReport, took: Duration) {
        if let Some((junit, _)) = &mut self.0 {
            junit.add(report, took);
        }
    }

    fn write(self) -> Result<(), String> {
        self.0.map_or(Ok(()), |(junit, path)| junit.write(path))
    }
}

/// The same without the feature: there is no report.
#[cfg(not(feature = "lab"))]
struct Results;

#[cfg(not(feature = "lab"))]
impl Results {
    fn new(path: Option<&Path>) -> Result<Self, String> {
        if path.is_some() { Err(crate::extras::NOT_BUILT_IN.into()) } else { Ok(Self) }
    }

    fn add(&mut self, _: &FileReport, _: Duration) {}

    fn write(self) -> Result<(), String> {
        Ok(())
    }
}

/// How a file went, and what else people are told. With `--story`, what was played is told by `story`.
fn play_file(
    path: &Path,
    bench: &Bench<'_>,
    args: &RunArgs,
    story: &mut dyn FnMut(&Scenario, &Played),
) -> (FileReport, Option<String>) {
    let file = path.display().to_string();
    let scenario = match Scenario::load(path) {
        Ok(scenario) => scenario,
        Err(error) => {
            let told = error.to_string();
            return (FileReport::unplayed(file, error.in_file()), Some(told));
        }
    };
    let tcp = args.tcp;
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
            if args.story || args.trace {
                story(&scenario, &played);
            }
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
    for what in report.never_fired.iter().filter(|what| !what.must_fire) {
        output.line(&format!("note  {}", what.sentence()));
    }
}
