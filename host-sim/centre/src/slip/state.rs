//! The states of a slip, and what leads from one to another. The acts use this table and nothing else.

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::acts::fields::Day;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::store::value::words;

words! {
    /// Where a slip stands.
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

impl SlipState {
    /// For whom a slip waits that can be paid until `due`; `None`: for nobody.
    pub fn waiting(self, due: Day) -> Option<Waiting> {
        let (until, why_en, why_zh) = match self {
            Self::Unpaid => (Some(due), "the fee must be paid", "待缴款"),
            Self::Paid => (None, "the money must be handed to the finance authority", "待上缴财政"),
            Self::Remitted | Self::Void => return None,
        };
        let steps = SlipStep::VARIANTS.iter().filter(|step| self.after(**step).is_some());
        Some(Waiting { who: Role::Cashier, until, why_en, why_zh, acts: steps.map(|step| step.act()).collect() })
    }
}

impl SlipStep {
    /// The act that takes this step.
    pub const fn act(self) -> &'static str {
        match self {
            Self::Register => "slip.pay",
            Self::Cancel => "slip.cancel",
            Self::Remit => "slip.remit",
            Self::Void => "slip.void",
        }
    }
}
