//! What the terminal's side of T=1 remembers between two APDUs, and what bounds each APDU.

use super::bounds::IFS_DEFAULT;
use crate::iso7816::atr::{self, Edc};
use crate::iso7816::{Etu, div_up};

/// What the ATR says about T=1 (clause 11.4), and the rate in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// IFSC, the most information bytes of a block to the card. The reserved values 0 and 255 count as the default.
    pub ifsc: u8,
    /// BWI, 0 to 9; the reserved values above count as 9.
    pub bwi: u8,
    /// CWI, 0 to 15.
    pub cwi: u8,
    /// The error detection code.
    pub edc: Edc,
    /// F of the rate in use, 372 or more (table 7); a lower value counts as 372.
    pub fi: u16,
    /// D of the rate in use.
    pub di: u8,
}

impl Default for Parameters {
    /// The parameters of an ATR that names none, at the default rate.
    fn default() -> Self {
        Self { ifsc: IFS_DEFAULT, bwi: 4, cwi: 13, edc: Edc::Lrc, fi: 372, di: 1 }
    }
}

impl Parameters {
    /// The parameters of an ATR, at the rate `fi`, `di`.
    pub fn from_atr(card: &atr::Parameters, fi: u16, di: u8) -> Self {
        Self { ifsc: card.ifsc(), bwi: card.bwi(), cwi: card.cwi(), edc: card.edc(), fi, di }
    }
}

/// The state of T=1 from reset to reset. One exchange at a time borrows it: [`Connection::exchange`],
/// [`Connection::command`] and [`Connection::negotiate_ifsd`] begin one.
#[derive(Debug)]
pub struct Connection {
    /// N(S) of the next I-block to the card.
    pub(super) ns: bool,
    /// N(S) of the next I-block from the card.
    pub(super) nr: bool,
    pub(super) ifsc: u8,
    pub(super) ifsd: u8,
    pub(super) nad: u8,
    pub(super) edc: Edc,
    pub(super) bwt: Etu,
    pub(super) cwt: Etu,
    /// Whether any block without error has come since the reset. This decides between rules 7.4.1 and 7.4.2.
    pub(super) heard: bool,
    /// Whether the terminal may start a command: every exchange so far ended in a way that both sides know.
    pub(super) ready: bool,
    initial_ifsc: u8,
    /// What each command may take beyond the time of its characters, see [`Limits::new`].
    grace: Etu,
}

impl Connection {
    /// The state just after a reset (rule 1).
    pub fn new(parameters: Parameters) -> Self {
        let ifsc = match parameters.ifsc {
            0 | 0xFF => IFS_DEFAULT,
            given => given,
        };
        // Clause 11.4.3: BWT = 11 etu + 2^BWI x 960 x 372 / f, where an etu is F / (D x f). The division comes first,
        // rounded up, since the target has no division for numbers of more than 32 bits.
        let fi = Etu::from(parameters.fi.max(372));
        let cycles = 960 * 372 * Etu::from(parameters.di);
        let (etu, rest) = (cycles / fi, cycles % fi);
        let factor = 1 << parameters.bwi.min(9);
        let bwt = 11 + etu * factor + div_up(rest * factor, fi);
        Self {
            ns: false,
            nr: false,
            ifsc,
            ifsd: IFS_DEFAULT,
            nad: 0,
            edc: parameters.edc,
            bwt,
            cwt: 11 + (1 << parameters.cwi.min(15)),
            heard: false,
            ready: true,
            initial_ifsc: ifsc,
            grace: 6 * bwt + 200 * div_up(cycles, fi),
        }
    }

    /// Sets NAD, the node addresses of this terminal (bits 1 to 3) and of the card (bits 5 to 7). Both are 0 by
    /// default.
    pub const fn with_nad(mut self, nad: u8) -> Self {
        // Bits 4 and 8 once controlled VPP and are 0 now (clause 11.3.2.1).
        self.nad = nad & 0x77;
        self
    }

    /// IFSC, the most information bytes of a block to the card.
    pub const fn ifsc(&self) -> u8 {
        self.ifsc
    }

    /// IFSD, the most information bytes of a block from the card.
    pub const fn ifsd(&self) -> u8 {
        self.ifsd
    }

    /// BWT, the most etu between the last character of a block sent and the first character of the answer (clause
    /// 11.4.3).
    pub const fn bwt(&self) -> Etu {
        self.bwt
    }

    /// CWT, the most etu between two characters of a block (clause 11.4.3).
    pub const fn cwt(&self) -> Etu {
        self.cwt
    }

    /// Whether a command can be sent; if not, only a reset helps.
    pub const fn is_ready(&self) -> bool {
        self.ready
    }

    /// The state after a resynchronisation: that after a reset (rule 6.2), except what was learnt about the card.
    pub(super) const fn resynchronise(&mut self) {
        self.ns = false;
        self.nr = false;
        self.ifsc = self.initial_ifsc;
        self.ifsd = IFS_DEFAULT;
    }
}

/// What bounds one command. A card may be slow or make errors within these bounds; beyond them the exchange ends with a
/// reason.
///
/// The standard has none of these bounds: it lets a card ask for time or repetition for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most etu from the first character to the last.
    pub budget: Etu,
    /// The most blocks sent.
    pub blocks: u32,
    /// The most blocks sent because of an error.
    pub repetitions: u16,
    /// The most waiting time extensions granted.
    pub extensions: u16,
}

impl Limits {
    /// The limits for a command of `command` bytes and a response of up to `response` bytes on `connection`.
    ///
    /// The budget is the time of the characters, plus six block waiting times, so that the rules for a silent card
    /// (three attempts, three resynchronisations) can be followed to the end, plus 20 s (at 3.57 MHz). `command` may be
    /// the length of the command's data instead of the whole length, since the budget counts each byte at least twice.
    pub fn new(connection: &Connection, command: usize, response: usize) -> Self {
        let bytes = command.saturating_add(response).min(1 << 20) as u32;
        // A block of the least size is five or six bytes and carries one of them.
        let characters = 16 * bytes.saturating_mul(if connection.ifsc.min(connection.ifsd) < 16 { 16 } else { 2 });
        Self {
            budget: characters.saturating_add(connection.grace),
            blocks: bytes.saturating_mul(2).saturating_add(256),
            repetitions: 64,
            extensions: 256,
        }
    }
}
