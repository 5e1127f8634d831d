//! The terminal: drives a card slot, reads a social security card, and puts it into use with the centre's approval.
//!
//! `no_std`, without a heap, and unaware of where it runs: everything outside is behind a small trait.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`adapters`] | the ports below, on the standard traits of embedded-hal and embedded-io |
//! | [`application`] | does what the till commands |
//! | [`ccid`] | the slot as a USB reader, without the terminal |
//! | [`clock`] | the time of day |
//! | [`journal`] | what was begun with the centre, until both agree how it ended |
//! | [`keyring`] | the master keys that a terminal has |
//! | [`link`] | till and centre over one serial line |
//! | [`slot`] | the card slot: contacts and character line below, APDUs above |
//! | [`storage`] | what outlives a power cut: settings, numbers, the duty to reverse |
//! | [`terminal`] | the application: one visit of a holder, from "insert card" to "take your card" |
//! | [`ui`] | what the operator's screen says, in English and Chinese |
//!
//! With the feature `defmt`, what is an error or small can be logged on a board: `defmt::Format`, secrets as `***`.
//!
//! Data flows one way: holder and till → [`terminal`] → [`slot`] → card line → card, and [`terminal`] → centre link.
//!
//! # For makers
//!
//! Each port is a trait. A chip with a HAL of embedded-hal 1.0 has most of them already; each page opens with a driver that
//! compiles.
//!
//! | Port | What it is | On the standard traits |
//! |---|---|---|
//! | [`slot::CardLine`] | contacts and characters of the card | [`adapters::PinLine`]: a front end ([`adapters::CardFrontEnd`]: pins, or an interface chip) and a UART ([`adapters::CardUart`]: the maker's, or [`adapters::BitUart`] on one pin) |
//! | [`link::Port`] | the serial line to till and centre | [`adapters::SerialPort`] |
//! | [`terminal::Operator`] | screen, PIN pad, cancel key | [`ui::draw`] and [`adapters::Panel`] for an SSD1306; keys are the maker's |
//! | [`storage::Store`] | what outlives a power cut | any `NorFlash` of embedded-storage |
//! | [`terminal::Clock`] | the time of day | [`clock::WallClock`] and a count of seconds |
//! | random numbers | the challenge to a card | any `CryptoRng` of rand_core |
//!
//! A board names the types of its parts in one trait, [`terminal::Board`]. The terminal on any chip whose HAL has these:
//!
//! ```
//! use core::convert::Infallible;
//!
//! use embassy_futures::select::select3;
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use embassy_sync::signal::Signal;
//! use embedded_hal::digital::{InputPin, OutputPin};
//! use embedded_hal_async::delay::DelayNs;
//! use embedded_hal_async::digital::Wait;
//! use embedded_hal_async::i2c::I2c;
//! use embedded_io_async::{Read, Write};
//! use embedded_storage::nor_flash::NorFlash;
//! use qiyong_firmware::adapters::{CardUart, Contacts, Panel, PinLine, SerialPort, Timing};
//! use qiyong_firmware::application::obey;
//! use qiyong_firmware::link::{Port, SerialLink};
//! use qiyong_firmware::slot::{ContactSlot, SlotConfig};
//! use qiyong_firmware::storage::Store;
//! use qiyong_firmware::terminal::{Clock, NoPin, Operator, Terminal, WhichPin};
//! use qiyong_firmware::ui::framebuffer::Framebuffer;
//! use qiyong_firmware::ui::{Screen, draw};
//! use qiyong_protocol::card::pin::Pin;
//! use qiyong_protocol::ecr::TEST_TRANSPORT_KEY;
//! use rand_core::CryptoRng;
//!
//! /// What operator and holder see and key.
//! struct Desk<'a, P> {
//!     picture: &'a Signal<NoopRawMutex, Framebuffer>,
//!     link: &'a SerialLink<P>,
//! }
//!
//! impl<P: Port> Operator for Desk<'_, P> {
//!     fn show(&mut self, screen: &Screen) {
//!         let mut frame = Framebuffer::new();
//!         let Ok(()) = draw::draw(&screen.text(), &mut frame);
//!         // Sent beside the visit: nothing waits for it here.
//!         self.picture.signal(frame);
//!     }
//!
//!     async fn enter_pin(&mut self, _which: WhichPin) -> Result<Pin, NoPin> {
//!         // The PIN pad's driver stands here.
//!         Err(NoPin::Cancelled)
//!     }
//!
//!     async fn cancel(&mut self) {
//!         self.link.cancelled().await
//!     }
//! }
//!
//! async fn terminal(
//!     contacts: Contacts<
//!         impl OutputPin<Error = Infallible>,
//!         impl OutputPin<Error = Infallible>,
//!         impl OutputPin<Error = Infallible>,
//!         impl OutputPin<Error = Infallible>,
//!         impl OutputPin<Error = Infallible>,
//!         impl OutputPin<Error = Infallible>,
//!         impl InputPin<Error = Infallible> + Wait,
//!     >,
//!     characters: impl CardUart,
//!     receiver: impl Read,
//!     transmitter: impl Write,
//!     i2c: impl I2c,
//!     flash: impl NorFlash,
//!     random: impl CryptoRng,
//!     clock: impl Clock,
//!     delay: impl DelayNs + Clone,
//! ) {
//!     let memory = Store::<_>::open(flash, None);
//!     // The maker's own key stands here.
//!     let port = SerialPort::new(receiver, transmitter, delay.clone());
//!     let link = SerialLink::new(port, &TEST_TRANSPORT_KEY, memory.state([0; 12]));
//!     link.install(memory.keyring(), memory.policy());
//!     let picture = Signal::new();
//!     let mut panel = Panel::new(i2c);
//!
//!     let serve = async {
//!         let timing = Timing::at::<4_000_000>(10_000);
//!         let line = PinLine::new(contacts, characters, delay, timing);
//!         let slot = ContactSlot::new(line, SlotConfig::default());
//!         let desk = Desk { picture: &picture, link: &link };
//!         let settings = memory.settings();
//!         let mut terminal = Terminal::new(slot, &link, desk, clock, random, memory, settings);
//!         loop {
//!             obey(&link, &mut terminal, |_job| { /* a log is written here */ }).await;
//!         }
//!     };
//!     let listen = link.listen(|_time| { /* the clock is set here */ });
//!     let show = async {
//!         loop {
//!             let frame: Framebuffer = picture.wait().await;
//!             let _ = panel.show(|at| frame.bytes().get(at).copied().unwrap_or_default()).await;
//!         }
//!     };
//!     select3(serve, listen, show).await;
//! }
//! ```
//!
//! A board in `firmware/boards` is that with one chip's drivers; docs/porting.md is the order of work, with `firmware/boards/template`. Every `async` method of a port says what may happen when it
//! is dropped before its end.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// Futures run on one executor without threads, so callers need no `Send` bounds.
#![allow(async_fn_in_trait)]

#[cfg(test)]
extern crate std;

pub mod adapters;
pub mod application;
pub mod ccid;
pub mod clock;
mod faults;
pub mod journal;
pub mod keyring;
pub mod link;
#[cfg(all(test, feature = "defmt"))]
mod log_tests;
mod pages;
pub mod slot;
pub mod storage;
pub mod terminal;
pub mod ui;
