//! A bench for insurance: people, an employer, the bank's files, and what must hold after everything.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::acts::office::Office;
use crate::configuration;
use crate::ledger::{self, Account};
use crate::persons::{self, Particulars};
use crate::tests::acts::Bench;

/// The premium officer.
pub(crate) const OFFICER: &str = "premium-officer";
/// The employer's code.
pub(crate) const EMPLOYER: &str = "91320100TEST00001X";
/// The bank of the files.
pub(crate) const BANK: &str = "95533";

/// A centre of Nanjing with an employer of injury class 3.
pub(crate) struct Insurance {
    pub(crate) bench: Bench,
    files: u32,
    people: u32,
}

impl Insurance {
    pub(crate) fn new() -> Self {
        Self::over(Bench::new())
    }

    /// The same over a bench that has neither the employer nor files yet.
    pub(crate) fn over(mut bench: Bench) -> Self {
        let employer = json!({"payer": EMPLOYER, "name": "测试公司", "account": "6227001", "injury_class": 3});
        bench.done(OFFICER, "payer.register", employer);
        Self { bench, files: 0, people: 0 }
    }

    pub(crate) fn office(&self) -> Office<'_> {
        self.bench.centre.office(self.bench.area)
    }

    /// From now on it is nine in the morning of this day.
    pub(crate) fn on(&mut self, day: &str) {
        self.bench.clock.set(format!("{day}T09:00:00").parse().unwrap());
    }

    pub(crate) fn done(&mut self, act: &str, body: Value) -> Value {
        self.bench.done(OFFICER, act, body)
    }

    pub(crate) fn refused(&mut self, act: &str, body: Value) -> &'static str {
        self.bench.refused(OFFICER, act, body)
    }

    /// A person, by number.
    pub(crate) fn person(&mut self, born: &str) -> String {
        self.people += 1;
        let particulars = Particulars {
            name: "张三".into(),
            document: format!("32010219800101{:04}", self.people),
            sex: 1,
            born: born.parse().unwrap(),
            address: String::new(),
            telephone: String::new(),
        };
        persons::add(&self.office(), &particulars, ("01", None), "employee").unwrap()
    }

    /// The person died or left on this day.
    pub(crate) fn leaves(&mut self, person: &str, day: &str) {
        let office = self.office();
        let known = persons::get(&office, person).unwrap().unwrap();
        persons::update(&office, &persons::Person { until: Some(day.parse().unwrap()), ..known }).unwrap();
    }

    /// Sets a parameter from a day on, whatever the day.
    pub(crate) fn set(&mut self, name: &str, since: &str, value: Value) {
        let office = self.office();
        configuration::keep(office.store(), office.area(), name, since.parse().unwrap(), &value.to_string()).unwrap();
    }

    /// Employs a person from a month on with this base in fen; gives the relations' numbers by kind.
    pub(crate) fn employ(&mut self, person: &str, from: &str, base: i64) -> Vec<i64> {
        let body = json!({"person": person, "capacity": "employee", "payer": EMPLOYER, "from": from, "base": base});
        let started = self.done("relation.start", body);
        started["relations"].as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
    }

    /// Assesses a month for the employer; gives the slip's number, if one was made.
    pub(crate) fn assess(&mut self, month: &str) -> Option<String> {
        let answer = self.done("premium.assess", json!({"month": month}));
        answer["slips"].as_array().unwrap().first().map(|slip| slip["slip"].as_str().unwrap().to_owned())
    }

    pub(crate) fn slip(&mut self, slip: &str) -> Value {
        self.done("premium.slip", json!({"slip": slip}))
    }

    /// The rows of the bank's file for all due lines of a slip, taken on `day`.
    pub(crate) fn rows(&mut self, slip: &str, day: &str) -> Vec<String> {
        let shown = self.slip(slip);
        let row = |line: &Value| {
            let fen = |name: &str| line[name].as_i64().unwrap();
            let text = |name: &str| line[name].as_str().unwrap();
            let amounts = [fen("base"), fen("employer") + fen("own"), fen("late_fee")].map(yuan).join(",");
            let (person, kind, first, last) = (text("person"), text("kind"), text("first"), text("last"));
            let payer = shown["payer"].as_str().unwrap();
            format!("320100,{slip},{payer},{person},{kind},{first},{last},{amounts},6227001,00,{day}")
        };
        let lines = shown["lines"].as_array().unwrap();
        lines.iter().filter(|line| line["state"] == "due").map(row).collect()
    }

    /// A file of the bank with these rows.
    pub(crate) fn file(&mut self, day: &str, rows: &[String]) -> String {
        self.files += 1;
        file(&format!("B{:04}", self.files), day, rows)
    }

    /// Collects all due lines of a slip on `day`, which becomes today.
    pub(crate) fn pay(&mut self, slip: &str, day: &str) -> Value {
        self.on(day);
        let rows = self.rows(slip, day);
        let file = self.file(day, &rows);
        self.done("premium.collect", json!({"file": file}))
    }

    /// The code of the collection's first unmatched row, with `change` made to the slip's first row.
    pub(crate) fn unmatched(&mut self, slip: &str, day: &str, change: impl Fn(&str) -> String) -> Value {
        let row = change(&self.rows(slip, day)[0]);
        let file = self.file(day, &[row]);
        self.done("premium.collect", json!({"file": file}))
    }

    pub(crate) fn balance(&self, account: &Account) -> i64 {
        ledger::balance(self.office().store(), self.bench.area, account).unwrap()
    }

    /// What is on a person's account.
    pub(crate) fn account(&self, person: &str) -> i64 {
        self.balance(&Account::Person(person.into()))
    }

    pub(crate) fn insurance(&mut self, person: &str, day: &str) -> Value {
        self.done("insurance.show", json!({"person": person, "day": day}))
    }
}

/// Fen as yuan.
pub(crate) fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// A file with this number.
pub(crate) fn file(number: &str, day: &str, rows: &[String]) -> String {
    let fen = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let collected = rows.iter().map(|row| row.split(',').collect::<Vec<_>>()).filter(|row| row[11] == "00");
    let total: i64 = collected.map(|row| fen(row[8]) + fen(row[9])).sum();
    let head = format!("qiyong-collection,1,320100,{BANK},{number},{day},{},{}\n", rows.len(), yuan(total));
    [head, rows.iter().map(|row| format!("{row}\n")).collect()].concat()
}

/// A day.
pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}
