//! The slot as a USB reader: the class CCID, revision 1.1, in which a host's PC/SC service drives it without a driver of ours.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`engine`] | messages in, jobs for the slot out, answers back; without I/O |
//! | [`job`] | what the slot is to do, and what comes of it |
//! | [`apdus`] | room for a command and its response |
//! | [`message`] | a message's bytes |
//! | `assembly` | messages out of packets |
//! | [`pin`] | PIN operations on the reader's keypad |
//! | [`descriptor`] | what the reader says that it can do |
//! | [`reader`] | carries out the jobs with a slot, a keypad and the endpoints |
//! | [`refusal`] | which error of the class stands for which of ours |
//!
//! The exchange level is that of extended APDUs: protocol, rate and block size are the slot's business. Not here: the USB stack, which
//! is the board's, and endpoints, which are those of embassy-usb-driver.

pub mod apdus;
mod assembly;
pub mod descriptor;
pub mod engine;
pub mod job;
pub mod message;
pub mod pin;
pub mod reader;
pub mod refusal;
#[cfg(test)]
mod tests;
