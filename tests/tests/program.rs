//! The program `qiyong` as a user sees it: its output, its exit status, and what it must never print.

use std::path::Path;
use std::process::{Command, Output};

use qiyong_tests::qiyong;
use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(qiyong()).args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

fn ok(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Checks exit status 2; returns the complaint.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
    assert!(!complaint.contains("panicked"), "{complaint}");
    complaint
}

#[test]
fn the_demo_tells_of_three_activations_and_at_least_six_refusals() {
    let json: Value = serde_json::from_str(&ok(&["demo", "--json"])).expect("one JSON object");
    let activations = json["activations"].as_array().unwrap();
    let channels: Vec<_> = activations.iter().map(|visit| visit["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["bank", "hospital", "pharmacy"]);
    for visit in activations {
        assert_eq!(visit["activated"], true);
        assert_eq!((&visit["status_before"], &visit["status_after"]), (&"inactive".into(), &"active".into()));
        // Reading a card takes some hundred characters of at least 12 etu each.
        let (characters, etu) = (visit["characters"].as_u64().unwrap(), visit["line_etu"].as_u64().unwrap());
        assert!(characters > 200 && etu >= 12 * characters, "{visit}");
    }
    let refusals = json["refusals"].as_array().unwrap();
    let reasons: std::collections::BTreeSet<_> =
        refusals.iter().map(|visit| visit["reason"].as_str().unwrap()).collect();
    assert!(reasons.len() >= 6, "{reasons:?}");
    assert!(refusals.iter().all(|visit| visit["activated"] == false));
    assert_eq!(json["passed"], true);
}

#[test]
fn the_story_is_told_in_both_languages_and_a_trace_shows_every_character_in_etu() {
    let story = ok(&["demo"]);
    for words in
        ["请插卡", "Insert card", "支付成功，卡已启用", "Not activated", "SELECT environment SSSE", "card-not-genuine"]
    {
        assert!(story.contains(words), "{words}");
    }
    let json: Value = serde_json::from_str(&ok(&["demo", "--json"])).unwrap();
    let characters = |list: &str| -> u64 {
        json[list].as_array().unwrap().iter().map(|visit| visit["characters"].as_u64().unwrap()).sum()
    };
    let expected = characters("activations") + characters("refusals") + characters("others");
    let trace = ok(&["demo", "--trace"]);
    // A trace row of characters is an arrow, then pairs of a time with one decimal and a byte.
    let shown: usize = trace
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(['→', '←']))
        .filter(|rest| {
            rest.split_whitespace().next().is_some_and(|word| word.contains('.') && word.parse::<f64>().is_ok())
        })
        .map(|rest| rest.split_whitespace().count() / 2)
        .sum();
    assert_eq!(shown as u64, expected, "every character stands in the trace");
    for contact in ["VCC on, class A, 5 V", "RST high", "CLK stops", "I/O low", "VCC off"] {
        assert!(trace.contains(contact), "{contact}");
    }
}

/// Examples that show the demo are marked as such: ```demo.
#[test]
fn the_run_shown_in_the_readme_and_the_manual_is_what_the_demo_prints() {
    let story = ok(&["demo"]);
    for (page, examples) in [("docs/usage.md", 2)] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page)).unwrap();
        let shown: Vec<&str> = text.split("```").filter_map(|block| block.strip_prefix("demo\n")).collect();
        assert_eq!(shown.len(), examples, "{page}");
        for block in shown {
            assert!(story.contains(block.trim_end()), "{page} is out of date; the demo no longer prints:\n{block}");
        }
    }
}

/// docs/design.md §1, invariant 4.
#[test]
fn neither_story_nor_trace_nor_json_holds_a_pin_or_a_whole_id_number() {
    let scenario =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-sim/scenarios/demo.toml"));
    let scenario = scenario.unwrap();
    let quoted: Vec<&str> = scenario.split('"').skip(1).step_by(2).collect();
    let id_numbers: Vec<&&str> =
        quoted.iter().filter(|text| text.len() == 18 && text.is_ascii() && !text.contains('-')).collect();
    let pins: Vec<&&str> = quoted.iter().filter(|text| text.len() == 6 && text.parse::<u32>().is_ok()).collect();
    assert!(id_numbers.len() >= 9 && pins.contains(&&"602214"), "the test must find what it looks for");
    for arguments in [&["demo"][..], &["demo", "--trace"], &["demo", "--json"]] {
        let output = ok(arguments);
        let bare: String = output.chars().filter(|c| !c.is_whitespace()).collect();
        for id_number in &id_numbers {
            assert!(!bare.contains(**id_number), "{arguments:?}");
            assert!(!bare.contains(&hex::encode_upper(id_number)), "{arguments:?}: in a record");
        }
        // An area has six digits too, and may be shown: only PINs that are no area are checked.
        for pin in pins.iter().filter(|pin| !pin.starts_with("3205") && !pin.starts_with("3201")) {
            assert!(!bare.contains(&format!("0020000003{pin}")), "{arguments:?}: a VERIFY with its PIN");
            assert!(!output.contains(&format!(" {pin} ")), "{arguments:?}");
        }
    }
    // The trace has one character per word: the three bytes of a new PIN never follow each other.
    let trace = ok(&["demo", "--trace"]);
    let bytes: Vec<&str> = trace.split_whitespace().filter(|word| word.len() == 2).collect();
    for secret in [["60", "22", "14"], ["27", "18", "28"], ["11", "22", "33"]] {
        assert!(!bytes.windows(3).any(|window| window == secret), "{secret:?}");
    }
    assert!(bytes.windows(3).any(|window| window == ["**", "**", "**"]));
}

#[test]
fn an_atr_is_decoded_with_every_key_the_manual_names() {
    let json: Value = serde_json::from_str(&ok(&["atr", "3B6D000000814E43238697159900BF7C7A", "--json"])).unwrap();
    let expected = serde_json::json!({
        "valid": true, "convention": "direct", "protocols": [0], "fi": 372, "di": 1, "extra_guard": 0,
        "specific_mode": null, "historical": "00814E43238697159900BF7C7A", "tck": "absent",
        "ifsc": 32, "bwi": 4, "cwi": 13, "wi": 10, "edc": "lrc",
        "classes": ["A"], "clock_stop": "no", "implicit": [],
        "defaults": ["protocols", "fi", "di", "ifsc", "bwi", "cwi", "wi", "edc", "classes", "clock_stop"],
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&json[key], value, "{key}");
    }
    assert_eq!(json.get("error"), None);
    let bad = run(&["atr", "3B6D0000", "--json"]);
    assert_eq!(bad.status.code(), Some(1));
    let bad: Value = serde_json::from_slice(&bad.stdout).unwrap();
    assert!(bad["valid"] == false && bad["error"].as_str().unwrap().contains("17"), "{bad}");
    assert!(refused(&["atr", "3B6x"]).contains("'x'"));
    assert!(refused(&["atr", ""]).contains("qiyong"));
}

#[test]
fn a_card_is_made_shown_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.toml");
    let file = file.to_str().unwrap();
    for (profile, version) in [("v1", "1.00"), ("v2", "2.00"), ("v3", "3.00")] {
        ok(&["card", "new", "--profile", profile, "--out", file, "--force", "--pin", "918273"]);
        let shown = ok(&["card", "show", file]);
        for words in [version, "X00000019", "张三", "111*************10", "3 of 3 tries left"] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
        let json = ok(&["card", "show", file, "--json"]);
        for output in [&shown, &json] {
            assert!(!output.contains("918273") && !output.contains("111111198101011110"), "{output}");
        }
        let json: Value = serde_json::from_str(&json).unwrap();
        // Birth date, sex and birthplace stand in the hidden middle of the ID number.
        let value = |tag: &str| {
            let records = json["records"].as_array().unwrap();
            records.iter().find(|record| record["tag"] == tag).map(|record| record["value"].clone()).unwrap()
        };
        assert_eq!(["0A", "0C", "0D"].map(value), ["***", "***", "***"]);
        assert!(!shown.contains("19810101") && shown.matches("***").count() >= 4, "{shown}");
        assert_eq!((&json["profile"], &json["pin_tries_left"]), (&profile.into(), &3.into()));
    }
    // The holder is no citizen: nothing is known that would stand in the number.
    ok(&["card", "new", "--id-number", "USA000000123456789", "--out", file, "--force"]);
    let shown = ok(&["card", "show", file]);
    assert!(shown.contains("USA*************89") && !shown.contains("birth date"), "{shown}");
    assert!(refused(&["card", "new", "--id-number", "USA-00000123456789", "--out", file, "--force"]).contains("4"));
    let inverse = ok(&["card", "new", "--profile", "v1", "--inverse", "--out", file, "--force"]);
    assert!(inverse.contains("ATR 3F6D"), "{inverse}");
    assert!(refused(&["card", "new", "--out", file]).contains("--force"));
}

/// Through the firmware's slot, T=0 and the virtual line: afterwards the counter is in the file.
#[test]
fn a_card_file_keeps_what_commands_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.toml");
    let file = file.to_str().unwrap();
    ok(&["card", "new", "--profile", "v1", "--inverse", "--out", file]);
    let wrong = ok(&["card", "send", file, "0020000003 918273", "--json"]);
    let json: Value = serde_json::from_str(&wrong).unwrap();
    assert_eq!(json["exchanges"][0]["sw"], "63C2");
    assert!(json["atr"].as_str().unwrap().starts_with("3F6D") && !wrong.contains("918273"), "{wrong}");
    assert!(ok(&["card", "show", file]).contains("2 of 3 tries left"));
    let change = ["00 20 00 00 03 12 34 56", "805E010007123456FF271828"];
    ok(&["card", "send", file, change[0], change[1]]);
    let new = ok(&[
        "card",
        "send",
        file,
        "0020000003271828",
        "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00",
        "00A4000002EF0600",
        "00B2010414",
    ]);
    assert!(
        new.contains("0812313131") && new.contains("**") && !new.contains(&hex::encode_upper("111111198101011110")),
        "{new}"
    );
    assert_eq!(new.matches("9000").count(), 4, "{new}");
    let bad = refused(&["card", "send", file, "002000000391827"]);
    assert!(bad.contains("hex") && !bad.contains("91827"), "{bad}");
    assert!(refused(&["card", "send", file, "00A4"]).contains("no APDU"));
    // What the slot refuses: who can put it right is said, too.
    let refused = run(&["card", "send", file, "00600000", "--json"]);
    let json: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &json["advice"]), (Some(1), &"call-service".into()), "{json}");
    assert!(text(&refused.stderr).contains("INS 60") && text(&refused.stderr).contains("请联系维护人员"), "{json}");
}

#[test]
fn nonsense_is_refused_with_the_way_out_and_without_quoting_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.toml");
    let file = file.to_str().unwrap();
    let new = |flag: &str, value: &str| refused(&["card", "new", "--out", file, flag, value]);
    assert!(new("--profile", "v9").contains("v1, v2 or v3"));
    assert!(new("--number", "X00000018").contains("it should be 9"));
    assert!(new("--area", "32010").contains("six digits"));
    assert!(new("--issued", "2026-02-30").contains("YYYY-MM-DD"));
    assert!(new("--pin-tries", "16").contains("1..=15"));
    assert!(new("--holder", &"龘".repeat(26)).contains("1 to 30 bytes"));
    assert!(new("--expires", "2020-01-01").contains("--issued"));
    let pin = new("--pin", "12x456");
    assert!(pin.contains("4 to 16 digits") && !pin.contains("12x456"), "{pin}");
    let id = new("--id-number", "111111198101011111");
    assert!(id.contains("it should be 0") && !id.contains("111111198101011111"), "{id}");
    assert!(!Path::new(file).exists(), "nothing was made");
    assert!(refused(&["card", "new", "--force", "--out", folder.path().to_str().unwrap()]).contains("no plain file"));
    let missing = folder.path().join("missing").join("card.toml");
    assert!(refused(&["card", "new", "--out", missing.to_str().unwrap()]).contains("missing"));
    assert!(refused(&["card", "show", file]).contains("card.toml"));
    assert!(refused(&["no-such-verb"]).contains("no-such-verb"));
    refused(&[]);
}

/// Every verb that is given a file, and every kind of file that is none of its own.
#[test]
fn whatever_file_a_verb_is_given_it_says_what_is_wrong_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let noise: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(place("empty"), "").unwrap();
    std::fs::write(place("noise"), noise).unwrap();
    std::fs::write(place("huge"), "a = 1\n".repeat(300_000)).unwrap();
    std::fs::write(place("deep"), format!("a = {}", "[".repeat(100_000))).unwrap();
    std::fs::create_dir(place("folder")).unwrap();
    let files = ["missing", "empty", "noise", "huge", "deep", "folder"].map(&place);
    for file in files.iter().map(String::as_str).chain(["/dev/zero", "/dev/null"]) {
        let socket = place("socket");
        let verbs: [&[&str]; 8] = [
            &["card", "show", file],
            &["card", "show", file, "--json"],
            &["card", "send", file, "0084000008"],
            &["exchange", "replay", file],
            &["scenario", "run", file],
            &["vicc", "--card", file],
            &["pcscd", "--socket", &socket, "--card", file],
            &["terminal", "--institution", "P32010000017", "--centre", "c.db", "--card", file, "query"],
        ];
        for arguments in verbs {
            let complaint = refused(arguments);
            assert!(complaint.contains(file) && complaint.len() < 1000, "{arguments:?}: {complaint}");
        }
    }
}
