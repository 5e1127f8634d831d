//! The settlement once more, in exact fractions and written from docs/centre.md §6.8.4 alone: it shares no arithmetic
//! with the rules.

use num_rational::Ratio;
use proptest::prelude::*;

use super::cases::{any_settled, fixed};
use crate::institution::level::Level;
use crate::settlement::benefits::{DeductiblePer, Elsewhere};
use crate::settlement::calculation::{Case, Year, calculate};
use crate::settlement::codes::ChargeLevel;
use crate::settlement::exact::{Coin, Mode, Rounding, Share};

type Q = Ratio<i128>;

/// What the oracle says of a settlement, in fen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) own: i64,
    pub(super) over: i64,
    pub(super) first: i64,
    pub(super) deductible: i64,
    pub(super) funds: Vec<i64>,
    pub(super) account: i64,
    pub(super) family: Vec<i64>,
    pub(super) cash: i64,
    pub(super) year: Year,
}

fn q(fen: i64) -> Q {
    Q::from_integer(fen.into())
}

fn fraction(share: Share) -> Q {
    Q::new(share.ten_thousandths().into(), 10_000)
}

fn rounded(exact: Q, rounding: Rounding, most: i64) -> i64 {
    let coin = Q::from_integer(if rounding.to == Coin::Jiao { 10 } else { 1 });
    let coins = exact / coin;
    let half = Q::new(1, 2);
    let whole = match rounding.mode {
        Mode::Down => coins.floor(),
        Mode::Up => coins.ceil(),
        Mode::HalfUp => (coins + half).floor(),
        Mode::HalfEven => {
            let up = (coins + half).floor();
            let tie = coins - coins.floor() == half;
            if tie && up.to_integer() % 2 != 0 { up - 1 } else { up }
        }
    };
    most.min(i64::try_from((whole * coin).to_integer()).unwrap())
}

/// What must come out.
pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let table = case.benefits;
    let round = |exact, most| rounded(exact, table.rounding, most);
    let (mut own, mut over, mut first, mut total) = (0, 0, 0, 0);
    for item in case.items {
        total += item.amount;
        if item.entry.level == ChargeLevel::C {
            own += item.amount;
            continue;
        }
        let mut rest = item.amount;
        if let Some((_, limit)) = item.entry.limits.iter().find(|(level, _)| *level == case.price_level) {
            let yuan = Q::new(limit.units().into(), 1_000_000) * Q::new(item.count.units().into(), 10_000);
            rest = round(yuan * q(100), item.amount);
        }
        over += item.amount - rest;
        if item.entry.level == ChargeLevel::B {
            first += round(q(rest) * fraction(item.entry.own_share), rest);
        }
    }
    let scope = total - own - over - first;
    let mut verdict = Verdict {
        own,
        over,
        first,
        deductible: 0,
        funds: Vec::new(),
        account: 0,
        family: Vec::new(),
        cash: 0,
        year: Year::default(),
    };
    // The test's tables have one rule, which covers level 2 alone.
    let rule = &table.rules[0];
    if case.insured && case.level == Level::Two {
        let at = rule.levels[0];
        let due = match &rule.deductible {
            DeductiblePer::Year if case.year.deductible >= at.deductible => 0,
            DeductiblePer::Year => at.deductible - case.year.deductible,
            DeductiblePer::Stay(shares) => {
                let stay = (case.year.settled as usize).min(shares.len() - 1);
                round(q(at.deductible) * fraction(shares[stay]), at.deductible)
            }
        };
        verdict.deductible = due.min(scope);
        let above = scope - verdict.deductible;
        let here = match case.elsewhere {
            Elsewhere::Here => Q::from_integer(1),
            Elsewhere::Filed => fraction(table.elsewhere.filed),
            Elsewhere::Transferred => fraction(table.elsewhere.transferred),
            Elsewhere::Unfiled => fraction(table.elsewhere.unfiled),
        };
        let left = if case.year.pooled < rule.cap { rule.cap - case.year.pooled } else { 0 };
        let pooled = round(q(above) * fraction(at.share) * here, above).min(left);
        let borne = scope - pooled;
        // By the year's sum before and after: what both together would be paid, less what was paid.
        let layer = |sum: i64| {
            let [low, high] = [&table.serious[0].tiers[0], &table.serious[0].tiers[1]];
            let beyond = |from: i64| q(sum.max(from) - from);
            (beyond(low.from) - beyond(high.from)) * fraction(low.share) + beyond(high.from) * fraction(high.share)
        };
        let serious = round(layer(case.borne + borne) - layer(case.borne), borne);
        let rest = borne - serious;
        verdict.funds = vec![pooled, serious];
        let mut assisted = 0;
        if case.assistance.is_some() {
            let most = table.assistance[0].cap - case.assisted.min(table.assistance[0].cap);
            assisted = round(q(rest) * fraction(table.assistance[0].share), rest).min(most);
            verdict.funds.push(assisted);
        }
        verdict.year = Year { deductible: verdict.deductible, pooled, settled: 1, borne, assisted };
    }
    let mut unpaid = total - verdict.funds.iter().sum::<i64>();
    if case.acct_used {
        verdict.account = unpaid.min(case.balance);
        unpaid -= verdict.account;
    }
    for balance in case.family {
        let part = unpaid.min(*balance);
        verdict.family.push(part);
        unpaid -= part;
    }
    verdict.cash = unpaid;
    verdict
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Every settlement is as the oracle says, and its undo is the exact negative and keeps the identities too.
    #[test]
    fn every_settlement_is_as_the_oracle_says(settled in any_settled()) {
        let case = settled.case();
        let calculated = calculate(&case).unwrap();
        prop_assert_eq!(super::mutants::verdict(&case, &calculated), judge(&case));

        let undone = calculated.setlinfo.undone(case.balance);
        let lines: Vec<_> = calculated.lines.iter().cloned().map(std::ops::Neg::neg).collect();
        undone.check(&lines, calculated.setlinfo.balc, case.benefits.mulaid_in_acct).unwrap();
        let again = undone.undone(calculated.setlinfo.balc);
        prop_assert_eq!(again.medfee_sumamt, calculated.setlinfo.medfee_sumamt);
        prop_assert_eq!(again.psn_cash_pay, calculated.setlinfo.psn_cash_pay);
        prop_assert_eq!(undone.fund_pay_sumamt, -calculated.setlinfo.fund_pay_sumamt);
    }
}

/// In the fixed cases every layer pays sometimes, so that what holds for them says something.
#[test]
fn every_layer_has_its_turn() {
    let verdicts: Vec<_> = fixed(500).iter().map(|settled| judge(&settled.case())).collect();
    let reached: [(&str, fn(&Verdict) -> bool); 10] = [
        ("own", |v| v.own > 0),
        ("over", |v| v.over > 0),
        ("first", |v| v.first > 0),
        ("deductible", |v| v.deductible > 0),
        ("pool", |v| v.year.pooled > 0),
        ("serious", |v| v.funds.get(1).is_some_and(|fen| *fen > 0)),
        ("assistance", |v| v.year.assisted > 0),
        ("account", |v| v.account > 0),
        ("family", |v| v.family.iter().any(|fen| *fen > 0)),
        ("cash", |v| v.cash > 0),
    ];
    for (name, of) in reached {
        assert!(verdicts.iter().filter(|verdict| of(verdict)).count() > 20, "{name}");
    }
}
