//! Family pooling (家庭共济): a personal account pays for a relative. It is money and never the entitlement: what the pool
//! pays for the relative follows from the relative's own insurance alone (docs/centre.md §6.7.4).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::configuration::Parameter;
use crate::store::value::words;

words! {
    /// What the relative is to the owner of the account.
    #[schema(as = PoolingKin)]
    pub enum Kin {
        /// 配偶.
        Spouse,
        /// 父母.
        Parent,
        /// 子女.
        Child,
        /// 兄弟姐妹.
        Sibling,
        /// 祖父母, 外祖父母.
        Grandparent,
        /// 孙子女, 外孙子女.
        Grandchild,
    }
}

words! {
    /// What the money is for.
    #[schema(as = PoolingUse)]
    pub enum Use {
        /// The own share at a designated hospital.
        Hospital,
        /// The own share at a designated pharmacy.
        Pharmacy,
        /// The yearly premium as a resident.
        ResidentPremium,
        /// Care insurance.
        Care,
    }
}

/// The parameter `pooling`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pooling {
    /// For whom.
    pub kin: Vec<Kin>,
    /// For what.
    pub uses: Vec<Use>,
    /// Whether it pays at a pharmacy for a relative who is insured as a resident.
    pub pharmacy_for_residents: bool,
}

/// Why an account does not pay for a relative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Not {
    /// This kinship is not admitted here.
    Kin,
    /// The relative is not insured.
    NotInsured,
    /// This use is not admitted here.
    Use,
    /// The relative is insured as a resident, and the area excludes pharmacies then.
    PharmacyForResident,
}

/// How the relative is insured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insured {
    /// Not at all.
    No,
    /// As a resident.
    Resident,
    /// In another capacity.
    Otherwise,
}

impl Pooling {
    /// Whether the account of somebody may be bound to a relative.
    pub fn bind(&self, kin: Kin, relative: Insured) -> Result<(), Not> {
        if !self.kin.contains(&kin) {
            return Err(Not::Kin);
        }
        if relative == Insured::No { Err(Not::NotInsured) } else { Ok(()) }
    }

    /// Whether a bound account pays. A premium may be what makes the relative insured, so for it nobody need be so.
    pub fn pay(&self, kin: Kin, relative: Insured, what: Use) -> Result<(), Not> {
        let relative = if what == Use::ResidentPremium { Insured::Resident } else { relative };
        self.bind(kin, relative)?;
        if !self.uses.contains(&what) {
            return Err(Not::Use);
        }
        if what == Use::Pharmacy && relative == Insured::Resident && !self.pharmacy_for_residents {
            return Err(Not::PharmacyForResident);
        }
        Ok(())
    }
}

impl Parameter for Pooling {
    const NAME: &'static str = "pooling";

    fn check(&self) -> Result<(), String> {
        let twice = |found: bool| if found { Err("an entry stands twice; give it once".to_string()) } else { Ok(()) };
        twice(self.kin.iter().enumerate().any(|(at, kin)| self.kin[..at].contains(kin)))?;
        twice(self.uses.iter().enumerate().any(|(at, what)| self.uses[..at].contains(what)))
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    /// docs/centre.md §6.7.4
    #[test]
    fn who_may_be_bound_and_what_is_paid() {
        let of_2021 = Pooling {
            kin: vec![Kin::Spouse, Kin::Parent, Kin::Child],
            uses: vec![Use::Hospital, Use::Pharmacy, Use::ResidentPremium],
            pharmacy_for_residents: false,
        };
        assert_eq!(of_2021.check(), Ok(()));
        let of_2024 = Pooling { kin: Kin::VARIANTS.to_vec(), pharmacy_for_residents: true, ..of_2021.clone() };
        assert_eq!(of_2021.bind(Kin::Sibling, Insured::Otherwise), Err(Not::Kin));
        assert_eq!(of_2024.bind(Kin::Sibling, Insured::Otherwise), Ok(()));
        assert_eq!(of_2024.bind(Kin::Spouse, Insured::No), Err(Not::NotInsured));
        assert_eq!(of_2021.pay(Kin::Child, Insured::Resident, Use::Pharmacy), Err(Not::PharmacyForResident));
        assert_eq!(of_2021.pay(Kin::Child, Insured::Otherwise, Use::Pharmacy), Ok(()));
        assert_eq!(of_2024.pay(Kin::Child, Insured::Resident, Use::Pharmacy), Ok(()));
        assert_eq!(of_2024.pay(Kin::Child, Insured::Resident, Use::Care), Err(Not::Use));
        assert_eq!(of_2024.pay(Kin::Child, Insured::No, Use::ResidentPremium), Ok(()));
        assert_eq!(of_2024.pay(Kin::Child, Insured::No, Use::Hospital), Err(Not::NotInsured));
        assert!(Pooling { uses: vec![Use::Care, Use::Care], ..of_2024 }.check().is_err());
    }
}
