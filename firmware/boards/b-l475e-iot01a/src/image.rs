//! The application on the board: what is for the chip alone.
//!
//! | Module | What it is for |
//! |---|---|
//! | `board` | clocks, interrupts, time base, executor, random numbers, panics: what is this chip's alone, and all `unsafe` |
//! | `serial` | characters in and out of the three USARTs, by interrupt |
//! | `card_line` | the card's contacts and characters: `CardLine` on USART2 in smartcard mode |
//! | `desk` | screen, PIN pad and cancel key: what operator and holder see and press |
//! | `panel` | the picture to an SSD1306 on I2C1 |
//! | `lights` | the LEDs |
//! | `keys` | the button that is the cancel key |
//! | `watchdog` | resets a terminal that hangs |
//! | `memory` | what the terminal remembers: recalled at a start, set by the till |
//! | `storage` | the region it lies in: flash, or SRAM2 where that cannot be written |
//! | `till` | till and centre on the ST-LINK's virtual COM port |

mod board;
mod card_line;
mod desk;
mod keys;
mod lights;
mod memory;
mod panel;
mod serial;
mod storage;
mod till;
mod watchdog;

use qiyong_firmware::clock::WallClock;
use qiyong_firmware::link::Job;
use qiyong_firmware::slot::{ContactSlot, SlotConfig};
use qiyong_firmware::storage::Store;
use qiyong_firmware::terminal::{Settings, Terminal};
use storage::Region;
use till::{TillClock, TillLink};

/// The application on this board.
type Application<'a> = Terminal<
    ContactSlot<card_line::UsartLine>,
    &'a TillLink,
    desk::Desk<'a>,
    TillClock<'a>,
    board::Random,
    Store<Region>,
>;

/// The application and what listens for the till: the only task. Never ends.
async fn run() -> ! {
    let clock = WallClock::new();
    let clock = TillClock(&clock);
    let memory = memory::recall();
    let link = TillLink::new(till::Vcp, memory.state(board::serial_number()));
    let listen = link.listen(|time| clock.set(time));
    match embassy_futures::select::select(listen, serve(&link, clock, memory)).await {
        embassy_futures::select::Either::First(never) | embassy_futures::select::Either::Second(never) => never,
    }
}

/// Does what the till commands, one after the other.
async fn serve(link: &TillLink, clock: TillClock<'_>, memory: Store<Region>) -> ! {
    let mut setup = loop {
        match link.command().await {
            Job::Setup(setup) => break setup,
            // The link lets none through before that.
            Job::Serve(_) => {}
        }
    };
    let settings = Settings::at(setup.institution, setup.terminal);
    let slot = ContactSlot::new(card_line::UsartLine::new(), SlotConfig::default());
    let desk = desk::Desk::new(link);
    let mut application = Terminal::new(slot, link, desk, clock, board::Random, memory, settings);
    loop {
        memory::set_up(&mut application, &setup);
        defmt::info!("terminal {=[u8]:a} at {=[u8]:a}", setup.terminal.0, *setup.institution.as_bytes());
        memory::tell(link, &mut application);
        link.tell_state().await;
        // There it stands until the till says otherwise.
        setup = loop {
            match link.command().await {
                Job::Setup(setup) => break setup,
                Job::Serve(operation) => {
                    defmt::info!("serving: {=str}", operation.as_str());
                    let report = application.serve(&operation).await;
                    match (report.reason, report.cause) {
                        (None, _) => defmt::info!("approved, activated: {=bool}", report.effects.activates),
                        (Some(reason), None) => defmt::warn!("{}", reason),
                        (Some(reason), Some(cause)) => defmt::warn!("{}, cause {}", reason, cause),
                    }
                    memory::tell(link, &mut application);
                    link.tell_end(&report).await;
                }
            }
        };
    }
}
