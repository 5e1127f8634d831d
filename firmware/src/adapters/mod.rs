//! The terminal's ports on the standard embedded traits, for chips whose HAL has these.
//!
//! | Port | Adapter | On |
//! |---|---|---|
//! | [`CardLine`](crate::slot::CardLine) | [`PinLine`] | a [`CardFrontEnd`], a [`CardUart`], and embedded-hal-async's `DelayNs` |
//! | [`CardFrontEnd`] | [`Contacts`]; [`Chip`] | embedded-hal's `OutputPin` and `InputPin`; embedded-hal-async's `Wait` |
//! | [`CardUart`] | [`BitUart`] | one open-drain pin and a [`CycleCounter`] |
//! | [`link::Port`](crate::link::Port) | [`SerialPort`] | embedded-io-async's `Read` and `Write`; `DelayNs` |
//! | the panel of an [`Operator`](crate::terminal::Operator) | [`Panel`] | embedded-hal-async's `I2c` |
//! | [`Store`](crate::storage::Store) | none needed | embedded-storage's `NorFlash` |
//!
//! The page of the [crate] shows them all in one terminal. What no standard trait has is the card's characters, which are
//! timed in etu of the card's own clock. The imaginary chip Q3 has a USART with a smartcard mode; this is all that its maker writes
//! for the card:
//!
//! ```
//! use qiyong_firmware::adapters::CardUart;
//! use qiyong_firmware::slot::{LineConfig, LineError};
//! use qiyong_protocol::iso7816::Etu;
//! use qiyong_protocol::iso7816::character::{Convention, Received};
//! # mod q3 {
//! #     pub struct Usart;
//! #     impl Usart {
//! #         pub fn stop(&mut self) {}
//! #         pub fn start(&mut self, _inverse: bool, _cycles_per_etu: u16, _guard_time: u32, _error_signal: bool) {}
//! #         pub fn clear(&mut self) {}
//! #         pub async fn write(&mut self, _byte: u8) -> bool { true }
//! #         pub async fn read(&mut self, _within_us: u64) -> Option<(u8, bool)> { Some((0x3B, true)) }
//! #         pub fn us_between_edges(&self) -> u64 { 1116 }
//! #         pub async fn wait_us_since_last_edge(&self, _us: u64) {}
//! #     }
//! # }
//! use q3::Usart;
//!
//! struct Q3Card {
//!     usart: Usart,
//!     config: LineConfig,
//! }
//!
//! impl Q3Card {
//!     /// Microseconds that `etu` take, with a CLK of 4 MHz.
//!     fn us(&self, etu: Etu) -> u64 {
//!         (u64::from(etu) * u64::from(self.config.fi)).div_ceil(u64::from(self.config.di) * 4)
//!     }
//! }
//!
//! impl CardUart for Q3Card {
//!     fn configure(&mut self, config: &LineConfig) {
//!         self.config = *config;
//!         // Off and on again, so that nothing is left of a `send` that was dropped.
//!         self.usart.stop();
//!         let inverse = config.convention == Convention::Inverse;
//!         self.usart.start(inverse, config.fi / u16::from(config.di), config.guard_time, config.error_signal);
//!     }
//!
//!     fn rst_changes(&mut self) {
//!         self.usart.clear();
//!     }
//!
//!     async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
//!         for (index, byte) in bytes.iter().enumerate() {
//!             if index == 0 {
//!                 self.usart.wait_us_since_last_edge(self.us(self.config.turnaround)).await;
//!             }
//!             if !self.usart.write(*byte).await {
//!                 return Err(LineError::NotAccepted(index));
//!             }
//!         }
//!         Ok(())
//!     }
//!
//!     async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
//!         let (byte, parity_ok) = self.usart.read(self.us(within)).await.ok_or(LineError::Timeout)?;
//!         let etu = self.usart.us_between_edges() / self.us(1);
//!         Ok((Received { byte, parity_ok }, (etu as Etu).min(within)))
//!     }
//! }
//!
//! # let mut card = Q3Card { usart: Usart, config: LineConfig::RESET };
//! # let (received, etu) = embassy_futures::block_on(card.receive(108)).unwrap();
//! # assert_eq!((received, etu), (Received { byte: 0x3B, parity_ok: true }, 12));
//! ```

mod bit_uart;
mod card_line;
mod card_uart;
mod chip;
mod contacts;
mod front_end;
mod panel;
mod serial;

pub use bit_uart::{BitUart, CycleCounter, TooSlow};
pub use card_line::{PinLine, Timing};
pub use card_uart::CardUart;
pub use chip::{Chip, ChipPins, Code, Divider, Family, Ncn8025, St8034, Tda8035};
pub use contacts::{Contacts, Unconnected};
pub use front_end::{CardFrontEnd, Ending};
pub use panel::Panel;
pub use serial::SerialPort;
