//! For whom a record waits. Every state of every record that is not final names it, so that nothing is forgotten.

use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Day;
use super::role::Role;

/// For whom something waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// Who must act next
    pub who: Role,
    /// The last day before it is late; none: it has no term
    pub until: Option<Day>,
    /// Why it waits, in English
    pub why_en: &'static str,
    /// Why it waits, in Chinese
    pub why_zh: &'static str,
    /// The acts that are possible here
    pub acts: Vec<&'static str>,
}
