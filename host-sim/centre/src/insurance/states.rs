//! For whom each record of insurance waits, why, and what leads on: nothing stays where nobody can act.

use serde::Serialize;
use utoipa::ToSchema;

use crate::acts::role::Role;

use super::relation::State;
use super::slips::LineState;
use super::unmatched::UnmatchedState;

/// For whom a state waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = InsuranceWaitsFor)]
pub struct WaitsFor {
    /// Who must act
    pub who: Role,
    /// Why, in English
    pub why_en: &'static str,
    /// Why, in Chinese
    pub why_zh: &'static str,
    /// The acts that lead on
    pub acts: &'static [&'static str],
}

impl LineState {
    /// For whom a line of a slip waits: until its last day in time, afterwards with a late fee. `None`: it is final.
    #[must_use]
    pub const fn waits_for(self) -> Option<WaitsFor> {
        match self {
            Self::Due => Some(WaitsFor {
                who: Role::PremiumOfficer,
                why_en: "the payer must pay it, and the bank's file must be taken; or the slip is withdrawn",
                why_zh: "待缴费人缴费并处理银行代收文件，或作废缴费单",
                acts: &["premium.collect", "premium.resolve", "resident.pay", "premium.void"],
            }),
            Self::Collected | Self::Void => None,
        }
    }
}

impl UnmatchedState {
    /// For whom unmatched money waits: `unmatched_days` of `premium.bank`. `None`: it is final.
    #[must_use]
    pub const fn waits_for(self) -> Option<WaitsFor> {
        match self {
            Self::Open => Some(WaitsFor {
                who: Role::PremiumOfficer,
                why_en: "the money must go back, or be credited to the line that it pays",
                why_zh: "待退回款项或认领到对应缴费行",
                acts: &["premium.resolve"],
            }),
            Self::Returned | Self::Assigned => None,
        }
    }
}

impl State {
    /// For whom a relation waits: for the payer's next declaration, without a term. `None`: it is final.
    #[must_use]
    pub const fn waits_for(self) -> Option<WaitsFor> {
        match self {
            Self::Insured => Some(WaitsFor {
                who: Role::PremiumOfficer,
                why_en: "it goes on until the payer declares a change",
                why_zh: "持续参保，待缴费主体申报变动",
                acts: &["relation.pause", "relation.end", "relation.retire"],
            }),
            Self::Paused => Some(WaitsFor {
                who: Role::PremiumOfficer,
                why_en: "it is paused until the payer resumes or ends it",
                why_zh: "已暂停，待恢复或终止",
                acts: &["relation.resume", "relation.end"],
            }),
            Self::Ended => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::super::relation::Move;
    use super::*;
    use crate::registry;

    /// A record in `start` reaches a final state; where somebody is waited for, that role may do each of the acts named.
    fn no_dead_end<S: Copy + std::fmt::Debug + PartialEq>(
        all: &[S],
        waits_for: fn(S) -> Option<WaitsFor>,
        next: impl Fn(S) -> Vec<S>,
    ) {
        for state in all {
            let Some(waits) = waits_for(*state) else {
                assert_eq!(next(*state), [], "{state:?} is final");
                continue;
            };
            for act in waits.acts {
                assert!(registry::act(act).is_some_and(|entry| entry.roles.contains(&waits.who)), "{act}");
            }
            let mut reached = vec![*state];
            for at in 0.. {
                let Some(state) = reached.get(at).copied() else { break };
                for next in next(state) {
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
            }
            assert!(reached.iter().any(|state| waits_for(*state).is_none()), "{state:?} leads to no final state");
        }
    }

    #[test]
    fn no_state_is_a_dead_end() {
        no_dead_end(LineState::VARIANTS, LineState::waits_for, |state| {
            [state.collected(), state.withdrawn()].into_iter().flatten().collect()
        });
        no_dead_end(UnmatchedState::VARIANTS, UnmatchedState::waits_for, |state| {
            [state.returned(), state.assigned()].into_iter().flatten().collect()
        });
        no_dead_end(State::VARIANTS, State::waits_for, |state| {
            Move::VARIANTS.iter().filter_map(|moved| state.after(*moved)).collect()
        });
    }
}
