//! People come out the same for the same seed, in every state, and what comes is whole and goes on by acts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path as File;

use serde_json::{Value as Json, json};
use strum::VariantArray;

use super::course::{COURSES, DAMAGED, DAMAGED_REPLACED, DESTROYED, Deed, Functions, LOST, LOST_REPLACED};
use super::path::all;
use super::*;
use crate::application::documents::numbers;
use crate::application::state::{self, State};
use crate::clock::SetClock;
use crate::hsm::Hsm;
use crate::insurance::relation;
use crate::life::bank::BankStatus;
use crate::life::deeds::BankAct;
use crate::life::deeds::CardAct;
use crate::life::place::Place;
use crate::orders::OrderState;
use crate::slip::state::SlipState;
use crate::store::database::Database;
use crate::store::value::Value;
use crate::store::vault::Vault;
use crate::tests::acts::Bench;
use crate::{Centre, Chain, Founding};

fn people(bench: &Bench, people: u32, seed: u8) -> Population {
    Population { area: bench.area, people, seed }
}

fn populated(count: u32, seed: u8) -> Bench {
    let mut bench = Bench::new();
    let population = people(&bench, count, seed);
    bench.centre.populate(population, &mut |_| {}).unwrap();
    bench
}

/// A column of all rows.
fn column(bench: &Bench, sql: &str) -> Vec<String> {
    let text = |row: &crate::store::value::Row| row.get::<String>("it").unwrap();
    bench.centre.store.rows(sql, &[]).unwrap().iter().map(text).collect()
}

/// What the tables of the rooms do not allow of a way, which is then written as if it did not happen.
fn forbidden(path: Path) -> Option<String> {
    let mut state = State::Draft;
    for step in path.steps().iter().skip(1) {
        state = match state::after(state, *step) {
            Some(next) => next,
            None => return Some(format!("{path:?}: {step:?} from {state:?}")),
        };
    }
    let mut stage = Stage::BankOpening;
    for step in &path.making() {
        stage = match stage.after(*step) {
            Some(next) => next,
            None => return Some(format!("{path:?}: {step:?} from {stage:?}")),
        };
    }
    match path {
        Path::Filing(filing) if state != filing => Some(format!("{path:?} comes to {state:?}")),
        Path::Making(making) if stage != making => Some(format!("{path:?} comes to {stage:?}")),
        Path::Held(course) => not_allowed(course.deeds),
        _ => None,
    }
}

fn not_allowed(deeds: &[Deed]) -> Option<String> {
    let mut functions = Functions::NEW;
    for deed in deeds {
        functions = match functions.after(*deed) {
            Some(after) => after,
            None => return Some(format!("{deed:?} of {functions:?}")),
        };
    }
    None
}

#[test]
fn every_way_is_one_that_the_tables_of_the_rooms_allow() {
    assert_eq!(all().filter_map(forbidden).collect::<Vec<_>>(), Vec::<String>::new());
    for course in [&LOST, &DAMAGED, &LOST_REPLACED, &DAMAGED_REPLACED, &DESTROYED] {
        assert_eq!(not_allowed(course.deeds), None);
    }
    // Ways that there are not.
    let lost = Deed::Social(CardAct::ConfirmLoss, Place::Window);
    assert!(not_allowed(&[lost, Deed::Social(CardAct::Activate, Place::Bank)]).is_some());
    assert!(not_allowed(&[Deed::Bank(BankAct::Close, Place::Bank)]).is_some());
    assert!(forbidden(Path::Filing(State::Approved)).is_none());
    assert!(forbidden(Path::Making(Stage::HandedOver)).is_some());
    let share: u32 = COURSES.iter().map(|(share, _)| share).sum();
    assert!(share < 1_000, "{share} of a thousand");
}

/// docs/centre.md §17
#[test]
fn every_state_of_every_record_has_somebody() {
    let bench = populated(3_000, 1);
    let missing = |table: &str, column_name: &str, words: Vec<&'static str>| {
        let found: BTreeSet<String> =
            column(&bench, &format!("SELECT DISTINCT {column_name} AS it FROM {table}")).into_iter().collect();
        words.into_iter().filter(|word| !found.contains(*word)).collect::<Vec<_>>()
    };
    fn words<T: VariantArray>() -> Vec<&'static str>
    where
        &'static str: From<&'static T>,
    {
        T::VARIANTS.iter().map(Into::into).collect()
    }
    let none: Vec<&str> = Vec::new();
    assert_eq!(missing("applications", "state", words::<State>()), none);
    assert_eq!(missing("orders", "state", words::<OrderState>()), none);
    assert_eq!(missing("slips", "state", words::<SlipState>()), none);
    assert_eq!(missing("productions", "stage", words::<Stage>()), none);
    assert_eq!(missing("relations", "state", words::<relation::State>()), none);
    assert_eq!(missing("cards", "bank_status", words::<BankStatus>()), ["none"], "temporary cards have no bank");
    let status = ["inactive", "active", "lost", "temporarily-lost", "locked", "sealed", "cancelled"];
    assert_eq!(missing("cards", "status", status.to_vec()), none);
    assert_eq!(missing("persons", "category", words::<Category>()), none);
    let balances =
        column(&bench, "SELECT DISTINCT CASE WHEN balance > 0 THEN '1' ELSE '0' END AS it FROM balances ORDER BY it");
    assert_eq!(balances, ["0", "1"], "empty accounts, and others");
    assert!(!column(&bench, "SELECT owner AS it FROM poolings").is_empty());
}

#[test]
fn ledger_and_chain_are_whole_and_every_record_can_be_read() {
    let mut bench = populated(1_100, 2);
    let [(_, chain, ledger)] = bench.centre.verify().unwrap().try_into().unwrap();
    assert!(matches!(chain, Chain::Whole(_)), "{chain:?}");
    assert_eq!(ledger, None);
    for number in column(&bench, "SELECT number AS it FROM applications") {
        bench.done("clerk", "application.show", json!({"number": number}));
    }
    for number in column(&bench, "SELECT number AS it FROM cards") {
        bench.done("issuer", "life.show", json!({"card": number}));
        bench.done("issuer", "life.history", json!({"card": number}));
    }
    for number in column(&bench, "SELECT application AS it FROM productions") {
        bench.done("producer", "production.show", json!({"application": number}));
    }
    for number in column(&bench, "SELECT number AS it FROM slips") {
        bench.done("cashier", "slip.show", json!({"number": number}));
    }
    for person in column(&bench, "SELECT number AS it FROM persons") {
        bench.within(|office| persons::get(office, &person).unwrap().unwrap());
    }
    let changed = "UPDATE entries SET amount = amount + 1 WHERE posting = 2 AND amount > 0";
    Database::execute(&bench.centre.store, changed, &[]).unwrap();
    assert!(bench.centre.verify().unwrap()[0].2.is_some(), "a changed entry is found");
}

#[test]
fn forms_are_those_that_an_application_accepts() {
    let mut bench = populated(200, 3);
    let area = bench.area.as_str().to_owned();
    let forms = bench.within(|office| {
        let rows = office.store().rows("SELECT form, list FROM applications", &[]).unwrap();
        let form = |row: &crate::store::value::Row| {
            let text = office.unseal(&row.get::<Vec<u8>>("form").unwrap()).unwrap();
            let in_list = row.get::<Option<String>>("list").unwrap().is_some();
            (serde_json::from_str::<Json>(&text).unwrap(), in_list)
        };
        rows.iter().map(form).collect::<Vec<_>>()
    });
    for (mut form, in_list) in forms {
        let number = form["holder"]["document"]["number"].as_str().unwrap().to_owned();
        assert_eq!(&number[2..4], "99", "no region of GB/T 2260");
        assert!(numbers::is_region(&number[..6], &area, &Default::default()), "but one that acts accept: {number}");
        if in_list {
            form["applicant"] = json!("holder");
        }
        // All of them are known, have a card or have applied, which is a fault of the person and none of the form.
        let answer = bench.done("clerk", "application.pre-check", json!({"form": form}));
        let of_form = |fault: &&Json| fault["kind"] != "rule";
        let faults: Vec<_> = answer["faults"].as_array().unwrap().iter().filter(of_form).collect();
        assert_eq!(faults, Vec::<&Json>::new(), "{form}");
    }
}

/// The one number that a query finds first.
fn one(bench: &Bench, sql: &str) -> String {
    column(bench, sql).into_iter().next().expect(sql)
}

#[test]
fn acts_go_on_where_people_stand() {
    let mut bench = populated(300, 6);
    let draft = one(&bench, "SELECT number AS it FROM applications WHERE state = 'draft'");
    for (act, more) in [("read", json!({})), ("check", json!({"originals_agree": true}))] {
        let mut body = json!({"number": draft, "version": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.done("clerk", &format!("application.{act}"), body);
    }
    let review = one(&bench, "SELECT number AS it FROM applications WHERE state = 'in-review'");
    let body = json!({"number": review, "version": 1, "outcome": "return", "reasons": ["photo-quality"]});
    bench.done("reviewer", "application.review", body);
    let approved = one(
        &bench,
        "SELECT number AS it FROM applications WHERE state = 'approved'
         AND number NOT IN (SELECT application FROM slips)",
    );
    let slip = bench.done("cashier", "slip.issue", json!({"application": approved}))["slip"].clone();
    let unpaid = one(&bench, "SELECT number AS it FROM slips WHERE state = 'unpaid'");
    let other = bench.done("cashier", "slip.show", json!({"number": unpaid}))["slip"].clone();
    for (slip, reference) in [(slip, "R-1"), (other, "R-2")] {
        bench.done("cashier", "slip.pay", crate::slip::tests::acts::payment(&slip, reference));
    }
    let opening = one(&bench, "SELECT application AS it FROM productions WHERE stage = 'bank-opening'");
    let answer = json!({"application": opening, "bank_card": super::identity::bank_card(6, 9_000)});
    bench.done("producer", "production.bank-answer", answer);
    let on_the_way = one(
        &bench,
        "SELECT card AS it FROM batch_lines JOIN productions USING (area, application) WHERE stage = 'on-the-way'",
    );
    bench.done("issuer", "production.receive", json!({"cards": [on_the_way]}));
    let inactive = one(&bench, "SELECT number AS it FROM cards WHERE status = 'inactive' AND handed_over IS NOT NULL");
    let person = one(&bench, &format!("SELECT person AS it FROM cards WHERE number = '{inactive}'"));
    let person = bench.within(|office| persons::get(office, &person).unwrap().unwrap());
    let holder = json!({"kind": "id-card", "number": person.particulars.document, "name": person.particulars.name});
    let activated = bench.done("issuer", "life.activate", json!({"card": inactive, "holder": holder}));
    assert_eq!(activated["changed"], true);
    let [(_, chain, ledger)] = bench.centre.verify().unwrap().try_into().unwrap();
    assert!(matches!(chain, Chain::Whole(_)) && ledger.is_none(), "{chain:?} {ledger:?}");
}

/// Every table with its rows, in the order in which they came; what is sealed is opened.
fn rows(centre: &Centre) -> Vec<(String, Vec<Vec<Value>>)> {
    let store = &centre.store;
    let tables = store
        .rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'hsm_keys' ORDER BY name", &[])
        .unwrap();
    let open = |value: Value| match value {
        Value::Bytes(bytes) => Value::Bytes(store.vault.unseal(&bytes).map_or(bytes, |plain| plain.to_vec())),
        other => other,
    };
    let table = |row: &crate::store::value::Row| {
        let name: String = row.get("name").unwrap();
        let rows = store.rows(&format!("SELECT * FROM {name} ORDER BY rowid"), &[]).unwrap();
        (name, rows.into_iter().map(|row| row.values.into_iter().map(open).collect()).collect())
    };
    tables.iter().map(table).collect()
}

/// A centre in a file, under the keys of the first one.
fn in_file(directory: &File, name: &str) -> Centre {
    let file = directory.join(name);
    let first = Vault::path(&directory.join("first"));
    if first.exists() {
        fs::copy(first, Vault::path(&file)).unwrap();
    }
    let mut centre = Centre::create(&file, &Hsm::test_keys()).unwrap();
    centre.set_clock(Box::new(SetClock::new("2026-03-02T09:00:00".parse().unwrap())));
    let area = Region::new("320100").unwrap();
    centre.found(&Founding { area, agency: "南京市社会保险管理中心".into() }).unwrap();
    centre
}

#[test]
fn the_same_seed_has_the_same_people_row_for_row() {
    let directory = tempfile::tempdir().unwrap();
    let area = Region::new("320100").unwrap();
    let mut all = Vec::new();
    for (name, seed) in [("first", 7), ("again", 7), ("other", 8)] {
        let mut centre = in_file(directory.path(), name);
        let mut heard = Vec::new();
        let population = Population { area, people: 1_050, seed };
        let populated = centre.populate(population, &mut |people| heard.push(people)).unwrap();
        assert_eq!((populated.before, populated.people, heard), (0, 1_050, vec![0, 1_000, 1_050]));
        all.push((rows(&centre), populated.rows));
        // Done again, it changes nothing.
        let again = centre.populate(population, &mut |_| {}).unwrap();
        assert_eq!((again.before, again.people, again.rows), (1_050, 0, 0));
        assert!(rows(&centre) == all.last().unwrap().0);
    }
    let [first, again, other] = &all[..] else { panic!() };
    for (one, two) in first.0.iter().zip(&again.0) {
        assert!(one == two, "{} differs", one.0);
    }
    assert_eq!(first.1, again.1);
    let persons = |all: &[(String, Vec<Vec<Value>>)]| {
        all.iter().find(|(name, _)| name == "persons").unwrap().1.iter().map(|row| row[2].clone()).collect::<Vec<_>>()
    };
    assert!(persons(&first.0).iter().zip(persons(&other.0)).all(|(one, two)| *one != two));
}

#[test]
fn people_who_came_in_two_goes_are_those_of_one_and_two_seeds_have_nobody_in_common() {
    let persons = |bench: &mut Bench| {
        let numbers = column(bench, "SELECT number AS it FROM persons ORDER BY number");
        let one = |number: String| bench.within(|office| persons::get(office, &number).unwrap().unwrap());
        numbers.into_iter().map(one).collect::<Vec<_>>()
    };
    let mut once = populated(1_500, 4);
    let mut twice = populated(700, 4);
    let rest = people(&twice, 1_500, 4);
    assert_eq!(twice.centre.populate(rest, &mut |_| {}).unwrap().people, 800);
    assert!(persons(&mut once) == persons(&mut twice));
    let more = people(&twice, 500, 5);
    assert_eq!(twice.centre.populate(more, &mut |_| {}).unwrap().people, 500);
    let documents: BTreeSet<String> =
        persons(&mut twice).iter().map(|person| person.particulars.document.clone()).collect();
    assert_eq!(documents.len(), 2_000);
}

#[test]
fn a_real_centre_takes_nobody() {
    let mut bench = Bench::new();
    let refused = |bench: &mut Bench, population: Population| {
        bench.centre.populate(population, &mut |_| {}).expect_err("nobody").to_string()
    };
    for (population, says) in [
        (people(&bench, 0, 1), "people must be 1 to"),
        (people(&bench, 1, 100), "the seed 0 to 99"),
        (Population { area: Region::new("320500").unwrap(), people: 1, seed: 1 }, "no area 320500"),
    ] {
        assert!(refused(&mut bench, population).contains(says), "{says}");
    }
    let population = people(&bench, 1, 1);
    bench.clock.set("2020-01-01T09:00:00".parse().unwrap());
    assert!(refused(&mut bench, population).contains("clock"));
    let mut own = Centre::in_memory_with(&Hsm::random().unwrap()).unwrap();
    own.found(&Founding { area: bench.area, agency: "own".into() }).unwrap();
    let error = own.populate(population, &mut |_| {}).expect_err("own keys");
    assert!(error.to_string().contains("keys of its own"), "{error}");
    assert!(column(&bench, "SELECT number AS it FROM persons").is_empty());
}
