//! Each rule for photos of docs/centre.md §6.5.7 broken and kept by neighbouring pictures, which the test draws, by the acts.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::filing::{base64, changed};
use super::picture::{MARKS, Portrait, dpi};
use crate::application::photo::Side;
use crate::application::refused::Refused;
use crate::tests::acts::Bench;
use crate::tests::closing::closing_line;

fn sent(jpeg: &[u8], more: &[(&str, Value)]) -> Value {
    changed(json!({"jpeg": base64(jpeg), "source": "on-site"}), more)
}

fn drawn(change: impl FnOnce(&mut Portrait)) -> Value {
    let mut portrait = Portrait::default();
    change(&mut portrait);
    sent(&portrait.jpeg(), &[])
}

fn marked(field: &str, value: u32) -> Value {
    let mut marks = serde_json::to_value(MARKS).unwrap();
    marks[field] = json!(value);
    sent(&Portrait::default().jpeg(), &[("/landmarks", marks)])
}

fn taken(day: &str) -> Value {
    sent(&Portrait::default().jpeg(), &[("/source", json!("supplied")), ("/taken", json!(day))])
}

/// A picture of exactly so many bytes: comments after its first header fill it up.
fn of_bytes(wanted: usize) -> Value {
    let jpeg = Portrait { pattern: 0, quality: 60, ..Portrait::default() }.jpeg();
    let (head, rest) = jpeg.split_at(20);
    let mut bytes = head.to_vec();
    let mut missing = wanted - jpeg.len();
    while missing > 0 {
        // Marker and length are four bytes, and a comment has at most 65,533 of its own; none is left shorter than that.
        let all = if missing > 65_000 { 60_000 } else { missing };
        let length = u16::try_from(all - 2).unwrap();
        bytes.extend([0xFF, 0xFE]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(std::iter::repeat_n(b' ', all - 4));
        missing -= all;
    }
    bytes.extend(rest);
    assert_eq!(bytes.len(), wanted);
    sent(&bytes, &[])
}

/// The code of each rule, a picture that breaks it, and the nearest that does not.
fn pairs() -> Vec<(&'static str, Value, Value)> {
    let jpeg = Portrait::default().jpeg();
    let mut other = jpeg.clone();
    other[..2].copy_from_slice(b"BM");
    let red = [220, 0, 0];
    let margin = Some(([255, 255, 255], 8, vec![Side::Left]));
    vec![
        ("photo-bytes-few", of_bytes(14_999), of_bytes(15_000)),
        ("photo-bytes-many", of_bytes(100_001), of_bytes(100_000)),
        ("photo-not-jpeg", sent(&other, &[]), sent(&jpeg, &[])),
        ("photo-size", drawn(|p| p.width = 357), drawn(|p| p.width = 358)),
        ("photo-size", drawn(|p| p.height = 442), drawn(|p| p.height = 441)),
        ("photo-colours", drawn(|p| p.grey = true), drawn(|p| p.grey = false)),
        ("photo-density", drawn(|p| p.density = dpi(348)), drawn(|p| p.density = dpi(349))),
        ("photo-density", drawn(|p| p.density = dpi(352)), drawn(|p| p.density = dpi(351))),
        ("photo-damaged", sent(&jpeg[..jpeg.len() - 2], &[]), sent(&jpeg, &[])),
        ("photo-background", drawn(|p| p.background = [210, 255, 255]), drawn(|p| p.background = [220, 255, 255])),
        ("photo-uneven", drawn(|p| p.gradient = 120), drawn(|p| p.gradient = 90)),
        ("photo-frame", drawn(|p| (p.background, p.margin) = (red, margin)), drawn(|p| p.background = red)),
        ("photo-hair", marked("hair_top", 6), marked("hair_top", 7)),
        ("photo-hair", marked("hair_top", 22), marked("hair_top", 21)),
        ("photo-face-width", marked("face_right", 257), marked("face_right", 258)),
        ("photo-face-width", marked("face_right", 335), marked("face_right", 334)),
        ("photo-eyes-column", marked("eyes_column", 161), marked("eyes_column", 162)),
        ("photo-eyes-column", marked("eyes_column", 197), marked("eyes_column", 196)),
        ("photo-eyes-row", marked("eyes_row", 235), marked("eyes_row", 234)),
        ("photo-landmarks", marked("face_right", 358), marked("face_right", 334)),
        ("photo-landmarks", marked("eyes_row", 14), marked("eyes_row", 15)),
        ("photo-old", taken("2025-09-01"), taken("2025-09-02")),
        ("photo-not-yet-taken", taken("2026-03-03"), taken("2026-03-02")),
    ]
}

fn codes(bench: &mut Bench, body: &Value) -> Vec<String> {
    let faults = bench.done("clerk", "application.check-photo", body.clone())["faults"].clone();
    faults.as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_rule_is_broken_and_kept_by_neighbouring_pictures() {
    let mut bench = Bench::new();
    let mut reached = BTreeSet::new();
    let mut pairs = pairs();
    let mut judge = |bench: &mut Bench, (code, broken, kept): &(&'static str, Value, Value)| {
        let found = codes(bench, broken);
        assert!(found.iter().any(|found| found == code), "{code}: {found:?}");
        assert_eq!(codes(bench, kept), Vec::<String>::new(), "beside {code}");
        reached.insert(*code);
    };
    for pair in &pairs {
        judge(&mut bench, pair);
    }
    let mut rules = bench.done("admin", "parameter.list", json!({"name": "photo"}))["parameters"][0]["value"].clone();
    rules["landmarks_needed"] = json!(true);
    bench.done("admin", "parameter.set", json!({"name": "photo", "since": "2026-03-02", "value": rules}));
    let jpeg = Portrait::default().jpeg();
    let missing = ("photo-landmarks-missing", sent(&jpeg, &[]), sent(&jpeg, &[("/landmarks", json!(MARKS))]));
    judge(&mut bench, &missing);
    pairs.push(missing);
    assert_eq!(reached, Refused::ALL[2].iter().copied().collect());
    closing_line(&format!("rules for photos: {}, broken and kept by {} pairs of pictures", reached.len(), pairs.len()));
}
