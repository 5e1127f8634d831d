//! The key `serial` of a step: what goes wrong with single bytes between till and terminal.
//!
//! [`ByteFault`] says what the words mean.

use serde::Deserialize;

use super::problem::Problem;
use crate::serial::wire::ByteFault;

/// One entry of `serial`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawByteFault {
    to: String,
    pub(super) at: u64,
    fault: String,
}

/// Faults by the number of the byte.
pub(super) type ByteFaults = Vec<(u64, ByteFault)>;

/// The faults of all entries: of the bytes to the till, and of those to the terminal. In errors, `key` names the list.
pub(super) fn check(key: &str, entries: &[RawByteFault]) -> Result<(ByteFaults, ByteFaults), Problem> {
    let (mut to_till, mut to_terminal) = (Vec::new(), Vec::new());
    for (number, RawByteFault { to, at, fault }) in (1..).zip(entries) {
        let unknown = |part: &str, given: &str, allowed| Problem::Word {
            key: format!("{key} {number}.{part}"),
            given: given.into(),
            allowed,
        };
        let all = || ByteFault::WORDS.iter().map(|(word, _)| *word).collect();
        let found = ByteFault::WORDS.iter().find(|(word, _)| word == fault);
        let (_, what) = found.ok_or_else(|| unknown("fault", fault, all()))?;
        match to.as_str() {
            "till" => to_till.push((*at, *what)),
            "terminal" => to_terminal.push((*at, *what)),
            _ => return Err(unknown("to", to, vec!["till", "terminal"])),
        }
    }
    Ok((to_till, to_terminal))
}
