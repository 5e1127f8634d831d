//! A till's bill over HTTP, by programs that know nothing of this project: Python plays docs/centre.md §15 and compares the
//! centre's figures with the page's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use qiyong_tests::centre::applicants::{Person, text};
use qiyong_tests::centre::town::Town;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What Python's till says of a page, at a new centre.
fn till(page: &Path) -> Output {
    let town = Town::new();
    let person = Person::new("周有钱", 601);
    let (application, _) = town.handed_over(&person, "R-1");
    let number = town.number(&application);
    // Two of a hundred of it are credited: 200 yuan.
    town.insure(&[&number], 1_000_000);
    let mut command = Command::new("python3");
    command.arg(here("tests/centre_till/till.py")).arg(&town.server.url).arg(page).args([&text(&number), &person.id]);
    for (name, operator) in
        [("OFFICER_TOKEN", "settlement-officer"), ("PHARMACY_TOKEN", "till"), ("HOSPITAL_TOKEN", "till-hospital")]
    {
        command.env(name, town.token(operator));
    }
    let output = Watched::start(&mut command).output();
    let verify = ["centre", "verify", "--db", "centre.db"];
    let (folder, _) = town.server.end();
    let verified = Watched::start(Command::new(qiyong()).current_dir(folder.path()).args(verify)).output();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    output
}

/// docs/centre.md §15: each figure of both tables, of the undo, and of the stays after the first.
#[test]
fn pythons_till_gets_the_figures_of_the_page() {
    let output = till(&here("../docs/centre.md"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for one in said["figures"].as_array().expect("figures") {
        println!("{:<50} {}", one["what"].as_str().expect("a name"), one["centre"]);
    }
    assert_eq!(said["compared"], json!(said["figures"].as_array().map(Vec::len)));
    assert!(said["compared"].as_u64() > Some(80), "{}", said["compared"]);
}

/// A page with one figure changed is found out.
#[test]
fn pythons_till_finds_a_wrong_figure_of_the_page() {
    let page = fs::read_to_string(here("../docs/centre.md")).expect("the page");
    let folder = tempfile::tempdir().expect("a folder");
    for (right, wrong, said) in [
        ("| 3.50 | 4.50 | 40.50 |", "| 3.50 | 4.50 | 40.51 |", "line 2 inscp_scp_amt"),
        ("`balc` 86.00", "`balc` 86.10", "purchase balc of the lines"),
        ("further ones none (6,248.00)", "further ones none (6,249.00)", "stay 3 hifp_pay"),
    ] {
        let bent = folder.path().join("page.md");
        assert_eq!(page.matches(right).count(), 1, "{right}");
        fs::write(&bent, page.replace(right, wrong)).expect("a file");
        let output = till(&bent);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{wrong}: {error}");
    }
}

/// docs/card.md §2.8: a national transaction is the act that carries it out, whichever way it is asked for.
#[test]
fn a_national_transaction_is_asked_for_by_its_number() {
    let town = Town::new();
    let person = Person::new("周有钱", 601);
    let (application, _) = town.handed_over(&person, "R-1");
    let number = town.number(&application);
    town.insure(&[&number], 1_000_000);
    let token = town.token("till");
    let body = json!({"mdtrt_cert_type": "02", "mdtrt_cert_no": person.id});
    let by_name = town.server.act_with(token, "settlement.person", &body);
    assert_eq!((by_name.0, &by_name.1["psn_no"]), (200, &number));
    assert_eq!(town.server.act_with(token, "national.1101", &body), by_name);
    let other = town.server.act_with(token, "national.9999", &body);
    assert_eq!((other.0, &other.1["code"]), (404, &json!("path-unknown")));
    let bearer = format!("Authorization: Bearer {token}");
    let read = town.server.curl("/v1/national/1101?mdtrt_cert_type=02", &["-H", &bearer]);
    assert_eq!((read.0, &read.1["code"]), (405, &json!("method-not-allowed")));
}
