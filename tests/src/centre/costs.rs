//! What an act costs among many people, counted in steps of the database's machine, which are the same on every machine. Every
//! call carries out the same acts, so that two centres can be compared.

use serde_json::{Value, json};

use qiyong_centre::populate::{Populated, Population};
use qiyong_centre::{ActRequest, Work};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Answer, Batch, Body, Request, TerminalId, Token};
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation, PresentedCard};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};

use super::OfficeFile;

/// The acts whose cost is counted, in this order.
pub const ACTS: [&str; 9] = [
    "a purchase of a terminal",
    "application.show",
    "application.list of 20",
    "life.show",
    "life.list of 20",
    "life.lock",
    "slip.list of 20",
    "production.list of 20",
    "pooling.list",
];

/// The seed of everybody here.
const SEED: u8 = 12;
const PHARMACY: &str = "P32010000017";
const TILL: TerminalId = TerminalId(*b"TILL0001");

impl OfficeFile {
    /// Adds fictional people until there are so many.
    ///
    /// # Panics
    /// If the database fails.
    pub fn populate(&mut self, people: u32) -> Populated {
        let population = Population { area: self.area, people, seed: SEED };
        self.centre.populate(population, &mut |_| {}).expect("a test centre")
    }

    /// What each of [`ACTS`] costs now.
    ///
    /// # Panics
    /// If one of them is refused.
    pub fn costs(&mut self) -> Vec<Work> {
        let listed = self.by("issuer", "life.list", json!({"status": "active", "limit": 1000}));
        let numbers = listed["cards"].as_array().expect("cards").iter();
        let numbers: Vec<_> =
            numbers.filter_map(|card| CardNumber::new(card["card"].as_str()?.as_bytes()).ok()).collect();
        // Alike each time: employees have two relations.
        let (card, person) = numbers.into_iter().rev().find_map(|number| self.able(&number)).expect("an employee");
        let completed = self.by("clerk", "application.list", json!({"state": "completed", "limit": 1}));
        let application = completed["applications"][0]["standing"]["number"].clone();
        let mut costs = vec![self.purchase(&card)];
        for (operator, act, body) in [
            ("clerk", "application.show", json!({"number": application})),
            ("clerk", "application.list", json!({"state": "completed", "limit": 20})),
            ("issuer", "life.show", json!({"card": card.number.as_str()})),
            ("issuer", "life.list", json!({"status": "active", "limit": 20})),
            ("issuer", "life.lock", json!({"card": card.number.as_str(), "why": "counted"})),
            ("cashier", "slip.list", json!({"state": "remitted", "limit": 20})),
            ("producer", "production.list", json!({"stage": "handed-over", "bank": "95588", "limit": 20})),
            ("premium-officer", "pooling.list", json!({"person": person})),
        ] {
            let before = self.centre.work();
            self.by(operator, act, body);
            costs.push(self.centre.work().since(before));
        }
        costs
    }

    /// Purchases of 1 fen with one card, each a transaction of its own.
    ///
    /// # Panics
    /// One of them is refused.
    pub fn purchases(&mut self, count: u32) {
        let card = self.card_that_can_pay();
        for _ in 0..count {
            self.purchase_of(&card, Fen(1));
        }
    }

    fn card_that_can_pay(&mut self) -> CardRecord {
        let listed = self.by("issuer", "life.list", json!({"status": "active", "limit": 1000}));
        let numbers: Vec<CardNumber> = listed["cards"]
            .as_array()
            .expect("cards")
            .iter()
            .filter_map(|card| CardNumber::new(card["card"].as_str()?.as_bytes()).ok())
            .collect();
        numbers.into_iter().rev().find_map(|number| self.able(&number)).expect("an employee").0
    }

    /// The record of a card that can pay, and its person's number, if that is an employee.
    fn able(&mut self, number: &CardNumber) -> Option<(CardRecord, Value)> {
        let card = self.centre.card(number).expect("the file")?;
        let pays = card.insured && card.account >= Fen(2_000) && card.status == CardStatus::Active;
        let person = self.by("issuer", "life.show", json!({"card": number.as_str()}))["person"].clone();
        let relations = self.by("premium-officer", "relation.list", json!({"person": person}))["relations"].clone();
        let employee = relations.as_array().is_some_and(|relations| relations.len() == 2);
        (pays && employee).then_some((card, person))
    }

    /// Lets the operator who has this name carry out an act.
    fn by(&mut self, operator: &str, act: &str, body: Value) -> Value {
        let operator = self.centre.operator(self.area, operator).expect("the file").expect("an operator of each role");
        let request = ActRequest { area: self.area, operator: &operator, act, body, key: None };
        self.centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
    }

    /// A purchase of 10 yuan by a terminal that has signed in anew.
    fn purchase(&mut self, card: &CardRecord) -> Work {
        self.purchase_of(card, Fen(1_000))
    }

    fn purchase_of(&mut self, card: &CardRecord, amount: Fen) -> Work {
        let institution = InstitutionCode::new(PHARMACY).expect("a code");
        // The second time it is known.
        let _ = self.centre.add_institution(&Institution::of_region(institution));
        let time = Timestamp { date: Date::new(2026, 3, 2).expect("a day"), hour: 9, minute: 0, second: 0 };
        let request = |batch, body| Request { institution, terminal: TILL, batch, time, body };
        let signed_in = self.centre.handle(&request(Batch::NONE, Body::SignIn { token: Token(*b"a token!") }));
        let Ok(Answer::SignedIn { lease, .. }) = signed_in else { panic!("{signed_in:?}") };
        let CardRecord { number, ident, id_number, name, .. } = card.clone();
        let presented = PresentedCard { number, ident, id_number, name };
        let operation = Operation::Purchase(Bill::new(amount, Fen(0)).expect("a bill"));
        let before = self.centre.work();
        let body = Body::Transact { stan: lease.next, card: &presented, operation: &operation };
        let answer = self.centre.handle(&request(lease.batch, body));
        assert!(matches!(answer, Ok(Answer::Approved(_))), "{answer:?}");
        self.centre.work().since(before)
    }
}
