//! A card that came about as real ones do: applied for, paid, made from a centre's batch by the program, reported back and
//! handed over. What the file holds is what the centre ordered.

use std::path::Path;
use std::process::Command;

use qiyong_centre::acts::role::Role;
use qiyong_centre::hsm::Hsm;
use qiyong_centre::{ADMINISTRATOR, ActRequest, Centre, Founding};
use qiyong_protocol::card::codes::{CardNumber, IdNumber, Region};
use qiyong_protocol::card::files::{Df, EF05, EF06, Generation, tag};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_sim::card::os::{Bytes, VirtualCard};
use qiyong_tests::qiyong;
use serde_json::{Value, json};

const OUTLET: &str = "32010201";

fn area() -> Region {
    Region::new("320100").unwrap()
}

fn act(centre: &mut Centre, operator: &str, act: &str, body: Value) -> Value {
    let operator = centre.operator(area(), operator).unwrap().expect("an operator");
    let request = ActRequest { area: area(), operator: &operator, act, body, key: None };
    centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
}

/// A centre whose clock stands, with an outlet and an operator for each role.
fn centre(path: &Path) -> Centre {
    let mut centre = Centre::create(path, &Hsm::test_keys()).unwrap();
    centre.stop_clock("2026-03-02T09:00:00".parse().unwrap()).unwrap();
    centre.found(&Founding { area: area(), agency: "某市社会保险经办机构".into() }).unwrap();
    let outlet = json!({
        "code": OUTLET, "kind": "outlet", "region": "320102", "name": "网点", "approval": "1", "establishment": "1"
    });
    act(&mut centre, ADMINISTRATOR, "outlet.open", outlet);
    for role in [Role::Clerk, Role::Reviewer, Role::Cashier, Role::Producer, Role::Issuer] {
        let word: &str = (&role).into();
        let operator = json!({"id": word, "role": word, "outlet": OUTLET, "name": word});
        act(&mut centre, ADMINISTRATOR, "operator.add", operator);
    }
    centre
}

fn id(born: &str) -> String {
    let body = format!("320102{born}022");
    format!("{body}{}", char::from(IdNumber::check_character(body.as_bytes())))
}

/// An application for a child of five, who needs no photo but a guardian, up to the batch; both numbers.
fn ordered(centre: &mut Centre) -> (String, String) {
    let guardian = json!({"kind": "id-card", "number": id("19780808"), "long_term": true});
    let form = json!({
        "kind": "new", "bank": "95588", "applicant": "guardian", "category": "resident",
        "holder": {
            "name": "王小明", "country": "CHN", "ethnicity": 3,
            "document": {"kind": "household-register", "number": id("20210101")}
        },
        "guardian": {"name": "王大明", "relation": "parent", "telephone": "13912345678", "document": guardian},
        "proofs": [{"kind": "household-register", "reference": "page 3"}]
    });
    let filed = act(centre, "clerk", "application.file", json!({"form": form}));
    let with = |field: &str, value: Value| {
        let mut body = json!({"number": filed["number"], "version": filed["version"]});
        if !field.is_empty() {
            body[field] = value;
        }
        body
    };
    act(centre, "clerk", "application.read", with("", Value::Null));
    act(centre, "clerk", "application.check", with("originals_agree", json!(true)));
    act(centre, "clerk", "application.sign", with("signed_by", json!("guardian")));
    act(centre, "clerk", "application.submit", with("", Value::Null));
    act(centre, "reviewer", "application.review", with("outcome", json!("approve")));
    let application = json!({"application": filed["number"]});
    let slip = act(centre, "cashier", "slip.issue", application.clone())["slip"].clone();
    let payment = json!({
        "number": slip["number"], "number_check": slip["number_check"], "whole_check": slip["whole_check"],
        "reference": "R-1", "amount": slip["total"], "paid": "2026-03-02", "channel": "cash"
    });
    act(centre, "cashier", "slip.pay", payment);
    act(centre, "producer", "production.open", application);
    let answer = json!({"application": filed["number"], "bank_card": "6222020000000000000"});
    act(centre, "producer", "production.bank-answer", answer);
    let batch = act(centre, "producer", "production.batch", json!({"bank": "95588", "maker": "8651"}));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&filed["number"]), text(&batch["batch"]))
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(qiyong()).args(arguments).output().expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// A record of the card, filled up as the card has it.
fn record(card: &VirtualCard, fid: u16, tag: u8) -> &[u8] {
    let (number, _) = card.generation.ssse_record(fid, tag).unwrap();
    let spec = card.generation.file(Df::Ssse, fid).unwrap();
    let Some(Bytes::Records(records)) = card.file(spec) else { panic!("{fid:04X} has no records") };
    &records[usize::from(number) - 1]
}

#[test]
fn a_card_of_a_centres_batch_holds_what_was_ordered_and_is_reported_back() {
    let folder = tempfile::tempdir().unwrap();
    let (db, out) = (folder.path().join("centre.db"), folder.path().join("card.toml"));
    let mut centre = centre(&db);
    let (application, batch) = ordered(&mut centre);
    drop(centre);
    let (db_text, out_text) = (db.to_str().unwrap(), out.to_str().unwrap());
    let new = ["card", "new", "--from-centre", db_text, "--batch", &batch, "--out", out_text];
    let (code, told) = run(&[&new[..], &["--report"]].concat());
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("王小明") && !told.contains(&id("20210101")), "{told}");

    let card = VirtualCard::load(&out).unwrap();
    assert_eq!(card.generation, Generation::V3);
    let number = CardNumber::new_checked(record(&card, EF05, tag::CARD_NUMBER)).unwrap();
    assert_eq!(IdNumber::new(record(&card, EF06, tag::ID_NUMBER)).unwrap().as_bytes(), id("20210101").as_bytes());
    assert!(record(&card, EF06, tag::NAME).starts_with(&[0xCD, 0xF5, 0xD0, 0xA1, 0xC3, 0xF7]), "王小明 in GBK");
    assert_eq!(record(&card, EF06, tag::ETHNICITY), [0x03]);
    assert_eq!(record(&card, EF06, tag::BIRTH_DATE), [0x20, 0x21, 0x01, 0x01]);
    assert_eq!(record(&card, EF05, tag::EXPIRES), [0x20, 0x36, 0x03, 0x02]);
    assert!(card.pin.value == Pin::new(b"123456").unwrap());
    // The keys are this centre's for this card: derived again from its ATR.
    let parsed = Atr::new(&card.atr);
    let keys = Hsm::test_keys().card_keys(card.generation.algorithm(), parsed.historical(), area());
    assert_eq!(card.keys.irk.expose(), keys.irk.expose());

    let centre = Centre::open(&db).unwrap();
    let known = centre.card(&number).unwrap().expect("the report made it known");
    assert_eq!((known.status, known.pin_is_initial), (CardStatus::Inactive, true));
    assert_eq!(known.ident.as_bytes().as_slice(), record(&card, EF05, tag::IDENT_CODE));
    drop(centre);
    // It is reported; nobody makes it a second time.
    let (code, told) = run(&[&new[..], &["--force"]].concat());
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("production-line-over"), "{told}");
    let (code, told) = run(&[&new[..], &["--force", "--number", "X00000019"]].concat());
    assert_eq!(code, Some(2), "what is ordered is not chosen again: {told}");

    let mut centre = Centre::open(&db).unwrap();
    let cards = json!({"cards": [number.as_str()]});
    act(&mut centre, "producer", "production.stock", cards.clone());
    act(&mut centre, "producer", "production.dispatch", json!({"outlet": OUTLET, "cards": cards["cards"]}));
    act(&mut centre, "issuer", "production.receive", cards);
    let guardian = json!({
        "application": application, "collector": "guardian", "proof": "household-register", "phone": "13912345678",
        "document": {"kind": "id-card", "number": id("19780808"), "original": true}
    });
    let handed = act(&mut centre, "issuer", "production.hand-over", guardian);
    assert_eq!((&handed["stage"], &handed["initial_pin"]), (&json!("handed-over"), &json!("123456")));
    let progress = act(&mut centre, "clerk", "production.progress", json!({"application": application}));
    assert_eq!((&progress["jiangsu"], &progress["hunan"]), (&json!(12), &json!("10")));
    let shown = act(&mut centre, "clerk", "application.show", json!({"number": application}));
    assert_eq!(shown["standing"]["state"], "completed");
}
