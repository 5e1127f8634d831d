//! Each kind of document of docs/centre.md §6.5.4, accepted and refused by the acts, with the check of §6.5.5 by its code.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strum::VariantArray;

use super::filing::{id, minor, with};
use crate::application::documents::{Bearer, Expiry, Kind};
use crate::application::refused::Refused;
use crate::tests::acts::Bench;
use crate::tests::closing::closing_line;

/// Kind; numbers that are accepted; numbers that are refused, with the code of the check.
fn numbers() -> Vec<(Kind, Vec<String>, Vec<(String, &'static str)>)> {
    let (form, character) = ("document-number-form", "document-number-character");
    let (check, other) = ("document-number-check", "document-other-kind");
    let text = |number: &str| number.to_owned();
    let good = id("19800101", 11);
    let wrong = |number: &str| {
        let last = if number.ends_with('1') { '2' } else { '1' };
        format!("{}{last}", &number[..17])
    };
    let child = id("20150505", 22);
    let elsewhere = format!("320199{}", &good[6..17]);
    let elsewhere = format!(
        "{elsewhere}{}",
        char::from(qiyong_protocol::card::codes::IdNumber::check_character(elsewhere.as_bytes()))
    );
    let table: Vec<(Kind, Vec<String>, Vec<(String, &'static str)>)> = vec![
        (
            Kind::IdCard,
            vec![good.clone(), good.to_lowercase()],
            vec![
                (wrong(&good), check),
                (id("20270101", 11), "document-number-birth"),
                (id("19800230", 11), "document-number-birth"),
                (elsewhere, "document-number-region"),
                (text("810000199408230021"), other),
                (text("3201021980010101"), form),
                (text("32010219800101O11X"), character),
            ],
        ),
        (Kind::HouseholdRegister, vec![child.clone()], vec![(wrong(&child), check)]),
        (
            Kind::HkMacauPermit,
            vec![text("H12345678"), text("M1234567800"), text("H1234567801")],
            vec![
                (text("H123456780"), form),
                (text("T12345678"), character),
                (text("CA1234567"), "document-mainlanders-permit"),
            ],
        ),
        (Kind::TaiwanPermit, vec![text("12345678"), text("1234567802")], vec![(text("1234567"), form)]),
        (
            Kind::ResidencePermit,
            vec![text("810000199408230021")],
            vec![(text("810000199408230022"), check), (good.clone(), other), (text("81000019940823"), form)],
        ),
        (
            Kind::ForeignerResidence,
            vec![text("911124198108030024")],
            vec![(text("911124198108030025"), check), (good.clone(), other), (text("FR1123456789012"), form)],
        ),
        (
            Kind::Passport,
            ["E12345678", "EA1234567", "G12345678", "141234567", "P1234567", "S1234567", "D1234567"].map(text).to_vec(),
            vec![(text("E1234567"), form), (text("X12345678"), form)],
        ),
        (
            Kind::ForeignPassport,
            vec![text("C01X00T47"), text("C01X0")],
            vec![(text("C01X"), form), (text("C01X-0T47"), character)],
        ),
        (
            Kind::SocialSecurityCard,
            vec![text("X00000019")],
            vec![(text("X0000001"), form), (text("X000-0019"), character)],
        ),
    ];
    // Of the others only length and characters are known.
    let rest = Kind::VARIANTS.iter().filter(|kind| table.iter().all(|(known, ..)| known != *kind));
    let rest: Vec<_> = rest
        .map(|kind| (*kind, vec![text("A1234567")], vec![(text("A"), form), (text("AB 123"), character)]))
        .collect();
    table.into_iter().chain(rest).collect()
}

/// The form of somebody who shows this document, with what the number does not say.
fn form(kind: Kind, number: &str, more: &[(&'static str, Value)]) -> Value {
    let word: &str = kind.into();
    let mut document = json!({"kind": word, "number": number});
    if kind.expiry() != Expiry::Never {
        document["until"] = json!("2030-01-01");
    }
    let country = match kind.bearer() {
        Bearer::HongKongMacauTaiwan => "HKG",
        Bearer::Foreign => "DEU",
        Bearer::Mainland | Bearer::Anybody => "CHN",
    };
    let mut changes = if kind == Kind::HouseholdRegister { minor("20150505") } else { Vec::new() };
    changes.extend([("/holder/document", document), ("/holder/country", json!(country))]);
    if number.len() != 18 {
        changes.extend([("/holder/born", json!("1980-01-01")), ("/holder/sex", json!("male"))]);
    }
    changes.extend(more.iter().cloned());
    with(&changes)
}

/// An area that accepts every kind.
fn open_area() -> Bench {
    let mut bench = Bench::new();
    let mut rules = super::form::area().rules;
    rules.documents = Kind::VARIANTS.to_vec();
    bench.done("admin", "parameter.set", json!({"name": "application.rules", "since": "2026-03-02", "value": rules}));
    bench
}

fn faults(bench: &mut Bench, form: &Value) -> Vec<Value> {
    bench.done("clerk", "application.pre-check", json!({"form": form}))["faults"].as_array().unwrap().clone()
}

#[test]
fn each_kind_is_accepted_and_refused_by_the_check_of_its_number() {
    let mut bench = open_area();
    let (mut accepted, mut refused, mut codes) = (0, 0, BTreeSet::new());
    for (kind, good, bad) in numbers() {
        assert!(!good.is_empty() && !bad.is_empty(), "{kind:?}");
        for number in good {
            let form = form(kind, &number, &[]);
            assert_eq!(faults(&mut bench, &form), Vec::<Value>::new(), "{kind:?} {number}");
            let filed = bench.done("clerk", "application.file", json!({"form": form}));
            bench.done("clerk", "application.withdraw", json!({"number": filed["number"]}));
            accepted += 1;
        }
        for (number, code) in bad {
            let form = form(kind, &number, &[]);
            let refusal = bench.act("clerk", "application.file", json!({"form": form})).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.field.as_deref()),
                (code, Some("form.holder.document.number")),
                "{kind:?} {number}"
            );
            assert!(!refusal.to_string().contains(&number) && !refusal.zh.contains(&number), "{refusal}");
            codes.insert(code);
            refused += 1;
        }
    }
    for kind in Kind::VARIANTS.iter().copied() {
        let number = numbers().into_iter().find(|(of, ..)| *of == kind).unwrap().1[0].clone();
        // Its last day is the last on which it is accepted.
        let until = |day: &str| [("/holder/document/until", json!(day))];
        assert_eq!(faults(&mut bench, &form(kind, &number, &until("2026-03-02"))), Vec::<Value>::new(), "{kind:?}");
        let long = [("/holder/document/until", Value::Null), ("/holder/document/long_term", json!(true))];
        let none = [("/holder/document/until", Value::Null)];
        let (never, missing) = ("document-never-long-term", "document-expiry-missing");
        let cases: [(&[(&'static str, Value)], Option<&'static str>); 3] = [
            (&until("2026-03-01"), Some("document-expired")),
            (&long, (kind.expiry() == Expiry::Day).then_some(never)),
            (&none, (kind.expiry() != Expiry::Never).then_some(missing)),
        ];
        for (more, expected) in cases {
            let found = faults(&mut bench, &form(kind, &number, more));
            // Of a document with a fault nothing is taken, so that the form may lack what its number would have said.
            let of_document = |code: &&str| Refused::ALL[0].contains(code);
            let found: Vec<_> = found.iter().map(|fault| fault["code"].as_str().unwrap()).filter(of_document).collect();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{kind:?} {more:?}");
            match expected {
                Some(code) => {
                    codes.insert(code);
                    refused += 1;
                }
                None => accepted += 1,
            }
        }
    }
    assert_eq!(codes, Refused::ALL[0].iter().copied().collect());
    closing_line(&format!(
        "kinds of document: {}, {accepted} accepted and {refused} refused by {} checks",
        Kind::VARIANTS.len(),
        codes.len()
    ));
}

/// The old card of permanent residence has fifteen characters, one more than a constructed social security number has room
/// for (docs/centre.md §6.5.5): its number is right, and its holder shows another document.
#[test]
fn an_old_card_of_permanent_residence_makes_no_social_security_number() {
    let mut bench = open_area();
    let found = faults(&mut bench, &form(Kind::ForeignerResidence, "FRA123456789012", &[]));
    let codes: Vec<_> = found.iter().map(|fault| fault["code"].clone()).collect();
    assert_eq!(codes, ["no-social-security-number"]);
}

/// A kind that the area does not list is refused by name, and accepted once it does.
#[test]
fn each_kind_is_accepted_where_the_area_lists_it() {
    let mut bench = open_area();
    let mut rules = super::form::area().rules;
    for (kind, good, _) in numbers() {
        let form = form(kind, &good[0], &[]);
        rules.documents = Kind::VARIANTS.iter().copied().filter(|known| *known != kind).collect();
        let set = json!({"name": "application.rules", "since": "2026-03-02", "value": rules});
        bench.done("admin", "parameter.set", set);
        let found = faults(&mut bench, &form);
        assert_eq!(found.first().map(|fault| fault["code"].clone()), Some(json!("document-not-accepted")), "{kind:?}");
    }
}
