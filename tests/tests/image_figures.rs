//! The figures of the flashable image that only a run shows: how much of its stack it uses, and how many instructions
//! an activation takes. They are printed with their bounds. `cargo xtask test` runs this file among the tests, `cargo
//! xtask bench` with the benchmarks (`--json`). `cargo xtask size` measures flash and RAM by module.
//!
//! QEMU counts instructions ([`Machine::boot_counted`]). Time passes only when the probe says so, so that the count of a
//! visit is the same in each run: the spread is shown, and must be zero. Where the chip's own clock would tick a
//! thousand times a second, no tick is counted here but those for which the image waits.
//!
//! Of the Pico's image rp2040js counts cycles: those in which the core does not sleep.

use std::cell::RefCell;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use object::{Object, ObjectSection};
use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::test_mac_key;
use qiyong_lab::board::Board;
use qiyong_lab::emulator::EmulatorError;
use qiyong_lab::emulator::holder::{Asked, Does, Moment};
use qiyong_lab::emulator::machine::Machine;
use qiyong_lab::pico::machine::{Bus, Machine as Pico, Start};
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_tests::bench::{Row, report};
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::{image, pico_image, sample_card};

/// How often each visit is played.
const RUNS: usize = 2;
/// The most RAM that statics and the used part of the stack may take, in bytes.
const RAM_BOUND: f64 = 20_480.0;
/// The most instructions that an activation may take: 0.38 s at 16 MHz and two cycles per instruction, in a visit in
/// which the holder keys three PINs. The terminal has signed in before.
const INSTRUCTIONS_BOUND: f64 = 3.0e6;
/// The most RAM of the Pico's image, in bytes, and the most cycles of its core that an activation may take: 0.12 s at 125 MHz.
const PICO_RAM_BOUND: f64 = 163_840.0;
const PICO_CYCLES_BOUND: f64 = 15.0e6;
/// Where RAM begins on every Cortex-M (ARMv7-M, B3.1).
const RAM_START: u64 = 0x2000_0000;

/// The figures of one visit.
struct Visit {
    instructions: f64,
    stack: f64,
}

fn main() -> ExitCode {
    let over = |protocol: &u8| {
        let new = NewCard { protocol: *protocol, convention: Convention::Direct, ..sample_card(Generation::V3) };
        let boot = |setup: &Setup| Machine::boot_counted(&image(), setup.clone());
        let played = || visit(&new, boot, Machine::instructions).expect("the image serves a holder");
        (0..RUNS).map(|_| played()).collect()
    };
    let [t0, t1]: [Vec<_>; 2] = in_parallel(&[0, 1], over).try_into().ok().expect("two");
    let all = || t0.iter().chain(&t1);
    let stack = all().map(|visit| visit.stack).fold(0.0, f64::max);
    let figure = |name, value, unit| Row { unit, ..Row::ns(name, value) };
    let with_panel = Start { bus: Bus::Panel, ..Start::default() };
    let pico = in_parallel(&[0, 1], |protocol| {
        let new = NewCard { protocol: *protocol, convention: Convention::Direct, ..sample_card(Generation::V3) };
        let boot = |setup: &Setup| Pico::boot_as(&pico_image(false), with_panel, setup);
        visit(&new, boot, Pico::worked).expect("the image serves a holder")
    });
    let pico_stack = pico.iter().map(|visit| visit.stack).fold(0.0, f64::max);
    report::print(&[
        figure("image: stack, high-water mark", stack, "bytes"),
        figure("image: RAM of statics and used stack", statics(&image()) + stack, "bytes").at_most(RAM_BOUND),
        figure("image: instructions of an activation, T=0", least(&t0), "").at_most(INSTRUCTIONS_BOUND),
        figure("image: instructions of an activation, T=1", least(&t1), "").at_most(INSTRUCTIONS_BOUND),
        figure("Pico: stack, high-water mark", pico_stack, "bytes"),
        figure("Pico: RAM of statics and used stack", statics(&pico_image(false)) + pico_stack, "bytes")
            .at_most(PICO_RAM_BOUND),
        figure("Pico: cycles of an activation, T=0", pico[0].instructions, "").at_most(PICO_CYCLES_BOUND),
        figure("Pico: cycles of an activation, T=1", pico[1].instructions, "").at_most(PICO_CYCLES_BOUND),
        figure("image: spread of these counts", spread(&t0).max(spread(&t1)), "%").at_most(0.0),
    ])
}

fn least(visits: &[Visit]) -> f64 {
    visits.iter().map(|visit| visit.instructions).fold(f64::INFINITY, f64::min)
}

fn spread(visits: &[Visit]) -> f64 {
    let most = visits.iter().map(|visit| visit.instructions).fold(0.0, f64::max);
    (most / least(visits) - 1.0) * 100.0
}

/// A pharmacy puts a card of the third generation into use; the holder replaces the initial PIN.
fn visit<B: Board>(
    new: &NewCard,
    boot: impl Fn(&Setup) -> Result<B, EmulatorError>,
    count: impl Fn(&mut B) -> Result<u64, EmulatorError>,
) -> Result<Visit, Box<dyn Error>> {
    let institution = InstitutionCode::new("P32010000017").expect("a code");
    let mut centre = InProcess::new()?;
    centre.add_institution(&Institution::of_region(institution))?;
    let record = record_of(new, centre.hsm()).expect("a card that can be made");
    centre.add_card(&CardRecord { account: Fen(10_000), ..record })?;
    let card = ContactCard::new(make_card(new, centre.hsm()).expect("a card that can be made"));

    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(1) };
    let mut machine = boot(&setup)?;
    machine.insert_shared(Rc::new(RefCell::new(card)))?;
    let mut holder = |moment| match moment {
        Moment::Pin(Asked::Present) => Does::Keys("123456".to_string().into()),
        Moment::Pin(Asked::New | Asked::NewAgain) => Does::Keys("271828".to_string().into()),
        Moment::Card | Moment::Transaction => Does::Nothing,
    };
    let purchase = Operation::Purchase(Bill::new(Fen(1250), Fen(0)).expect("a bill"));
    let time = Timestamp { date: Date::new(2026, 11, 1).expect("a day"), hour: 9, minute: 30, second: 0 };
    // The first visit after a start signs in at the centre; an activation is one of the many after it.
    let asked = machine.serve(&mut centre, &Operation::Query, time, &mut holder)?;
    assert!(asked.reason.is_none(), "{asked:?}");
    let before = count(&mut machine)?;
    let ended = machine.serve(&mut centre, &purchase, time, &mut holder)?;
    assert!(ended.reason.is_none() && ended.effects.activates && ended.pin_changed, "{ended:?}");
    let instructions = (count(&mut machine)? - before) as f64;
    let (stack, _) = machine.stack()?;
    Ok(Visit { instructions, stack: stack as f64 })
}

/// The bytes of all statics.
fn statics(image: &Path) -> f64 {
    let bytes = fs::read(image).expect("the image");
    let elf = object::File::parse(bytes.as_slice()).expect("an ELF file");
    elf.sections().filter(|section| section.address() >= RAM_START).map(|section| section.size() as f64).sum()
}
