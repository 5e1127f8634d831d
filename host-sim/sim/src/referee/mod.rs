//! The referee of the card line: it convicts a terminal that breaks a clause of ISO/IEC 7816-3.
//!
//! A judge takes nothing from the judged. The referee sees states of contacts and characters ([`Seen`]), and reads the
//! card's answer to reset and PPS as they go by; it uses no code of `qiyong_firmware` or `qiyong_protocol`, and knows
//! no setting of the slot. Whether somebody gave up too early, it learns from what the terminal does next.
//!
//! | Module | What it is for |
//! |---|---|
//! | `rule`, `note` | the rules: name, clause, sentence (a table of `clauses`); what was found |
//! | `remark` | what the card does against the standard, which is not held against the terminal |
//! | `outlook` | whose turn it is, and at which rate: for who sees a wire, and not who drives it |
//! | `seen`, `clock` | what it sees; time in clock cycles |
//! | `judge` | [`Referee`], which everything is shown to |
//! | `contacts` | VCC, RST, CLK, I/O: order and times |
//! | `session` | from reset to reset: which rate, protocol and waiting time are in force |
//! | `atr`, `pps` | its own reading of ATR and PPS |
//! | `spacing`, `wait`, `repetition` | guard times, patience, error signals |
//! | `t0`, `t1` | whose turn it is, and what may be sent |
//!
//! It lets pass what it cannot see or what no clause says: what a terminal does after the card has broken the protocol or
//! is gone, until the next reset; that a terminal gives up after ten seconds of one exchange; whether a terminal that
//! may send does so. A block with a character after CWT, or one too many, may count as valid or not.

mod atr;
mod clauses;
mod clock;
mod contacts;
mod judge;
mod note;
mod outlook;
mod pps;
mod remark;
mod repetition;
mod rule;
mod seen;
mod session;
mod spacing;
mod t0;
mod t1;
mod wait;

pub use judge::Referee;
pub use note::{Finding, Remarked};
pub use outlook::{Outlook, Turn};
pub use remark::Remark;
pub use rule::Rule;
pub use seen::{By, Character, Clk, Rate, Seen, Signal};
