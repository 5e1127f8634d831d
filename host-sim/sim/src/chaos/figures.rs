//! What is counted in a world.

use std::collections::BTreeMap;

/// What was counted in a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Steps.
    pub steps: u64,
    /// Messages that came to the centre.
    pub messages: u64,
    /// Sales that were shown to a holder as done.
    pub sales: u64,
    /// Those that put a card into use.
    pub activations: u64,
    /// Trouble that came about, by its word.
    pub faults: BTreeMap<&'static str, u64>,
    /// Power cuts, each with a start after it.
    pub power_cuts: u64,
    /// Sales that a holder was shown as done, and the centre has undone, since no confirmation came for three days.
    pub unheard: u64,
    /// Sales that were approved, and that a cut kept from being shown to anybody; the centre has undone them, too.
    pub unshown: u64,
    /// Convictions by the referee of the card line.
    pub findings: u64,
    /// How much time passed in the world, in seconds.
    pub seconds: u64,
}

impl Figures {
    /// Adds those of another world.
    pub fn add(&mut self, other: &Self) {
        let Self { steps, messages, sales, activations, faults, power_cuts, unheard, unshown, findings, seconds } =
            other;
        self.steps += steps;
        self.messages += messages;
        self.sales += sales;
        self.activations += activations;
        self.power_cuts += power_cuts;
        self.unheard += unheard;
        self.unshown += unshown;
        self.findings += findings;
        self.seconds += seconds;
        faults.iter().for_each(|(word, count)| *self.faults.entry(word).or_default() += count);
    }
}
