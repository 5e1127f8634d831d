//! The image for ST's B-L475E-IOT01A: boots, waits for the till's commands, and serves holders with the terminal
//! application. See the README beside this folder for the pins.
//!
//! | Module | What it is for |
//! |---|---|
//! | `board` | clocks, interrupts, time base, executor, random numbers, panics: what is this chip's alone, and all `unsafe` |
//! | `serial` | characters in and out of the three USARTs, by interrupt |
//! | `card_line` | the card's contacts and characters: `CardLine` on USART2 in smartcard mode |
//! | `desk` | screen, PIN pad and cancel key |
//! | `memory` | what the terminal remembers, recalled at a start and set by the till |
//! | `storage` | the region it lies in: flash, or SRAM2 where that cannot be written |
//! | `till` | till and centre on the ST-LINK's virtual COM port |
//!
//! On the host this program is empty, so that the workspace builds and is tested there as a whole.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "none")]
mod board;
#[cfg(target_os = "none")]
mod card_line;
#[cfg(target_os = "none")]
mod desk;
#[cfg(target_os = "none")]
mod memory;
#[cfg(target_os = "none")]
mod serial;
#[cfg(target_os = "none")]
mod storage;
#[cfg(target_os = "none")]
mod till;

#[cfg(not(target_os = "none"))]
fn main() {}

/// The application: the only task. Never ends.
#[cfg(target_os = "none")]
async fn run() -> ! {
    use qiyong_firmware::link::{Command, Ending};
    use qiyong_firmware::slot::{ContactSlot, SlotConfig};
    use qiyong_firmware::storage::Place;
    use qiyong_firmware::terminal::Terminal;

    let mut recalled = memory::recall();
    let (mut till, clock) = (till::Till::new(), till::VisitClock);
    let place = loop {
        if let Some(place) = recalled.place() {
            break place;
        }
        match till.command().await {
            Command::Setup { institution, terminal, next_stan } => {
                let place = Place { institution, terminal };
                // Without a memory it can still say what is wrong.
                if !memory::keep(&mut recalled, &place, next_stan) {
                    break place;
                }
            }
            Command::Serve { .. } => defmt::warn!("the till commands a visit before it has set the terminal up"),
        }
    };
    defmt::info!("terminal {=str} at {=str}", place.terminal.as_str(), place.institution.as_str());
    let slot = ContactSlot::new(card_line::UsartLine::new(), SlotConfig::default());
    let mut terminal = Terminal::new(slot, till, desk::Desk, clock, board::Random, recalled, memory::settings(place));
    loop {
        match terminal.link().command().await {
            Command::Serve { operation, time } => {
                clock.set(time);
                defmt::info!("serving: {=str}", operation.as_str());
                let report = terminal.serve(&operation).await;
                match (report.reason, report.cause) {
                    (None, _) => defmt::info!("approved, activated: {=bool}", report.effects.activates),
                    (Some(reason), None) => defmt::warn!("{=str}", reason.as_str()),
                    (Some(reason), Some(_)) => {
                        defmt::warn!("{=str}", reason.as_str());
                    }
                }
                terminal.link().send(&Ending::from(&report).encode()).await;
            }
            Command::Setup { institution, terminal: name, next_stan } => {
                let place = Place { institution, terminal: name };
                if memory::keep(terminal.memory(), &place, next_stan) {
                    terminal.set_up(memory::settings(place));
                }
            }
        }
    }
}
