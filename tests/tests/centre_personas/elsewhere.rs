//! Clerks of another area, of another outlet of the area, and at another bank's counter, who act on what is not theirs.

use serde_json::json;

use qiyong_tests::centre::applicants::{Person, payment};
use qiyong_tests::centre::portrait::portrait;

use super::{Nothing, NothingRead, Refused, Scene, attempt};

#[test]
fn another_areas_or_outlets_clerk_touches_nothing() {
    let [draft, review, unpaid, asked, waiting, owner] = [
        Person::new("王小草", 201),
        Person::new("李待审", 203),
        Person::new("赵未缴", 205),
        Person::new("钱开户", 207),
        Person::new("孙待领", 209),
        Person::new("周有卡", 211),
    ];
    let scene = Scene::new(&[&draft, &review, &unpaid, &asked, &waiting, &owner]);
    let town = &scene.town;
    let in_draft = town.file(&draft.form());
    let in_review = town.in_review(&review);
    let (approved, slip) = town.approved(&unpaid);
    let (at_bank, _) = town.paid(&asked, "R-ASKED");
    let (at_outlet, card, paid) = town.at_outlet(&waiting, "R-WAITING");
    let (owners, owners_card) = town.handed_over(&owner, "R-OWNER");
    let number = town.number(&owners);
    town.done("producer", "production.open", json!({"application": at_bank}));

    let of = |application: &serde_json::Value| json!({"number": application});
    let approve = town.version(&in_review, "outcome", json!("approve"));
    let correct = town.version(&in_draft, "form", draft.form());
    let photo = json!({"number": in_draft, "jpeg": portrait(358), "source": "on-site"});
    let back = json!({"number": paid["number"], "reference": "R-WAITING"});
    let mine = waiting.collects(&at_outlet);
    let opened = json!({"application": at_bank, "bank_card": "6222020000000000000"});
    let holds = |holder: &Person| json!({"card": owners_card, "holder": holder.shown(), "function": "financial"});
    let why = json!({"card": owners_card, "why": "x"});
    let far = Refused("other-outlet");
    let not_found = Refused("not-found");
    let attempts = vec![
        attempt(
            "reads an application of the other area",
            "suzhou-clerk",
            "application.show",
            of(&in_review),
            not_found,
        ),
        attempt("corrects it", "suzhou-clerk", "application.correct", correct.clone(), not_found),
        attempt("withdraws it", "suzhou-clerk", "application.withdraw", of(&in_draft), not_found),
        attempt("approves it", "suzhou-reviewer", "application.review", approve.clone(), not_found),
        attempt(
            "issues its slip",
            "suzhou-cashier",
            "slip.issue",
            json!({"application": approved}),
            Refused("slip-not-approved"),
        ),
        attempt(
            "registers a payment of it",
            "suzhou-cashier",
            "slip.pay",
            payment(&slip, "R-SUZHOU"),
            Refused("slip-unknown"),
        ),
        attempt("has a payment given back", "suzhou-cashier", "slip.cancel", back.clone(), Refused("slip-unknown")),
        attempt(
            "answers for the bank",
            "suzhou-producer",
            "production.bank-answer",
            opened.clone(),
            Refused("production-unknown"),
        ),
        attempt(
            "hands the card over",
            "suzhou-issuer",
            "production.hand-over",
            mine.clone(),
            Refused("production-unknown"),
        ),
        attempt(
            "puts its card into use",
            "suzhou-issuer",
            "life.activate",
            json!({"card": owners_card, "holder": owner.shown()}),
            Refused("life-other-area"),
        ),
        attempt("seals its card", "suzhou-issuer", "life.seal", why.clone(), Refused("life-other-area")),
        attempt(
            "cancels its card",
            "suzhou-issuer",
            "life.cancel",
            json!({"card": owners_card, "why": "death"}),
            Refused("life-other-area"),
        ),
        attempt(
            "looks at its card",
            "suzhou-hotline",
            "life.show",
            json!({"card": owners_card}),
            Refused("life-other-area"),
        ),
        attempt(
            "reports its loss without the holder's document",
            "suzhou-clerk",
            "life.report-loss",
            json!({"card": owners_card, "holder": draft.shown(), "function": "social"}),
            Refused("life-document-mismatch"),
        ),
        attempt(
            "looks at its holder's account",
            "suzhou-premium-officer",
            "account.show",
            json!({"person": number}),
            not_found,
        ),
        attempt(
            "pays it out",
            "suzhou-premium-officer",
            "account.pay-out",
            json!({"person": number, "payee_document": "x", "payee_account": "6227009"}),
            not_found,
        ),
        attempt(
            "moves its holder to the own area",
            "suzhou-premium-officer",
            "life.move",
            json!({"person": number, "to": "320500"}),
            not_found,
        ),
        attempt(
            "ends one of its operators",
            "suzhou-administrator",
            "operator.end",
            json!({"id": "far-clerk"}),
            not_found,
        ),
        attempt(
            "gets a token of one of its operators",
            "suzhou-administrator",
            "token.issue",
            json!({"operator": "counter", "hours": 1}),
            not_found,
        ),
        attempt("reads what was done there", "suzhou-auditor", "audit.list", json!({"limit": 1000}), NothingRead),
        attempt("the other outlet's clerk reads an application", "far-clerk", "application.show", of(&in_review), far),
        attempt("withdraws it", "far-clerk", "application.withdraw", of(&in_draft), far),
        attempt("fills it in anew", "far-clerk", "application.correct", correct.clone(), far),
        attempt("gives it another photo", "far-clerk", "application.photo", photo, far),
        attempt("gives its card up", "far-clerk", "production.give-up", json!({"application": at_bank}), far),
        attempt(
            "sends it to another bank",
            "far-clerk",
            "production.open",
            json!({"application": at_bank, "bank": "95599"}),
            far,
        ),
        attempt("the other outlet's reviewer approves it", "far-reviewer", "application.review", approve.clone(), far),
        attempt("the other outlet's cashier takes the fee", "far-cashier", "slip.pay", payment(&slip, "R-FAR"), far),
        attempt("issues the slip", "far-cashier", "slip.issue", json!({"application": approved}), far),
        attempt("withdraws the slip", "far-cashier", "slip.void", json!({"number": slip["number"]}), far),
        attempt("gives a fee back that was taken elsewhere", "far-cashier", "slip.cancel", back.clone(), far),
        attempt("remits the other outlet's fees", "far-cashier", "slip.remit", json!({}), Nothing),
        attempt(
            "the other outlet's issuer hands the card over",
            "far-issuer",
            "production.hand-over",
            mine.clone(),
            Refused("production-other-outlet"),
        ),
        attempt(
            "makes it void",
            "far-issuer",
            "production.lose",
            json!({"cards": [card], "reason": "gone"}),
            Refused("production-other-outlet"),
        ),
        attempt(
            "sends it back",
            "far-issuer",
            "production.recall",
            json!({"cards": [card]}),
            Refused("production-other-outlet"),
        ),
        attempt("takes the photo of the holder", "far-issuer", "application.show-photo", of(&at_outlet), far),
        attempt(
            "the other bank's counter opens the account",
            "other-counter",
            "production.bank-answer",
            opened.clone(),
            Refused("production-other-bank"),
        ),
        attempt(
            "refuses the account",
            "other-counter",
            "production.bank-answer",
            json!({"application": at_bank, "reason": "risk"}),
            Refused("production-other-bank"),
        ),
        attempt(
            "one who sits at no bank's counter opens it",
            "bank-counter",
            "production.bank-answer",
            opened.clone(),
            Refused("production-other-bank"),
        ),
        attempt(
            "blocks the account of the other bank",
            "other-counter",
            "life.report-loss",
            holds(&owner),
            Refused("life-other-bank"),
        ),
        attempt(
            "closes it",
            "other-counter",
            "life.close-account",
            json!({"card": owners_card}),
            Refused("life-other-bank"),
        ),
        attempt("a bank gives cash back for the outlet", "counter", "slip.cancel", back.clone(), far),
    ];
    let honest = vec![
        ("clerk", "application.correct", correct),
        ("reviewer", "application.review", approve),
        ("cashier", "slip.pay", payment(&slip, "R-FAR")),
        ("counter", "production.bank-answer", opened),
        ("clerk", "production.give-up", json!({"application": at_bank})),
        ("counter", "life.report-loss", holds(&owner)),
        ("issuer", "production.hand-over", mine),
        ("issuer", "life.seal", why),
        ("cashier", "slip.remit", json!({})),
    ];
    scene.play("the other area's clerk", attempts, honest);
}
