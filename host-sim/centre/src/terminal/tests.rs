//! What is done about terminals' keys, act by act. Under which key which message is believed is tested in bytes
//! (`crate::tests::keys`).

use serde_json::{Value, json};
use tempfile::TempDir;

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::ecr::Command;
use qiyong_protocol::rules::decision::Institution;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::hsm::Hsm;
use crate::tests::acts::Bench;
use crate::{ADMINISTRATOR, Centre};

const PHARMACY: &str = "P32010000017";
const HOSPITAL: &str = "H32010000002";
const OFFICER: &str = "settlement-officer";

/// The tests that reach the room's refusals and carry out its acts.
pub(crate) const REACHING: &[fn()] = &[
    a_terminal_from_its_first_key_to_its_last,
    every_refusal_is_reached,
    crate::tests::batches::acts::a_settlement_is_listed_and_shown_with_each_difference,
    crate::tests::batches::acts::the_bank_s_file_of_a_day,
    crate::tests::rejections::what_is_rejected_is_counted_by_name_day_and_cause,
];

fn bench(centre: Centre) -> Bench {
    let mut bench = Bench::over(centre);
    for code in [PHARMACY, HOSPITAL] {
        bench.centre.add_institution(&Institution::of_region(InstitutionCode::new(code).unwrap())).unwrap();
    }
    bench
}

fn name(institution: &str, terminal: &str) -> Value {
    json!({"institution": institution, "terminal": terminal})
}

#[test]
fn a_terminal_from_its_first_key_to_its_last() {
    let mut bench = bench(Centre::in_memory().unwrap());
    let first = bench.done(OFFICER, "terminal.register", name(PHARMACY, "00000001"));
    let text = |answer: &Value, field: &str| answer[field].as_str().unwrap().to_owned();
    let key = text(&first, "key");
    assert!(key.len() == 32 && hex::decode(&key).unwrap().iter().all(|byte| byte.count_ones() % 2 == 1), "{key}");
    assert_eq!((text(&first, "kcv").len(), text(&first, "since").as_str()), (6, "2026-03-02T09:00:00"));

    // Of the same name elsewhere, and of another name here, other terminals.
    for other in [name(HOSPITAL, "00000001"), name(PHARMACY, "00000000")] {
        let other = bench.done(OFFICER, "terminal.register", other);
        assert_ne!(text(&other, "key"), key);
    }
    bench.clock.set("2026-03-03T10:00:00".parse().unwrap());
    let second = bench.done(OFFICER, "terminal.rekey", name(PHARMACY, "00000001"));
    assert_ne!(text(&second, "key"), key);
    let list = |bench: &mut Bench, body| bench.done("auditor", "terminal.list", body)["terminals"].clone();
    let line = |ended: Option<&str>| {
        json!({
            "terminal": "00000001", "keys": 2, "kcv": second["kcv"], "since": "2026-03-03T10:00:00", "ended": ended,
        })
    };
    let all = list(&mut bench, json!({"institution": PHARMACY}));
    assert_eq!(all[0]["terminal"], "00000000");
    assert_eq!(all[1], line(None));
    assert_eq!(list(&mut bench, json!({"institution": PHARMACY, "after": "00000000"})), json!([line(None)]));

    bench.clock.set("2026-03-04T11:00:00".parse().unwrap());
    let journal = json!({"institution": PHARMACY, "terminal": "00000001", "batch": 1});
    assert_eq!(bench.done("auditor", "terminal.journal", journal), json!({"transactions": []}));
    let retire = |bench: &mut Bench| bench.done(OFFICER, "terminal.retire", name(PHARMACY, "00000001"));
    assert_eq!(retire(&mut bench), json!({"changed": true}));
    assert_eq!(retire(&mut bench), json!({"changed": false}));
    let retired = line(Some("2026-03-04T11:00:00"));
    assert_eq!(list(&mut bench, json!({"institution": PHARMACY, "after": "00000000"})), json!([retired]));
    // Its place is taken by another one, under a key of its own.
    let third = bench.done(OFFICER, "terminal.register", name(PHARMACY, "00000001"));
    assert!(![&first, &second].iter().any(|before| before["key"] == third["key"]));
}

/// Who loads a new key need not see it: it comes under the one before, as the terminal takes it.
#[test]
fn a_new_key_is_shown_sealed_under_the_one_before() {
    let mut bench = bench(Centre::in_memory().unwrap());
    let first = bench.done(OFFICER, "terminal.register", name(PHARMACY, "00000001"));
    let mut under = [0; 16];
    hex::decode_to_slice(first["key"].as_str().unwrap(), &mut under).unwrap();
    let mut sealed = name(PHARMACY, "00000001");
    sealed["sealed"] = json!(true);
    let second = bench.done(OFFICER, "terminal.rekey", sealed);
    assert_eq!(second.get("key"), None, "{second}");
    let command = Command::decode(&hex::decode(second["sealed"].as_str().unwrap()).unwrap());
    let Some(Command::LoadKey(load)) = command else { panic!("{second}") };
    let key = load.open(&X919::new(under)).unwrap();
    assert_eq!(hex::encode_upper(key.check_value()), second["kcv"].as_str().unwrap());
    assert_ne!(first["kcv"], second["kcv"]);
    assert_eq!((load.institution.to_string().as_str(), load.terminal.as_str()), (PHARMACY, "00000001"));
}

#[test]
fn every_refusal_is_reached() {
    let mut bench = bench(Centre::in_memory().unwrap());
    for act in ["terminal.rekey", "terminal.retire"] {
        assert_eq!(bench.refused(OFFICER, act, name(PHARMACY, "00000001")), "terminal-unknown");
    }
    bench.done(OFFICER, "terminal.register", name(PHARMACY, "00000001"));
    assert_eq!(bench.refused(OFFICER, "terminal.register", name(PHARMACY, "00000001")), "terminal-registered");
    bench.done(OFFICER, "terminal.retire", name(PHARMACY, "00000001"));
    assert_eq!(bench.refused(OFFICER, "terminal.rekey", name(PHARMACY, "00000001")), "terminal-unknown");
    // Unknown, and another area's.
    for code in ["P32010099999", "P32050000003"] {
        bench.centre.add_institution(&Institution::of_region(InstitutionCode::new("P32050000003").unwrap())).ok();
        for act in ["terminal.register", "terminal.rekey", "terminal.retire"] {
            assert_eq!(bench.refused(OFFICER, act, name(code, "00000001")), "institution-unknown", "{act}");
        }
        let journal = json!({"institution": code, "terminal": "00000001", "batch": 1});
        assert_eq!(bench.refused(OFFICER, "terminal.journal", journal), "institution-unknown");
        let list = json!({"institution": code});
        assert_eq!(bench.refused(ADMINISTRATOR, "terminal.list", list), "institution-unknown");
    }
    for wrong in ["0000001", "000000001", "0000 001", "0000000é"] {
        bench.act(OFFICER, "terminal.register", name(PHARMACY, wrong)).expect_err(wrong);
    }
}

/// Shown to whoever asked, and to the same again under the same key of idempotency; nowhere else, not on record, not in
/// the file.
#[test]
fn a_key_is_shown_once_and_stands_nowhere_in_the_clear() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("centre.db");
    let mut bench = bench(Centre::create(&path, &Hsm::random().unwrap()).unwrap());
    let mut secrets = Vec::new();
    for act in ["terminal.register", "terminal.rekey"] {
        let ask = |bench: &mut Bench| {
            bench.act_with_key(OFFICER, act, name(PHARMACY, "00000001"), Some(act.get(9..).unwrap()))
        };
        let shown = ask(&mut bench).unwrap();
        assert_eq!(ask(&mut bench).unwrap(), shown, "the answer got lost, and is asked for again");
        secrets.push(shown["key"].as_str().unwrap().to_owned());
    }
    let record = bench.done("auditor", "audit.list", json!({"limit": 1000}));
    let list = bench.done("auditor", "terminal.list", json!({"institution": PHARMACY}));
    let record = format!("{record} {list}");
    assert!(record.contains("terminal P32010000017-00000001"), "what was done is on record");
    drop(bench);
    let file = std::fs::read(&path).unwrap();
    for secret in secrets {
        let bytes = hex::decode(&secret).unwrap();
        let contains = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
        assert!(!record.contains(&secret) && !contains(secret.as_bytes()) && !contains(&bytes));
    }
}
