//! An emulated board whose till is another program: its till line is at a port of this machine or at a pseudo-terminal. What its
//! screen shows and what it logs is printed; PINs are keyed on standard input.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use zeroize::Zeroizing;

use qiyong_lab::emulator::holder::{Asked, Does};
use qiyong_lab::pico::machine::Start;
use qiyong_lab::probe::ScreenText;
use qiyong_lab::till_line::door::{At, Door};
use qiyong_lab::till_line::{Person, serve};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::card::desk::DeskCard;

use super::args::EmulateArgs;
use super::pad::{ask_for, keyed};
use crate::extras::{BoardKind, FirstBoard, PicoBoard};
use crate::output::{Output, Verdict, complain};
use crate::progress::busy;
use crate::rows;

/// What a person sees meanwhile.
const STARTS: &str = "{spinner} starting the board, {elapsed}";

/// What happens, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told<'a> {
    /// Where the till finds the line.
    TillLine(&'a str),
    /// A till has come, or has left.
    Till(bool),
    /// What the screen shows.
    Screen(&'a ScreenText),
    /// What the board logs.
    Log(&'a str),
}

/// Serves tills until it is ended by a signal.
pub(super) fn run(args: &EmulateArgs, line: &str, output: &mut Output) -> Result<Verdict, String> {
    if args.operation.is_some() {
        return Err("with --till-line the till says what is to be done: leave the operation to `qiyong till`".into());
    }
    if args.till_usb && args.board != BoardKind::Pico {
        return Err("this board has no USB port for its till: leave --till-usb out, or take --board pico".into());
    }
    let at = At::parse(line).map_err(|error| format!("--till-line {line}: {error}"))?;
    let card = DeskCard::open(&args.card, complain).map_err(|error| error.to_string())?;
    let card = Rc::new(RefCell::new(ContactCard::new(card.card)));
    let mut door = Door::open(at).map_err(|error| format!("--till-line {line}: {error}"))?;
    let name = door.name().map_err(|error| error.to_string())?;
    let ends = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, ends.clone()).map_err(|error| error.to_string())?;
    }
    let elf = args.elf.as_deref().unwrap_or(args.board.elf());
    let mut holder = Holder { json: args.json, ends, rows: None, output };
    let served = match args.board {
        BoardKind::First => busy(STARTS, || FirstBoard::boot_alone(elf)).and_then(|mut board| {
            holder.tell(&Told::TillLine(&name));
            serve(&mut board, &mut door, &card, &mut holder)
        }),
        BoardKind::Pico => {
            let start = Start { till_usb: args.till_usb, ..Start::default() };
            busy(STARTS, || PicoBoard::boot_alone(elf, start)).and_then(|mut board| {
                holder.tell(&Told::TillLine(&name));
                serve(&mut board, &mut door, &card, &mut holder)
            })
        }
    };
    served.map_err(|error| error.to_string())?;
    Ok(Verdict::Done)
}

/// Whoever sits in front of the board.
struct Holder<'o> {
    json: bool,
    ends: Arc<AtomicBool>,
    /// The rows that are keyed, once they are asked for.
    rows: Option<Receiver<Zeroizing<String>>>,
    output: &'o mut Output,
}

impl Holder<'_> {
    fn tell(&mut self, told: &Told<'_>) {
        if self.json {
            self.output.json_line(told);
            return;
        }
        self.output.line(&match told {
            Told::TillLine(name) => format!("till line {name}"),
            Told::Till(true) => "till    has come".into(),
            Told::Till(false) => "till    has left".into(),
            Told::Screen(text) => format!("screen  {}", text.in_one_line()),
            Told::Log(row) => format!("log     {row}"),
        });
    }
}

impl Person for Holder<'_> {
    fn sees(&mut self, screen: &ScreenText) {
        self.tell(&Told::Screen(screen));
    }

    fn reads(&mut self, row: &str) {
        self.tell(&Told::Log(row));
    }

    fn line(&mut self, is_open: bool) {
        self.tell(&Told::Till(is_open));
    }

    fn pin(&mut self, asked: Asked, first: bool) -> Option<Does> {
        if first {
            ask_for(asked);
        }
        match self.rows.get_or_insert_with(read_rows).try_recv() {
            Ok(row) => Some(keyed(&row)),
            Err(TryRecvError::Empty) => None,
            // At the end of the input.
            Err(TryRecvError::Disconnected) => Some(Does::Cancels),
        }
    }

    fn goes_on(&mut self) -> bool {
        !self.ends.load(Ordering::SeqCst)
    }
}

/// Reads rows beside the board, whose till must not wait for the holder. It ends with the input, or with this program.
fn read_rows() -> Receiver<Zeroizing<String>> {
    let (to, rows) = channel();
    thread::spawn(move || {
        while let Ok(Some(row)) = rows::next() {
            if to.send(row).is_err() {
                return;
            }
        }
    });
    rows
}
