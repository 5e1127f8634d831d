//! What differs from area to area in applications: the parameters `application.rules`, `application.proofs` and
//! `application.banks` (docs/centre.md §11).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::documents::Kind;
use super::photo::PhotoRules;
use crate::configuration::Parameter;
use crate::store::value::words;

/// Documents, ages and terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationRules {
    /// The kinds of document by which a person may apply
    pub documents: Vec<Kind>,
    /// The household register is accepted of holders younger than this, in years
    pub register_under: u8,
    /// Younger holders are minors, for whom a guardian acts, in years
    pub minor_under: u8,
    /// Days within which a form must be handed in, from its last step on
    pub draft_days: u16,
    /// Days for a review
    pub review_days: u16,
    /// Days for the correction of a returned application
    pub return_days: u16,
    /// Days in which the fee of an approved application must be paid
    pub fee_days: u16,
}

impl Parameter for ApplicationRules {
    const NAME: &'static str = "application.rules";

    fn check(&self) -> Result<(), String> {
        if self.documents.is_empty() {
            return Err("documents: at least one kind".into());
        }
        if !(1..=30).contains(&self.minor_under) || !(1..=30).contains(&self.register_under) {
            return Err("minor_under, register_under: 1 to 30 years".into());
        }
        let terms = [self.draft_days, self.review_days, self.return_days, self.fee_days];
        if terms.iter().all(|days| (1..=366).contains(days)) { Ok(()) } else { Err("terms: 1 to 366 days".into()) }
    }
}

words! {
    /// What proves something beside the document itself.
    pub enum ProofKind {
        /// 劳动合同
        LabourContract,
        /// 单位证明
        EmployersLetter,
        /// 外国人就业证, 外国人工作许可证
        WorkPermit,
        /// 外国专家证
        ExpertPermit,
        /// 外国常驻记者证
        JournalistPermit,
        /// 居留证件
        ResidenceDocument,
        /// 授权委托书
        PowerOfAttorney,
        /// 户口簿 that shows holder and guardian
        HouseholdRegister,
        /// 出生医学证明
        BirthCertificate,
        /// 监护证明
        GuardianshipCertificate,
        /// 低保证, 残疾人证 and others for which the fee is waived
        ExemptionCertificate,
        /// 损坏的原卡
        DamagedCard,
    }
}

/// For each situation the sets of proofs of which one must be complete. A situation without sets needs none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofRules {
    /// A foreigner who works here; a permanent residence card counts as all of it
    pub foreign_worker: Vec<Vec<ProofKind>>,
    /// Somebody of Hong Kong, Macao or Taiwan who works here
    pub hmt_worker: Vec<Vec<ProofKind>>,
    /// A worker whose household is registered elsewhere
    pub nonlocal_worker: Vec<Vec<ProofKind>>,
    /// An agent
    pub agent: Vec<Vec<ProofKind>>,
    /// A guardian
    pub guardian: Vec<Vec<ProofKind>>,
    /// Whoever asks for a waived fee
    pub exemption: Vec<Vec<ProofKind>>,
    /// A replacement for damage
    pub damage: Vec<Vec<ProofKind>>,
}

impl Parameter for ProofRules {
    const NAME: &'static str = "application.proofs";

    fn check(&self) -> Result<(), String> {
        let Self { foreign_worker, hmt_worker, nonlocal_worker, agent, guardian, exemption, damage } = self;
        let all = [foreign_worker, hmt_worker, nonlocal_worker, agent, guardian, exemption, damage];
        // An empty set is always complete: it would undo the others beside it.
        let empty = all.iter().any(|sets| sets.iter().any(Vec::is_empty));
        if empty { Err("a set of proofs has at least one".into()) } else { Ok(()) }
    }
}

/// A bank whose cards are issued in the area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceBank {
    /// Its code: five digits, the telephone number of its customer service
    #[schema(pattern = r"^\d{5}$")]
    pub code: String,
    /// Its name
    pub name: String,
    /// The codes of its outlets, whose counters answer for it and act on its accounts
    #[serde(default)]
    pub counters: Vec<String>,
}

/// The banks whose cards are issued in the area (docs/centre.md §6.5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Banks {
    /// The banks
    pub banks: Vec<ServiceBank>,
}

impl Banks {
    /// Whether this outlet is a counter of the bank with this code.
    pub fn is_counter_of(&self, bank: &str, outlet: &str) -> bool {
        self.banks.iter().any(|known| known.code == bank && known.counters.iter().any(|counter| counter == outlet))
    }
}

impl Parameter for Banks {
    const NAME: &'static str = "application.banks";

    fn check(&self) -> Result<(), String> {
        let code = |bank: &ServiceBank| bank.code.len() == 5 && bank.code.bytes().all(|byte| byte.is_ascii_digit());
        if !self.banks.iter().all(code) {
            return Err("banks.code: five digits".into());
        }
        let mut counters: Vec<_> = self.banks.iter().flat_map(|bank| &bank.counters).collect();
        let all = counters.len();
        counters.sort_unstable();
        counters.dedup();
        // One who sits at two banks' counters would answer for both.
        if counters.len() == all { Ok(()) } else { Err("banks.counters: an outlet is one bank's".into()) }
    }
}

impl Parameter for PhotoRules {
    const NAME: &'static str = "photo";

    fn check(&self) -> Result<(), String> {
        self.check_figures()
    }
}
