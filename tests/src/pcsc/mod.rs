//! PC/SC for tests: a client that says whatever it is told to ([`raw`]), and the real pcscd ([`real_pcscd`]).

pub mod raw;
pub mod real_pcscd;
