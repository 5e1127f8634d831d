//! What a step was to show and did not: which key of the file says it, and in which line it stands.
//!
//! A step in which something did not happen shows something else than was meant. So it fails, unless the step says `must_fire =
//! false`: then it is only told.

use serde::Serialize;

use super::file::{Scenario, Step};
use crate::line::{Disturbance, Fault};
use crate::world::visit::Unplayed;

/// What a step was to show, and did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NeverFired {
    /// The step's number, from 1.
    pub step: usize,
    /// The key of the step that says it, such as `link` or `line 2`.
    pub key: String,
    /// The line of the file in which it stands, from 1.
    pub line: Option<usize>,
    /// What did not happen.
    pub says: String,
    /// Whether the scenario fails for it.
    pub must_fire: bool,
}

impl NeverFired {
    /// What of a step, whose number counts from 1, has not happened.
    pub(super) fn of(scenario: &Scenario, number: usize, what: &Unplayed) -> Self {
        let step = number.checked_sub(1).and_then(|index| scenario.steps.get(index));
        let key = step.map_or_else(String::new, |step| key(step, what));
        Self {
            line: scenario.places.find(&format!("step {number}: {key}")).map(|place| place.line),
            step: number,
            says: what.to_string(),
            must_fire: step.is_none_or(|step| step.must_fire),
            key,
        }
    }

    /// One sentence.
    pub fn sentence(&self) -> String {
        let Self { step, says, .. } = self;
        in_line(format!("step {step}: {says}"), self.line)
    }
}

/// What is said of something in the file, with the line in which it stands, from 1, if that is known.
pub(super) fn in_line(says: String, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{says} (line {line} of the file)"),
        None => says,
    }
}

/// The key of a step that says it.
fn key(step: &Step, what: &Unplayed) -> String {
    let entry = |holds: &dyn Fn(&Fault) -> bool| step.line.iter().position(|faults| faults.iter().any(holds));
    let in_line = |index: Option<usize>| index.map(|index| format!("line {}", index + 1));
    match what {
        Unplayed::Fault { at, what, .. } => {
            let found = in_line(entry(&|fault| fault.at == *at && fault.what == *what));
            found.unwrap_or_else(|| "pull_at".into())
        }
        Unplayed::Spell => {
            let found = in_line(entry(&|fault| matches!(fault.what, Disturbance::Misbehave(_))));
            found.unwrap_or_else(|| "line".into())
        }
        Unplayed::Byte { at, .. } => {
            let found = step.serial.iter().position(|byte| byte == at);
            found.map_or_else(|| "serial".into(), |index| format!("serial {}", index + 1))
        }
        Unplayed::Noise { .. } => "noise".into(),
        Unplayed::Pins { .. } => "pin".into(),
        Unplayed::NewPins { .. } => "new_pin".into(),
        Unplayed::Cancel => "cancel".into(),
        Unplayed::Pull => "pull_during".into(),
        Unplayed::Link => "link".into(),
        Unplayed::Storage => "storage_worn".into(),
    }
}
