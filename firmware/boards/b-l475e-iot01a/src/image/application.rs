//! The application on the board: the terminal with this board's parts, served by till and centre.

use core::marker::PhantomData;

use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use qiyong_board_support::recall::recall;
use qiyong_board_support::till_clock::TillClock;
use qiyong_board_support::transport;
use qiyong_firmware::application::obey;
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::Job;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{AtTerminal, Board, Parts, Terminal};
use qiyong_protocol::ecr::{KeyLoad, Place};
use static_cell::StaticCell;

use super::storage::Region;
use super::till::{self, BoardLink};
use super::{card_line, chip, crash, desk, random, time, watchdog};

/// This board: which types its terminal is made of.
struct Iot01a<'a>(PhantomData<&'a ()>);

impl<'a> Board for Iot01a<'a> {
    type Slot = ContactSlot<card_line::Line>;
    type Centre = &'a BoardLink;
    type Operator = desk::Desk<'a>;
    type Clock = TillClock<'a>;
    type Random = random::Random;
    type Memory = &'a mut Store<Region>;
    type Pins = AtTerminal;
}

static LINK: StaticCell<BoardLink> = StaticCell::new();
/// Not among the task's variables: there it would lie once as an argument of each function that it goes through.
static MEMORY: StaticCell<Store<Region>> = StaticCell::new();

/// Recalls what is kept, and starts the application's task. Never inlined: so the stack is free of its locals while holders are
/// served.
#[inline(never)]
pub(crate) fn start(spawner: Spawner) {
    let memory = MEMORY.init(recall(Region::new(), crash::last()));
    let link = LINK.init(BoardLink::new(till::port(), transport::key(), memory.state(chip::serial_number())));
    link.install(memory.keyring(), memory.policy());
    match run(link, memory) {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("the application cannot start twice"),
    }
}

/// The application, and what listens for the till.
#[embassy_executor::task]
async fn run(link: &'static BoardLink, memory: &'static mut Store<Region>) {
    let clock = WallClock::new();
    let clock = TillClock { wall: &clock, now_s: time::now_s };
    let listen = link.listen(|time| clock.set(time));
    match select(listen, serve(link, clock, memory)).await {
        Either::First(never) | Either::Second(never) => never,
    }
}

/// Does what the till commands, one after the other.
async fn serve<'a>(link: &'a BoardLink, clock: TillClock<'a>, memory: &'a mut Store<Region>) -> ! {
    let settings = memory.settings();
    let parts = Parts::<Iot01a<'a>> {
        slot: ContactSlot::new(card_line::line(), SlotConfig::default()),
        centre: link,
        operator: desk::Desk::new(link),
        clock,
        random: random::Random,
        memory,
    };
    let mut application = Terminal::of(parts, settings);
    loop {
        // For a job the terminal may wait for ever.
        watchdog::set_idle(time::now(), true);
        let report = obey(link, &mut application, note).await;
        if let Some(error) = application.memory().trouble() {
            defmt::error!("not kept: {}", error);
        }
        match report.map(|report| (report.reason, report.cause, report.effects.activates)) {
            None => {}
            Some((None, _, activates)) => defmt::info!("approved, activated: {=bool}", activates),
            Some((Some(reason), None, _)) => defmt::warn!("{}", reason),
            Some((Some(reason), Some(cause), _)) => defmt::warn!("{}, cause {}", reason, cause),
        }
    }
}

/// A job has come: logs it, and from now on the terminal has to get on.
fn note(job: &Job) {
    watchdog::set_idle(time::now(), false);
    match job {
        Job::Setup(Place { institution, terminal, .. }) | Job::LoadKey(KeyLoad { institution, terminal, .. }) => {
            defmt::info!("terminal {=[u8]:a} at {=[u8]:a}", terminal.0, *institution.as_bytes());
        }
        Job::Serve(operation) => defmt::info!("serving: {=str}", operation.as_str()),
        Job::Attend(what) => defmt::info!("attending: {=str}", what.as_str()),
    }
}
