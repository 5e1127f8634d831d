//! Line efficiency: how many etu a whole activation takes on the card line, and the least that it could take.
//!
//! This is counted in virtual time, so it is the same on every machine.

use std::path::Path;

use qiyong::in_process::play;
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::world::efficiency::{Efficiency, least_characters};
use qiyong_sim::world::event::Event;

use super::{Effort, Row};

/// A scenario whose first step activates a card, and the names of its rows.
const ACTIVATIONS: [(&str, [&str; 3]); 2] = [
    (
        "rule-pharmacy-first-purchase",
        [
            "activation over T=0, etu for each that the standard demands",
            "activation over T=0, characters",
            "activation over T=0, fewest characters for its APDUs",
        ],
    ),
    (
        "rule-card-v3-over-t1",
        [
            "activation over T=1, etu for each that the standard demands",
            "activation over T=1, characters",
            "activation over T=1, fewest characters for its APDUs",
        ],
    ),
];

pub(super) fn rows(_: Effort) -> Vec<Row> {
    ACTIVATIONS.iter().flat_map(|(scenario, names)| measure(scenario, *names)).collect()
}

fn measure(scenario: &str, [etu, characters, fewest]: [&'static str; 3]) -> [Row; 3] {
    let file = format!("../host-sim/scenarios/{scenario}.toml");
    let scenario = Scenario::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a scenario of the tree");
    let mut played = play(&scenario).expect("a scenario that can be played");
    let step = played.steps.swap_remove(0);
    assert!(step.report.effects.activates, "the first step puts a card into use");
    let line = step.events.iter().filter_map(|(cycle, event)| match event {
        Event::Line(rate, event) => Some((*cycle, *rate, *event)),
        _ => None,
    });
    let efficiency = Efficiency::of(line);
    let count = |name, value: u64| Row { unit: "", ..Row::ns(name, value as f64) };
    [
        Row { unit: "", ..Row::ns(etu, efficiency.ratio()) }.at_most(1.05),
        count(characters, efficiency.characters).compared_with(fewest),
        count(fewest, least_characters(&step.events)),
    ]
}
