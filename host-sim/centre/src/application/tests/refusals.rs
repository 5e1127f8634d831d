//! Every refusal of the room reached by an act, with words in both languages and nothing of the person in them.

use serde_json::{Value, json};

use super::filing::{agent, base64, brought_to, changed, file, form, id, photo, with};
use super::picture::{MARKS, Portrait, dpi};
use crate::acts::refusal::Refusal;
use crate::application::photo::Side;
use crate::application::refused::Refused;
use crate::application::state::State;
use crate::persons;
use crate::tests::acts::Bench;

/// A refusal has words in both languages and a next step, and none of these secrets.
pub(super) fn speaks(refusal: &Refusal, secrets: &[&str]) {
    let text = serde_json::to_string(&**refusal).expect("words");
    assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    let is_chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    for (en, zh) in [(&refusal.en, &refusal.zh), (&refusal.next_en, &refusal.next_zh)] {
        assert!(en.len() >= 4 && zh.chars().any(is_chinese), "{text}");
    }
}

/// What every refusal that is met must say.
struct Met;

impl Met {
    fn refused(&mut self, bench: &mut Bench, who: &str, act: &str, body: Value) -> Refusal {
        let refusal = bench.act(who, act, body).expect_err(act);
        speaks(&refusal, &[&id("19800101", 11), &id("19800101", 61)]);
        refusal
    }

    fn file(&mut self, bench: &mut Bench, changes: &[(&str, Value)], code: &str) -> Refusal {
        let refusal = self.refused(bench, "clerk", "application.file", json!({"form": with(changes)}));
        assert_eq!(refusal.code, code, "{changes:?}");
        refusal
    }
}

#[test]
pub(crate) fn every_refusal_of_the_room_is_reached() {
    let mut bench = Bench::new();
    let mut met = Met;
    documents(&mut bench, &mut met);
    photos(&mut bench, &mut met);
    steps(&mut bench, &mut met);
    forms(&mut bench, &mut met);
    numbers(&mut bench, &mut met);
}

/// Each case of the form's table over the acts: the faults are those of the table, and nothing with a fault is filed.
fn forms(bench: &mut Bench, met: &mut Met) {
    let rules = json!({"name": "application.rules", "since": "2026-03-02", "value": super::form::area().rules});
    bench.done("admin", "parameter.set", rules);
    for (changes, expected) in super::form::cases() {
        let form = json!({"form": with(&changes)});
        let faults = bench.done("clerk", "application.pre-check", form)["faults"].clone();
        let codes: Vec<_> = faults.as_array().expect("faults").iter().map(|fault| fault["code"].clone()).collect();
        let of_form: Vec<_> = codes.iter().filter(|code| Refused::ALL[1].iter().any(|form| *code == form)).collect();
        // Before it is filed, an employer's form is checked as a line of a list.
        let checked: Vec<_> = expected.iter().filter(|code| **code != "employer-by-list").collect();
        assert_eq!(of_form, checked, "{changes:?}: {codes:?}");
        match codes.first() {
            Some(code) if checked.len() == expected.len() => {
                _ = met.file(bench, &changes, code.as_str().expect("a code"))
            }
            Some(_) => _ = met.file(bench, &changes, "employer-by-list"),
            None => {}
        }
    }
}

fn numbers(bench: &mut Bench, met: &mut Met) {
    bench.within(|office| {
        let sql = "UPDATE numbers SET last = 999999 WHERE area = $1 AND kind LIKE 'application%'";
        assert!(office.store().execute(sql, crate::store::value::values![office.area()]).expect("a database") > 0);
    });
    met.file(bench, &[("/holder/document/number", json!(id("19800101", 69)))], "application-numbers-used-up");
}

fn documents(bench: &mut Bench, met: &mut Met) {
    let number = "/holder/document/number";
    let good = id("19800101", 11);
    let wrong = format!("{}{}", &good[..17], if good.ends_with('1') { '2' } else { '1' });
    let refusal = met.file(bench, &[(number, json!(wrong))], "document-number-check");
    assert_eq!(refusal.field.as_deref(), Some("form.holder.document.number"));
    met.file(bench, &[(number, json!("123"))], "document-number-form");
    met.file(bench, &[(number, json!("32010219800101O11X"))], "document-number-character");
    met.file(bench, &[(number, json!(id("20270101", 11)))], "document-number-birth");
    let unknown = with_region("320199", "19800101");
    met.file(bench, &[(number, json!(unknown))], "document-number-region");
    met.file(bench, &[(number, json!("810000199408230021"))], "document-other-kind");
    let permit = json!({"kind": "hk-macau-permit", "number": "CA1234567", "until": "2030-01-01"});
    met.file(bench, &[("/holder/document", permit)], "document-mainlanders-permit");
    let refusal = met.file(bench, &[("/holder/document/until", json!("2026-03-01"))], "document-expired");
    assert_eq!(refusal.field.as_deref(), Some("form.holder.document.until"));
    met.file(bench, &[("/holder/document/until", Value::Null)], "document-expiry-missing");
    let passport = json!({"kind": "foreign-passport", "number": "C01X00T47", "long_term": true});
    met.file(bench, &[("/holder/document", passport)], "document-never-long-term");
    let mut agents = agent();
    agents.push(("/agent", json!({"name": "李四", "telephone": "12345", "document": {"kind": "id-card", "number": "1", "long_term": true}})));
    let refusal = met.file(bench, &agents, "document-number-form");
    assert_eq!(refusal.field.as_deref(), Some("form.agent.document.number"));
    let long = json!({"kind": "foreign-passport", "number": "C01X00T47C01X00T", "until": "2030-01-01"});
    let foreigner = [
        ("/holder/document", long),
        ("/holder/country", json!("DEU")),
        ("/holder/sex", json!("male")),
        ("/holder/born", json!("1980-01-01")),
    ];
    met.file(bench, &foreigner, "no-social-security-number");
    // All faults at once, and nothing filed.
    let faults = bench.done(
        "clerk",
        "application.pre-check",
        json!({"form": with(&[(number, json!("1")), ("/bank", json!("1"))])}),
    );
    let codes: Vec<_> =
        faults["faults"].as_array().expect("faults").iter().map(|fault| fault["code"].clone()).collect();
    assert_eq!(codes, ["document-number-form", "born-missing", "sex-missing", "bank-not-served"]);
    assert_eq!(bench.done("clerk", "application.list", json!({}))["applications"], json!([]));
}

fn with_region(region: &str, born: &str) -> String {
    use qiyong_protocol::card::codes::IdNumber;
    let body = format!("{region}{born}011");
    format!("{body}{}", char::from(IdNumber::check_character(body.as_bytes())))
}

fn photos(bench: &mut Bench, met: &mut Met) {
    let filed = file(bench, form());
    let portrait = Portrait::default;
    let jpeg = portrait().jpeg();
    let sent = |bytes: &[u8], more: &[(&str, Value)]| {
        changed(json!({"number": filed.number, "jpeg": base64(bytes), "source": "on-site"}), more)
    };
    let of = |portrait: Portrait| sent(&portrait.jpeg(), &[]);
    let marks = |field: &str, value: u32| {
        let mut marks = serde_json::to_value(MARKS).expect("landmarks");
        marks[field] = json!(value);
        sent(&jpeg, &[("/landmarks", marks)])
    };
    let left = Some(([0, 0, 0], 6, vec![Side::Left]));
    let cases = [
        (sent(&jpeg[..1000], &[]), "photo-bytes-few"),
        (sent(&[0; 100_001], &[]), "photo-bytes-many"),
        (sent(&[0; 20_000], &[]), "photo-not-jpeg"),
        (of(Portrait { width: 357, ..portrait() }), "photo-size"),
        (of(Portrait { grey: true, ..portrait() }), "photo-colours"),
        (of(Portrait { density: dpi(72), ..portrait() }), "photo-density"),
        (sent(&jpeg[..jpeg.len() - 4000], &[]), "photo-damaged"),
        (of(Portrait { background: [30, 160, 60], ..portrait() }), "photo-background"),
        (of(Portrait { gradient: 120, ..portrait() }), "photo-uneven"),
        (marks("hair_top", 22), "photo-hair"),
        (marks("face_right", 200), "photo-face-width"),
        (marks("eyes_column", 150), "photo-eyes-column"),
        (marks("eyes_row", 300), "photo-eyes-row"),
        (marks("eyes_row", 500), "photo-landmarks"),
        (sent(&jpeg, &[("/source", json!("supplied")), ("/taken", json!("2025-01-01"))]), "photo-old"),
        (sent(&jpeg, &[("/source", json!("supplied")), ("/taken", json!("2026-03-03"))]), "photo-not-yet-taken"),
        (sent(&jpeg, &[("/source", json!("supplied"))]), "photo-day"),
        (sent(&jpeg, &[("/taken", json!("2026-03-01"))]), "photo-day"),
        (sent(&jpeg, &[("/jpeg", json!("no base64!"))]), "photo-field"),
        (sent(&jpeg, &[("/jpeg", json!("A".repeat(1_333_340)))]), "photo-field"),
    ];
    for (body, code) in cases {
        assert_eq!(met.refused(bench, "clerk", "application.photo", body).code, code);
    }
    let framed = of(Portrait { margin: left, ..portrait() });
    let checked = changed(framed, &[("/number", Value::Null)]);
    let faults = bench.done("clerk", "application.check-photo", checked);
    let codes: Vec<_> =
        faults["faults"].as_array().expect("faults").iter().map(|fault| fault["code"].clone()).collect();
    assert_eq!(codes.last(), Some(&json!("photo-frame")), "{codes:?}");
    assert_eq!(bench.refused("clerk", "application.show-photo", json!({"number": filed.number})), "not-found");
    bench.done(
        "clerk",
        "application.photo",
        sent(&jpeg, &[("/source", json!("supplied")), ("/taken", json!("2026-01-01"))]),
    );
    let shown = bench.done("reviewer", "application.show-photo", json!({"number": filed.number}));
    assert_eq!(shown["jpeg"], base64(&jpeg));
    let mut rules = bench.done("admin", "parameter.list", json!({"name": "photo"}))["parameters"][0]["value"].clone();
    rules["landmarks_needed"] = json!(true);
    let since = |rules: &Value| json!({"name": "photo", "since": "2026-03-02", "value": rules});
    bench.done("admin", "parameter.set", since(&rules));
    assert_eq!(met.refused(bench, "clerk", "application.photo", photo(&filed.number)).code, "photo-landmarks-missing");
    rules["landmarks_needed"] = json!(false);
    bench.done("admin", "parameter.set", since(&rules));
    bench.done("clerk", "application.withdraw", json!({"number": filed.number}));
}

fn steps(bench: &mut Bench, met: &mut Met) {
    let mut refused = |bench: &mut Bench, who: &str, act: &str, body: Value, code: &str| {
        assert_eq!(met.refused(bench, who, act, body).code, code);
    };
    let draft = brought_to(bench, State::Draft, 61);
    let other = draft.and(&[("version", json!(2))]);
    refused(bench, "clerk", "application.read", other, "application-version");
    refused(bench, "clerk", "application.submit", draft.body(), "application-state");
    refused(
        bench,
        "clerk",
        "application.file",
        json!({"form": with(&[("/holder/document/number", json!(draft.id))])}),
        "application-open",
    );
    refused(bench, "clerk", "application.lapse", json!({"number": draft.number}), "application-in-time");
    bench.done("clerk", "application.read", draft.body());
    let disagree = draft.and(&[("originals_agree", json!(false))]);
    assert_eq!(bench.refused("clerk", "application.check", disagree), "value-not-allowed");
    bench.done("clerk", "application.check", draft.and(&[("originals_agree", json!(true))]));
    refused(bench, "clerk", "application.sign", draft.and(&[("signed_by", json!("agent"))]), "signer-other");
    bench.done("clerk", "application.sign", draft.and(&[("signed_by", json!("holder"))]));
    refused(bench, "clerk", "application.submit", draft.body(), "photo-missing");
    bench.done("clerk", "application.photo", photo(&draft.number));
    bench.done("clerk", "application.submit", draft.body());
    let review = |outcome: &str, reasons: Value| draft.and(&[("outcome", json!(outcome)), ("reasons", reasons)]);
    refused(bench, "reviewer", "application.review", review("return", json!([])), "reasons-missing");
    refused(bench, "reviewer", "application.review", review("return", json!(["proof", "proof"])), "reasons-missing");
    refused(bench, "reviewer", "application.review", review("approve", json!(["proof"])), "reasons-of-approval");
    // The document expires while the application waits: nobody approves it then.
    bench.clock.set("2036-01-02T09:00:00".parse().expect("a time"));
    refused(bench, "reviewer", "application.review", review("approve", json!([])), "document-expired");
    bench.clock.set("2026-03-02T10:00:00".parse().expect("a time"));
    bench.done("reviewer", "application.review", review("approve", json!([])));
    let promote = "UPDATE operators SET role = 'reviewer' WHERE area = $1 AND id = 'clerk'";
    let waits = brought_to(bench, State::InReview, 63);
    bench
        .centre
        .office(bench.area)
        .store()
        .execute(promote, crate::store::value::values![bench.area])
        .expect("a database");
    refused(bench, "clerk", "application.review", waits.and(&[("outcome", json!("approve"))]), "same-person");
    let back = "UPDATE operators SET role = 'clerk' WHERE area = $1 AND id = 'clerk'";
    bench
        .centre
        .office(bench.area)
        .store()
        .execute(back, crate::store::value::values![bench.area])
        .expect("a database");
    known(bench, &mut refused, &draft.id);
}

/// What contradicts a person who is known.
fn known(bench: &mut Bench, refused: &mut impl FnMut(&mut Bench, &str, &str, Value, &str), id: &str) {
    let closed = "UPDATE applications SET open = 0, state = 'completed' WHERE area = $1 AND state = 'approved'";
    bench
        .centre
        .office(bench.area)
        .store()
        .execute(closed, crate::store::value::values![bench.area])
        .expect("a database");
    let form = |changes: &[(&str, Value)]| {
        let mut all = vec![("/holder/document/number", json!(id))];
        all.extend(changes.iter().cloned());
        json!({"form": with(&all)})
    };
    refused(bench, "clerk", "application.file", form(&[("/holder/name", json!("王晓明"))]), "name-differs");
    let replacement = [("/kind", json!("replacement")), ("/reason", json!("loss")), ("/old_card", json!("X00000019"))];
    let mut unknown = replacement.to_vec();
    unknown.push(("/holder/document/number", json!(super::filing::id("19800101", 65))));
    refused(bench, "clerk", "application.file", form(&unknown), "person-unknown");
    let office = bench.centre.office(bench.area);
    let mut person = persons::find_by_document(&office, "id-card", id).expect("a database").expect("known");
    let number = person.number.clone();
    person.particulars.born = person.particulars.born.tomorrow().expect("a day after");
    persons::update(&office, &person).expect("a database");
    refused(bench, "clerk", "application.file", form(&[]), "person-born-differs");
    let office = bench.centre.office(bench.area);
    let mut person = persons::get(&office, &number).expect("a database").expect("known");
    person.until = Some(office.today());
    persons::update(&office, &person).expect("a database");
    refused(bench, "clerk", "application.file", form(&[]), "person-ended");
    // A child who has an ID card no longer applies by the register.
    let child = super::filing::id("20150505", 67);
    let particulars = persons::Particulars {
        name: "王小明".into(),
        document: child.clone(),
        sex: 1,
        born: jiff::civil::date(2015, 5, 5),
        address: String::new(),
        telephone: String::new(),
    };
    let office = bench.centre.office(bench.area);
    persons::add(&office, &particulars, ("id-card", None), "resident").expect("a database");
    let mut minor = super::filing::minor("20150505");
    minor.push(("/holder/document", json!({"kind": "household-register", "number": child})));
    refused(bench, "clerk", "application.file", json!({"form": with(&minor)}), "document-kind-differs");
}

#[test]
pub(crate) fn hostile_text_is_kept_as_text_or_refused() {
    let mut bench = Bench::new();
    let hostile = "'); DROP TABLE applications; --";
    let text = json!({"number": hostile});
    for act in ["application.show", "application.withdraw", "application.lapse", "application.show-photo"] {
        assert_eq!(bench.refused("clerk", act, text.clone()), "not-found", "{act}");
    }
    let community = json!({"name": hostile});
    let filed = file(&mut bench, with(&[("/community", community.clone())]));
    let shown = bench.done("clerk", "application.show", json!({"number": filed.number}));
    assert_eq!(shown["form"]["community"]["name"], community["name"]);
    let listed = bench.done("clerk", "application.list", json!({"list": hostile}));
    assert_eq!(listed["applications"], json!([]));
    let more = with(&[("/is_admin", json!(true))]);
    assert_eq!(bench.refused("clerk", "application.file", json!({"form": more})), "field-invalid");
    let long = with(&[("/holder/address", json!("x".repeat(201)))]);
    assert_eq!(bench.refused("clerk", "application.file", json!({"form": long})), "field-invalid");
    assert_eq!(bench.refused("clerk", "application.list", json!({"limit": 0})), "value-not-allowed");
}
