//! What can happen in a history, and what it must move. What is refused moves nothing.

use serde_json::{Value, json};

use qiyong_protocol::centre::Answer;

use super::world::{Bill_, Fee, SUZHOU_AREA, World};
use crate::insurance::month::Month;
use crate::insurance::tests::bench::BANK as COLLECTOR;
use crate::slip::tests::acts::{APPLICATION, payment};
use crate::tests::*;

/// Something that happens. Bills, sales and so on are named by their place in the history.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) enum Step {
    Assess,
    /// Every due line is paid at the bank.
    Collect,
    Day(i8),
    NextMonth,
    NextYear,
    /// The retired person's sum of the month.
    Grant,
    /// The interest of the year before.
    Interest,
    /// A parent's account pays the child's next year.
    ChildsYear,
    Buy {
        person: usize,
        count: u8,
    },
    /// A stay at the hospital.
    Stay {
        person: usize,
    },
    Undo(usize),
    Reverse(usize),
    Terminal {
        person: usize,
        fen: u64,
    },
    TerminalReverses(usize),
    PayFee,
    CancelFee,
    RemitFees,
    Cost(i64),
    /// Person 2 moves to the other area: the balance goes.
    Send,
    /// It arrives.
    Receive,
    /// What came to person 2 afterwards is paid out.
    PayOut,
}

const OFFICER: &str = "premium-officer";

pub(in crate::tests) fn happen(world: &mut World, step: &Step) {
    let today = world.today();
    let this = Month::of(today);
    match *step {
        Step::Assess => drop(world.act(OFFICER, "premium.assess", json!({"month": this.to_string()}))),
        Step::Collect => collect(world),
        Step::Day(day) => world.it.on(&this.day(day).max(today).to_string()),
        Step::NextMonth => world.it.on(&this.next().day(2).to_string()),
        Step::NextYear => world.it.on(&this.plus(12).day(2).to_string()),
        Step::Grant => grant(world, this),
        Step::Interest => interest(world, today.year() - 1),
        Step::ChildsYear => childs_year(world, today.year() + i16::from(today.month() >= 10)),
        Step::Buy { person, count } => {
            let amount = i64::from(count) * 1_780;
            let line = line("XA01", &count.to_string(), "17.80", amount, &today.to_string());
            settle(world, ("till-pharmacy", PHARMACY, "41"), person, (json!([line]), amount));
        }
        Step::Stay { person } => {
            let day = today.to_string();
            let lines = json!([line("XB02", "1", "9000", 900_000, &day)]);
            settle(world, ("till-hospital", HOSPITAL, "21"), person, (lines, 900_000));
        }
        Step::Undo(bill) => undo(world, bill),
        Step::Reverse(bill) => reverse_bill(world, bill),
        Step::Terminal { person, fen } => sell(world, person, fen),
        Step::TerminalReverses(sale) => reverse_sale(world, sale),
        Step::PayFee => pay_fee(world),
        Step::CancelFee => cancel_fee(world),
        Step::RemitFees => {
            let total = world.act("cashier", "slip.remit", json!({})).unwrap()["total"].as_i64().unwrap();
            world.book([("fee".into(), -total), ("finance".into(), total)]);
            world.fee.iter_mut().for_each(|fee| fee.remitted = true);
        }
        Step::Cost(fen) => {
            let body = json!({"reference": format!("C{}", world.fresh()), "purpose": "rent", "amount": fen});
            world.act("admin", "cost.book", body).unwrap();
            world.book([("finance".into(), -fen), ("outside:running-costs".into(), fen)]);
        }
        Step::Send => send_balance(world),
        Step::Receive => receive_balance(world),
        Step::PayOut => {
            let person = world.people[2].number.clone();
            let body = json!({"person": person, "payee_document": "320102199001010011", "payee_account": "622700199"});
            if let Ok(paid) = world.act(OFFICER, "account.pay-out", body) {
                let fen = world.has(&own(&person));
                world.expect("a pay-out", &paid["amount"], fen);
                world.book([(own(&person), -fen), ("outside:pay-out".into(), fen)]);
            }
        }
    }
}

fn own(person: &str) -> String {
    format!("person:{person}")
}

/// A share in thousandths, half up to fen.
fn share(fen: i64, thousandths: i64) -> i64 {
    (fen * thousandths + 500) / 1000
}

/// docs/centre.md §16: the fund is given what was paid, less the own 2 % of the base of medical insurance.
fn collect(world: &mut World) {
    let today = world.today().to_string();
    let listed = world.it.done("premium.list", json!({"limit": 1000}))["slips"].clone();
    let (mut rows, mut moved) = (Vec::new(), Vec::new());
    for slip in listed.as_array().unwrap() {
        let slip = slip["slip"].as_str().unwrap();
        rows.extend(world.it.rows(slip, &today));
        let shown = world.it.slip(slip);
        for line in shown["lines"].as_array().unwrap().iter().filter(|line| line["state"] == "due") {
            let fen = |name: &str| line[name].as_i64().unwrap();
            let paid = fen("employer") + fen("own") + fen("late_fee");
            let kind = line["kind"].as_str().unwrap();
            let credit = if kind == "medical" { share(fen("base"), 20) } else { 0 };
            moved.push((format!("outside:bank-{COLLECTOR}"), -paid));
            moved.push((format!("pool:{kind}"), paid - credit));
            moved.push((own(line["person"].as_str().unwrap()), credit));
        }
    }
    let file = world.it.file(&today, &rows);
    if world.act(OFFICER, "premium.collect", json!({"file": file})).is_ok() {
        world.book(moved);
    }
}

/// 100 yuan a month from April 2026 on, once.
fn grant(world: &mut World, month: Month) {
    world.act(OFFICER, "account.grant-retired", json!({"month": month.to_string()})).unwrap();
    if month >= Month::of(jiff::civil::date(2026, 4, 1)) && world.granted.insert(month.to_string()) {
        world.book([("pool:medical".into(), -10_000), (own(&world.retired.clone()), 10_000)]);
    }
}

/// 1.5 % of what was there on each day of the year, half up to fen, once.
fn interest(world: &mut World, year: i16) {
    if world.act(OFFICER, "interest.run", json!({"year": year})).is_err() {
        return;
    }
    let begin = jiff::civil::date(year, 1, 1);
    let end = jiff::civil::date(year + 1, 1, 1);
    let days = |from: jiff::civil::Date| i64::from(from.until(end).unwrap().get_days());
    let people: Vec<String> =
        world.people.iter().map(|human| human.number.clone()).chain([world.retired.clone()]).collect();
    for person in people {
        let account = own(&person);
        let before_end =
            world.books.iter().filter(|(area, known, day, _)| area == "320100" && *known == account && *day < end);
        let fen_days: i64 = before_end.map(|(.., day, fen)| fen * days((*day).max(begin))).sum();
        let fen = (fen_days * 15 * 2 + 1000 * days(begin)) / (2 * 1000 * days(begin));
        if fen > 0 && world.interest.insert((year, person)) {
            // It bears interest itself from the first day after its year, whenever the run is made.
            world.book_on(end, [("pool:medical".into(), -fen), (account, fen)]);
        }
    }
}

fn childs_year(world: &mut World, year: i16) {
    let (owner, child) = (world.people[0].number.clone(), world.people[World::CHILD].number.clone());
    let body = json!({"person": child, "class": "pupil", "year": year, "registered_since": "2000-01-01"});
    let Ok(enrolled) = world.act(OFFICER, "resident.enrol", body) else { return };
    match world.act(OFFICER, "resident.pay", json!({"slip": enrolled["slip"], "owner": owner})) {
        Ok(paid) => {
            let (fen, subsidy) = (paid["amount"].as_i64().unwrap(), enrolled["subsidy"].as_i64().unwrap());
            let moved = [(own(&owner), -fen), ("finance".into(), -subsidy), ("pool:resident".into(), fen + subsidy)];
            world.book(moved);
        }
        Err(_) => drop(world.act(OFFICER, "premium.void", json!({"slip": enrolled["slip"]})).unwrap()),
    }
}

fn line(code: &str, count: &str, price: &str, amount: i64, day: &str) -> Value {
    json!({
        "feedetl_sn": "1", "fee_ocur_time": format!("{day}T08:30:00"), "med_list_codg": code, "cnt": count, "pric": price,
        "det_item_fee_sumamt": amount
    })
}

fn settle(
    world: &mut World,
    (till, place, med_type): (&'static str, &str, &str),
    person: usize,
    (lines, amount): (Value, i64),
) {
    let message = format!("M{}", world.fresh());
    let human = &world.people[person];
    let (number, document) = (human.number.clone(), human.document.clone());
    let mut body = json!({
        "psn_no": number, "mdtrt_cert_type": "02", "mdtrt_cert_no": document, "med_type": med_type,
        "acct_used_flag": true
    });
    if med_type == "21" {
        let Ok(visit) = world.act(till, "settlement.register", body.clone()) else { return };
        let lines = json!({"mdtrt_id": visit["mdtrt_id"], "feedetail": lines});
        world.act(till, "settlement.lines", lines).unwrap();
        body["mdtrt_id"] = visit["mdtrt_id"].clone();
    } else {
        body["feedetail"] = lines;
    }
    body["medins_setl_id"] = message.clone().into();
    body["medfee_sumamt"] = amount.into();
    if let Ok(settled) = world.act(till, "settlement.settle", body) {
        let moved = moved(&settled["setlinfo"], (place, &number), &world.people[0].number);
        world.book(moved.clone());
        let number_of = settled["setl_id"].clone();
        world.bills.push(Bill_ { message, till, person: number, number: number_of, moved, stands: true, undoes: None });
    }
}

/// What an answer says that was paid, by whom, to whom: the till has the cash, everything else is owed.
fn moved(info: &Value, (place, person): (&str, &str), relative: &str) -> Vec<(String, i64)> {
    let fen = |name: &str| info[name].as_i64().unwrap();
    let (account, family, cash) = (fen("acct_pay"), fen("acct_mulaid_pay"), fen("psn_cash_pay"));
    let mut moved = vec![
        (own(person), -account),
        (own(relative), -family),
        (format!("institution:{place}"), account + family + fen("fund_pay_sumamt")),
        ("outside:cash".into(), -cash),
        (format!("outside:till:{place}"), cash),
    ];
    for part in info["setldetail"].as_array().unwrap() {
        let pool = match part["fund_pay_type"].as_str().unwrap() {
            "310100" => "medical",
            "390100" => "resident",
            "330100" => "large-sums",
            "390200" => "resident-serious",
            other => panic!("{other}"),
        };
        moved.push((format!("pool:{pool}"), -part["fund_payamt"].as_i64().unwrap()));
    }
    moved
}

fn back(moved: &[(String, i64)]) -> Vec<(String, i64)> {
    moved.iter().map(|(account, fen)| (account.clone(), -fen)).collect()
}

fn undo(world: &mut World, at: usize) {
    let message = format!("M{}", world.fresh());
    let Some(bill) = world.bills.get(at).filter(|bill| bill.undoes.is_none()) else { return };
    let (till, person, moved) = (bill.till, bill.person.clone(), bill.moved.clone());
    let body = json!({"medins_setl_id": message, "setl_id": bill.number, "psn_no": person});
    if let Ok(undone) = world.act(till, "settlement.undo", body) {
        assert!(world.bills[at].stands, "undone twice");
        world.bills[at].stands = false;
        world.book(back(&moved));
        let number = undone["setl_id"].clone();
        let undoes = Some(at);
        world.bills.push(Bill_ { message, till, person, number, moved: back(&moved), stands: true, undoes });
    }
}

/// A bill is undone; an undo is taken back, and its bill stands again.
fn reverse_bill(world: &mut World, at: usize) {
    let Some(bill) = world.bills.get(at) else { return };
    let (till, moved, undoes) = (bill.till, bill.moved.clone(), bill.undoes);
    let body = json!({"psn_no": bill.person, "omsgid": bill.message});
    if world.act(till, "settlement.reverse", body).is_ok_and(|done| done["outcome"] == "undone") {
        assert!(world.bills[at].stands, "reversed twice");
        world.bills[at].stands = false;
        world.book(back(&moved));
        if let Some(bill) = undoes {
            world.bills[bill].stands = true;
        }
    }
}

fn sell(world: &mut World, person: usize, fen: u64) {
    let stan = world.fresh();
    let card = world.people[person].card.clone();
    let before = world.has(&own(&world.people[person].number));
    let time = told(world.it.bench.centre.now());
    let (shown, operation) = (presented(&card), purchase(fen));
    let body = Body::Transact { stan: Stan(stan), card: &shown, operation: &operation };
    let answer = send_at(&mut world.it.bench.centre, PHARMACY, time, body).unwrap();
    let fen = i64::try_from(fen).unwrap();
    if let Answer::Approved(receipt) = answer {
        world.expect("a receipt's balance", &receipt.balance.0.into(), before - fen);
        let account = own(&world.people[person].number);
        world.book([(account, -fen), (format!("institution:{PHARMACY}"), fen)]);
        world.sales.push((stan, person, fen, false, time));
    }
}

fn reverse_sale(world: &mut World, at: usize) {
    let Some((stan, person, fen, reversed, time)) = world.sales.get(at).copied() else { return };
    let total = Fen(u64::try_from(fen).unwrap());
    let original = Original { card: world.people[person].card.number, total, time };
    let body = Body::Reverse { stan: Stan(stan), original };
    assert_eq!(send(&mut world.it.bench.centre, PHARMACY, body).unwrap(), Answer::Done);
    if !reversed {
        world.sales[at].3 = true;
        let account = own(&world.people[person].number);
        world.book([(account, fen), (format!("institution:{PHARMACY}"), -fen)]);
    }
}

fn pay_fee(world: &mut World) {
    let Ok(issued) = world.act("cashier", "slip.issue", json!({"application": APPLICATION})) else { return };
    let slip = issued["slip"].clone();
    world.references += 1;
    let reference = format!("R-{}", world.references);
    let Ok(paid) = world.act("cashier", "slip.pay", payment(&slip, &reference)) else { return };
    assert_eq!(paid["result"], "done");
    let fen = slip["total"].as_i64().unwrap();
    world.book([("outside:card-fee-payers".into(), -fen), ("fee".into(), fen)]);
    world.fee = Some(Fee { slip, reference, remitted: false });
}

fn cancel_fee(world: &mut World) {
    let Some(Fee { slip, reference, remitted }) = world.fee.take() else { return };
    let body = json!({"number": slip["number"], "reference": reference});
    let cancelled = world.act("cashier", "slip.cancel", body).unwrap();
    assert_eq!(cancelled["result"], "done");
    let fen = slip["total"].as_i64().unwrap();
    let from = if remitted { "finance" } else { "fee" };
    world.book([(from.into(), -fen), ("outside:card-fee-payers".into(), fen)]);
}

fn send_balance(world: &mut World) {
    let person = world.people[2].number.clone();
    let Ok(begun) = world.act(OFFICER, "life.move", json!({"person": person, "to": SUZHOU_AREA})) else { return };
    let fen = world.has(&own(&person));
    let sent = world.act(OFFICER, "life.send-balance", json!({"transfer": begun["transfer"]})).unwrap();
    world.expect("a balance that is sent", &sent["balance"], fen);
    world.book([(own(&person), -fen), (format!("outside:transfer-{SUZHOU_AREA}"), fen)]);
    world.transfer = Some((begun["transfer"].clone(), fen));
}

fn receive_balance(world: &mut World) {
    let Some((transfer, fen)) = world.transfer.take() else { return };
    world.act_there("officer", "life.receive-balance", json!({"transfer": transfer})).unwrap();
    let today = world.today();
    // Whoever comes first to that area is its person 1.
    for (account, fen) in [("person:P000000001", fen), ("outside:transfer-320100", -fen)] {
        world.books.push((SUZHOU_AREA.into(), account.into(), today, fen));
    }
}
