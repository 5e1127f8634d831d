//! Figures worked out by hand, with the benefits of Nanjing (docs/centre.md §6.8.4). docs/centre.md §15 shows the
//! first two.

use super::cases::item;
use crate::configuration::Parameter as _;
use crate::institution::level::Level;
use crate::settlement::benefits::{Assistance, Benefits, Elsewhere};
use crate::settlement::calculation::{Calculated, Case, Year, calculate};
use crate::settlement::catalogue::Item;
use crate::settlement::codes::{ChargeLevel, FundType, Insutype, Kind, PersonClass};
use crate::settlement::exact::Share;

fn nanjing() -> Benefits {
    let file: toml::Table = toml::from_str(include_str!("../../../data/320100.toml")).unwrap();
    let parameters = file["parameter"].as_array().unwrap();
    let value = parameters.iter().find(|parameter| parameter["name"].as_str() == Some("benefits")).unwrap();
    let benefits: Benefits = value["value"].clone().try_into().unwrap();
    benefits.check().unwrap();
    benefits
}

/// An employee in service as an inpatient at level 3, on the first stay of the year, with 200 yuan in the account.
fn inpatient<'c>(benefits: &'c Benefits, items: &'c [Item]) -> Case<'c> {
    Case {
        benefits,
        insutype: Insutype::Employees,
        person: PersonClass::InService,
        kind: Kind::Inpatient,
        level: Level::Three,
        price_level: Level::Two,
        elsewhere: Elsewhere::Here,
        insured: true,
        assistance: None,
        items,
        year: Year::default(),
        borne: 0,
        assisted: 0,
        acct_used: true,
        balance: 20_000,
        family: &[],
    }
}

fn stay() -> Vec<Item> {
    vec![
        item(ChargeLevel::A, 0, None, "1", 400_000),
        item(ChargeLevel::B, 1000, None, "1", 300_000),
        item(ChargeLevel::A, 0, Some(40_000_000), "10", 50_000),
        item(ChargeLevel::C, 10_000, None, "1", 50_000),
    ]
}

fn funds(calculated: &Calculated) -> Vec<(FundType, i64)> {
    calculated.setlinfo.setldetail.iter().map(|part| (part.fund_pay_type, part.fund_payamt)).collect()
}

#[test]
fn a_purchase_of_three_lines() {
    let benefits = nanjing();
    let items = vec![
        item(ChargeLevel::A, 0, None, "2", 3_560),
        item(ChargeLevel::B, 1000, Some(45_000_000), "1", 4_850),
        item(ChargeLevel::C, 10_000, None, "1", 2_990),
    ];
    let case = Case { kind: Kind::Pharmacy, level: Level::Unrated, ..inpatient(&benefits, &items) };
    let bought = calculate(&case).unwrap().setlinfo;
    assert_eq!((bought.medfee_sumamt, bought.fulamt_ownpay_amt), (11_400, 2_990));
    assert_eq!((bought.overlmt_selfpay, bought.preselfpay_amt, bought.inscp_scp_amt), (350, 450, 7_610));
    assert_eq!((bought.fund_pay_sumamt, bought.psn_part_amt), (0, 11_400));
    assert_eq!((bought.acct_pay, bought.psn_cash_pay, bought.balc), (11_400, 0, 8_600));
    let undone = bought.undone(20_000);
    assert_eq!(
        (undone.medfee_sumamt, undone.acct_pay, undone.psn_cash_pay, undone.balc),
        (-11_400, -11_400, 0, 20_000)
    );
}

#[test]
fn a_stay_with_its_deductible_and_the_next_ones() {
    let benefits = nanjing();
    let items = stay();
    let first = calculate(&inpatient(&benefits, &items)).unwrap();
    let setlinfo = &first.setlinfo;
    assert_eq!((setlinfo.medfee_sumamt, setlinfo.fulamt_ownpay_amt), (800_000, 50_000));
    assert_eq!((setlinfo.overlmt_selfpay, setlinfo.preselfpay_amt, setlinfo.inscp_scp_amt), (10_000, 30_000, 710_000));
    assert_eq!((setlinfo.act_pay_dedc, setlinfo.hifp_pay, setlinfo.hifob_pay), (100_000, 536_800, 0));
    assert_eq!((setlinfo.acct_pay, setlinfo.psn_cash_pay, setlinfo.balc), (20_000, 243_200, 0));
    assert_eq!(setlinfo.pool_prop_selfpay.to_string(), "0.88");
    // The second stay pays half of the deductible, the third and the fourth none.
    for (settled, deductible, pooled) in [(1, 50_000, 580_800), (2, 0, 624_800), (3, 0, 624_800)] {
        let year = Year { settled, ..first.year };
        let next = calculate(&Case { year, ..inpatient(&benefits, &items) }).unwrap().setlinfo;
        assert_eq!((next.act_pay_dedc, next.hifp_pay), (deductible, pooled), "after {settled}");
    }
    // A retired employee gets 93 %; in another area, unfiled, 70 % of 88 %.
    let retired = Case { person: PersonClass::Retired, ..inpatient(&benefits, &items) };
    assert_eq!(calculate(&retired).unwrap().setlinfo.hifp_pay, 567_300);
    let away = Case { elsewhere: Elsewhere::Unfiled, ..inpatient(&benefits, &items) };
    let away = calculate(&away).unwrap().setlinfo;
    assert_eq!((away.hifp_pay, away.pool_prop_selfpay.to_string().as_str()), (375_760, "0.616"));
}

#[test]
fn serious_illness_assistance_and_relatives() {
    let mut benefits = nanjing();
    benefits.assistance =
        vec![Assistance { class: "poor".into(), share: Share::of_ten_thousandths(7000), cap: 5_000_000 }];
    let items = stay();
    // The person bore 14,000 yuan before: of 1,732 more, 732 lie above 15,000.
    let case = Case {
        borne: 1_400_000,
        assistance: Some("poor"),
        family: &[10_000, 1_000_000],
        ..inpatient(&benefits, &items)
    };
    let calculated = calculate(&case).unwrap();
    // 70 % of what is left of 1,732 after 439.20.
    let expected = [(FundType::EmployeesPool, 536_800), (FundType::LargeSums, 43_920), (FundType::Assistance, 90_496)];
    assert_eq!(funds(&calculated), expected);
    let setlinfo = &calculated.setlinfo;
    assert_eq!(setlinfo.psn_part_amt, 800_000 - 536_800 - 43_920 - 90_496);
    assert_eq!((setlinfo.acct_pay, calculated.family.as_slice()), (20_000, [10_000, 98_784].as_slice()));
    assert_eq!((setlinfo.acct_mulaid_pay, setlinfo.psn_cash_pay), (108_784, 0));
    // Across both tiers: of 14,000 to 60,000 yuan, 35,000 at 60 % and 10,000 at 75 %.
    let items = vec![item(ChargeLevel::A, 0, None, "1", 4_600_000)];
    let year = Year { pooled: 36_000_000, settled: 2, ..Year::default() };
    let beyond = calculate(&Case { borne: 1_400_000, year, ..inpatient(&benefits, &items) }).unwrap();
    assert_eq!(funds(&beyond), [(FundType::EmployeesPool, 0), (FundType::LargeSums, 2_850_000)]);
}

#[test]
fn residents_pay_the_deductible_once_a_year_and_up_to_the_cap() {
    let benefits = nanjing();
    let items = vec![item(ChargeLevel::A, 0, None, "1", 15_000)];
    let mut year = Year::default();
    let mut paid = Vec::new();
    for _ in 0..20 {
        let case = Case {
            insutype: Insutype::Residents,
            person: PersonClass::Resident,
            kind: Kind::Outpatient,
            level: Level::Community,
            year,
            ..inpatient(&benefits, &items)
        };
        let calculated = calculate(&case).unwrap();
        paid.push((calculated.setlinfo.act_pay_dedc, calculated.setlinfo.hifp_pay));
        year.deductible += calculated.year.deductible;
        year.pooled += calculated.year.pooled;
    }
    // 200 yuan of deductible, then 60 %, up to 1,200 yuan.
    assert_eq!(paid[..4], [(15_000, 0), (5_000, 6_000), (0, 9_000), (0, 9_000)]);
    assert_eq!((paid[14], paid[15]), ((0, 6_000), (0, 0)));
    // Elsewhere than in a community's place the fund pays nothing.
    let case = Case {
        insutype: Insutype::Residents,
        person: PersonClass::Resident,
        kind: Kind::Outpatient,
        ..inpatient(&benefits, &items)
    };
    assert_eq!(funds(&calculate(&case).unwrap()), []);
}
