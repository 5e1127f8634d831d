//! Fuzzing: everything that reads what a card, a terminal, a till or a program sends gets bytes that nobody thought of.
//!
//! Each function below is one target; the module of the same name says what must hold for any input. `cargo test` runs
//! each target over its seeds (real answers to reset, the exchanges of `tests/annex_a.exchanges`, records), over the
//! inputs in `src/__fuzz__/TARGET/corpus` and `.../crashes`, and over some thousands of changed forms of these, the
//! same forms each time. To run more:
//!
//! ```text
//! QIYONG_FUZZ=1000000 cargo test --release -p qiyong-fuzz t1_terminal
//! ```
//!
//! A run that coverage guides has produced the corpus. It needs `cargo install cargo-bolero` and a C++ compiler; a
//! stable toolchain is enough. The corpus is kept small, with one input for each piece of code:
//!
//! ```text
//! QIYONG_FUZZ_SEEDS=write cargo test -p qiyong-fuzz       # puts the seeds into the corpus
//! cargo bolero test t1_terminal -p qiyong-fuzz --rustc-bootstrap -s NONE -l 700 -T 5m
//! cargo bolero reduce t1_terminal -p qiyong-fuzz --rustc-bootstrap -s NONE -E=-use_counters=0
//! ```
//!
//! A failing input is left in `crashes`. When the fault is repaired, the input stays there under a name that says what
//! it shows.

#![cfg(test)]

use bolero::check;

mod atr;
mod centre;
mod doctor;
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

/// The rest of a target: `check` runs the corpus and `cargo bolero`, then come the seeds and their changed forms.
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
target!(waveforms, doctor::any_waveform, doctor::seeds());
target!(edges, doctor::any_edges, doctor::edges());
target!(pcsc_messages, pcsc::any_stream, seeds::pcsc());
