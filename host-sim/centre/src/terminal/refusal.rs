//! Why nothing is done about a terminal's key, or shown of its batch.

use strum::EnumCount;

use crate::acts::desk::Desk;
use crate::acts::fields::InstitutionNo;
use crate::acts::refusal::{Refusal, RefusalKind};
use crate::acts::words::{Worded, Words};
use crate::institution::records::area_of;
use crate::institution::refusal::Refused as InstitutionRefused;

/// Why nothing is done about a terminal's key, or shown of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount)]
pub(crate) enum Refused {
    /// The terminal has a key.
    Registered,
    /// It has none that is in force.
    Unknown,
    /// Its batch is not being settled, and was not.
    Unsettled,
}

impl Refused {
    /// Every code.
    #[cfg(test)]
    pub(crate) const ALL: &[&str; Self::COUNT] = &["terminal-registered", "terminal-unknown", "batch-unsettled"];
}

impl Worded for Refused {
    fn words(&self) -> Words {
        let words = match self {
            Self::Registered => Words::new(
                "terminal-registered",
                "a terminal of this name has a key already, which is shown once only",
                "该终端号已有密钥，密钥仅显示一次",
            )
            .next("Give it a new key (terminal.rekey), or choose another name.", "请为其更换密钥，或使用其他终端号。"),
            Self::Unknown => Words::new(
                "terminal-unknown",
                "no terminal of this name has a key in force at this institution",
                "该机构没有持有有效密钥的此终端号",
            )
            .kind(RefusalKind::Missing)
            .next(
                "Correct the name (terminal.list), or register the terminal (terminal.register).",
                "请更正终端号，或先登记该终端。",
            ),
            Self::Unsettled => Words::new(
                "batch-unsettled",
                "the terminal has not begun to settle this batch",
                "该终端尚未对此批次结算",
            )
            .kind(RefusalKind::Missing)
            .next(
                "Look at the batches that it has settled (terminal.settlements), or have it settle this one.",
                "请查看已结算的批次，或让终端进行结算。",
            ),
        };
        words.field(if matches!(self, Self::Unsettled) { "batch" } else { "terminal" })
    }
}

/// That the institution is one of this area's.
pub(crate) fn here(desk: &Desk<'_>, institution: InstitutionNo) -> Result<(), Refusal> {
    if area_of(desk.store(), institution.0)? != Some(desk.area()) {
        return Err(InstitutionRefused::Unknown.into());
    }
    Ok(())
}
