//! The application on the board: the terminal with this board's parts, served by till and centre.

use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::Job;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Settings, Terminal};
use static_cell::StaticCell;

use super::storage::Region;
use super::till::{self, BoardLink, TillClock};
use super::{card_line, chip, desk, memory, random, watchdog};

static LINK: StaticCell<BoardLink> = StaticCell::new();

/// Recalls what is kept, and starts the application's task. Never inlined: so the stack is free of its locals while holders are
/// served.
#[inline(never)]
pub(crate) fn start(spawner: Spawner) {
    let memory = memory::recall();
    let link = LINK.init(BoardLink::new(till::port(), memory.state(chip::serial_number())));
    match run(link, memory) {
        Ok(task) => spawner.spawn(task),
        Err(_) => defmt::error!("the application cannot start twice"),
    }
}

/// The application, and what listens for the till.
#[embassy_executor::task]
async fn run(link: &'static BoardLink, memory: Store<Region>) {
    let clock = WallClock::new();
    let clock = TillClock(&clock);
    let listen = link.listen(|time| clock.set(time));
    match select(listen, serve(link, clock, memory)).await {
        Either::First(never) | Either::Second(never) => never,
    }
}

/// Does what the till commands, one after the other.
async fn serve(link: &BoardLink, clock: TillClock<'_>, memory: Store<Region>) -> ! {
    let mut setup = loop {
        match job(link).await {
            Job::Setup(setup) => break setup,
            // The link lets none through before that.
            Job::Serve(_) => {}
        }
    };
    let settings = Settings::at(setup.institution, setup.terminal);
    let slot = ContactSlot::new(card_line::line(), SlotConfig::default());
    let desk = desk::Desk::new(link);
    let mut application = Terminal::new(slot, link, desk, clock, random::Random, memory, settings);
    loop {
        memory::set_up(application.memory(), &setup);
        application.set_up(setup.institution, setup.terminal);
        defmt::info!("terminal {=[u8]:a} at {=[u8]:a}", setup.terminal.0, *setup.institution.as_bytes());
        memory::tell(link, application.memory());
        link.tell_state().await;
        // There it stands until the till says otherwise.
        setup = loop {
            match job(link).await {
                Job::Setup(setup) => break setup,
                Job::Serve(operation) => {
                    defmt::info!("serving: {=str}", operation.as_str());
                    let report = application.serve(&operation).await;
                    match (report.reason, report.cause) {
                        (None, _) => defmt::info!("approved, activated: {=bool}", report.effects.activates),
                        (Some(reason), None) => defmt::warn!("{}", reason),
                        (Some(reason), Some(cause)) => defmt::warn!("{}, cause {}", reason, cause),
                    }
                    memory::tell(link, application.memory());
                    link.tell_end(&report).await;
                }
            }
        };
    }
}

/// What is to be done next, for which the terminal may wait for ever.
async fn job(link: &BoardLink) -> Job {
    watchdog::set_idle(true);
    let job = link.command().await;
    watchdog::set_idle(false);
    job
}
