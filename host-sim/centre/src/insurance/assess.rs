//! What one month of one relation costs, and what of it is credited when it is collected: the parameters of the month
//! applied to what is known of the person (docs/centre.md §6.7.1, §6.7.2, §6.7.4).

use super::base::Bases;
use super::credit::Credit;
use super::faults::{Fault, bent};
use super::flexible::Flexible;
use super::kinds::{Capacity, Kind};
use super::rates::{Injury, Parts, Rates};
use super::rounding::Rounding;

/// The parameters of a month.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Floors and caps.
    pub bases: Bases,
    /// Rates of employees.
    pub rates: Rates,
    /// Rates of work injury.
    pub injury: Injury,
    /// Premiums of flexible workers; `None`: the area has none.
    pub flexible: Option<Flexible>,
    /// Rules of rounding.
    pub rounding: Rounding,
    /// The credit.
    pub credit: Credit,
}

/// What is known of a relation in a month.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The kind.
    pub kind: Kind,
    /// The capacity.
    pub capacity: Capacity,
    /// The declared base, in fen.
    pub declared: i64,
    /// The class of the employer's trade.
    pub injury_class: Option<u8>,
    /// In years completed.
    pub age: u8,
}

/// A month's premium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessed {
    /// The base, in fen.
    pub base: i64,
    /// Who pays what.
    pub parts: Parts,
    /// The credit to the personal account, in fen.
    pub credit: i64,
}

impl Plan {
    /// The month's premium; `None`: this kind cannot be had in this capacity here.
    #[must_use]
    pub fn assess(&self, facts: &Facts) -> Option<Assessed> {
        let Facts { kind, capacity, declared, injury_class, age } = *facts;
        let rounding = self.rounding.premium;
        let (base, parts) = match capacity {
            Capacity::Employee => {
                let base = self.bases.clip(kind, declared);
                let parts = match kind {
                    Kind::Injury => self.injury.premium(injury_class?, base, rounding)?,
                    _ => self.rates.premium(kind, base, rounding)?,
                };
                (base, parts)
            }
            Capacity::Flexible | Capacity::FlexibleWithoutAccount => {
                // Only pension has limits of its own; the base of the others lies between those of all.
                let chosen = if kind == Kind::Pension { declared } else { self.bases.clip(kind, declared) };
                let (own, base) = self.flexible?.premium(capacity, kind, chosen, rounding)?;
                (base, Parts { own, ..Parts::default() })
            }
            Capacity::Retired | Capacity::Resident => return None,
        };
        let credit = match kind {
            Kind::Medical => self.credit.of_premium(capacity, base, age, self.rounding.credit),
            _ => 0,
        };
        let credit = if bent(Fault::EmployersPartCredited) { credit + parts.employer } else { credit };
        // A credit is a part of what was paid.
        Some(Assessed { base, parts, credit: credit.min(parts.total()) })
    }
}
