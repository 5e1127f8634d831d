//! A centre with one card, and a bank's counter whose bank issues cards: what the tests of the room begin with.

use serde_json::{Value, json};

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use crate::acts::refusal::Refusal;
use crate::clock::SetClock;
use crate::configuration;
use crate::life::card_file::{self, CardFile};
use crate::tests::acts::Bench;

pub(super) const CARD: &str = "X00000019";
pub(super) const OTHER: &str = "A12345674";
pub(super) const BANK: &str = "B32010000001";

pub(super) fn area() -> Region {
    Region::new("320100").unwrap()
}

pub(super) fn record(number: &str, status: CardStatus, social: bool) -> CardRecord {
    CardRecord {
        number: CardNumber::new(number.as_bytes()).unwrap(),
        ident: IdentCode::from_parts(area(), [1, 2, 3, 4], [5, 6, 7, 8]),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        name: Name::new(b"\xD5\xC5\xC8\xFD").unwrap(),
        document: None,
        area: area(),
        expires: Date::new(2036, 1, 1).unwrap(),
        status,
        social,
        financial: false,
        pin_is_initial: false,
        account: Fen(50_000),
        insured: true,
    }
}

/// The holder of the cards, with an ID card that is valid until this day.
pub(super) fn holder(until: Option<&str>) -> Value {
    json!({"kind": "id-card", "number": "111111198101011110", "name": "张三", "expires": until})
}

pub(super) struct Room {
    pub(super) bench: Bench,
    clock: SetClock,
}

impl Room {
    /// A centre with one card, and a bank's counter whose bank issues cards.
    pub(super) fn with(card: &CardRecord) -> Self {
        let mut bench = Bench::new();
        bench.centre.add_card(card).unwrap();
        let code = InstitutionCode::new(BANK).unwrap();
        bench.done("settlement-officer", "institution.register", json!({"code": BANK, "name": "银行"}));
        let agreement = json!({
            "code": BANK, "level": "unrated", "price_level": "unrated", "effective": "2026-03-02", "void": "2027-03-02"
        });
        bench.done("settlement-officer", "institution.agree", agreement);
        bench.done(
            "admin",
            "operator.add",
            json!({"id": "counter", "role": "bank-counter", "outlet": code.as_str(), "name": "counter"}),
        );
        let clock = bench.clock.clone();
        Self { bench, clock }
    }

    pub(super) fn active() -> Self {
        Self::with(&record(CARD, CardStatus::Active, true))
    }

    pub(super) fn at(&self, time: &str) {
        self.clock.set(time.parse().unwrap());
    }

    pub(super) fn show(&mut self) -> Value {
        self.bench.done("issuer", "life.show", json!({"card": CARD}))
    }

    pub(super) fn status(&mut self) -> String {
        self.show()["status"].as_str().unwrap().to_owned()
    }

    pub(super) fn lost(&mut self, who: &str, act: &str, function: &str) -> Result<Value, Refusal> {
        let body = json!({"card": CARD, "holder": holder(None), "function": function});
        self.bench.act(who, act, body)
    }

    pub(super) fn code(&mut self, who: &str, act: &str, body: Value) -> String {
        self.bench.act(who, act, body).map_or_else(|refusal| refusal.code.to_owned(), |_| "done".to_owned())
    }

    /// Puts the card into a status that no act leads to from where it is.
    pub(super) fn force(&mut self, change: impl FnOnce(&mut CardFile)) {
        let files = self.bench.centre.files();
        let mut card = files.card(CardNumber::new(CARD.as_bytes()).unwrap()).unwrap().unwrap().file;
        change(&mut card);
        card_file::update(&files.office(card.area), &card).unwrap();
    }

    /// The area makes cards with a fixed initial PIN.
    pub(super) fn makes_cards(&mut self) {
        let settings = json!({
            "generation": "v2", "protocol": 0, "number_prefix": "X", "validity_years": 10, "initial_pin": {"fixed": "123456"},
            "pin_tries": 3, "makers": [],
            "terms": {"bank": 1, "repair": 1, "batch": 1, "make": 1, "transport": 1, "collect": 1, "distribute": 1}
        });
        let files = self.bench.centre.files();
        let since = "2020-01-01".parse().unwrap();
        configuration::keep(files.store, area(), "production.settings", since, &settings.to_string()).unwrap();
    }
}
