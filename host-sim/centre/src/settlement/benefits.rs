//! The table of benefits of an area (docs/centre.md §6.8.4): data, which the rules read. Not here: the calculation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::{FundType, Insutype, Kind, PersonClass};
use super::exact::{Rounding, Share};
use crate::configuration::Parameter;
use crate::institution::level::Level;
use crate::store::value::words;

/// All that a settlement takes from the area's configuration. Amounts are fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Benefits {
    /// How every share of an amount is rounded.
    pub rounding: Rounding,
    /// `acct_mulaid_pay` is counted within `acct_pay`, not beside it (docs/centre.md §6.8.2, 4).
    #[serde(default)]
    pub mulaid_in_acct: bool,
    /// What the pooled fund pays. What no rule covers, it does not pay.
    pub rules: Vec<Rule>,
    /// The layer for serious illness, one for an insurance at most.
    #[serde(default)]
    pub serious: Vec<Serious>,
    /// Medical assistance, by the class of those who have a right to it.
    #[serde(default)]
    pub assistance: Vec<Assistance>,
    /// What a treatment in another area changes.
    pub elsewhere: ElsewhereShares,
}

/// What the pooled fund pays for one kind of treatment of one class of persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Rule)]
pub struct Rule {
    /// Of this insurance.
    pub insutype: Insutype,
    /// For this kind of treatment.
    pub kind: Kind,
    /// For these persons.
    pub person: PersonClass,
    /// This fund.
    pub fund: FundType,
    /// At most so much a year, fen.
    pub cap: i64,
    /// How often the deductible is taken.
    pub deductible: DeductiblePer,
    /// By the institution's level for the deductible. At other levels the fund does not pay.
    pub levels: Vec<LevelRule>,
}

/// What holds at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::LevelRule)]
pub struct LevelRule {
    /// The institution's level for the deductible.
    pub level: Level,
    /// What the person pays before the fund does, fen.
    #[serde(default)]
    pub deductible: i64,
    /// The fund's share of the rest.
    pub share: Share,
}

/// How often the deductible is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = settlement::DeductiblePer)]
pub enum DeductiblePer {
    /// Once in a year: what was paid of it counts for the next bill.
    Year,
    /// With every stay: the first pays the first share of it, and so on; the last share holds for all further stays.
    Stay(Vec<Share>),
}

/// The layer above: it pays of what the person bore of the scope within a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Serious)]
pub struct Serious {
    /// Of this insurance.
    pub insutype: Insutype,
    /// This fund.
    pub fund: FundType,
    /// The kinds of treatment that count.
    pub kinds: Vec<Kind>,
    /// From which sum of the year which share is paid, lowest first.
    pub tiers: Vec<Tier>,
}

/// One tier of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Tier)]
pub struct Tier {
    /// Above this sum of the year, fen.
    pub from: i64,
    /// This share of what lies above it, up to the next tier.
    pub share: Share,
}

/// What medical assistance pays of what all others have left of the scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::Assistance)]
pub struct Assistance {
    /// Whom it is for, in the area's own words.
    pub class: String,
    /// The share.
    pub share: Share,
    /// At most so much a year, fen.
    pub cap: i64,
}

/// How much of the local share the fund pays for a treatment in another area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = settlement::ElsewhereShares)]
pub struct ElsewhereShares {
    /// The person has it on file that they live there.
    pub filed: Share,
    /// A hospital here has sent them there.
    pub transferred: Share,
    /// Neither.
    pub unfiled: Share,
}

words! {
    /// Where a treatment took place, seen from the area of insurance.
    #[derive(Default)]
    #[schema(as = settlement::Elsewhere)]
    pub enum Elsewhere {
        /// In the area itself.
        #[default]
        Here,
        /// In another area, where the person lives, on file.
        Filed,
        /// In another area, sent there.
        Transferred,
        /// In another area, of the person's own accord.
        Unfiled,
    }
}

impl Benefits {
    /// The rule for such a treatment, and what it says for this level.
    pub fn rule(
        &self,
        insutype: Insutype,
        kind: Kind,
        person: PersonClass,
        level: Level,
    ) -> Option<(&Rule, &LevelRule)> {
        let fits = |rule: &&Rule| rule.insutype == insutype && rule.kind == kind && rule.person == person;
        let rule = self.rules.iter().find(fits)?;
        Some((rule, rule.levels.iter().find(|at| at.level == level)?))
    }

    /// The layer above the pooled fund for such a treatment.
    pub fn serious(&self, insutype: Insutype, kind: Kind) -> Option<&Serious> {
        self.serious.iter().find(|layer| layer.insutype == insutype && layer.kinds.contains(&kind))
    }

    /// What persons of this class get.
    pub fn assistance(&self, class: &str) -> Option<&Assistance> {
        self.assistance.iter().find(|assistance| assistance.class == class)
    }
}

impl Parameter for Benefits {
    const NAME: &'static str = "benefits";

    fn check(&self) -> Result<(), String> {
        let amounts = |what: &str, amount: i64| {
            if amount < 0 { Err(format!("{what} is below zero")) } else { Ok(()) }
        };
        for (at, rule) in self.rules.iter().enumerate() {
            let what = format!("rule {} ({:?}, {:?}, {:?})", at + 1, rule.insutype, rule.kind, rule.person);
            amounts(&format!("{what}: the cap"), rule.cap)?;
            let same =
                |other: &&Rule| (other.insutype, other.kind, other.person) == (rule.insutype, rule.kind, rule.person);
            if self.rules.iter().filter(same).count() > 1 {
                return Err(format!("{what} stands twice"));
            }
            for (at, level) in rule.levels.iter().enumerate() {
                amounts(&format!("{what}: the deductible of {:?}", level.level), level.deductible)?;
                if rule.levels.iter().skip(at + 1).any(|other| other.level == level.level) {
                    return Err(format!("{what}: the level {:?} stands twice", level.level));
                }
            }
            if matches!(&rule.deductible, DeductiblePer::Stay(shares) if shares.is_empty()) {
                return Err(format!("{what}: the shares of the stays are missing"));
            }
        }
        for (at, layer) in self.serious.iter().enumerate() {
            let what = format!("serious illness {}", at + 1);
            for tier in &layer.tiers {
                amounts(&format!("{what}: the beginning of a tier"), tier.from)?;
            }
            if !layer.tiers.is_sorted_by(|a, b| a.from < b.from) {
                return Err(format!("{what}: the tiers do not rise"));
            }
            if self.serious.iter().skip(at + 1).any(|other| other.insutype == layer.insutype) {
                return Err(format!("{what}: its insurance stands twice"));
            }
        }
        for assistance in &self.assistance {
            amounts(&format!("assistance {}: the cap", assistance.class), assistance.cap)?;
        }
        Ok(())
    }
}

impl ElsewhereShares {
    /// The share of the local share.
    pub const fn of(&self, elsewhere: Elsewhere) -> Share {
        match elsewhere {
            Elsewhere::Here => Share::WHOLE,
            Elsewhere::Filed => self.filed,
            Elsewhere::Transferred => self.transferred,
            Elsewhere::Unfiled => self.unfiled,
        }
    }
}
