//! Any history of settlements, undos, reversals and repetitions: accounts, years and statements follow from what stands.

use proptest::prelude::*;
use serde_json::{Value, json};

use qiyong_protocol::rules::institution::InstitutionCode;

use super::town::{PHARMACY, Town};
use crate::ledger::Account;
use crate::settlement::records;

/// What a till does. Messages are told apart by their place in the history.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Buys so many pieces.
    Buy(u8),
    /// Sends an earlier message again.
    Again(usize),
    /// Undoes the settlement of an earlier message.
    Undo(usize),
    /// Reverses an earlier message, or one to come.
    Reverse(usize),
}

/// What is known of a message.
#[derive(Clone, Debug)]
struct Message {
    act: &'static str,
    body: Value,
    answer: Option<Value>,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..9u8).prop_map(Step::Buy),
        1 => (0..12usize).prop_map(Step::Again),
        3 => (0..12usize).prop_map(Step::Undo),
        2 => (0..14usize).prop_map(Step::Reverse),
    ]
}

/// What the pharmacy has of its own answers: bill by bill, whether it stands.
fn standing(town: &mut Town) -> (i64, i64) {
    let days = json!({"stmt_begndate": "2026-03-02", "stmt_enddate": "2026-03-02"});
    let list = town.bench.done("till-pharmacy", "settlement.list", days);
    let settlements = list["settlements"].as_array().unwrap();
    let sum = |name: &str| settlements.iter().map(|one| one["setlinfo"][name].as_i64().unwrap()).sum::<i64>();
    let stands = |one: &&Value| one["undoes"].is_null() && one["undone_by"].is_null();
    let standing: i64 =
        settlements.iter().filter(stands).map(|one| one["setlinfo"]["acct_pay"].as_i64().unwrap()).sum();
    assert_eq!(sum("acct_pay"), standing, "what was undone adds up to nothing");
    (standing, sum("psn_cash_pay"))
}

fn play(steps: &[Step]) {
    let mut town = Town::new();
    let mut messages: Vec<Message> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let number = format!("M{at}");
        let (act, body) = match step {
            Step::Buy(count) => {
                let amount = i64::from(*count) * 1_780;
                let lines = json!([Town::line(1, "XA01", &count.to_string(), "17.80", amount)]);
                let more = json!({"medins_setl_id": number, "feedetail": lines, "medfee_sumamt": amount});
                ("settlement.settle", town.body("41", more))
            }
            Step::Again(earlier) => {
                let Some(message) = messages.get(*earlier).cloned() else { continue };
                let before = town.account();
                let again = town.bench.act("till-pharmacy", message.act, message.body.clone());
                if let (Ok(again), Some(answer)) = (again, &message.answer)
                    && message.act != "settlement.reverse"
                {
                    assert_eq!(again["setlinfo"], answer["setlinfo"]);
                    assert_eq!(again["setl_id"], answer["setl_id"]);
                    assert_eq!(town.account(), before, "a repetition moved money");
                }
                continue;
            }
            Step::Undo(earlier) => {
                let settled = messages.get(*earlier).and_then(|message| message.answer.as_ref());
                let Some(number_of) = settled.map(|settled| settled["setl_id"].clone()) else { continue };
                let body = json!({"medins_setl_id": number, "setl_id": number_of, "psn_no": town.person});
                ("settlement.undo", body)
            }
            Step::Reverse(earlier) => {
                ("settlement.reverse", json!({"psn_no": town.person, "omsgid": format!("M{earlier}")}))
            }
        };
        let answer = town.bench.act("till-pharmacy", act, body.clone()).ok();
        messages.resize(at, Message { act: "settlement.reverse", body: json!({}), answer: None });
        messages.push(Message { act, body, answer });
        town.verify();
        let (account, cash) = standing(&mut town);
        assert_eq!(town.account(), 20_000 - account);
        let pharmacy = Account::Institution(InstitutionCode::new(PHARMACY).unwrap());
        assert_eq!(town.balance(&pharmacy), account);
        assert_eq!(town.balance(&Account::Outside(format!("till:{PHARMACY}"))), cash);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_stands_decides(steps in prop::collection::vec(any_step(), 1..14)) {
        play(&steps);
    }
}

/// The proof that the years are looked at: each changed figure is found.
#[test]
fn a_changed_year_or_settlement_is_found() {
    for table in ["years", "settlements"] {
        for column in ["deductible", "pooled", "settled", "borne", "assisted"] {
            let mut town = Town::new();
            town.buy("A");
            town.verify();
            let office = town.bench.centre.office(town.bench.area);
            let change = format!("UPDATE {table} SET {column} = {column} + 1");
            office.store().execute(&change, &[]).unwrap();
            let found = records::verify(office.store(), office.area()).unwrap();
            assert_eq!(found.as_ref(), Some(&town.person), "{table}.{column}");
        }
    }
}
