//! Somebody at the outlet is paid for a card, a fee, an account: alone, or with one colleague of another role.

use serde_json::json;

use qiyong_tests::centre::applicants::{Person, payment};
use qiyong_tests::centre::portrait::portrait;

use super::{Refused, Scene, attempt, with};

#[test]
fn a_bribed_clerk_gets_nobody_a_card() {
    let [draft, review, unpaid, waiting, owner, friend] = [
        Person::new("王小草", 101),
        Person::new("李待审", 103),
        Person::new("赵未缴", 105),
        Person::new("孙待领", 107),
        Person::new("周有钱", 109),
        Person::new("吴朋友", 111),
    ];
    let scene = Scene::new(&[&draft, &review, &unpaid, &waiting, &owner, &friend]);
    let town = &scene.town;
    let in_draft = town.file(&draft.form());
    let in_review = town.in_review(&review);
    let (approved, slip) = town.approved(&unpaid);
    let (at_outlet, card, _) = town.at_outlet(&waiting, "R-WAITING");
    let (owners, owners_card) = town.handed_over(&owner, "R-OWNER");
    let (friends, _) = town.handed_over(&friend, "R-FRIEND");
    let (owner_number, friend_number) = (town.number(&owners), town.number(&friends));
    town.insure(&[&owner_number, &friend_number], 1_000_000);

    let approve = town.version(&in_review, "outcome", json!("approve"));
    let old_version = with(&approve, "version", json!(99));
    let submit = town.version(&in_draft, "", json!(null));
    let unread = town.version(&in_draft, "originals_agree", json!(true));
    let correct = town.version(&approved, "form", unpaid.form());
    let mut low_income = Person::new("郑免费", 113).form();
    low_income["exemption"] = json!("low-income");
    let mine = waiting.collects(&at_outlet);
    let to_friend = with(&mine, "document", friend.original());
    let bind = json!({
        "owner": owner_number, "owner_document": owner.shown(), "relative": friend_number, "kin": "spouse"
    });
    let lend = json!({
        "person": owner_number, "holder": friend.shown(), "card": "A12345674", "ident": "0".repeat(32)
    });
    let fee = json!({"name": "slip.fee", "since": "2026-03-02", "value": {
        "unit": {"code": "1", "name": "1", "bank": "1", "account_holder": "1", "account": "1"},
        "item_code": "1", "item_name": "1", "due_days": 10, "rules": [{"amount": 0}]
    }});
    let reset = json!({
        "card": owners_card, "holder": friend.shown(), "ident": "0".repeat(32), "historical": "00", "algorithm": "sm4",
        "challenge": "0".repeat(16)
    });
    let second = json!({"id": "clerk-2", "role": "reviewer", "outlet": "32010201", "name": "x"});
    let photo = json!({"number": approved, "jpeg": portrait(358), "source": "on-site"});
    let role = Refused("role-not-allowed");
    let attempts = vec![
        attempt("approves what he filed himself", "clerk", "application.review", approve.clone(), role),
        attempt(
            "hands in what nobody has read or signed",
            "clerk",
            "application.submit",
            submit,
            Refused("application-state"),
        ),
        attempt("checks what nobody has read", "clerk", "application.check", unread, Refused("application-state")),
        attempt(
            "lets the reviewer approve another version",
            "reviewer",
            "application.review",
            old_version,
            Refused("application-version"),
        ),
        attempt(
            "changes the form after its approval",
            "clerk",
            "application.correct",
            correct,
            Refused("application-state"),
        ),
        attempt(
            "changes the photo after its approval",
            "clerk",
            "application.photo",
            photo,
            Refused("application-state"),
        ),
        attempt(
            "files a second one for the same person",
            "clerk",
            "application.file",
            json!({"form": review.form()}),
            Refused("application-open"),
        ),
        attempt(
            "makes a card of what is not reviewed",
            "clerk",
            "production.open",
            json!({"application": in_review}),
            Refused("production-not-ready"),
        ),
        attempt(
            "issues a slip for what is not reviewed",
            "cashier",
            "slip.issue",
            json!({"application": in_review}),
            Refused("slip-not-approved"),
        ),
        attempt(
            "makes a card that is not paid for",
            "producer",
            "production.open",
            json!({"application": approved}),
            Refused("production-not-ready"),
        ),
        attempt("says that it is paid", "clerk", "slip.pay", payment(&slip, "R-CLERK"), role),
        attempt("withdraws the slip", "clerk", "slip.void", json!({"number": slip["number"]}), role),
        attempt(
            "waives the fee without a certificate",
            "clerk",
            "application.file",
            json!({"form": low_income}),
            Refused("proof-missing"),
        ),
        attempt("makes cards free of charge", "clerk", "parameter.set", fee.clone(), role),
        attempt("hands a card to the wrong person himself", "clerk", "production.hand-over", to_friend.clone(), role),
        attempt(
            "has it handed to the wrong person",
            "issuer",
            "production.hand-over",
            to_friend,
            Refused("production-document-of-another"),
        ),
        attempt(
            "has a card handed over that is not there",
            "issuer",
            "production.hand-over",
            with(&mine, "application", approved.clone()),
            Refused("production-unknown"),
        ),
        attempt("makes himself a reviewer", "clerk", "operator.add", second, role),
        attempt("gets the reviewer's token", "clerk", "token.issue", json!({"operator": "reviewer", "hours": 1}), role),
        attempt("ends the auditor", "clerk", "operator.end", json!({"id": "auditor"}), role),
        attempt(
            "binds a stranger's account to a friend",
            "clerk",
            "pooling.bind",
            with(&bind, "owner_document", friend.shown()),
            Refused("document-not-shown"),
        ),
        attempt(
            "has a card lent on a stranger's account",
            "issuer",
            "life.lend-temporary",
            lend,
            Refused("document-not-shown"),
        ),
        attempt("has a stranger's PIN set back", "issuer", "life.reset-pin", reset, Refused("life-document-mismatch")),
        attempt(
            "has a stranger's account paid out",
            "premium-officer",
            "account.pay-out",
            json!({"person": owner_number, "payee_document": friend.id, "payee_account": "6227009"}),
            Refused("person-stays"),
        ),
        attempt(
            "has a card made void that is in use",
            "producer",
            "production.lose",
            json!({"cards": [owners_card], "reason": "gone"}),
            Refused("production-stage"),
        ),
        attempt(
            "has a card put into use that lies at the outlet",
            "issuer",
            "life.activate",
            json!({"card": card, "holder": waiting.shown()}),
            Refused("life-not-handed-over"),
        ),
    ];
    let honest = vec![
        ("reviewer", "application.review", approve),
        ("cashier", "slip.pay", payment(&slip, "R-CLERK")),
        ("issuer", "production.hand-over", mine),
        ("issuer", "life.activate", json!({"card": card, "holder": waiting.shown()})),
        ("clerk", "pooling.bind", bind),
        ("administrator", "parameter.set", with(&fee, "since", json!("2026-03-03"))),
    ];
    scene.play("the bribed clerk", attempts, honest);
}
