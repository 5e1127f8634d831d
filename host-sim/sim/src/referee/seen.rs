//! What the referee gets to see: states of the contacts, and characters, as the terminal's own pins show them.
//!
//! Nothing here comes from the terminal's software: a voltage, a level, a frequency, the length of a moment. Damage that
//! the line does lies between these pins and the card, so a character of the terminal is seen as it was driven, and one of the
//! card as it arrived.

/// Fi and Di, so that an etu has Fi / Di clock cycles (clause 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Fi.
    pub f: u16,
    /// Di.
    pub d: u8,
}

impl Rate {
    /// The default values Fd and Dd (clause 8.1).
    pub(super) const DEFAULT: Self = Self { f: 372, d: 1 };

    /// So many etu, in [`Span`]s.
    pub(super) fn etu(self, etu: u64) -> Span {
        etu * u64::from(self.f) * CYCLE / u64::from(self.d.max(1))
    }
}

/// A length of time on the line: 960ths of a clock cycle, so that an etu of every Di of table 8 is a whole number.
pub(super) type Span = u64;

/// One clock cycle.
pub(super) const CYCLE: Span = 960;

/// CLK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clk {
    /// It runs at this many Hz.
    Runs(u32),
    /// It is stopped in state L.
    Low,
    /// It is stopped in state H.
    High,
}

/// Who drives I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The terminal.
    Terminal,
    /// The card.
    Card,
}

/// An error signal: I/O in state L (clause 7.3), by the receiver of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// When it begins: tenths of an etu after the character's leading edge.
    pub from: u16,
    /// When it ends, counted in the same way.
    pub to: u16,
}

/// A character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character {
    /// Who sends it.
    pub by: By,
    /// Its nine moments after the start moment; bit 0 is the first, a one is state H.
    pub moments: u16,
    /// The length of its moments.
    pub rate: Rate,
    /// The error signal at its end.
    pub signal: Option<Signal>,
}

/// Something seen on the contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The supply voltage is driven to this many mV.
    Vcc(u16),
    /// There is supply voltage; nobody has measured which.
    Powered,
    /// The supply voltage breaks down, though it is driven.
    Collapse,
    /// RST in state H or L.
    Rst(bool),
    /// CLK.
    Clk(Clk),
    /// The terminal releases I/O, or pulls it to state L for good.
    Io(bool),
    /// The contacts touch a card, or none.
    Card(bool),
    /// A character; its time is that of its leading edge.
    Character(Character),
    /// The same, of a character whose data and parity moments are not shown, as it is with secrets.
    Hidden(Character),
}
