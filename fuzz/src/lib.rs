//! Fuzzing: everything that reads what a card, a terminal or a centre says, fed with bytes that nobody thought of.
//!
//! One function below is one target; what must hold for any input stands in the module of its name. `cargo test` runs
//! each over its seeds (real answers to reset, the exchanges of `tests/annex_a.exchanges`, records), over the inputs in
//! `src/__fuzz__/TARGET/corpus` and `.../crashes`, and over some thousands of changed forms of these, the same ones each
//! time. More of them:
//!
//! ```text
//! QIYONG_FUZZ=1000000 cargo test --release -p qiyong-fuzz t1_terminal
//! ```
//!
//! Guided by coverage, which is how the corpus came about (needs `cargo install cargo-bolero` and a C++ compiler; a stable
//! toolchain will do). The corpus is kept small, one input for each piece of code:
//!
//! ```text
//! QIYONG_FUZZ_SEEDS=write cargo test -p qiyong-fuzz       # puts the seeds into the corpus
//! cargo bolero test t1_terminal -p qiyong-fuzz --rustc-bootstrap -s NONE -l 700 -T 5m
//! cargo bolero reduce t1_terminal -p qiyong-fuzz --rustc-bootstrap -s NONE -E=-use_counters=0
//! ```
//!
//! An input that fails is left in `crashes`. It stays there, with a name that says what it shows, when that is mended.

#![cfg(test)]

use bolero::check;

mod atr;
mod centre;
mod explore;
mod frames;
mod input;
mod objects;
mod pcsc;
mod pps;
mod seeds;
mod t0;
mod t1;

use explore::explore;

/// The rest of a target: `check` for the corpus and for `cargo bolero`, then the seeds and changed forms.
macro_rules! target {
    ($name:ident, $run:path, $seeds:expr) => {
        #[test]
        fn $name() {
            check!().with_iterations(0).for_each($run);
            explore(stringify!($name), $seeds, $run);
        }
    };
}

target!(atr, atr::any_bytes, seeds::atrs());
target!(atr_builder, atr::any_build, vec![vec![0; 20], vec![0xFF; 20]]);
target!(pps, pps::any_answer, seeds::pps());
target!(t0_terminal, t0::any_card, seeds::t0_terminal());
target!(t0_card, t0::any_terminal, seeds::t0_card());
target!(t0_both_sides, t0::both_sides, seeds::t0_both_sides());
target!(t1_terminal, t1::any_card, seeds::t1_terminal());
target!(t1_card, t1::any_terminal, seeds::t1_card());
target!(t1_both_sides, t1::both_sides, seeds::t1_both_sides());
target!(ber_tlv, objects::any_ber, seeds::ber_tlv());
target!(records, objects::any_record, seeds::records());
target!(frames, frames::any_line, frames::seeds());
target!(centre_messages, centre::any_message, centre::seeds::centre_messages());
target!(pcsc_messages, pcsc::any_stream, seeds::pcsc());
