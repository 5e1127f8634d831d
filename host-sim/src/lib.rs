//! Where the parts of the simulator meet: a card centre in the same process, for worlds, scenarios and boards.
//!
//! Centre and simulator do not know each other; this library puts them together for the program `qiyong` and for the
//! end-to-end tests. The program's verbs are beside it, one file for each verb, and belong to the binary.
#![forbid(unsafe_code)]

pub mod in_process;
