//! Applications of every kind from the form to the order, and who is kept out.

use serde_json::{Value, json};

use super::filing::{
    self, Filed, agent, approve, brought_to, employer, file, foreign_worker, id, minor, photo, sign, state, with,
};
use crate::application::state::State;
use crate::orders::{self, OrderStep};
use crate::persons;
use crate::tests::acts::Bench;

#[test]
pub(crate) fn a_person_applies_and_is_known_and_has_an_order_once_approved() {
    let mut bench = Bench::new();
    let filed = approve(&mut bench, with(&[]), "holder");
    let shown = bench.done("reviewer", "application.show", json!({"number": filed.number}));
    assert_eq!(shown["standing"]["state"], "approved");
    assert_eq!(shown["standing"]["waiting"]["who"], "cashier");
    let steps: Vec<_> = shown["steps"].as_array().expect("steps").iter().map(|step| step["step"].clone()).collect();
    assert_eq!(steps, ["file", "photo", "read", "check", "sign", "submit", "approve"]);
    let office = bench.centre.office(bench.area);
    let person = shown["person"].as_str().expect("a person");
    let person = persons::get(&office, person).expect("a database").expect("known");
    assert_eq!((person.particulars.name.as_str(), person.particulars.sex), ("王小明", 1));
    assert_eq!((person.category.as_str(), person.document_kind.as_str()), ("resident", "id-card"));
    let order = orders::get(&office, &filed.number).expect("a database").expect("an order");
    assert_eq!(order.of.particulars.id_number, filed.id);
    assert_eq!((order.of.bank.as_str(), order.of.outlet.as_str()), ("95588", "32010201"));
}

#[test]
pub(crate) fn a_foreign_worker_proves_the_work_and_gets_a_constructed_number() {
    let mut bench = Bench::new();
    let filed = approve(&mut bench, with(&foreign_worker()), "holder");
    let order = orders::get(&bench.centre.office(bench.area), &filed.number).expect("a database").expect("an order");
    assert_eq!(order.of.particulars.id_number, "DEU000000C01X00T47");
    let mut settled = foreign_worker();
    settled.extend([
        ("/proofs", json!([])),
        ("/holder/born", Value::Null),
        ("/holder/sex", Value::Null),
        (
            "/holder/document",
            json!({"kind": "foreigner-residence", "number": "911124198108030024", "until": "2030-01-01"}),
        ),
    ]);
    approve(&mut bench, with(&settled), "holder");
}

#[test]
pub(crate) fn a_guardian_applies_for_a_minor_who_needs_a_photo_from_seven_years_on() {
    let mut bench = Bench::new();
    let small = file(&mut bench, with(&minor("20190303")));
    sign(&mut bench, &small, "guardian");
    bench.done("clerk", "application.submit", small.body());
    let older = file(&mut bench, with(&minor("20190302")));
    sign(&mut bench, &older, "guardian");
    assert_eq!(bench.refused("clerk", "application.submit", older.body()), "photo-missing");
    bench.done("clerk", "application.photo", photo(&older.number));
    bench.done("clerk", "application.submit", older.body());
    bench.done("reviewer", "application.review", older.and(&[("outcome", json!("approve"))]));
    let order = orders::get(&bench.centre.office(bench.area), &older.number).expect("a database").expect("an order");
    assert_eq!(order.of.particulars.guardian, Some(("id-card".to_string(), id("19780808", 13))));
}

#[test]
pub(crate) fn an_agent_applies_with_both_documents() {
    let mut bench = Bench::new();
    let filed = file(&mut bench, with(&agent()));
    bench.done("clerk", "application.read", filed.body());
    bench.done("clerk", "application.check", filed.and(&[("originals_agree", json!(true))]));
    let sign = |by: &str| filed.and(&[("signed_by", json!(by))]);
    assert_eq!(bench.refused("clerk", "application.sign", sign("holder")), "signer-other");
    bench.done("clerk", "application.sign", sign("agent"));
}

#[test]
pub(crate) fn an_employers_list_is_filed_line_by_line() {
    let mut bench = Bench::new();
    let line = |sequence: u16, more: &[(&'static str, Value)]| {
        let mut changes = vec![
            ("/applicant", json!("employer")),
            ("/category", json!("employee")),
            ("/employer", employer()),
            ("/holder/document/number", json!(id("19800101", sequence))),
        ];
        changes.extend(more.iter().cloned());
        with(&changes)
    };
    let other = json!({"code": "91350100M000100Y44", "name": "x"});
    let list = json!({
        "employer": employer(), "contact": "赵六", "telephone": "025-87654321", "sealed": "2026-03-01",
        "lines": [
            line(31, &[]),
            line(33, &[("/holder/name", json!(" x")), ("/bank", json!("12345"))]),
            line(31, &[]),
            line(35, &[("/employer", other)]),
            line(37, &foreign_worker()),
        ]
    });
    let answer = bench.done("clerk", "application.file-list", list.clone());
    assert_eq!((&answer["filed"], &answer["list"]), (&json!(2), &json!("L000000001")));
    let codes = |line: usize| -> Vec<Value> {
        let faults = answer["lines"][line]["faults"].as_array();
        faults.into_iter().flatten().map(|fault| fault["code"].clone()).collect()
    };
    assert!(codes(0).is_empty() && codes(4).is_empty());
    assert_eq!(codes(1), ["name-invalid", "bank-not-served"]);
    assert_eq!(codes(2), ["application-open"]);
    assert_eq!(codes(3), ["list-employer"]);
    let listed = bench.done("clerk", "application.list", json!({"list": "L000000001"}));
    assert_eq!(listed["applications"].as_array().map(Vec::len), Some(2));
    let first = Filed::of(&json!({"number": answer["lines"][0]["number"], "version": 1}), &line(31, &[]));
    sign(&mut bench, &first, "holder");
    for (field, value, code) in [
        ("lines", json!([]), "list-length"),
        ("employer", json!({"code": "91350100M000100Y44", "name": "x"}), "list-code"),
        ("sealed", json!("2026-03-03"), "list-seal"),
    ] {
        let mut wrong = list.clone();
        wrong[field] = value;
        assert_eq!(bench.refused("clerk", "application.file-list", wrong), code);
    }
}

/// Returned for its photo, corrected, returned for its data, corrected, approved.
#[test]
pub(crate) fn what_was_signed_stays_signed_if_only_the_photo_was_at_fault() {
    let mut bench = Bench::new();
    let filed = brought_to(&mut bench, State::InReview, 41);
    let returned = |reasons: Value| filed.and(&[("outcome", json!("return")), ("reasons", reasons)]);
    bench.done("reviewer", "application.review", returned(json!(["photo-covered"])));
    let shown = bench.done("clerk", "application.show", json!({"number": filed.number}));
    assert_eq!(shown["returned"][0]["next_en"], "Take a photo without hat, with both ears visible.");
    assert_eq!((&shown["has_photo"], &shown["standing"]["until"]), (&json!(false), &json!("2026-04-01")));
    bench.done("clerk", "application.photo", photo(&filed.number));
    assert_eq!(state(&mut bench, &filed), "signed");
    bench.done("clerk", "application.submit", filed.body());
    bench.done("reviewer", "application.review", returned(json!(["photo-covered", "belonging"])));
    bench.done("clerk", "application.photo", photo(&filed.number));
    assert_eq!(state(&mut bench, &filed), "returned");
    assert_eq!(bench.refused("clerk", "application.submit", filed.body()), "application-state");
    let form = with(&[("/holder/document/number", json!(filed.id)), ("/holder/name", json!("王晓明"))]);
    let corrected = bench.done("clerk", "application.correct", filed.and(&[("form", form.clone())]));
    assert_eq!((&corrected["state"], &corrected["version"]), (&json!("draft"), &json!(2)));
    // Nobody can go on with the version that was signed before.
    assert_eq!(bench.refused("clerk", "application.read", filed.body()), "application-version");
    let filed = Filed::of(&corrected, &form);
    sign(&mut bench, &filed, "holder");
    bench.done("clerk", "application.submit", filed.body());
    bench.done("reviewer", "application.review", filed.and(&[("outcome", json!("approve"))]));
}

#[test]
pub(crate) fn what_production_sends_back_is_corrected_and_ordered_anew() {
    let mut bench = Bench::new();
    let filed = brought_to(&mut bench, State::InProduction, 43);
    assert!(orders::step(&bench.centre.office(bench.area), &filed.number, OrderStep::SendBack).expect("a database"));
    assert_eq!(state(&mut bench, &filed), "returned");
    let form = with(&[("/holder/document/number", json!(filed.id)), ("/bank", json!("95533"))]);
    let filed = Filed::of(&bench.done("clerk", "application.correct", filed.and(&[("form", form.clone())])), &form);
    sign(&mut bench, &filed, "holder");
    bench.done("clerk", "application.submit", filed.body());
    bench.done("reviewer", "application.review", filed.and(&[("outcome", json!("approve"))]));
    let order = orders::get(&bench.centre.office(bench.area), &filed.number).expect("a database").expect("an order");
    assert_eq!(order.of.bank, "95533");
}

/// One operator has one role; whoever got another role since is kept out by what they did before.
#[test]
pub(crate) fn nobody_reviews_what_they_worked_on() {
    let mut bench = Bench::new();
    let filed = brought_to(&mut bench, State::InReview, 45);
    let approve = filed.and(&[("outcome", json!("approve"))]);
    assert_eq!(bench.refused("clerk", "application.review", approve.clone()), "role-not-allowed");
    let office = bench.centre.office(bench.area);
    let promote = "UPDATE operators SET role = 'reviewer' WHERE area = $1 AND id = 'clerk'";
    office.store().execute(promote, crate::store::value::values![bench.area]).expect("a database");
    assert_eq!(bench.refused("clerk", "application.review", approve.clone()), "same-person");
    bench.done("reviewer", "application.review", approve);
}

#[test]
pub(crate) fn mutants_of_the_second_person_are_caught() {
    use crate::application::acts::review::may_review;
    type Rule = fn(&[String], &str) -> bool;
    let cases: [(&[&str], &str, bool); 4] = [
        (&["a", "b"], "c", true),
        (&["a", "b"], "a", false),
        (&["a", "b"], "b", false),
        (&["b", "a", "b"], "a", false),
    ];
    let holds = |rule: Rule| {
        cases.iter().all(|(workers, who, may)| {
            let workers: Vec<String> = workers.iter().map(ToString::to_string).collect();
            rule(&workers, who) == *may
        })
    };
    assert!(holds(may_review));
    let mutants: [(&str, Rule); 4] = [
        ("everybody may", |_, _| true),
        ("only who filed is kept out", |workers, who| workers.first().is_none_or(|first| first != who)),
        ("only who handed in is kept out", |workers, who| workers.last().is_none_or(|last| last != who)),
        ("one other worker is enough", |workers, who| workers.iter().any(|worker| worker != who)),
    ];
    for (name, mutant) in mutants {
        assert!(!holds(mutant), "{name}");
    }
}

#[test]
pub(crate) fn another_area_sees_nothing_and_every_look_is_on_record() {
    let mut bench = Bench::new();
    let filed = brought_to(&mut bench, State::Draft, 47);
    let shown = bench.done("hotline", "application.show", json!({"number": filed.number}));
    assert!(shown.get("form").is_none() && !shown.to_string().contains("王小明"), "{shown}");
    assert_eq!(bench.refused("hotline", "application.show-photo", json!({"number": filed.number})), "role-not-allowed");
    let records = bench.done("auditor", "audit.list", json!({"limit": 2}))["records"].clone();
    assert_eq!(records[1]["act"], "application.show");
    assert_eq!(records[1]["subject"], format!("application {}", filed.number));
    // An ID number in the place of a number is not written into the record.
    assert_eq!(bench.refused("clerk", "application.show", json!({"number": filed.id})), "not-found");
    let records = bench.done("auditor", "audit.list", json!({"limit": 1}))["records"].clone();
    assert_eq!(records[0]["subject"], "");
    let area = qiyong_protocol::card::codes::Region::new("320500").expect("a region");
    bench.centre.found(&crate::Founding { area, agency: "苏州".into() }).expect("a database");
    let office = bench.centre.office(area);
    assert!(crate::application::get(&office, &filed.number).expect("a database").is_none());
}

/// Clerks and reviewers act for their outlet; those of the agency, above it, may, too.
#[test]
fn another_outlet_neither_sees_nor_touches_an_application() {
    let mut bench = Bench::new();
    let outlet = json!({
        "code": "32010401", "kind": "outlet", "region": "320104", "name": "x", "approval": "1", "establishment": "1"
    });
    bench.done(crate::ADMINISTRATOR, "outlet.open", outlet);
    for (id, role, outlet) in [
        ("far-clerk", "clerk", "32010401"),
        ("far-reviewer", "reviewer", "32010401"),
        ("far-issuer", "issuer", "32010401"),
        ("chief", "clerk", "32010099"),
    ] {
        let operator = json!({"id": id, "role": role, "outlet": outlet, "name": id});
        bench.done(crate::ADMINISTRATOR, "operator.add", operator);
    }
    let filed = brought_to(&mut bench, State::InReview, 48);
    let number = json!({"number": filed.number});
    let version = bench.done("chief", "application.show", number.clone())["standing"]["version"].clone();
    let at = |more: Value| {
        let mut body = json!({"number": filed.number, "version": version});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (who, act, body) in [
        ("far-clerk", "application.show", number.clone()),
        ("far-clerk", "application.show-photo", number.clone()),
        ("far-clerk", "application.correct", at(json!({"form": with(&[])}))),
        ("far-clerk", "application.read", at(json!({}))),
        ("far-clerk", "application.check", at(json!({"originals_agree": true}))),
        ("far-clerk", "application.sign", at(json!({"signed_by": "holder"}))),
        ("far-clerk", "application.submit", at(json!({}))),
        ("far-clerk", "application.withdraw", number.clone()),
        ("far-clerk", "application.lapse", number.clone()),
        ("far-clerk", "application.photo", json!({"number": filed.number, "jpeg": "", "source": "on-site"})),
        ("far-issuer", "application.show-photo", number.clone()),
        ("far-reviewer", "application.show", number.clone()),
        ("far-reviewer", "application.review", at(json!({"outcome": "approve"}))),
    ] {
        assert_eq!(bench.refused(who, act, body), "other-outlet", "{who} {act}");
        let records = bench.done("auditor", "audit.list", json!({"limit": 1}))["records"].clone();
        assert_eq!(records[0]["subject"], format!("application {}", filed.number), "{act}");
    }
    bench.done("producer", "application.show-photo", number);
}

#[test]
pub(crate) fn nothing_of_a_person_lies_open_in_the_database() {
    let mut bench = Bench::new();
    let filed = approve(&mut bench, with(&[]), "holder");
    let office = bench.centre.office(bench.area);
    let rows = office.store().rows("SELECT * FROM applications", &[]).expect("a database");
    let text = format!("{rows:?}");
    for secret in ["王小明", filed.id.as_str(), "13812345678"] {
        assert!(!text.contains(secret), "{secret}");
        let bytes = format!("{:?}", secret.as_bytes());
        assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{secret}");
    }
}

#[test]
pub(crate) fn a_replacement_names_a_card_of_the_person() {
    use qiyong_protocol::card::status::CardStatus;
    let mut bench = Bench::new();
    let filed = brought_to(&mut bench, State::Completed, 49);
    let replacement = |reason: &str, more: &[(&'static str, Value)]| {
        let mut changes = vec![
            ("/kind", json!("replacement")),
            ("/reason", json!(reason)),
            ("/old_card", json!("X00000019")),
            ("/holder/document/number", json!(filed.id)),
        ];
        changes.extend(more.iter().cloned());
        json!({"form": with(&changes)})
    };
    // Nobody has made the card yet.
    assert_eq!(bench.refused("clerk", "application.file", replacement("loss", &[])), "old-card-other-person");
    filing::card(&mut bench, "X00000019", &filed.id, CardStatus::Active);
    let first = json!({"form": with(&[("/holder/document/number", json!(filed.id))])});
    let refused = |bench: &mut Bench, body| bench.refused("clerk", "application.file", body);
    let has_card = refused(&mut bench, first);
    let not_lost = refused(&mut bench, replacement("loss", &[]));
    assert_ne!(has_card, not_lost);
    assert_eq!(
        refused(&mut bench, replacement("change-of-bank", &[("/holder/name", json!("王晓明"))])),
        "name-differs"
    );
    let renamed = [("/holder/name", json!("王晓明"))];
    let answer = bench.done("clerk", "application.file", replacement("change-of-data", &renamed));
    bench.done("clerk", "application.withdraw", json!({"number": answer["number"]}));
    let unknown = [("/holder/document/number", json!(id("19800101", 51)))];
    assert_eq!(refused(&mut bench, replacement("change-of-bank", &unknown)), "person-unknown");
    let register = [("/holder/document", json!({"kind": "household-register", "number": filed.id}))];
    assert_eq!(refused(&mut bench, replacement("change-of-bank", &register)), "register-too-old");
}
