//! A person's change of area: the certificate at once, the balance from the old area in some working days, its credit in
//! the new area in some more (docs/centre.md §6.9, "transfer"). Not for retired persons.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::refusal::LifeRefusal;
use super::term::Calendar;
use crate::acts::fields::Day;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::configuration::Parameter;
use crate::store::value::words;

/// How long each area has; the parameter `transfer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferTerms {
    /// Working days in which the old area sends the balance.
    pub old_days: u16,
    /// Working days in which the new area credits it.
    pub new_days: u16,
}

words! {
    /// Where a change of area stands.
    pub enum TransferState {
        /// The certificate was given; the old area has the balance.
        Requested,
        /// The balance has left the old area.
        Sent,
        /// The new area has credited it.
        Done,
        /// Given up before the balance was sent.
        Withdrawn,
    }
}

/// An act on a change of area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum TransferAct {
    /// The old area sends the balance.
    Send,
    /// The new area credits it.
    Receive,
    /// The person gives it up.
    Withdraw,
}

/// Whose step an act is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = TransferSide)]
pub enum Side {
    /// The area that the person leaves.
    Old,
    /// The area to which the person goes.
    New,
}

impl Parameter for TransferTerms {
    const NAME: &'static str = "transfer.terms";

    fn check(&self) -> Result<(), String> {
        for (field, days) in [("old_days", self.old_days), ("new_days", self.new_days)] {
            if !(1..=366).contains(&days) {
                return Err(format!("{field}: 1 to 366"));
            }
        }
        Ok(())
    }
}

impl TransferTerms {
    /// The last day for the step that `state` waits for, counted from the day on which the state began; `None`: it waits
    /// for nothing.
    pub fn last_day(&self, state: TransferState, since: Date, calendar: &Calendar) -> Option<Date> {
        let days = match state {
            TransferState::Requested => self.old_days,
            TransferState::Sent => self.new_days,
            TransferState::Done | TransferState::Withdrawn => return None,
        };
        calendar.working_day_after(since, days)
    }
}

impl TransferState {
    /// The word for it in records and lists.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// For whom it waits, in which of both areas, until `last`; `None`: for nobody.
    pub fn waiting(self, last: Option<Date>) -> Option<(Side, Waiting)> {
        let (side, why_en, why_zh) = match self {
            Self::Requested => (Side::Old, "the old area must send the balance", "待原统筹区划转个人账户余额"),
            Self::Sent => (Side::New, "the new area must credit the balance", "待新统筹区将余额入账"),
            Self::Done | Self::Withdrawn => return None,
        };
        let possible = TransferAct::VARIANTS.iter().filter(|act| self.after(**act, act.side()).is_ok());
        let acts = possible.map(|act| act.act()).collect();
        Some((side, Waiting { who: Role::PremiumOfficer, until: last.map(Day), why_en, why_zh, acts }))
    }

    /// Nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Withdrawn)
    }

    /// The state after an act by this side.
    ///
    /// # Errors
    /// The act belongs to the other area, or to another step.
    pub fn after(self, act: TransferAct, side: Side) -> Result<Self, LifeRefusal> {
        if side != act.side() {
            return Err(LifeRefusal::TransferElsewhere);
        }
        match (self, act) {
            (Self::Requested, TransferAct::Send) => Ok(Self::Sent),
            (Self::Requested, TransferAct::Withdraw) => Ok(Self::Withdrawn),
            (Self::Sent, TransferAct::Receive) => Ok(Self::Done),
            _ => Err(LifeRefusal::TransferStep),
        }
    }
}

impl TransferAct {
    /// The act that does it.
    pub const fn act(self) -> &'static str {
        match self {
            Self::Send => "life.send-balance",
            Self::Receive => "life.receive-balance",
            Self::Withdraw => "life.withdraw-move",
        }
    }

    /// Whose step it is.
    pub const fn side(self) -> Side {
        match self {
            Self::Send | Self::Withdraw => Side::Old,
            Self::Receive => Side::New,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_working_days_in_all() {
        let terms = TransferTerms { old_days: 10, new_days: 5 };
        let (calendar, monday) = (Calendar::default(), "2026-03-02".parse().unwrap());
        let last = |state| terms.last_day(state, monday, &calendar);
        assert_eq!(last(TransferState::Requested), Some("2026-03-16".parse().unwrap()));
        assert_eq!(last(TransferState::Sent), Some("2026-03-09".parse().unwrap()));
        assert_eq!((last(TransferState::Done), last(TransferState::Withdrawn)), (None, None));
        assert_eq!(terms.check(), Ok(()));
        assert!(TransferTerms { new_days: 0, ..terms }.check().unwrap_err().contains("new_days"));
        assert!(TransferTerms { old_days: 367, ..terms }.check().unwrap_err().contains("old_days"));
    }

    #[test]
    fn each_step_is_one_areas_and_every_way_ends() {
        use TransferAct as A;
        use TransferState as S;
        let allowed = [
            (S::Requested, A::Send, S::Sent),
            (S::Requested, A::Withdraw, S::Withdrawn),
            (S::Sent, A::Receive, S::Done),
        ];
        for state in S::VARIANTS {
            for act in A::VARIANTS {
                let other = if act.side() == Side::Old { Side::New } else { Side::Old };
                assert_eq!(state.after(*act, other), Err(LifeRefusal::TransferElsewhere));
                let row = allowed.iter().find(|(from, by, _)| from == state && by == act);
                let expected = row.map(|(_, _, to)| *to).ok_or(LifeRefusal::TransferStep);
                assert_eq!(state.after(*act, act.side()), expected);
            }
            let leaves = allowed.iter().any(|(from, _, _)| from == state);
            assert_ne!(leaves, state.is_final(), "{state:?}");
        }
    }
}
