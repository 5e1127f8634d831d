//! The assessment of a month: what each payer owes for whom (docs/centre.md §6.7.2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{age, limit, plan};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Month as MonthField, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::{Explain, Refusal};
use crate::acts::role::Role;
use crate::error::CentreError;
use crate::insurance::arrears::Arrears;
use crate::insurance::assess::{Facts, Plan};
use crate::insurance::bank::Bank;
use crate::insurance::booking;
use crate::insurance::faults::{Fault, bent};
use crate::insurance::kinds::Kind;
use crate::insurance::month::Month;
use crate::insurance::payers;
use crate::insurance::refusal::Refused;
use crate::insurance::relations;
use crate::insurance::slips::{self, Line, LineState, Slip};
use crate::persons;
use crate::store::value::{Row, values};

use super::slips::{PremiumSlipLine, slip_line};

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<AssessPremiums>()];

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
        "SELECT number, person FROM relations
         WHERE area = $1 AND payer = $2 AND capacity NOT IN ('retired', 'resident')
         AND EXISTS (SELECT 1 FROM spans WHERE spans.area = relations.area AND relation = number AND first <= $3
                     AND (last IS NULL OR last > $3))
         AND NOT EXISTS (SELECT 1 FROM premium_lines WHERE premium_lines.area = relations.area
                         AND relation = relations.number AND first = $3 AND premium_lines.state <> 'void')
         ORDER BY number LIMIT 10000",
        values![office.area(), payer, month.first()],
    )?;
    let relation = |row: &Row| Ok((row.get("person")?, row.get("number")?));
    let mut relations = rows.iter().map(relation).collect::<Result<Vec<(String, i64)>, CentreError>>()?;
    // A person's lines stand together. Sorted here: in that order SQLite would walk over everybody.
    relations.sort_unstable();
    Ok(relations.into_iter().map(|(_, number)| number).collect())
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
