//! The application on the board: the terminal with this board's parts, served by till and centre.

use embassy_executor::Spawner;
use embassy_rp::pwm::Pwm;
use qiyong_board_support::entropy::Unfit;
use qiyong_board_support::till_clock::TillClock;
use qiyong_firmware::application::obey;
use qiyong_firmware::clock::WallClock;
use qiyong_firmware::slot::{CardLine, ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::Terminal;
use qiyong_protocol::ecr::Refused;
use static_cell::StaticCell;

use super::desk::Desk;
use super::random::{Random, Source};
use super::storage::Region;
use super::till::BoardLink;
use super::{time, watchdog};

static CLOCK: StaticCell<WallClock> = StaticCell::new();

/// The application. What listens for the till is a task of its own: a character of the card wakes the application alone, which
/// has twelve etu for it.
pub(crate) async fn run(
    link: &'static BoardLink,
    (line, _clock): (impl CardLine, Pwm<'static>),
    desk: Desk<'static>,
    memory: &'static mut Store<Region>,
    spawner: Spawner,
) -> ! {
    let clock = TillClock { wall: CLOCK.init(WallClock::new()), now_s: time::now_s };
    match listen(link, clock) {
        Ok(task) => spawner.spawn(task),
        // It is started once, and has room for once.
        Err(_) => defmt::error!("nobody listens for the till"),
    }
    serve(link, line, clock, desk, memory).await
}

#[embassy_executor::task]
async fn listen(link: &'static BoardLink, clock: TillClock<'static>) -> ! {
    link.listen(|time| clock.set(time)).await
}

/// Does what the till commands, one after the other.
async fn serve(
    link: &BoardLink,
    line: impl CardLine,
    clock: TillClock<'_>,
    desk: Desk<'_>,
    memory: &mut Store<Region>,
) -> ! {
    watchdog::set_idle(true);
    let (mut source, generator) = match Source::start().await {
        Ok(both) => both,
        Err(unfit) => stop(link, unfit).await,
    };
    let settings = memory.settings();
    let slot = ContactSlot::new(line, SlotConfig::default());
    let mut application = Terminal::new(slot, link, desk, clock, Random(&generator), memory, settings);
    loop {
        let report = obey(link, &mut application, |_| watchdog::set_idle(false)).await;
        match report.map(|report| (report.reason, report.cause, report.effects.activates)) {
            None => {}
            Some((None, _, activates)) => defmt::info!("approved, activated: {=bool}", activates),
            Some((Some(reason), None, _)) => defmt::warn!("{}", reason),
            Some((Some(reason), Some(cause), _)) => defmt::warn!("{}, cause {}", reason, cause),
        }
        // For a job the terminal may wait for ever; with one it has to get on.
        watchdog::set_idle(true);
        if let Err(unfit) = source.feed(&generator).await {
            stop(link, unfit).await;
        }
    }
}

/// Works no more until the next start: there are no random numbers for what keys are used for.
async fn stop(link: &BoardLink, unfit: Unfit) -> ! {
    defmt::error!("no random numbers: the ring oscillator failed its test {=str}", unfit.as_str());
    link.refuse(Refused::NoRandom).await
}
