//! What people see of a settlement, and the bank's file of a day.

use serde_json::{Value, json};

use super::*;
use crate::tests::acts::Bench;

const OFFICER: &str = "settlement-officer";

/// A bench over a till's centre, at noon.
fn bench(till: Till) -> Bench {
    let bench = Bench::over(till.centre);
    bench.clock.set(noon_here());
    bench
}

fn batch(number: u32) -> Value {
    json!({"institution": PHARMACY, "terminal": "TILL0001", "batch": number})
}

#[test]
pub(crate) fn a_settlement_is_listed_and_shown_with_each_difference() {
    let mut till = worked();
    assert_eq!(till.settle(), BALANCED);
    till.sign_in();
    till.entries.clear();
    till.sell(1, 100);
    till.sell(2, 200);
    till.entries.remove(1);
    till.entries.push(Entry { stan: Stan(9), ..till.entries[0] });
    till.entries.push(Entry { stan: Stan(10), ..till.entries[0] });
    assert_eq!((till.settle(), till.upload()), (DIFFERS, CLOSED));
    till.sign_in();
    till.entries.clear();
    till.sell(1, 300);
    assert_eq!(till.settle_with(Totals::default()), DIFFERS);
    let mut bench = bench(till);

    let noon = "2026-03-02T12:00:07";
    let line = |batch: u32, state: &str, closed: Option<&str>| json!({"terminal": "TILL0001", "batch": batch, "state": state, "opened": noon, "closed": closed});
    let list = |bench: &mut Bench, body| bench.done("auditor", "terminal.settlements", body)["settlements"].clone();
    let all = list(&mut bench, json!({"institution": PHARMACY}));
    let third = line(3, "differs", None);
    assert_eq!(all, json!([line(1, "balanced", Some(noon)), line(2, "closed", Some(noon)), third]));
    let after = json!({"institution": PHARMACY, "from": "TILL0001", "after": 2});
    assert_eq!(list(&mut bench, after), json!([third]));
    assert_eq!(list(&mut bench, json!({"institution": PHARMACY, "from": "TILL0002"})), json!([]));
    assert_eq!(list(&mut bench, json!({"institution": HOSPITAL})), json!([]));

    let shown = bench.done(OFFICER, "terminal.settlement", batch(2));
    assert_eq!((&shown["state"], &shown["matched"]), (&json!("closed"), &json!(1)));
    assert_eq!(
        shown["totals"][1],
        json!({
            "kind": "purchase", "equal": false, "terminal_count": 3, "terminal_total": 300, "terminal_charge": 300,
            "centre_count": 2, "centre_total": 300, "centre_charge": 300,
        })
    );
    assert_eq!((&shown["totals"][0]["kind"], &shown["totals"][0]["equal"]), (&json!("apply"), &json!(true)));
    let finding = |number: u32, stan: u32, what: &str| json!({"number": number, "noted": noon, "stan": stan, "verdict": "missing", "what": what});
    let missing = "missing at the centre; at the terminal confirmed";
    let findings = [
        finding(1, 9, missing),
        finding(2, 10, missing),
        finding(3, 2, "missing at the terminal; at the centre posted"),
    ];
    assert_eq!(shown["findings"], json!(findings));
    let mut later = batch(2);
    later["after"] = json!(2);
    assert_eq!(bench.done(OFFICER, "terminal.settlement", later)["findings"], json!([findings[2]]));

    assert_eq!(bench.refused(OFFICER, "terminal.settlement", batch(4)), "batch-unsettled");
    for act in ["terminal.settlements", "terminal.settlement"] {
        let mut body = batch(1);
        if act == "terminal.settlements" {
            body = json!({});
        }
        body["institution"] = json!(STRANGER);
        assert_eq!(bench.refused(OFFICER, act, body), "institution-unknown");
    }
}

#[test]
pub(crate) fn the_bank_s_file_of_a_day() {
    let mut till = worked();
    till.buy(5, 100);
    till.buy(6, 1);
    // Two hours before midnight, and after it.
    till.at_hour(10);
    till.end(5, Ended::Confirmed);
    till.at_hour(13);
    till.end(6, Ended::Confirmed);
    till.place = HOSPITAL;
    till.at_hour(0);
    till.transact(1, &Operation::Settle(Bill::new(Fen(12_000), Fen(8_000)).unwrap()));
    till.end(1, Ended::Confirmed);
    let mut bench = bench(till);
    let made = bench.done("auditor", "terminal.bank-file", json!({"day": "2026-03-02"}));
    let file = "qiyong-posted,1,320100,2026-03-02\n\
                P32010000017,TILL0001,000001,000001,purchase,35.80,35.80,2026-03-02T12:00:07\n\
                P32010000017,TILL0001,000001,000002,purchase,5.00,5.00,2026-03-02T12:00:07\n\
                H32010000002,TILL0001,000001,000001,settle,120.00,40.00,2026-03-02T12:00:07\n\
                P32010000017,TILL0001,000001,000005,purchase,1.00,1.00,2026-03-02T22:00:07\n\
                sum,H32010000002,1,120.00,40.00\n\
                sum,P32010000017,3,41.80,41.80\n\
                end,4,161.80,81.80\n";
    assert_eq!(made["file"], file);
    assert_eq!((&made["rows"], &made["total"], &made["charge"]), (&json!(4), &json!(16_180), &json!(8_180)));
    let next = bench.done(OFFICER, "terminal.bank-file", json!({"day": "2026-03-03"}));
    assert_eq!((&next["rows"], &next["total"]), (&json!(1), &json!(1)));
    let none = bench.done(OFFICER, "terminal.bank-file", json!({"day": "9999-12-31"}));
    assert_eq!(none["file"], "qiyong-posted,1,320100,9999-12-31\nend,0,0.00,0.00\n");
}
