//! How settlements are taken and counted in an area: the parameter `settlement`.

use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use super::codes::Kind;
use crate::configuration::Parameter;

/// How settlements are taken and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Terms)]
pub struct Terms {
    /// What was registered is settled within so many days
    pub open_days: u16,
    /// A fee is settled within so many days after it arose
    pub late_days: u16,
    /// Under which `clr_type` each kind of treatment is counted (docs/centre.md §6.8.3: every area has its own)
    pub clr_types: Vec<ClearingType>,
}

/// The `clr_type` of a kind of treatment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::ClearingType)]
pub struct ClearingType {
    /// The kind of treatment
    pub kind: Kind,
    /// Its code, up to six characters
    #[schema(max_length = 6)]
    pub clr_type: String,
}

impl Terms {
    /// The `clr_type` of a kind of treatment.
    pub fn clr_type(&self, kind: Kind) -> &str {
        self.clr_types.iter().find(|known| known.kind == kind).map_or("", |known| known.clr_type.as_str())
    }
}

impl Parameter for Terms {
    const NAME: &'static str = "settlement";

    fn check(&self) -> Result<(), String> {
        let named = |kind: &&Kind| self.clr_types.iter().filter(|known| known.kind == **kind).count() == 1;
        if let Some(kind) = Kind::VARIANTS.iter().find(|kind| !named(kind)) {
            return Err(format!("clr_types names {kind} not exactly once"));
        }
        match self.clr_types.iter().find(|known| !(1..=6).contains(&known.clr_type.chars().count())) {
            Some(wrong) => Err(format!("the clr_type of {} has 1 to 6 characters", wrong.kind)),
            None => Ok(()),
        }
    }
}
