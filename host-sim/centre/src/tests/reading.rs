//! What is read of a centre: acts that no other test asks, and what a damaged database answers.

use serde_json::json;

use super::acts::Bench;
use crate::ADMINISTRATOR;
use crate::store::value::values;

/// The tests of this file.
pub(crate) const REACHING: &[fn()] = &[
    what_was_set_up_is_listed,
    what_was_set_up_is_listed,
    a_region_is_added_and_withdrawn_and_lives_on,
    a_damaged_row_is_a_failure_and_no_refusal,
];

#[test]
fn what_was_set_up_is_listed() {
    let mut bench = Bench::new();
    let operators = bench.done(ADMINISTRATOR, "operator.list", json!({}))["operators"].clone();
    assert_eq!(operators.as_array().unwrap().len(), 14, "the administrator of the founding, and one for each role");
    let me = bench.done("cashier", "operator.me", json!({}));
    assert_eq!(me, json!({"operator": "cashier", "role": "cashier", "outlet": "32010201", "area": "320100"}));
    let outlets = bench.done("hotline", "outlet.list", json!({}))["outlets"].clone();
    let codes: Vec<_> = outlets.as_array().unwrap().iter().map(|outlet| outlet["code"].clone()).collect();
    assert_eq!(codes, ["32010099", "32010201"]);
    bench.done(ADMINISTRATOR, "cost.book", json!({"reference": "R1", "purpose": "rent", "amount": 120_000}));
    let account = bench.done("auditor", "ledger.account", json!({"account": "finance"}));
    assert_eq!((&account["balance"], &account["entries"][0]["reference"]), (&json!(-120_000), &json!("R1")));
    let day = bench.done("auditor", "ledger.day", json!({"day": "2026-03-02"}));
    assert_eq!(day["reasons"], json!([{"reason": "running-cost", "postings": 1, "amount": 120_000}]));
}

/// docs/centre.md §6.6.3: the districts of Nanjing; a code that was withdrawn lives on in ID numbers.
#[test]
fn a_region_is_added_and_withdrawn_and_lives_on() {
    let mut bench = Bench::new();
    let codes = |bench: &mut Bench| -> Vec<String> {
        let regions = bench.done("clerk", "region.list", json!({}))["regions"].clone();
        let today = |region: &&serde_json::Value| region["until"].as_str().is_none_or(|until| until >= "2026-03-02");
        let regions =
            regions.as_array().unwrap().iter().filter(today).map(|region| region["code"].as_str().unwrap().to_owned());
        regions.collect()
    };
    let districts = ["02", "04", "05", "06", "11", "13", "14", "15", "16", "17", "18"].map(|own| format!("3201{own}"));
    assert_eq!(codes(&mut bench), districts);
    let region = |until: Option<&str>| json!({"code": "320199", "name": "新区", "since": "2020-01-01", "until": until});
    assert_eq!(bench.refused(ADMINISTRATOR, "region.add", region(Some("2019-12-31"))), "value-not-allowed");
    assert_eq!(bench.done(ADMINISTRATOR, "region.add", region(None)), json!({"changed": true}));
    assert_eq!(codes(&mut bench).len(), 12);
    assert_eq!(bench.done(ADMINISTRATOR, "region.add", region(Some("2026-03-01"))), json!({"changed": true}));
    assert_eq!(bench.done(ADMINISTRATOR, "region.add", region(Some("2026-03-01"))), json!({"changed": false}));
    assert_eq!(codes(&mut bench), districts);
}

#[test]
fn a_damaged_row_is_a_failure_and_no_refusal() {
    let mut bench = Bench::new();
    bench.within(|office| {
        let sql = "UPDATE parameters SET value = '{' WHERE area = $1 AND name = 'photo'";
        office.store().execute(sql, values![office.area()]).unwrap()
    });
    let before = bench.done("auditor", "audit.list", json!({"limit": 1}));
    let refusal = bench.act(ADMINISTRATOR, "parameter.list", json!({"name": "photo"})).unwrap_err();
    assert_eq!((refusal.code, refusal.kind), ("centre-damaged", crate::acts::refusal::RefusalKind::Failure));
    assert!(refusal.en.contains("parameters.value") && !refusal.zh.is_ascii(), "{refusal}");
    // It is no verdict on who asked, and does not stand in the record as one.
    assert_eq!(bench.done("auditor", "audit.list", json!({"limit": 1})), before);
    // Nor is one that may pass.
    bench.within(|office| office.store().execute("ALTER TABLE parameters RENAME TO elsewhere", values![]).unwrap());
    let refusal = bench.act(ADMINISTRATOR, "parameter.list", json!({"name": "photo"})).unwrap_err();
    assert_eq!((refusal.code, refusal.kind), ("centre-failed", crate::acts::refusal::RefusalKind::Failure));
    assert_eq!(bench.done("auditor", "audit.list", json!({"limit": 1})), before);
}
