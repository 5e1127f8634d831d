//! A bill that is paid with a card by a driver library: the security module's businesses, and the payment that puts the card into use
//! (docs/driver.md §D).

use serde_json::{Value, json};

use qiyong_protocol::card::codes::{IdNumber, IdentCode};
use qiyong_protocol::card::commands::join;
use qiyong_protocol::card::debit::{self, Debit};
use qiyong_protocol::card::keys::{Algorithm, CardKeys, Key};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::sealed::open_pin;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::money::Fen;

use super::town::{DOCUMENT, Town};
use crate::tests::inactive;

const CARD: &str = "X00000019";
const HISTORICAL: &str = "00814E43238697159900BF7C7A";
const TILL: &str = "till-pharmacy";

/// A town with a card that was never used.
struct Paying {
    town: Town,
    ident: IdentCode,
    keys: CardKeys,
}

impl Paying {
    fn new() -> Self {
        let mut town = Town::new();
        let historical = hex::decode(HISTORICAL).unwrap();
        let (area, hsm) = (town.bench.area, town.bench.centre.hsm());
        let ident = hsm.issue_ident(Algorithm::Sm4, &historical, area, [1, 2, 3, 4]);
        let keys = hsm.card_keys(Algorithm::Sm4, &historical, area);
        let id_number = IdNumber::new(DOCUMENT.as_bytes()).unwrap();
        let card = CardRecord { ident, id_number, area, account: Fen(20_000), ..inactive(b"X00000019") };
        town.bench.centre.add_card(&card).unwrap();
        Self { town, ident, keys }
    }

    fn key(&self, id: u8) -> &Key {
        self.keys.external.iter().find(|(own, _)| *own == id).map(|(_, key)| key).unwrap()
    }

    /// The text of a step 1, with these two values.
    fn question(&self, seventh: &str, eighth: &str) -> String {
        let (ident, one, two) = (hex::encode_upper(self.ident.as_bytes()), "01".repeat(8), "02".repeat(8));
        format!("320100|{HISTORICAL}|03|{ident}|{one}|{two}|{seventh}|{eighth}|320100000001|A1|")
    }

    fn internal(&self) -> String {
        let scheme = self.town.bench.centre.hsm().scheme();
        hex::encode_upper(scheme.internal_auth(&self.keys.irk, join([2; 8], [1; 8])).0)
    }

    /// What iDoDebit gives for a payment of 114 yuan, noted under this number.
    fn noted(&self, serial: u16, personal: u32) -> String {
        let debit = Debit {
            personal,
            pooled: 0,
            terminal: [0x32, 0x01, 0, 0, 0, 1],
            time: [0x20, 0x26, 0x03, 0x02, 0x09, 0, 0],
        };
        let tac = hex::encode_upper(debit.tac(self.key(debit::KEY), serial));
        let (ident, yuan) =
            (hex::encode_upper(self.ident.as_bytes()), format!("{}.{:02}", personal / 100, personal % 100));
        format!("{ident}|{serial:04X}|320100000001|0A0B0C0D|20260302090000|{yuan}|0.00|{tac}|00000000|")
    }

    fn prepare(&mut self) -> Value {
        let prepared = self.town.body("41", json!({"feedetail": Town::purchase()}));
        let mut by_card = prepared;
        by_card["mdtrt_cert_type"] = json!("03");
        by_card["mdtrt_cert_no"] = json!(CARD);
        self.town.bench.done(TILL, "settlement.prepare", by_card)["mdtrt_id"].clone()
    }

    fn body(&mut self, noted: &str) -> Value {
        let visit = self.prepare();
        json!({
            "mdtrt_id": visit, "card": CARD, "historical": HISTORICAL, "algorithm": "sm4", "noted": noted,
            "pin_changed": true
        })
    }

    fn status(&mut self) -> String {
        self.town.bench.done("issuer", "life.show", json!({"card": CARD}))["status"].as_str().unwrap().into()
    }

    fn refused(&mut self, body: &Value) -> String {
        self.town.bench.refused(TILL, "settlement.debit", body.clone()).into()
    }
}

#[test]
pub(crate) fn a_payment_puts_a_card_into_use_once_and_its_undo_takes_it_back() {
    let mut paying = Paying::new();
    let body = paying.body(&paying.noted(1, 11_400));
    assert_eq!(paying.status(), "inactive");
    let settled = paying.town.bench.done(TILL, "settlement.debit", body.clone());
    assert_eq!((paying.status().as_str(), paying.town.account()), ("active", 8_600));
    let shown = paying.town.bench.done("issuer", "life.show", json!({"card": CARD}));
    assert_eq!(shown["pin_is_initial"], false);
    let history = paying.town.bench.done("issuer", "life.history", json!({"card": CARD}));
    let acts: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["act"].clone()).collect();
    assert_eq!(acts, ["debit", "activate"]);
    // The answer was lost.
    assert_eq!(paying.town.bench.done(TILL, "settlement.debit", body.clone()), settled);
    assert_eq!(paying.town.account(), 8_600);
    assert_eq!(settled["medins_setl_id"], "320100000001202603020900000001");

    let undone = paying.town.undo("U1", &settled);
    assert_eq!((paying.status().as_str(), paying.town.account()), ("inactive", 20_000));
    assert_eq!(paying.refused(&body), "settlement-undone");
    let person = paying.town.person.clone();
    let reverse = json!({"psn_no": person, "omsgid": "U1"});
    assert_eq!(paying.town.bench.done(TILL, "settlement.reverse", reverse)["outcome"], "undone");
    assert_eq!((paying.status().as_str(), paying.town.account()), ("active", 8_600), "it stands again: {undone}");
    paying.town.verify();
}

#[test]
pub(crate) fn a_card_stays_in_use_as_long_as_a_payment_stands() {
    let mut paying = Paying::new();
    super::town::give(&paying.town.bench, &paying.town.person.clone(), 10_000);
    let first = paying.body(&paying.noted(1, 11_400));
    let first = paying.town.bench.done(TILL, "settlement.debit", first);
    let second = paying.body(&paying.noted(2, 11_400));
    let second = paying.town.bench.done(TILL, "settlement.debit", second);
    paying.town.undo("U1", &first);
    assert_eq!(paying.status(), "active");
    paying.town.undo("U2", &second);
    assert_eq!(paying.status(), "inactive");
    // What was put into use at a window stays, whatever payments are undone.
    let holder = json!({"kind": "id-card", "number": DOCUMENT, "name": "张三"});
    paying.town.bench.done("issuer", "life.activate", json!({"card": CARD, "holder": holder}));
    let third = paying.body(&paying.noted(3, 11_400));
    let third = paying.town.bench.done(TILL, "settlement.debit", third);
    paying.town.undo("U3", &third);
    assert_eq!(paying.status(), "active");
    paying.town.verify();
}

#[test]
pub(crate) fn what_keeps_a_card_from_paying() {
    let mut paying = Paying::new();
    let good = paying.body(&paying.noted(1, 11_400));
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let noted = paying.noted(1, 11_400);
    let copy = noted.replacen(&hex::encode_upper(paying.ident.as_bytes()), &"00".repeat(16), 1);
    for (body, code) in [
        (with("noted", json!("x|")), "value-not-allowed"),
        (with("noted", json!(noted.replace("|0001|", "|0002|"))), "life-not-genuine"),
        (with("noted", json!(noted.replace("|114.00|", "|113.00|"))), "life-not-genuine"),
        (with("noted", json!(copy)), "value-not-allowed"),
        (with("historical", json!("00815431008660202601010000")), "life-not-genuine"),
        (with("algorithm", json!("triple-des")), "life-not-genuine"),
        (with("card", json!("A12345674")), "certificate-not-accepted"),
        (with("noted", json!(paying.noted(1, 11_399))), "sum-differs"),
        (with("mdtrt_id", json!(999)), "visit-unknown"),
        (with("pin_changed", json!(false)), "certificate-not-accepted"),
    ] {
        assert_eq!(paying.refused(&body), code, "{body}");
        assert_eq!((paying.status().as_str(), paying.town.account()), ("inactive", 20_000));
    }
    let holder = json!({"kind": "id-card", "number": DOCUMENT, "name": "张三"});
    let seal = json!({"card": CARD, "why": "x"});
    paying.town.bench.done("issuer", "life.seal", seal.clone());
    assert_eq!(paying.refused(&good), "life-sealed");
    let question = json!({"card": CARD, "question": paying.question(&"03".repeat(8), &"04".repeat(22))});
    assert_eq!(paying.town.bench.refused(TILL, "module.debit", question), "life-sealed");
    paying.town.bench.done("issuer", "life.unseal", seal);
    paying.town.bench.done(
        "hotline",
        "life.report-loss",
        json!({"card": CARD, "holder": holder, "function": "social"}),
    );
    assert_eq!(paying.refused(&good), "life-temporarily-lost");
    paying.town.verify();
}

/// docs/driver.md §A.3, the businesses 01, 02, 04 and 07.
#[test]
pub(crate) fn the_module_answers_for_the_card_that_is_there() {
    let mut paying = Paying::new();
    let scheme = paying.town.bench.centre.hsm().scheme();
    let read = json!({"question": paying.question(&"03".repeat(8), &"04".repeat(8))});
    let external = |id: u8| hex::encode_upper(scheme.external_auth(paying.key(id), [4; 8], [3; 8]).0);
    let (internal, opens, writes) = (paying.internal(), external(0x0A), external(0x04));
    let mac = {
        let key = paying.key(debit::KEY).diversify([3; 8]);
        hex::encode_upper(key.mac([0; 8], &[&[4; 22]]))
    };
    let bench = &mut paying.town.bench;
    assert_eq!(bench.done(TILL, "module.read", read.clone())["key"], format!("{internal}|{opens}|"));
    let mut write = read.clone();
    write["card"] = json!(CARD);
    write["file"] = json!("SSSEEF06");
    assert_eq!(bench.done("issuer", "module.write", write.clone())["key"], format!("{internal}|{writes}|"));
    write["file"] = json!("DF02EF05");
    assert_eq!(bench.refused("issuer", "module.write", write), "life-field", "nobody names its key");
    let question = paying.question(&"03".repeat(8), &"04".repeat(22));
    let debit = json!({"card": CARD, "question": question});
    assert_eq!(paying.town.bench.done(TILL, "module.debit", debit)["key"], format!("{internal}|{mac}|"));

    let question = paying.question(&"03".repeat(8), &"04".repeat(8));
    let holder = json!({"kind": "id-card", "number": DOCUMENT, "name": "张三"});
    let order = |order: &str| json!({"card": CARD, "holder": holder, "question": question, "order": order});
    let good = "03|009010|0505050505050505|845E010014|314159|";
    let data = paying.town.bench.done("issuer", "module.reset-pin", order(good))["key"].clone();
    let data = hex::decode(data.as_str().unwrap()).unwrap();
    let (sealed, mac) = data.split_last_chunk::<4>().unwrap();
    assert!(open_pin(&paying.keys.puk, sealed) == Pin::new(b"314159"));
    let header = [0x84, 0x5E, 0x01, 0x00, 0x14];
    assert_eq!(paying.keys.puk.mac([5; 8], &[&header, sealed]), *mac);
    for bad in [
        "",
        "03|009010|05|845E010014|314159|",
        "03|009010|0505050505050505|805E000007|314159|",
        "03|009010|0505050505050505|845E010013|314159|",
        "03|009010|0505050505050505|8416000004|314159|",
        "03|009010|0505050505050505|845E010014|314159265|",
    ] {
        let code = paying.town.bench.refused("issuer", "module.reset-pin", order(bad));
        assert!(["life-field", "field-invalid"].contains(&code), "{bad}: {code}");
    }
    let other = question.replace(&hex::encode_upper(paying.ident.as_bytes()), "320100D1560000050905060708090A0B");
    for (question, code) in [
        ("x|".to_string(), "life-field"),
        (question.replace("|03|", "|02|"), "life-field"),
        (question.replacen("320100", "320500", 1), "life-field"),
        (other, "life-not-genuine"),
    ] {
        let body = json!({"card": CARD, "question": question});
        assert_eq!(paying.town.bench.refused(TILL, "module.debit", body), code, "{question}");
    }
}
