//! The flashable image of the board Pico in rp2040js, unmodified, with a virtual card at its pins, and a till, a centre and a
//! holder around it.
//!
//! | Module | What it is for |
//! |---|---|
//! | `harness` | the program that runs the chip, and what is said to it |
//! | `place` | where that program lies |
//! | `wire` | I/O: levels in time, and the characters in them |
//! | `slot` | the slot at the pins, and the referee |
//! | `speech` | the characters of a card and of the board, and what goes wrong with them |
//! | [`scope`] | what a logic analyser at the slot's contacts would show |
//! | `panel` | the panel on its I2C |
//! | `cdc` | the host of its USB serial port, where the till may be |
//! | `serial` | what goes wrong with bytes of the till's line |
//! | `outside` | a till that is another program |
//! | [`machine`] | all of these together; `visit` is what a visit needs of it |
//! | [`usb`] | transfers over the chip's USB port |
//! | [`reader`] | the board as a USB reader: its host, a card, and a holder at the keypad |
//!
//! Time is the chip's: cycles of its clock of 125 MHz. Two runs of the same visit are the same to the cycle. The card's line is seen as
//! levels, so that parity, error signals, inverse convention and each moment's length are the image's own.

mod cdc;
mod harness;
pub mod machine;
mod outside;
mod panel;
mod place;
pub mod reader;
pub mod scope;
mod serial;
mod slot;
mod speech;
pub mod usb;
mod visit;
mod wire;
