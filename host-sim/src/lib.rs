//! Where the parts of the simulator meet: a card centre in the same process, for worlds, scenarios and boards.
//!
//! The `qiyong` program and the end-to-end tests put centre and simulator together by this; neither of the two knows the
//! other. The program's verbs are beside it, one file a verb, and belong to the binary.
#![forbid(unsafe_code)]

pub mod in_process;
