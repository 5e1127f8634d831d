//! An agreement that designates an institution, or lets a bank's outlet issue cards, and the days on which it holds
//! (docs/centre.md §6.6.4). Not here: its place in the database.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::level::Level;
use crate::acts::fields::Day;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::configuration::Parameter;
use crate::store::value::words;

/// What differs by area in agreements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = institution::Designation)]
pub struct Designation {
    /// A suspension lasts so many days at most
    pub suspension_max_days: u16,
    /// An agreement that was suspended so often in its term is not suspended again: it is ended
    pub suspensions_max: u16,
    /// An agreement lasts so many months at most
    pub term_max_months: u16,
}

impl Parameter for Designation {
    const NAME: &'static str = "designation";

    fn check(&self) -> Result<(), String> {
        if self.suspension_max_days == 0 || self.term_max_months == 0 {
            return Err("suspension_max_days and term_max_months are above zero".into());
        }
        Ok(())
    }
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Its number within the institution: 1, 2, 3 and so on.
    pub number: i64,
    /// The level for the deductible and the fund's share.
    pub level: Level,
    /// The level for price limits.
    pub price_level: Level,
    /// Its first day (`efft_time`).
    pub effective: Date,
    /// The first day on which it holds no more (`invd_time`); `None`: it has no end.
    pub void: Option<Date>,
    /// It was ended: the first day on which it holds no more.
    pub ended: Option<Date>,
    /// Its suspensions, oldest first; none overlaps another.
    pub suspensions: Vec<Suspension>,
}

/// Days on which an agreement does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// The first of them.
    pub since: Date,
    /// The first day after them, which comes by itself.
    pub until: Date,
}

words! {
    /// How an agreement stands on a day.
    #[schema(as = institution::State)]
    pub enum State {
        /// It begins later
        Signed,
        /// It holds: the institution may be used
        InForce,
        /// It does not hold for a while: fees of these days are not settled
        Suspended,
        /// Its term is over
        Void,
        /// It was ended before its term was over
        Ended,
    }
}

/// What changes the state of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Change {
    /// The agency suspends it.
    Suspend,
    /// The agency ends the suspension before its time.
    Resume,
    /// The agency, or the institution, ends it.
    End,
    /// Its first day comes.
    Begin,
    /// The suspension's last day passes.
    Lapse,
    /// Its term is over.
    Expire,
}

/// The state after a change; `None`: the change is not possible.
pub const fn transition(state: State, change: Change) -> Option<State> {
    match (state, change) {
        (State::Signed, Change::Begin) => Some(State::InForce),
        (State::InForce, Change::Suspend) => Some(State::Suspended),
        (State::Suspended, Change::Resume | Change::Lapse) => Some(State::InForce),
        (State::InForce | State::Suspended, Change::Expire) => Some(State::Void),
        (State::Signed | State::InForce | State::Suspended, Change::End) => Some(State::Ended),
        _ => None,
    }
}

impl Change {
    /// The act that makes it; `None`: its day comes.
    pub const fn act(self) -> Option<&'static str> {
        match self {
            Self::Suspend => Some("institution.suspend"),
            Self::Resume => Some("institution.resume"),
            Self::End => Some("institution.end"),
            Self::Begin | Self::Lapse | Self::Expire => None,
        }
    }
}

impl State {
    /// For whom an agreement waits whose next state comes by itself after the day `last`; `None`: for nobody.
    pub fn waiting(self, last: Option<Date>) -> Option<Waiting> {
        let (why_en, why_zh) = match self {
            Self::Signed => ("it waits for its first day", "待协议生效日"),
            Self::InForce => ("it holds; to go on it is renewed before its term is over", "协议生效中，期满前可续签"),
            Self::Suspended => ("its suspension is taken back, or ends by itself", "待恢复协议，或中止期满自动恢复"),
            Self::Void | Self::Ended => return None,
        };
        let possible = Change::VARIANTS.iter().filter(|change| transition(self, **change).is_some());
        let acts = possible.filter_map(|change| change.act()).collect();
        Some(Waiting { who: Role::SettlementOfficer, until: last.map(Day), why_en, why_zh, acts })
    }
}

impl Agreement {
    /// For whom it waits on this day; `None`: for nobody.
    pub fn waiting(&self, day: Date) -> Option<Waiting> {
        let state = self.state(day);
        let next = match state {
            State::Signed => Some(self.effective),
            State::Suspended => self.suspensions.iter().find(|one| one.holds(day)).map(|one| one.until),
            State::InForce | State::Void | State::Ended => self.void,
        };
        state.waiting(next.and_then(|next| next.yesterday().ok()))
    }

    /// How it stands on this day.
    pub fn state(&self, day: Date) -> State {
        if self.ended.is_some_and(|ended| day >= ended) {
            State::Ended
        } else if day < self.effective {
            State::Signed
        } else if self.void.is_some_and(|void| day >= void) {
            State::Void
        } else if self.suspensions.iter().any(|suspension| suspension.holds(day)) {
            State::Suspended
        } else {
            State::InForce
        }
    }

    /// Whether the two share a day, on which an institution would have two agreements.
    pub fn overlaps(&self, effective: Date, void: Option<Date>) -> bool {
        let end = [self.void, self.ended].into_iter().flatten().min();
        end.is_none_or(|end| effective < end && self.effective < end) && void.is_none_or(|void| self.effective < void)
    }
}

impl Suspension {
    /// Whether this day is one of them.
    pub fn holds(&self, day: Date) -> bool {
        self.since <= day && day < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use strum::VariantArray;

    fn agreement() -> Agreement {
        Agreement {
            number: 1,
            level: Level::Two,
            price_level: Level::Three,
            effective: date(2026, 1, 1),
            void: Some(date(2027, 1, 1)),
            ended: None,
            suspensions: vec![Suspension { since: date(2026, 3, 1), until: date(2026, 3, 11) }],
        }
    }

    #[test]
    fn each_edge_belongs_to_the_right_side() {
        let agreement = agreement();
        let ended = Agreement { ended: Some(date(2026, 6, 1)), ..agreement.clone() };
        for (day, state, when_ended) in [
            (date(2025, 12, 31), State::Signed, State::Signed),
            (date(2026, 1, 1), State::InForce, State::InForce),
            (date(2026, 2, 28), State::InForce, State::InForce),
            (date(2026, 3, 1), State::Suspended, State::Suspended),
            (date(2026, 3, 10), State::Suspended, State::Suspended),
            (date(2026, 3, 11), State::InForce, State::InForce),
            (date(2026, 5, 31), State::InForce, State::InForce),
            (date(2026, 6, 1), State::InForce, State::Ended),
            (date(2026, 12, 31), State::InForce, State::Ended),
            (date(2027, 1, 1), State::Void, State::Ended),
        ] {
            assert_eq!(agreement.state(day), state, "{day}");
            assert_eq!(ended.state(day), when_ended, "{day}, ended");
        }
    }

    /// From one day to the next a state changes by a transition of the table, and by no other.
    #[test]
    fn days_follow_the_table() {
        let mut agreements = vec![agreement()];
        agreements.push(Agreement { ended: Some(date(2026, 3, 5)), ..agreement() });
        agreements.push(Agreement { ended: Some(date(2025, 12, 30)), ..agreement() });
        agreements.push(Agreement { void: Some(date(2026, 3, 4)), ..agreement() });
        for agreement in agreements {
            let mut day = date(2025, 12, 1);
            while day < date(2027, 2, 1) {
                let next = day.tomorrow().unwrap();
                let (before, after) = (agreement.state(day), agreement.state(next));
                let reached = Change::VARIANTS.iter().any(|change| transition(before, *change) == Some(after));
                assert!(before == after || reached, "{day}: {before:?} to {after:?}");
                day = next;
            }
        }
    }

    /// No dead ends: every state is final, or leads to a final one.
    #[test]
    fn every_state_leads_to_an_end() {
        let next = |state: State| Change::VARIANTS.iter().filter_map(move |change| transition(state, *change));
        for state in State::VARIANTS {
            let is_final = matches!(state, State::Void | State::Ended);
            assert_eq!(next(*state).count() == 0, is_final, "{state:?}");
            assert!(is_final || next(*state).any(|after| after == State::Ended), "{state:?}");
        }
    }

    #[test]
    fn overlaps_are_noticed() {
        let agreement = agreement();
        assert!(!agreement.overlaps(date(2027, 1, 1), None));
        assert!(!agreement.overlaps(date(2025, 1, 1), Some(date(2026, 1, 1))));
        assert!(agreement.overlaps(date(2025, 1, 1), Some(date(2026, 1, 2))));
        assert!(agreement.overlaps(date(2026, 12, 31), None));
        let ended = Agreement { ended: Some(date(2026, 6, 1)), ..agreement.clone() };
        assert!(!ended.overlaps(date(2026, 6, 1), None));
        let endless = Agreement { void: None, ..agreement };
        assert!(endless.overlaps(date(2030, 1, 1), None));
    }
}
