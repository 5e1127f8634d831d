//! The people of a history, and the model of their money: a list of what was given and taken, by the test's own rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::insurance::tests::bench::Insurance;
use crate::persons::proof::tests::shown;
use crate::store::database::Database;
use crate::store::value::values;
use crate::tests::acts::Bench;
use crate::tests::*;
use crate::{ActRequest, Centre, Chain, Founding, persons, registry};

/// The other area.
pub(super) const SUZHOU_AREA: &str = "320500";

/// Somebody with a card; the last one is a child.
pub(super) struct Human {
    pub(super) number: String,
    pub(super) document: String,
    pub(super) card: CardRecord,
}

/// A bill, or the undo of one.
pub(super) struct Bill_ {
    pub(super) message: String,
    pub(super) till: &'static str,
    pub(super) person: String,
    pub(super) number: Value,
    /// What it moved.
    pub(super) moved: Vec<(String, i64)>,
    pub(super) stands: bool,
    /// The bill that it undoes.
    pub(super) undoes: Option<usize>,
}

/// The centre, and what must be in its books.
pub(in crate::tests) struct World {
    pub(in crate::tests) it: Insurance,
    pub(super) people: Vec<Human>,
    pub(super) retired: String,
    /// Area, account, day, fen.
    pub(super) books: Vec<(String, String, Date, i64)>,
    /// How many audit records each area must have.
    pub(super) records: BTreeMap<String, i64>,
    pub(super) bills: Vec<Bill_>,
    /// Number, person, fen, whether it was reversed.
    pub(super) sales: Vec<(u32, usize, i64, bool, Timestamp)>,
    pub(super) fee: Option<Fee>,
    pub(super) references: u32,
    pub(super) granted: BTreeSet<String>,
    pub(super) interest: BTreeSet<(i16, String)>,
    pub(super) transfer: Option<(Value, i64)>,
    pub(super) counter: u32,
    /// Answers that are not the model's.
    pub(super) wrong: Vec<String>,
}

/// A card fee that was paid.
pub(super) struct Fee {
    pub(super) slip: Value,
    pub(super) reference: String,
    pub(super) remitted: bool,
}

impl World {
    /// How many have cards.
    pub(super) const PEOPLE: usize = 4;
    /// The child among them.
    pub(super) const CHILD: usize = 3;

    pub(super) fn new() -> Self {
        Self::over(Centre::in_memory().unwrap())
    }

    /// Over a centre that is still empty.
    pub(in crate::tests) fn over(centre: Centre) -> Self {
        let mut it = Insurance::over(Bench::over(centre));
        let other = Region::new(SUZHOU_AREA).unwrap();
        it.bench.centre.found(&Founding { area: other, agency: "苏州市社会保险基金管理中心".into() }).unwrap();
        places(&mut it);
        let people: Vec<Human> = ["X0000001", "A1234567", "B0000001", "C0000002"].map(|card| human(&it, card)).into();
        for human in &people[..Self::CHILD] {
            it.employ(&human.number, "2026-03", 1_500_000);
        }
        let retired = it.person("1960-05-05");
        it.employ(&retired, "2026-03", 487_900);
        it.on("2026-03-03");
        it.done("relation.retire", json!({"person": retired, "from": "2026-04"}));
        let child = &people[Self::CHILD].number;
        let year =
            json!({"person": child, "class": "pupil", "year": 2026, "poor": true, "registered_since": "2000-01-01"});
        it.done("resident.enrol", year);
        let (owner, document) = (&people[0].number, shown(&it.office(), &people[0].number));
        let bind = json!({"owner": owner, "owner_document": document, "relative": child, "kin": "child"});
        it.done("pooling.bind", bind);
        let mut world = Self {
            it,
            people,
            retired,
            books: Vec::new(),
            records: BTreeMap::new(),
            bills: Vec::new(),
            sales: Vec::new(),
            fee: None,
            references: 0,
            granted: BTreeSet::new(),
            interest: BTreeSet::new(),
            transfer: None,
            counter: 0,
            wrong: Vec::new(),
        };
        world.begin();
        world
    }

    /// What the books say now is where the model begins.
    fn begin(&mut self) {
        for (area, chain, wrong) in self.centre().verify().unwrap() {
            let Chain::Whole(records) = chain else { panic!("{chain:?}") };
            assert_eq!(wrong, None);
            self.records.insert(area.to_string(), records);
        }
        let rows = self.centre().store.rows("SELECT area, account, balance FROM balances", values![]).unwrap();
        let today = self.today();
        for row in rows {
            let (area, account): (String, String) = (row.get("area").unwrap(), row.get("account").unwrap());
            self.books.push((area, account, today, row.get("balance").unwrap()));
        }
    }

    pub(super) fn centre(&self) -> &Centre {
        &self.it.bench.centre
    }

    pub(super) fn today(&self) -> Date {
        self.it.office().today()
    }

    /// An act, and its record in the model.
    pub(super) fn act(&mut self, operator: &str, act: &str, body: Value) -> Result<Value, &'static str> {
        let result = self.it.bench.act(operator, act, body).map_err(|refusal| refusal.code);
        self.recorded("320100", act, result.is_err());
        result
    }

    /// The same in the other area, by its administrator or one of its officers.
    pub(super) fn act_there(&mut self, operator: &str, act: &str, body: Value) -> Result<Value, &'static str> {
        let area = Region::new(SUZHOU_AREA).unwrap();
        let operator = self.centre().operator(area, operator).unwrap().unwrap();
        let request = ActRequest { area, operator: &operator, act, body, key: None };
        let result = self.it.bench.centre.carry_out(request).map_err(|refusal| refusal.code);
        self.recorded(SUZHOU_AREA, act, result.is_err());
        result
    }

    fn recorded(&mut self, area: &str, act: &str, refused: bool) {
        if refused || !registry::act(act).unwrap().reads {
            *self.records.get_mut(area).unwrap() += 1;
        }
    }

    /// Money moves today: what each account of the area is given.
    pub(super) fn book(&mut self, lines: impl IntoIterator<Item = (String, i64)>) {
        self.book_on(self.today(), lines);
    }

    /// The same, as if on another day.
    pub(super) fn book_on(&mut self, day: jiff::civil::Date, lines: impl IntoIterator<Item = (String, i64)>) {
        self.books.extend(lines.into_iter().map(|(account, fen)| ("320100".to_owned(), account, day, fen)));
    }

    /// What an account has, by the model.
    pub(super) fn has(&self, account: &str) -> i64 {
        let of = self.books.iter().filter(|(area, known, ..)| area == "320100" && known == account);
        of.map(|(.., fen)| fen).sum()
    }

    /// An answer must say this.
    pub(super) fn expect(&mut self, what: &str, is: &Value, must: i64) {
        if *is != must {
            self.wrong.push(format!("answer: {what} is {is} instead of {must}"));
        }
    }

    /// A number that was not used before.
    pub(super) fn fresh(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    /// How many postings there are, by reason.
    pub(super) fn reasons(&self) -> BTreeMap<String, i64> {
        let sql = "SELECT reason, count(*) AS postings FROM postings GROUP BY reason";
        let rows = self.centre().store.rows(sql, values![]).unwrap();
        rows.iter().map(|row| (row.get("reason").unwrap(), row.get("postings").unwrap())).collect()
    }
}

/// A hospital and a pharmacy with agreements, tills and a terminal; what is in the catalogue; an order for a card; an
/// officer in the other area.
fn places(it: &mut Insurance) {
    for (code, level, till) in [(HOSPITAL, "three", "hospital"), (PHARMACY, "unrated", "pharmacy")] {
        let officer = "settlement-officer";
        it.bench.done(officer, "institution.register", json!({"code": code, "name": code}));
        let agreement = json!({
            "code": code, "level": level, "price_level": level, "effective": "2026-03-02", "void": "2027-03-02"
        });
        it.bench.done(officer, "institution.agree", agreement);
        let operator = json!({"id": format!("till-{till}"), "role": till, "outlet": code, "name": "收费员"});
        it.bench.done("admin", "operator.add", operator);
    }
    for (code, level, share) in [("XA01", "01", "0"), ("XB02", "02", "0.1")] {
        let item = json!({
            "med_list_codg": code, "since": "2026-03-02", "chrgitm_lv": level, "selfpay_prop": share, "limits": []
        });
        it.bench.done("settlement-officer", "catalogue.set", item);
    }
    let time = told(it.bench.centre.now());
    let signed_in = send_at(&mut it.bench.centre, PHARMACY, time, Body::SignIn { token: TOKEN });
    assert!(matches!(signed_in, Ok(Answer::SignedIn { .. })));
    crate::slip::tests::acts::approve(&mut it.bench, crate::slip::tests::acts::APPLICATION, &|_| {});
    let area = Region::new(SUZHOU_AREA).unwrap();
    let operator = it.bench.centre.operator(area, "admin").unwrap().unwrap();
    let body = json!({"id": "officer", "role": "premium-officer", "outlet": "32050099", "name": "officer"});
    let request = ActRequest { area, operator: &operator, act: "operator.add", body, key: None };
    it.bench.centre.carry_out(request).unwrap();
}

/// Somebody with an active card and nothing in the account.
fn human(it: &Insurance, card: &str) -> Human {
    let with = |check: u8| <[u8; 9]>::try_from([card.as_bytes(), &[check]].concat()).unwrap();
    let number = (b'0'..=b'9').chain([b'X']).map(with).find(|number| CardNumber::new(number).is_ok()).unwrap();
    let card = CardRecord {
        status: CardStatus::Active,
        social: true,
        pin_is_initial: false,
        account: Fen(0),
        insured: false,
        ..inactive(&number)
    };
    let files = it.bench.centre.files();
    assert!(it.bench.centre.store.atomically(|_| crate::terminal::given::add(files, &card)).unwrap());
    let document = String::from_utf8(card.id_number.as_bytes().to_vec()).unwrap();
    let person = persons::find_by_document(&it.office(), "id-card", &document).unwrap().unwrap();
    Human { number: person.number, document, card }
}
