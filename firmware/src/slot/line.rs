//! What a board provides to drive a card: contacts, and characters on I/O in etu time.

use core::fmt;

use qiyong_protocol::advice::Advice;
use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::character::{Convention, Received};

/// A class of operating conditions: the supply voltage (ISO/IEC 7816-3 clause 5.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum VoltageClass {
    /// 5 V.
    A,
    /// 3 V.
    B,
    /// 1.8 V.
    C,
}

impl VoltageClass {
    /// Its bit in a class indicator: TA after T=15 of the ATR (clause 8.3).
    pub const fn indicator_bit(self) -> u8 {
        match self {
            Self::A => 1,
            Self::B => 2,
            Self::C => 4,
        }
    }
}

/// How characters are sent and received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LineConfig {
    /// How states stand for bits.
    pub convention: Convention,
    /// Clock cycles per etu are Fi / Di.
    pub fi: u16,
    /// See `fi`.
    pub di: u8,
    /// The least etu between the leading edges of two characters sent by the terminal: 12 and the card's extra guard time.
    pub guard_time: Etu,
    /// The least etu between the leading edges of the card's last character and the terminal's first.
    pub turnaround: Etu,
    /// Whether wrong parity is signalled to the sender, and the card's signal looked for (clause 7.3). Not during the ATR's
    /// TS, and not in T=1. Repeating is the slot's business.
    pub error_signal: bool,
}

impl LineConfig {
    /// The line from reset until the ATR says otherwise: 372 cycles per etu, direct convention until TS is read.
    pub const RESET: Self =
        Self { convention: Convention::Direct, fi: 372, di: 1, guard_time: 12, turnaround: 16, error_signal: false };
}

/// What CLK does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Clock {
    /// It runs.
    Running,
    /// It rests low.
    Low,
    /// It rests high.
    High,
}

/// Why a character did not come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LineError {
    /// No card is in the slot, or it was taken out meanwhile.
    Removed,
    /// Nothing came in time; only when receiving.
    Timeout,
    /// The card signalled an error (clause 7.3) at the character with this index in what was to be sent. Those before it
    /// have gone out, those after it have not.
    NotAccepted(usize),
    /// VCC broke down, by a short circuit in the slot as a rule: the driver has switched it off.
    ShortCircuit,
}

impl LineError {
    /// Who can put it right.
    pub const fn advice(self) -> Advice {
        match self {
            Self::Timeout | Self::NotAccepted(_) => Advice::TryAgain,
            Self::Removed | Self::ShortCircuit => Advice::AskHolder,
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => f.write_str("no card is in the slot: insert it and leave it there"),
            Self::Timeout => f.write_str("the card sent no character in time: try again"),
            Self::NotAccepted(index) => {
                write!(f, "the card did not accept the character at index {index}: send it again, clean the contacts")
            }
            Self::ShortCircuit => f.write_str("the card's supply broke down: take it out, look for metal in the slot"),
        }
    }
}

impl core::error::Error for LineError {}

/// Contacts and character line of one card slot.
///
/// A driver only does as it is told: [`super::ContactSlot`] decides the order of the contacts, and every time. When the card is
/// taken out, `send` and `receive` end at once with [`LineError::Removed`]; when VCC breaks down, with
/// [`LineError::ShortCircuit`].
///
/// The slot may drop `wait_for_card`, `removal`, and `set_vcc` when it takes power from a card that was taken out. All else it
/// awaits to the end, unless the whole visit is dropped. After such a drop it takes power from the card first, and calls
/// `configure` before it sends or receives again.
pub trait CardLine {
    /// Waits until a card is present, at most this long; `false` when none came.
    ///
    /// Cancel-safety: must be cancel-safe. It is dropped when the operator cancels.
    async fn wait_for_card(&mut self, seconds: u16) -> bool;

    /// Waits until no card is present.
    ///
    /// Cancel-safety: must be cancel-safe. It is dropped whenever what the card waits for comes first.
    async fn removal(&mut self);

    /// Whether a card is in the slot now.
    fn present(&mut self) -> bool;

    /// Whether it has a supply of this class. A class that it has not is never tried, whatever
    /// [`SlotConfig`](super::SlotConfig) names. Without a word of its own a line has all.
    fn serves(class: VoltageClass) -> bool {
        let _ = class;
        true
    }

    /// Supplies VCC of this class, or takes it away; returns when it is stable.
    ///
    /// Cancel-safety: VCC must be switched before the first wait, so that a drop never leaves a card on power that should be
    /// off.
    async fn set_vcc(&mut self, class: Option<VoltageClass>);

    /// Drives RST high or low.
    fn set_rst(&mut self, high: bool);

    /// Starts or stops CLK.
    fn set_clk(&mut self, clock: Clock);

    /// Releases I/O (reception mode, state H), or pulls it low.
    fn set_io(&mut self, released: bool);

    /// Sets how characters are sent and received from now on.
    fn configure(&mut self, config: &LineConfig);

    /// The frequency of CLK when it runs, in Hz; always the same. A slot refuses to connect unless it is 1 to 5 MHz (clause
    /// 5.2.3).
    fn clk_hz(&self) -> u32;

    /// Lets this many clock cycles of the card go by, whether or not CLK is on.
    ///
    /// Cancel-safety: must be cancel-safe; there is nothing to undo.
    async fn wait(&mut self, cycles: u32);

    /// Sends characters with the configured guard time and turnaround; returns when the last one has gone out.
    ///
    /// Cancel-safety: need not be cancel-safe. Dropped midway, some characters have gone out, and the slot resets the card.
    ///
    /// # Errors
    /// Any but [`LineError::Timeout`].
    async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError>;

    /// Awaits a character whose leading edge comes at most `within` etu after the last event on the line (an edge of a
    /// character, or RST going high); returns it and the etu that took, not before its ten moments are over. One with wrong parity is returned, too, after the
    /// error signal if that is configured.
    ///
    /// Cancel-safety: need not be cancel-safe. Dropped midway, a character may be lost, and the slot resets the card.
    ///
    /// # Errors
    /// Any but [`LineError::NotAccepted`].
    async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError>;
}
