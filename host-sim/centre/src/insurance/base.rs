//! The base of a premium: own monthly average of last year between floor and cap of the date (docs/centre.md §6.7.1).
//! Floor and cap need not come from one average, so they are two figures.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;

use super::faults::{Fault, bent};
use super::kinds::Kind;

/// Floor and cap of a kind that has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BaseLimits)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The kind.
    pub kind: Kind,
    /// In fen a month.
    pub floor: i64,
    /// In fen a month.
    pub cap: i64,
}

/// The parameter `premium.base`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PremiumBases)]
#[serde(deny_unknown_fields)]
pub struct Bases {
    /// In fen a month.
    pub floor: i64,
    /// In fen a month.
    pub cap: i64,
    /// Kinds with other limits.
    #[serde(default)]
    pub kinds: Vec<Limits>,
}

impl Bases {
    /// The base for a premium of `kind`, if `declared` fen a month were declared.
    #[must_use]
    pub fn clip(&self, kind: Kind, declared: i64) -> i64 {
        let own = self.kinds.iter().find(|limits| limits.kind == kind);
        let (floor, cap) = own.map_or((self.floor, self.cap), |limits| (limits.floor, limits.cap));
        let floor = if bent(Fault::FloorIgnored) { 0 } else { floor };
        let cap = if bent(Fault::CapIgnored) { i64::MAX } else { cap };
        declared.min(cap).max(floor)
    }
}

impl Parameter for Bases {
    const NAME: &'static str = "premium.base";

    fn check(&self) -> Result<(), String> {
        let all = self.kinds.iter().map(|limits| (limits.floor, limits.cap)).chain([(self.floor, self.cap)]);
        for (floor, cap) in all {
            if floor <= 0 || cap < floor {
                return Err(format!(
                    "floor {floor} and cap {cap} (fen): the floor is above 0, the cap is not below it"
                ));
            }
        }
        if (1..self.kinds.len()).any(|at| self.kinds[..at].iter().any(|one| one.kind == self.kinds[at].kind)) {
            return Err("a kind has two limits; give one".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/centre.md §6.7.1
    #[test]
    fn a_base_lies_between_floor_and_cap() {
        let own = Limits { kind: Kind::Pension, floor: 262_800, cap: 1_680_000 };
        let bases = Bases { floor: 487_900, cap: 2_439_600, kinds: vec![own] };
        assert_eq!(bases.check(), Ok(()));
        for (declared, base) in [(0, 487_900), (487_899, 487_900), (500_000, 500_000), (2_439_601, 2_439_600)] {
            assert_eq!(bases.clip(Kind::Medical, declared), base);
        }
        assert_eq!(bases.clip(Kind::Pension, 0), 262_800);
        for (floor, cap) in [(0, 1), (2, 1), (-1, 5)] {
            assert!(Bases { floor, cap, kinds: vec![] }.check().is_err());
        }
        assert!(Bases { kinds: vec![own, own], ..bases }.check().is_err());
    }
}
