//! Whether a card may be replaced or renewed. The application for it is `application`'s.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::card_file::CardKind;
use super::super::refusal::LifeRefusal;
use super::super::replacement::{ReplaceReason, Validity, replaceable};
use super::hand::open_own;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{CardNo, Day};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;

const MAY: &[Role] = &[Role::Clerk, Role::Reviewer, Role::Issuer];

/// A card that may be replaced.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replaceable {
    /// Where its social function stands
    pub status: String,
    /// Its last day
    pub expires: Day,
}

/// Whether a card may be replaced for a reason today; the refusal says what comes before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceAllowed {
    /// The card's number
    pub card: CardNo,
    /// Why it is to be replaced
    pub reason: ReplaceReason,
}

impl Act for ReplaceAllowed {
    const NAME: &'static str = "life.replace-allowed";
    const ROLES: &'static [Role] = MAY;
    const READS: bool = true;
    type Answer = Replaceable;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Replaceable, Refusal> {
        let (office, card) = open_own(desk, self.card)?;
        if card.kind == CardKind::Temporary {
            return Err(LifeRefusal::Temporary.into());
        }
        let status = card.status_at(office.now());
        match self.reason {
            ReplaceReason::Expiry => {
                office.parameter::<Validity>()?.renewable(status, card.expires, office.today())?;
            }
            reason => replaceable(status, reason)?,
        }
        Ok(Replaceable { status: status.as_str().to_owned(), expires: Day(card.expires) })
    }
}

/// Whether a card may be renewed today because its validity ends; the refusal names the first day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewAllowed {
    /// The card's number
    pub card: CardNo,
}

impl Act for RenewAllowed {
    const NAME: &'static str = "life.renew-allowed";
    const ROLES: &'static [Role] = MAY;
    const READS: bool = true;
    type Answer = Replaceable;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Replaceable, Refusal> {
        ReplaceAllowed { card: self.card, reason: ReplaceReason::Expiry }.carry_out(desk)
    }
}
