//! The slip by which premiums are paid, and what is overdue (docs/centre.md §6.7.5).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::limit;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Month as MonthField, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::payers;
use crate::insurance::print::{self, KindDue};
use crate::insurance::refusal::Refused;
use crate::insurance::slips::{self, Line, LineState, Slip};
use crate::persons;

use super::common::late_fee;

/// Who reads slips: a bank finds by it what is due.
const SLIP_READERS: &[Role] = &[Role::PremiumOfficer, Role::BankCounter, Role::Cashier, Role::Auditor];

/// The acts of this file.
pub const ACTS: &[Entry] = &[
    entry::<ShowPremiumSlip>(),
    entry::<PrintPremiumSlip>(),
    entry::<ListPremiumSlips>(),
    entry::<ListOverdue>(),
    entry::<VoidPremiumSlip>(),
];

/// A slip, without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct PremiumSlipLine {
    /// Its number
    pub slip: String,
    /// Who pays
    pub payer: String,
    /// The month, or the first month of the year
    pub month: MonthField,
    /// The last day without a late fee
    pub due: Day,
    /// How many of its lines are due
    pub lines_due: u32,
    /// What is due without the late fee, in fen
    pub total_due: Amount,
}

pub(super) fn slip_line(slip: &Slip, lines: &[Line]) -> PremiumSlipLine {
    let due = lines.iter().filter(|line| line.state == LineState::Due);
    PremiumSlipLine {
        slip: slip.number.clone(),
        payer: slip.payer.clone(),
        month: slip.month.into(),
        due: Day(slip.due),
        lines_due: u32::try_from(due.clone().count()).unwrap_or(u32::MAX),
        total_due: Amount(due.map(|line| line.parts.total()).sum()),
    }
}

/// A line of a slip.
#[derive(Debug, Serialize, ToSchema)]
pub struct PremiumLine {
    /// Its number on the slip, from 1
    pub line: i64,
    /// The person's number
    pub person: String,
    /// The kind
    pub kind: Kind,
    /// The capacity
    pub capacity: Capacity,
    /// The period's first day
    pub first: Day,
    /// The period's last day
    pub last: Day,
    /// The last day without a late fee
    pub due: Day,
    /// The base, in fen
    pub base: Amount,
    /// The employer's part, in fen
    pub employer: Amount,
    /// The insured person's own part, in fen, with fixed sums
    pub own: Amount,
    /// What goes to the personal account when it is collected, in fen
    pub credit: Amount,
    /// Where it stands
    pub state: LineState,
    /// The late fee: of today while it is due, and the one that was collected afterwards; in fen
    pub late_fee: Amount,
    /// The day of collection
    pub collected: Option<Day>,
    /// The bank's last reason for not collecting it
    pub refused: Option<String>,
}

/// A slip: what is due, and how it is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct PremiumSlip {
    /// Its number: the reference of the payment
    pub slip: String,
    /// The payer's number
    pub payer: String,
    /// The payer's name
    pub payer_name: Option<Private>,
    /// The month, or the first month of the year
    pub month: MonthField,
    /// When it was made
    pub made: Day,
    /// The last day without a late fee
    pub due: Day,
    /// The bank that collects
    pub bank: String,
    /// In whose name the account is
    pub holder: String,
    /// The account's number
    pub account: String,
    /// Its lines
    pub lines: Vec<PremiumLine>,
    /// What is due today without the late fee, in fen
    pub total_due: Amount,
    /// The late fee that is due today, in fen
    pub late_fee_due: Amount,
}

/// Shows a slip: what is due today, and by which account and reference it is paid.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPremiumSlip {
    /// The slip's number
    pub slip: Text,
}

/// A line as it stands on `day`.
fn premium_line(office: &Office<'_>, line: Line, day: Date) -> Result<PremiumLine, Refusal> {
    let late_fee = if line.state == LineState::Due { late_fee(office, &line, day)? } else { line.late_fee };
    Ok(PremiumLine {
        line: line.line,
        person: line.person,
        kind: line.kind,
        capacity: line.capacity,
        first: Day(line.first),
        last: Day(line.last),
        due: Day(line.due),
        base: Amount(line.base),
        employer: Amount(line.parts.employer),
        own: Amount(line.parts.own + line.parts.fixed),
        credit: Amount(line.credit),
        state: line.state,
        late_fee: Amount(late_fee),
        collected: line.collected.map(Day),
        refused: line.refused,
    })
}

impl Act for ShowPremiumSlip {
    const NAME: &'static str = "premium.slip";
    const ROLES: &'static [Role] = SLIP_READERS;
    const READS: bool = true;
    type Answer = PremiumSlip;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PremiumSlip, Refusal> {
        let slip = slips::get(desk, &self.slip.0)?.ok_or(General::NotFound("slip"))?;
        let name = payer_name(desk, &slip.payer)?;
        let today = desk.today();
        let lines: Result<Vec<_>, Refusal> =
            slips::lines(desk, &slip.number)?.into_iter().map(|line| premium_line(desk, line, today)).collect();
        let lines = lines?;
        let due = || lines.iter().filter(|line| line.state == LineState::Due);
        Ok(PremiumSlip {
            total_due: Amount(due().map(|line| line.employer.0 + line.own.0).sum()),
            late_fee_due: Amount(due().map(|line| line.late_fee.0).sum()),
            slip: slip.number,
            payer: slip.payer,
            payer_name: name.map(Private),
            month: slip.month.into(),
            made: Day(slip.made),
            due: Day(slip.due),
            bank: slip.bank,
            holder: slip.holder,
            account: slip.account,
            lines,
        })
    }
}

/// The name of a payer: of an employer, or of a person.
fn payer_name(office: &Office<'_>, payer: &str) -> Result<Option<String>, Refusal> {
    Ok(match payers::get(office, payer)? {
        Some(payer) => Some(payer.particulars.name.clone()),
        None => persons::get(office, payer)?.map(|person| person.particulars.name.clone()),
    })
}

/// Prints a slip: what is due today of each kind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintPremiumSlip {
    /// The slip's number
    pub slip: Text,
}

/// A slip that is printed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintedPremiumSlip {
    /// The picture: SVG, half an A4 page
    pub svg: Private,
}

impl Act for PrintPremiumSlip {
    const NAME: &'static str = "premium.print";
    const ROLES: &'static [Role] = SLIP_READERS;
    const READS: bool = true;
    type Answer = PrintedPremiumSlip;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PrintedPremiumSlip, Refusal> {
        let slip = slips::get(desk, &self.slip.0)?.ok_or(General::NotFound("slip"))?;
        let name = payer_name(desk, &slip.payer)?.unwrap_or_default();
        let mut rows: Vec<KindDue> = Vec::new();
        for line in slips::lines(desk, &slip.number)? {
            if line.state != LineState::Due {
                continue;
            }
            let late_fee = late_fee(desk, &line, desk.today())?;
            let none = KindDue { kind: line.kind, persons: 0, employer: 0, own: 0, late_fee: 0 };
            let at = rows.iter().position(|row| row.kind == line.kind).unwrap_or(rows.len());
            rows.resize(rows.len().max(at + 1), none);
            if let Some(row) = rows.get_mut(at) {
                row.persons += 1;
                row.employer += line.parts.employer;
                row.own += line.parts.own + line.parts.fixed;
                row.late_fee += late_fee;
            }
        }
        Ok(PrintedPremiumSlip { svg: Private(print::svg(&slip, &name, &rows, desk.today())) })
    }
}

/// Slips.
#[derive(Debug, Serialize, ToSchema)]
pub struct PremiumSlips {
    /// The slips, by number
    pub slips: Vec<PremiumSlipLine>,
}

/// Lists slips.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPremiumSlips {
    /// Only this payer's
    #[serde(default)]
    pub payer: Option<Text>,
    /// Only above this number
    #[serde(default)]
    pub after: Option<Text>,
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListPremiumSlips {
    const NAME: &'static str = "premium.list";
    const ROLES: &'static [Role] = SLIP_READERS;
    const READS: bool = true;
    type Answer = PremiumSlips;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PremiumSlips, Refusal> {
        let payer = self.payer.as_ref().map(|payer| payer.0.as_str());
        let after = self.after.as_ref().map_or("", |after| after.0.as_str());
        let mut slips = Vec::new();
        for slip in slips::list(desk, payer, after, limit(self.limit))? {
            slips.push(slip_line(&slip, &slips::lines(desk, &slip.number)?));
        }
        Ok(PremiumSlips { slips })
    }
}

/// A line that is overdue.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverdueLine {
    /// The slip's number
    pub slip: String,
    /// Its line
    pub line: PremiumLine,
}

/// What is overdue.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverdueLines {
    /// The lines, oldest first
    pub lines: Vec<OverdueLine>,
}

/// Lists what is overdue, with the late fee of today.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOverdue {
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListOverdue {
    const NAME: &'static str = "premium.overdue";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = OverdueLines;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<OverdueLines, Refusal> {
        let today = desk.today();
        let mut lines = Vec::new();
        for line in slips::overdue(desk, today, limit(self.limit))? {
            lines.push(OverdueLine { slip: line.slip.clone(), line: premium_line(desk, line, today)? });
        }
        Ok(OverdueLines { lines })
    }
}

/// Withdraws a slip of which nothing was collected, such as one with a wrong base. Its periods may be assessed again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidPremiumSlip {
    /// The slip's number
    pub slip: Text,
}

/// How many lines were withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidedLines {
    /// So many
    pub lines: u32,
}

impl Act for VoidPremiumSlip {
    const NAME: &'static str = "premium.void";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = VoidedLines;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<VoidedLines, Refusal> {
        desk.subject(format!("slip {}", self.slip.0));
        let slip = slips::get(desk, &self.slip.0)?.ok_or(General::NotFound("slip"))?;
        if slips::lines(desk, &slip.number)?.iter().any(|line| line.state.withdrawn().is_none()) {
            return Err(Refused::SlipNotDue.into());
        }
        let lines = slips::withdraw(desk, &slip.number)?;
        Ok(VoidedLines { lines: u32::try_from(lines).unwrap_or(u32::MAX) })
    }
}
