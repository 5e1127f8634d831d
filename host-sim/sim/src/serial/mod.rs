//! The serial line of a terminal in virtual time: the terminal's end is the firmware's own
//! `qiyong_firmware::adapters::SerialPort`, the other end a till with the centre behind it.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`wire`] | one direction of the line: bytes, each at its time, and what goes wrong with them |
//! | [`port`] | the terminal's port on two wires |
//! | [`ears`] | what a listener needs to read messages under working keys |
//! | [`ended`] | how a visit ended, as the terminal has reported it |
//! | [`till`] | the till's end, whatever carries its bytes: frames, the way to the centre, the loss of messages on it |
//! | [`words`] | what a message to the centre says, in a few words |
//!
//! The till's end is that of the emulated boards, too. Who stands at the till is not known here.

pub mod ears;
pub mod ended;
pub mod port;
pub mod setup;
pub mod till;
pub mod wire;
pub mod words;
