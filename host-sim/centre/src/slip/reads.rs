//! The acts that read slips: one by its number or payment code, its picture, and the work that waits.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Slip;
use super::check::{is_payment_code, number_check};
use super::refusal::SlipRefusal;
use super::rows::{self, Kept};
use super::state::SlipState;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Private, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::agency::jurisdiction::{own_outlet, serves};

/// Who may see slips.
const READERS: &[Role] = &[Role::Cashier, Role::Clerk, Role::BankCounter, Role::Auditor];

/// Shows a slip: by its number, or by its payment code, as banks ask for it. The payer's name is shown whole to the outlet
/// that issued it, and to whoever has the slip at hand and gives its check; numbers can be counted up. Whoever looks is on
/// record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowSlip {
    /// The slip's number, 18 digits, or its payment code, 20 characters
    pub number: Text,
    /// The number check, if the slip is at hand
    pub number_check: Option<Text>,
    /// The whole-slip check, if the slip is at hand
    pub whole_check: Option<Text>,
}

/// A slip and where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlipStanding {
    /// The slip
    pub slip: Slip,
    /// The outlet that issued it
    pub outlet: String,
    /// Where it stands
    pub state: SlipState,
    /// For whom it waits, and why; none: for nobody
    pub waiting: Option<Waiting>,
}

impl From<Kept> for SlipStanding {
    fn from(Kept { slip, outlet, state }: Kept) -> Self {
        let waiting = state.waiting(slip.due);
        Self { slip, outlet, state, waiting }
    }
}

impl Act for ShowSlip {
    const NAME: &'static str = "slip.show";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = SlipStanding;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<SlipStanding, Refusal> {
        desk.subject(format!("slip {}", self.number.0));
        let kept = if is_payment_code(&self.number.0) {
            rows::by_code(desk, &self.number.0)?
        } else {
            let check = number_check(&self.number.0);
            if self.number_check.as_ref().is_some_and(|given| check.as_ref() != Some(&given.0)) {
                return Err(SlipRefusal::NumberCheck.into());
            }
            rows::get(desk, &self.number.0)?
        };
        if self.whole_check.as_ref().is_some_and(|given| given.0 != kept.slip.whole_check) {
            return Err(SlipRefusal::WholeCheck.into());
        }
        desk.on_record();
        let mut standing = SlipStanding::from(kept);
        if self.whole_check.is_none() && !serves(desk, desk.outlet(), &standing.outlet)? {
            standing.slip.payer = Private(initial(standing.slip.payer.expose()));
        }
        Ok(standing)
    }
}

/// A name as it is shown to others: its first character.
fn initial(name: &str) -> String {
    name.chars().take(1).chain(['*', '*']).collect()
}

/// Draws a slip of the outlet, or of one below it, for printing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintSlip {
    /// The slip's number
    pub number: Text,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct Picture {
    /// Half an A4 page as SVG
    pub svg: String,
}

impl Act for PrintSlip {
    const NAME: &'static str = "slip.print";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Picture;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Picture, Refusal> {
        desk.subject(format!("slip {}", self.number.0));
        let kept = rows::get(desk, &self.number.0)?;
        own_outlet(desk, &kept.outlet)?;
        desk.on_record();
        if kept.state == SlipState::Void {
            return Err(SlipRefusal::Void.into());
        }
        Ok(Picture { svg: kept.slip.svg() })
    }
}

/// Lists the outlet's slips in one state, oldest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSlips {
    /// The state
    pub state: SlipState,
    /// Only those after this number
    pub after: Option<Text>,
    /// At most so many; 100 if not said
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

/// Slips.
#[derive(Debug, Serialize, ToSchema)]
pub struct Slips {
    /// The slips
    pub slips: Vec<SlipStanding>,
}

impl Act for ListSlips {
    const NAME: &'static str = "slip.list";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Slips;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Slips, Refusal> {
        let after = self.after.as_ref().map_or("", |after| &after.0);
        let limit = self.limit.unwrap_or(100).clamp(1, 1_000);
        let slips = rows::in_state(desk, (self.state, desk.outlet()), (after, limit))?;
        Ok(Slips { slips: slips.into_iter().map(Into::into).collect() })
    }
}
