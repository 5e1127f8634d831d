//! `qiyong pcscd`, as programs of others and clients without manners meet it.

#[path = "pcsc/bad_input.rs"]
mod bad_input;
#[path = "pcsc/mutations.rs"]
mod mutations;
#[path = "pcsc/programs.rs"]
mod programs;
#[path = "pcsc/sharing.rs"]
mod sharing;
