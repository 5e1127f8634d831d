//! The card slot: from APDUs down to characters and contacts.
//!
//! A board brings a [`CardLine`]: contacts, characters and their times. [`ContactSlot`] drives it: power, answer to reset,
//! protocol, APDUs. What is said over the line is decided by the engines of `qiyong_protocol::iso7816`; here they meet time and
//! contacts. A device that does all that by itself (a reader chip, a PC/SC reader) is a [`CardSlot`] at once.
//!
//! # A driver
//!
//! The imaginary chip Q1 has a card unit that counts etu by itself. Its driver only does as it is told: order and times of the
//! contacts are the slot's. A chip with pins and a USART needs less of its own: [`adapters::PinLine`](crate::adapters::PinLine).
//!
//! ```
//! use qiyong_firmware::slot::{CardLine, CardSlot, Clock, ContactSlot, LineConfig, LineError, SlotConfig, VoltageClass};
//! use qiyong_protocol::iso7816::Etu;
//! use qiyong_protocol::iso7816::apdu::Command;
//! use qiyong_protocol::iso7816::character::{Convention, Received};
//! use qiyong_protocol::iso7816::sw::StatusWord;
//! # mod q1 {
//! #     /// The unit with a card in it: T=0, answers 3B 00 to a reset and 9000 to every command.
//! #     #[derive(Default)]
//! #     pub struct CardUnit { coming: Vec<u8>, pub millivolts: u16 }
//! #     pub enum Level { Low, High }
//! #     impl CardUnit {
//! #         pub async fn card_within_ms(&self, _: u32) -> bool { true }
//! #         pub async fn card_gone(&self) { std::future::pending().await }
//! #         pub fn has_card(&self) -> bool { true }
//! #         pub async fn supply(&mut self, millivolts: u16) { self.millivolts = millivolts }
//! #         pub fn drive_rst(&mut self, high: bool) { if high { self.coming = vec![0x00, 0x3B] } }
//! #         pub fn run_clk(&mut self) {}
//! #         pub fn stop_clk(&mut self, _: Level) {}
//! #         pub fn release_io(&mut self, _: bool) {}
//! #         pub fn odd_parity(&mut self, _: bool) {}
//! #         pub fn error_signal(&mut self, _: bool) {}
//! #         pub fn cycles_per_etu(&mut self, _: u16) {}
//! #         pub fn least_etu(&mut self, _: u32, _: u32) {}
//! #         pub async fn cycles(&mut self, _: u32) {}
//! #         pub async fn send(&mut self, _: u8) -> bool { self.coming = vec![0x00, 0x90]; true }
//! #         pub async fn receive(&mut self, _: u32) -> Option<(u8, bool, u32)> { Some((self.coming.pop()?, true, 12)) }
//! #     }
//! # }
//! use q1::{CardUnit, Level};
//!
//! struct Q1Line(CardUnit);
//!
//! impl CardLine for Q1Line {
//!     async fn wait_for_card(&mut self, seconds: u16) -> bool {
//!         self.0.card_within_ms(u32::from(seconds) * 1000).await
//!     }
//!
//!     async fn removal(&mut self) {
//!         self.0.card_gone().await
//!     }
//!
//!     fn present(&mut self) -> bool {
//!         self.0.has_card()
//!     }
//!
//!     async fn set_vcc(&mut self, class: Option<VoltageClass>) {
//!         let millivolts = match class {
//!             None => 0,
//!             Some(VoltageClass::A) => 5000,
//!             Some(VoltageClass::B) => 3000,
//!             Some(VoltageClass::C) => 1800,
//!         };
//!         self.0.supply(millivolts).await
//!     }
//!
//!     fn set_rst(&mut self, high: bool) {
//!         self.0.drive_rst(high)
//!     }
//!
//!     fn set_clk(&mut self, clock: Clock) {
//!         match clock {
//!             Clock::Running => self.0.run_clk(),
//!             Clock::Low => self.0.stop_clk(Level::Low),
//!             Clock::High => self.0.stop_clk(Level::High),
//!         }
//!     }
//!
//!     fn set_io(&mut self, released: bool) {
//!         self.0.release_io(released)
//!     }
//!
//!     fn configure(&mut self, config: &LineConfig) {
//!         self.0.odd_parity(config.convention == Convention::Inverse);
//!         self.0.error_signal(config.error_signal);
//!         self.0.cycles_per_etu(config.fi / u16::from(config.di));
//!         self.0.least_etu(config.guard_time, config.turnaround);
//!     }
//!
//!     fn clk_hz(&self) -> u32 {
//!         3_571_200
//!     }
//!
//!     async fn wait(&mut self, cycles: u32) {
//!         self.0.cycles(cycles).await
//!     }
//!
//!     async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
//!         for (index, byte) in bytes.iter().enumerate() {
//!             if !self.0.send(*byte).await {
//!                 return Err(if self.present() { LineError::NotAccepted(index) } else { LineError::Removed });
//!             }
//!         }
//!         Ok(())
//!     }
//!
//!     async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
//!         match self.0.receive(within).await {
//!             Some((byte, parity_ok, etu)) => Ok((Received { byte, parity_ok }, etu)),
//!             None if self.present() => Err(LineError::Timeout),
//!             None => Err(LineError::Removed),
//!         }
//!     }
//! }
//!
//! # embassy_futures::block_on(async {
//! let mut slot = ContactSlot::new(Q1Line(CardUnit::default()), SlotConfig::default());
//! assert!(slot.wait_for_card(60).await);
//! assert_eq!(slot.connect().await?, [0x3B, 0x00]);
//! let mut buffer = [0; 258];
//! let response = slot.transmit(&Command::new(0x00, 0xA4, 0x00, 0x00), &mut buffer).await?;
//! assert_eq!(response.sw, StatusWord::OK);
//! // While a person keys something or the centre is asked, the card rests.
//! slot.rest().await;
//! slot.disconnect().await;
//! assert_eq!(slot.line().0.millivolts, 0);
//! # Ok::<(), qiyong_firmware::slot::SlotError>(())
//! # }).unwrap();
//! ```

mod config;
mod contact;
mod error;
mod exchange;
mod inspection;
mod line;
mod manner;
mod negotiation;
mod repetition;
mod reset;

pub use config::SlotConfig;
pub use contact::ContactSlot;
pub use error::SlotError;
pub use line::{CardLine, Clock, LineConfig, LineError, VoltageClass};

use qiyong_protocol::iso7816::apdu::{Command, Response};

/// A place where a card can be: a contact slot, or a reader that speaks APDUs by itself.
pub trait CardSlot {
    /// Waits until a card is present, at most this long; `false` when none came.
    ///
    /// Cancel-safety: may be dropped at any time, as it is when the operator cancels.
    async fn wait_for_card(&mut self, seconds: u16) -> bool;

    /// Powers the card and returns its ATR, TS first.
    ///
    /// Cancel-safety: dropped midway, the card may have power. [`CardSlot::disconnect`] takes it; a second `connect` takes it,
    /// too, and begins anew.
    ///
    /// # Errors
    /// When no card answers as it should; then it is off power.
    async fn connect(&mut self) -> Result<&[u8], SlotError>;

    /// Exchanges one APDU, short or extended; the response data lies in `buffer`, which needs room for Ne bytes and the
    /// status word.
    ///
    /// Cancel-safety: not cancel-safe. Dropped midway, card and slot are out of step, and the card may have done what it was
    /// told: [`CardSlot::connect`] again.
    ///
    /// # Errors
    /// When no whole response came. A card that is out of step after that is off power: [`CardSlot::connect`] again.
    async fn transmit<'b>(&mut self, command: &Command<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError>;

    /// Tells the slot that the card is not needed for a while: a person is to key something, the centre is asked. A card
    /// that allows it has its clock stopped until the next [`CardSlot::transmit`].
    ///
    /// Cancel-safety: may be dropped at any time; then the clock runs on.
    async fn rest(&mut self) {}

    /// Waits until the powered card is taken out; for ever if there is none, or no way to notice.
    ///
    /// Cancel-safety: may be dropped at any time, as it is whenever what the card waits for comes first.
    async fn removal(&mut self) {
        core::future::pending().await
    }

    /// Takes power from the card in the order of ISO/IEC 7816-3 clause 6.4. Harmless when there is none.
    ///
    /// Cancel-safety: the contacts are low before the first wait. Dropped then, only the time is not kept for which a card stays
    /// off power.
    async fn disconnect(&mut self);
}

/// Room for the response to any short command: 256 bytes and the status word.
pub type ResponseBuffer = [u8; 258];
