//! How often and how long the terminals of an area try to tell the centre what they owe (docs/centre.md §18): what a sign-in's answer
//! has of it. What the values do is the terminal's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::centre::Policy;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::configuration::{self, Parameter};
use crate::error::CentreError;
use crate::institution::records::area_of;
use crate::terminal::files::Files;

/// How often and how long a terminal tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TellPolicy {
    /// How often something is said in a round, 1 to 9
    pub tries: u8,
    /// After how many rounds a transaction is parked, 1 to 99
    pub rounds: u8,
    /// Seconds for which an answer is awaited, 5 to 120
    pub wait: u8,
    /// Seconds between two tries of a round, 0 to 60
    pub pause: u8,
}

impl TellPolicy {
    const fn policy(self) -> Policy {
        let Self { tries, rounds, wait, pause } = self;
        Policy { tries, rounds, wait, pause }
    }
}

impl Parameter for TellPolicy {
    const NAME: &'static str = "terminal.policy";

    fn check(&self) -> Result<(), String> {
        if self.policy().is_sound() {
            return Ok(());
        }
        let (least, most) = (Policy::LEAST, Policy::MOST);
        let bounds = [
            ("tries", least.tries, most.tries),
            ("rounds", least.rounds, most.rounds),
            ("wait", least.wait, most.wait),
            ("pause", least.pause, most.pause),
        ];
        Err(bounds.map(|(name, least, most)| format!("{name}: {least} to {most}")).join(", "))
    }
}

/// What the terminals of an institution's area are told today; `None`: the area sets nothing.
///
/// # Errors
/// The database failed.
pub(crate) fn of(files: Files<'_>, institution: InstitutionCode) -> Result<Option<Policy>, CentreError> {
    let Some(area) = area_of(files.store, institution)? else { return Ok(None) };
    let set = configuration::on::<TellPolicy>(files.store, area, files.now.date())?;
    Ok(set.map(TellPolicy::policy))
}
