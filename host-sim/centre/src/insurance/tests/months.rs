//! A month: relation, assessment, slip, collection, credit; and what of it is refused.

use serde_json::json;

use super::bench::{BANK, EMPLOYER, Insurance, yuan};
use crate::insurance::booking;
use crate::insurance::kinds::Kind;
use crate::ledger::Account;

/// docs/centre.md §6.7.2, §6.7.4: the figures of 4,879 yuan, from the relation to the account.
#[test]
pub(crate) fn a_month_from_the_relation_to_the_credit() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    assert_eq!(it.employ(&person, "2026-03", 487_900).len(), 5);
    let slip = it.assess("2026-03").unwrap();
    assert_eq!(it.account(&person), 0, "nothing is credited before it is collected");
    let listed = it.done("premium.list", json!({"payer": EMPLOYER}));
    assert_eq!((listed["slips"].as_array().unwrap().len(), &listed["slips"][0]["slip"]), (1, &json!(slip)));
    assert_eq!(it.done("payer.show", json!({"payer": EMPLOYER}))["injury_class"], 3);
    let shown = it.slip(&slip);
    assert_eq!(shown["bank"], "测试国库代收银行");
    assert_eq!(shown["account"], "3201000000000000001");
    assert_eq!(shown["payer_name"], "测试公司");
    assert_eq!(shown["due"], "2026-03-24");
    let line = |kind: &str| {
        let lines = shown["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line["kind"] == kind).unwrap();
        ["employer", "own", "credit"].map(|name| line[name].as_i64().unwrap())
    };
    assert_eq!(line("pension"), [78_064, 39_032, 0]);
    assert_eq!(line("medical"), [43_911, 10_758, 9758]);
    assert_eq!(line("maternity"), [3903, 0, 0]);
    assert_eq!(line("unemployment"), [2440, 2440, 0]);
    assert_eq!(line("injury"), [3415, 0, 0]);

    let collected = it.pay(&slip, "2026-03-20");
    assert_eq!((&collected["matched"], &collected["unmatched"]), (&json!(5), &json!(0)));
    assert_eq!(it.account(&person), 9758);
    assert_eq!(it.balance(&booking::pool(Kind::Medical)), 43_911 + 1000);
    assert_eq!(it.balance(&booking::pool(Kind::Pension)), 117_096);
    assert_eq!(it.balance(&booking::bank(BANK)), -shown["total_due"].as_i64().unwrap());
    let after = it.slip(&slip);
    assert!(after["lines"].as_array().unwrap().iter().all(|line| line["state"] == "collected"));
    assert_eq!(after["total_due"], 0);
    let account = it.done("account.show", json!({"person": person}));
    assert_eq!(account["entries"][0]["reference"], format!("{slip}-2"));
    assert_eq!(it.bench.centre.verify().unwrap()[0].2, None);
}

#[test]
pub(crate) fn a_month_is_assessed_once_and_goes_on_where_it_stopped() {
    let mut it = Insurance::new();
    let first = it.person("1990-05-05");
    it.employ(&first, "2026-03", 487_900);
    assert!(it.assess("2026-03").is_some());
    assert_eq!(it.assess("2026-03"), None);
    // Somebody who came later in the month gets a further slip.
    let second = it.person("1991-05-05");
    it.employ(&second, "2026-03", 3_000_000);
    let slip = it.assess("2026-03").unwrap();
    assert_eq!(it.slip(&slip)["lines"][0]["base"], 2_439_600);
    assert_eq!(it.refused("premium.assess", json!({"month": "2026-04"})), "month-ahead");
    // By pages of one payer.
    let third = it.person("1992-05-05");
    it.done("relation.start", json!({"person": third, "capacity": "flexible", "from": "2026-03", "base": 265_000}));
    let page = it.done("premium.assess", json!({"month": "2026-03", "limit": 1}));
    assert_eq!((page["next"].as_str(), page["slips"].as_array().unwrap().len()), (Some(EMPLOYER), 0));
    let page = it.done("premium.assess", json!({"month": "2026-03", "limit": 10, "after": page["next"]}));
    assert_eq!((page["next"].as_str(), &page["slips"][0]["payer"]), (None, &json!(third)));
    // Pension 20 % of the chosen base, medical 210, unemployment 52: docs/centre.md §6.7.3.
    assert_eq!(page["slips"][0]["total_due"], 53_000 + 21_000 + 5200);
}

/// docs/centre.md §6.7.5: bank, account and reference stand on what is handed out.
#[test]
pub(crate) fn the_slip_is_printed_with_what_is_due_today() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    it.on("2026-04-03");
    let picture = it.done("premium.print", json!({"slip": slip}))["svg"].as_str().unwrap().to_owned();
    let mut texts = Vec::new();
    for event in svg::parser::Parser::new(&picture) {
        match event {
            svg::parser::Event::Text(text) => texts.push(text.to_owned()),
            svg::parser::Event::Error(error) => panic!("{error}"),
            _ => {}
        }
    }
    let shown = it.slip(&slip);
    let due = shown["total_due"].as_i64().unwrap() + shown["late_fee_due"].as_i64().unwrap();
    let total = format!("¥ {}", yuan(due));
    for text in [
        &slip,
        "测试公司",
        EMPLOYER,
        "测试国库代收银行",
        "3201000000000000001",
        "2026-03-24",
        "职工基本医疗保险",
        "439.11",
        "107.58",
        "2.73",
        &total,
    ] {
        assert!(texts.iter().any(|known| known == text), "{text} is not on {texts:?}");
    }
    it.pay(&slip, "2026-04-03");
    assert!(it.done("premium.print", json!({"slip": slip}))["svg"].as_str().unwrap().contains("¥ 0.00"));
}

/// What waits names who must act, until when, and by which acts.
#[test]
pub(crate) fn the_queue_names_who_must_act_and_until_when() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    it.on("2026-03-20");
    assert_eq!(it.done("insurance.work", json!({}))["work"], json!([]));
    it.unmatched(&slip, "2026-03-20", |row| row.replacen("1170.96", "1170.95", 1));
    it.on("2026-03-25");
    let work = it.done("insurance.work", json!({}))["work"].clone();
    assert_eq!(work.as_array().unwrap().len(), 6);
    assert_eq!((&work[0]["reference"], &work[0]["until"]), (&json!("95533-B0001-2"), &json!("2026-03-30")));
    assert_eq!((&work[1]["reference"], &work[1]["until"]), (&json!(format!("{slip}-1")), &json!("2026-03-24")));
    assert_eq!(work[1]["waits_for"]["who"], "premium-officer");
}

#[test]
pub(crate) fn a_wrong_slip_is_withdrawn_and_made_again() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    let base = json!({"person": person, "payer": EMPLOYER, "from": "2026-03", "base": 600_000});
    assert_eq!(it.refused("base.declare", base.clone()), "effect-too-early");
    assert_eq!(it.done("premium.void", json!({"slip": slip}))["lines"], 5);
    assert_eq!(it.refused("premium.void", json!({"slip": slip})), "slip-not-due");
    it.done("base.declare", base);
    let again = it.assess("2026-03").unwrap();
    assert_eq!(it.slip(&again)["lines"][0]["base"], 600_000);
    it.pay(&again, "2026-03-09");
    assert_eq!(it.refused("premium.void", json!({"slip": again})), "slip-not-due");
}

#[test]
pub(crate) fn declarations_keep_the_calendar_and_the_states() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    let start = |from: &str| {
        json!({"person": person, "capacity": "employee", "payer": EMPLOYER, "from": from, "base": 487_900,
               "kinds": ["medical"]})
    };
    it.on("2026-03-16");
    assert_eq!(it.refused("relation.start", start("2026-03")), "declaration-closed");
    assert_eq!(it.refused("relation.start", start("2026-05")), "value-not-allowed");
    let relation = it.done("relation.start", start("2026-04"))["relations"][0].clone();
    assert_eq!(it.refused("relation.start", start("2026-04")), "insured-already");
    let moved = |from: &str| json!({"relation": relation, "from": from});
    assert_eq!(it.refused("relation.pause", moved("2026-04")), "effect-too-early");
    assert_eq!(it.refused("relation.resume", moved("2026-04")), "relation-state");
    it.on("2026-05-02");
    assert_eq!(it.done("relation.pause", moved("2026-05"))["state"], "paused");
    assert_eq!(it.assess("2026-05"), None, "nothing is due while it is paused");
    assert!(it.assess("2026-04").is_some());
    assert_eq!(it.insurance(&person, "2026-05-01")["no_pool"], "not-insured");
    it.on("2026-07-02");
    assert_eq!(it.done("relation.resume", moved("2026-07"))["state"], "insured");
    it.on("2026-08-02");
    assert_eq!(it.done("relation.end", moved("2026-08"))["state"], "ended");
    assert_eq!(it.refused("relation.end", moved("2026-09")), "relation-state");
    let listed = it.done("relation.list", json!({"person": person}));
    assert_eq!(
        (&listed["relations"][0]["until"], &listed["relations"][0]["status"]),
        (&json!("2026-07-31"), &json!(null))
    );
    it.done("relation.start", start("2026-08"));
}

#[test]
pub(crate) fn what_is_missing_is_named() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    let with = |capacity: &str, payer: Option<&str>, base: Option<i64>, kinds: &[&str]| json!({"person": person, "capacity": capacity, "payer": payer, "from": "2026-03", "base": base, "kinds": kinds});
    let employer = Some(EMPLOYER);
    for (body, code) in [
        (with("employee", employer, None, &[]), "base-missing"),
        (with("employee", employer, Some(0), &[]), "value-not-allowed"),
        (with("employee", None, Some(1), &[]), "payer-wrong"),
        (with("employee", Some("X1"), Some(1), &[]), "not-found"),
        (with("flexible", employer, Some(1), &[]), "payer-wrong"),
        (with("retired", None, Some(1), &[]), "payer-wrong"),
        (with("flexible", None, Some(262_900), &[]), "base-not-offered"),
        (with("flexible", None, None, &["injury"]), "insurance-not-offered"),
        (with("flexible-without-account", None, None, &["medical"]), "insurance-not-offered"),
        (with("employee", employer, Some(1), &["medical", "medical"]), "insured-already"),
        (with("employee", employer, Some(1), &["dental"]), "field-invalid"),
    ] {
        assert_eq!(it.refused("relation.start", body.clone()), code, "{body}");
    }
    assert_eq!(it.done("relation.list", json!({"person": person}))["relations"], json!([]));
    it.done("payer.register", json!({"payer": "NOCLASS", "name": "无类别"}));
    let body = with("employee", Some("NOCLASS"), Some(487_900), &[]);
    assert_eq!(it.refused("relation.start", body), "injury-class-missing");
    for (body, code) in [
        (json!({"payer": "lower", "name": "x"}), "value-not-allowed"),
        (json!({"payer": "A1", "name": "x", "injury_class": 9}), "injury-class-missing"),
        (json!({"payer": person, "name": "x", "injury_class": 1}), "injury-class-missing"),
        (json!({"payer": "A1", "name": "x", "account": "1;2"}), "value-not-allowed"),
    ] {
        assert_eq!(it.refused("payer.register", body), code);
    }
    it.leaves(&person, "2026-02-01");
    assert_eq!(it.refused("relation.start", with("employee", employer, Some(1), &[])), "person-left");
    assert_eq!(it.refused("premium.slip", json!({"slip": "1"})), "not-found");
    assert_eq!(it.refused("relation.list", json!({})), "value-not-allowed");
}

/// docs/centre.md §6.7.5: 0.05 % a day; the fee goes to the fund, the credit stays the same.
#[test]
pub(crate) fn late_premiums_cost_a_fee_that_goes_to_the_fund() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    it.on("2026-04-03");
    let overdue = it.done("premium.overdue", json!({}));
    assert_eq!(overdue["lines"].as_array().unwrap().len(), 5);
    // Ten days of 546.69 yuan: 2.73.
    assert_eq!(overdue["lines"][1]["line"]["late_fee"], 273);
    it.pay(&slip, "2026-04-03");
    assert_eq!(it.account(&person), 9758);
    assert_eq!(it.balance(&booking::pool(Kind::Medical)), 43_911 + 1000 + 273);
    assert_eq!(it.done("premium.overdue", json!({}))["lines"], json!([]));
}

#[test]
pub(crate) fn before_2023_the_credit_goes_by_age() {
    let mut it = Insurance::new();
    // The rule of the years before, in force on a day that this bench's operators work.
    let by_age = json!([{"from_age": 0, "rate": "3%"}, {"from_age": 45, "rate": "3.4%"}]);
    it.set("account.credit", "2026-01-01", json!({"in_service": by_age, "flexible": null, "retired": null}));
    let (old, young) = (it.person("1981-03-31"), it.person("1981-04-01"));
    it.employ(&old, "2026-03", 500_000);
    it.employ(&young, "2026-03", 500_000);
    let slip = it.assess("2026-03").unwrap();
    it.pay(&slip, "2026-03-20");
    assert_eq!(it.refused("account.grant-retired", json!({"month": "2026-03"})), "retired-sum-missing");
    assert_eq!((it.account(&old), it.account(&young)), (17_000, 15_000));
}

/// docs/centre.md §6.7.4: a fixed sum in retirement, interest once a year, the pay-out at the end.
#[test]
pub(crate) fn retirement_interest_and_the_end_of_an_account() {
    let mut it = Insurance::new();
    let person = it.person("1966-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    it.pay(&slip, "2026-03-20");
    it.on("2026-04-02");
    assert_eq!(it.refused("relation.retire", json!({"person": person, "from": "2026-03"})), "declaration-closed");
    it.done("relation.retire", json!({"person": person, "from": "2026-04"}));
    assert_eq!(it.assess("2026-04"), None);
    assert_eq!(it.insurance(&person, "2026-04-02")["pool"], "retired");
    assert_eq!(it.done("account.grant-retired", json!({"month": "2026-04"}))["accounts"], 1);
    assert_eq!(it.done("account.grant-retired", json!({"month": "2026-04"}))["accounts"], 0);
    assert_eq!(it.done("account.grant-retired", json!({"month": "2026-03"}))["accounts"], 0);
    assert_eq!(it.account(&person), 19_758);
    assert_eq!(it.refused("interest.run", json!({"year": 2026})), "year-not-over");
    it.on("2027-02-01");
    // 97.58 for 287 days and 100.00 for 274, of 365, at 1.5 %: 2.2769 yuan.
    assert_eq!(it.done("interest.run", json!({"year": 2026}))["total"], 228);
    assert_eq!(it.done("interest.run", json!({"year": 2026}))["total"], 0);
    assert_eq!(it.account(&person), 19_986);
    let payee = json!({"person": person, "payee_document": "320102199001010011", "payee_account": "622700199"});
    assert_eq!(it.refused("account.pay-out", payee.clone()), "person-stays");
    it.leaves(&person, "2027-01-15");
    assert_eq!(it.done("account.pay-out", payee.clone())["amount"], 19_986);
    assert_eq!(it.refused("account.pay-out", payee), "account-short");
    assert_eq!(it.balance(&Account::Outside("pay-out".into())), 19_986);
    assert_eq!(it.done("account.list", json!({}))["accounts"], json!([{"person": person, "balance": 0}]));
    assert_eq!(it.bench.centre.verify().unwrap()[0].2, None);
}
