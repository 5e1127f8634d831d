//! Examines a centre's database and what is around it: clock, keys, version, chains, space, copies, durability, who holds whom up.
//! Each thing is well, to be looked at, or wrong, with the way out, in English and Chinese (docs/operating.md §3, docs/centre.md §20).
//!
//! It writes nothing, and takes nobody's turn but for a moment. Each check is a file; each has a deliberate fault that it finds
//! (`tests`). Not here: mending.

mod around;
mod chain;
mod clock;
mod copies;
mod durability;
mod finding;
mod keys;
mod patient;
mod space;
mod tables;
mod text;
mod turns;

use crate::error::CentreError;
use crate::store::place::Place;

pub use around::{Around, Space};
pub use finding::{Check, Finding, Verdict};
use patient::Patient;

/// One check.
type Examination = fn(&Patient<'_>) -> Result<Vec<Finding>, CentreError>;

/// The checks, in the order in which they are made.
const CHECKS: &[(Check, Examination)] = &[
    (Check::Clock, clock::examine),
    (Check::Keys, keys::examine),
    (Check::Version, tables::version),
    (Check::Tables, tables::examine),
    (Check::Chain, chain::examine),
    (Check::Space, space::examine),
    (Check::Copies, copies::examine),
    (Check::Archive, copies::archive),
    (Check::Durability, durability::examine),
    (Check::Turns, turns::examine),
    (Check::Text, text::examine),
];

/// What was found, at least one finding of each check that there is of such a database. One that could not be made says so.
///
/// # Errors
/// There is no database, it is not a centre's, or it cannot be reached.
pub fn examine(place: &Place, around: &Around) -> Result<Vec<Finding>, CentreError> {
    Ok(Patient::admit(place, around)?.examine())
}

impl Patient<'_> {
    fn examine(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        for (check, examination) in CHECKS {
            if self.around.quick && matches!(check, Check::Chain) {
                continue;
            }
            match examination(self) {
                Ok(found) => all.extend(found),
                Err(error) => all.push(Finding::failed(*check, &error)),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
