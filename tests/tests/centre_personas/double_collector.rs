//! Two people, or one person twice, come for one card, one fee, one account.

use std::thread;

use serde_json::{Value, json};

use qiyong_tests::centre::applicants::{Person, payment};

use super::{Nothing, Refused, Scene, attempt, with};

#[test]
fn nobody_collects_twice() {
    let [waiting, holder, thief, lost, paid] = [
        Person::new("孙待领", 401),
        Person::new("周已领", 403),
        Person::new("吴冒领", 405),
        Person::new("郑补卡", 407),
        Person::new("冯退费", 409),
    ];
    let scene = Scene::new(&[&waiting, &holder, &thief, &lost, &paid]);
    let town = &scene.town;
    let (at_outlet, card, slip) = town.at_outlet(&waiting, "R-WAITING");
    let (collected, held) = town.handed_over(&holder, "R-HELD");
    let (old_application, old) = town.handed_over(&lost, "R-OLD");
    // The old card was lost and replaced; the new one is in the holder's hand.
    let loss = json!({"card": old, "holder": lost.shown(), "function": "social"});
    town.done("issuer", "life.confirm-loss", loss.clone());
    let mut form = lost.form();
    for (field, value) in [("kind", json!("replacement")), ("reason", json!("loss")), ("old_card", old.clone())] {
        form[field] = value;
    }
    let replacing = town.file(&form);
    town.submit(&replacing);
    let fee = town.approve(&replacing);
    town.done("cashier", "slip.pay", payment(&fee, "R-NEW"));
    let new = town.make(&replacing);
    town.done("issuer", "production.hand-over", lost.collects(&replacing));
    let (given_up, back) = town.paid(&paid, "R-GIVEN-UP");
    town.done("producer", "production.open", json!({"application": given_up}));
    town.done("producer", "production.give-up", json!({"application": given_up}));
    let refund = json!({"number": back["number"], "reference": "R-GIVEN-UP"});
    town.done("cashier", "slip.cancel", refund.clone());

    let mine = waiting.collects(&at_outlet);
    let agent = |holder: &Person, application: &Value| {
        json!({
            "application": application, "collector": "agent", "phone": "13812345678", "document": thief.original(),
            "holder_document": holder.original(), "authority": "file 1"
        })
    };
    let without = |field: &str| with(&agent(&waiting, &at_outlet), field, Value::Null);
    let own = |field: &str, value: Value| with(&mine, field, value);
    let copy = with(&waiting.original(), "original", json!(false));
    let expired = with(&waiting.original(), "expires", json!("2026-03-01"));
    let unit = with(&with(&agent(&waiting, &at_outlet), "collector", json!("unit-agent")), "unit", json!("U1"));
    let again = with(&form, "old_card", old.clone());
    let hand = |what, body, code| attempt(what, "issuer", "production.hand-over", body, Refused(code));
    let used = |what, act, who: &Person, code| {
        attempt(what, "issuer", act, json!({"card": old, "holder": who.shown(), "function": "social"}), Refused(code))
    };
    let attempts = vec![
        hand("with a document of one's own", own("document", thief.original()), "production-document-of-another"),
        hand("with a copy", own("document", copy), "production-no-original"),
        hand("with a document that has expired", own("document", expired), "production-document-expired"),
        hand("without a telephone number", own("phone", json!("1")), "production-phone"),
        hand("an agent without the holder's document", without("holder_document"), "production-holder-document"),
        hand("an agent without authority", without("authority"), "production-authority"),
        hand(
            "an agent with another's document for the holder's",
            with(&agent(&waiting, &at_outlet), "holder_document", holder.original()),
            "production-document-of-another",
        ),
        hand(
            "an agent who is the holder twice",
            with(&agent(&waiting, &at_outlet), "document", waiting.original()),
            "production-agent-is-holder",
        ),
        hand("a guardian of somebody of age", own("collector", json!("guardian")), "production-holder-of-age"),
        hand("an agent of a unit that did not apply", unit, "production-other-unit"),
        hand("an agent after the holder", agent(&holder, &collected), "production-stage"),
        hand(
            "a thief with the holder's claim after the holder",
            with(&holder.collects(&collected), "document", thief.original()),
            "production-document-of-another",
        ),
        attempt(
            "the holder once more, for the PIN",
            "issuer",
            "production.hand-over",
            holder.collects(&collected),
            Nothing,
        ),
        hand("the old card after its replacement, by an agent", agent(&lost, &old_application), "production-stage"),
        attempt(
            "says that the unit's agent had it",
            "issuer",
            "production.distribute",
            json!({"application": at_outlet, "receipt": "x"}),
            Refused("production-stage"),
        ),
        attempt(
            "takes a card back that its holder has",
            "issuer",
            "production.take-back",
            json!({"application": collected}),
            Refused("production-stage"),
        ),
        attempt(
            "has it made again as lost in the post",
            "issuer",
            "production.lose",
            json!({"cards": [held], "reason": "lost"}),
            Refused("production-stage"),
        ),
        attempt(
            "has it made again as spoilt",
            "producer",
            "production.open",
            json!({"application": collected}),
            Refused("production-stage"),
        ),
        attempt(
            "applies for a first card a second time",
            "clerk",
            "application.file",
            json!({"form": holder.form()}),
            Refused("life-has-card"),
        ),
        attempt(
            "replaces a card that was replaced",
            "clerk",
            "application.file",
            json!({"form": again}),
            Refused("life-replace-is-new"),
        ),
        attempt(
            "replaces a card that was not reported lost",
            "clerk",
            "application.file",
            json!({"form": with(&again, "old_card", new.clone())}),
            Refused("life-replace-needs-report"),
        ),
        attempt(
            "puts the replaced card into use",
            "issuer",
            "life.activate",
            json!({"card": old, "holder": lost.shown()}),
            Refused("life-cancelled"),
        ),
        used("finds the replaced card again", "life.release", &lost, "life-cancelled"),
        used("releases it as somebody else", "life.release", &thief, "life-document-mismatch"),
        attempt(
            "has the fee back for a card that is made",
            "cashier",
            "slip.cancel",
            json!({"number": slip["number"], "reference": "R-WAITING"}),
            Refused("slip-fee-used"),
        ),
        attempt("has the fee back twice", "cashier", "slip.cancel", refund, Nothing),
        attempt(
            "pays the fee that came back, for a card anyway",
            "cashier",
            "slip.pay",
            payment(&back, "R-AGAIN"),
            Refused("slip-not-approved"),
        ),
        attempt(
            "has the card made that was given up",
            "producer",
            "production.open",
            json!({"application": given_up}),
            Refused("production-stage"),
        ),
    ];
    let honest = vec![
        ("issuer", "production.hand-over", agent(&waiting, &at_outlet)),
        ("issuer", "life.activate", json!({"card": card, "holder": waiting.shown()})),
        ("issuer", "life.activate", json!({"card": new, "holder": lost.shown()})),
    ];
    scene.play("the double collector", attempts, honest);
}

/// Eight at once for one card, and eight for one fee: one gets the card with its PIN, one the fee, once.
#[test]
fn nobody_collects_twice_at_once() {
    let [waiting, agent, paid] = [Person::new("孙待领", 421), Person::new("吴代领", 423), Person::new("冯退费", 425)];
    let scene = Scene::new(&[&waiting, &agent, &paid]);
    let town = &scene.town;
    let (application, ..) = town.at_outlet(&waiting, "R-WAITING");
    let (given_up, slip) = town.paid(&paid, "R-PAID");
    town.done("producer", "production.open", json!({"application": given_up}));
    town.done("producer", "production.give-up", json!({"application": given_up}));
    let own = waiting.collects(&application);
    let mut sent = with(&with(&own, "collector", json!("agent")), "document", agent.original());
    sent["holder_document"] = waiting.original();
    sent["authority"] = json!("file 1");
    let at_once = |path: &str, who: &str, bodies: [&Value; 2]| -> Vec<(u16, Value)> {
        let bearer = format!("Authorization: Bearer {}", town.token(who));
        let bodies: Vec<String> = bodies.iter().map(ToString::to_string).collect();
        thread::scope(|scope| {
            let asks: Vec<_> = (0..8)
                .map(|at| {
                    let (bearer, body) = (&bearer, &bodies[at % 2]);
                    scope.spawn(move || town.server.curl(path, &["-H", bearer, "--json", body]))
                })
                .collect();
            asks.into_iter().map(|ask| ask.join().expect("an answer")).collect()
        })
    };
    let collected = at_once("/v1/production/hand-over", "issuer", [&own, &sent]);
    let of = |field: &str, value: &Value| collected.iter().filter(|(_, answer)| answer[field] == *value).count();
    assert_eq!((of("changed", &json!(true)), of("initial_pin", &json!("123456"))), (1, 1), "{collected:?}");
    // The other four came instead of whoever was first.
    assert_eq!((of("code", &json!("production-stage")), of("changed", &json!(false))), (4, 3), "{collected:?}");
    let back = json!({"number": slip["number"], "reference": "R-PAID"});
    let refunds = at_once("/v1/slip/cancel", "cashier", [&back, &back]);
    let done = refunds.iter().filter(|(_, answer)| answer["result"] == "done").count();
    let again = refunds.iter().filter(|(_, answer)| answer["result"] == "already-done").count();
    assert_eq!((done, again), (1, 7), "{refunds:?}");
    scene.end();
}
