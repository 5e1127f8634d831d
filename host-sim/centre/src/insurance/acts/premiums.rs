//! The monthly premium: assessment, the slip by which it is paid, and what is overdue (docs/centre.md §6.7.2, §6.7.5).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{age, limit, plan};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Month as MonthField, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::{Explain, Refusal};
use crate::acts::role::Role;
use crate::insurance::arrears::Arrears;
use crate::insurance::assess::{Facts, Plan};
use crate::insurance::bank::Bank;
use crate::insurance::booking;
use crate::insurance::faults::{Fault, bent};
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::payers;
use crate::insurance::refusal::Refused;
use crate::insurance::relations;
use crate::insurance::rounding::Rounding;
use crate::insurance::slips::{self, Line, LineState, Slip};
use crate::persons;
use crate::values;

/// The acts of this file.
pub const ACTS: &[Entry] = &[
    entry::<AssessPremiums>(),
    entry::<ShowPremiumSlip>(),
    entry::<ListPremiumSlips>(),
    entry::<ListOverdue>(),
    entry::<VoidPremiumSlip>(),
];

/// Who reads slips: a bank finds by it what is due.
const SLIP_READERS: &[Role] = &[Role::PremiumOfficer, Role::BankCounter, Role::Cashier, Role::Auditor];

/// Assesses a month: makes a slip for each payer who has insured persons without one. Done again it adds what is missing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessPremiums {
    /// The month: one that has begun
    pub month: MonthField,
    /// Only this payer
    #[serde(default)]
    pub payer: Option<Text>,
    /// Only payers after this one: `next` of the answer before
    #[serde(default)]
    pub after: Option<Text>,
    /// At most so many payers; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

/// A person for whom no premium could be assessed.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotAssessed {
    /// The person's number
    pub person: String,
    /// The kind
    pub kind: Kind,
    /// The code of the reason
    pub code: &'static str,
}

/// What was assessed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessedPremiums {
    /// The new slips, by payer
    pub slips: Vec<PremiumSlipLine>,
    /// For whom nothing could be assessed, and why
    pub not_assessed: Vec<NotAssessed>,
    /// The payer after whom to go on; missing: all are done
    pub next: Option<String>,
}

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

fn slip_line(slip: &Slip, lines: &[Line]) -> PremiumSlipLine {
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

impl AssessPremiums {
    /// The payers that have relations, after the one named.
    fn payers(&self, office: &Office<'_>, limit: u16) -> Result<Vec<String>, Refusal> {
        if let Some(payer) = &self.payer {
            return Ok(vec![payer.0.clone()]);
        }
        let after = self.after.as_ref().map_or("", |after| after.0.as_str());
        let rows = office.store().rows(
            "SELECT DISTINCT payer FROM relations WHERE area = $1 AND payer > $2 ORDER BY payer LIMIT $3",
            values![office.area(), after, limit],
        )?;
        let payers: Result<Vec<String>, _> = rows.iter().map(|row| row.get("payer")).collect();
        Ok(payers?)
    }
}

/// The relations of a payer that are insured in a month and have no line for it.
fn unassessed(office: &Office<'_>, payer: &str, month: Month) -> Result<Vec<i64>, Refusal> {
    let rows = office.store().rows(
        "SELECT number FROM relations
         WHERE area = $1 AND payer = $2 AND capacity NOT IN ('retired', 'resident')
         AND EXISTS (SELECT 1 FROM spans WHERE spans.area = relations.area AND relation = number AND first <= $3
                     AND (last IS NULL OR last > $3))
         AND NOT EXISTS (SELECT 1 FROM premium_lines WHERE premium_lines.area = relations.area
                         AND relation = relations.number AND first = $3 AND premium_lines.state <> 'void')
         ORDER BY person, number LIMIT 10000",
        values![office.area(), payer, month.first()],
    )?;
    let numbers: Result<Vec<i64>, _> = rows.iter().map(|row| row.get("number")).collect();
    Ok(numbers?)
}

/// A line for the month, or why there is none.
fn line(
    office: &Office<'_>,
    plan: &Plan,
    number: i64,
    (month, due): (Month, Date),
) -> Result<Result<Line, NotAssessed>, Refusal> {
    let relation = relations::get(office, number)?.ok_or(General::NotFound("relation"))?;
    let not = |code| Ok(Err(NotAssessed { person: relation.person.clone(), kind: relation.kind, code }));
    let declared = relations::base_on(office, &relation.payer, &relation.person, month.first())?;
    let Some(declared) = declared else { return not(Refused::BaseMissing.code()) };
    let needs_class = relation.kind == Kind::Injury;
    let injury_class =
        if needs_class { payers::get(office, &relation.payer)?.and_then(|payer| payer.injury_class) } else { None };
    // Opening what is sealed takes time, and since 2023 no rule asks for the age.
    let asks_age = relation.kind == Kind::Medical && plan.credit.in_service.len() > 1;
    let born =
        if asks_age { persons::get(office, &relation.person)?.map(|person| person.particulars.born) } else { None };
    let age = born.map_or(0, |born| age(born, month.last()));
    let facts = Facts { kind: relation.kind, capacity: relation.capacity, declared, injury_class, age };
    let Some(assessed) = plan.assess(&facts) else {
        let offered = Refused::KindNotOffered(relation.kind, relation.capacity);
        return not(if needs_class { Refused::InjuryClass.code() } else { offered.code() });
    };
    Ok(Ok(Line {
        slip: String::new(),
        line: 0,
        relation: number,
        person: relation.person,
        kind: relation.kind,
        capacity: relation.capacity,
        first: month.first(),
        last: month.last(),
        due,
        base: assessed.base,
        parts: assessed.parts,
        subsidy: 0,
        credit: assessed.credit,
        state: LineState::Due,
        refused: None,
        collected: None,
        late_fee: 0,
    }))
}

impl Act for AssessPremiums {
    const NAME: &'static str = "premium.assess";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = AssessedPremiums;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AssessedPremiums, Refusal> {
        let month = Month::from(self.month);
        desk.subject(format!("month {month}"));
        if month.first() > desk.today() {
            return Err(Refused::MonthAhead.into());
        }
        let plan = plan(desk, month.first())?;
        let arrears: Arrears = desk.parameter_on(month.first())?;
        let bank: Bank = desk.parameter()?;
        let due = arrears.due(month);
        let limit = limit(self.limit);
        let payers = self.payers(desk, limit)?;
        let full = payers.len() == usize::from(limit) && self.payer.is_none();
        let mut answer = AssessedPremiums {
            slips: Vec::new(),
            not_assessed: Vec::new(),
            next: payers.last().filter(|_| full).cloned(),
        };
        for payer in payers {
            let mut lines = Vec::new();
            for number in unassessed(desk, &payer, month)? {
                match line(desk, &plan, number, (month, due))? {
                    Ok(line) => lines.push(line),
                    Err(not) => answer.not_assessed.push(not),
                }
            }
            if lines.is_empty() {
                continue;
            }
            let slip = bank.slip(payer, month, desk.today(), due);
            let number = slips::add(desk, &slip, &lines)?;
            if bent(Fault::CreditBeforeCollection) {
                booking::credit_early(desk, &number)?;
            }
            answer.slips.push(slip_line(&Slip { number, ..slip }, &lines));
        }
        Ok(answer)
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

/// The late fee of a line that is paid on `day`, in fen; a resident's year has none.
pub(super) fn late_fee(office: &Office<'_>, line: &Line, day: Date) -> Result<i64, Refusal> {
    if line.capacity == Capacity::Resident {
        return Ok(0);
    }
    let arrears: Arrears = office.parameter_on(line.due)?;
    let rounding: Rounding = office.parameter_on(line.first)?;
    Ok(arrears.late_fee(line.parts.total(), line.due, day, rounding.late_fee))
}

impl Act for ShowPremiumSlip {
    const NAME: &'static str = "premium.slip";
    const ROLES: &'static [Role] = SLIP_READERS;
    const READS: bool = true;
    type Answer = PremiumSlip;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PremiumSlip, Refusal> {
        let slip = slips::get(desk, &self.slip.0)?.ok_or(General::NotFound("slip"))?;
        let name = match payers::get(desk, &slip.payer)? {
            Some(payer) => Some(payer.particulars.name.clone()),
            None => persons::get(desk, &slip.payer)?.map(|person| person.particulars.name.clone()),
        };
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
