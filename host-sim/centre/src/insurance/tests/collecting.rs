//! The bank's file: once, line by line, and what fits nothing is kept, named, and goes back or finds its line.

use serde_json::json;
use strum::VariantArray;

use super::bench::{BANK, Insurance, file};
use crate::insurance::booking;
use crate::insurance::kinds::Kind;
use crate::insurance::unmatched::Why;

fn with_slip() -> (Insurance, String, String) {
    let mut it = Insurance::new();
    let person = it.person("1990-05-05");
    it.employ(&person, "2026-03", 487_900);
    let slip = it.assess("2026-03").unwrap();
    it.on("2026-03-20");
    (it, person, slip)
}

#[test]
pub(crate) fn a_file_is_taken_once() {
    let (mut it, person, slip) = with_slip();
    let rows = it.rows(&slip, "2026-03-20");
    let text = file("B0001", "2026-03-20", &rows);
    let first = it.done("premium.collect", json!({"file": text}));
    let again = it.done("premium.collect", json!({"file": text}));
    assert_eq!((&first["again"], &again["again"]), (&json!(false), &json!(true)));
    assert_eq!((&first["matched"], &again["matched"]), (&json!(5), &json!(5)));
    assert_eq!(it.account(&person), 9758);
    // Another file under its number, and its rows in a file of another number.
    let other = file("B0001", "2026-03-20", &rows[..1]);
    assert_eq!(it.refused("premium.collect", json!({"file": other})), "collection-number-reused");
    let double = it.done("premium.collect", json!({"file": file("B0002", "2026-03-20", &rows)}));
    assert_eq!((&double["matched"], &double["unmatched"]), (&json!(0), &json!(5)));
    assert_eq!(it.account(&person), 9758);
    assert_eq!(it.bench.centre.verify().unwrap()[0].2, None);
}

#[test]
pub(crate) fn a_file_that_cannot_be_right_changes_nothing() {
    let (mut it, _, slip) = with_slip();
    let rows = it.rows(&slip, "2026-03-20");
    let good = file("B0001", "2026-03-20", &rows);
    for (text, code) in [
        (String::new(), "collection-unreadable"),
        (good.replacen("B0001", "B0001'); DROP TABLE spans; --", 1), "collection-unreadable"),
        (good[..good.len() - 40].to_owned(), "collection-unreadable"),
        (good.replacen(",320100,", ",320500,", 1), "other-area"),
        (file("B0001", "2026-03-21", &rows), "collection-ahead"),
    ] {
        assert_eq!(it.refused("premium.collect", json!({"file": text})), code);
    }
    assert_eq!(it.balance(&booking::bank(BANK)), 0);
    assert_eq!(it.bench.refused("clerk", "premium.collect", json!({"file": good})), "role-not-allowed");
    assert_eq!(it.done("premium.collect", json!({"file": good}))["matched"], 5);
}

#[test]
pub(crate) fn what_the_bank_could_not_collect_stays_due() {
    let (mut it, person, slip) = with_slip();
    let rows: Vec<_> = it.rows(&slip, "2026-03-20").iter().map(|row| row.replace(",00,", ",51,")).collect();
    let answer = it.done("premium.collect", json!({"file": file("F0001", "2026-03-20", &rows)}));
    assert_eq!((&answer["refused"], &answer["collected"]), (&json!(5), &json!(0)));
    let shown = it.slip(&slip);
    assert_eq!((&shown["lines"][0]["state"], &shown["lines"][0]["refused"]), (&json!("due"), &json!("51")));
    it.pay(&slip, "2026-03-21");
    assert_eq!(it.account(&person), 9758);
}

/// Every reason why a row fits no line is met, its money is booked, and nothing is credited.
#[test]
pub(crate) fn every_reason_is_named_and_its_money_is_kept() {
    let (mut it, person, slip) = with_slip();
    let resident = it.person("1960-01-01");
    let enrol = json!({"person": resident, "class": "elderly", "year": 2026, "registered_since": "1960-01-01"});
    let yearly = it.done("resident.enrol", enrol)["slip"].as_str().unwrap().to_owned();
    let mut met = Vec::new();
    let mut note = |answer: serde_json::Value| met.push(answer["rows"][0]["why"].as_str().unwrap().to_owned());
    let day = "2026-03-20";
    note(it.unmatched(&slip, day, |row| row.replacen("320100,", "320500,", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen(&slip, "999", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen(&person, "P999999999", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen("91320100TEST00001X", "91320100TEST00002X", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen("2026-03-31", "2026-04-30", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen("4879.00", "4880.00", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen("1170.96", "1170.95", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen(",0.00,", ",0.01,", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen(",00,2026-03-20", ",00,2026-03-21", 1)));
    note(it.unmatched(&slip, day, |row| row.replacen(",00,2026-03-20", ",00,2026-03-01", 1)));
    it.on("2027-01-01");
    note(it.unmatched(&yearly, "2027-01-01", str::to_owned));
    it.on(day);
    let rows = it.rows(&slip, day);
    it.pay(&slip, day);
    let twice = it.file(day, &rows[..1]);
    note(it.done("premium.collect", json!({"file": twice})));
    let other = it.person("1991-01-01");
    it.done("relation.start", json!({"person": other, "capacity": "flexible", "from": "2026-04"}));
    it.on("2026-04-02");
    let withdrawn = it.assess("2026-04").unwrap();
    let rows = it.rows(&withdrawn, "2026-04-02");
    it.done("premium.void", json!({"slip": withdrawn}));
    let late = it.file("2026-04-02", &rows[..1]);
    note(it.done("premium.collect", json!({"file": late})));
    let all: Vec<String> = Why::VARIANTS.iter().map(ToString::to_string).collect();
    for why in &all {
        assert!(met.contains(why), "{why} was not met");
    }
    let open = it.done("premium.unmatched", json!({}))["rows"].as_array().unwrap().clone();
    let kept: i64 = open.iter().map(|row| row["amount"].as_i64().unwrap()).sum();
    let booked: i64 = Kind::VARIANTS.iter().map(|kind| it.balance(&booking::uncredited(*kind))).sum();
    assert_eq!((open.len(), kept), (met.len(), booked));
    assert_eq!(it.account(&person), 9758, "only what was matched");
    // None of it is a dead end: all of it goes back.
    for row in open {
        let body = json!({"bank": row["bank"], "file": row["file"], "line": row["line"]});
        assert_eq!(it.done("premium.resolve", body.clone())["state"], "returned");
        assert_eq!(it.refused("premium.resolve", body), "unmatched-resolved");
    }
    assert_eq!(Kind::VARIANTS.iter().map(|kind| it.balance(&booking::uncredited(*kind))).sum::<i64>(), 0);
    assert_eq!(it.bench.centre.verify().unwrap()[0].2, None);
}

#[test]
pub(crate) fn unmatched_money_finds_its_line_if_it_pays_it_exactly() {
    let (mut it, person, slip) = with_slip();
    // The medical line, under a mistyped slip number.
    let row = it.rows(&slip, "2026-03-20")[1].replacen(&slip, "3201002026", 1);
    let text = it.file("2026-03-20", &[row]);
    it.done("premium.collect", json!({"file": text}));
    let to = |line: i64| json!({"bank": BANK, "file": "B0001", "line": 2, "slip": slip, "slip_line": line});
    assert_eq!(it.refused("premium.resolve", to(1)), "amount-differs");
    assert_eq!(it.refused("premium.resolve", to(9)), "not-found");
    assert_eq!(it.done("premium.resolve", to(2))["state"], "assigned");
    assert_eq!(it.refused("premium.resolve", to(2)), "unmatched-resolved");
    assert_eq!((it.account(&person), it.balance(&booking::uncredited(Kind::Medical))), (9758, 0));
    it.pay(&slip, "2026-03-21");
    assert_eq!(it.account(&person), 9758);
    assert_eq!(it.bench.centre.verify().unwrap()[0].2, None);
}
