//! PC/SC for tests: a client that sends whatever a test says ([`raw`]), and the real pcscd ([`real_pcscd`]).

pub mod raw;
pub mod real_pcscd;
