//! `qiyong attach`: watches the image on a board, by its log, screen, stack, pins and counters.

use clap::Args;

use crate::output::{Output, Verdict};
use crate::probe::Which;

/// What to watch.
#[derive(Args, Debug)]
pub(crate) struct AttachArgs {
    /// Image, chip, probe
    #[command(flatten)]
    pub(crate) which: Which,
    /// Start the image anew, so that its log is seen from the beginning
    #[arg(long)]
    pub(crate) reset: bool,
    /// Look once, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Take an emulated board in place of one behind a probe: the image waits for a card that nobody brings, is looked at once, and ended
    #[arg(long, conflicts_with_all = ["chip", "probe", "reset", "once"])]
    pub(crate) emulated: bool,
    /// Print a JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Until it is interrupted: exit 0, or 2 when there is nothing to watch.
#[cfg(not(feature = "probe"))]
pub(crate) fn run(_: &AttachArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::probe::NOT_BUILT_IN.into())
}

#[cfg(all(test, feature = "probe"))]
pub(crate) use with_probe::Line;
#[cfg(feature = "probe")]
pub(crate) use with_probe::run;

#[cfg(feature = "probe")]
mod with_probe {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use serde::Serialize;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;

    use qiyong_lab::probe::job::Job;
    use qiyong_lab::probe::watch::{self, Seen};
    use qiyong_lab::probe::{Counters, DebugProbe, ScreenText, SlotPins};

    use super::{AttachArgs, Output, Verdict};
    use crate::progress::busy;
    use crate::system::Refused;

    /// What was seen, for programs.
    #[derive(Serialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    #[serde(rename_all = "kebab-case")]
    pub(crate) enum Line<'a> {
        /// What the board logs.
        Log(&'a str),
        /// What the screen shows.
        Screen(&'a ScreenText),
        /// How the board was at the end.
        End {
            /// The most stack that was used, in bytes.
            stack: usize,
            /// How many bytes there are for it.
            stack_of: usize,
            /// The levels of the card slot's pins.
            slot: SlotPins,
            /// The numbers in the terminal's memory; null if it cannot be read.
            counters: Option<Counters>,
        },
    }

    /// Until it is interrupted: exit 0, or 2 when there is nothing to watch.
    pub(crate) fn run(args: &AttachArgs, output: &mut Output) -> Result<Verdict, String> {
        let job = args.which.job()?;
        let elf = args.which.elf.display();
        if let Some(misfit) = job.misfits().first() {
            return Err(format!("{elf}: {misfit}"));
        }
        if args.emulated {
            return emulated(args, job, output);
        }
        let stop = stopped_by_signals().map_err(Refused::Signals)?;
        let mut board = args.which.connect(&job)?;
        has_image(&mut board, &job, args)?;
        if args.reset {
            board.reset().map_err(|error| error.to_string())?;
        }
        let mut tell = |seen| tell(&seen, args.json, output);
        watch::watch(&mut board, job.image, args.once, &stop, &mut tell).map_err(|error| error.to_string())?;
        Ok(Verdict::Done)
    }

    /// The same of a board in the emulator, whose time passes only when it is told: there is nothing more to see in the next look.
    #[cfg(boards)]
    fn emulated(args: &AttachArgs, mut job: Job, output: &mut Output) -> Result<Verdict, String> {
        let start = || crate::emulate::nobody::board(&args.which.elf);
        let mut machine = busy("{spinner} starting the board, {elapsed}", start)?;
        has_image(machine.probe(), &job, args)?;
        // What is kept is in RAM there.
        job.image.flash_storage = job.image.storage;
        // What was logged until now has been fetched.
        let log: Vec<_> = machine.log().to_vec();
        let mut tell = |seen| tell(&seen, args.json, output);
        if log.into_iter().all(|line| tell(Seen::Log(line))) {
            let looked = watch::watch(machine.probe(), job.image, true, &AtomicBool::new(false), &mut tell);
            looked.map_err(|error| error.to_string())?;
        }
        Ok(Verdict::Done)
    }

    #[cfg(not(boards))]
    fn emulated(_: &AttachArgs, _: Job, _: &mut Output) -> Result<Verdict, String> {
        Err(crate::extras::NO_BOARDS.into())
    }

    /// The board runs the image that is meant.
    fn has_image<P: DebugProbe>(board: &mut P, job: &Job, args: &AttachArgs) -> Result<(), String> {
        let compare = || watch::difference(board, &job.segments);
        let differs = busy("{spinner} comparing the image with the flash, {elapsed}", compare);
        if let Some(at) = differs.map_err(|error| error.to_string())? {
            let elf = args.which.elf.display();
            return Err(format!(
                "the board runs another image than {elf}, flash differs from {at:#010x} on: `qiyong flash`, or name its \
             ELF with --elf"
            ));
        }
        Ok(())
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
            Seen::Screen(screen) if json => output.json_line(&Line::Screen(screen)),
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
                Some(Counters { next_stan, reversal_due, confirmation_due, parked, starts, crashes }) => {
                    let reversal = if *reversal_due { ", a reversal is due" } else { "" };
                    let confirmation = if *confirmation_due { ", a confirmation is due" } else { "" };
                    let parked = if *parked > 0 { format!(", {parked} parked") } else { String::new() };
                    let due = format!("{reversal}{confirmation}{parked}");
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
}
