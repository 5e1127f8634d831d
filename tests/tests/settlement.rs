//! The end of a day at a terminal: its batch is settled with the centre, whatever was lost on the way. The terminal's application,
//! link and journal are the firmware's own; the centre is the real one. What each difference is called is tested in the centre.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::{ADMINISTRATOR, ActRequest, Founding};
use qiyong_firmware::terminal::Report;
use qiyong_protocol::card::codes::Region;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::Stan;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::{CardRecord, Institution, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};
use qiyong_sim::card::contact::ContactCard;
use qiyong_sim::line::SharedCard;
use qiyong_sim::time::VirtualTime;
use qiyong_sim::world::visit::{Delivery, Visit};
use qiyong_sim::world::{World, WorldTerminal};
use qiyong_tests::closing::closing_line;
use qiyong_tests::sample_card;

const PHARMACY: &str = "P32010000017";
const OWN_PIN: &[u8] = b"271828";
const OPENING: u64 = 10_000_000;
/// A visit has fewer messages.
const MESSAGES: usize = 24;

/// A pharmacy, and a card that was used before.
struct Shop {
    world: World<InProcess>,
    terminal: WorldTerminal,
    card: SharedCard,
    chance: ChaCha8Rng,
    /// Of a hundred messages or answers so many are lost.
    losses: u32,
}

impl Shop {
    fn new(losses: u32) -> Self {
        let code = InstitutionCode::new(PHARMACY).expect("a code");
        let area = Region::new("320100").expect("six digits");
        let mut centre = InProcess::new().expect("a centre");
        centre.found(&Founding { area, agency: "南京市社会保险管理中心".into() }).expect("an area");
        centre.add_institution(&Institution::of_region(code)).expect("a place");
        let mut new = sample_card(Generation::V2);
        new.pin = Pin::new(OWN_PIN).expect("digits");
        let record = record_of(&new, centre.hsm()).expect("a card");
        let record = CardRecord { account: Fen(OPENING), pin_is_initial: false, ..record };
        centre.add_card(&record).expect("a new card");
        let card = Rc::new(RefCell::new(ContactCard::new(make_card(&new, centre.hsm()).expect("a card"))));
        let mut world = World::new(VirtualTime::new("2026-03-02T09:00".parse().expect("a time")), centre);
        world.traces_line = false;
        let terminal = world.terminal(code, 1, 1);
        Self { world, terminal, card, chance: ChaCha8Rng::seed_from_u64(u64::from(losses)), losses }
    }

    /// What goes wrong with the messages of a visit.
    fn line(&mut self) -> Visit {
        let mut visit = Visit::default();
        for number in 0..MESSAGES {
            let chance = self.chance.next_u32() % 200;
            let lost = [Delivery::LOST, Delivery::UNANSWERED][usize::from(chance % 2 == 1)];
            if chance < 2 * self.losses {
                visit.messages.insert(number, lost);
            }
        }
        visit
    }

    fn sell(&mut self, price: u64) -> Report {
        let operation = Operation::Purchase(Bill::new(Fen(price), Fen(0)).expect("a bill"));
        let visit = Visit { pins: VecDeque::from([Pin::new(OWN_PIN).expect("digits")]), ..self.line() };
        let report = self.terminal.serve(&operation, Some(self.card.clone()), visit).expect("it works");
        self.world.events.take();
        report
    }

    /// Settles, as an operator does who tries again until it is done; how often that took.
    fn settle(&mut self) -> usize {
        for round in 1..20 {
            let visit = self.line();
            let report = self.terminal.attend_with(Formality::SettleBatch, &visit).expect("it works");
            match report.reason {
                None => return round,
                Some(Reason::NoAnswer) => {}
                Some(reason) => panic!("{reason}"),
            }
        }
        panic!("not settled in twenty rounds");
    }

    fn paid(&self) -> u64 {
        let number = sample_card(Generation::V2).number;
        OPENING - self.world.centre.borrow().card(&number).expect("it is sound").expect("known").account.0
    }

    /// What the centre shows of settlements.
    fn shown(&self, act: &'static str, body: Value) -> Value {
        let area = Region::new("320100").expect("six digits");
        let mut centre = self.world.centre.borrow_mut();
        let asked_first = centre.operator(area, &act.replace('.', "-")).expect("it is sound").is_none();
        let mut done = |operator: &str, act: &'static str, body: Value| {
            let operator = centre.operator(area, operator).expect("it is sound").expect("an operator");
            let request = ActRequest { area, operator: &operator, act, body, key: None };
            centre.carry_out(request).unwrap_or_else(|refusal| panic!("{act}: {refusal}"))
        };
        // Each act has one who asks for it for the first time.
        let auditor = act.replace('.', "-");
        if asked_first {
            let new = json!({"id": auditor, "role": "auditor", "outlet": "32010099", "name": "李"});
            done(ADMINISTRATOR, "operator.add", new);
        }
        done(&auditor, act, body)
    }

    fn settlements(&self) -> Vec<(u64, String)> {
        let shown = self.shown("terminal.settlements", json!({"institution": PHARMACY}));
        let all = shown["settlements"].as_array().expect("a list").iter();
        let one = |line: &Value| {
            (line["batch"].as_u64().expect("a number"), line["state"].as_str().expect("a state").to_owned())
        };
        all.map(one).collect()
    }
}

/// Of a hundred messages or answers five are lost.
#[test]
fn a_thousand_sales_with_losses_settle_to_the_fen() {
    let mut shop = Shop::new(5);
    let (mut sales, mut paid, mut unheard) = (0, 0, 0);
    while sales < 1_000 {
        let report = shop.sell(100 + sales % 7);
        match (report.outcome, report.reason) {
            (Outcome::Approved, None) => {
                sales += 1;
                paid += report.effects.charge.0;
            }
            (_, Some(Reason::NoAnswer)) => unheard += 1,
            other => panic!("{other:?} after {sales}"),
        }
    }
    let rounds = shop.settle();
    assert_eq!(shop.paid(), paid);
    assert_eq!(shop.world.centre.borrow().pending().expect("it is sound"), 0);
    let settlements = shop.settlements();
    assert!(settlements.len() >= 3, "a journal holds 400: {settlements:?}");
    for (number, (batch, state)) in (1..).zip(&settlements) {
        assert_eq!((*batch, state.as_str()), (number, "balanced"), "{settlements:?}");
    }
    closing_line(&format!(
        "settlement: {sales} sales, {unheard} visits without an answer, {} batches balanced; the last took {rounds} rounds",
        settlements.len()
    ));
    // The next one is the first of its batch.
    shop.losses = 0;
    assert_eq!(shop.sell(100).stan.map(|stan| stan.0), Some(1));
}

/// All that a terminal has of a sale decays in its flash: its totals are one short, and the centre's report names the sale.
#[test]
fn a_total_that_lacks_a_sale_is_told_to_the_operator_and_named_by_the_centre() {
    let mut shop = Shop::new(0);
    for price in [100, 200, 300] {
        assert_eq!(shop.sell(price).outcome, Outcome::Approved);
    }
    let flash = shop.terminal.flash().clone();
    let mut bytes = flash.bytes().to_vec();
    // An item begins with its magic and its version; twelve bytes on is its number.
    let second = |at: &usize| bytes[*at..].starts_with(b"QJ\x01") && bytes[*at + 12] == 2;
    let items: Vec<usize> = (0..bytes.len() - 16).filter(second).collect();
    assert_eq!(items.len(), 4, "begun, answered, card and receipt, confirmed");
    items.into_iter().for_each(|at| bytes[at + 20] ^= 1);
    flash.fill(&bytes);
    shop.terminal = shop.world.restart(shop.terminal);

    let report = shop.terminal.attend(Formality::SettleBatch).expect("it works");
    assert_eq!((report.outcome, report.reason), (Outcome::Failed, Some(Reason::TotalsDiffer)));
    assert_eq!(shop.settlements(), [(1, "closed".to_owned())]);
    let batch = json!({"institution": PHARMACY, "terminal": "00000001", "batch": 1});
    let report = shop.shown("terminal.settlement", batch);
    let findings = report["findings"].as_array().expect("a list");
    let [finding] = findings.as_slice() else { panic!("{report}") };
    assert_eq!((&finding["stan"], &finding["verdict"]), (&json!(2), &json!("missing")), "{report}");
    assert_eq!(report["matched"], 2, "{report}");
    let purchases = &report["totals"][1];
    assert_eq!((&purchases["terminal_total"], &purchases["centre_total"]), (&json!(400), &json!(600)), "{report}");
    // What is settled is settled: the next sale is the first of another batch.
    let next = shop.sell(100);
    assert_eq!((next.outcome, next.stan.map(|stan| stan.0)), (Outcome::Approved, Some(1)));
    assert_eq!(shop.settle(), 1);
    assert_eq!(shop.settlements().last(), Some(&(2, "balanced".to_owned())));
}

/// A batch has 999,999 numbers. The last one is used like any other; then the batch is settled, and the next one begins at 1.
#[test]
fn after_the_last_number_the_batch_is_settled_and_the_next_begins_at_one() {
    for losses in [0, 20] {
        let mut shop = Shop::new(losses);
        let mut sold = Vec::new();
        let mut paid = 0;
        // The first sale brings the batch; what the till says before is nothing to the centre's lease.
        for visit in 0..200 {
            let report = shop.sell(100 + visit);
            match (report.outcome, report.stan, report.reason) {
                (Outcome::Approved, Some(stan), None) => {
                    if sold.is_empty() {
                        shop.terminal.number_from(Stan(999_997));
                    }
                    sold.push(stan.0);
                    paid += report.effects.charge.0;
                }
                (_, _, Some(Reason::NoAnswer)) => {}
                other => panic!("{other:?} after {sold:?}"),
            }
            if sold.len() == 8 {
                break;
            }
        }
        // A sale whose answer was lost has taken a number, too; of the first batch none is above the last, and none comes twice.
        let turn = sold.windows(2).position(|pair| pair[1] < pair[0]).expect("the numbers begin anew");
        let (before, after) = sold.split_at(turn + 1);
        assert!(before.is_sorted() && after.is_sorted(), "{sold:?}");
        assert!(after[0] < 10, "{sold:?}");
        if losses == 0 {
            assert_eq!(sold, [1, 999_997, 999_998, 999_999, 1, 2, 3, 4]);
        }
        shop.settle();
        assert_eq!(shop.paid(), paid);
        assert_eq!(shop.settlements(), [(1, "balanced".to_owned()), (2, "balanced".to_owned())], "{sold:?}");
    }
}
