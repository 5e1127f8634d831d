//! The open points of docs/centre.md §11: each is a dated parameter of an area, with the default that the page suggests or
//! what the area's file says instead; a change is in force from its day on and leaves the past alone.

use serde_json::{Value, json};

use crate::tests::acts::Bench;
use crate::{ADMINISTRATOR, parameters};

/// An open point, its parameter, where in the value it stands, and what is there.
fn open_points() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    vec![
        ("rounding of premiums", "premium.rounding", "/premium", json!({"unit": "fen", "mode": "half-up"})),
        ("rounding of credits", "premium.rounding", "/credit", json!({"unit": "fen", "mode": "half-up"})),
        ("account during arrears", "arrears", "/account_usable", json!(true)),
        ("term of an oral loss", "loss.temporary_term", "", json!({"unit": "working-days", "value": 3})),
        ("release after formal loss", "loss.formal_release", "/allowed", json!(false)),
        ("tries of the PIN on the card", "production.settings", "/pin_tries", json!(3)),
        // The page suggests that it works on; the area's file says that here it does not.
        ("expired card, social", "card.validity", "/expired_social_usable", json!(false)),
        ("expired card, bank", "card.validity", "/expired_bank_usable", json!(false)),
        ("bytes of a photo", "photo", "/bytes", json!({"min": 15_000, "max": 100_000})),
        ("photo from this age on", "photo", "/age_from", json!(7)),
        ("longest suspension", "designation", "/suspension_max_days", json!(180)),
        ("relatives' money within acct_pay", "benefits", "/mulaid_in_acct", json!(false)),
    ]
}

fn value(bench: &mut Bench, name: &str) -> Value {
    let listed = bench.done(ADMINISTRATOR, "parameter.list", json!({"name": name}))["parameters"].clone();
    listed.as_array().unwrap().last().unwrap_or_else(|| panic!("{name} has no value"))["value"].clone()
}

/// docs/centre.md §11
#[test]
fn every_open_point_is_a_dated_parameter_with_its_default() {
    let mut bench = Bench::new();
    for (point, name, at, expected) in open_points() {
        let value = value(&mut bench, name);
        let found = value.pointer(at).unwrap_or_else(|| panic!("{point}: {name} has no {at}"));
        assert_eq!(*found, expected, "{point}");
    }
    let colours = value(&mut bench, "photo")["backgrounds"].clone();
    let colours: Vec<_> = colours.as_array().unwrap().iter().map(|colour| colour["name"].clone()).collect();
    assert_eq!(colours, ["white", "red", "blue"]);
    // What has no suggested figure stands in the area's file all the same.
    for name in ["account.credit", "premium.base", "premium.resident", "benefit.waiting", "slip.fee", "settlement"] {
        assert!(!value(&mut bench, name).is_null(), "{name}");
    }
}

#[test]
fn every_parameter_is_set_from_a_day_on_and_checked() {
    let mut bench = Bench::new();
    let mut checked = 0;
    for kind in parameters::all() {
        let set = |since: &str, value: &Value| json!({"name": kind.name, "since": since, "value": value});
        let wrong = set("2026-03-02", &json!({"nonsense": 1}));
        assert_eq!(bench.refused(ADMINISTRATOR, "parameter.set", wrong), "value-not-allowed", "{}", kind.name);
        let listed = bench.done(ADMINISTRATOR, "parameter.list", json!({"name": kind.name}))["parameters"].clone();
        let Some(known) = listed.as_array().unwrap().last() else { continue };
        let past = set("2026-03-01", &known["value"]);
        assert_eq!(bench.refused(ADMINISTRATOR, "parameter.set", past), "value-not-allowed", "{}", kind.name);
        bench.done(ADMINISTRATOR, "parameter.set", set("2026-04-01", &known["value"]));
        let after = bench.done(ADMINISTRATOR, "parameter.list", json!({"name": kind.name}))["parameters"].clone();
        let (before, after) = (listed.as_array().unwrap(), after.as_array().unwrap());
        assert!(after.starts_with(before) && after.len() == before.len() + 1, "{}", kind.name);
        checked += 1;
    }
    assert_eq!(checked, parameters::all().count(), "each has a value in Nanjing");
}
