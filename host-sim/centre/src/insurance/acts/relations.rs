//! Payers, relations and bases: who is insured against what from which month on (docs/centre.md §6.7.1, §6.7.3, §6.7.5).

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{READERS, limit, person, plan};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Day, Month as MonthField, Private, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::arrears::Arrears;
use crate::insurance::faults::{Fault, bent};
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::payers::{self, Particulars, Payer};
use crate::insurance::refusal::Refused;
use crate::insurance::relation::{Move, State};
use crate::insurance::relations::{self, Kept, Relation};
use crate::insurance::rounding::Rounding;
use crate::insurance::slips;
use crate::insurance::waiting::Waiting;
use crate::persons;

/// The acts of this file.
pub const ACTS: &[Entry] = &[
    entry::<RegisterPayer>(),
    entry::<ShowPayer>(),
    entry::<StartRelation>(),
    entry::<PauseRelation>(),
    entry::<ResumeRelation>(),
    entry::<EndRelation>(),
    entry::<Retire>(),
    entry::<ListRelations>(),
    entry::<DeclareBase>(),
];

/// Registers an employer, or the agreed account of a person who pays alone. Again with other data it changes them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPayer {
    /// The employer's code (统一社会信用代码: up to 18 capital letters and digits), or a person's number
    #[schema(pattern = "^[0-9A-Z]{2,18}$")]
    pub payer: String,
    /// The name
    pub name: Private,
    /// The bank account from which premiums are taken; missing: the payer pays by the slip
    #[serde(default)]
    pub account: Option<Private>,
    /// The class of work injury of the employer's trade, from 1; not for a person
    #[serde(default)]
    #[schema(minimum = 1, maximum = 255)]
    pub injury_class: Option<u8>,
}

impl Act for RegisterPayer {
    const NAME: &'static str = "payer.register";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if !(2..=18).contains(&self.payer.len()) || !self.payer.bytes().all(allowed) {
            let zh = "单位编码为 2 至 18 位大写字母或数字";
            return Err(General::not_allowed("payer", "a payer has 2 to 18 capital letters and digits", zh).into());
        }
        desk.subject(format!("payer {}", self.payer));
        let employer = persons::get(desk, &self.payer)?.is_none();
        if let Some(class) = self.injury_class {
            let injury: crate::insurance::rates::Injury = desk.parameter()?;
            if !employer || usize::from(class) > injury.classes.len() || class == 0 {
                return Err(Refused::InjuryClass.into());
            }
        }
        let account = self.account.as_ref().map(|account| account.expose().to_owned()).unwrap_or_default();
        if account.len() > 34 || !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let zh = "银行账号为至多 34 位字母或数字";
            return Err(General::not_allowed("account", "an account has up to 34 letters and digits", zh).into());
        }
        let particulars = Particulars { name: self.name.expose().to_owned(), account };
        let payer = Payer { number: self.payer.clone(), employer, particulars, injury_class: self.injury_class };
        let changed = payers::get(desk, &self.payer)?.as_ref() != Some(&payer);
        if changed {
            payers::keep(desk, &payer)?;
        }
        Ok(Done { changed })
    }
}

/// What is known of a payer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayerAnswer {
    /// The employer's code or the person's number
    pub payer: String,
    /// Whether it is an employer
    pub employer: bool,
    /// The name
    pub name: Private,
    /// Whether an account was agreed from which premiums are taken
    pub account_agreed: bool,
    /// The class of work injury
    pub injury_class: Option<u8>,
}

/// Shows a payer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPayer {
    /// The employer's code or the person's number
    pub payer: Text,
}

impl Act for ShowPayer {
    const NAME: &'static str = "payer.show";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = PayerAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PayerAnswer, Refusal> {
        let payer = payers::get(desk, &self.payer.0)?.ok_or(General::NotFound("payer"))?;
        Ok(PayerAnswer {
            payer: payer.number.clone(),
            employer: payer.employer,
            name: Private(payer.particulars.name.clone()),
            account_agreed: !payer.particulars.account.is_empty(),
            injury_class: payer.injury_class,
        })
    }
}

/// The first month that a declaration of today may be for, and the last.
fn months(office: &Office<'_>) -> Result<(Month, Month), Refusal> {
    let arrears: Arrears = office.parameter()?;
    let today = office.today();
    let this = Month::of(today);
    let first = if today.day() <= arrears.declare_until { this } else { this.next() };
    Ok((first, this.next()))
}

/// Refuses a month whose declarations are over, or that is too far ahead.
fn declarable(office: &Office<'_>, from: Month) -> Result<(), Refusal> {
    let (first, last) = months(office)?;
    if from < first {
        return Err(Refused::DeclarationClosed(first.plus(-1)).into());
    }
    if from > last {
        let en = format!("a declaration is for {last} at the latest");
        return Err(General::not_allowed("from", en, format!("最晚可申报 {last}")).into());
    }
    Ok(())
}

/// The first day on which the pool pays for somebody insured from `from` on: after a gap it waits.
fn pool_first(office: &Office<'_>, person: &str, kind: Kind, from: Month) -> Result<jiff::civil::Date, Refusal> {
    let day = from.first();
    let since = if kind == Kind::Medical { relations::uninsured_since(office, person, day)? } else { None };
    let Some(since) = since else { return Ok(day) };
    let waiting: Waiting = office.parameter_on(day)?;
    let months = waiting.after_gap(Month::of(since).until(from));
    Ok(from.plus(i32::from(months)).first())
}

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

/// Refuses a base that is not above zero, or that a flexible worker may not choose.
fn check_base(office: &Office<'_>, capacity: Capacity, base: i64, from: Month) -> Result<(), Refusal> {
    if base <= 0 {
        return Err(General::not_allowed("base", "a base is above 0 fen", "缴费基数须大于零").into());
    }
    let flexible = plan(office, from.first())?.flexible;
    if capacity != Capacity::Employee
        && let Some(pension) = flexible.and_then(|flexible| flexible.pension)
    {
        let rounding: Rounding = office.parameter_on(from.first())?;
        pension.choose(base, rounding.premium).map_err(|offered| {
            let (floor, cap, step) = (offered.floor, offered.cap, offered.step);
            Refused::BaseNotOffered { floor, cap, step }
        })?;
    }
    Ok(())
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

/// The last day of the person's ended relations of this kind.
fn last_insured(office: &Office<'_>, person: &str, kind: Kind) -> Result<Option<jiff::civil::Date>, Refusal> {
    let row = office.store().find(
        "SELECT max(last) AS last FROM relations
         JOIN spans ON spans.area = relations.area AND spans.relation = relations.number
         WHERE relations.area = $1 AND person = $2 AND kind = $3",
        crate::values![office.area(), person, kind],
    )?;
    Ok(row.map(|row| row.get("last")).transpose()?.flatten())
}

/// Where a relation stands after a move.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedRelation {
    /// The relation's number
    pub relation: i64,
    /// Where it stands
    pub state: State,
    /// The first day on which the pool pays, if it is insured again
    pub pool_from: Option<Day>,
}

/// Moves a relation from a month on.
fn move_relation(desk: &mut Desk<'_>, number: i64, moved: Move, from: Month) -> Result<MovedRelation, Refusal> {
    desk.subject(format!("relation {number}"));
    let relation = relations::get(desk, number)?.ok_or(General::NotFound("relation"))?;
    let state = relation.state.after(moved).ok_or(Refused::Relation(relation.state, moved))?;
    if relation.capacity != Capacity::Resident {
        declarable(desk, from)?;
    }
    let before = from.first().saturating_sub(1.day());
    let span = relations::last_span(desk, number)?;
    if let Some(span) = span {
        let taken = if relation.state == State::Insured { span.first } else { span.last.unwrap_or(span.first) };
        let assessed = slips::last_assessed(desk, number, from.first())?;
        let taken = assessed.map_or(taken, |first| first.max(taken));
        if relation.capacity != Capacity::Resident && from <= Month::of(taken) {
            return Err(Refused::TooEarly(Month::of(taken)).into());
        }
    }
    relations::set_state(desk, number, state)?;
    let mut pool_from = None;
    match moved {
        Move::Pause | Move::End => {
            if relation.capacity != Capacity::Resident && !bent(Fault::PausedAssessed) {
                relations::close_span(desk, number, before)?;
            }
        }
        Move::Resume => {
            let pool_first = pool_first(desk, &relation.person, relation.kind, from)?;
            relations::add_span(desk, number, Kept { first: from.first(), last: None, pool_first })?;
            pool_from = (relation.kind == Kind::Medical).then_some(Day(pool_first));
        }
    }
    Ok(MovedRelation { relation: number, state, pool_from })
}

/// An act that moves a relation.
macro_rules! moving {
    ($(#[$doc:meta])* $name:ident, $act:literal, $moved:expr) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The relation's number
            pub relation: i64,
            /// The first month for which it holds
            pub from: MonthField,
        }

        impl Act for $name {
            const NAME: &'static str = $act;
            const ROLES: &'static [Role] = &[Role::PremiumOfficer];
            type Answer = MovedRelation;

            fn carry_out(&self, desk: &mut Desk<'_>) -> Result<MovedRelation, Refusal> {
                move_relation(desk, self.relation, $moved, self.from.into())
            }
        }
    };
}
moving!(
    /// Pauses a relation: no premium from a month on, and no insurance.
    PauseRelation, "relation.pause", Move::Pause
);
moving!(
    /// Resumes a paused relation from a month on.
    ResumeRelation, "relation.resume", Move::Resume
);
moving!(
    /// Ends a relation: the month named is the first without insurance.
    EndRelation, "relation.end", Move::End
);

/// Retires a person from a month on: the monthly premiums end, the insurance against illness goes on without one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// The person's number
    pub person: Text,
    /// The first month in retirement
    pub from: MonthField,
}

impl Act for Retire {
    const NAME: &'static str = "relation.retire";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = StartedRelations;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<StartedRelations, Refusal> {
        let from = Month::from(self.from);
        let working = |relation: &Relation| !matches!(relation.capacity, Capacity::Resident | Capacity::Retired);
        let known: Vec<_> = relations::live(desk, &self.person.0)?.into_iter().filter(working).collect();
        let Some(medical) = known.iter().find(|relation| relation.kind == Kind::Medical) else {
            return Err(General::NotFound("relation of medical insurance").into());
        };
        let relation = Relation {
            number: 0,
            capacity: Capacity::Retired,
            payer: self.person.0.clone(),
            state: State::Insured,
            ..medical.clone()
        };
        for relation in &known {
            move_relation(desk, relation.number, Move::End, from)?;
        }
        desk.subject(format!("person {}", self.person.0));
        let pool_first = pool_first(desk, &self.person.0, Kind::Medical, from)?;
        let span = Kept { first: from.first(), last: None, pool_first };
        let number = relations::begin(desk, &relation, Some(span))?;
        Ok(StartedRelations { relations: vec![number], pool_from: Some(Day(pool_first)) })
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

/// Declares a person's base from a month on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareBase {
    /// The person's number
    pub person: Text,
    /// The employer's code; missing for a flexible worker
    #[serde(default)]
    pub payer: Option<Text>,
    /// The first month
    pub from: MonthField,
    /// In fen a month: the own monthly average of last year, or the chosen base of a flexible worker
    pub base: Amount,
}

impl Act for DeclareBase {
    const NAME: &'static str = "base.declare";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("person {}", self.person.0));
        let from = Month::from(self.from);
        declarable(desk, from)?;
        let payer = self.payer.as_ref().map_or(&self.person.0, |payer| &payer.0);
        let known = relations::live(desk, &self.person.0)?;
        let paid: Vec<_> = known.iter().filter(|relation| relation.payer == *payer).collect();
        let Some(relation) = paid.first() else {
            return Err(General::NotFound("relation with this payer").into());
        };
        for relation in &paid {
            if let Some(first) = slips::last_assessed(desk, relation.number, from.first())? {
                return Err(Refused::TooEarly(Month::of(first).next()).into());
            }
        }
        check_base(desk, relation.capacity, self.base.0, from)?;
        let before = relations::base_on(desk, payer, &self.person.0, from.first())?;
        relations::keep_base(desk, (payer, &self.person.0), from.first(), self.base.0)?;
        Ok(Done { changed: before != Some(self.base.0) })
    }
}
