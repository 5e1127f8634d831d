//! The amounts of a settlement (`setlinfo`, `setldetail`) and the identities that every answer keeps (docs/centre.md
//! §6.8.2). Not here: how they come about.

use std::ops::Neg;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::catalogue::LineSplit;
use super::codes::FundType;
use super::exact::Share;

/// The amounts of a settlement, in fen, under their national names; of an undo all are negative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Setlinfo {
    /// The whole bill.
    pub medfee_sumamt: i64,
    /// What the catalogue leaves to the person.
    pub fulamt_ownpay_amt: i64,
    /// What exceeds price limits.
    pub overlmt_selfpay: i64,
    /// What the person pays alone before the fund takes part.
    pub preselfpay_amt: i64,
    /// What the fund takes notice of.
    pub inscp_scp_amt: i64,
    /// The deductible within it.
    pub act_pay_dedc: i64,
    /// The pooled fund.
    pub hifp_pay: i64,
    /// The pooled fund's share of what is above the deductible.
    pub pool_prop_selfpay: Share,
    /// The fund for civil servants.
    pub cvlserv_pay: i64,
    /// The employer's supplement.
    pub hifes_pay: i64,
    /// The residents' fund for serious illness.
    pub hifmi_pay: i64,
    /// The employees' fund for large sums.
    pub hifob_pay: i64,
    /// Medical assistance.
    pub maf_pay: i64,
    /// Other funds.
    pub oth_pay: i64,
    /// All funds.
    pub fund_pay_sumamt: i64,
    /// The person's part.
    pub psn_part_amt: i64,
    /// The personal account.
    pub acct_pay: i64,
    /// Cash.
    pub psn_cash_pay: i64,
    /// What the hospital bears.
    pub hosp_part_amt: i64,
    /// The personal account's balance afterwards.
    pub balc: i64,
    /// The relatives' pooled accounts.
    pub acct_mulaid_pay: i64,
    /// What each fund pays.
    pub setldetail: Vec<FundPart>,
}

/// What one fund pays (`setldetail`), in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FundPart {
    /// Which fund.
    pub fund_pay_type: FundType,
    /// Of this sum.
    pub inscp_scp_amt: i64,
    /// It could have paid so much; `None`: without limit.
    pub crt_payb_lmt_amt: Option<i64>,
    /// It pays so much.
    pub fund_payamt: i64,
}

/// An identity of docs/centre.md §6.8.2 that does not hold: a fault of this program, for which there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Identity {
    /// 1: the four parts of the bill add up to it.
    Bill,
    /// 2: funds, person and hospital pay the bill.
    Payers,
    /// 3: the funds add up to their sum.
    Funds,
    /// 3: the details add up to each fund.
    Details,
    /// 4: account, pooled accounts and cash add up to the person's part.
    Person,
    /// 5: the account loses what it pays, and never more than it has.
    Balance,
    /// 5: the lines add up to the header, and the parts of a line to it.
    Lines,
    /// No amount has the wrong sign: none is negative, of an undo none positive.
    Sign,
    /// The deductible is within the scope, and no fund pays beyond its limit.
    Limits,
}

impl Setlinfo {
    /// Whether all identities hold, for these lines, an account that had `before`, and with `acct_mulaid_pay` counted
    /// within `acct_pay` or beside it.
    pub fn check(&self, lines: &[LineSplit], before: i64, mulaid_in_acct: bool) -> Result<(), Identity> {
        let own_account = if mulaid_in_acct { self.acct_pay - self.acct_mulaid_pay } else { self.acct_pay };
        let parts = self.fulamt_ownpay_amt + self.overlmt_selfpay + self.preselfpay_amt + self.inscp_scp_amt;
        let holds = [
            (Identity::Bill, self.medfee_sumamt == parts),
            (Identity::Payers, self.medfee_sumamt == self.fund_pay_sumamt + self.psn_part_amt + self.hosp_part_amt),
            (Identity::Funds, self.fund_pay_sumamt == self.funds().iter().sum::<i64>()),
            (Identity::Details, self.funds() == self.details()),
            (Identity::Person, self.psn_part_amt == own_account + self.acct_mulaid_pay + self.psn_cash_pay),
            (Identity::Balance, self.balc == before - own_account && self.balc >= 0),
            (Identity::Lines, self.lines_add_up(lines)),
            (Identity::Sign, self.signs_agree(own_account)),
            (Identity::Limits, self.limits_hold()),
        ];
        holds.into_iter().find(|(_, holds)| !holds).map_or(Ok(()), |(identity, _)| Err(identity))
    }

    /// The fields of the funds, in the order of docs/centre.md §6.8.2.
    const fn funds(&self) -> [i64; 7] {
        [self.hifp_pay, self.cvlserv_pay, self.hifes_pay, self.hifmi_pay, self.hifob_pay, self.maf_pay, self.oth_pay]
    }

    /// The same from the details.
    fn details(&self) -> [i64; 7] {
        let mut sums = [0; 7];
        for part in &self.setldetail {
            if let Some(sum) = sums.get_mut(field_of(part.fund_pay_type)) {
                *sum += part.fund_payamt;
            }
        }
        sums
    }

    /// Fills the fields of the funds from the details.
    pub(super) fn sum_funds(&mut self) {
        let [hifp, cvlserv, hifes, hifmi, hifob, maf, oth] = self.details();
        (self.hifp_pay, self.cvlserv_pay, self.hifes_pay, self.hifmi_pay) = (hifp, cvlserv, hifes, hifmi);
        (self.hifob_pay, self.maf_pay, self.oth_pay) = (hifob, maf, oth);
        self.fund_pay_sumamt = self.funds().iter().sum();
    }

    fn lines_add_up(&self, lines: &[LineSplit]) -> bool {
        let sum = |of: fn(&LineSplit) -> i64| lines.iter().map(of).sum::<i64>();
        let sums = [
            sum(|line| line.amount),
            sum(|line| line.fulamt_ownpay_amt),
            sum(|line| line.overlmt_amt),
            sum(|line| line.preselfpay_amt),
            sum(|line| line.inscp_scp_amt),
        ];
        let header =
            [self.medfee_sumamt, self.fulamt_ownpay_amt, self.overlmt_selfpay, self.preselfpay_amt, self.inscp_scp_amt];
        sums == header && lines.iter().all(LineSplit::adds_up)
    }

    fn limits_hold(&self) -> bool {
        let within = |part: &FundPart| part.crt_payb_lmt_amt.is_none_or(|limit| part.fund_payamt <= limit);
        self.act_pay_dedc.abs() <= self.inscp_scp_amt.abs()
            && self.fund_pay_sumamt.abs() <= self.inscp_scp_amt.abs()
            && self.setldetail.iter().all(within)
    }

    fn signs_agree(&self, own_account: i64) -> bool {
        let sign = self.medfee_sumamt.signum();
        let agrees = |amount: &i64| amount.signum() == sign || *amount == 0;
        self.amounts().iter().all(agrees) && agrees(&own_account)
    }

    const fn amounts(&self) -> [i64; 19] {
        let [hifp, cvlserv, hifes, hifmi, hifob, maf, oth] = self.funds();
        [
            self.medfee_sumamt,
            self.fulamt_ownpay_amt,
            self.overlmt_selfpay,
            self.preselfpay_amt,
            self.inscp_scp_amt,
            self.act_pay_dedc,
            hifp,
            cvlserv,
            hifes,
            hifmi,
            hifob,
            maf,
            oth,
            self.fund_pay_sumamt,
            self.psn_part_amt,
            self.acct_pay,
            self.psn_cash_pay,
            self.hosp_part_amt,
            self.acct_mulaid_pay,
        ]
    }

    /// The undo of this settlement: every amount negated, and the balance the account has after it.
    #[must_use]
    pub fn undone(&self, balance_after: i64) -> Self {
        let negated = |part: &FundPart| FundPart {
            inscp_scp_amt: -part.inscp_scp_amt,
            crt_payb_lmt_amt: None,
            fund_payamt: -part.fund_payamt,
            ..part.clone()
        };
        Self {
            medfee_sumamt: -self.medfee_sumamt,
            fulamt_ownpay_amt: -self.fulamt_ownpay_amt,
            overlmt_selfpay: -self.overlmt_selfpay,
            preselfpay_amt: -self.preselfpay_amt,
            inscp_scp_amt: -self.inscp_scp_amt,
            act_pay_dedc: -self.act_pay_dedc,
            hifp_pay: -self.hifp_pay,
            pool_prop_selfpay: self.pool_prop_selfpay,
            cvlserv_pay: -self.cvlserv_pay,
            hifes_pay: -self.hifes_pay,
            hifmi_pay: -self.hifmi_pay,
            hifob_pay: -self.hifob_pay,
            maf_pay: -self.maf_pay,
            oth_pay: -self.oth_pay,
            fund_pay_sumamt: -self.fund_pay_sumamt,
            psn_part_amt: -self.psn_part_amt,
            acct_pay: -self.acct_pay,
            psn_cash_pay: -self.psn_cash_pay,
            hosp_part_amt: -self.hosp_part_amt,
            balc: balance_after,
            acct_mulaid_pay: -self.acct_mulaid_pay,
            setldetail: self.setldetail.iter().map(negated).collect(),
        }
    }
}

/// Which field of `setlinfo` a fund's payment is in, as a place in the order of docs/centre.md §6.8.2.
const fn field_of(fund: FundType) -> usize {
    match fund {
        FundType::EmployeesPool | FundType::Residents | FundType::Maternity => 0,
        FundType::ResidentsSerious => 3,
        FundType::LargeSums => 4,
        FundType::Assistance => 5,
        FundType::Other => 6,
    }
}

impl LineSplit {
    /// Whether the parts add up to the line, and none has another sign than it.
    pub fn adds_up(&self) -> bool {
        let parts = [self.fulamt_ownpay_amt, self.overlmt_amt, self.preselfpay_amt, self.inscp_scp_amt];
        let sign = self.amount.signum();
        parts.iter().sum::<i64>() == self.amount && parts.iter().all(|part| part.signum() == sign || *part == 0)
    }
}

impl Neg for LineSplit {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            feedetl_sn: self.feedetl_sn,
            amount: -self.amount,
            fulamt_ownpay_amt: -self.fulamt_ownpay_amt,
            overlmt_amt: -self.overlmt_amt,
            preselfpay_amt: -self.preselfpay_amt,
            inscp_scp_amt: -self.inscp_scp_amt,
        }
    }
}
