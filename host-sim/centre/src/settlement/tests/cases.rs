//! Random settlements, and hand-made ones.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::institution::level::Level;
use crate::settlement::benefits::{
    Assistance, Benefits, DeductiblePer, Elsewhere, ElsewhereShares, LevelRule, Rule, Serious, Tier,
};
use crate::settlement::calculation::{Case, Year};
use crate::settlement::catalogue::{Entry, Item};
use crate::settlement::codes::{ChargeLevel, FundType, Insutype, Kind, PersonClass};
use crate::settlement::exact::{Coin, Count, Mode, Price, Rounding, Share};

/// What a [`Case`] borrows from, and itself.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) benefits: Benefits,
    pub(super) items: Vec<Item>,
    pub(super) family: Vec<i64>,
    pub(super) level: Level,
    pub(super) elsewhere: Elsewhere,
    pub(super) insured: bool,
    pub(super) assisted_class: bool,
    pub(super) year: Year,
    pub(super) borne: i64,
    pub(super) assisted: i64,
    pub(super) acct_used: bool,
    pub(super) balance: i64,
}

impl Settled {
    pub(super) fn case(&self) -> Case<'_> {
        Case {
            benefits: &self.benefits,
            insutype: Insutype::Employees,
            person: PersonClass::InService,
            kind: Kind::Inpatient,
            level: self.level,
            price_level: Level::Two,
            elsewhere: self.elsewhere,
            insured: self.insured,
            assistance: self.assisted_class.then_some("poor"),
            items: &self.items,
            year: self.year,
            borne: self.borne,
            assisted: self.assisted,
            acct_used: self.acct_used,
            balance: self.balance,
            family: &self.family,
        }
    }
}

/// `number` ten-thousandths.
pub(super) fn share(number: u64) -> Share {
    Share::of_ten_thousandths(number)
}

/// A line over `count` pieces.
pub(super) fn item(level: ChargeLevel, own: u64, limit: Option<u64>, count: &str, amount: i64) -> Item {
    let limits = limit.map(|limit| (Level::Two, Price::of_units(limit))).into_iter().collect();
    let entry = Entry { level, own_share: share(own), limits };
    Item { feedetl_sn: "1".into(), count: count.parse().unwrap(), amount, entry }
}

/// The same `number` of cases with every run.
pub(super) fn fixed(number: usize) -> Vec<Settled> {
    let mut runner = TestRunner::deterministic();
    (0..number).map(|_| any_settled().new_tree(&mut runner).unwrap().current()).collect()
}

/// Any settlement, with figures in which every layer has its turn.
pub(super) fn any_settled() -> impl Strategy<Value = Settled> {
    let persons = (prop::bool::weighted(0.9), any::<bool>(), prop::bool::weighted(0.8), any_amount());
    let family = prop::collection::vec(any_amount(), 0..3);
    let places = (prop::sample::select(vec![Level::One, Level::Two]), prop::sample::select(elsewhere()));
    (any_benefits(), prop::collection::vec(any_item(), 1..6), places, persons, family, any_year()).prop_map(
        |(benefits, items, (level, elsewhere), (insured, assisted_class, acct_used, balance), family, year)| Settled {
            benefits,
            items,
            family,
            level,
            elsewhere,
            insured,
            assisted_class,
            borne: year.borne,
            assisted: year.assisted,
            year,
            acct_used,
            balance,
        },
    )
}

fn elsewhere() -> Vec<Elsewhere> {
    vec![Elsewhere::Here, Elsewhere::Filed, Elsewhere::Transferred, Elsewhere::Unfiled]
}

/// Mostly below 300 yuan, sometimes up to what a message carries.
fn any_amount() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(0i64), 2 => 1..100i64, 8 => 1..30_000i64, 1 => 1..=999_999_999_999i64]
}

fn any_share() -> impl Strategy<Value = Share> {
    prop_oneof![1 => Just(0), 1 => Just(10_000), 4 => 0..=10_000u64].prop_map(share)
}

fn any_item() -> impl Strategy<Value = Item> {
    let level = prop::sample::select(vec![ChargeLevel::A, ChargeLevel::B, ChargeLevel::C]);
    let limit = prop_oneof![Just(None), (1..200_000_000u64).prop_map(Some)];
    (level, any_share(), limit, 1..60_000u64, any_amount()).prop_map(|(level, own, limit, count, amount)| {
        let limits = limit.map(|limit| (Level::Two, Price::of_units(limit))).into_iter().collect();
        let entry = Entry { level, own_share: own, limits };
        Item { feedetl_sn: "1".into(), count: Count::of_units(count), amount: amount + 1, entry }
    })
}

fn any_year() -> impl Strategy<Value = Year> {
    let sums = (0..20_000i64, 0..20_000i64, 0..4i64, 0..60_000i64, 0..5_000i64);
    sums.prop_map(|(deductible, pooled, settled, borne, assisted)| Year {
        deductible,
        pooled,
        settled,
        borne,
        assisted,
    })
}

fn any_benefits() -> impl Strategy<Value = Benefits> {
    let mode = prop::sample::select(vec![Mode::HalfUp, Mode::HalfEven, Mode::Down, Mode::Up]);
    let coin = prop_oneof![4 => Just(Coin::Fen), 1 => Just(Coin::Jiao)];
    let rounding = (mode, coin).prop_map(|(mode, to)| Rounding { mode, to });
    let per =
        prop_oneof![Just(DeductiblePer::Year), prop::collection::vec(any_share(), 1..4).prop_map(DeductiblePer::Stay),];
    let rule = (per, 0..15_000i64, any_share(), any_amount());
    let tiers = (0..20_000i64, any_share(), 1..30_000i64, any_share());
    let elsewhere = [any_share(), any_share(), any_share()];
    (rounding, any::<bool>(), rule, tiers, (any_share(), 0..10_000i64), elsewhere).prop_map(
        |(rounding, mulaid_in_acct, (deductible, first, pool, cap), tiers, (poor, most), [filed, sent, unfiled])| {
            let (from, low, width, high) = tiers;
            let tiers = vec![Tier { from, share: low }, Tier { from: from + width, share: high }];
            Benefits {
                rounding,
                mulaid_in_acct,
                rules: vec![Rule {
                    insutype: Insutype::Employees,
                    kind: Kind::Inpatient,
                    person: PersonClass::InService,
                    fund: FundType::EmployeesPool,
                    cap,
                    deductible,
                    // Level 1 is not covered.
                    levels: vec![LevelRule { level: Level::Two, deductible: first, share: pool }],
                }],
                serious: vec![Serious {
                    insutype: Insutype::Employees,
                    fund: FundType::LargeSums,
                    kinds: vec![Kind::Inpatient],
                    tiers,
                }],
                assistance: vec![Assistance { class: "poor".into(), share: poor, cap: most }],
                elsewhere: ElsewhereShares { filed, transferred: sent, unfiled },
            }
        },
    )
}
