//! The image for ST's B-L475E-IOT01A: boots, waits for the till's commands, and serves holders with the terminal
//! application. See the README beside this folder for the pins.
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
mod keys;
#[cfg(target_os = "none")]
mod lights;
#[cfg(target_os = "none")]
mod panel;
#[cfg(target_os = "none")]
mod serial;
#[cfg(target_os = "none")]
mod till;
#[cfg(target_os = "none")]
mod watchdog;

#[cfg(not(target_os = "none"))]
fn main() {}

/// The application: the only task. Never ends.
#[cfg(target_os = "none")]
async fn run() -> ! {
    use qiyong_firmware::link::{Command, Ending};
    use qiyong_firmware::slot::{ContactSlot, SlotConfig};
    use qiyong_firmware::terminal::{Settings, Terminal};

    let (mut till, clock) = (till::Till::new(), till::VisitClock);
    let (institution, terminal, next_stan) = loop {
        match till.command().await {
            Command::Setup { institution, terminal, next_stan } => break (institution, terminal, next_stan),
            Command::Serve { .. } => defmt::warn!("the till commands a visit before it has set the terminal up"),
        }
    };
    defmt::info!("terminal {=str} at {=str}", terminal.as_str(), institution.as_str());
    let settings = Settings { institution, terminal, card_wait: 60, reversal_tries: 3 };
    let slot = ContactSlot::new(card_line::UsartLine::new(), SlotConfig::default());
    let mut terminal = Terminal::new(slot, till, desk::Desk, clock, board::Random, settings, next_stan);
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
            Command::Setup { .. } => defmt::warn!("the terminal has been set up already; reset it to change that"),
        }
    }
}
