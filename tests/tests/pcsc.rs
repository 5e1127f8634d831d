//! `qiyong pcscd`, used by programs of others and by clients that violate the protocol.

#[path = "pcsc/bad_input.rs"]
mod bad_input;
#[path = "pcsc/mutations.rs"]
mod mutations;
#[path = "pcsc/programs.rs"]
mod programs;
#[path = "pcsc/protocols.rs"]
mod protocols;
#[path = "pcsc/sharing.rs"]
mod sharing;
