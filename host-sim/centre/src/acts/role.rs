//! The roles in which operators act. One operator has one role, so that nobody reviews what they accepted.

use strum::VariantArray;

use crate::store::value::words;

words! {
    /// In which role an operator acts.
    pub enum Role {
        /// 管理员: outlets, operators, parameters.
        Administrator,
        /// 受理: accepts applications.
        Clerk,
        /// 复核: reviews what a clerk accepted.
        Reviewer,
        /// 收费: fees and their slips.
        Cashier,
        /// 制卡: orders cards and reports them back.
        Producer,
        /// 发卡: hands cards over, and changes their state at a window.
        Issuer,
        /// 征缴: insurance relations and premiums.
        PremiumOfficer,
        /// 结算: institutions, catalogue and settlement.
        SettlementOfficer,
        /// 12333: losses reported by telephone.
        Hotline,
        /// A bank's counter.
        BankCounter,
        /// A hospital's till.
        Hospital,
        /// A pharmacy's till.
        Pharmacy,
        /// 稽核: reads the audit record.
        Auditor,
    }
}

/// Everybody.
pub const ALL: &[Role] = Role::VARIANTS;
