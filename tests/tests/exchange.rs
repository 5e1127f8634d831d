//! `qiyong exchange replay`: the file of ISO/IEC 7816-3 annex A passes, and files with a fault do not.

use std::path::Path;
use std::process::{Command, Output};

use qiyong_tests::qiyong;
use serde_json::Value;

fn replay(file: &Path, json: bool) -> Output {
    let mut command = Command::new(qiyong());
    command.args(["exchange", "replay"]).arg(file).args(json.then_some("--json"));
    command.output().expect("the program starts")
}

fn replay_text(text: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sample.exchanges");
    std::fs::write(&file, text).unwrap();
    let output = replay(&file, false);
    let utf8 = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), utf8(output.stdout), utf8(output.stderr))
}

/// A file of this package, after it has passed whole.
fn passes(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(&file).unwrap();
    let exchanges = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count();
    let output = replay(&file, true);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let lines: Vec<Value> =
        output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(lines.len(), exchanges);
    assert!(lines.iter().all(|line| line["passed"] == true));
    text
}

#[test]
fn annex_a_passes_whole() {
    // The scenarios of T=1 are written only here: none may be lost.
    assert_eq!(passes("annex_a.exchanges").lines().filter(|line| line.contains(": t=1 ")).count(), 71);
}

/// Each kind of fault from the field, and what an engine with the fault sends.
#[test]
fn cases_from_the_field_pass_whole_and_wrong_classes_do_not() {
    passes("field.exchanges");
    let (code, out, _) = replay_text(
        "class-c0-as-sent: t=0 C:C0A40000023F0000 >C0A4000002 <A4 >3F00 <6104 >00C0000004 <6E00 R:6E00\n\
         class-45-as-sent: t=0 C:45A40000023F0000 >45A4000002 <A4 >3F00 <6104 >01C0000004 <6881 R:6881\n",
    );
    assert_eq!(code, Some(1), "{out}");
    let failed = ["C0C0000004", "45C0000004"].map(|sent| out.contains(&format!("got >{sent}")));
    assert_eq!((failed, out.lines().count()), ([true; 2], 2), "{out}");
}

#[test]
fn a_block_that_differs_is_named_with_its_token() {
    let (code, out, _) = replay_text(
        "good: t=1 C:0084000008 >000005008400000889 <000002900092 R:9000\n\
         bad: t=1 C:0084000008 >000005008400000888 <000002900092 R:9000\n\
         answer: t=0 C:00B2030406 >00B2030406 <B20304332E30309000 R:0304332E30319000\n",
    );
    assert_eq!(code, Some(1), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "ok good");
    assert!(lines[1].starts_with("FAIL bad: token 3: expected"), "{out}");
    assert!(lines[2].starts_with("FAIL answer: token 5: expected"), "{out}");
}

#[test]
fn a_malformed_file_is_refused_by_line_and_token() {
    for text in [
        "x: t=2 C:00",
        "x: t=1 C:0084000008 >0G",
        "no colon here",
        "x: t=1 what",
        "x: t=1 ifsc=999 C:00840000",
        "x: C:zz",
    ] {
        let (code, out, complaint) = replay_text(text);
        assert_eq!(code, Some(2), "{text}: {out}{complaint}");
        assert!(complaint.contains("line 1") && !complaint.contains("panicked"), "{text}: {complaint}");
    }
    assert_eq!(replay(Path::new("/nowhere/at/all"), false).status.code(), Some(2));
}
