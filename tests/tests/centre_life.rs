//! One life of a card, as commands and again over HTTP: applied for, returned, paid, made twice, put into use by a
//! purchase, fed by premiums, used at a hospital, lost, replaced, put into use at a bank, renewed. The card files are those
//! that the terminal then reads.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use qiyong_tests::centre::faces::{Commands, Face, Http};
use qiyong_tests::centre::portrait::portrait;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

const BANK: &str = "B32010200001";
const HOSPITAL: &str = "H32010200002";
const PHARMACY: &str = "P32010200003";
const EMPLOYER: &str = "91350100M000100Y43";
const ID_NUMBER: &str = "320102198001010112";
const NAME: &str = "王小明";

#[test]
fn a_life_as_commands() {
    Story { face: Commands::new(), cards: 0, files: 0 }.tell();
}

#[test]
fn a_life_over_http() {
    Story { face: Http::new(), cards: 0, files: 0 }.tell();
}

/// The other two ways in which a card from a centre's batch comes into use: at a bank's counter, at a hospital.
#[test]
fn the_other_first_uses() {
    let mut bank = Story { face: Commands::new(), cards: 0, files: 0 };
    bank.found_places();
    let card = bank.first_card();
    bank.bank_puts_into_use(&card);

    let mut hospital = Story { face: Commands::new(), cards: 0, files: 0 };
    hospital.found_places();
    let card = hospital.first_card();
    let person = hospital.insure(&card);
    let before = hospital.balance(&person);
    let settled =
        hospital.terminal(HOSPITAL, &card, &["settle", "152.00", "--fund", "100.00"], "123456\n271828\n271828\n");
    assert_eq!((&settled["activated"], &settled["charge"]), (&json!(true), &json!(5200)), "{settled}");
    assert_eq!(hospital.status(&card), "active");
    assert_eq!(hospital.balance(&person), before - 5200);
}

struct Story<F> {
    face: F,
    /// How many card files were made.
    cards: u32,
    /// How many files the bank has sent.
    files: u32,
}

/// A card that was handed over.
struct Card {
    application: String,
    number: String,
    file: PathBuf,
}

impl<F: Face> Story<F> {
    fn tell(mut self) {
        self.found_places();
        let card = self.first_card();
        let person = self.insure(&card);
        let first = self.terminal(PHARMACY, &card, &["purchase", "35.80"], "123456\n271828\n271828\n");
        assert_eq!((&first["activated"], &first["charge"]), (&json!(true), &json!(3580)), "{first}");
        assert_eq!(self.status(&card), "active");
        let before = self.balance(&person);
        self.pay_month("2026-04", "2026-04-20");
        // Two of a hundred of the base (docs/centre.md §6.7.4).
        assert_eq!(self.balance(&person), before + 9758);
        self.stay_at_hospital(&person);
        self.lose_by_mouth(&card);
        let second = self.replace(&card);
        self.bank_puts_into_use(&second);
        self.renew(&second);
        let verify = ["centre", "verify", "--db"];
        let output = Watched::start(Command::new(qiyong()).args(verify).arg(self.face.database())).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    fn found_places(&mut self) {
        let officer = "settlement-officer";
        for (code, role, level) in
            [(BANK, "bank-counter", "unrated"), (HOSPITAL, "hospital", "three"), (PHARMACY, "pharmacy", "unrated")]
        {
            let place = json!({"code": code, "kind": "institution", "region": "320102", "name": code});
            self.face.done("admin", "outlet.open", place);
            self.face.done(officer, "institution.register", json!({"code": code, "name": code}));
            let agreement = json!({
                "code": code, "level": level, "price_level": level, "effective": "2026-03-02", "void": "2028-03-01"
            });
            self.face.done(officer, "institution.agree", agreement);
            let till = json!({"id": format!("till-{role}"), "role": role, "outlet": code, "name": "收费员"});
            self.face.done("admin", "operator.add", till);
        }
        for (code, level, share) in [("XA01", "01", "0"), ("XC04", "03", "1")] {
            let item = json!({
                "med_list_codg": code, "since": "2026-03-02", "chrgitm_lv": level, "selfpay_prop": share, "limits": []
            });
            self.face.done(officer, "catalogue.set", item);
        }
        let employer = json!({"payer": EMPLOYER, "name": "江苏某某有限公司", "account": "6227001", "injury_class": 3});
        self.face.done("premium-officer", "payer.register", employer);
    }

    /// Applied for, returned for its photo, corrected, paid, failed once, made again, handed over.
    fn first_card(&mut self) -> Card {
        let application = self.file(&json!({"kind": "new"}));
        let number = json!({"number": application});
        let narrow = json!({"number": application, "jpeg": portrait(357), "source": "on-site"});
        assert_eq!(self.face.refused("clerk", "application.photo", narrow), "photo-size");
        self.complete(&application);
        let mut review = self.at_version(&application);
        review["outcome"] = json!("return");
        review["reasons"] = json!(["photo-quality"]);
        self.face.done("reviewer", "application.review", review);
        assert_eq!(self.face.refused("clerk", "slip.issue", json!({"application": application})), "slip-not-approved");
        // What was signed stays signed: only the photo was asked for.
        self.photo(&application);
        self.hand_in(&application);
        self.approve_and_pay(&application);
        self.open_account(&application);

        let batch = self.batch();
        let lost = self.make(&batch, false);
        let failed = json!({"batch": batch, "line": 1, "failed": {"at": "production", "reason": "芯片损坏"}});
        self.face.done("producer", "production.report", failed);
        std::fs::remove_file(lost).unwrap();
        let batch = self.batch();
        let file = self.make(&batch, true);
        let shown = self.face.done("producer", "production.show", json!({"application": application}));
        let card = Card { application: application.clone(), number: text(&shown["card"]), file };
        self.hand_over(&application, &card);
        assert_eq!(self.status(&card), "inactive");
        let state = self.face.done("clerk", "application.show", number);
        assert_eq!(state["standing"]["state"], "completed");
        card
    }

    /// Files an application; its number.
    fn file(&mut self, more: &Value) -> String {
        let mut form = json!({
            "bank": "95588", "applicant": "holder", "category": "employee",
            "employer": {"code": EMPLOYER, "name": "江苏某某有限公司"},
            "holder": {
                "name": NAME, "country": "CHN", "mobile": "13812345678",
                "document": {"kind": "id-card", "number": ID_NUMBER, "long_term": true}
            }
        });
        form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        text(&self.face.done("clerk", "application.file", json!({"form": form}))["number"])
    }

    fn at_version(&mut self, application: &str) -> Value {
        let shown = self.face.done("clerk", "application.show", json!({"number": application}));
        json!({"number": application, "version": shown["standing"]["version"]})
    }

    /// Photo, read, checked, signed, handed in.
    fn complete(&mut self, application: &str) {
        self.photo(application);
        for (act, field, value) in [
            ("application.read", None, Value::Null),
            ("application.check", Some("originals_agree"), json!(true)),
            ("application.sign", Some("signed_by"), json!("holder")),
        ] {
            let mut body = self.at_version(application);
            if let Some(field) = field {
                body[field] = value;
            }
            self.face.done("clerk", act, body);
        }
        self.hand_in(application);
    }

    fn photo(&mut self, application: &str) {
        let photo = json!({"number": application, "jpeg": portrait(358), "source": "on-site"});
        self.face.done("clerk", "application.photo", photo);
    }

    fn hand_in(&mut self, application: &str) {
        let body = self.at_version(application);
        self.face.done("clerk", "application.submit", body);
    }

    fn approve_and_pay(&mut self, application: &str) {
        let mut review = self.at_version(application);
        review["outcome"] = json!("approve");
        self.face.done("reviewer", "application.review", review);
        let slip = self.face.done("cashier", "slip.issue", json!({"application": application}))["slip"].clone();
        if slip.is_null() {
            return;
        }
        let payment = json!({
            "number": slip["number"], "number_check": slip["number_check"], "whole_check": slip["whole_check"],
            "reference": format!("R-{application}"), "amount": slip["total"], "paid": slip["issued"], "channel": "cash"
        });
        assert_eq!(self.face.done("cashier", "slip.pay", payment.clone())["result"], "done");
        assert_eq!(self.face.done("cashier", "slip.pay", payment)["result"], "already-done");
    }

    fn open_account(&mut self, application: &str) {
        self.face.done("producer", "production.open", json!({"application": application}));
        let answer = json!({"application": application, "bank_card": "6222020000000000000"});
        self.face.done("till-bank-counter", "production.bank-answer", answer);
    }

    fn batch(&mut self) -> String {
        let batch = json!({"bank": "95588", "maker": "8651", "instant": false});
        text(&self.face.done("producer", "production.batch", batch)["batch"])
    }

    /// Makes the card of the batch's first line.
    fn make(&mut self, batch: &str, report: bool) -> PathBuf {
        self.cards += 1;
        let file = self.face.database().with_file_name(format!("card-{}.toml", self.cards));
        let mut command = Command::new(qiyong());
        command.args(["card", "new", "--batch", batch, "--from-centre"]).arg(self.face.database());
        command.arg("--out").arg(&file).args(report.then_some("--report"));
        let output = Watched::start(&mut command).output();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        file
    }

    fn hand_over(&mut self, application: &str, card: &Card) {
        let cards = json!({"cards": [card.number]});
        self.face.done("producer", "production.stock", cards.clone());
        let sent = json!({"outlet": "32010201", "cards": [card.number]});
        self.face.done("producer", "production.dispatch", sent);
        self.face.done("issuer", "production.receive", cards);
        let taken = json!({
            "application": application, "collector": "holder", "phone": "13812345678",
            "document": {"kind": "id-card", "number": ID_NUMBER, "original": true}
        });
        assert_eq!(self.face.done("issuer", "production.hand-over", taken)["changed"], true);
    }

    /// Employed since March, whose premium is paid: the person's number.
    fn insure(&mut self, card: &Card) -> String {
        let shown = self.face.done("clerk", "application.show", json!({"number": card.application}));
        let person = text(&shown["person"]);
        let relation = json!({
            "person": person, "capacity": "employee", "payer": EMPLOYER, "from": "2026-03", "base": 487_900
        });
        self.face.done("premium-officer", "relation.start", relation);
        self.pay_month("2026-03", "2026-03-20");
        person
    }

    /// A month's premium is assessed, and the bank's file of this day has all of it.
    fn pay_month(&mut self, month: &str, day: &str) {
        self.face.at(&format!("{day}T09:00:00"));
        let assessed = self.face.done("premium-officer", "premium.assess", json!({"month": month}));
        let slip = text(&assessed["slips"][0]["slip"]);
        let shown = self.face.done("premium-officer", "premium.slip", json!({"slip": slip}));
        let mut total = 0;
        let mut rows = String::new();
        let mut count = 0;
        for line in shown["lines"].as_array().unwrap() {
            let fen = |name: &str| line[name].as_i64().unwrap();
            let amount = fen("employer") + fen("own");
            total += amount + fen("late_fee");
            count += 1;
            let [base, amount, late] = [fen("base"), amount, fen("late_fee")].map(yuan);
            let [person, kind, first, last] = ["person", "kind", "first", "last"].map(|name| text(&line[name]));
            rows += &format!(
                "320100,{slip},{EMPLOYER},{person},{kind},{first},{last},{base},{amount},{late},6227001,00,{day}\n"
            );
        }
        self.files += 1;
        let head = format!("qiyong-collection,1,320100,95533,B{:04},{day},{count},{}\n", self.files, yuan(total));
        let file = json!({"file": head + &rows});
        self.face.done("premium-officer", "premium.collect", file);
    }

    fn balance(&mut self, person: &str) -> i64 {
        self.face.done("premium-officer", "account.show", json!({"person": person}))["balance"].as_i64().unwrap()
    }

    /// A stay at a hospital of the third level: 1,000 yuan deductible, 88 of a hundred of the rest.
    fn stay_at_hospital(&mut self, person: &str) {
        let body = |more: Value| {
            let mut body = json!({
                "psn_no": person, "mdtrt_cert_type": "02", "mdtrt_cert_no": ID_NUMBER, "med_type": "21",
                "acct_used_flag": true
            });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let visit = self.face.done("till-hospital", "settlement.register", body(json!({})));
        let lines = json!({"mdtrt_id": visit["mdtrt_id"], "feedetail": [
            {
                "feedetl_sn": "1", "fee_ocur_time": "2026-04-20T08:00:00", "med_list_codg": "XA01",
                "cnt": "1", "pric": "5000", "det_item_fee_sumamt": 500_000
            },
            {
                "feedetl_sn": "2", "fee_ocur_time": "2026-04-20T08:00:00", "med_list_codg": "XC04",
                "cnt": "1", "pric": "300", "det_item_fee_sumamt": 30_000
            }
        ]});
        self.face.done("till-hospital", "settlement.lines", lines);
        let account = self.balance(person);
        let settle = body(json!({"medins_setl_id": "S1", "mdtrt_id": visit["mdtrt_id"], "medfee_sumamt": 530_000}));
        let settled = self.face.done("till-hospital", "settlement.settle", settle);
        let info = &settled["setlinfo"];
        let amount = |name: &str| info[name].as_i64().unwrap();
        assert_eq!((amount("act_pay_dedc"), amount("hifp_pay")), (100_000, 352_000), "{info}");
        // The account pays what it has of the holder's 1,780 yuan.
        assert_eq!((amount("acct_pay"), amount("psn_cash_pay")), (account, 178_000 - account), "{info}");
        assert_eq!(self.balance(person), 0);
    }

    fn holder() -> Value {
        json!({"kind": "id-card", "number": ID_NUMBER, "name": NAME})
    }

    /// Lost on a Monday by telephone, and not confirmed: it lapses after three working days.
    fn lose_by_mouth(&mut self, card: &Card) {
        self.face.at("2026-05-11T09:00:00");
        let loss = json!({"card": card.number, "holder": Self::holder(), "function": "social"});
        self.face.done("hotline", "life.report-loss", loss);
        assert_eq!(self.status(card), "temporarily-lost");
        self.face.at("2026-05-14T09:00:00");
        assert_eq!(self.status(card), "temporarily-lost");
        self.face.at("2026-05-15T09:00:00");
        self.face.done("admin", "life.lapse", json!({}));
        assert_eq!(self.status(card), "active");
    }

    /// Lost in writing, and replaced.
    fn replace(&mut self, old: &Card) -> Card {
        let loss = json!({"card": old.number, "holder": Self::holder(), "function": "social"});
        self.face.done("issuer", "life.confirm-loss", loss);
        assert_eq!(self.status(old), "lost");
        let form = json!({"kind": "replacement", "reason": "loss", "old_card": old.number});
        let card = self.another(&form);
        assert_eq!((self.status(old).as_str(), self.status(&card).as_str()), ("cancelled", "inactive"));
        card
    }

    /// Another card of the same holder, from the form to the holder's hand.
    fn another(&mut self, form: &Value) -> Card {
        let application = self.file(form);
        self.complete(&application);
        self.approve_and_pay(&application);
        self.open_account(&application);
        let batch = self.batch();
        let file = self.make(&batch, true);
        let shown = self.face.done("producer", "production.show", json!({"application": application}));
        let card = Card { application: application.clone(), number: text(&shown["card"]), file };
        self.hand_over(&application, &card);
        card
    }

    fn bank_puts_into_use(&mut self, card: &Card) {
        let apply = ["apply", "--document", "id-card", "--holder", NAME, "--valid-until", "long-term"];
        let report = self.terminal(BANK, card, &apply, &format!("{ID_NUMBER}\n123456\n314159\n314159\n"));
        assert_eq!((&report["activated"], &report["activated_financial"]), (&json!(true), &json!(true)), "{report}");
        assert_eq!(self.status(card), "active");
    }

    /// A month before its last day it may be renewed, and not earlier.
    fn renew(&mut self, card: &Card) {
        let form = json!({"kind": "renewal", "reason": "expiry", "old_card": card.number});
        self.face.at("2036-03-30T09:00:00");
        let early = self.face.refused("issuer", "life.renew-allowed", json!({"card": card.number}));
        assert_eq!(early, "life-renew-too-early");
        self.face.at("2036-05-04T09:00:00");
        let third = self.another(&form);
        assert_eq!((self.status(card).as_str(), self.status(&third).as_str()), ("cancelled", "inactive"));
    }

    fn status(&mut self, card: &Card) -> String {
        text(&self.face.done("issuer", "life.show", json!({"card": card.number}))["status"])
    }

    /// One operation at a terminal with the card file in its slot.
    fn terminal(&mut self, place: &str, card: &Card, operation: &[&str], keyed: &str) -> Value {
        let mut command = Command::new(qiyong());
        command.args(["terminal", "--json", "--institution", place, "--centre"]).arg(self.face.database());
        let mut process = Watched::start(command.arg("--card").arg(&card.file).args(operation));
        process.feed(keyed);
        let output = process.output();
        let seen = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {seen}"))
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    let Some(text) = value.as_str() else { panic!("no text: {value}") };
    text.to_owned()
}

/// Fen as yuan.
fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
