//! The insurance relation (参保关系) of a person and a kind: insured, paused, ended (docs/centre.md §6.7.5). Which spans of
//! time it made somebody insured for follows from its acts.

use strum::{Display, IntoStaticStr, VariantArray};

use crate::store::value::words;

words! {
    /// Where a relation stands.
    #[schema(as = RelationState)]
    pub enum State {
        /// 参保缴费.
        Insured,
        /// 暂停缴费.
        Paused,
        /// 终止; a new relation may begin.
        Ended,
    }
}

/// What moves a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, Display, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Move {
    /// From a day on, no premium is due.
    Pause,
    /// From a day on, premiums are due again.
    Resume,
    /// It is over.
    End,
}

impl State {
    /// psn_insu_stas: 1 insured, 2 paused; an ended relation has none.
    #[must_use]
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Insured => Some("1"),
            Self::Paused => Some("2"),
            Self::Ended => None,
        }
    }

    /// The state after `moved`; `None` if this state does not allow it.
    #[must_use]
    pub const fn after(self, moved: Move) -> Option<Self> {
        match (self, moved) {
            (Self::Insured, Move::Pause) => Some(Self::Paused),
            (Self::Paused, Move::Resume) => Some(Self::Insured),
            (Self::Insured | Self::Paused, Move::End) => Some(Self::Ended),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/centre.md §6.7.5
    #[test]
    fn every_state_is_final_or_leads_to_the_final_one() {
        for state in State::VARIANTS {
            let ends = state.after(Move::End) == Some(State::Ended);
            assert_ne!(ends, *state == State::Ended, "{state}");
            assert_eq!(state.code().is_none(), *state == State::Ended);
        }
        assert_eq!(State::Insured.after(Move::Pause).and_then(|state| state.after(Move::Resume)), Some(State::Insured));
        for (state, moved) in
            [(State::Insured, Move::Resume), (State::Paused, Move::Pause), (State::Ended, Move::Resume)]
        {
            assert_eq!(state.after(moved), None, "{state} {moved}");
        }
    }
}
