//! Residents: the window, the cover, waiting, who pays, and payment from a relative's account.

use serde_json::{Value, json};

use super::bench::Insurance;
use crate::insurance::booking;
use crate::insurance::kinds::Kind;
use crate::ledger::Account;
use crate::persons::proof::tests::shown;

fn enrol(person: &str, year: i16) -> Value {
    json!({"person": person, "class": "other", "year": year, "registered_since": "2000-01-01"})
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// docs/centre.md §6.7.3: paid in the window, covered for the year; the subsidy comes with the payment.
#[test]
pub(crate) fn in_the_window_for_the_next_year() {
    let mut it = Insurance::new();
    let person = it.person("1960-01-01");
    assert_eq!(it.refused("resident.enrol", enrol(&person, 2027)), "cover-not-payable");
    it.on("2026-10-01");
    let enrolled = it.done("resident.enrol", enrol(&person, 2027));
    assert_eq!((&enrolled["personal"], &enrolled["paid"]), (&json!(40_000), &json!(false)));
    assert_eq!(it.refused("resident.enrol", enrol(&person, 2027)), "resident-year-assessed");
    assert_eq!(it.insurance(&person, "2027-01-01")["no_pool"], "not-insured", "not before it is paid");
    let slip = enrolled["slip"].as_str().unwrap().to_owned();
    it.pay(&slip, "2026-10-05");
    for (day, pool) in [
        ("2026-12-31", json!(null)),
        ("2027-01-01", json!("residents")),
        ("2027-12-31", json!("residents")),
        ("2028-01-01", json!(null)),
    ] {
        assert_eq!(it.insurance(&person, day)["pool"], pool, "{day}");
    }
    assert_eq!(it.balance(&booking::pool(Kind::Resident)), 110_000);
    assert_eq!(it.balance(&Account::Finance), -70_000);
    assert_eq!(it.account(&person), 0);
}

#[test]
pub(crate) fn late_the_pool_waits_and_missed_years_count() {
    let mut it = Insurance::new();
    let person = it.person("1960-01-01");
    // The clock stands on 2 March 2026.
    let enrolled = it.done("resident.enrol", enrol(&person, 2026));
    assert_eq!((&enrolled["from"], &enrolled["pool_from"]), (&json!("2026-03-02"), &json!("2026-06-02")));
    let slip = enrolled["slip"].as_str().unwrap().to_owned();
    it.pay(&slip, "2026-04-10");
    let shown = it.insurance(&person, "2026-07-09");
    assert_eq!((&shown["insured"], &shown["no_pool"]), (&json!("resident"), &json!("waiting")));
    assert_eq!(it.insurance(&person, "2026-07-10")["pool"], "residents");
    // The records show that 2027 to 2029 were missed: three months and two more, or bought off.
    it.on("2029-12-01");
    let missed = with(enrol(&person, 2030), &json!({"bought_off_years": 1}));
    assert_eq!(it.done("resident.enrol", missed)["pool_from"], "2030-05-01");
    let stranger = it.person("1961-01-01");
    let missed = with(enrol(&stranger, 2030), &json!({"missed_years": 5, "bought_off_years": 5}));
    assert_eq!(it.done("resident.enrol", missed)["pool_from"], "2030-07-01");
}

#[test]
pub(crate) fn newborn_former_employee_poor_and_newcomer() {
    let mut it = Insurance::new();
    let child = it.person("2026-02-20");
    let newborn = with(enrol(&child, 2026), &json!({"entry": "newborn", "entry_day": "2026-02-20", "class": "pupil"}));
    assert_eq!(it.done("resident.enrol", newborn.clone())["pool_from"], "2026-02-20");
    let former = it.person("1980-01-01");
    let left = with(enrol(&former, 2026), &json!({"entry": "former-employee", "entry_day": "2026-02-28"}));
    assert_eq!(it.done("resident.enrol", left)["pool_from"], "2026-04-01");
    let poor = it.person("1981-01-01");
    let enrolled = it.done("resident.enrol", with(enrol(&poor, 2026), &json!({"poor": true})));
    assert_eq!(
        (&enrolled["personal"], &enrolled["subsidy"], &enrolled["paid"]),
        (&json!(0), &json!(110_000), &json!(true))
    );
    assert_eq!(it.insurance(&poor, "2026-03-02")["insured"], "resident");
    let newcomer = it.person("1982-01-01");
    let since = with(enrol(&newcomer, 2026), &json!({"registered_since": "2021-03-03"}));
    assert_eq!(it.done("resident.enrol", since)["personal"], 110_000);
    let other = it.person("1983-01-01");
    for (more, code) in [
        (json!({"entry": "newborn"}), "entry-day-wrong"),
        (json!({"entry": "newborn", "entry_day": "2026-03-03"}), "entry-day-wrong"),
        (json!({"entry_day": "2026-03-01"}), "entry-day-wrong"),
        (json!({"year": 1999}), "value-not-allowed"),
        (json!({"year": 2020}), "parameter-missing"),
        (json!({"class": "noble"}), "field-invalid"),
    ] {
        assert_eq!(it.refused("resident.enrol", with(enrol(&other, 2026), &more)), code, "{more}");
    }
    it.employ(&other, "2026-03", 487_900);
    assert_eq!(it.refused("resident.enrol", enrol(&other, 2026)), "insured-already");
}

#[test]
pub(crate) fn a_class_that_the_area_does_not_have_is_refused() {
    let mut it = Insurance::new();
    let value = json!({"classes": [], "newborn_days": 90, "former_employee_days": 90, "registered_years": 5});
    it.set("premium.resident", "2026-01-01", value);
    let person = it.person("1960-01-01");
    assert_eq!(it.refused("resident.enrol", enrol(&person, 2026)), "resident-class-unknown");
}

/// docs/centre.md §6.7.4: the account pays a resident's premium, and the relative gets no more than that.
#[test]
pub(crate) fn a_relatives_account_pays_the_year() {
    let mut it = Insurance::new();
    let (owner, child) = (it.person("1990-05-05"), it.person("2015-01-01"));
    it.employ(&owner, "2026-03", 2_000_000);
    let slip = it.assess("2026-03").unwrap();
    it.pay(&slip, "2026-03-20");
    assert_eq!(it.account(&owner), 40_000);
    let enrolled = it.done("resident.enrol", enrol(&child, 2026));
    let pay = json!({"slip": enrolled["slip"], "owner": owner});
    assert_eq!(it.refused("resident.pay", pay.clone()), "pooling-not-bound");
    let document = shown(&it.office(), &owner);
    let bind = json!({"owner": owner, "owner_document": document, "relative": child, "kin": "child"});
    assert_eq!(it.refused("pooling.bind", bind.clone()), "pooling-not-admitted", "a child who is not insured");
    let poor = it.person("2016-01-01");
    it.done("resident.enrol", with(enrol(&poor, 2026), &json!({"poor": true})));
    it.done("pooling.bind", with(bind, &json!({"relative": poor})));
    it.on("2026-12-01");
    let next = it.done("resident.enrol", enrol(&poor, 2027));
    assert_eq!(it.done("resident.pay", json!({"slip": next["slip"], "owner": owner}))["amount"], 40_000);
    assert_eq!(it.account(&owner), 0);
    assert_eq!(it.insurance(&poor, "2027-06-01")["pool"], "residents");
    assert_eq!(it.refused("resident.pay", json!({"slip": next["slip"], "owner": owner})), "slip-not-due");
    // The own account needs no binding, but money.
    assert_eq!(it.refused("resident.pay", json!({"slip": enrolled["slip"], "owner": child})), "account-short");
    assert_eq!(it.refused("resident.pay", json!({"slip": slip, "owner": owner})), "not-found");
    assert_eq!(it.bench.centre.verify().unwrap()[0].2, None);
}
