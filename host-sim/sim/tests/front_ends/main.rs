//! The adapters that need no smartcard hardware, under the referee: characters out of one pin and a count of cycles, and interface
//! chips of the TDA8024 family (docs/driver.md §C), with a virtual card behind them.
//!
//! A program that prints what it measures: rates and edges, the faults of each front end, and the deliberate faults that are caught.

mod bent;
mod characters;
mod faults;
mod mutants;
mod rig;

fn main() {
    let mut wrong = Vec::new();
    characters::at_every_rate(&mut wrong);
    characters::damaged(&mut wrong);
    characters::too_slow(&mut wrong);
    characters::beside_another_task(&mut wrong);
    faults::of_each_front_end(&mut wrong);
    faults::of_a_pin(&mut wrong);
    faults::classes(&mut wrong);
    mutants::each_is_caught(&mut wrong);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
