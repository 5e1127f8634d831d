//! The acts about slips, from the approved application to the money at the finance authority.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::ledger::{self, Account};
use crate::orders::{self, Exemption, NewOrder, OrderState, OrderStep, Particulars};
use crate::slip::refusal::SlipRefusal;
use crate::store::value::values;
use crate::tests::acts::Bench;
use crate::{ADMINISTRATOR, persons};

pub(crate) const APPLICATION: &str = "320100202603020000017";

/// An approved application of a new person.
pub(crate) fn approve(bench: &mut Bench, application: &str, change: &dyn Fn(&mut NewOrder)) {
    bench.within(|office| {
        let particulars = persons::Particulars {
            name: "张三".into(),
            document: "111111198101011110".into(),
            sex: 1,
            born: "1981-01-01".parse().unwrap(),
            address: String::new(),
            telephone: String::new(),
        };
        let person = match persons::find_by_document(office, "id-card", &particulars.document).unwrap() {
            Some(person) => person.number.clone(),
            None => persons::add(office, &particulars, ("id-card", None), "employee").unwrap(),
        };
        let mut order = NewOrder {
            application: application.into(),
            person,
            kind: "new".into(),
            reason: None,
            exemption: None,
            old_card: None,
            bank: "95588".into(),
            outlet: "32010201".into(),
            particulars: Particulars {
                id_number: "111111198101011110".into(),
                ethnicity: 1,
                guardian: None,
                unit: None,
            },
        };
        change(&mut order);
        assert!(orders::place(office, &order).unwrap());
    });
}

fn issue(bench: &mut Bench) -> Value {
    bench.done("cashier", "slip.issue", json!({"application": APPLICATION}))
}

/// The body of a payment of this slip.
pub(crate) fn payment(slip: &Value, reference: &str) -> Value {
    json!({
        "number": slip["number"], "number_check": slip["number_check"], "whole_check": slip["whole_check"],
        "reference": reference, "amount": slip["total"], "paid": slip["issued"], "channel": "cash"
    })
}

fn cancel(slip: &Value, reference: &str) -> Value {
    json!({"number": slip["number"], "reference": reference})
}

fn state(bench: &mut Bench) -> OrderState {
    bench.within(|office| orders::get(office, APPLICATION).unwrap().unwrap().state)
}

/// Fee and finance.
fn money(bench: &mut Bench) -> (i64, i64) {
    bench.within(|office| {
        let balance = |account| ledger::balance(office.store(), office.area(), &account).unwrap();
        assert_eq!(
            balance(Account::Outside("card-fee-payers".into())),
            -balance(Account::Fee) - balance(Account::Finance)
        );
        (balance(Account::Fee), balance(Account::Finance))
    })
}

/// docs/centre.md §6.5.11: done, done before, and the way back of the money.
#[test]
pub(crate) fn a_slip_is_issued_paid_and_remitted() {
    let mut bench = Bench::new();
    approve(&mut bench, APPLICATION, &|_| {});
    let issued = issue(&mut bench);
    assert_eq!((&issued["changed"], &issued["settled"]), (&json!(true), &json!(false)));
    let slip = issued["slip"].clone();
    assert_eq!((&slip["total"], &slip["due"], &slip["payer"]), (&json!(2_000), &json!("2026-04-01"), &json!("张三")));
    let again = issue(&mut bench);
    assert_eq!((&again["changed"], &again["slip"]), (&json!(false), &slip));
    // A bank finds it by its code.
    let at_hand = json!({"number": slip["payment_code"], "whole_check": slip["whole_check"]});
    let found = bench.done("bank-counter", "slip.show", at_hand);
    assert_eq!((&found["slip"], &found["state"], &found["waiting"]["until"]), (&slip, &json!("unpaid"), &slip["due"]));
    let picture = bench.done("cashier", "slip.print", json!({"number": slip["number"]}));
    assert!(picture["svg"].as_str().unwrap().contains("贰拾元整"));

    let paid = bench.done("cashier", "slip.pay", payment(&slip, "R-1"));
    assert_eq!(paid, json!({"result": "done", "state": "paid"}));
    assert_eq!(bench.done("cashier", "slip.pay", payment(&slip, "R-1"))["result"], "already-done");
    assert_eq!((state(&mut bench), money(&mut bench)), (OrderState::Ready, (2_000, 0)));
    assert_eq!(bench.done("cashier", "slip.list", json!({"state": "paid"}))["slips"].as_array().unwrap().len(), 1);
    assert_eq!(bench.done("cashier", "slip.remit", json!({})), json!({"slips": 1, "total": 2_000, "more": false}));
    assert_eq!(bench.done("cashier", "slip.remit", json!({}))["slips"], 0);
    assert_eq!(money(&mut bench), (0, 2_000));
    let settled = issue(&mut bench);
    assert_eq!((&settled["settled"], &settled["changed"]), (&json!(true), &json!(false)));

    // The card cannot be made; the payer has the money back, from the finance authority.
    assert_eq!(
        bench.done("cashier", "slip.cancel", cancel(&slip, "R-1")),
        json!({"result": "done", "state": "unpaid"})
    );
    assert_eq!(bench.done("cashier", "slip.cancel", cancel(&slip, "R-1"))["result"], "already-done");
    assert_eq!((state(&mut bench), money(&mut bench)), (OrderState::Approved, (0, 0)));
    assert_eq!(bench.done("cashier", "slip.void", json!({"number": slip["number"]})), json!({"changed": true}));
    assert_eq!(bench.done("cashier", "slip.void", json!({"number": slip["number"]})), json!({"changed": false}));
    assert_ne!(issue(&mut bench)["slip"]["number"], slip["number"]);
    assert_eq!(bench.centre.verify().unwrap()[0].2, None);
}

#[test]
pub(crate) fn a_free_card_needs_no_slip() {
    let mut bench = Bench::new();
    approve(&mut bench, APPLICATION, &|order| order.exemption = Some(Exemption::LowIncome));
    assert_eq!(issue(&mut bench), json!({"changed": true, "settled": true, "slip": null}));
    assert_eq!(issue(&mut bench), json!({"changed": false, "settled": true, "slip": null}));
    assert_eq!(state(&mut bench), OrderState::Ready);
}

/// A name is not found by counting up numbers; money is taken and given back where it belongs.
#[test]
pub(crate) fn others_see_no_name_and_move_no_money() {
    let mut bench = Bench::new();
    approve(&mut bench, APPLICATION, &|_| {});
    let slip = issue(&mut bench)["slip"].clone();
    let outlet = json!({
        "code": "32010401", "kind": "outlet", "region": "320104", "name": "x", "approval": "1", "establishment": "1"
    });
    bench.done(ADMINISTRATOR, "outlet.open", outlet);
    let far = json!({"id": "far-cashier", "role": "cashier", "outlet": "32010401", "name": "x"});
    bench.done(ADMINISTRATOR, "operator.add", far);
    bench.done("settlement-officer", "institution.register", json!({"code": "B32010200001", "name": "x"}));
    let counter = json!({"id": "counter", "role": "bank-counter", "outlet": "B32010200001", "name": "x"});
    bench.done(ADMINISTRATOR, "operator.add", counter);
    for who in ["far-cashier", "counter"] {
        for by in ["number", "payment_code"] {
            let shown = bench.done(who, "slip.show", json!({"number": slip[by]}));
            assert_eq!((&shown["slip"]["payer"], &shown["slip"]["total"]), (&json!("张**"), &slip["total"]));
        }
        let at_hand = json!({"number": slip["number"], "whole_check": slip["whole_check"]});
        assert_eq!(bench.done(who, "slip.show", at_hand)["slip"]["payer"], "张三");
        assert_eq!(bench.refused(who, "slip.print", json!({"number": slip["number"]})), "other-outlet");
    }
    assert_eq!(bench.refused("far-cashier", "slip.issue", json!({"application": APPLICATION})), "other-outlet");
    assert_eq!(bench.refused("far-cashier", "slip.pay", payment(&slip, "R-1")), "other-outlet");
    assert_eq!(bench.refused("far-cashier", "slip.void", json!({"number": slip["number"]})), "other-outlet");
    // A bank takes no cash for the outlet, and gives none back.
    assert_eq!(bench.refused("counter", "slip.pay", payment(&slip, "R-1")), "value-not-allowed");
    bench.done("cashier", "slip.pay", payment(&slip, "R-1"));
    for who in ["far-cashier", "counter"] {
        assert_eq!(bench.refused(who, "slip.cancel", cancel(&slip, "R-1")), "other-outlet");
    }
    assert_eq!(money(&mut bench), (2_000, 0));
    bench.done("cashier", "slip.cancel", cancel(&slip, "R-1"));
    let mut at_bank = payment(&slip, "R-2");
    at_bank["channel"] = json!("bank");
    bench.done("counter", "slip.pay", at_bank);
    // Another bank's counter gives nothing of it back, nor tells again of what another has cancelled.
    bench.done("settlement-officer", "institution.register", json!({"code": "B32010200002", "name": "x"}));
    let other = json!({"id": "other-counter", "role": "bank-counter", "outlet": "B32010200002", "name": "x"});
    bench.done(ADMINISTRATOR, "operator.add", other);
    assert_eq!(bench.refused("other-counter", "slip.cancel", cancel(&slip, "R-2")), "other-outlet");
    assert_eq!(money(&mut bench), (2_000, 0));
    bench.done("counter", "slip.cancel", cancel(&slip, "R-2"));
    assert_eq!(bench.done("counter", "slip.cancel", cancel(&slip, "R-2"))["result"], "already-done");
    assert_eq!(bench.refused("other-counter", "slip.cancel", cancel(&slip, "R-2")), "other-outlet");
    bench.done("other-counter", "slip.cancel", cancel(&slip, "R-3"));
    assert_eq!(bench.refused("counter", "slip.cancel", cancel(&slip, "R-3")), "other-outlet");
    assert_eq!(money(&mut bench), (0, 0));
}

/// What was paid for stays paid when the application goes back and comes again.
#[test]
pub(crate) fn an_application_that_comes_again_pays_once() {
    let mut bench = Bench::new();
    approve(&mut bench, APPLICATION, &|_| {});
    let slip = issue(&mut bench)["slip"].clone();
    bench.done("cashier", "slip.pay", payment(&slip, "R-1"));
    for step in [OrderStep::Produce, OrderStep::SendBack] {
        assert!(bench.within(|office| orders::step(office, APPLICATION, step).unwrap()));
    }
    assert_eq!(bench.refused("cashier", "slip.issue", json!({"application": APPLICATION})), "slip-not-approved");
    approve(&mut bench, APPLICATION, &|order| order.bank = "95599".into());
    let again = issue(&mut bench);
    assert_eq!((&again["settled"], &again["slip"]), (&json!(true), &slip));
    assert_eq!((state(&mut bench), money(&mut bench)), (OrderState::Ready, (2_000, 0)));
}

#[test]
pub(crate) fn an_overdue_slip_gives_way_to_a_new_one() {
    let mut bench = Bench::new();
    approve(&mut bench, APPLICATION, &|_| {});
    let slip = issue(&mut bench)["slip"].clone();
    bench.clock.set("2026-04-02T09:00:00".parse().unwrap());
    let next = issue(&mut bench)["slip"].clone();
    assert_eq!((&next["issued"], &next["due"]), (&json!("2026-04-02"), &json!("2026-05-02")));
    assert_eq!(bench.refused("cashier", "slip.pay", payment(&slip, "R-1")), "slip-void");
    assert_eq!(bench.refused("cashier", "slip.print", json!({"number": slip["number"]})), "slip-void");
    bench.done("cashier", "slip.pay", payment(&next, "R-1"));
    // Its payment is cancelled after its term: it is void at once.
    bench.clock.set("2026-05-03T09:00:00".parse().unwrap());
    bench.done("cashier", "slip.cancel", cancel(&next, "R-1"));
    assert_eq!(bench.refused("cashier", "slip.pay", payment(&next, "R-2")), "slip-void");
    assert_eq!(bench.refused("bank-counter", "slip.show", json!({"number": "nothing"})), "slip-unknown");
}

/// Every refusal code of the room is reached by an act, nothing changes, and each has words in both languages.
#[test]
pub(crate) fn every_refusal_is_reached_and_changes_nothing() {
    let mut bench = Bench::new();
    let mut reached = HashSet::new();
    approve(&mut bench, APPLICATION, &|_| {});
    let slip = issue(&mut bench)["slip"].clone();
    let other_application = "320100202603020000025";
    approve(&mut bench, other_application, &|_| {});
    let other = bench.done("cashier", "slip.issue", json!({"application": other_application}))["slip"].clone();
    let with = |slip: &Value, field: &str, value: Value| {
        let mut body = payment(slip, "R-9");
        body[field] = value;
        body
    };
    let mut refuse = |bench: &mut Bench, act: &str, body: Value, code: &'static str| {
        let before = money(bench);
        let refusal = bench.act("cashier", act, body).expect_err(code);
        assert_eq!(refusal.code, code);
        assert!(!refusal.zh.is_ascii() && !refusal.next_zh.is_ascii());
        assert!(refusal.en.is_ascii() && refusal.next_en.is_ascii() && !refusal.next_en.is_empty());
        assert_eq!(money(bench), before);
        reached.insert(code);
    };
    refuse(&mut bench, "slip.issue", json!({"application": "1"}), "slip-not-approved");
    refuse(&mut bench, "slip.show", json!({"number": "320100202600000099"}), "slip-unknown");
    refuse(&mut bench, "slip.pay", with(&slip, "number_check", json!("00000")), "slip-number-check");
    refuse(&mut bench, "slip.pay", with(&slip, "whole_check", json!("00000")), "slip-whole-check");
    let forged = json!({"number": slip["number"], "whole_check": other["whole_check"]});
    refuse(&mut bench, "slip.show", forged, "slip-whole-check");
    refuse(&mut bench, "slip.pay", with(&slip, "reference", json!("'; --")), "slip-reference");
    refuse(&mut bench, "slip.pay", with(&slip, "amount", json!(1_999)), "slip-amount");
    refuse(&mut bench, "slip.pay", with(&slip, "amount", json!(-2_000)), "slip-amount");
    refuse(&mut bench, "slip.pay", with(&slip, "paid", json!("2026-03-03")), "slip-payment-day");
    bench.done("cashier", "slip.pay", payment(&slip, "R-1"));
    refuse(&mut bench, "slip.pay", payment(&slip, "R-2"), "slip-paid-otherwise");
    refuse(&mut bench, "slip.pay", payment(&other, "R-1"), "slip-reference-used");
    refuse(&mut bench, "slip.cancel", cancel(&other, "R-1"), "slip-reference-used");
    let mut more = payment(&slip, "R-1");
    more["amount"] = json!(3_000);
    refuse(&mut bench, "slip.pay", more, "slip-payment-differs");
    refuse(&mut bench, "slip.void", json!({"number": slip["number"]}), "slip-paid");
    bench.within(|office| orders::step(office, APPLICATION, OrderStep::Produce).unwrap());
    refuse(&mut bench, "slip.cancel", cancel(&slip, "R-1"), "slip-fee-used");
    bench.done("cashier", "slip.cancel", cancel(&other, "R-3"));
    refuse(&mut bench, "slip.pay", payment(&other, "R-3"), "slip-payment-cancelled");
    bench.clock.set("2026-04-02T09:00:00".parse().unwrap());
    refuse(&mut bench, "slip.pay", with(&other, "paid", json!("2026-04-02")), "slip-overdue");
    bench.done("cashier", "slip.void", json!({"number": other["number"]}));
    refuse(&mut bench, "slip.pay", payment(&other, "R-4"), "slip-void");
    bench.within(|office| {
        office
            .store()
            .execute(
                "UPDATE numbers SET last = 99999999 WHERE area = $1 AND kind = 'slip-2026'",
                values![office.area()],
            )
            .unwrap()
    });
    refuse(&mut bench, "slip.issue", json!({"application": other_application}), "slip-no-number");
    bench.within(|office| {
        let broken = json!({
            "unit": {"code": "1", "name": "1", "bank": "1", "account_holder": "1", "account": "1"},
            "item_code": "1", "item_name": "1", "due_days": 1, "rules": []
        });
        let today = office.today();
        crate::configuration::keep(office.store(), office.area(), "slip.fee", today, &broken.to_string()).unwrap();
    });
    refuse(&mut bench, "slip.issue", json!({"application": other_application}), "slip-no-rate");
    let all: HashSet<_> = SlipRefusal::ALL.iter().copied().collect();
    assert_eq!(reached, all);
}

#[test]
pub(crate) fn the_fee_can_be_set_and_wrong_ones_are_refused() {
    let mut bench = Bench::new();
    let fee = |rules: Value| {
        json!({"name": "slip.fee", "since": "2026-03-02", "value": {
            "unit": {"code": "1", "name": "1", "bank": "1", "account_holder": "1", "account": "1"},
            "item_code": "1", "item_name": "1", "due_days": 10, "rules": rules
        }})
    };
    assert_eq!(bench.refused(ADMINISTRATOR, "parameter.set", fee(json!([]))), "value-not-allowed");
    bench.done(ADMINISTRATOR, "parameter.set", fee(json!([{"amount": 2_500}])));
    approve(&mut bench, APPLICATION, &|_| {});
    let slip = issue(&mut bench)["slip"].clone();
    assert_eq!((&slip["total"], &slip["due"]), (&json!(2_500), &json!("2026-03-12")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Over the acts and the ledger as over the rules: any order of messages, and of repetitions, leaves one outcome.
    #[test]
    fn messages_in_any_order_leave_one_outcome(messages in proptest::collection::vec((0..3u8, 1..3u8), 1..14)) {
        let mut bench = Bench::new();
        approve(&mut bench, APPLICATION, &|_| {});
        let slip = issue(&mut bench)["slip"].clone();
        for (what, by) in &messages {
            let reference = format!("R-{by}");
            let _ = match what {
                0 => bench.act("cashier", "slip.pay", payment(&slip, &reference)),
                1 => bench.act("cashier", "slip.cancel", cancel(&slip, &reference)),
                _ => bench.act("cashier", "slip.remit", json!({})),
            };
            let (fee, finance) = money(&mut bench);
            let ready = state(&mut bench) == OrderState::Ready;
            prop_assert!((fee + finance == 2_000) == ready && fee * finance == 0);
        }
        // Whoever is sure that nothing comes any more repeats everything: no answer changes the outcome.
        let outcome = (money(&mut bench), state(&mut bench));
        let cancelled = |by: &u8| messages.iter().any(|(what, of)| (*what, of) == (1, by));
        if [1, 2].iter().all(cancelled) {
            prop_assert_eq!(&outcome, &((0, 0), OrderState::Approved));
        }
        for (what, by) in messages.iter().filter(|(what, by)| *what == 1 || cancelled(by)) {
            let reference = format!("R-{by}");
            let _ = match what {
                0 => bench.act("cashier", "slip.pay", payment(&slip, &reference)),
                _ => bench.act("cashier", "slip.cancel", cancel(&slip, &reference)),
            };
        }
        prop_assert_eq!((money(&mut bench), state(&mut bench)), outcome);
        prop_assert_eq!(&bench.centre.verify().unwrap()[0].2, &None);
    }
}
