//! Somebody with a token of their own wants to know who lives in the town: by other outlets' numbers, by counting up, from
//! lists, refusals and the record.

use serde_json::{Value, json};

use qiyong_tests::centre::applicants::{Person, payment};

use super::{AtTheDoor, Nothing, NothingRead, Refused, Scene, attempt, with};

#[test]
fn a_curious_operator_learns_nothing() {
    let [review, unpaid, holder] = [Person::new("李待审", 501), Person::new("赵未缴", 503), Person::new("周持卡", 505)];
    let mut scene = Scene::new(&[&review, &unpaid, &holder]);
    for id in ["leaver", "loser"] {
        scene.town.operator(id, "reviewer", "32010201");
    }
    let town = &scene.town;
    town.done("administrator", "operator.end", json!({"id": "leaver"}));
    town.done("administrator", "token.end", json!({"operator": "loser"}));
    let in_review = town.in_review(&review);
    let (approved, slip) = town.approved(&unpaid);
    let (holders, card) = town.handed_over(&holder, "R-HOLDER");
    let number = town.number(&holders);
    town.insure(&[&number], 1_000_000);
    town.done("issuer", "life.activate", json!({"card": card, "holder": holder.shown()}));
    let line = json!({
        "feedetl_sn": "1", "fee_ocur_time": "2026-03-02T08:30:00", "med_list_codg": "XA01", "cnt": "1", "pric": "10",
        "det_item_fee_sumamt": 1000
    });
    let buy = json!({
        "medins_setl_id": "S1", "psn_no": number, "mdtrt_cert_type": "02", "mdtrt_cert_no": holder.id,
        "med_type": "41", "acct_used_flag": true, "feedetail": [line], "medfee_sumamt": 1000
    });
    let sold = town.done("till", "settlement.settle", buy.clone())["setl_id"].clone();

    let of = |application: &Value| json!({"number": application});
    let undo = json!({"medins_setl_id": "U1", "setl_id": sold, "psn_no": number});
    let ask = |kind: &str, number: &str| json!({"mdtrt_cert_type": kind, "mdtrt_cert_no": number});
    let mut wrong_name = holder.form();
    wrong_name["holder"]["name"] = json!("猜名字");
    let role = Refused("role-not-allowed");
    let far = Refused("other-outlet");
    let attempts = vec![
        attempt("reads an application of another outlet", "far-clerk", "application.show", of(&in_review), far),
        attempt("looks at its photo", "far-clerk", "application.show-photo", of(&in_review), far),
        attempt("the other outlet's reviewer reads it", "far-reviewer", "application.show", of(&approved), far),
        attempt("a cashier reads it: where it stands, no form", "cashier", "application.show", of(&in_review), Nothing),
        attempt("a cashier looks at its photo", "cashier", "application.show-photo", of(&in_review), role),
        attempt("the hotline reads it", "hotline", "application.show", of(&in_review), Nothing),
        attempt("lists all applications", "far-clerk", "application.list", json!({}), NothingRead),
        attempt("lists all cards", "hotline", "life.list", json!({"status": "active"}), NothingRead),
        attempt(
            "lists what is in the making",
            "far-issuer",
            "production.list",
            json!({"stage": "handed-over"}),
            NothingRead,
        ),
        attempt(
            "reads the way of a card",
            "far-clerk",
            "production.show",
            json!({"application": holders}),
            NothingRead,
        ),
        attempt(
            "lists the slips of the own outlet",
            "far-cashier",
            "slip.list",
            json!({"state": "unpaid"}),
            NothingRead,
        ),
        attempt("counts slip numbers up for their payers", "counter", "slip.show", of(&slip["number"]), Nothing),
        attempt("counts payment codes up", "far-clerk", "slip.show", of(&slip["payment_code"]), Nothing),
        attempt(
            "guesses the check of the whole slip",
            "counter",
            "slip.show",
            json!({"number": slip["number"], "whole_check": "00001"}),
            Refused("slip-whole-check"),
        ),
        attempt("prints another outlet's slip", "far-cashier", "slip.print", of(&slip["number"]), far),
        attempt("a bank prints it", "counter", "slip.print", of(&slip["number"]), far),
        attempt("counts persons up for what they have", "hotline", "account.show", json!({"person": number}), Nothing),
        attempt("a clerk lists all accounts", "clerk", "account.list", json!({}), role),
        attempt("a till counts persons up", "till", "account.show", json!({"person": number}), role),
        attempt(
            "a till guesses a card's number",
            "till",
            "settlement.person",
            ask("03", "X00009999"),
            Refused("certificate-not-accepted"),
        ),
        attempt(
            "a till guesses an ID number",
            "till",
            "settlement.person",
            ask("02", "320102198001015555"),
            Refused("certificate-not-accepted"),
        ),
        attempt(
            "a till takes a stranger's number for a card's holder",
            "till",
            "settlement.register",
            json!({"psn_no": number, "mdtrt_cert_type": "02", "mdtrt_cert_no": unpaid.id, "med_type": "41", "acct_used_flag": true}),
            Refused("certificate-not-accepted"),
        ),
        attempt(
            "another pharmacy reads a settlement",
            "other-till",
            "settlement.show",
            json!({"setl_id": sold}),
            Refused("settlement-unknown"),
        ),
        attempt(
            "undoes it, for its cash",
            "other-till",
            "settlement.undo",
            undo.clone(),
            Refused("settlement-unknown"),
        ),
        attempt(
            "the pharmacy settles again under the same number",
            "till",
            "settlement.settle",
            with(&buy, "medfee_sumamt", json!(999)),
            Refused("message-reused"),
        ),
        attempt(
            "asks whether somebody with this ID number has a card",
            "far-clerk",
            "application.file",
            json!({"form": wrong_name}),
            Refused("name-differs"),
        ),
        attempt(
            "gives an ID number for an application's number",
            "clerk",
            "application.show",
            json!({"number": holder.id}),
            Refused("not-found"),
        ),
        attempt(
            "gives an ID number for a slip's",
            "cashier",
            "slip.show",
            json!({"number": holder.id}),
            Refused("slip-unknown"),
        ),
        attempt(
            "gives a name for a person's number",
            "hotline",
            "account.show",
            json!({"person": holder.name}),
            Refused("not-found"),
        ),
        attempt(
            "gives an ID number for a state",
            "clerk",
            "application.list",
            json!({"state": holder.id}),
            Refused("field-invalid"),
        ),
        attempt(
            "SQL for a person's number",
            "hotline",
            "account.show",
            json!({"person": "' OR '1'='1"}),
            Refused("not-found"),
        ),
        attempt(
            "one who has left reads an application",
            "leaver",
            "application.show",
            of(&in_review),
            AtTheDoor("token-unknown"),
        ),
        attempt(
            "one with a token that was ended reads it",
            "loser",
            "application.show",
            of(&in_review),
            AtTheDoor("token-unknown"),
        ),
        attempt("a clerk reads the record", "clerk", "audit.list", json!({}), role),
        attempt("a clerk lists the operators", "clerk", "operator.list", json!({}), role),
        attempt("the auditor reads the record for names", "auditor", "audit.list", json!({"limit": 1000}), NothingRead),
        attempt("the auditor looks at a photo", "auditor", "application.show-photo", of(&in_review), role),
        attempt("the auditor withdraws an application", "auditor", "application.withdraw", of(&in_review), role),
        attempt("the auditor takes a fee", "auditor", "slip.pay", payment(&slip, "R-AUDITOR"), role),
        attempt("the auditor cancels a card", "auditor", "life.cancel", json!({"card": card, "why": "death"}), role),
        attempt(
            "the auditor pays an account out",
            "auditor",
            "account.pay-out",
            json!({"person": number, "payee_document": "x", "payee_account": "1"}),
            role,
        ),
        attempt(
            "the auditor adds an operator",
            "auditor",
            "operator.add",
            json!({"id": "x", "role": "clerk", "outlet": "32010201", "name": "x"}),
            role,
        ),
        attempt(
            "the auditor changes a parameter",
            "auditor",
            "parameter.set",
            json!({"name": "slip.fee", "since": "2026-03-03", "value": {}}),
            role,
        ),
    ];
    let honest = vec![
        ("cashier", "slip.pay", payment(&slip, "R-AUDITOR")),
        ("till", "settlement.undo", undo),
        ("clerk", "application.withdraw", of(&in_review)),
    ];
    scene.play("the curious operator", attempts, honest);
}
