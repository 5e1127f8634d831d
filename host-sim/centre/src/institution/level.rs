//! The level of an institution, as agreements and benefits count it. Not here: who has which level (that is an agreement).

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::word_column;

/// The level of a hospital (docs/centre.md §6.6.4, §6.8.4), lowest first. An agreement has two of them: one decides the
/// deductible and the fund's share, the other the price limit.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schema(as = institution::Level)]
pub enum Level {
    /// No level: pharmacies and bank outlets.
    Unrated,
    /// A community's place, below level 1.
    Community,
    /// Level 1.
    One,
    /// Level 2.
    Two,
    /// Level 3.
    Three,
}
word_column!(Level);
