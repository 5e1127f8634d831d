//! The calculation of a settlement, in the order of docs/centre.md §6.8.4. Not here: where lines, year and balances come
//! from, and the booking.

use super::benefits::{Benefits, DeductiblePer, Elsewhere, LevelRule, Rule};
use super::catalogue::{Item, LineSplit, split};
use super::codes::{FundType, Insutype, Kind, PersonClass};
use super::exact::{Fraction, Share};
use super::setlinfo::{FundPart, Identity, Setlinfo};
use crate::institution::level::Level;

/// What a settlement is calculated from. Amounts are fen and never negative.
#[derive(Clone, Debug)]
pub struct Case<'c> {
    /// The area's table.
    pub benefits: &'c Benefits,
    /// The person's insurance.
    pub insutype: Insutype,
    /// The person's class.
    pub person: PersonClass,
    /// The kind of treatment.
    pub kind: Kind,
    /// The institution's level for deductible and share.
    pub level: Level,
    /// The institution's level for price limits.
    pub price_level: Level,
    /// Where it is.
    pub elsewhere: Elsewhere,
    /// The person is insured on the day: without it no fund pays.
    pub insured: bool,
    /// The person's class for medical assistance, if they have a right to it.
    pub assistance: Option<&'c str>,
    /// The lines.
    pub items: &'c [Item],
    /// What the year has brought so far in this kind of treatment.
    pub year: Year,
    /// What the person bore of the scope in this year, in all kinds of treatment that count for serious illness.
    pub borne: i64,
    /// What medical assistance has paid in this year, for all kinds of treatment.
    pub assisted: i64,
    /// The personal account may pay (`acct_used_flag`).
    pub acct_used: bool,
    /// Its balance.
    pub balance: i64,
    /// The balances of the relatives' pooled accounts that may pay, in the order in which they do.
    pub family: &'c [i64],
}

/// What standing settlements of a person, year and kind of treatment add up to, in fen; of one settlement, what it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Year {
    /// The deductible.
    pub deductible: i64,
    /// What the pooled fund paid, up to its cap.
    pub pooled: i64,
    /// How many settlements with a rule: for inpatients, stays.
    pub settled: i64,
    /// What the person bore of the scope, as far as it counts for serious illness.
    pub borne: i64,
    /// What medical assistance paid.
    pub assisted: i64,
}

/// A calculated settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculated {
    /// The lines' split, in their order.
    pub lines: Vec<LineSplit>,
    /// The amounts.
    pub setlinfo: Setlinfo,
    /// What each relative's account pays, in the order of [`Case::family`].
    pub family: Vec<i64>,
    /// What is added to the year.
    pub year: Year,
}

/// Calculates a settlement. An identity that does not hold is an error, never an answer.
pub fn calculate(case: &Case<'_>) -> Result<Calculated, Identity> {
    calculate_in(&STEPS, case)
}

/// A step of the calculation: what it adds to the draft.
pub(super) type Step = fn(&Case<'_>, &mut Draft);

/// The steps in the order of docs/centre.md §6.8.4.
pub(super) const STEPS: [Step; 8] = [split_lines, deductible, pooled, serious, assistance, account, family, cash];

/// What the steps have worked out so far, in fen.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) lines: Vec<LineSplit>,
    pub(super) deductible: i64,
    pub(super) funds: Vec<FundPart>,
    pub(super) pooled: i64,
    pub(super) serious: i64,
    pub(super) assistance: i64,
    pub(super) account: i64,
    pub(super) family: Vec<i64>,
    pub(super) cash: i64,
}

/// The same by other steps: the tests leave some out, exchange some, or put wrong ones in.
pub(super) fn calculate_in(steps: &[Step], case: &Case<'_>) -> Result<Calculated, Identity> {
    let mut draft = Draft::default();
    for step in steps {
        step(case, &mut draft);
    }
    let mulaid = draft.family.iter().sum::<i64>();
    let sum = |of: fn(&LineSplit) -> i64| draft.lines.iter().map(of).sum::<i64>();
    let mut setlinfo = Setlinfo {
        medfee_sumamt: sum(|line| line.amount),
        fulamt_ownpay_amt: sum(|line| line.fulamt_ownpay_amt),
        overlmt_selfpay: sum(|line| line.overlmt_amt),
        preselfpay_amt: sum(|line| line.preselfpay_amt),
        inscp_scp_amt: draft.scope(),
        act_pay_dedc: draft.deductible,
        pool_prop_selfpay: case.pool_share().map_or(Share::NONE, |[local, here]| local.times(here)),
        psn_part_amt: draft.person(),
        acct_pay: if case.benefits.mulaid_in_acct { draft.account + mulaid } else { draft.account },
        psn_cash_pay: draft.cash,
        balc: case.balance - draft.account,
        acct_mulaid_pay: mulaid,
        setldetail: draft.funds.clone(),
        ..Setlinfo::default()
    };
    setlinfo.sum_funds();
    setlinfo.check(&draft.lines, case.balance, case.benefits.mulaid_in_acct)?;
    let year = Year {
        deductible: draft.deductible,
        pooled: draft.pooled,
        settled: i64::from(case.rule().is_some()),
        borne: if case.layer().is_some() { draft.borne() } else { 0 },
        assisted: draft.assistance,
    };
    Ok(Calculated { lines: draft.lines, setlinfo, family: draft.family, year })
}

impl<'c> Case<'c> {
    /// The rule of the pooled fund, if the person is insured and the level is covered.
    fn rule(&self) -> Option<(&'c Rule, &'c LevelRule)> {
        self.benefits.rule(self.insutype, self.kind, self.person, self.level).filter(|_| self.insured)
    }

    /// The layer for serious illness, if what is borne here counts for it.
    fn layer(&self) -> Option<&'c super::benefits::Serious> {
        self.rule().and_then(|_| self.benefits.serious(self.insutype, self.kind))
    }

    /// The local share, and how much of it is paid where the treatment took place.
    fn pool_share(&self) -> Option<[Share; 2]> {
        Some([self.rule()?.1.share, self.benefits.elsewhere.of(self.elsewhere)])
    }
}

impl Draft {
    /// What the fund takes notice of.
    pub(super) fn scope(&self) -> i64 {
        self.lines.iter().map(|line| line.inscp_scp_amt).sum()
    }

    /// What the person bears of the scope after the pooled fund.
    pub(super) fn borne(&self) -> i64 {
        self.scope() - self.pooled
    }

    /// The person's part.
    pub(super) fn person(&self) -> i64 {
        let total = self.lines.iter().map(|line| line.amount).sum::<i64>();
        total - self.funds.iter().map(|part| part.fund_payamt).sum::<i64>()
    }

    /// What is left of it after the accounts.
    pub(super) fn unpaid(&self) -> i64 {
        self.person() - self.account - self.family.iter().sum::<i64>()
    }

    pub(super) fn pays(&mut self, fund_pay_type: FundType, of: i64, limit: Option<i64>, fund_payamt: i64) {
        self.funds.push(FundPart { fund_pay_type, inscp_scp_amt: of, crt_payb_lmt_amt: limit, fund_payamt });
    }
}

fn split_lines(case: &Case<'_>, draft: &mut Draft) {
    draft.lines = case.items.iter().map(|item| split(item, case.price_level, case.benefits.rounding)).collect();
}

fn deductible(case: &Case<'_>, draft: &mut Draft) {
    let Some((rule, at)) = case.rule() else { return };
    let due = match &rule.deductible {
        DeductiblePer::Year => (at.deductible - case.year.deductible).max(0),
        DeductiblePer::Stay(shares) => {
            let stay = usize::try_from(case.year.settled).unwrap_or(usize::MAX);
            let share = shares.get(stay).or(shares.last()).copied().unwrap_or(Share::WHOLE);
            Fraction::part(at.deductible, [share, Share::WHOLE]).round(case.benefits.rounding, at.deductible)
        }
    };
    draft.deductible = due.min(draft.scope());
}

fn pooled(case: &Case<'_>, draft: &mut Draft) {
    let (Some((rule, _)), Some(shares)) = (case.rule(), case.pool_share()) else { return };
    let above = draft.scope() - draft.deductible;
    let left = (rule.cap - case.year.pooled).max(0);
    draft.pooled = Fraction::part(above, shares).round(case.benefits.rounding, above).min(left);
    draft.pays(rule.fund, draft.scope(), Some(left), draft.pooled);
}

fn serious(case: &Case<'_>, draft: &mut Draft) {
    let Some(layer) = case.layer() else { return };
    let borne = draft.borne();
    let (from, to) = (case.borne, case.borne + borne);
    let ends = layer.tiers.iter().skip(1).map(|tier| tier.from).chain([i64::MAX]);
    let parts =
        layer.tiers.iter().zip(ends).map(|(tier, end)| ((to.min(end) - from.max(tier.from)).max(0), tier.share));
    draft.serious = Fraction::sum(parts).round(case.benefits.rounding, borne);
    draft.pays(layer.fund, borne, None, draft.serious);
}

fn assistance(case: &Case<'_>, draft: &mut Draft) {
    let class = case.assistance.and_then(|class| case.benefits.assistance(class));
    let (Some(assistance), Some(_)) = (class, case.rule()) else { return };
    let rest = draft.borne() - draft.serious;
    let left = (assistance.cap - case.assisted).max(0);
    draft.assistance =
        Fraction::part(rest, [assistance.share, Share::WHOLE]).round(case.benefits.rounding, rest).min(left);
    draft.pays(FundType::Assistance, rest, Some(left), draft.assistance);
}

fn account(case: &Case<'_>, draft: &mut Draft) {
    if case.acct_used {
        draft.account = draft.unpaid().min(case.balance);
    }
}

fn family(case: &Case<'_>, draft: &mut Draft) {
    for balance in case.family {
        let part = draft.unpaid().min(*balance);
        draft.family.push(part);
    }
}

fn cash(_: &Case<'_>, draft: &mut Draft) {
    draft.cash = draft.unpaid();
}
