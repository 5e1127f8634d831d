//! Every refusal code of the room is reached by an act, changes nothing, and has words in both languages.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::bench::{
    BANK_CARD, application, batch, counter, deliver, failure, hand_over, made, make, open, pay, ready, report,
};
use crate::production::refusal::ProductionRefusal;
use crate::slip::tests::acts::{APPLICATION, approve};
use crate::store::value::values;
use crate::tests::acts::Bench;
use crate::{ADMINISTRATOR, persons};

/// What was refused, by code.
#[derive(Default)]
struct Reached(HashSet<&'static str>);

impl Reached {
    fn refuse(&mut self, bench: &mut Bench, (operator, act): (&str, &str), body: Value, code: &str) {
        let before = everything(bench);
        let refusal = bench.act(operator, act, body).expect_err(code);
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(!refusal.zh.is_ascii() && !refusal.next_zh.is_ascii(), "{code}");
        assert!(refusal.en.is_ascii() && refusal.next_en.is_ascii() && !refusal.next_en.is_empty(), "{code}");
        assert_eq!(everything(bench), before, "{code}");
        self.0.insert(refusal.code);
    }
}

/// The room's tables, counted and summed up.
fn everything(bench: &mut Bench) -> Vec<String> {
    bench.within(|office| {
        ["orders", "productions", "batches", "batch_lines", "production_steps", "cards", "numbers"]
            .into_iter()
            .map(|table| {
                let rows = office.store().rows(&format!("SELECT * FROM {table} LIMIT 100"), values![]).unwrap();
                format!("{rows:?}")
            })
            .collect()
    })
}

#[test]
pub(crate) fn every_refusal_is_reached_and_changes_nothing() {
    let mut reached = Reached::default();
    before_the_maker(&mut reached);
    reports(&mut reached);
    ways(&mut reached);
    collectors(&mut reached);
    let all: HashSet<_> = ProductionRefusal::ALL.iter().copied().collect();
    assert_eq!(all.difference(&reached.0).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(reached.0.len(), all.len());
}

fn before_the_maker(reached: &mut Reached) {
    let mut bench = ready(&|_| {});
    let unpaid = application(1);
    approve(&mut bench, &unpaid, &|_| {});
    let mut producer = |bench: &mut Bench, act: &str, body, code| reached.refuse(bench, ("producer", act), body, code);
    let of = |application: &str| json!({"application": application});
    producer(&mut bench, "production.open", of("1"), "production-not-ready");
    producer(&mut bench, "production.open", of(&unpaid), "production-not-ready");
    producer(&mut bench, "production.show", of(APPLICATION), "production-unknown");
    let bank = json!({"application": APPLICATION, "bank": "99999"});
    producer(&mut bench, "production.open", bank, "production-bank");
    bench.done("producer", "production.open", of(APPLICATION));
    // Neither another bank's counter answers, nor one who sits at no bank's.
    counter(&mut bench, "other-counter", "B32010200009");
    let opened = json!({"application": APPLICATION, "bank_card": BANK_CARD});
    for who in ["other-counter", "bank-counter"] {
        let other = "production-other-bank";
        reached.refuse(&mut bench, (who, "production.bank-answer"), opened.clone(), other);
    }
    let mut producer = |bench: &mut Bench, act: &str, body, code| reached.refuse(bench, ("producer", act), body, code);
    let both = json!({"application": APPLICATION, "bank_card": BANK_CARD, "reason": "risk"});
    producer(&mut bench, "production.bank-answer", of(APPLICATION), "production-bank-answer");
    producer(&mut bench, "production.bank-answer", both, "production-bank-answer");
    let wrong = json!({"application": APPLICATION, "bank_card": "6222020000000000001"});
    producer(&mut bench, "production.bank-answer", wrong, "production-bank-card");
    let empty = json!({"bank": "95588", "maker": "8651"});
    producer(&mut bench, "production.batch", empty.clone(), "production-batch-size");
    open(&mut bench, APPLICATION);
    let late = json!({"application": APPLICATION, "reason": "risk"});
    producer(&mut bench, "production.bank-answer", late, "production-bank-answered");
    producer(&mut bench, "production.open", of(APPLICATION), "production-stage");
    producer(&mut bench, "production.send-back", of(APPLICATION), "production-stage");
    producer(&mut bench, "production.batch", json!({"bank": "95588", "maker": "1111"}), "production-maker");
    let named = |applications: Value| json!({"bank": "95588", "maker": "8651", "applications": applications});
    producer(&mut bench, "production.batch", named(json!(["1"])), "production-unknown");
    producer(&mut bench, "production.batch", named(json!([])), "production-batch-size");
    producer(&mut bench, "production.batch", named(json!(vec!["1"; 1001])), "production-batch-size");
    producer(&mut bench, "production.batch", named(json!([APPLICATION, APPLICATION])), "production-in-batch");
    let other = json!({"bank": "95599", "maker": "8651", "applications": [APPLICATION]});
    producer(&mut bench, "production.batch", other, "production-bank");
    let name = |bench: &mut Bench, name: &str| {
        bench.within(|office| {
            let mut person = persons::find_by_document(office, "id-card", "111111198101011110").unwrap().unwrap();
            person.particulars.name = name.into();
            persons::update(office, &person).unwrap();
        });
    };
    name(&mut bench, &"张".repeat(60));
    producer(&mut bench, "production.batch", empty.clone(), "production-holder");
    name(&mut bench, "张三");
    let last = |bench: &mut Bench, last: i64| {
        bench.within(|office| {
            let sql = "INSERT INTO numbers (area, kind, last) VALUES ($1, 'card', $2)
                       ON CONFLICT (area, kind) DO UPDATE SET last = excluded.last";
            office.store().execute(sql, values![office.area(), last]).unwrap()
        });
    };
    last(&mut bench, i64::from(u32::MAX));
    producer(&mut bench, "production.batch", empty.clone(), "production-no-number");
    last(&mut bench, 0);
    // Another outlet's Producer cannot make it at once.
    bench.done(
        ADMINISTRATOR,
        "outlet.open",
        json!({
            "code": "32010401", "kind": "outlet", "region": "320104", "name": "秦淮网点", "approval": "2",
            "establishment": "2"
        }),
    );
    for role in ["producer", "issuer"] {
        let body = json!({"id": format!("other-{role}"), "role": role, "outlet": "32010401", "name": "x"});
        bench.done(ADMINISTRATOR, "operator.add", body);
    }
    let mut instant = named(json!([APPLICATION]));
    instant["instant"] = json!(true);
    reached.refuse(&mut bench, ("other-producer", "production.batch"), instant, "production-other-outlet");
}

fn reports(reached: &mut Reached) {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, false);
    let mut producer = |bench: &mut Bench, act: &str, body, code| reached.refuse(bench, ("producer", act), body, code);
    let personalise = |batch: &Value, line: i64, key: &str| json!({"batch": batch, "line": line, "transport_key": key});
    let key = "0".repeat(64);
    producer(&mut bench, "production.personalise", personalise(&json!("1"), 1, &key), "production-no-batch");
    producer(&mut bench, "production.personalise", personalise(&batch["batch"], 2, &key), "production-no-batch");
    producer(&mut bench, "production.personalise", personalise(&batch["batch"], 1, "0"), "production-transport-key");
    let again = json!({"bank": "95588", "maker": "8651", "applications": [APPLICATION]});
    producer(&mut bench, "production.batch", again, "production-in-batch");
    // Nobody reports a card for which no data was given.
    producer(&mut bench, "production.report", failure(&batch, 1, "production"), "production-stage");
    let card = make(&mut bench, &batch, 1);
    let good = report(&batch, 1, &card);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body["made"][field] = value;
        body
    };
    let report = "production.report";
    let mut both = good.clone();
    both["failed"] = failure(&batch, 1, "bank")["failed"].clone();
    producer(&mut bench, report, both, "production-report-shape");
    producer(&mut bench, report, json!({"batch": batch["batch"], "line": 1}), "production-report-shape");
    for (field, value) in
        [("ident", json!("00")), ("ident", json!("0".repeat(32))), ("atr", json!("3")), ("atr", json!(""))]
    {
        producer(&mut bench, report, with(field, value), "production-report-form");
    }
    for (field, value) in [
        ("number", json!("A00000000")),
        ("id_number", json!("11010519491231002X")),
        ("name", json!("李四")),
        ("issued", json!("2026-03-03")),
        ("expires", json!("2037-03-02")),
        ("bank_card", json!(null)),
    ] {
        let number = qiyong_protocol::card::codes::CardNumber::check_character(b"A000000Z");
        let value = if field == "number" { json!(format!("A000000Z{}", char::from(number))) } else { value };
        producer(&mut bench, report, with(field, value), "production-report-differs");
    }
    producer(&mut bench, report, with("atr", json!("3B00")), "production-report-atr");
    let mut ident = hex::decode(good["made"]["ident"].as_str().unwrap()).unwrap();
    ident[15] ^= 1;
    producer(&mut bench, report, with("ident", json!(hex::encode(ident))), "production-report-ident");
    let mut long = failure(&batch, 1, "bank");
    long["failed"]["reason"] = json!("损".repeat(17));
    producer(&mut bench, report, long, "production-report-reason");
    // Another centre's card with this number was registered meanwhile.
    let number = qiyong_protocol::card::codes::CardNumber::new(good["made"]["number"].as_str().unwrap().as_bytes());
    let stranger = qiyong_protocol::card::issue::NewCard { ..card.0.clone() }.record(card.1.ident);
    bench.centre.add_card(&stranger).unwrap();
    producer(&mut bench, report, good.clone(), "production-number-taken");
    bench.within(|office| {
        office.store().execute("DELETE FROM cards WHERE number = $1", values![number.unwrap()]).unwrap()
    });
    bench.done("producer", report, good);
    producer(&mut bench, report, failure(&batch, 1, "bank"), "production-reported-otherwise");
    producer(&mut bench, "production.personalise", personalise(&batch["batch"], 1, &key), "production-line-over");
    producer(&mut bench, "production.give-up", json!({"application": APPLICATION}), "production-stage");
}

fn ways(reached: &mut Reached) {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, false);
    let number = made(&mut bench, &batch, 1);
    let cards = json!({"cards": [number]});
    let mut refuse = |bench: &mut Bench, who, act, body, code| reached.refuse(bench, (who, act), body, code);
    refuse(&mut bench, "producer", "production.stock", json!({"cards": []}), "production-batch-size");
    refuse(&mut bench, "producer", "production.stock", json!({"cards": ["X00000019"]}), "production-unknown");
    refuse(&mut bench, "producer", "production.destroy", cards.clone(), "production-stage");
    refuse(&mut bench, "issuer", "production.receive", cards.clone(), "production-stage");
    bench.done("producer", "production.stock", cards.clone());
    let elsewhere = json!({"outlet": "32010401", "cards": [number]});
    refuse(&mut bench, "producer", "production.dispatch", elsewhere, "production-other-outlet");
    bench.done("producer", "production.dispatch", json!({"outlet": "32010201", "cards": [number]}));
    bench.done("issuer", "production.receive", cards.clone());
    refuse(&mut bench, "issuer", "production.recall", cards.clone(), "production-collect-term");
    // Another outlet's issuer cannot make it void, nor its clerk give it up.
    elsewhere_operator(&mut bench, "far-issuer", "issuer");
    elsewhere_operator(&mut bench, "far-clerk", "clerk");
    let lost = json!({"cards": [number], "reason": "gone"});
    refuse(&mut bench, "far-issuer", "production.lose", lost, "production-other-outlet");
    for act in ["production.give-up", "production.open"] {
        let code = bench.refused("far-clerk", act, json!({"application": APPLICATION}));
        assert_eq!(code, "other-outlet", "{act}");
    }
    bench.within(|office| {
        let sql = "UPDATE cards SET status = 'active', social = 1 WHERE number = $1";
        office.store().execute(sql, values![number]).unwrap()
    });
    let lost = json!({"cards": [number], "reason": "gone"});
    refuse(&mut bench, "issuer", "production.lose", lost, "production-card-in-use");
    bench.done("issuer", "production.hand-over", hand_over(APPLICATION));
    // The holder has it: an agent with every paper comes too late.
    let mut agent = hand_over(APPLICATION);
    agent["collector"] = json!("agent");
    agent["authority"] = json!("file 1");
    agent["holder_document"] = agent["document"].clone();
    agent["document"] = json!({"kind": "id-card", "number": "34052419800101001X", "original": true});
    refuse(&mut bench, "issuer", "production.hand-over", agent, "production-stage");
    assert_eq!(bench.done("issuer", "production.hand-over", hand_over(APPLICATION))["changed"], false);
    let lost = json!({"cards": [number], "reason": "gone"});
    refuse(&mut bench, "issuer", "production.lose", lost, "production-stage");
    refuse(&mut bench, "issuer", "production.take-back", json!({"application": APPLICATION}), "production-stage");
}

/// Somebody at another outlet, which is opened if it is not there.
fn elsewhere_operator(bench: &mut Bench, id: &str, role: &str) {
    let outlet = json!({
        "code": "32010501", "kind": "outlet", "region": "320105", "name": "x", "approval": "1", "establishment": "1"
    });
    bench.done(ADMINISTRATOR, "outlet.open", outlet);
    bench.done(ADMINISTRATOR, "operator.add", json!({"id": id, "role": role, "outlet": "32010501", "name": id}));
}

/// A card at the outlet, whose holder was born on this day.
fn at_outlet(born: &str) -> Bench {
    let mut bench = Bench::new();
    pay(&mut bench, APPLICATION, &|order| {
        order.particulars.unit = Some("U1".into());
        order.particulars.guardian = Some(("id-card".into(), "34052419800101001X".into()));
    });
    bench.within(|office| {
        let mut person = persons::find_by_document(office, "id-card", "111111198101011110").unwrap().unwrap();
        person.particulars.born = born.parse().unwrap();
        persons::update(office, &person).unwrap();
    });
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, false);
    let number = made(&mut bench, &batch, 1);
    deliver(&mut bench, &number);
    bench
}

fn collectors(reached: &mut Reached) {
    let (mut adult, mut minor) = (at_outlet("1981-01-01"), at_outlet("2020-01-01"));
    let mut refuse = |bench: &mut Bench, changes: &[(&str, Value)], code| {
        let mut body = hand_over(APPLICATION);
        for (path, value) in changes {
            match path.split_once('.') {
                Some((document, field)) => body[document][field] = value.clone(),
                None => body[*path] = value.clone(),
            }
        }
        reached.refuse(bench, ("issuer", "production.hand-over"), body, code);
    };
    let other = json!("34052419800101001X");
    let holders = hand_over(APPLICATION)["document"].clone();
    refuse(&mut adult, &[("phone", json!("1"))], "production-phone");
    refuse(&mut adult, &[("document.original", json!(false))], "production-no-original");
    refuse(&mut adult, &[("document.expires", json!("2026-03-01"))], "production-document-expired");
    refuse(&mut adult, &[("document.number", other.clone())], "production-document-of-another");
    refuse(&mut minor, &[], "production-guardian-needed");
    let guardian = ("collector", json!("guardian"));
    let of_guardian = ("document.number", other.clone());
    refuse(&mut adult, &[guardian.clone(), of_guardian.clone()], "production-holder-of-age");
    refuse(&mut minor, std::slice::from_ref(&guardian), "production-other-guardian");
    refuse(&mut minor, &[guardian, of_guardian.clone()], "production-guardian-proof");
    let agent = ("collector", json!("agent"));
    refuse(&mut adult, &[agent.clone(), of_guardian.clone()], "production-holder-document");
    let both = ("holder_document", holders);
    refuse(&mut adult, &[agent.clone(), both.clone()], "production-agent-is-holder");
    refuse(&mut adult, &[agent, both, of_guardian.clone()], "production-authority");
    let unit = ("collector", json!("unit-agent"));
    refuse(&mut adult, &[unit.clone(), of_guardian.clone()], "production-other-unit");
    refuse(&mut adult, &[unit, of_guardian, ("unit", json!("U1"))], "production-licence");
    minor.done("issuer", "production.hand-over", {
        let mut body = hand_over(APPLICATION);
        body["collector"] = json!("guardian");
        body["document"]["number"] = other;
        body["proof"] = json!("birth-certificate");
        body
    });
}
