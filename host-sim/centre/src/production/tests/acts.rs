//! From the paid application to the card in its holder's hand, with everything that can go wrong on the way.

use proptest::prelude::*;
use serde_json::json;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::status::CardStatus;

use super::bench::{
    BANK_CARD, COUNTER, application, batch, deliver, failure, hand_over, made, make, open, pay, ready, report, stage,
};
use crate::ADMINISTRATOR;
use crate::life::bank::BankStatus;
use crate::life::card_file::{self, CardFile};
use crate::life::history;
use crate::orders::{self, OrderState};
use crate::slip::tests::acts::{APPLICATION, approve, payment};
use crate::store::value::values;
use crate::tests::acts::Bench;

fn order_state(bench: &mut Bench) -> OrderState {
    bench.within(|office| orders::get(office, APPLICATION).unwrap().unwrap().state)
}

fn record(bench: &Bench, card: &str) -> qiyong_protocol::rules::decision::CardRecord {
    bench.centre.card(&CardNumber::new(card.as_bytes()).unwrap()).unwrap().unwrap()
}

fn file(bench: &mut Bench, card: &str) -> CardFile {
    let number = CardNumber::new(card.as_bytes()).unwrap();
    bench.within(|office| card_file::find(office.store(), office.vault(), number).unwrap().unwrap())
}

/// How far the card is, in the three vocabularies.
fn progress(bench: &mut Bench) -> (String, u64, String) {
    let answer = bench.done("hotline", "production.progress", json!({"application": APPLICATION}));
    let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    (text("progress"), answer["jiangsu"].as_u64().unwrap_or(99), text("hunan"))
}

/// docs/centre.md §6.5.12: the chain, and what the centre learns by the report alone.
#[test]
pub(crate) fn a_card_is_made_and_handed_over() {
    let mut bench = ready(&|_| {});
    let told = |own: &str, jiangsu, hunan: &str| (own.to_owned(), jiangsu, hunan.to_owned());
    assert_eq!(progress(&mut bench), told("submitted", 1, "00"));
    bench.done("producer", "production.open", json!({"application": APPLICATION}));
    assert_eq!(progress(&mut bench), told("bank-opening", 5, "03"));
    // Asked again, the bank is asked again.
    bench.done("producer", "production.open", json!({"application": APPLICATION}));
    let opened = json!({"application": APPLICATION, "bank_card": BANK_CARD});
    assert_eq!(bench.done(COUNTER, "production.bank-answer", opened.clone())["changed"], true);
    assert_eq!(bench.done(COUNTER, "production.bank-answer", opened)["changed"], false);
    assert_eq!(progress(&mut bench), told("bank-opened", 6, "04"));
    let batch = batch(&mut bench, false);
    assert_eq!(batch["batch"], "320100202603020001");
    let card = make(&mut bench, &batch, 1);
    // The maker asks again, and gets the same card.
    let again = make(&mut bench, &batch, 1);
    assert_eq!((again.1.ident, &again.1.atr), (card.1.ident, &card.1.atr));
    assert_eq!(again.1.keys.irk.expose(), card.1.keys.irk.expose());
    assert!(card.0.pin == Pin::new(b"123456").unwrap());
    assert_eq!(progress(&mut bench), told("in-production", 7, "06"));
    let number = card.0.number.as_str().to_owned();
    assert!(bench.centre.card(&card.0.number).unwrap().is_none(), "the centre learns of the card by the report");
    bench.done("producer", "production.report", report(&batch, 1, &card));
    let known = record(&bench, &number);
    assert_eq!((known.status, known.pin_is_initial), (CardStatus::Inactive, true));
    assert_eq!((known.ident, known.expires, &known.name), (card.1.ident, card.0.expires, &card.0.holder));
    assert_eq!(file(&mut bench, &number).handed_over, None);
    assert_eq!(progress(&mut bench), told("produced", 8, "07"));
    bench.done("producer", "production.stock", json!({"cards": [number]}));
    assert_eq!(progress(&mut bench), told("city-stock", 9, "07"));
    bench.done("producer", "production.dispatch", json!({"outlet": "32010201", "cards": [number]}));
    assert_eq!(progress(&mut bench), told("on-the-way", 10, "09"));
    bench.done("issuer", "production.receive", json!({"cards": [number]}));
    assert_eq!(progress(&mut bench), told("at-outlet", 11, "09"));
    assert_eq!(bench.done("issuer", "production.receive", json!({"cards": [number]}))["changed"], 0);
    let handed = bench.done("issuer", "production.hand-over", hand_over(APPLICATION));
    assert_eq!((&handed["changed"], &handed["initial_pin"]), (&json!(true), &json!("123456")));
    assert_eq!(file(&mut bench, &number).handed_over, Some("2026-03-02T09:00:00".parse().unwrap()));
    let again = bench.done("issuer", "production.hand-over", hand_over(APPLICATION));
    assert_eq!((&again["changed"], &again["initial_pin"]), (&json!(false), &json!(null)));
    assert_eq!(progress(&mut bench), told("collected", 12, "10"));
    assert_eq!(order_state(&mut bench), OrderState::Completed);
    let shown = bench.done("producer", "production.show", json!({"application": APPLICATION}));
    let steps: Vec<_> = shown["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    let expected = [
        "ask-bank",
        "ask-bank",
        "bank-opens",
        "batch",
        "personalise",
        "report-made",
        "stock",
        "dispatch",
        "receive",
        "hand-over",
    ];
    assert_eq!(steps, expected);
    assert_eq!((&shown["production"]["waiting"], &shown["position"]), (&json!(null), &json!("3-17")));
}

/// The bank refuses: another bank, a correction, or the end.
#[test]
pub(crate) fn a_bank_refuses_and_there_is_always_a_way_on() {
    let mut bench = ready(&|_| {});
    bench.done("producer", "production.open", json!({"application": APPLICATION}));
    let refused = json!({"application": APPLICATION, "reason": "risk"});
    assert_eq!(bench.done(COUNTER, "production.bank-answer", refused.clone())["stage"], "bank-refused");
    assert_eq!(bench.done(COUNTER, "production.bank-answer", refused)["changed"], false);
    let told = bench.done("clerk", "production.progress", json!({"application": APPLICATION}));
    assert_eq!((&told["progress"], &told["hunan"]), (&json!("opening-failed"), &json!("05")));
    assert!(told["next_en"].as_str().unwrap().contains("another bank"));
    bench.done("producer", "production.open", json!({"application": APPLICATION, "bank": "95599"}));
    bench.done("producer", "production.bank-answer", json!({"application": APPLICATION, "reason": "name-differs"}));
    assert_eq!(bench.done("producer", "production.send-back", json!({"application": APPLICATION}))["changed"], true);
    assert_eq!(bench.done("producer", "production.send-back", json!({"application": APPLICATION}))["changed"], false);
    assert_eq!(order_state(&mut bench), OrderState::Returned);
    assert_eq!(
        bench.refused("producer", "production.open", json!({"application": APPLICATION})),
        "production-not-ready"
    );
    // Corrected, approved again, not paid for again, and asked at the bank that the application names now.
    approve(&mut bench, APPLICATION, &|order| order.bank = "95566".into());
    assert_eq!(bench.done("cashier", "slip.issue", json!({"application": APPLICATION}))["settled"], true);
    bench.done("producer", "production.open", json!({"application": APPLICATION}));
    let listed = bench.done("producer", "production.list", json!({"stage": "bank-opening", "bank": "95566"}));
    assert_eq!(listed["productions"][0]["application"], APPLICATION);
    assert_eq!(bench.done("producer", "production.give-up", json!({"application": APPLICATION}))["changed"], true);
    assert_eq!(bench.done("producer", "production.give-up", json!({"application": APPLICATION}))["changed"], false);
    assert_eq!(order_state(&mut bench), OrderState::Withdrawn);
    assert_eq!(bench.refused("producer", "production.open", json!({"application": APPLICATION})), "production-stage");
    let told = bench.done("clerk", "production.progress", json!({"application": APPLICATION}));
    assert_eq!(told["progress"], json!(null));
    // The fee goes back to the payer.
    let slip = bench.done("cashier", "slip.list", json!({"state": "paid"}))["slips"][0]["slip"]["number"].clone();
    let back = json!({"number": slip, "reference": format!("R-{APPLICATION}")});
    assert_eq!(bench.done("cashier", "slip.cancel", back)["state"], "unpaid");
}

/// A line fails at the maker, another at the bank; both are made again, with new numbers.
#[test]
pub(crate) fn a_failed_line_is_made_again() {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let first = batch(&mut bench, false);
    let (old, _) = make(&mut bench, &first, 1);
    assert_eq!(
        bench.done("producer", "production.report", failure(&first, 1, "production"))["stage"],
        "production-failed"
    );
    assert_eq!(bench.done("producer", "production.report", failure(&first, 1, "production"))["changed"], false);
    let shown = bench.done("producer", "production.batch-show", json!({"batch": first["batch"]}));
    assert_eq!(
        (&shown["lines"][0]["outcome"], &shown["lines"][0]["reason"]),
        (&json!("production"), &json!("芯片损坏"))
    );
    let second = batch(&mut bench, false);
    let (new, _) = make(&mut bench, &second, 1);
    assert_ne!(new.number, old.number);
    assert_eq!(bench.done("producer", "production.report", failure(&second, 1, "bank"))["stage"], "bank-refused");
    open(&mut bench, APPLICATION);
    let third = batch(&mut bench, false);
    let number = made(&mut bench, &third, 1);
    assert_eq!(
        bench.done("producer", "production.show", json!({"application": APPLICATION}))["production"]["attempts"],
        3
    );
    // Lost on its way: void, and made once more.
    bench.done("producer", "production.stock", json!({"cards": [number]}));
    let lost = json!({"cards": [number], "reason": "lost in the post"});
    assert_eq!(bench.done("producer", "production.lose", lost.clone())["changed"], 1);
    assert_eq!(bench.done("producer", "production.lose", lost)["changed"], 0);
    assert_eq!(record(&bench, &number).status, CardStatus::Cancelled);
    let fourth = batch(&mut bench, false);
    let last = made(&mut bench, &fourth, 1);
    deliver(&mut bench, &last);
    bench.done("issuer", "production.hand-over", hand_over(APPLICATION));
    assert_eq!(record(&bench, &last).status, CardStatus::Inactive);
}

/// 即制卡: the outlet makes the card and has it at once.
#[test]
pub(crate) fn an_instant_card_is_at_the_outlet_when_it_is_reported() {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, true);
    made(&mut bench, &batch, 1);
    assert_eq!(stage(&mut bench, APPLICATION), "at-outlet");
    bench.done("issuer", "production.hand-over", hand_over(APPLICATION));
}

/// A unit's agent takes the cards of its people and distributes them; one comes back.
#[test]
pub(crate) fn a_units_agent_distributes() {
    let mut bench = ready(&|order| order.particulars.unit = Some("91320100000000000X".into()));
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, true);
    made(&mut bench, &batch, 1);
    let mut claim = hand_over(APPLICATION);
    for (field, value) in [
        ("collector", json!("unit-agent")),
        ("unit", json!("91320100000000000X")),
        ("licence", json!("F-1")),
        ("authority", json!("F-2")),
    ] {
        claim[field] = value;
    }
    assert_eq!(bench.done("issuer", "production.hand-over", claim.clone())["stage"], "with-unit");
    assert_eq!(bench.done("issuer", "production.take-back", json!({"application": APPLICATION}))["changed"], true);
    assert_eq!(bench.done("issuer", "production.take-back", json!({"application": APPLICATION}))["changed"], false);
    bench.done("issuer", "production.hand-over", claim);
    let signed = json!({"application": APPLICATION, "receipt": "F-3"});
    assert_eq!(bench.done("issuer", "production.distribute", signed.clone())["changed"], true);
    assert_eq!(bench.done("issuer", "production.distribute", signed)["changed"], false);
    assert_eq!(order_state(&mut bench), OrderState::Completed);
}

/// Nobody collects the card: after its term it goes back to stock, from where it can come again or is destroyed.
#[test]
pub(crate) fn an_uncollected_card_goes_back_and_is_destroyed() {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let batch = batch(&mut bench, true);
    let number = made(&mut bench, &batch, 1);
    let cards = json!({"cards": [number]});
    assert_eq!(bench.refused("issuer", "production.recall", cards.clone()), "production-collect-term");
    bench.clock.set("2026-06-01T09:00:00".parse().unwrap());
    let listed = bench.done("issuer", "production.list", json!({"stage": "at-outlet"}));
    assert_eq!(listed["productions"][0]["late"], true);
    assert_eq!(bench.done("issuer", "production.recall", cards.clone())["changed"], 1);
    assert_eq!(bench.done("issuer", "production.recall", cards.clone())["changed"], 0);
    // The holder comes after all.
    bench.done("producer", "production.dispatch", json!({"outlet": "32010201", "cards": [number]}));
    bench.done("issuer", "production.receive", cards.clone());
    bench.clock.set("2026-10-01T09:00:00".parse().unwrap());
    bench.done("issuer", "production.recall", cards.clone());
    assert_eq!(bench.done("producer", "production.destroy", cards.clone())["changed"], 1);
    assert_eq!(bench.done("producer", "production.destroy", cards)["changed"], 0);
    assert_eq!(record(&bench, &number).status, CardStatus::Cancelled);
    assert_eq!(order_state(&mut bench), OrderState::Withdrawn);
}

/// A new card ends the one that it replaces, when its holder has it and not before.
#[test]
pub(crate) fn a_replacement_ends_the_old_card() {
    let mut bench = ready(&|_| {});
    open(&mut bench, APPLICATION);
    let first = batch(&mut bench, true);
    let old = made(&mut bench, &first, 1);
    bench.done("issuer", "production.hand-over", hand_over(APPLICATION));
    let next = application(2);
    pay(&mut bench, &next, &|order| {
        order.kind = "replacement".into();
        order.reason = Some("damage".into());
        order.old_card = Some(old.clone());
    });
    open(&mut bench, &next);
    let second = batch(&mut bench, true);
    let new = made(&mut bench, &second, 1);
    assert_eq!(record(&bench, &old).status, CardStatus::Inactive);
    bench.done("issuer", "production.hand-over", hand_over(&next));
    assert_eq!(record(&bench, &new).status, CardStatus::Inactive);
    let ended = file(&mut bench, &old);
    assert_eq!((ended.status, ended.bank_status), (CardStatus::Cancelled, BankStatus::Blocked));
    assert_eq!(ended.ended_because.as_deref(), Some("replaced"));
    let told = bench.within(|office| history::of(office, ended.number, 0, 10).unwrap());
    assert_eq!(told.iter().map(|event| event.act.as_str()).collect::<Vec<_>>(), ["supersede", "supersede"]);
}

/// A drawn PIN differs from card to card, is shown once, and stands nowhere in the clear.
#[test]
pub(crate) fn a_random_pin_is_drawn_shown_once_and_forgotten() {
    let mut bench = Bench::new();
    let found = bench.done(ADMINISTRATOR, "parameter.list", json!({"name": "production.settings"}));
    let mut settings = found["parameters"][0]["value"].clone();
    settings["initial_pin"] = json!({"random": 12});
    bench.done(
        ADMINISTRATOR,
        "parameter.set",
        json!({"name": "production.settings", "since": "2026-03-02", "value": settings}),
    );
    let mut pins = Vec::new();
    for at in 0..2 {
        let application = application(at);
        pay(&mut bench, &application, &|_| {});
        open(&mut bench, &application);
        let batch = batch(&mut bench, true);
        let (new, _) = make(&mut bench, &batch, 1);
        made(&mut bench, &batch, 1);
        let kept = |bench: &mut Bench| {
            bench.within(|office| {
                let sql = "SELECT pin FROM batch_lines WHERE area = $1 AND application = $2";
                let row = office.store().find(sql, values![office.area(), application]).unwrap().unwrap();
                row.get::<Option<Vec<u8>>>("pin").unwrap()
            })
        };
        assert!(kept(&mut bench).is_some_and(|sealed| sealed.len() > 12));
        let handed = bench.done("issuer", "production.hand-over", hand_over(&application));
        let pin = handed["initial_pin"].as_str().unwrap().to_owned();
        assert!(pin.len() == 12 && new.pin == Pin::new(pin.as_bytes()).unwrap());
        assert_eq!(kept(&mut bench), None);
        pins.push(pin);
    }
    assert_ne!(pins[0], pins[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// However a batch's lines are reported, in which order and how often: the same cards, stages and money.
    #[test]
    fn reports_in_any_order_leave_one_outcome(
        order in proptest::collection::vec(0..4usize, 4..20),
        fails in proptest::collection::vec(0..3u8, 4),
    ) {
        let mut bench = Bench::new();
        for at in 0..4 {
            pay(&mut bench, &application(at), &|_| {});
            open(&mut bench, &application(at));
        }
        let batch = batch(&mut bench, false);
        let bodies: Vec<_> = (0..4)
            .map(|at| {
                let line = at as i64 + 1;
                let card = make(&mut bench, &batch, line);
                match fails[at] {
                    0 => report(&batch, line, &card),
                    1 => failure(&batch, line, "production"),
                    _ => failure(&batch, line, "bank"),
                }
            })
            .collect();
        for at in order.into_iter().chain(0..4) {
            bench.done("producer", "production.report", bodies[at].clone());
        }
        for (at, body) in bodies.iter().enumerate() {
            let expected = ["made", "production-failed", "bank-refused"][usize::from(fails[at])];
            prop_assert_eq!(stage(&mut bench, &application(at)), expected);
            prop_assert_eq!(&bench.done("producer", "production.report", body.clone())["changed"], &json!(false));
            // The other report of the same line is refused, whichever came first.
            let other = if fails[at] == 1 { "bank" } else { "production" };
            let other = failure(&batch, at as i64 + 1, other);
            prop_assert_eq!(bench.refused("producer", "production.report", other), "production-reported-otherwise");
        }
        let cards = bench.within(|office| {
            let row = office.store().find("SELECT count(*) AS n FROM cards WHERE area = $1", values![office.area()]);
            row.unwrap().unwrap().get::<i64>("n").unwrap()
        });
        prop_assert_eq!(cards as usize, fails.iter().filter(|fails| **fails == 0).count());
    }
}

/// A slip that is paid after its application was given up is not taken.
#[test]
pub(crate) fn nobody_pays_for_what_was_given_up() {
    let mut bench = ready(&|_| {});
    bench.done("producer", "production.open", json!({"application": APPLICATION}));
    bench.done("producer", "production.give-up", json!({"application": APPLICATION}));
    let slip = bench.done("cashier", "slip.list", json!({"state": "paid"}))["slips"][0]["slip"].clone();
    let back = json!({"number": slip["number"], "reference": format!("R-{APPLICATION}")});
    bench.done("cashier", "slip.cancel", back);
    assert_eq!(bench.refused("cashier", "slip.pay", payment(&slip, "R-2")), "slip-not-approved");
}
