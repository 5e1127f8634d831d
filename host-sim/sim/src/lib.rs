//! Everything around the terminal, simulated: cards, card line, till and holder, in virtual time.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`card`] | virtual cards: what they contain, how they answer, how files keep them |
//! | [`psam`] | the virtual PSAM, a terminal's security module |
//! | [`line`](mod@line) | the virtual card line, and layers that trace or disturb it |
//! | [`pins`] | a card slot pin by pin, with an interface chip or without |
//! | [`referee`] | convicts a terminal that breaks a clause of ISO/IEC 7816-3 on that line |
//! | [`serial`] | the virtual serial line to till and centre, and the till's end of any |
//! | [`flash`] | what a terminal's memory lies in: in memory with faults, or in a file |
//! | [`world`] | terminals together with all of these and a centre, in virtual time |
//! | [`scenario`] | files that say what happens and what is to come of it |
//! | [`chaos`] | whole worlds drawn from a seed, in which everything goes wrong, and an auditor of them |
//! | [`doctor`] | what is wrong on a card line, by its pins alone: pin, time, clause, cause, remedy |
//! | [`exchange`] | recorded T=0 and T=1 exchanges, replayed against the terminal's engines |
//! | `capture` | with the feature `capture`: the events of a world, as files for GTKWave and Wireshark |
//! | [`decode`] | what a message to the centre, or between till and terminal, says: a tree of its parts, without its secrets |
//! | [`dissector`] | the same for Wireshark, as a script made from the same tables |
//! | [`mask`] | which characters on a line must not be shown |
//! | [`overheard`] | APDUs between any program and a card, for a trace or a capture: decoded, and without their secrets |
//! | [`private_file`], [`whole_file`] | files that only their owner may read; reports, written whole |
//! | [`visit_told`] | how a visit ended, for programs |
//! | [`time`], [`gbk`], [`input`] | virtual time; names in GBK; what people hand in |
//!
//! Not here: the card centre, which a world gets as a function from bytes to bytes; the command line; standard output.
#![forbid(unsafe_code)]

mod advice;
#[cfg(feature = "capture")]
pub mod capture;
pub mod card;
pub mod chaos;
pub mod decode;
pub mod dissector;
pub mod doctor;
pub mod exchange;
pub mod flash;
pub mod gbk;
pub mod input;
pub mod line;
pub mod mask;
pub mod overheard;
pub mod pins;
pub mod private_file;
pub mod psam;
pub mod referee;
pub mod scenario;
pub mod serial;
pub mod time;
mod toml_error;
pub mod visit_told;
pub mod whole_file;
pub mod world;
