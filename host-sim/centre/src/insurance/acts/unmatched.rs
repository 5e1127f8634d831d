//! What fits no line is listed, and goes back or finds its line (docs/centre.md §6.7.5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::late_fee;
use super::common::limit;
use super::residents;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::booking;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::refusal::Refused;
use crate::insurance::slips::{self};
use crate::store::value::Row as Found;
use crate::store::value::values;

use crate::insurance::unmatched::{UnmatchedState, Why};

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<ListUnmatched>(), entry::<ResolveUnmatched>()];

/// Money that fits no line.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmatchedLine {
    /// The bank
    pub bank: String,
    /// The file's number
    pub file: String,
    /// The row's line in the file
    pub line: i64,
    /// Why it fits no line
    pub why: Why,
    /// The slip that the bank named
    pub slip: String,
    /// The kind that the bank named
    pub kind: Kind,
    /// What it collected, in fen, with the late fee
    pub amount: Amount,
    /// When
    pub day: Day,
    /// Payer, insured person and account, as the bank named them
    pub who: Private,
    /// What became of it
    pub state: UnmatchedState,
}

/// Money that fits no line.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unmatched {
    /// The rows, by bank, file and line
    pub rows: Vec<UnmatchedLine>,
}

/// Lists money that a bank collected and that fits no line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListUnmatched {
    /// In this state; missing: open
    #[serde(default)]
    pub state: Option<UnmatchedState>,
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListUnmatched {
    const NAME: &'static str = "premium.unmatched";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = Unmatched;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Unmatched, Refusal> {
        let rows = rows(desk, self.state.unwrap_or(UnmatchedState::Open), limit(self.limit))?;
        Ok(Unmatched { rows })
    }
}

/// The rows in this state, by bank, file and line.
fn rows(office: &Office<'_>, state: UnmatchedState, limit: u16) -> Result<Vec<UnmatchedLine>, Refusal> {
    let found = office.store().rows(
        "SELECT * FROM unmatched WHERE area = $1 AND state = $2 ORDER BY bank, file, line LIMIT $3",
        values![office.area(), state, limit],
    )?;
    found.iter().map(|row| unmatched_line(office, row)).collect()
}

/// The rows that wait for somebody.
pub(super) fn open(office: &Office<'_>, limit: u16) -> Result<Vec<UnmatchedLine>, Refusal> {
    rows(office, UnmatchedState::Open, limit)
}

fn unmatched_line(office: &Office<'_>, row: &Found) -> Result<UnmatchedLine, Refusal> {
    let who = office.unseal(&row.get::<Vec<u8>>("sealed")?)?;
    Ok(UnmatchedLine {
        bank: row.get("bank")?,
        file: row.get("file")?,
        line: row.get("line")?,
        why: row.get("why")?,
        slip: row.get("slip")?,
        kind: row.get("kind")?,
        amount: Amount(row.get("amount")?),
        day: Day(row.get("day")?),
        who: Private((*who).clone()),
        state: row.get("state")?,
    })
}

/// Sends unmatched money back to the bank, or credits it to a line that it pays exactly.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveUnmatched {
    /// The bank
    pub bank: Text,
    /// The file's number
    pub file: Text,
    /// The row's line in the file
    pub line: i64,
    /// The slip that it pays; missing: it goes back
    #[serde(default)]
    pub slip: Option<Text>,
    /// The line of the slip
    #[serde(default)]
    pub slip_line: Option<i64>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolvedUnmatched {
    /// Returned or assigned
    pub state: UnmatchedState,
}

impl Act for ResolveUnmatched {
    const NAME: &'static str = "premium.resolve";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = ResolvedUnmatched;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ResolvedUnmatched, Refusal> {
        desk.subject(format!("file {} of bank {}, line {}", self.file.0, self.bank.0, self.line));
        let key = values![desk.area(), self.bank, self.file, self.line];
        let row = desk
            .store()
            .find("SELECT * FROM unmatched WHERE area = $1 AND bank = $2 AND file = $3 AND line = $4", key)?
            .ok_or(General::NotFound("unmatched row"))?;
        let row = unmatched_line(desk, &row)?;
        let state = match &self.slip {
            Some(slip) => self.assign(desk, &row, &slip.0)?,
            None => {
                let state = row.state.returned().ok_or(Refused::Resolved)?;
                let reference = format!("{}-{}-{}", row.bank, row.file, row.line);
                let accounts = (booking::uncredited(row.kind), booking::bank(&row.bank));
                booking::transfer(desk, ("premium-returned", reference), accounts, (desk.today(), row.amount.0))?;
                state
            }
        };
        desk.store().execute(
            "UPDATE unmatched SET state = $1 WHERE area = $2 AND bank = $3 AND file = $4 AND line = $5",
            values![state, desk.area(), self.bank, self.file, self.line],
        )?;
        Ok(ResolvedUnmatched { state })
    }
}

impl ResolveUnmatched {
    fn assign(&self, desk: &Desk<'_>, row: &UnmatchedLine, slip: &str) -> Result<UnmatchedState, Refusal> {
        let state = row.state.assigned().ok_or(Refused::Resolved)?;
        let slip = slips::get(desk, slip)?.ok_or(General::NotFound("slip"))?;
        let lines = slips::lines(desk, &slip.number)?;
        let line = lines.iter().find(|line| Some(line.line) == self.slip_line).ok_or(General::NotFound("slip line"))?;
        line.state.collected().ok_or(Refused::SlipNotDue)?;
        let late_fee = late_fee(desk, line, row.day.0)?;
        let due = line.parts.total() + late_fee;
        if due != row.amount.0 {
            return Err(Refused::AmountDiffers { due, is: row.amount.0 }.into());
        }
        if line.capacity == Capacity::Resident {
            residents::cover(desk, line, row.day.0)?
                .map_err(|not| Refused::NoCover { opens: not.opens, ends: not.ends })?;
        }
        booking::collected(desk, booking::uncredited(row.kind), line, (row.day.0, late_fee))?;
        Ok(state)
    }
}
