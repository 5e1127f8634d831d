//! A payment slip that was altered, invented, or paid by somebody else's payment.

use serde_json::{Value, json};

use qiyong_tests::centre::applicants::{Person, payment};

use super::{Expects, Nothing, Refused, Scene, attempt, with};

#[test]
fn a_forged_slip_pays_nothing() {
    let [unpaid, paid, cancelled, withdrawn, left] = [
        Person::new("赵未缴", 301),
        Person::new("钱已缴", 303),
        Person::new("孙退费", 305),
        Person::new("李作废", 307),
        Person::new("周撤回", 309),
    ];
    let scene = Scene::new(&[&unpaid, &paid, &cancelled, &withdrawn, &left]);
    let town = &scene.town;
    let (_, slip) = town.approved(&unpaid);
    let (_, other) = town.paid(&paid, "R-PAID");
    let (_, back) = town.paid(&cancelled, "R-BACK");
    town.done("cashier", "slip.cancel", json!({"number": back["number"], "reference": "R-BACK"}));
    let (_, void) = town.approved(&withdrawn);
    town.done("cashier", "slip.void", json!({"number": void["number"]}));
    let (application, late) = town.approved(&left);
    town.done("clerk", "application.withdraw", json!({"number": application}));

    let pay = payment(&slip, "R-FORGED");
    let but = |field: &str, value: Value| with(&pay, field, value);
    // Another area's number checks itself; here there is none of it.
    let suzhou = json!({
        "number": "320500202600000001", "number_check": check("320500202600000001"), "whole_check": "00000",
        "reference": "R-SUZHOU", "amount": 2000, "paid": "2026-03-02", "channel": "cash"
    });
    let invented =
        with(&with(&suzhou, "number", json!("320100202600000999")), "number_check", json!(check("320100202600000999")));
    let bank = |slip: &Value, reference: &str| with(&payment(slip, reference), "channel", json!("bank"));
    let refused = |code: &'static str| Expects::Refused(code);
    let by = |who: &'static str, what: &'static str, body: Value, code: &'static str| {
        attempt(what, who, "slip.pay", body, refused(code))
    };
    let attempts = vec![
        by("cashier", "another number check", but("number_check", json!("00000")), "slip-number-check"),
        by("cashier", "another whole-slip check", but("whole_check", json!("00000")), "slip-whole-check"),
        by(
            "cashier",
            "the whole-slip check of another slip",
            but("whole_check", other["whole_check"].clone()),
            "slip-whole-check",
        ),
        by(
            "cashier",
            "another slip's number on this one",
            with(&but("number", back["number"].clone()), "number_check", back["number_check"].clone()),
            "slip-whole-check",
        ),
        by("cashier", "a smaller amount", but("amount", json!(1)), "slip-amount"),
        by("cashier", "a greater amount, the rest in cash", but("amount", json!(1_000_000)), "slip-amount"),
        by("cashier", "a negative amount", but("amount", json!(-2_000)), "slip-amount"),
        by("cashier", "paid before it was issued", but("paid", json!("2026-03-01")), "slip-payment-day"),
        by("cashier", "paid tomorrow", but("paid", json!("2026-03-03")), "slip-payment-day"),
        by(
            "cashier",
            "SQL as the reference",
            but("reference", json!("x'; UPDATE slips SET state='paid'; --")),
            "slip-reference",
        ),
        by("cashier", "JSON as the number", but("number", json!({"$ne": ""})), "field-invalid"),
        by("cashier", "the reference that pays another slip", but("reference", json!("R-PAID")), "slip-reference-used"),
        by(
            "cashier",
            "the reference of a payment that was given back",
            but("reference", json!("R-BACK")),
            "slip-reference-used",
        ),
        by("cashier", "a slip of another area", suzhou, "slip-unknown"),
        by("cashier", "a slip that was never issued", invented, "slip-unknown"),
        by("cashier", "pays again after the cancellation", payment(&back, "R-BACK"), "slip-payment-cancelled"),
        by("cashier", "a slip that was withdrawn", payment(&void, "R-VOID"), "slip-void"),
        by("cashier", "for an application that was withdrawn", payment(&late, "R-LATE"), "slip-not-approved"),
        by("cashier", "a second payment of a paid slip", payment(&other, "R-TWICE"), "slip-paid-otherwise"),
        by(
            "cashier",
            "the same reference with another amount",
            with(&payment(&other, "R-PAID"), "amount", json!(4_000)),
            "slip-payment-differs",
        ),
        attempt("the same payment once more", "cashier", "slip.pay", payment(&other, "R-PAID"), Nothing),
        by("counter", "a bank registers cash of the outlet", pay.clone(), "value-not-allowed"),
        by(
            "counter",
            "a bank registers a forged slip",
            with(&bank(&slip, "R-BANK"), "whole_check", json!("12345")),
            "slip-whole-check",
        ),
        by("suzhou-cashier", "the other area takes the money", pay.clone(), "slip-unknown"),
        by("clerk", "the clerk registers it", pay.clone(), "role-not-allowed"),
        attempt(
            "a slip with an altered check is looked at",
            "counter",
            "slip.show",
            json!({"number": slip["number"], "whole_check": "54321"}),
            refused("slip-whole-check"),
        ),
        attempt(
            "a paid slip is withdrawn, to be paid out",
            "cashier",
            "slip.void",
            json!({"number": other["number"]}),
            refused("slip-paid"),
        ),
        attempt(
            "a payment of another slip is given back",
            "cashier",
            "slip.cancel",
            json!({"number": slip["number"], "reference": "R-PAID"}),
            refused("slip-reference-used"),
        ),
        attempt(
            "a payment is given back twice",
            "cashier",
            "slip.cancel",
            json!({"number": back["number"], "reference": "R-BACK"}),
            Nothing,
        ),
        attempt(
            "a bank gives back what the outlet took",
            "counter",
            "slip.cancel",
            json!({"number": other["number"], "reference": "R-PAID"}),
            Refused("other-outlet"),
        ),
    ];
    let honest =
        vec![("counter", "slip.pay", bank(&slip, "R-BANK")), ("cashier", "slip.pay", payment(&back, "R-ANEW"))];
    scene.play("the forged slip", attempts, honest);
}

/// The check of a slip's number is the centre's own rule, and public.
fn check(number: &str) -> String {
    qiyong_centre::slip::check::number_check(number).expect("a number")
}
