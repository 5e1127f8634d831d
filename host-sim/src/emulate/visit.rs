//! The visit at an emulated board: its card, centre and holder, and the result.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use qiyong::in_process::InProcess;
use qiyong_centre::{Centre, test_mac_key};
use qiyong_firmware::terminal::CauseCode;
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_lab::board::Board;
use qiyong_lab::emulator::EmulatorError;
use qiyong_lab::emulator::holder::{Does, Moment};
use qiyong_lab::emulator::machine::Machine;
use qiyong_lab::pico::machine::{CLK_HZ, Machine as Pico, RIGHT_TO_NS, Wire};
use qiyong_lab::probe::{ScreenText, picture};
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::Ended;
use qiyong_protocol::rules::decision::{Institution, Operation};
use qiyong_protocol::rules::money::Fen;
use qiyong_sim::capture::vcd_of_pins;
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::private_file;
use qiyong_sim::serial::ended::report;
use qiyong_sim::serial::setup::Setup;
use qiyong_sim::visit_told::VisitTold;

use super::args::{EmulateArgs, WireArg};
use super::pad::{ask_for, keyed};
use crate::centre;
use crate::extras::BoardKind;
use crate::output::{Output, Verdict, complain};
use crate::progress::{Progress, busy};
use crate::reach::Reached;
use crate::rows;
use crate::system::Refused;
use crate::terminal::{Desk, Task, at};

/// The balance of a card's account if the centre is in memory.
const ACCOUNT: Fen = Fen(50_000);
/// The name of the only terminal.
pub(super) const TERMINAL: TerminalId = TerminalId(*b"00000001");

/// The result, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Told<'a> {
    /// How it ended; the statuses are what the centre has told the terminal.
    #[serde(flatten)]
    end: VisitTold,
    /// How many characters passed on the card line, in both directions.
    characters: usize,
    /// The most stack that was used, in bytes.
    stack: usize,
    /// What the screen has shown, one after the other.
    screens: &'a [ScreenText],
    /// What the board has logged, row by row.
    log: &'a [String],
}

/// The picture on a board's screen.
type Picture<B> = fn(&mut B) -> Result<Framebuffer, EmulatorError>;

/// The levels at a board's contacts, as a VCD.
type Waveform<B> = fn(&B) -> std::io::Result<Vec<u8>>;

/// What not every board has.
struct Own<B> {
    picture: Option<Picture<B>>,
    /// Before the visit: has the contacts watched, and breaks a wire.
    prepare: fn(&mut B, &EmulateArgs),
    /// After it.
    waveform: Option<Waveform<B>>,
}

/// Plays the visit and tells how it ended: exit 0 approved, 1 not approved, 2 when it could not be played.
pub(crate) fn run(args: &EmulateArgs, output: &mut Output) -> Result<Verdict, String> {
    match args.board {
        BoardKind::First if args.waveform.is_some() || args.broken.is_some() => Err(
            "the card line of the emulated B-L475E-IOT01A carries whole bytes, without levels to show and wires to break: take --board pico for both; `qiyong scenario run --capture FOLDER` has the waveform of a simulated terminal"
                .into(),
        ),
        BoardKind::First => {
            let own = Own { picture: Some(Machine::picture as Picture<Machine>), prepare: |_, _| {}, waveform: None };
            run_on(args, &own, output)
        }
        BoardKind::Pico if args.screen.is_some() => {
            Err("the Pico draws no picture of its screens, which are in its log: leave --screen out".into())
        }
        BoardKind::Pico => {
            let own = Own { picture: None, prepare: prepare_pico, waveform: Some(waveform_of_pico) };
            run_on::<Pico>(args, &own, output)
        }
    }
}

fn prepare_pico(board: &mut Pico, args: &EmulateArgs) {
    if args.waveform.is_some() {
        board.watch();
    }
    if let Some(wire) = args.broken {
        board.breaks(match wire {
            WireArg::Vcc => Wire::Vcc,
            WireArg::Rst => Wire::Rst,
            WireArg::Clk => Wire::Clk,
            WireArg::Io => Wire::Io,
        });
    }
}

fn waveform_of_pico(board: &Pico) -> std::io::Result<Vec<u8>> {
    vcd_of_pins(&board.edges(), CLK_HZ, RIGHT_TO_NS)
}

fn run_on<B: Board>(args: &EmulateArgs, own: &Own<B>, output: &mut Output) -> Result<Verdict, String> {
    let Some(operation) = &args.operation else {
        return Err(
            "what is to be done? Give an operation, such as `purchase 35.80`, or --till-line for a till of its own"
                .into(),
        );
    };
    let Task::Serve(operation) = operation.task(args.institution, &mut Desk::new(args.json))? else {
        return Err("an emulated board serves a holder: choose another operation, sign-off and echo are words of `qiyong terminal`".into());
    };
    let card = DeskCard::open(&args.card, complain).map_err(|error| error.to_string())?;
    let mut centre = open_centre(args)?;
    // The board's flash is blank at each start: it begins anew, in a batch of its own, where that can be had.
    centre.release(args.institution, TERMINAL)?;
    let setup = Setup { institution: args.institution, terminal: TERMINAL, key: test_mac_key(), next_stan: Stan(1) };
    let elf = args.elf.as_deref().unwrap_or(args.board.elf());
    let boot = || B::boot_at(elf, setup, Duration::ZERO);
    let mut machine = busy("{spinner} starting the board, {elapsed}", boot).map_err(|error| error.to_string())?;
    // One clock for both, also where that of a test centre was stopped.
    let time = at(centre.now());
    let card = Rc::new(RefCell::new(ContactCard::new(card.card)));
    (own.prepare)(&mut machine, args);
    let sign = Progress::endless("{spinner} the visit goes on, {elapsed}");
    // Nobody keys under a sign that moves.
    let mut asks = |moment: Moment| sign.aside(|| key_pin(moment));
    let ended = machine.insert_shared(card).and_then(|()| machine.serve(&mut centre, &operation, time, &mut asks));
    drop(sign);
    // Also of a visit that came to no end: it is then that somebody wants to see it.
    let saved = match (&args.waveform, own.waveform) {
        (Some(path), Some(waveform)) => {
            let written = waveform(&machine).and_then(|content| private_file::write(path, &content));
            written.map_err(Refused::to_write(path))
        }
        _ => Ok(()),
    };
    let verdict = tell(args, &mut machine, &operation, own.picture, ended, output)?;
    Ok(saved.map(|()| verdict)?)
}

fn tell<B: Board>(
    args: &EmulateArgs,
    machine: &mut B,
    operation: &Operation,
    picture: Option<Picture<B>>,
    ended: Result<Ended, EmulatorError>,
    output: &mut Output,
) -> Result<Verdict, String> {
    if !args.json || ended.is_err() {
        machine.log().iter().for_each(|line| output.line(&format!("log     {line}")));
        machine.course().screens.iter().for_each(|screen| output.line(&format!("screen  {}", screen.in_one_line())));
    }
    let ending = ended.map_err(|error| error.to_string())?;
    let (stack, of) = machine.stack().map_err(|error| error.to_string())?;
    let cause = ending.cause.map(|cause| CauseCode(cause).to_string());
    if args.json {
        output.json_line(&Told {
            end: VisitTold::by_terminal(operation.as_str(), &report(&ending)),
            characters: machine.characters(),
            stack,
            screens: &machine.course().screens,
            log: machine.log(),
        });
    } else {
        let characters = machine.characters();
        output.line(&match (ending.reason, ending.effects.activates) {
            (Some(reason), _) => format!("{}: {}", reason.outcome().as_str(), reason.as_str()),
            (None, true) => "approved: the card was put into use".into(),
            (None, false) => "approved".into(),
        });
        cause.into_iter().for_each(|cause| output.line(&format!("cause   {cause}")));
        output.line(&format!("{characters} characters on the card line, {stack} bytes of the stack of {of} used"));
    }
    // After the report, because the visit has taken place even if its picture cannot be saved.
    if let (Some(path), Some(picture)) = (&args.screen, picture) {
        let picture = picture(machine).map_err(|error| error.to_string())?;
        picture::save(&picture, path).map_err(Refused::to_write(path))?;
    }
    Ok(if ending.reason.is_none() { Verdict::Done } else { Verdict::No })
}

fn open_centre(args: &EmulateArgs) -> Result<Reached, String> {
    let wrong = |error: qiyong_centre::CentreError| error.to_string();
    if let Some(target) = &args.centre {
        return Reached::new(target, test_mac_key());
    }
    // Its clock is the system's, as the board's is.
    let mut centre = InProcess::from(Centre::in_memory().map_err(wrong)?);
    let institution = Institution::of_region(args.institution);
    centre.add_institution(&institution).map_err(wrong)?;
    centre.add_card(&centre::record(Path::new(&args.card), ACCOUNT)?).map_err(wrong)?;
    Ok(Reached::here(centre))
}

fn key_pin(moment: Moment) -> Does {
    let Moment::Pin(asked) = moment else { return Does::Nothing };
    ask_for(asked);
    // Input that cannot be read counts as none.
    let row = rows::next().ok().flatten().unwrap_or_default();
    keyed(&row)
}
