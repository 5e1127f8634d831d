//! Who may take a card at the outlet (docs/centre.md §6.5.12): the holder, an agent, the guardian of a minor, or the agent
//! of the unit that applied.

use jiff::ToSpan;
use jiff::civil::Date;

use super::refusal::ProductionRefusal;
use crate::store::value::words;

words! {
    /// Who stands at the window.
    pub enum Collector {
        /// The holder.
        Holder,
        /// Somebody whom the holder sends.
        Agent,
        /// The guardian of a minor.
        Guardian,
        /// The agent of the unit that applied; distributes the cards to their holders.
        UnitAgent,
    }
}

words! {
    /// By what a guardian proves to be one.
    pub enum GuardianProof {
        /// The household register with both.
        HouseholdRegister,
        /// The child's medical birth certificate.
        BirthCertificate,
    }
}

/// A document that is shown at the window.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its kind, in its word.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// Its last day; `None`: for ever.
    pub expires: Option<Date>,
    /// It is the original, not a copy.
    pub original: bool,
}

/// What is shown and stated at the window.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who takes the card.
    pub collector: Collector,
    /// The collector's own document.
    pub own: Shown,
    /// The holder's document, which an agent brings along.
    pub holders: Option<Shown>,
    /// Where the written authority is filed.
    pub authority: Option<String>,
    /// The guardian's proof.
    pub proof: Option<GuardianProof>,
    /// The unit for which the collector acts.
    pub unit: Option<String>,
    /// Where the sealed copy of the unit's business licence is filed.
    pub licence: Option<String>,
    /// The collector's telephone number.
    pub phone: String,
}

/// What the centre knows of who is to have the card.
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    /// Kind and number of the holder's document.
    pub document: (String, String),
    /// The date of birth.
    pub born: Date,
    /// Kind and number of the guardian's document, if the application names a guardian.
    pub guardian: Option<(String, String)>,
    /// The unit that applied.
    pub unit: Option<String>,
}

impl Holder {
    /// Whether the holder is younger than this many years on this day.
    pub fn is_minor(&self, years: u8, today: Date) -> bool {
        self.born.saturating_add(i32::from(years).years()) > today
    }
}

impl Claim {
    /// Whether the collector may take the card.
    ///
    /// # Errors
    /// The first thing that is missing or wrong.
    pub fn check(&self, holder: &Holder, guardian_below: u8, today: Date) -> Result<(), ProductionRefusal> {
        use ProductionRefusal as R;
        let digits = self.phone.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'+');
        if !(5..=20).contains(&self.phone.len()) || !digits {
            return Err(R::CollectorPhone);
        }
        self.own.check("document", today)?;
        let minor = holder.is_minor(guardian_below, today);
        if minor && self.collector != Collector::Guardian {
            return Err(R::GuardianNeeded { below: guardian_below });
        }
        match self.collector {
            Collector::Holder => is(&self.own, &holder.document, "document"),
            Collector::Agent => {
                let shown = self.holders.as_ref().ok_or(R::HolderDocumentMissing)?;
                shown.check("holder_document", today)?;
                is(shown, &holder.document, "holder_document")?;
                if (&self.own.kind, &self.own.number) == (&shown.kind, &shown.number) {
                    return Err(R::AgentIsHolder);
                }
                self.authority.as_ref().map(|_| ()).ok_or(R::AuthorityMissing)
            }
            Collector::Guardian => {
                if !minor {
                    return Err(R::HolderIsOfAge { below: guardian_below });
                }
                if let Some(guardian) = &holder.guardian {
                    is(&self.own, guardian, "document").map_err(|_| R::OtherGuardian)?;
                }
                self.proof.map(|_| ()).ok_or(R::GuardianProofMissing)
            }
            Collector::UnitAgent => {
                if holder.unit.is_none() || self.unit != holder.unit {
                    return Err(R::OtherUnit);
                }
                self.licence.as_ref().ok_or(R::LicenceMissing)?;
                self.authority.as_ref().map(|_| ()).ok_or(R::AuthorityMissing)
            }
        }
    }
}

impl Shown {
    /// Whether it is an original that is valid today.
    fn check(&self, field: &'static str, today: Date) -> Result<(), ProductionRefusal> {
        if !self.original {
            return Err(ProductionRefusal::NoOriginal { field });
        }
        match self.expires {
            Some(last) if last < today => Err(ProductionRefusal::CollectorDocumentExpired { field, last }),
            _ => Ok(()),
        }
    }
}

fn is(shown: &Shown, (kind, number): &(String, String), field: &'static str) -> Result<(), ProductionRefusal> {
    let same = shown.kind == *kind && shown.number.eq_ignore_ascii_case(number);
    if same { Ok(()) } else { Err(ProductionRefusal::DocumentOfAnother { field }) }
}
