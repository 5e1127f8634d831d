//! Everything around the terminal, simulated: cards, card line, card centre, holders; and the `qiyong` program.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`card`] | virtual cards: what they hold, how they answer, how they are kept in files |
//! | [`line`](mod@line) | the virtual card line, and layers that trace or disturb it |
//! | [`centre`] | the card centre: institutions, cards, activations, transactions, keys |
//! | [`bench`](mod@bench) | terminals put together with all of these, in virtual time |
//! | [`scenario`] | files that say what happens and what is to come of it |
//! | [`capture`] | what a scenario did, as files for GTKWave and Wireshark |
//! | [`story`], [`demo`] | telling people what happened |
//! | [`pcsc`] | virtual cards for PC/SC programs, and PC/SC readers for the terminal |
//! | [`till`] | the terminal application at a till made of screen and keyboard |
//! | [`emulator`] | the flashable image on an emulated board, with a virtual card behind its USART |
//! | [`probe`] | looking into a running image: its log, its screen, its stack |
//! | [`exchange`] | recorded T=0 and T=1 exchanges, replayed against the terminal's engines |
//! | [`atr`], [`card_verbs`], [`card_send`], [`centre_verbs`] | the small verbs: ATRs, card files, what a centre knows |
#![forbid(unsafe_code)]

pub mod atr;
pub mod bench;
pub mod capture;
pub mod card;
pub mod card_send;
pub mod card_verbs;
pub mod centre;
mod centre_link;
pub mod centre_verbs;
pub mod demo;
pub mod emulator;
pub mod exchange;
pub mod gbk;
mod input;
pub mod line;
mod mask;
pub mod output;
pub mod pcsc;
pub mod probe;
pub mod scenario;
pub mod story;
pub mod till;
pub mod time;
mod toml_error;
