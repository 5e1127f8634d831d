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

mod contact;
mod exchange;
mod line;
mod repetition;

pub use contact::{ContactSlot, SlotConfig};
pub use line::{CardLine, Clock, LineConfig, LineError, VoltageClass};

use core::fmt;

use qiyong_protocol::advice::Advice;
use qiyong_protocol::iso7816::apdu::{ApduError, Command, Response};
use qiyong_protocol::iso7816::atr::AtrError;
use qiyong_protocol::iso7816::pps::PpsError;
use qiyong_protocol::iso7816::t0::T0Error;
use qiyong_protocol::iso7816::t1::T1Error;

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

/// Why a card could not be talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SlotError {
    /// The card was taken out.
    Removed,
    /// No answer to reset in any voltage class.
    Mute,
    /// What came after reset is no ATR.
    Atr(AtrError),
    /// The card speaks only protocols that this slot does not.
    Protocol {
        /// The first one it offers.
        offered: u8,
    },
    /// The card insists on a rate that this slot cannot do, or that is reserved.
    Rate,
    /// The card answers, and says that it is made for none of this slot's voltages.
    NoCommonClass,
    /// The card did not agree to a rate in the way it should.
    Pps(PpsError),
    /// A character had wrong parity, or had it at the card, however often it was repeated.
    Parity,
    /// VCC broke down.
    ShortCircuit,
    /// The T=0 exchange failed.
    T0(T0Error),
    /// The T=1 exchange failed.
    T1(T1Error),
    /// The command cannot be written as an APDU.
    Command(ApduError),
    /// The card's answer in T=1 is no response APDU.
    Response(ApduError),
    /// There is no powered card: call [`CardSlot::connect`] first.
    NotConnected,
    /// The powered card sends nothing any more, outside of what T=0 and T=1 have errors of their own for.
    Silent,
    /// Somebody else took power from the card, or its reader did.
    Unpowered,
    /// Another program has reset the card, so that what was done with it is forgotten.
    Reset,
    /// The reader failed, or the service that leads to it.
    Reader,
}

impl SlotError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Atr(error) => error.advice(),
            Self::Pps(error) => error.advice(),
            Self::T0(error) => error.advice(),
            Self::T1(error) => error.advice(),
            Self::Silent | Self::Unpowered | Self::Reset => Advice::TryAgain,
            Self::Removed
            | Self::Mute
            | Self::Protocol { .. }
            | Self::Rate
            | Self::NoCommonClass
            | Self::Parity
            | Self::ShortCircuit
            // The card wrote it.
            | Self::Response(ApduError::TooShort { .. } | ApduError::LengthMismatch { .. }) => Advice::AskHolder,
            Self::Command(error) | Self::Response(error) => error.advice(),
            Self::NotConnected | Self::Reader => Advice::CallService,
        }
    }
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => f.write_str("the card was taken out"),
            Self::Mute => f.write_str("no answer to reset: is the card inserted the right way round?"),
            Self::Atr(error) => write!(f, "no valid answer to reset: {error}"),
            Self::Protocol { offered } => {
                write!(f, "the card speaks T={offered} first, and this slot only T=0 and T=1: use another card")
            }
            Self::Rate => f.write_str("the card insists on a rate that this slot cannot do: use another card"),
            Self::NoCommonClass => {
                f.write_str("the card is made for another supply voltage than this slot's: use another card")
            }
            Self::Pps(error) => error.fmt(f),
            Self::Parity => f.write_str("characters arrive damaged: clean the contacts"),
            Self::ShortCircuit => f.write_str("the card's supply broke down: take it out, look for metal in the slot"),
            Self::T0(error) => write!(f, "T=0: {error}"),
            Self::T1(error) => write!(f, "T=1: {error}"),
            Self::Command(error) => write!(f, "the command: {error}"),
            Self::Response(error) => write!(f, "the card's response: {error}"),
            Self::NotConnected => f.write_str("the card is not powered: connect to it first"),
            Self::Silent => f.write_str("the card sends nothing any more: try again"),
            Self::Unpowered => f.write_str("the card has lost its power to its reader or another program: try again"),
            Self::Reset => f.write_str("another program has reset the card: end that program, then try again"),
            Self::Reader => f.write_str("the card reader has failed: check its cable and the service that leads to it"),
        }
    }
}

impl core::error::Error for SlotError {}

impl From<LineError> for SlotError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Removed => Self::Removed,
            LineError::Timeout => Self::Silent,
            LineError::NotAccepted(_) => Self::Parity,
            LineError::ShortCircuit => Self::ShortCircuit,
        }
    }
}
