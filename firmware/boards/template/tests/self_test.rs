//! The board on this machine, step by step as docs/porting.md has them: a virtual card at its pins under the referee, a till at its
//! serial line, a PIN pad, flash, and a centre behind the till.

#[path = "self_test/host.rs"]
mod host;

use host::Rig;
use qiyong_protocol::ecr::{Command, Event, Reference, TEST_TRANSPORT_KEY};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::money::{Bill, Fen};

/// Step 1: the till asks, and the terminal says how it is.
#[test]
fn step_1_the_serial_line_and_the_flash() {
    let mut rig = Rig::new();
    let Event::State(state) = rig.started() else { panic!("a terminal says how it is when it starts") };
    assert_eq!((state.starts, state.set_up), (1, false));
    assert_eq!(rig.ask(&Command::Status), Event::State(state));
    // The same flash after a power cut.
    rig.cut_power();
    let Event::State(state) = rig.started() else { panic!("it starts again") };
    assert_eq!(state.starts, 2, "the flash keeps what is written");
}

/// Step 2: a key is loaded, and outlives a power cut.
#[test]
fn step_2_a_key_outlives_a_power_cut() {
    let mut rig = Rig::new();
    rig.started();
    let load = rig.setup.sealed(&TEST_TRANSPORT_KEY);
    assert!(matches!(rig.ask(&Command::LoadKey(load)), Event::KeyLoaded(_)));
    rig.cut_power();
    let Event::State(state) = rig.started() else { panic!("it starts again") };
    assert!(state.key.is_some());
}

/// Steps 3 to 5: card, PIN pad, centre. The referee has nothing against the card's line.
#[test]
fn steps_3_to_5_a_first_purchase_activates_a_card() {
    let mut rig = Rig::new();
    rig.started();
    let load = rig.setup.sealed(&TEST_TRANSPORT_KEY);
    assert!(matches!(rig.ask(&Command::LoadKey(load)), Event::KeyLoaded(_)));
    rig.insert_card();
    let operation = Operation::Purchase(Bill::new(Fen(1250), Fen(0)).expect("a bill"));
    let start = Command::Start { reference: Reference(7), time: rig.time, operation };
    let mut event = rig.ask(&start);
    // It may say how it is meanwhile.
    while let Event::State(_) = event {
        event = rig.started();
    }
    let Event::Ended(ended) = event else { panic!("a visit ends: {event:?}") };
    assert!(ended.reason.is_none() && ended.effects.activates && ended.pin_changed, "{ended:?}");
    assert_eq!(ended.balance, Some(Fen(8_750)));
    assert_eq!(rig.bench.findings(), [], "the referee of the card's line");
    assert!(rig.bench.worst_edge().0 <= 200, "an edge of the card's characters is off by a fifth of an etu at most");
}
