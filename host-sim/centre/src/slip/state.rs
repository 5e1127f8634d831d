//! The states of a slip, and what leads from one to another. The acts use this table and nothing else.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// Where a slip stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum SlipState {
    /// Issued and not paid.
    Unpaid,
    /// A payment is registered; the outlet has the money.
    Paid,
    /// The finance authority has the money.
    Remitted,
    /// No longer to be paid.
    Void,
}

/// What happens to a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum SlipStep {
    /// A payment is registered (交费登记).
    Register,
    /// The registration is cancelled (撤销交费登记); the payer has the money back.
    Cancel,
    /// The outlet hands the money to the finance authority.
    Remit,
    /// The slip is withdrawn.
    Void,
}

impl SlipState {
    /// Where `step` leads from here; `None`: it is not allowed here.
    pub const fn after(self, step: SlipStep) -> Option<Self> {
        match (self, step) {
            (Self::Unpaid, SlipStep::Register) => Some(Self::Paid),
            (Self::Unpaid, SlipStep::Void) => Some(Self::Void),
            (Self::Paid, SlipStep::Remit) => Some(Self::Remitted),
            (Self::Paid | Self::Remitted, SlipStep::Cancel) => Some(Self::Unpaid),
            _ => None,
        }
    }

    /// Whether nobody needs to do anything any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Remitted | Self::Void)
    }
}
