//! Where the parts of the simulator meet: a card centre in the same process, for worlds, scenarios and boards.
//!
//! Centre and simulator do not know each other; this library puts them together for the program `qiyong` and for the
//! end-to-end tests: `in_process` by a call, `over_tcp` by a connection, `tcp` with a centre that is somewhere else. `worlds` plays
//! many worlds at once. `lang` is the language in which the program speaks. The program's verbs are beside it, one file for each verb, and belong to the binary.
#![forbid(unsafe_code)]

pub mod in_process;
pub mod lang;
#[cfg(feature = "serve")]
pub mod over_tcp;
#[cfg(feature = "serve")]
pub mod tcp;
pub mod worlds;
