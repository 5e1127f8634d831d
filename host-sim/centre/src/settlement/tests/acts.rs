//! Codes: docs/centre.md §6.8.3. Bills over acts, with the messages of docs/centre.md §6.8.1 and the codes of §6.8.3: a purchase of lines and a stay
//! with its deductible, with the figures of docs/centre.md §15; what is repeated, undone, reversed, compared; and every
//! refusal.

use serde_json::{Value, json};

use qiyong_protocol::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;

use super::town::{DOCUMENT, HOSPITAL, OFFICER, PHARMACY, PREMIUMS, Town, amounts, known};
use crate::ledger::Account;
use crate::persons::proof::tests::shown;
use crate::settlement::booking::{self, Ask};

/// docs/centre.md §15
#[test]
pub(crate) fn a_purchase_of_lines_and_its_undo() {
    let mut town = Town::new();
    let names = ["medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];
    let paid = ["fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay", "balc"];
    let prepared = town.body("41", json!({"feedetail": Town::purchase()}));
    let prepared = town.bench.done("till-pharmacy", "settlement.prepare", prepared);
    assert_eq!(amounts(&prepared, &names), [11_400, 2_990, 350, 450, 7_610]);
    assert_eq!(town.account(), 20_000, "nothing is paid yet");

    let more = json!({"medins_setl_id": "A1", "mdtrt_id": prepared["mdtrt_id"], "medfee_sumamt": 11_400});
    let body = town.body("41", more);
    let settled = town.bench.done("till-pharmacy", "settlement.settle", body.clone());
    assert_eq!(amounts(&settled, &paid), [0, 11_400, 11_400, 0, 8_600]);
    assert_eq!(settled["detlcutinfo"][1]["overlmt_amt"], 350);
    assert_eq!((town.account(), settled["clr_type"].as_str()), (8_600, Some("41")));
    let pharmacy = Account::Institution(InstitutionCode::new(PHARMACY).unwrap());
    assert_eq!(town.balance(&pharmacy), 11_400);
    // The same message again gets the same answer and moves nothing.
    assert_eq!(town.bench.done("till-pharmacy", "settlement.settle", body.clone()), settled);
    assert_eq!(town.account(), 8_600);

    let undone = town.undo("A2", &settled);
    assert_eq!(amounts(&undone, &paid), [0, -11_400, -11_400, 0, 20_000]);
    assert_eq!(amounts(&undone, &names), [-11_400, -2_990, -350, -450, -7_610]);
    assert_eq!((town.account(), town.balance(&pharmacy)), (20_000, 0));
    assert_eq!(town.undo("A2", &settled), undone);
    let shown = town.bench.done(OFFICER, "settlement.show", json!({"setl_id": settled["setl_id"]}));
    assert_eq!((&shown["undone_by"], &shown["undoes"]), (&undone["setl_id"], &Value::Null));
    assert_eq!(town.bench.refused("till-pharmacy", "settlement.settle", body), "settlement-undone");
    town.verify();
}

/// docs/centre.md §15
#[test]
pub(crate) fn a_stay_with_its_deductible() {
    let mut town = Town::new();
    let names = ["inscp_scp_amt", "act_pay_dedc", "hifp_pay", "psn_part_amt", "acct_pay", "psn_cash_pay", "balc"];
    let body = town.body("21", json!({}));
    let visit = town.bench.done("till-hospital", "settlement.register", body);
    assert_eq!(visit["waiting"]["until"], "2026-04-01");
    let lines = json!({"mdtrt_id": visit["mdtrt_id"], "feedetail": Town::stay()});
    town.bench.done("till-hospital", "settlement.lines", lines.clone());
    // Sent again they are there once.
    town.bench.done("till-hospital", "settlement.lines", lines);
    let trial = town.body("21", json!({"mdtrt_id": visit["mdtrt_id"]}));
    let tried = town.bench.done("till-hospital", "settlement.trial", trial);
    let more = json!({
        "medins_setl_id": "B1", "mdtrt_id": visit["mdtrt_id"], "medfee_sumamt": 800_000, "fulamt_ownpay_amt": 50_000,
        "overlmt_selfpay": 10_000, "preselfpay_amt": 30_000, "inscp_scp_amt": 710_000
    });
    let body = town.body("21", more);
    let settled = town.bench.done("till-hospital", "settlement.settle", body);
    assert_eq!(amounts(&settled, &names), [710_000, 100_000, 536_800, 263_200, 20_000, 243_200, 0]);
    assert_eq!(settled["setlinfo"], tried["setlinfo"], "what was tried is what is settled");
    assert_eq!(settled["setlinfo"]["setldetail"][0]["fund_pay_type"], "310100");
    assert_eq!(town.balance(&Account::Pool("medical".into())), -536_800);
    assert_eq!(town.balance(&Account::Outside(format!("till:{HOSPITAL}"))), 243_200);

    // The next stay of the year pays half of the deductible, and after the first one is undone, too.
    let again = town.body("21", json!({"feedetail": Town::stay()}));
    let next = town.bench.done("till-hospital", "settlement.trial", again.clone());
    assert_eq!(amounts(&next, &["act_pay_dedc", "hifp_pay"]), [50_000, 580_800]);
    let undo = json!({"medins_setl_id": "B2", "setl_id": settled["setl_id"], "psn_no": town.person});
    town.bench.done("till-hospital", "settlement.undo", undo);
    let first = town.bench.done("till-hospital", "settlement.trial", again.clone());
    assert_eq!(amounts(&first, &["act_pay_dedc", "hifp_pay"]), [100_000, 536_800]);
    town.verify();

    // The visit can be settled again.
    let more = json!({"medins_setl_id": "B3", "mdtrt_id": visit["mdtrt_id"], "medfee_sumamt": 800_000});
    let body = town.body("21", more);
    let settled = town.bench.done("till-hospital", "settlement.settle", body);
    assert_eq!(amounts(&settled, &["act_pay_dedc", "hifp_pay"]), [100_000, 536_800]);
    town.verify();
}

#[test]
pub(crate) fn a_lost_answer_is_reversed_by_its_number() {
    let mut town = Town::new();
    let reverse = |town: &mut Town, message: &str| {
        let body = json!({"psn_no": town.person, "omsgid": message});
        town.bench.done("till-pharmacy", "settlement.reverse", body)["outcome"].as_str().unwrap().to_owned()
    };
    let first = town.buy("C1");
    assert_eq!(reverse(&mut town, "C1"), "undone");
    assert_eq!((reverse(&mut town, "C1"), town.account()), ("before".into(), 20_000));
    // The reversal overtakes its message.
    assert_eq!(reverse(&mut town, "C2"), "remembered");
    assert_eq!(reverse(&mut town, "C2"), "before");
    let more = json!({"medins_setl_id": "C2", "feedetail": Town::purchase(), "medfee_sumamt": 11_400});
    let body = town.body("41", more);
    assert_eq!(town.bench.refused("till-pharmacy", "settlement.settle", body), "message-reversed");
    assert_eq!(town.account(), 20_000);
    // An undo whose answer was lost is taken back: the settlement stands again, and can be undone again.
    let settled = town.buy("C3");
    town.undo("C4", &settled);
    assert_eq!((reverse(&mut town, "C4"), town.account()), ("undone".into(), 8_600));
    assert_eq!((reverse(&mut town, "C4"), town.account()), ("before".into(), 8_600));
    let shown = town.bench.done(OFFICER, "settlement.show", json!({"setl_id": settled["setl_id"]}));
    assert_eq!(shown["undone_by"], Value::Null);
    town.undo("C5", &settled);
    assert_eq!(town.account(), 20_000);
    town.verify();

    // Taking an undo back needs the money that it gave back.
    let settled = town.buy("C6");
    town.undo("C7", &settled);
    let buy = town.buy("C8");
    let body = json!({"psn_no": town.person, "omsgid": "C7"});
    assert_eq!(town.bench.refused("till-pharmacy", "settlement.reverse", body.clone()), "bill-account-short");
    town.undo("C9", &buy);
    town.bench.done("till-pharmacy", "settlement.reverse", body);
    assert_eq!(town.account(), 8_600);
    let other = json!({"psn_no": "P000000009", "omsgid": "C6"});
    assert_eq!(town.bench.refused("till-pharmacy", "settlement.reverse", other), "settlement-unknown");
    assert_ne!(first["setl_id"], settled["setl_id"]);
    town.verify();
}

#[test]
pub(crate) fn totals_and_details_are_compared() {
    let mut town = Town::new();
    let settled = town.buy("D1");
    let undone = town.undo("D2", &settled);
    let second = town.buy("D3");
    let sums = |total: i64, count: i64| {
        json!({"insutype": "310", "clr_type": "41", "stmt_begndate": "2026-03-01", "stmt_enddate": "2026-03-31",
               "institution": {"medfee_sumamt": total, "fund_pay_sumamt": 0, "acct_pay": total,
                               "fixmedins_setl_cnt": count}})
    };
    let equal = town.bench.done("till-pharmacy", "settlement.totals", sums(11_400, 3));
    assert_eq!(equal["stmt_rslt"], "equal");
    let different = town.bench.done("till-pharmacy", "settlement.totals", sums(11_400, 1));
    assert_eq!((&different["stmt_rslt"], &different["centre"]["fixmedins_setl_cnt"]), (&json!("different"), &json!(3)));
    let at_hospital = town.bench.done("till-hospital", "settlement.totals", sums(0, 0));
    assert_eq!(at_hospital["stmt_rslt"], "equal");

    let line = |answer: &Value, total: i64| json!({"setl_id": answer["setl_id"], "medfee_sumamt": total, "fund_pay_sumamt": 0, "acct_pay": total});
    let detail = |lines: Value| json!({"stmt_begndate": "2026-03-02", "stmt_enddate": "2026-03-02", "lines": lines});
    let same = detail(json!([line(&settled, 11_400), line(&undone, -11_400), line(&second, 11_400)]));
    assert_eq!(town.bench.done("till-pharmacy", "settlement.detail", same)["differences"], json!([]));
    let unlike = detail(json!([line(&settled, 11_401), line(&second, 11_400), line(&json!({"setl_id": 99}), 1)]));
    let found = town.bench.done("till-pharmacy", "settlement.detail", unlike);
    let expected = json!([
        {"setl_id": settled["setl_id"], "difference": "amounts", "msgid": "D1"},
        {"setl_id": undone["setl_id"], "difference": "centre-only", "msgid": "D2"},
        {"setl_id": 99, "difference": "institution-only", "msgid": null},
    ]);
    assert_eq!(found["differences"], expected);
    let days = json!({"stmt_begndate": "2026-03-02", "stmt_enddate": "2026-03-02", "after": settled["setl_id"]});
    let list = town.bench.done("till-pharmacy", "settlement.list", days);
    assert_eq!(list["settlements"].as_array().unwrap().len(), 2);
}

#[test]
pub(crate) fn who_is_assisted_pays_less() {
    let mut town = Town::new();
    let asked = json!({"mdtrt_cert_type": "02", "mdtrt_cert_no": DOCUMENT});
    let asked = town.bench.done("till-hospital", "settlement.person", asked);
    assert_eq!(
        (&asked["psn_no"], &asked["balc"], &asked["insured"]),
        (&json!(town.person), &json!(20_000), &json!(true))
    );

    let assist = json!({"psn_no": town.person, "class": "poor"});
    assert_eq!(town.bench.refused(OFFICER, "assistance.grant", assist.clone()), "value-not-allowed");
    let mut benefits = town.bench.done("admin", "parameter.list", json!({"name": "benefits"}))["parameters"][0].take();
    benefits["value"]["assistance"] = json!([{"class": "poor", "share": "0.7", "cap": 5_000_000}]);
    let set = json!({"name": "benefits", "since": "2026-03-02", "value": benefits["value"]});
    town.bench.done("admin", "parameter.set", set);
    town.bench.done(OFFICER, "assistance.grant", assist);
    let body = town.body("21", json!({"feedetail": Town::stay()}));
    let tried = town.bench.done("till-hospital", "settlement.trial", body.clone());
    // 70 % of what the pool leaves of the scope: 1,732 yuan.
    assert_eq!(amounts(&tried, &["hifp_pay", "maf_pay", "psn_part_amt"]), [536_800, 121_240, 141_960]);
    town.bench.done(OFFICER, "assistance.end", json!({"psn_no": town.person}));
    let tried = town.bench.done("till-hospital", "settlement.trial", body);
    assert_eq!(amounts(&tried, &["hifp_pay", "maf_pay"]), [536_800, 0]);
}

/// Being insured decides what pays: without it the account and cash, and a relative's account never brings a fund along.
#[test]
pub(crate) fn who_is_not_insured_pays_alone_and_a_relative_pays_money_only() {
    let mut town = Town::new();
    let other = known(&town.bench, "320102199003078021", "employee");
    let own = town.person.clone();
    let as_other = |town: &Town, med_type: &str, more: Value| {
        let mut body = town.body(med_type, more);
        body["psn_no"] = json!(other);
        body["mdtrt_cert_no"] = json!("320102199003078021");
        body
    };
    let names = ["hifp_pay", "acct_pay", "acct_mulaid_pay", "psn_cash_pay"];
    let body = as_other(&town, "21", json!({"feedetail": Town::stay()}));
    let tried = town.bench.done("till-hospital", "settlement.trial", body.clone());
    assert_eq!((amounts(&tried, &names), &tried["insured"]), (vec![0, 0, 0, 800_000], &json!(false)));

    // Insured from today on; the spouse's account pays after the own, which is empty.
    town.employ(&other);
    let document = shown(&town.bench.centre.office(town.bench.area), &own);
    let bind = json!({"owner": own, "owner_document": document, "relative": other, "kin": "spouse"});
    town.bench.done(PREMIUMS, "pooling.bind", bind);
    let more = json!({"medins_setl_id": "G1", "feedetail": Town::stay(), "medfee_sumamt": 800_000});
    let body = as_other(&town, "21", more);
    let settled = town.bench.done("till-hospital", "settlement.settle", body);
    assert_eq!(amounts(&settled, &names), [536_800, 0, 20_000, 243_200]);
    assert_eq!(town.account(), 0, "the spouse's");
    let undo = json!({"medins_setl_id": "G2", "setl_id": settled["setl_id"], "psn_no": other});
    let undone = town.bench.done("till-hospital", "settlement.undo", undo);
    assert_eq!(amounts(&undone, &names), [-536_800, 0, -20_000, -243_200]);
    assert_eq!(town.account(), 20_000);
    town.verify();

    // A premium that is not paid in time stops the pool; the account stays usable.
    town.bench.clock.set("2026-04-30T09:00:00".parse().unwrap());
    town.bench.done(PREMIUMS, "premium.assess", json!({"month": "2026-03"}));
    let mut lines = Town::stay();
    for line in lines.as_array_mut().unwrap() {
        line["fee_ocur_time"] = json!("2026-04-30T08:00:00");
    }
    let body = town.body("21", json!({"feedetail": lines}));
    let tried = town.bench.done("till-hospital", "settlement.trial", body);
    assert_eq!((amounts(&tried, &names), &tried["insured"]), (vec![0, 20_000, 0, 780_000], &json!(false)));
}

/// A terminal settles by the number that the till got, and its transaction is undone by its own number.
#[test]
pub(crate) fn a_terminal_settles_what_a_till_prepared() {
    let mut town = Town::new();
    let body = town.body("41", json!({"feedetail": Town::purchase()}));
    let prepared = town.bench.done("till-pharmacy", "settlement.prepare", body);
    let number = prepared["mdtrt_id"].as_i64().unwrap();
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    let ask = Ask { institution, message: "TILL0001-000001-000007", request: [7; 32], operator: "-" };
    let office = town.bench.centre.office(town.bench.area);
    let (visit, person) = booking::open_visit(&office, institution, number).unwrap();
    assert_eq!(person.number, town.person);
    let worked_out = booking::trial(&office, &visit, &person, visit.acct_used).unwrap();
    let settled = booking::settle(&office, &ask, (&visit, &person), worked_out).unwrap();
    assert_eq!((settled.own_account(), settled.setlinfo.balc), (11_400, 8_600));
    assert_eq!(booking::again(&office, &ask).unwrap(), Some(settled));
    let other = booking::again(&office, &Ask { request: [8; 32], ..ask }).unwrap_err();
    assert_eq!(other.code, "message-reused");
    let reversal = Ask { message: "TILL0001-000001-000008", ..ask };
    let reversed = booking::reverse(&office, &reversal, &town.person, ask.message).unwrap();
    assert_eq!(reversed, booking::Reversed::Undone);
    assert_eq!(booking::again(&office, &ask).unwrap_err().code, "settlement-undone");
    assert_eq!(town.account(), 20_000);
    town.verify();
}

/// A card is asked with before it is in use, and pays once it is; a lost one does neither.
#[test]
pub(crate) fn a_card_proves_whose_it_is() {
    let mut town = Town::new();
    let card = |number: &[u8; 9], status: CardStatus| CardRecord {
        number: CardNumber::new(number).unwrap(),
        ident: IdentCode::from_parts(town.bench.area, *number.first_chunk().unwrap(), [5, 6, 7, 8]),
        id_number: IdNumber::new(DOCUMENT.as_bytes()).unwrap(),
        name: Name::new(b"\xD5\xC5\xC8\xFD").unwrap(),
        document: None,
        area: town.bench.area,
        expires: Date::new(2036, 1, 1).unwrap(),
        status,
        social: status == CardStatus::Active,
        financial: false,
        pin_is_initial: status != CardStatus::Active,
        account: Fen(20_000),
        insured: true,
    };
    let cards = [
        card(b"A12345674", CardStatus::Active),
        card(b"012345674", CardStatus::Inactive),
        card(b"123456781", CardStatus::Lost),
    ];
    for card in &cards {
        town.bench.centre.add_card(card).unwrap();
    }
    for (card, asks, pays) in [(&cards[0], true, true), (&cards[1], true, false), (&cards[2], false, false)] {
        let number = card.number.as_str();
        let with_card = |mut body: Value| {
            body["mdtrt_cert_type"] = json!("03");
            body["mdtrt_cert_no"] = json!(number);
            body
        };
        let ask = json!({"mdtrt_cert_type": "03", "mdtrt_cert_no": number});
        let asked = town.bench.act("till-pharmacy", "settlement.person", ask);
        assert_eq!(asked.map(|person| person["psn_no"] == json!(town.person)).ok(), asks.then_some(true), "{number}");
        let body = with_card(town.body("41", json!({"feedetail": Town::purchase()})));
        assert_eq!(town.bench.act("till-pharmacy", "settlement.prepare", body).is_ok(), asks, "{number}");
        let more = json!({"medins_setl_id": number, "feedetail": Town::purchase(), "medfee_sumamt": 11_400});
        let body = with_card(town.body("41", more));
        assert_eq!(town.bench.act("till-pharmacy", "settlement.settle", body).is_ok(), pays, "{number}");
    }
    assert_eq!(town.account(), 8_600);
}

/// Lines that are taken back cost nothing, and can be sent anew; what they cost is what the catalogue says of the day.
#[test]
pub(crate) fn lines_are_taken_back_and_sent_anew() {
    let mut town = Town::new();
    let body = town.body("41", json!({"feedetail": Town::purchase()}));
    let visit = town.bench.done("till-pharmacy", "settlement.prepare", body)["mdtrt_id"].clone();
    let dropped =
        |town: &mut Town| town.bench.done("till-pharmacy", "settlement.drop-lines", json!({"mdtrt_id": visit}));
    assert_eq!((dropped(&mut town), dropped(&mut town)), (json!({"changed": true}), json!({"changed": false})));
    let anew = json!([Town::line(1, "XB02", "1", "48.50", 4_850)]);
    let sent = town.bench.done("till-pharmacy", "settlement.lines", json!({"mdtrt_id": visit, "feedetail": anew}));
    // Above the limit of 45 yuan, and of these a tenth.
    assert_eq!(amounts(&sent, &["medfee_sumamt", "overlmt_selfpay", "preselfpay_amt"]), [4_850, 350, 450]);
    let item = town.bench.done("auditor", "catalogue.show", json!({"med_list_codg": "XB02"}));
    assert_eq!((&item["chrgitm_lv"], &item["since"]), (&json!("02"), &json!("2026-03-02")));
    let before = json!({"med_list_codg": "XB02", "day": "2026-03-01"});
    let unlisted = town.bench.done("auditor", "catalogue.show", before);
    assert_eq!((&unlisted["chrgitm_lv"], &unlisted["since"]), (&json!("03"), &json!(null)));
}

/// Every refusal of the room is reached, and moves nothing.
#[test]
pub(crate) fn every_refusal_is_reached() {
    let mut town = Town::new();
    let settled = town.buy("E1");
    let undone = town.undo("E2", &settled);
    let body = town.body("41", json!({"feedetail": Town::purchase()}));
    let open = town.bench.done("till-pharmacy", "settlement.prepare", body)["mdtrt_id"].clone();
    let body = town.body("41", json!({}));
    let empty = town.bench.done("till-pharmacy", "settlement.register", body.clone())["mdtrt_id"].clone();
    let gone = town.bench.done("till-pharmacy", "settlement.register", body)["mdtrt_id"].clone();
    town.bench.done("till-pharmacy", "settlement.unregister", json!({"mdtrt_id": gone}));
    let with = |town: &Town, field: &str, value: Value| {
        let more = json!({"medins_setl_id": "E9", "feedetail": Town::purchase(), "medfee_sumamt": 11_400});
        let mut body = town.body("41", more);
        body[field] = value;
        body
    };
    let line = |field: &str, value: Value| {
        let mut line = Town::line(1, "XA01", "2", "17.80", 3_560);
        line[field] = value;
        json!([line])
    };
    let twice = json!([Town::line(1, "XA01", "1", "1", 100), Town::line(1, "XA01", "1", "2", 200)]);
    let many: Vec<_> = (0..=500).map(|_| Town::line(1, "XA01", "1", "1", 100)).collect();
    let send = |lines: Value| json!({"mdtrt_id": open, "feedetail": lines});
    let settle = "settlement.settle";
    let cases: Vec<(&str, &str, Value, &str)> = vec![
        ("hospital", settle, with(&town, "x", Value::Null), "field-invalid"),
        ("hospital", "settlement.lines", send(Town::purchase()), "operator-not-of-institution"),
        ("till-pharmacy", settle, with(&town, "med_type", json!("11")), "med-type-not-here"),
        ("till-pharmacy", settle, with(&town, "psn_no", json!("P9")), "bill-person-unknown"),
        (
            "till-pharmacy",
            settle,
            with(&town, "mdtrt_cert_no", json!("320102199003078021")),
            "certificate-not-accepted",
        ),
        ("till-pharmacy", settle, with(&town, "mdtrt_cert_type", json!("03")), "certificate-not-accepted"),
        ("till-pharmacy", settle, with(&town, "mdtrt_id", json!(1)), "visit-or-lines"),
        ("till-pharmacy", settle, with(&town, "feedetail", json!([])), "bill-without-lines"),
        ("till-pharmacy", settle, with(&town, "feedetail", json!(many)), "bill-too-long"),
        ("till-pharmacy", settle, with(&town, "feedetail", twice.clone()), "line-number-reused"),
        ("till-pharmacy", settle, with(&town, "feedetail", line("det_item_fee_sumamt", json!(3_561))), "line-amount"),
        ("till-pharmacy", settle, with(&town, "feedetail", line("feedetl_sn", json!("a b"))), "value-not-allowed"),
        ("till-pharmacy", settle, with(&town, "feedetail", line("cnt", json!("-1"))), "field-invalid"),
        (
            "till-pharmacy",
            settle,
            with(&town, "feedetail", line("fee_ocur_time", json!("2026-03-03T00:00:00"))),
            "fee-in-future",
        ),
        (
            "till-pharmacy",
            settle,
            with(&town, "feedetail", line("fee_ocur_time", json!("2025-09-02T23:59:59"))),
            "fee-too-old",
        ),
        (
            "till-pharmacy",
            settle,
            with(&town, "feedetail", line("fee_ocur_time", json!("2026-03-01T12:00:00"))),
            "institution-not-designated",
        ),
        ("till-pharmacy", settle, with(&town, "medfee_sumamt", json!(11_401)), "sum-differs"),
        ("till-pharmacy", settle, with(&town, "preselfpay_amt", json!(451)), "sum-differs"),
        ("till-pharmacy", settle, with(&town, "medins_setl_id", json!("E2")), "message-reused"),
        ("till-pharmacy", settle, with(&town, "medins_setl_id", json!("a-b")), "value-not-allowed"),
        ("till-pharmacy", "settlement.drop-lines", json!({"mdtrt_id": 99}), "visit-unknown"),
        ("till-hospital", "settlement.drop-lines", json!({"mdtrt_id": open}), "visit-unknown"),
        ("till-pharmacy", "settlement.drop-lines", json!({"mdtrt_id": gone}), "visit-state"),
        ("till-pharmacy", "settlement.lines", send(line("cnt", json!("1.99999"))), "field-invalid"),
        (
            "till-pharmacy",
            "settlement.lines",
            send(json!([Town::line(1, "XB02", "2", "17.80", 3_560)])),
            "line-number-reused",
        ),
        (
            "till-pharmacy",
            "settlement.undo",
            json!({"medins_setl_id": "E8", "setl_id": 99, "psn_no": town.person}),
            "settlement-unknown",
        ),
        (
            "till-hospital",
            "settlement.undo",
            json!({"medins_setl_id": "E8", "setl_id": settled["setl_id"], "psn_no": town.person}),
            "settlement-unknown",
        ),
        (
            "till-pharmacy",
            "settlement.undo",
            json!({"medins_setl_id": "E8", "setl_id": settled["setl_id"], "psn_no": town.person}),
            "settlement-undone",
        ),
        (
            "till-pharmacy",
            "settlement.undo",
            json!({"medins_setl_id": "E8", "setl_id": undone["setl_id"], "psn_no": town.person}),
            "settlement-is-undo",
        ),
        ("till-hospital", "settlement.show", json!({"setl_id": settled["setl_id"]}), "settlement-unknown"),
        (
            OFFICER,
            "catalogue.set",
            json!({"med_list_codg": "X", "since": "2026-03-02", "chrgitm_lv": "02", "selfpay_prop": "1"}),
            "catalogue-share",
        ),
        (
            OFFICER,
            "catalogue.set",
            json!({"med_list_codg": "X", "since": "2026-03-01", "chrgitm_lv": "01", "selfpay_prop": "0"}),
            "value-not-allowed",
        ),
        (
            OFFICER,
            "catalogue.set",
            json!({"med_list_codg": "X", "since": "2026-03-02", "chrgitm_lv": "01", "selfpay_prop": "0", "limits":
                   [{"level": "two", "pric_uplmt_amt": "1"}, {"level": "two", "pric_uplmt_amt": "2"}]}),
            "value-not-allowed",
        ),
    ];
    for (operator, act, body, code) in cases {
        let refusal = town.bench.act(operator, act, body.clone()).expect_err(act);
        assert_eq!(refusal.code, code, "{act} {body}: {refusal}");
    }
    // Fees of a suspension and after the end are not settled, those before are.
    town.bench.clock.set("2026-03-03T09:00:00".parse().unwrap());
    town.bench.done(OFFICER, "institution.suspend", json!({"code": PHARMACY, "days": 1, "reason": "x"}));
    let body = town.body("41", json!({}));
    let refuse = |town: &mut Town, act: &str, body: Value, code: &str| {
        let refusal = town.bench.act("till-pharmacy", act, body).expect_err(act);
        assert_eq!(refusal.code, code, "{act}: {refusal}");
    };
    refuse(&mut town, "settlement.register", body, "institution-not-designated");
    town.bench.clock.set("2026-03-04T09:00:00".parse().unwrap());
    let at = |number: u8, day: &str| {
        let mut line = Town::line(number, "XA01", "2", "17.80", 3_560);
        line["fee_ocur_time"] = json!(format!("2026-03-{day}T10:00:00"));
        line
    };
    let across = json!([at(1, "02"), at(2, "03"), at(3, "04")]);
    let body = town.body("41", json!({"feedetail": across}));
    refuse(&mut town, "settlement.trial", body, "fee-not-settled");
    let around = json!([at(1, "02"), at(3, "04")]);
    let body = town.body("41", json!({"feedetail": around}));
    town.bench.done("till-pharmacy", "settlement.trial", body);
    // What was registered is settled in time.
    town.bench.clock.set("2026-04-02T09:00:00".parse().unwrap());
    refuse(&mut town, "settlement.unregister", json!({"mdtrt_id": empty}), "visit-lapsed");

    assert_eq!(town.account(), 20_000);
    town.verify();
}

/// An answer in the database that does not add up is no answer, whoever changed it.
#[test]
pub(crate) fn a_broken_identity_is_an_error_and_no_answer() {
    let mut town = Town::new();
    let settled = town.buy("F1");
    let office = town.bench.centre.office(town.bench.area);
    let change = "UPDATE settlements SET setlinfo = replace(setlinfo, '\"psn_cash_pay\":0', '\"psn_cash_pay\":1')";
    assert_eq!(office.store().execute(change, &[]).unwrap(), 1);
    let show = json!({"setl_id": settled["setl_id"]});
    assert_eq!(town.bench.refused(OFFICER, "settlement.show", show), "identity-broken");
    let undo = json!({"medins_setl_id": "F2", "setl_id": settled["setl_id"], "psn_no": town.person});
    assert_eq!(town.bench.refused("till-pharmacy", "settlement.undo", undo), "identity-broken");
    assert_eq!(town.account(), 8_600);
}
