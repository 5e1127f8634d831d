//! What is done about institutions, act by act, and that what terminals are judged by follows (docs/centre.md §6.6.4).

mod transitions;

use serde_json::{Value, json};

use qiyong_protocol::rules::decision::Institution;
use qiyong_protocol::rules::institution::InstitutionCode;

use super::records;
use super::refusal::Refused;
use crate::tests::acts::Bench;

const HOSPITAL: &str = "H32010200561";
const BANK: &str = "B32010200001";
const OFFICER: &str = "settlement-officer";

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    an_agreement_from_its_first_day_to_its_last,
    a_banks_outlet_issues_cards_while_its_agreement_holds,
    every_refusal_is_reached,
];

/// The days of the bench's clock: 2026-03-02 at first.
fn day(bench: &Bench, day: &str) {
    bench.clock.set(format!("{day}T09:00:00").parse().unwrap());
}

fn register(bench: &mut Bench, code: &str) {
    bench.done(OFFICER, "institution.register", json!({"code": code, "name": "鼓楼医院"}));
}

fn agreement(code: &str, effective: &str, void: &str) -> Value {
    let level = if code.starts_with('H') { "two" } else { "unrated" };
    let price_level = if code.starts_with('H') { "three" } else { "unrated" };
    json!({"code": code, "level": level, "price_level": price_level, "effective": effective, "void": void})
}

/// What a terminal is judged by today.
fn standing(bench: &Bench, code: &str) -> Option<(bool, bool)> {
    let code = InstitutionCode::new(code).unwrap();
    let office = bench.centre.office(bench.area);
    let standing = records::standing(office.store(), code, office.today()).unwrap();
    standing.map(|Institution { designated, issues_cards, .. }| (designated, issues_cards))
}

#[test]
fn an_agreement_from_its_first_day_to_its_last() {
    let mut bench = Bench::new();
    assert_eq!(standing(&bench, HOSPITAL), None);
    register(&mut bench, HOSPITAL);
    assert_eq!(standing(&bench, HOSPITAL), Some((false, false)));
    let signed = bench.done(OFFICER, "institution.agree", agreement(HOSPITAL, "2026-04-01", "2027-04-01"));
    assert_eq!((&signed["state"], &signed["waiting"]["acts"]), (&json!("signed"), &json!(["institution.end"])));
    day(&bench, "2026-04-01");
    assert_eq!(standing(&bench, HOSPITAL), Some((true, false)));

    let body = json!({"code": HOSPITAL, "days": 10, "reason": "多次违规"});
    let suspended = bench.done(OFFICER, "institution.suspend", body.clone());
    assert_eq!((&suspended["state"], &suspended["suspended_until"]), (&json!("suspended"), &json!("2026-04-11")));
    assert_eq!(suspended["waiting"]["acts"], json!(["institution.resume", "institution.end"]));
    assert_eq!(
        (&signed["waiting"]["until"], &suspended["waiting"]["until"]),
        (&json!("2026-03-31"), &json!("2026-04-10"))
    );
    assert_eq!(standing(&bench, HOSPITAL), Some((false, false)));
    day(&bench, "2026-04-11");
    assert_eq!(standing(&bench, HOSPITAL), Some((true, false)), "a suspension ends by itself");

    bench.done(OFFICER, "institution.suspend", body.clone());
    day(&bench, "2026-04-12");
    let resumed = bench.done(OFFICER, "institution.resume", json!({"code": HOSPITAL}));
    assert_eq!(resumed["state"], "in-force");
    assert_eq!(standing(&bench, HOSPITAL), Some((true, false)));
    // Twice in a term is as often as the area allows.
    assert_eq!(bench.refused(OFFICER, "institution.suspend", body), "suspensions-used-up");

    let next = bench.done(OFFICER, "institution.agree", agreement(HOSPITAL, "2027-04-01", "2028-04-01"));
    assert_eq!(next["number"], 2);
    let ended = bench.done(OFFICER, "institution.end", json!({"code": HOSPITAL, "reason": "骗取基金"}));
    assert_eq!((&ended["state"], &ended["number"], &ended["waiting"]), (&json!("ended"), &json!(1), &json!(null)));
    assert_eq!(standing(&bench, HOSPITAL), Some((false, false)));
    day(&bench, "2027-04-01");
    assert_eq!(standing(&bench, HOSPITAL), Some((true, false)), "the next agreement begins");
    day(&bench, "2028-04-01");
    assert_eq!(standing(&bench, HOSPITAL), Some((false, false)), "and its term is over");

    let shown = bench.done("hospital", "institution.show", json!({"code": HOSPITAL}));
    let states: Vec<_> = shown["agreements"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!((states, &shown["usable"]), (vec![json!("ended"), json!("void")], &json!(false)));
    let list = bench.done("auditor", "institution.list", json!({}));
    assert_eq!(list["institutions"][0], json!({"code": HOSPITAL, "name": "鼓楼医院", "usable": false}));
    assert_eq!(bench.done("auditor", "institution.list", json!({"after": HOSPITAL}))["institutions"], json!([]));
}

#[test]
fn a_banks_outlet_issues_cards_while_its_agreement_holds() {
    let mut bench = Bench::new();
    register(&mut bench, BANK);
    bench.done(OFFICER, "institution.agree", agreement(BANK, "2026-03-02", "2026-09-02"));
    assert_eq!(standing(&bench, BANK), Some((false, true)));
    // Its operators have a desk there.
    let operator = json!({"id": "counter-1", "role": "bank-counter", "outlet": BANK, "name": "柜员"});
    bench.done("admin", "operator.add", operator);
    bench.done(OFFICER, "institution.end", json!({"code": BANK, "reason": "协议解除"}));
    assert_eq!(standing(&bench, BANK), Some((false, false)));
}

/// Every refusal of the room is reached, and changes nothing.
#[test]
fn every_refusal_is_reached() {
    let mut bench = Bench::new();
    register(&mut bench, HOSPITAL);
    let again = bench.done(OFFICER, "institution.register", json!({"code": HOSPITAL, "name": "鼓楼医院"}));
    assert_eq!(again["changed"], false);
    let with = |field: &str, value: Value| {
        let mut body = agreement(HOSPITAL, "2026-04-01", "2027-04-01");
        body[field] = value;
        body
    };
    let suspend = |days: u16| json!({"code": HOSPITAL, "days": days, "reason": "x"});
    let before = [
        ("institution.register", json!({"code": HOSPITAL, "name": "other"}), "institution-code-taken"),
        ("institution.register", json!({"code": "H31010100001", "name": "x"}), "institution-not-of-area"),
        ("institution.show", json!({"code": BANK}), "institution-unknown"),
        ("institution.agree", agreement(BANK, "2026-04-01", "2027-04-01"), "institution-unknown"),
        ("institution.agree", with("level", json!("unrated")), "institution-level"),
        ("institution.agree", with("price_level", json!("unrated")), "institution-level"),
        ("institution.agree", with("effective", json!("2026-03-01")), "agreement-in-past"),
        ("institution.agree", with("void", json!("2026-04-01")), "agreement-term"),
        ("institution.agree", with("void", json!("2028-04-02")), "agreement-term"),
        ("institution.suspend", suspend(1), "agreement-state"),
        ("institution.resume", json!({"code": HOSPITAL}), "agreement-state"),
        ("institution.end", json!({"code": HOSPITAL, "reason": "x"}), "agreement-state"),
    ];
    let mut reached = Vec::new();
    let mut refuse = |bench: &mut Bench, cases: &[(&str, Value, &'static str)]| {
        for (act, body, code) in cases {
            assert_eq!(bench.refused(OFFICER, act, body.clone()), *code, "{act} {body}");
            reached.push(*code);
        }
    };
    refuse(&mut bench, &before);
    bench.done(OFFICER, "institution.agree", agreement(HOSPITAL, "2026-03-02", "2027-03-02"));
    let after = [
        ("institution.agree", agreement(HOSPITAL, "2027-03-01", "2028-03-01"), "agreement-overlaps"),
        ("institution.suspend", suspend(0), "suspension-days"),
        ("institution.suspend", suspend(181), "suspension-days"),
        ("institution.resume", json!({"code": HOSPITAL}), "agreement-state"),
    ];
    refuse(&mut bench, &after);
    bench.done(OFFICER, "institution.suspend", suspend(180));
    refuse(&mut bench, &[("institution.suspend", suspend(1), "agreement-state")]);
    for (number, date) in ["2026-08-30", "2026-08-31"].into_iter().enumerate() {
        day(&bench, date);
        if number == 0 {
            bench.done(OFFICER, "institution.suspend", suspend(1));
        } else {
            refuse(&mut bench, &[("institution.suspend", suspend(1), "suspensions-used-up")]);
        }
    }
    // `institution-not-designated` belongs to settlement, whose tests reach it.
    let rest: Vec<_> = Refused::ALL.iter().filter(|code| !reached.contains(code)).collect();
    assert_eq!(rest, [&"institution-not-designated"]);
    let shown = bench.done(OFFICER, "institution.show", json!({"code": HOSPITAL}));
    assert_eq!(shown["agreements"].as_array().unwrap().len(), 1);
}
