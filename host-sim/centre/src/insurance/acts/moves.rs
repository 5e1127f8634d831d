//! How relations go on: pause, resumption, end, and retirement (docs/centre.md §6.7.5).

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Day, Month as MonthField, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::faults::{Fault, bent};
use crate::insurance::kinds::{Capacity, Kind};
use crate::insurance::month::Month;
use crate::insurance::refusal::Refused;
use crate::insurance::relation::{Move, State};
use crate::insurance::relations::{self, Kept, Relation};
use crate::insurance::slips;

use super::declaring::{declarable, pool_first};
use super::relations::StartedRelations;

/// The acts of this file.
pub const ACTS: &[Entry] =
    &[entry::<PauseRelation>(), entry::<ResumeRelation>(), entry::<EndRelation>(), entry::<Retire>()];

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
