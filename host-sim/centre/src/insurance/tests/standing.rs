//! What somebody may use: by the own insurance, never by a relative's.

use serde_json::json;

use super::bench::{Insurance, day};
use crate::insurance::insured_on;
use crate::insurance::pooling::Use;
use crate::insurance::standing::family_accounts;
use crate::persons::proof::tests::shown;

/// docs/centre.md §6.7.5: arrears stop the pool, the account stays usable.
#[test]
pub(crate) fn arrears_stop_the_pool_until_they_are_paid() {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    assert_eq!(it.insurance(&person, "2026-03-24")["pool"], "in-service");
    let late = it.insurance(&person, "2026-03-25");
    assert_eq!(
        (&late["no_pool"], &late["account_usable"], &late["insured"]),
        (&json!("arrears"), &json!(true), &json!("employee"))
    );
    assert!(insured_on(&it.office(), &person, day("2026-03-25")).unwrap());
    assert!(!insured_on(&it.office(), &person, day("2026-02-28")).unwrap());
    it.pay(&slip, "2026-03-30");
    assert_eq!(it.insurance(&person, "2026-03-30")["pool"], "in-service");
    it.set("arrears", "2026-04-01", json!({"declare_until": 15, "pay_until": 24, "late_fee_a_day": "0.05%", "late_fee_at_most": null, "account_usable": false}));
    it.on("2026-04-02");
    it.assess("2026-04").unwrap();
    assert_eq!(it.insurance(&person, "2026-05-01")["account_usable"], false);
}

#[test]
pub(crate) fn after_a_gap_the_pool_waits() {
    let mut it = Insurance::new();
    it.set("benefit.waiting", "2026-01-01", json!({"employees": [{"gap_months": 4, "waiting_months": 2}], "residents": {"fixed_months": 3, "months_per_further_year": 1, "many_years": 4, "many_years_months": 6}}));
    let (short, long) = (it.person("1990-05-05"), it.person("1991-05-05"));
    let relations = [&short, &long].map(|person| it.employ(person, "2026-03", 487_900)[1]);
    it.on("2026-04-02");
    for relation in relations {
        it.done("relation.pause", json!({"relation": relation, "from": "2026-04"}));
    }
    it.on("2026-07-02");
    let resumed = it.done("relation.resume", json!({"relation": relations[0], "from": "2026-07"}));
    assert_eq!(resumed["pool_from"], "2026-07-01");
    it.on("2026-08-02");
    let resumed = it.done("relation.resume", json!({"relation": relations[1], "from": "2026-08"}));
    assert_eq!(resumed["pool_from"], "2026-10-01");
    assert_eq!(it.insurance(&long, "2026-09-30")["no_pool"], "waiting");
    assert_eq!(it.insurance(&long, "2026-10-01")["pool"], "in-service");
}

/// docs/centre.md §6.7.4: money, never the entitlement.
#[test]
pub(crate) fn family_pooling_gives_money_and_no_entitlement() {
    let mut it = Insurance::new();
    let (owner, wife, brother) = (it.person("1990-05-05"), it.person("1991-05-05"), it.person("1992-05-05"));
    let document = shown(&it.office(), &owner);
    let bind = |relative: &str, kin: &str| json!({"owner": owner, "owner_document": document, "relative": relative, "kin": kin});
    assert_eq!(it.refused("pooling.bind", bind(&wife, "spouse")), "account-missing");
    it.employ(&owner, "2026-03", 487_900);
    let relation = it.employ(&wife, "2026-03", 487_900)[1];
    assert_eq!(it.refused("pooling.bind", bind(&owner, "spouse")), "pooling-oneself");
    assert_eq!(it.refused("pooling.bind", bind(&brother, "sibling")), "pooling-not-admitted");
    assert_eq!(it.done("pooling.bind", bind(&wife, "spouse"))["changed"], true);
    assert_eq!(it.done("pooling.bind", bind(&wife, "spouse"))["changed"], false);
    assert_eq!(it.refused("pooling.bind", bind(&wife, "sibling")), "pooling-bound");
    // Whoever knows the owner's number alone gives away nothing of the owner's.
    let mut by_number = bind(&wife, "spouse");
    by_number["owner_document"] = shown(&it.office(), &wife);
    assert_eq!(it.refused("pooling.bind", by_number), "document-not-shown");
    let accounts = |it: &Insurance, on: &str| family_accounts(&it.office(), &wife, day(on), Use::Pharmacy).unwrap();
    assert_eq!(accounts(&it, "2026-03-02"), [owner.as_str()]);
    it.on("2026-04-02");
    it.done("relation.end", json!({"relation": relation, "from": "2026-04"}));
    // Not insured, she has neither pool nor the use of his account.
    assert_eq!(it.insurance(&wife, "2026-04-02")["no_pool"], "not-insured");
    assert_eq!(it.insurance(&owner, "2026-04-02")["pool"], "in-service");
    assert_eq!(accounts(&it, "2026-04-02"), Vec::<String>::new());
    let listed = it.done("pooling.list", json!({"person": wife}));
    assert_eq!((&listed["bindings"][0]["owner"], &listed["bindings"][0]["until"]), (&json!(owner), &json!(null)));
    it.done("pooling.unbind", json!({"owner": owner, "relative": wife}));
    assert_eq!(it.refused("pooling.unbind", json!({"owner": owner, "relative": wife})), "pooling-not-bound");
}
