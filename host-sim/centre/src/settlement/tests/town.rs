//! A town with a hospital, a pharmacy, a catalogue and an employee, for the tests of acts.

use jiff::civil::date;
use serde_json::{Value, json};

use crate::ledger::{self, Account, Posting};
use crate::persons::{self, Particulars};
use crate::settlement::records;
use crate::tests::acts::Bench;

pub(super) const HOSPITAL: &str = "H32010200561";
pub(super) const PHARMACY: &str = "P32010200017";
pub(super) const OFFICER: &str = "settlement-officer";
pub(super) const PREMIUMS: &str = "premium-officer";
pub(super) const EMPLOYER: &str = "91320100TEST00001X";
pub(super) const DOCUMENT: &str = "320102199003078019";

/// A bench with a hospital of level three and a pharmacy, their tills, a catalogue of four items, and an employee with
/// 200 yuan in the personal account.
pub(super) struct Town {
    pub(super) bench: Bench,
    pub(super) person: String,
}

impl Town {
    pub(super) fn new() -> Self {
        let mut bench = Bench::new();
        for (code, level, price_level, role) in
            [(HOSPITAL, "three", "two", "hospital"), (PHARMACY, "unrated", "unrated", "pharmacy")]
        {
            bench.done(OFFICER, "institution.register", json!({"code": code, "name": code}));
            let agreement = json!({
                "code": code, "level": level, "price_level": price_level, "effective": "2026-03-02", "void": "2027-03-02"
            });
            bench.done(OFFICER, "institution.agree", agreement);
            let operator = json!({"id": format!("till-{role}"), "role": role, "outlet": code, "name": "收费员"});
            bench.done("admin", "operator.add", operator);
        }
        let limits = json!([{"level": "two", "pric_uplmt_amt": "40"}, {"level": "unrated", "pric_uplmt_amt": "45"}]);
        for (code, level, share, limits) in [
            ("XA01", "01", "0", json!([])),
            ("XB02", "02", "0.1", json!([{"level": "unrated", "pric_uplmt_amt": "45"}])),
            ("XA03", "01", "0", limits),
            ("XC04", "03", "1", json!([])),
        ] {
            let item = json!({
                "med_list_codg": code, "since": "2026-03-02", "chrgitm_lv": level, "selfpay_prop": share, "limits": limits
            });
            bench.done(OFFICER, "catalogue.set", item);
        }
        let person = known(&bench, DOCUMENT, "employee");
        give(&bench, &person, 20_000);
        let employer = json!({"payer": EMPLOYER, "name": "测试公司", "account": "6227001", "injury_class": 3});
        bench.done(PREMIUMS, "payer.register", employer);
        let mut town = Self { bench, person: person.clone() };
        town.employ(&person);
        town
    }

    pub(super) fn employ(&mut self, person: &str) {
        let body = json!({
            "person": person, "capacity": "employee", "payer": EMPLOYER, "from": "2026-03", "base": 487_900
        });
        self.bench.done(PREMIUMS, "relation.start", body);
    }

    pub(super) fn line(number: u8, code: &str, count: &str, price: &str, amount: i64) -> Value {
        json!({
            "feedetl_sn": number.to_string(), "fee_ocur_time": "2026-03-02T08:30:00", "med_list_codg": code,
            "cnt": count, "pric": price, "det_item_fee_sumamt": amount
        })
    }

    /// 114 yuan at a pharmacy.
    pub(super) fn purchase() -> Value {
        json!([
            Self::line(1, "XA01", "2", "17.80", 3_560),
            Self::line(2, "XB02", "1", "48.50", 4_850),
            Self::line(3, "XC04", "1", "29.90", 2_990),
        ])
    }

    /// 8,000 yuan at a hospital.
    pub(super) fn stay() -> Value {
        json!([
            Self::line(1, "XA01", "1", "4000", 400_000),
            Self::line(2, "XB02", "1", "3000", 300_000),
            Self::line(3, "XA03", "10", "50", 50_000),
            Self::line(4, "XC04", "1", "500", 50_000),
        ])
    }

    /// A body that says who the person is and what is done.
    pub(super) fn body(&self, med_type: &str, more: Value) -> Value {
        let mut body = json!({
            "psn_no": self.person, "mdtrt_cert_type": "02", "mdtrt_cert_no": DOCUMENT, "med_type": med_type,
            "acct_used_flag": true
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    pub(super) fn buy(&mut self, message: &str) -> Value {
        let more = json!({"medins_setl_id": message, "feedetail": Self::purchase(), "medfee_sumamt": 11_400});
        let body = self.body("41", more);
        self.bench.done("till-pharmacy", "settlement.settle", body)
    }

    pub(super) fn undo(&mut self, message: &str, settled: &Value) -> Value {
        let body = json!({"medins_setl_id": message, "setl_id": settled["setl_id"], "psn_no": self.person});
        self.bench.done("till-pharmacy", "settlement.undo", body)
    }

    pub(super) fn balance(&self, account: &Account) -> i64 {
        let office = self.bench.centre.office(self.bench.area);
        ledger::balance(office.store(), office.area(), account).unwrap()
    }

    pub(super) fn account(&self) -> i64 {
        self.balance(&Account::Person(self.person.clone()))
    }

    /// Everything adds up: the ledger, and the years of persons.
    pub(super) fn verify(&self) {
        let office = self.bench.centre.office(self.bench.area);
        assert_eq!(ledger::check::verify(office.store(), office.vault(), office.area()).unwrap(), None);
        assert_eq!(records::verify(office.store(), office.area()).unwrap(), None);
    }
}

pub(super) fn known(bench: &Bench, document: &str, category: &str) -> String {
    let office = bench.centre.office(bench.area);
    let particulars = Particulars {
        name: "张三".into(),
        document: document.into(),
        sex: 1,
        born: date(1990, 3, 7),
        address: String::new(),
        telephone: String::new(),
    };
    persons::add(&office, &particulars, ("id-card", None), category).unwrap()
}

pub(super) fn give(bench: &Bench, person: &str, amount: i64) {
    let office = bench.centre.office(bench.area);
    let lines = vec![(Account::Person(person.into()), amount), (Account::Outside("test".into()), -amount)];
    let posting = Posting { day: office.today(), reason: "credit".into(), reference: "1".into(), lines };
    ledger::post(&office, "-", &posting).unwrap().unwrap();
}

/// The part of an answer's amounts that is named.
pub(super) fn amounts(answer: &Value, names: &[&str]) -> Vec<i64> {
    names.iter().map(|name| answer["setlinfo"][*name].as_i64().unwrap()).collect()
}
