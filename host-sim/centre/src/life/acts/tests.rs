//! The acts of this room over a centre: a card's life as a window, a telephone, a bank and a run for the day see it.

mod room;
mod transitions;

use serde_json::{Value, json};
use strum::VariantArray;

use qiyong_protocol::card::codes::{CardNumber, IdentCode, Region};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::money::Fen;

use self::room::{CARD, OTHER, Room, area, holder, record};
use super::super::bank::BankStatus;
use super::super::card_act::FormalRelease;
use super::super::replacement::ReplaceReason;
use super::{ask, ending};
use crate::Founding;
use crate::acts::desk::{Desk, Operator};
use crate::configuration;
use crate::ledger::{self, Account};
use crate::registry;

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    a_bank_acts_on_its_own_accounts,
    an_oral_loss_lapses_is_released_where_it_was_reported_or_is_confirmed,
    a_written_loss_is_released_where_the_area_allows_it,
    the_bank_function_is_lost_and_found_at_the_bank_by_itself,
    a_card_is_activated_at_a_window_and_at_a_bank_by_its_holder_with_a_valid_document,
    the_agency_seals_locks_and_takes_back,
    a_card_is_cancelled_then_its_account_closed,
    a_replacement_ends_the_old_card_and_the_account_stays_with_the_person,
    another_areas_card_is_reported_lost_here_and_nothing_else,
    a_pin_is_set_back_by_a_command_for_this_card_and_must_be_changed_again,
    a_bank_acts_on_its_own_accounts,
    a_temporary_card_is_lent_once_has_no_bank_function_and_is_handed_back,
    a_person_moves_with_the_balance_and_both_areas_see_each_step,
    a_retired_person_stays,
    every_status_that_waits_names_acts_that_there_are,
];

/// docs/centre.md §6.9: three working days in Nanjing, by the calendar; released by the same channel.
#[test]
fn an_oral_loss_lapses_is_released_where_it_was_reported_or_is_confirmed() {
    let mut room = Room::active();
    // Monday.
    let lost = room.lost("hotline", "life.report-loss", "social").unwrap();
    assert_eq!(lost, json!({"changed": true, "until": "2026-03-06T00:00:00"}));
    assert_eq!(room.status(), "temporarily-lost");
    let seal = json!({"card": CARD, "why": "x"});
    assert_eq!(room.bench.refused("issuer", "life.seal", seal), "life-temporarily-lost");
    room.at("2026-03-03T09:00:00");
    // Said again it does not begin anew.
    let again = room.lost("hotline", "life.report-loss", "social").unwrap();
    assert_eq!(again, json!({"changed": false, "until": "2026-03-06T00:00:00"}));
    assert_eq!(room.lost("issuer", "life.release", "social").unwrap_err().code, "life-reported-elsewhere");
    assert_eq!(room.status(), "temporarily-lost");
    assert_eq!(room.lost("hotline", "life.release", "social").unwrap(), json!({"changed": true}));
    assert_eq!(room.status(), "active");
    assert_eq!(room.lost("hotline", "life.release", "social").unwrap_err().code, "life-not-lost");

    room.lost("issuer", "life.report-loss", "social").unwrap();
    room.at("2026-03-06T23:59:59");
    assert_eq!(room.status(), "temporarily-lost");
    room.at("2026-03-07T00:00:00");
    assert_eq!(room.status(), "active", "it has lapsed by itself, without the run");
    let run = room.bench.done("administrator", "life.lapse", json!({}));
    assert_eq!(run, json!({"lapsed": 1, "more": false}));
    assert_eq!(room.bench.done("administrator", "life.lapse", json!({})), json!({"lapsed": 0, "more": false}));

    room.lost("hotline", "life.report-loss", "social").unwrap();
    assert_eq!(room.lost("hotline", "life.confirm-loss", "social").unwrap_err().code, "role-not-allowed");
    assert_eq!(room.lost("clerk", "life.confirm-loss", "social").unwrap(), json!({"changed": true}));
    room.at("2027-03-06T00:00:00");
    assert_eq!(room.bench.done("administrator", "life.lapse", json!({}))["lapsed"], 0);
    assert_eq!(room.status(), "lost");
    assert_eq!(room.lost("issuer", "life.release", "social").unwrap_err().code, "life-formal-release-forbidden");

    let history = room.bench.done("auditor", "life.history", json!({"card": CARD}));
    let acts: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["act"].clone()).collect();
    assert_eq!(
        acts,
        ["report-loss", "release", "report-loss", "lapse", "report-loss", "confirm-loss"].map(Value::from)
    );
    assert_eq!(history["events"][1]["place"], "hotline");
    assert_eq!(history["events"][3]["operator"], "-");
}

#[test]
fn a_written_loss_is_released_where_the_area_allows_it() {
    let mut room = Room::active();
    room.lost("issuer", "life.confirm-loss", "social").unwrap();
    let allowed = json!({"name": "loss.formal_release", "since": "2026-03-02", "value": {"allowed": true}});
    room.bench.done("administrator", "parameter.set", allowed);
    assert_eq!(room.lost("hotline", "life.release", "social").unwrap_err().code, "life-not-here");
    let old = json!({"card": CARD, "holder": holder(Some("2026-03-01")), "function": "social"});
    assert_eq!(room.bench.refused("issuer", "life.release", old), "life-document-expired");
    assert_eq!(room.status(), "lost");
    room.lost("issuer", "life.release", "social").unwrap();
    assert_eq!(room.status(), "active");
}

#[test]
fn the_bank_function_is_lost_and_found_at_the_bank_by_itself() {
    let mut room = Room::active();
    let activate = json!({"card": CARD, "holder": holder(None)});
    room.bench.done("counter", "life.activate", activate);
    assert_eq!(room.lost("issuer", "life.report-loss", "financial").unwrap_err().code, "life-bank-not-here");
    assert_eq!(room.lost("counter", "life.report-loss", "social").unwrap_err().code, "life-not-here");
    room.lost("counter", "life.report-loss", "financial").unwrap();
    let shown = room.show();
    assert_eq!((&shown["status"], &shown["bank_status"]), (&json!("active"), &json!("temporarily-lost")));
    // The social function still pays, and no application at a counter puts the account into use again.
    let record = room.bench.centre.card(&CardNumber::new(CARD.as_bytes()).unwrap()).unwrap().unwrap();
    assert_eq!((record.status, record.financial), (CardStatus::Active, true));
    let again = json!({"card": CARD, "holder": holder(None)});
    assert_eq!(room.bench.refused("counter", "life.activate", again), "life-bank-lost");
    room.at("2026-03-06T00:00:00");
    assert_eq!(room.show()["bank_status"], "active");
    assert_eq!(room.bench.done("administrator", "life.lapse", json!({}))["lapsed"], 1);
    room.lost("counter", "life.confirm-loss", "financial").unwrap();
    room.lost("counter", "life.release", "financial").unwrap();
    assert_eq!(room.show()["bank_status"], "active");
    assert_eq!(room.lost("counter", "life.release", "financial").unwrap_err().code, "life-not-lost");
}

#[test]
fn a_card_is_activated_at_a_window_and_at_a_bank_by_its_holder_with_a_valid_document() {
    for (who, bank_status) in [("issuer", "inactive"), ("counter", "active")] {
        let mut room = Room::with(&record(CARD, CardStatus::Inactive, false));
        let mut code = |holder: Value| room.code(who, "life.activate", json!({"card": CARD, "holder": holder}));
        assert_eq!(code(holder(Some("2026-03-01"))), "life-document-expired");
        let mut other = holder(None);
        other["name"] = "李四".into();
        assert_eq!(code(other), "life-document-mismatch");
        let mut other = holder(None);
        other["kind"] = "passport".into();
        assert_eq!(code(other), "life-document-mismatch");
        assert_eq!(code(holder(Some("2026-03-02"))), "done");
        let shown = room.show();
        assert_eq!((&shown["status"], &shown["bank_status"]), (&json!("active"), &json!(bank_status)));
        let again = room.bench.done(who, "life.activate", json!({"card": CARD, "holder": holder(None)}));
        assert_eq!(again, json!({"changed": false}));
    }
    // A counter of a bank without an agreement; an expired card; one that is not handed over; none.
    let mut room = Room::with(&record(CARD, CardStatus::Inactive, false));
    let body = json!({"card": CARD, "holder": holder(None)});
    room.at("2027-03-02T09:00:00");
    assert_eq!(room.bench.refused("counter", "life.activate", body.clone()), "life-not-here");
    room.at("2036-01-02T09:00:00");
    assert_eq!(room.bench.refused("issuer", "life.activate", body.clone()), "life-expired");
    room.force(|card| card.handed_over = None);
    assert_eq!(room.bench.refused("issuer", "life.activate", body), "life-not-handed-over");
    let none = json!({"card": OTHER, "holder": holder(None)});
    assert_eq!(room.bench.refused("issuer", "life.activate", none), "life-card-unknown");
}

#[test]
fn the_agency_seals_locks_and_takes_back() {
    let mut room = Room::active();
    let why = json!({"card": CARD, "why": "as asked"});
    for (away, between, back, none) in [
        ("life.seal", "sealed", "life.unseal", "life-not-sealed"),
        ("life.lock", "locked", "life.unlock", "life-not-locked"),
    ] {
        assert_eq!(room.bench.done("issuer", away, why.clone()), json!({"changed": true}));
        assert_eq!(room.bench.done("issuer", away, why.clone()), json!({"changed": false}));
        assert_eq!(room.status(), between);
        // The one does not end the other, and no loss either.
        let other = if away == "life.seal" { "life.lock" } else { "life.seal" };
        assert_eq!(room.bench.refused("issuer", other, why.clone()), format!("life-{between}"));
        assert_eq!(room.bench.done("issuer", back, why.clone()), json!({"changed": true}));
        assert_eq!(room.bench.refused("issuer", back, why.clone()), none);
        assert_eq!(room.status(), "active");
    }
}

/// Social side first, then the bank.
#[test]
fn a_card_is_cancelled_then_its_account_closed() {
    let mut room = Room::active();
    let close = json!({"card": CARD});
    assert_eq!(room.bench.refused("counter", "life.close-account", close.clone()), "life-social-first");
    let cancel = json!({"card": CARD, "why": "death"});
    assert_eq!(room.bench.done("issuer", "life.cancel", cancel.clone()), json!({"changed": true}));
    assert_eq!(room.bench.done("issuer", "life.cancel", cancel), json!({"changed": false}));
    let shown = room.show();
    assert_eq!((&shown["bank_status"], &shown["ended_because"]), (&json!("blocked"), &json!("death")));
    assert_eq!(shown["waiting"][0]["acts"], json!(["life.close-account"]));
    let activate = json!({"card": CARD, "holder": holder(None)});
    assert_eq!(room.bench.refused("counter", "life.activate", activate), "life-cancelled");
    assert_eq!(room.lost("counter", "life.report-loss", "financial").unwrap_err().code, "life-bank-blocked");
    assert_eq!(room.bench.done("counter", "life.close-account", close.clone()), json!({"changed": true}));
    assert_eq!(room.bench.done("counter", "life.close-account", close), json!({"changed": false}));
    assert_eq!(room.lost("counter", "life.report-loss", "financial").unwrap_err().code, "life-bank-closed");
    assert_eq!(room.show()["waiting"], json!([]));
    // The void list has it.
    let list = room.bench.done("auditor", "life.list", json!({"status": "cancelled"}));
    assert_eq!(list["cards"][0]["card"], CARD);
    assert_eq!(room.bench.done("auditor", "life.list", json!({"status": "active"})), json!({"cards": []}));
    assert_eq!(room.code("auditor", "life.list", json!({"status": "gone"})), "life-field");
    assert_eq!(room.code("auditor", "life.list", json!({"status": "active", "limit": 0})), "value-not-allowed");
}

#[test]
fn a_replacement_ends_the_old_card_and_the_account_stays_with_the_person() {
    let mut room = Room::active();
    let allowed =
        |room: &mut Room, reason| room.code("clerk", "life.replace-allowed", json!({"card": CARD, "reason": reason}));
    assert_eq!(allowed(&mut room, "damage"), "done");
    assert_eq!(allowed(&mut room, "loss"), "life-replace-needs-report");
    assert_eq!(allowed(&mut room, "expiry"), "life-renew-too-early");
    room.lost("hotline", "life.report-loss", "social").unwrap();
    assert_eq!(allowed(&mut room, "loss"), "life-replace-needs-formal");
    room.lost("clerk", "life.confirm-loss", "social").unwrap();
    assert_eq!((allowed(&mut room, "loss"), allowed(&mut room, "damage")), ("done".into(), "life-lost".into()));

    let operator = Operator { id: "issuer".into(), role: crate::acts::role::Role::Issuer, outlet: "32010201".into() };
    let superseded = |room: &mut Room| {
        let files = room.bench.centre.files();
        let desk = Desk::new(files.office(area()), &operator);
        ending::supersede(&desk, CardNumber::new(CARD.as_bytes()).unwrap(), ReplaceReason::Loss)
    };
    assert!(superseded(&mut room).unwrap());
    assert!(!superseded(&mut room).unwrap(), "done before");
    assert_eq!(room.status(), "cancelled");
    assert_eq!(allowed(&mut room, "loss"), "life-replace-is-new");
    let new = CardRecord { account: Fen(50_000), ..record(OTHER, CardStatus::Inactive, false) };
    room.bench.centre.add_card(&new).unwrap();
    let account = |room: &Room, number: &str| {
        room.bench.centre.card(&CardNumber::new(number.as_bytes()).unwrap()).unwrap().unwrap().account
    };
    assert_eq!((account(&room, CARD), account(&room, OTHER)), (Fen(50_000), Fen(50_000)));
    let code = room.bench.done("pharmacy", "life.status-code", json!({"card": OTHER, "interface": "gateway"}));
    assert_eq!(code, json!({"code": "050", "meaning": "inactive"}));
    assert_eq!(room.code("clerk", "life.status-code", json!({"card": OTHER, "interface": "soap"})), "life-code");
    let meaning = room.bench.done("clerk", "life.status-of", json!({"interface": "soap", "code": "3"}));
    assert_eq!(meaning["meaning"], "cancelled");
    assert_eq!(room.code("clerk", "life.status-of", json!({"interface": "aaz502", "code": "7"})), "life-code");
    // A year before the last day it is too early to renew, a month before it is not.
    let renew = json!({"card": OTHER});
    room.at("2035-11-30T09:00:00");
    assert_eq!(room.bench.refused("clerk", "life.renew-allowed", renew.clone()), "life-renew-too-early");
    room.at("2035-12-01T09:00:00");
    room.bench.done("clerk", "life.renew-allowed", renew);
}

/// Another area's cards are not seen; but their loss may be reported anywhere (docs/card.md §2.5).
#[test]
fn another_areas_card_is_reported_lost_here_and_nothing_else() {
    let mut room = Room::active();
    let suzhou = Region::new("320500").unwrap();
    room.bench.centre.found(&Founding { area: suzhou, agency: "苏州".into() }).unwrap();
    let ident = IdentCode::from_parts(suzhou, [1, 2, 3, 4], [5, 6, 7, 8]);
    let theirs = CardRecord { area: suzhou, ident, ..record(OTHER, CardStatus::Active, true) };
    room.bench.centre.add_card(&theirs).unwrap();
    let report = json!({"card": OTHER, "holder": holder(None), "function": "social"});
    // The area that issued the card says for how long.
    assert_eq!(room.bench.refused("hotline", "life.report-loss", report.clone()), "parameter-missing");
    let files = room.bench.centre.files();
    let term = json!({"unit": "days", "value": 7}).to_string();
    configuration::keep(files.store, suzhou, "loss.temporary_term", "2020-01-01".parse().unwrap(), &term).unwrap();
    let until = room.bench.done("hotline", "life.report-loss", report.clone());
    assert_eq!(until["until"], "2026-03-10T00:00:00");
    room.bench.done("hotline", "life.release", report.clone());
    room.bench.done("clerk", "life.confirm-loss", report);
    for (act, body) in [
        ("life.show", json!({"card": OTHER})),
        ("life.seal", json!({"card": OTHER, "why": "x"})),
        ("life.cancel", json!({"card": OTHER, "why": "death"})),
        ("life.activate", json!({"card": OTHER, "holder": holder(None)})),
    ] {
        assert_eq!(room.bench.refused("issuer", act, body), "life-other-area", "{act}");
    }
}

#[test]
fn a_pin_is_set_back_by_a_command_for_this_card_and_must_be_changed_again() {
    let mut room = Room::active();
    room.makes_cards();
    let ident = hex::encode_upper(record(CARD, CardStatus::Active, true).ident.as_bytes());
    let ask = |ident: &str, historical: &str, challenge: &str| {
        json!({
            "card": CARD, "holder": holder(None), "ident": ident, "historical": historical, "algorithm": "triple-des",
            "challenge": challenge
        })
    };
    let (historical, challenge) = ("00815431008660202601010000", "0102030405060708");
    let copy = hex::encode_upper([9; 16]);
    assert_eq!(room.code("issuer", "life.reset-pin", ask(&copy, historical, challenge)), "life-not-genuine");
    for (ident, historical, challenge) in
        [("zz", historical, challenge), (&*ident, "", challenge), (&*ident, historical, "01")]
    {
        assert_eq!(room.code("issuer", "life.reset-pin", ask(ident, historical, challenge)), "life-field");
    }
    assert_eq!(room.show()["pin_is_initial"], false);
    let answer = room.bench.done("issuer", "life.reset-pin", ask(&ident, historical, challenge));
    let command = answer["command"].as_str().unwrap();
    assert!(command.starts_with("805E000007123456") && command.len() == 24, "{command}");
    assert_eq!(answer["pin"], "123456");
    assert_eq!(room.show()["pin_is_initial"], true);
    room.lost("clerk", "life.confirm-loss", "social").unwrap();
    assert_eq!(room.code("issuer", "life.reset-pin", ask(&ident, historical, challenge)), "life-lost");
}

/// A bank's counter acts on the accounts of its own bank; of older cards the bank is not known.
#[test]
fn a_bank_acts_on_its_own_accounts() {
    let mut room = Room::active();
    let close = json!({"card": CARD});
    for (bank, code) in [(Some("95599"), "life-other-bank"), (Some("95588"), "done"), (None, "done")] {
        room.force(|card| card.set_bank_status(BankStatus::Active));
        room.bench.within(|office| {
            let sql = "UPDATE cards SET bank = $1 WHERE number = $2";
            office.store().execute(sql, crate::store::value::values![bank, CARD]).unwrap()
        });
        for act in ["life.report-loss", "life.confirm-loss", "life.release"] {
            let outcome = room.lost("counter", act, "financial").map_or_else(|refusal| refusal.code, |_| "done");
            assert_eq!(outcome, code, "{act} {bank:?}");
        }
        let expected = if code == "done" { "life-social-first" } else { code };
        assert_eq!(room.code("counter", "life.close-account", close.clone()), expected, "{bank:?}");
    }
}

#[test]
fn a_temporary_card_is_lent_once_has_no_bank_function_and_is_handed_back() {
    let mut room = Room::active();
    let person = room.show()["person"].as_str().unwrap().to_owned();
    let ident = hex::encode_upper(IdentCode::from_parts(area(), [9; 4], [9; 4]).as_bytes());
    let lend = |person: &str, ident: &str, days: Option<u16>| json!({"person": person, "holder": holder(None), "card": OTHER, "ident": ident, "days": days});
    // Nobody is lent a card on somebody else's account.
    let mut other = lend(&person, &ident, None);
    other["holder"]["number"] = json!("110105194912310038");
    assert_eq!(room.code("issuer", "life.lend-temporary", other), "document-not-shown");
    for (body, code) in [
        (lend("P999999999", &ident, None), "life-field"),
        (lend(&person, "00", None), "life-field"),
        (lend(&person, &ident, Some(181)), "life-temporary-too-long"),
    ] {
        assert_eq!(room.code("issuer", "life.lend-temporary", body), code);
    }
    let lent = room.bench.done("issuer", "life.lend-temporary", lend(&person, &ident, None));
    assert_eq!(lent, json!({"expires": "2026-04-30"}));
    assert_eq!(room.code("issuer", "life.lend-temporary", lend(&person, &ident, None)), "life-has-temporary");
    let replace = json!({"card": OTHER, "reason": "damage"});
    assert_eq!(room.code("clerk", "life.replace-allowed", replace), "life-temporary");
    let at_bank = json!({"card": OTHER, "holder": holder(None), "function": "financial"});
    assert_eq!(room.code("counter", "life.report-loss", at_bank), "life-no-bank-function");
    let card = |card: &str| json!({"card": card});
    assert_eq!(room.code("issuer", "life.return-temporary", card(CARD)), "life-not-temporary");
    assert_eq!(room.bench.done("issuer", "life.return-temporary", card(OTHER)), json!({"changed": true}));
    assert_eq!(room.bench.done("issuer", "life.show", card(OTHER))["waiting"], json!([]));
}

#[test]
fn a_person_moves_with_the_balance_and_both_areas_see_each_step() {
    let mut room = Room::active();
    let suzhou = Region::new("320500").unwrap();
    room.bench.centre.found(&Founding { area: suzhou, agency: "苏州".into() }).unwrap();
    let person = room.show()["person"].as_str().unwrap().to_owned();
    let here = json!({"person": person, "to": "320100"});
    assert_eq!(room.code("premium-officer", "life.move", here), "life-same-area");
    let body = json!({"person": person, "to": "320500"});
    let begun = room.bench.done("premium-officer", "life.move", body.clone());
    assert_eq!(
        (&begun["state"], &begun["waiting"]["until"], &begun["next"]),
        (&json!("requested"), &json!("2026-03-16"), &json!("old"))
    );
    assert_eq!(room.code("premium-officer", "life.move", body.clone()), "life-transfer-open");
    let transfer = json!({"transfer": begun["transfer"]});
    assert_eq!(room.code("premium-officer", "life.receive-balance", transfer.clone()), "life-transfer-elsewhere");
    room.bench.done("premium-officer", "life.withdraw-move", transfer.clone());
    assert_eq!(room.code("premium-officer", "life.send-balance", transfer), "life-transfer-step");
    let begun = room.bench.done("premium-officer", "life.move", body);
    let transfer = json!({"transfer": begun["transfer"]});
    let sent = room.bench.done("premium-officer", "life.send-balance", transfer.clone());
    assert_eq!(
        (&sent["balance"], &sent["waiting"]["until"], &sent["next"]),
        (&json!(50_000), &json!("2026-03-09"), &json!("new"))
    );
    assert_eq!(room.bench.done("auditor", "life.show-move", transfer.clone()), sent);
    for unknown in ["", "T320100000000009", "T32010000000000x", "X", "T三二〇一〇〇000000001"] {
        let body = json!({"transfer": unknown});
        assert_eq!(room.code("premium-officer", "life.show-move", body), "life-transfer-unknown", "{unknown}");
    }
    // The other area's officer.
    let officer =
        Operator { id: "admin".into(), role: crate::acts::role::Role::Administrator, outlet: "32050099".into() };
    let add = json!({"id": "officer", "role": "premium-officer", "outlet": "32050099", "name": "officer"});
    let mut there = |operator: &Operator, act, body| room.bench.act_in(suzhou, operator, act, body);
    there(&officer, "operator.add", add).unwrap();
    let officer =
        Operator { id: "officer".into(), role: crate::acts::role::Role::PremiumOfficer, outlet: "32050099".into() };
    let done = there(&officer, "life.receive-balance", transfer.clone()).unwrap();
    assert_eq!((&done["state"], &done["waiting"]), (&json!("done"), &json!(null)));
    assert_eq!(there(&officer, "life.receive-balance", transfer).unwrap_err().code, "life-transfer-step");
    let files = room.bench.centre.files();
    let account = Account::Person("P000000001".into());
    assert_eq!(ledger::balance(files.store, area(), &account).unwrap(), 0);
    assert_eq!(ledger::balance(files.store, suzhou, &account).unwrap(), 50_000);
    for (area, _, fault) in room.bench.centre.verify().unwrap() {
        assert_eq!(fault, None, "{area}");
    }
}

#[test]
fn a_retired_person_stays() {
    let mut room = Room::active();
    let files = room.bench.centre.files();
    let office = files.office(area());
    let mut person = crate::persons::get(&office, "P000000001").unwrap().unwrap();
    person.category = "retired".into();
    crate::persons::update(&office, &person).unwrap();
    let body = json!({"person": "P000000001", "to": "320500"});
    assert_eq!(room.code("premium-officer", "life.move", body), "life-retired");
}

/// Whoever looks at a card sees what can be done: for every status that has not ended at least one act, each of which there
/// is.
#[test]
fn every_status_that_waits_names_acts_that_there_are() {
    for formal in [FormalRelease { allowed: false }, FormalRelease { allowed: true }] {
        for status in CardStatus::ALL {
            let acts = ask::social_acts(status, formal);
            assert_eq!(acts.is_empty(), ask::social_wait(status).is_none(), "{status:?}");
            assert!(acts.iter().all(|act| registry::act(act).is_some()), "{acts:?}");
        }
    }
    for status in BankStatus::VARIANTS {
        for ended in [false, true] {
            let acts = ask::bank_acts(*status, ended);
            let waits = ask::bank_wait(*status, ended).is_some();
            assert!(!waits || !acts.is_empty(), "{status:?} {ended}");
            assert!(acts.iter().all(|act| registry::act(act).is_some()), "{acts:?}");
        }
    }
}
