//! What the tests of the acts begin with: forms, and applications brought to each state.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qiyong_protocol::card::codes::IdNumber;
use qiyong_protocol::card::status::CardStatus;
use serde_json::{Value, json};

use super::picture::Portrait;
use crate::application::photo::PhotoRules;
use crate::application::state::State;
use crate::orders::{self, OrderStep};
use crate::tests::acts::Bench;

/// A citizen's number of Nanjing with this day of birth (eight digits) and sequence (three).
pub(crate) fn id(born: &str, sequence: u16) -> String {
    let body = format!("320102{born}{sequence:03}");
    format!("{body}{}", char::from(IdNumber::check_character(body.as_bytes())))
}

/// The form of a grown-up resident who applies for a first card.
pub(crate) fn form() -> Value {
    json!({
        "kind": "new", "bank": "95588", "applicant": "holder", "category": "resident",
        "holder": {
            "name": "王小明", "country": "CHN", "mobile": "13812345678",
            "document": {"kind": "id-card", "number": id("19800101", 11), "until": "2036-01-01"}
        }
    })
}

/// The form with some values put at their paths (`/holder/name`); null takes a value away.
pub(crate) fn with(changes: &[(&str, Value)]) -> Value {
    changed(form(), changes)
}

pub(crate) fn changed(mut form: Value, changes: &[(&str, Value)]) -> Value {
    for (path, value) in changes {
        let (parent, field) = path.rsplit_once('/').expect("a path");
        let parent = form.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        if value.is_null() {
            parent.remove(field);
        } else {
            parent.insert(field.to_string(), value.clone());
        }
    }
    form
}

pub(crate) fn employer() -> Value {
    json!({"code": "91350100M000100Y43", "name": "江苏某某有限公司"})
}

/// What makes the form one of a foreigner who works here.
pub(crate) fn foreign_worker() -> Vec<(&'static str, Value)> {
    vec![
        ("/category", json!("employee")),
        ("/employer", employer()),
        ("/holder/name", json!("Anna Schmidt")),
        ("/holder/country", json!("DEU")),
        ("/holder/sex", json!("female")),
        ("/holder/born", json!("1985-05-05")),
        ("/holder/document", json!({"kind": "foreign-passport", "number": "C01X00T47", "until": "2030-01-01"})),
        (
            "/proofs",
            json!([
                {"kind": "work-permit", "reference": "WP 1", "until": "2027-01-01"},
                {"kind": "residence-document", "reference": "R 1", "until": "2027-01-01"}
            ]),
        ),
    ]
}

/// What makes the form one of a child of this birthday (eight digits) with a guardian.
pub(crate) fn minor(born: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("/applicant", json!("guardian")),
        ("/holder/mobile", Value::Null),
        ("/holder/document", json!({"kind": "household-register", "number": id(born, 22)})),
        (
            "/guardian",
            json!({
                "name": "王大明", "relation": "parent", "telephone": "13912345678",
                "document": {"kind": "id-card", "number": id("19780808", 13), "long_term": true}
            }),
        ),
        ("/proofs", json!([{"kind": "household-register", "reference": "page 3"}])),
    ]
}

/// What makes the form one for which an agent acts.
pub(crate) fn agent() -> Vec<(&'static str, Value)> {
    vec![
        ("/applicant", json!("agent")),
        (
            "/agent",
            json!({
                "name": "李四", "telephone": "025-12345678",
                "document": {"kind": "id-card", "number": id("19700707", 15), "until": "2030-01-01"}
            }),
        ),
        ("/proofs", json!([{"kind": "power-of-attorney", "reference": "A 1"}])),
    ]
}

pub(crate) fn base64(jpeg: &[u8]) -> String {
    STANDARD.encode(jpeg)
}

/// A photo that Nanjing accepts, for this application.
pub(crate) fn photo(number: &str) -> Value {
    static JPEG: OnceLock<String> = OnceLock::new();
    let jpeg = JPEG.get_or_init(|| base64(&Portrait::default().jpeg()));
    json!({"number": number, "jpeg": jpeg, "source": "on-site"})
}

/// Number and version of an application.
#[derive(Clone, Debug)]
pub(crate) struct Filed {
    pub(crate) number: String,
    pub(crate) version: u64,
    /// The number of the holder's document.
    pub(crate) id: String,
}

impl Filed {
    pub(crate) fn of(standing: &Value, form: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_string();
        let version = standing["version"].as_u64().expect("a version");
        Self { number: text(&standing["number"]), version, id: text(&form["holder"]["document"]["number"]) }
    }

    pub(crate) fn body(&self) -> Value {
        json!({"number": self.number, "version": self.version})
    }

    pub(crate) fn and(&self, more: &[(&str, Value)]) -> Value {
        let changes: Vec<_> = more.iter().map(|(field, value)| (format!("/{field}"), value.clone())).collect();
        let changes: Vec<_> = changes.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
        changed(self.body(), &changes)
    }
}

pub(crate) fn file(bench: &mut Bench, form: Value) -> Filed {
    Filed::of(&bench.done("clerk", "application.file", json!({"form": form})), &form)
}

/// From the form to the signature.
pub(crate) fn sign(bench: &mut Bench, filed: &Filed, by: &str) {
    bench.done("clerk", "application.read", filed.body());
    bench.done("clerk", "application.check", filed.and(&[("originals_agree", json!(true))]));
    bench.done("clerk", "application.sign", filed.and(&[("signed_by", json!(by))]));
}

/// From the form to the approval, photo included.
pub(crate) fn approve(bench: &mut Bench, form: Value, by: &str) -> Filed {
    let filed = file(bench, form);
    bench.done("clerk", "application.photo", photo(&filed.number));
    sign(bench, &filed, by);
    bench.done("clerk", "application.submit", filed.body());
    bench.done("reviewer", "application.review", filed.and(&[("outcome", json!("approve"))]));
    filed
}

pub(crate) fn state(bench: &mut Bench, filed: &Filed) -> String {
    let shown = bench.done("clerk", "application.show", json!({"number": filed.number}));
    shown["standing"]["state"].as_str().expect("a state").to_string()
}

/// Nobody is so old.
const NOBODY: u8 = 200;

/// From now on nobody needs a photo, which makes a test of many applications quick.
pub(crate) fn without_photos(bench: &mut Bench) {
    let mut rules: PhotoRules = bench.centre.office(bench.area).parameter().expect("rules");
    rules.age_from = NOBODY;
    let body = json!({"name": "photo", "since": "2026-03-02", "value": rules});
    bench.done(crate::ADMINISTRATOR, "parameter.set", body);
}

/// An application of a new person, brought to a state.
pub(crate) fn brought_to(bench: &mut Bench, wanted: State, sequence: u16) -> Filed {
    let filed = file(bench, with(&[("/holder/document/number", json!(id("19800101", sequence)))]));
    let rules: PhotoRules = bench.centre.office(bench.area).parameter().expect("rules");
    if rules.age_from < NOBODY && !matches!(wanted, State::Draft | State::Read | State::Checked) {
        bench.done("clerk", "application.photo", photo(&filed.number));
    }
    let word: &str = wanted.into();
    let checked = filed.and(&[("originals_agree", json!(true))]);
    let signed = filed.and(&[("signed_by", json!("holder"))]);
    let returned = filed.and(&[("outcome", json!("return")), ("reasons", json!(["person-mismatch"]))]);
    let approved = filed.and(&[("outcome", json!("approve"))]);
    let straight = [
        ("clerk", "application.read", filed.body(), State::Read),
        ("clerk", "application.check", checked, State::Checked),
        ("clerk", "application.sign", signed, State::Signed),
        ("clerk", "application.submit", filed.body(), State::InReview),
        ("reviewer", "application.review", approved, State::Approved),
    ];
    if wanted == State::Withdrawn {
        bench.done("clerk", "application.withdraw", json!({"number": filed.number}));
    }
    if !matches!(wanted, State::Draft | State::Withdrawn) {
        for (who, act, body, to) in straight {
            if wanted == State::Returned && to == State::Approved {
                bench.done("reviewer", "application.review", returned.clone());
                break;
            }
            bench.done(who, act, body);
            if to == wanted {
                break;
            }
        }
    }
    // What the rooms after this one do.
    if matches!(wanted, State::Ready | State::InProduction | State::Completed) {
        let office = bench.centre.office(bench.area);
        for (to, next) in [
            (State::Ready, OrderStep::Pay),
            (State::InProduction, OrderStep::Produce),
            (State::Completed, OrderStep::HandOver),
        ] {
            assert!(orders::step(&office, &filed.number, next).expect("a database"));
            if to == wanted {
                break;
            }
        }
    }
    assert_eq!(state(bench, &filed), word);
    filed
}

/// A card of the person with this ID number, as production leaves it.
pub(crate) fn card(bench: &mut Bench, number: &str, id: &str, status: CardStatus) {
    use qiyong_protocol::card::codes::{CardNumber, IdentCode, Name, Region};
    use qiyong_protocol::card::date::Date;
    use qiyong_protocol::rules::decision::CardRecord;
    use qiyong_protocol::rules::money::Fen;
    let record = CardRecord {
        number: CardNumber::new(number.as_bytes()).expect("a number"),
        ident: IdentCode::new([0x32, 0x01, 0x00, 0xD1, 0x56, 0, 0, 0x05, 0, 0, 0, 1, 0, 0, 0, 1]).expect("a code"),
        id_number: IdNumber::new(id.as_bytes()).expect("a number"),
        name: Name::new(b"Wang").expect("a name"),
        document: None,
        area: Region::new("320100").expect("a region"),
        expires: Date::new(2036, 1, 1).expect("a day"),
        status,
        social: true,
        financial: false,
        pin_is_initial: false,
        account: Fen::default(),
        insured: true,
    };
    bench.centre.add_card(&record).expect("a new card");
}
