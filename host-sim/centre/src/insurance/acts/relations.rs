//! Relations: who is insured against what from which month on (docs/centre.md §6.7.3, §6.7.5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{READERS, limit, person, plan};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Month as MonthField, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::payers::{self};
use crate::insurance::refusal::Refused;
use crate::insurance::relation::State;
use crate::insurance::relations::{self, Kept, Relation};

use super::declaring::{check_base, declarable, last_insured, pool_first};

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<StartRelation>(), entry::<ListRelations>()];

/// Insures a person from a month on: one relation for each kind.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRelation {
    /// The person's number
    pub person: Text,
    /// In which capacity: employee, flexible or flexible-without-account
    pub capacity: Capacity,
    /// The kinds; missing: all that the area offers in this capacity
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// The employer's code; missing for a flexible worker
    #[serde(default)]
    pub payer: Option<Text>,
    /// The first month
    pub from: MonthField,
    /// The declared base, in fen a month; missing: as declared before, or the area's lowest for a flexible worker
    #[serde(default)]
    pub base: Option<Amount>,
}

/// Relations that began.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartedRelations {
    /// Their numbers, in the order of the kinds
    pub relations: Vec<i64>,
    /// The first day on which the pool pays, if medical insurance began
    pub pool_from: Option<Day>,
}

impl StartRelation {
    /// The payer's number, if it suits the capacity.
    fn payer(&self, office: &Office<'_>) -> Result<(String, Option<u8>), Refusal> {
        match (self.capacity, &self.payer) {
            (Capacity::Employee, Some(code)) => {
                let payer = payers::get(office, &code.0)?.ok_or(General::NotFound("payer"))?;
                if payer.employer {
                    Ok((payer.number.clone(), payer.injury_class))
                } else {
                    Err(Refused::WrongPayer(self.capacity).into())
                }
            }
            (Capacity::Flexible | Capacity::FlexibleWithoutAccount, None) => Ok((self.person.0.clone(), None)),
            _ => Err(Refused::WrongPayer(self.capacity).into()),
        }
    }

    /// The base to be kept, checked.
    fn base(&self, office: &Office<'_>, payer: &str, from: Month) -> Result<i64, Refusal> {
        let plan = plan(office, from.first())?;
        let known = relations::base_on(office, payer, &self.person.0, from.first())?;
        let pension = plan.flexible.and_then(|flexible| flexible.pension);
        let lowest = pension.map_or(plan.bases.floor, |pension| pension.floor);
        let lowest = (self.capacity != Capacity::Employee).then_some(lowest);
        let base = self.base.map(|base| base.0).or(known).or(lowest).ok_or(Refused::BaseMissing)?;
        check_base(office, self.capacity, base, from)?;
        Ok(base)
    }
}

impl Act for StartRelation {
    const NAME: &'static str = "relation.start";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = StartedRelations;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<StartedRelations, Refusal> {
        desk.subject(format!("person {}", self.person.0));
        let from = Month::from(self.from);
        declarable(desk, from)?;
        person(desk, &self.person.0, from.first())?;
        let (payer, injury_class) = self.payer(desk)?;
        let base = self.base(desk, &payer, from)?;
        let plan = plan(desk, from.first())?;
        let facts = |kind| crate::insurance::assess::Facts {
            kind,
            capacity: self.capacity,
            declared: base,
            injury_class,
            age: 0,
        };
        let all = self.capacity.kinds().iter().copied();
        let kinds: Vec<Kind> = if self.kinds.is_empty() {
            all.filter(|kind| *kind == Kind::Injury || plan.assess(&facts(*kind)).is_some()).collect()
        } else {
            self.kinds.clone()
        };
        let known = relations::live(desk, &self.person.0)?;
        let mut started = StartedRelations { relations: Vec::new(), pool_from: None };
        for (at, kind) in kinds.iter().enumerate() {
            // Residents' insurance gives way to employees': its year goes on, and it is not paid back.
            if known.iter().any(|relation| relation.kind == *kind) || kinds.iter().take(at).any(|other| other == kind) {
                return Err(Refused::AlreadyInsured(*kind).into());
            }
            if plan.assess(&facts(*kind)).is_none() {
                let injury = *kind == Kind::Injury && self.capacity == Capacity::Employee;
                let why = if injury { Refused::InjuryClass } else { Refused::KindNotOffered(*kind, self.capacity) };
                return Err(why.into());
            }
            let last = last_insured(desk, &self.person.0, *kind)?;
            if let Some(last) = last.filter(|last| *last >= from.first()) {
                return Err(Refused::TooEarly(Month::of(last)).into());
            }
            let pool_first = pool_first(desk, &self.person.0, *kind, from)?;
            let relation = Relation {
                number: 0,
                person: self.person.0.clone(),
                kind: *kind,
                capacity: self.capacity,
                payer: payer.clone(),
                state: State::Insured,
            };
            let span = Kept { first: from.first(), last: None, pool_first };
            started.relations.push(relations::begin(desk, &relation, Some(span))?);
            if *kind == Kind::Medical {
                started.pool_from = Some(Day(pool_first));
            }
        }
        relations::keep_base(desk, (&payer, &self.person.0), from.first(), base)?;
        Ok(started)
    }
}

/// A relation.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelationLine {
    /// Its number
    pub relation: i64,
    /// The person's number
    pub person: String,
    /// The kind
    pub kind: Kind,
    /// insutype of the national interface, if it has one
    pub insutype: Option<&'static str>,
    /// The capacity
    pub capacity: Capacity,
    /// insutype_retr_flag of the national interface: 0 in service, 1 retired
    pub retired: &'static str,
    /// Who pays
    pub payer: String,
    /// Where it stands
    pub state: State,
    /// psn_insu_stas of the national interface, unless it has ended
    pub status: Option<&'static str>,
    /// The first day of its latest span
    pub since: Option<Day>,
    /// The last day of its latest span; missing: it goes on
    pub until: Option<Day>,
}

/// Relations.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelationList {
    /// The relations, by number
    pub relations: Vec<RelationLine>,
}

/// Lists the relations of a person, or those for which somebody pays.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRelations {
    /// The person's number
    #[serde(default)]
    pub person: Option<Text>,
    /// The payer's number
    #[serde(default)]
    pub payer: Option<Text>,
    /// Only above this number
    #[serde(default)]
    pub after: i64,
    /// At most so many; 100 if missing
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListRelations {
    const NAME: &'static str = "relation.list";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = RelationList;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<RelationList, Refusal> {
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone());
        let (person, payer) = (text(&self.person), text(&self.payer));
        if person.is_none() && payer.is_none() {
            return Err(General::not_allowed("person", "give a person or a payer", "请填写人员或缴费主体").into());
        }
        let found = relations::list(desk, person.as_deref(), payer.as_deref(), self.after, limit(self.limit))?;
        let mut lines = Vec::new();
        for relation in found {
            let span = relations::last_span(desk, relation.number)?;
            lines.push(RelationLine {
                relation: relation.number,
                person: relation.person,
                kind: relation.kind,
                insutype: relation.kind.insutype(),
                capacity: relation.capacity,
                retired: relation.capacity.retirement_flag(),
                payer: relation.payer,
                state: relation.state,
                status: relation.state.code(),
                since: span.map(|span| Day(span.first)),
                until: span.and_then(|span| span.last).map(Day),
            });
        }
        Ok(RelationList { relations: lines })
    }
}
