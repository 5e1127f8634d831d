//! Deliberate faults in the calculation and in finished answers, and what catches each: the oracle, or an identity of
//! docs/centre.md §6.8.2.

use strum::VariantArray;

use super::cases::{Settled, fixed};
use super::oracle::{Verdict, judge};
use crate::settlement::benefits::{DeductiblePer, Elsewhere};
use crate::settlement::calculation::{Calculated, Case, Draft, STEPS, Step, calculate, calculate_in};
use crate::settlement::catalogue::{LineSplit, split};
use crate::settlement::codes::{ChargeLevel, FundType};
use crate::settlement::exact::{Coin, Mode, Rounding};
use crate::settlement::setlinfo::{Identity, Setlinfo};

/// A finished answer in the oracle's words.
pub(super) fn verdict(case: &Case<'_>, calculated: &Calculated) -> Verdict {
    let setlinfo = &calculated.setlinfo;
    let mulaid = if case.benefits.mulaid_in_acct { setlinfo.acct_mulaid_pay } else { 0 };
    Verdict {
        own: setlinfo.fulamt_ownpay_amt,
        over: setlinfo.overlmt_selfpay,
        first: setlinfo.preselfpay_amt,
        deductible: setlinfo.act_pay_dedc,
        funds: setlinfo.setldetail.iter().map(|part| part.fund_payamt).collect(),
        account: setlinfo.acct_pay - mulaid,
        family: calculated.family.clone(),
        cash: setlinfo.psn_cash_pay,
        year: calculated.year,
    }
}

/// What catches a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Oracle,
    Identity(Identity),
}

const SPLIT: usize = 0;
const DEDUCTIBLE: usize = 1;
const POOLED: usize = 2;
const SERIOUS: usize = 3;
const ASSISTANCE: usize = 4;
const ACCOUNT: usize = 5;
const FAMILY: usize = 6;
const CASH: usize = 7;

fn exchanged(a: usize, b: usize) -> Vec<Step> {
    let mut steps = STEPS.to_vec();
    steps.swap(a, b);
    steps
}

fn with(at: usize, step: Step) -> Vec<Step> {
    let mut steps = STEPS.to_vec();
    steps[at] = step;
    steps
}

fn without(at: usize) -> Vec<Step> {
    with(at, |_, _| {})
}

/// Carries out a step of the rules on a case that is changed for it.
fn on(at: usize, case: &Case<'_>, draft: &mut Draft, change: impl FnOnce(&mut Settled)) {
    let mut other = Settled {
        benefits: case.benefits.clone(),
        items: case.items.to_vec(),
        family: case.family.to_vec(),
        level: case.level,
        elsewhere: case.elsewhere,
        insured: case.insured,
        assisted_class: case.assistance.is_some(),
        year: case.year,
        borne: case.borne,
        assisted: case.assisted,
        acct_used: case.acct_used,
        balance: case.balance,
    };
    change(&mut other);
    STEPS[at](&other.case(), draft);
}

/// The faults in the calculation.
fn mutants() -> Vec<(&'static str, Vec<Step>, By)> {
    let identity = By::Identity;
    vec![
        ("the deductible after the share", exchanged(DEDUCTIBLE, POOLED), By::Oracle),
        ("serious illness before the pool", exchanged(POOLED, SERIOUS), By::Oracle),
        ("assistance before serious illness", exchanged(SERIOUS, ASSISTANCE), By::Oracle),
        ("the account before assistance", exchanged(ASSISTANCE, ACCOUNT), identity(Identity::Sign)),
        ("the relatives before the own account", exchanged(ACCOUNT, FAMILY), By::Oracle),
        ("cash before the relatives", exchanged(FAMILY, CASH), identity(Identity::Person)),
        ("no split: nothing is asked for", without(SPLIT), By::Oracle),
        ("no deductible", without(DEDUCTIBLE), By::Oracle),
        ("no pool", without(POOLED), By::Oracle),
        ("no layer for serious illness", without(SERIOUS), By::Oracle),
        ("no assistance", without(ASSISTANCE), By::Oracle),
        ("no account", without(ACCOUNT), By::Oracle),
        ("no relatives", without(FAMILY), By::Oracle),
        ("no cash", without(CASH), identity(Identity::Person)),
        (
            "a line of level B loses its own share",
            with(SPLIT, |case, draft| {
                STEPS[SPLIT](case, draft);
                draft.lines.iter_mut().for_each(|line| line.preselfpay_amt = 0);
            }),
            identity(Identity::Bill),
        ),
        (
            "level C as level A",
            with(SPLIT, |case, draft| {
                on(SPLIT, case, draft, |other| {
                    for item in &mut other.items {
                        if item.entry.level == ChargeLevel::C {
                            item.entry.level = ChargeLevel::A;
                        }
                    }
                });
            }),
            By::Oracle,
        ),
        (
            "the price limit is ignored",
            with(SPLIT, |case, draft| {
                on(SPLIT, case, draft, |other| other.items.iter_mut().for_each(|item| item.entry.limits.clear()));
            }),
            By::Oracle,
        ),
        (
            "the price limit by the level for the deductible",
            with(SPLIT, |case, draft| {
                let one = |item| split(item, case.level, case.benefits.rounding);
                draft.lines = case.items.iter().map(one).collect();
            }),
            By::Oracle,
        ),
        (
            "the own share of the whole line, not of what is below the limit",
            with(SPLIT, |case, draft| {
                STEPS[SPLIT](case, draft);
                for (line, item) in draft.lines.iter_mut().zip(case.items) {
                    let whole = crate::settlement::catalogue::Item { entry: item.entry.clone(), ..item.clone() };
                    let mut entry = whole.entry.clone();
                    entry.limits.clear();
                    let own = split(
                        &crate::settlement::catalogue::Item { entry, ..whole },
                        case.price_level,
                        case.benefits.rounding,
                    );
                    let most = line.preselfpay_amt + line.inscp_scp_amt;
                    line.preselfpay_amt = own.preselfpay_amt.min(most);
                    line.inscp_scp_amt = most - line.preselfpay_amt;
                }
            }),
            By::Oracle,
        ),
        (
            "the year's deductible is forgotten",
            with(DEDUCTIBLE, |case, draft| on(DEDUCTIBLE, case, draft, |other| other.year.deductible = 0)),
            By::Oracle,
        ),
        (
            "every stay is the first",
            with(DEDUCTIBLE, |case, draft| on(DEDUCTIBLE, case, draft, |other| other.year.settled = 0)),
            By::Oracle,
        ),
        (
            "a deductible above the scope",
            with(DEDUCTIBLE, |case, draft| {
                STEPS[DEDUCTIBLE](case, draft);
                draft.deductible *= 2;
            }),
            identity(Identity::Sign),
        ),
        (
            "the deductible once a stay instead of once a year",
            with(DEDUCTIBLE, |case, draft| {
                on(DEDUCTIBLE, case, draft, |other| {
                    let whole = crate::settlement::exact::Share::WHOLE;
                    other.benefits.rules[0].deductible = DeductiblePer::Stay(vec![whole]);
                });
            }),
            By::Oracle,
        ),
        (
            "the cap is ignored",
            with(POOLED, |case, draft| {
                on(POOLED, case, draft, |other| other.benefits.rules[0].cap = i64::MAX);
            }),
            By::Oracle,
        ),
        (
            "the cap holds for a bill, not for the year",
            with(POOLED, |case, draft| on(POOLED, case, draft, |other| other.year.pooled = 0)),
            By::Oracle,
        ),
        (
            "another area as the own",
            with(POOLED, |case, draft| on(POOLED, case, draft, |other| other.elsewhere = Elsewhere::Here)),
            By::Oracle,
        ),
        (
            "fractions are cut off",
            with(POOLED, |case, draft| {
                let down = Rounding { mode: Mode::Down, to: Coin::Fen };
                on(POOLED, case, draft, |other| other.benefits.rounding = down);
            }),
            By::Oracle,
        ),
        (
            "a fund pays without being insured",
            with(POOLED, |case, draft| on(POOLED, case, draft, |other| other.insured = true)),
            By::Oracle,
        ),
        (
            "a fund pays one fen more than its limit",
            with(POOLED, |case, draft| {
                STEPS[POOLED](case, draft);
                for part in &mut draft.funds {
                    if part.crt_payb_lmt_amt == Some(part.fund_payamt) {
                        part.fund_payamt += 1;
                        draft.pooled += 1;
                    }
                }
            }),
            identity(Identity::Limits),
        ),
        (
            "every bill begins the layer anew",
            with(SERIOUS, |case, draft| on(SERIOUS, case, draft, |other| other.borne = 0)),
            By::Oracle,
        ),
        (
            "the first tier has no end",
            with(SERIOUS, |case, draft| {
                on(SERIOUS, case, draft, |other| other.benefits.serious[0].tiers.truncate(1));
            }),
            By::Oracle,
        ),
        (
            "assistance without a right to it",
            with(ASSISTANCE, |case, draft| on(ASSISTANCE, case, draft, |other| other.assisted_class = true)),
            By::Oracle,
        ),
        (
            "assistance without its year",
            with(ASSISTANCE, |case, draft| on(ASSISTANCE, case, draft, |other| other.assisted = 0)),
            By::Oracle,
        ),
        (
            "the account is used unasked",
            with(ACCOUNT, |case, draft| on(ACCOUNT, case, draft, |other| other.acct_used = true)),
            By::Oracle,
        ),
        (
            "the account pays more than it has",
            with(ACCOUNT, |_, draft| draft.account = draft.unpaid()),
            identity(Identity::Balance),
        ),
        (
            "a relative pays more than they have",
            with(FAMILY, |case, draft| {
                for _ in case.family {
                    let unpaid = draft.unpaid();
                    draft.family.push(unpaid);
                }
            }),
            By::Oracle,
        ),
        (
            "cash is rounded to a jiao by itself",
            with(CASH, |_, draft| draft.cash = draft.unpaid() / 10 * 10),
            identity(Identity::Person),
        ),
        (
            "cash takes the rounding of a share of its own",
            with(CASH, |_, draft| draft.cash = draft.unpaid() + draft.unpaid() % 2),
            identity(Identity::Person),
        ),
    ]
}

fn caught(steps: &[Step], settled: &Settled) -> Option<By> {
    let case = settled.case();
    match calculate_in(steps, &case) {
        Err(identity) => Some(By::Identity(identity)),
        Ok(calculated) => (verdict(&case, &calculated) != judge(&case)).then_some(By::Oracle),
    }
}

#[test]
fn each_fault_of_the_calculation_is_caught() {
    let cases = fixed(500);
    assert_eq!(cases.iter().find_map(|settled| caught(&STEPS, settled)), None);
    for (name, steps, by) in mutants() {
        let all: Vec<By> = cases.iter().filter_map(|settled| caught(&steps, settled)).collect();
        assert!(all.contains(&by), "{name}: expected {by:?}, found {} others: {:?}", all.len(), all.first());
    }
}

/// A change of a finished answer, and the identity that it breaks.
type Tampering = (Identity, fn(&mut Setlinfo, &mut Vec<LineSplit>));

const TAMPERINGS: &[Tampering] = &[
    (Identity::Bill, |setlinfo, _| setlinfo.preselfpay_amt += 1),
    (Identity::Bill, |setlinfo, _| setlinfo.medfee_sumamt += 1),
    (Identity::Payers, |setlinfo, _| setlinfo.psn_part_amt += 1),
    (Identity::Payers, |setlinfo, _| setlinfo.hosp_part_amt += 1),
    (Identity::Funds, |setlinfo, _| setlinfo.hifob_pay += 1),
    (Identity::Details, |setlinfo, _| setlinfo.setldetail[0].fund_payamt += 1),
    (Identity::Details, |setlinfo, _| setlinfo.setldetail[0].fund_pay_type = FundType::Other),
    (Identity::Person, |setlinfo, _| setlinfo.psn_cash_pay += 1),
    (Identity::Person, |setlinfo, _| setlinfo.acct_pay += 1),
    (Identity::Balance, |setlinfo, _| setlinfo.balc += 1),
    (Identity::Lines, |_, lines| lines[0].amount += 1),
    (Identity::Lines, |_, lines| {
        lines[0].inscp_scp_amt += 1;
        lines[0].preselfpay_amt -= 1;
    }),
    (Identity::Lines, |_, lines| drop(lines.pop())),
    (Identity::Sign, |setlinfo, _| setlinfo.act_pay_dedc = -1),
    (Identity::Limits, |setlinfo, _| setlinfo.act_pay_dedc = setlinfo.inscp_scp_amt + 1),
    (Identity::Limits, |setlinfo, _| setlinfo.setldetail[0].crt_payb_lmt_amt = Some(0)),
];

#[test]
fn each_identity_notices_what_breaks_it() {
    let paid = |settled: &&Settled| judge(&settled.case()).year.pooled > 0;
    let cases = fixed(500);
    let settled = cases.iter().find(paid).unwrap();
    let case = settled.case();
    let calculated = calculate(&case).unwrap();
    for (number, (identity, tamper)) in TAMPERINGS.iter().enumerate() {
        let Calculated { mut setlinfo, mut lines, .. } = calculated.clone();
        tamper(&mut setlinfo, &mut lines);
        let found = setlinfo.check(&lines, case.balance, case.benefits.mulaid_in_acct);
        assert_eq!(found, Err(*identity), "tampering {number}");
    }
    for identity in Identity::VARIANTS {
        assert!(TAMPERINGS.iter().any(|(of, _)| of == identity), "{identity:?} has no fault that it notices");
    }
}
