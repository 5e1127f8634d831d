//! Every exact ATR in Debian's list of real cards, read by the library and by pyscard, and many of them by `qiyong atr`.
//!
//! People all over the world typed the list (`pcsc-tools`): most entries are right, some are cut off, have too many
//! bytes or a wrong check byte. The three readers must agree on which entries are right, and on what these say. Where
//! pyscard is known to be wrong or to check less, [`known_disagreement`] says why.

use hex::encode_upper;
use qiyong_protocol::iso7816::atr::{Atr, AtrError, Tck};
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::qiyong;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    thread,
};

const LIST: &str = "/usr/share/pcsc/smartcard_list.txt";

/// The list's ATRs, without those that are patterns (`..` for any byte and other regular expressions).
fn exact_atrs() -> Vec<Vec<u8>> {
    let list = fs::read_to_string(LIST).unwrap_or_else(|e| panic!("{LIST}: {e}; it comes with the package pcsc-tools"));
    list.lines()
        // Comments begin with #, descriptions with a tab.
        .filter(|line| line.starts_with(|c: char| c.is_ascii_hexdigit()))
        .filter_map(|line| hex::decode(line.split_whitespace().collect::<String>()).ok())
        .collect()
}

/// What `qiyong atr` prints about an ATR.
struct ProgramSays {
    /// The output with `--json`.
    json: Value,
    /// Its exit status.
    code: i32,
    /// The last row for people.
    last_line: String,
    /// The exit status of that output.
    code_for_people: i32,
}

/// Of so many ATRs one is asked of the program, with one process each time, as a user would run it: what it prints is the library's
/// opinion, which is compared for all, and the start of a process takes longer than all the rest.
const ASKED: usize = 12;

/// Asks `qiyong atr` two times about an ATR in so many, and about each that the library takes for wrong.
fn program_says(atrs: &[Vec<u8>]) -> Vec<Option<ProgramSays>> {
    let program = qiyong();
    let run = |atr: &[u8], option: Option<&str>| {
        let output =
            Command::new(&program).args(["atr", &encode_upper(atr)]).args(option).output().expect("run qiyong");
        let code = output.status.code().expect("qiyong was killed");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaint.is_empty(), "qiyong atr {} exits with {code}: {complaint}", encode_upper(atr));
        (String::from_utf8(output.stdout).expect("qiyong writes UTF-8"), code)
    };
    let ask = |atr: &Vec<u8>| {
        let (json, code) = run(atr, Some("--json"));
        let (text, code_for_people) = run(atr, None);
        ProgramSays {
            json: serde_json::from_str(&json).unwrap_or_else(|e| panic!("{}: {e} in {json}", encode_upper(atr))),
            code,
            last_line: text.lines().last().unwrap_or_default().to_owned(),
            code_for_people,
        }
    };
    let asked = |place: usize, atr: &[u8]| place.is_multiple_of(ASKED) || Atr::new(atr).check().is_err();
    let places: Vec<usize> = (0..atrs.len()).collect();
    in_parallel(&places, |&place| asked(place, &atrs[place]).then(|| ask(&atrs[place])))
}

/// What pyscard says (`atr_list/oracle.py`): one process for all ATRs.
fn pyscard_says(atrs: &[Vec<u8>]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/atr_list/oracle.py");
    // Debian's own Python, since only that one finds the package; PATH may have another one first.
    let mut python = Command::new("/usr/bin/python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run python3");
    let mut stdin = python.stdin.take().expect("a pipe to python3");
    let lines: String = atrs.iter().map(|atr| encode_upper(atr) + "\n").collect();
    // On a thread of its own, because python3 answers while it still reads. If it stops early, its exit status tells.
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = python.wait_with_output().expect("wait for python3");
    let _ = writer.join();
    assert!(
        output.status.success(),
        "python3 with smartcard.ATR (package python3-pyscard) failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said: Vec<Value> = String::from_utf8(output.stdout)
        .expect("JSON is UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object from oracle.py"))
        .collect();
    assert_eq!(said.len(), atrs.len(), "one answer an ATR");
    said
}

/// Where we differ from pyscard, and why the standard is on our side; `None`: we must agree.
fn known_disagreement(field: &str, atr: &Atr<'_>) -> Option<&'static str> {
    let ta1 = atr.groups().next().and_then(|group| group.ta);
    let td1 = atr.groups().next().and_then(|group| group.td);
    match field {
        "di" if ta1.is_some_and(|ta1| ta1 & 0x0F == 7) => {
            Some("Di code 7 is 64 since ISO/IEC 7816-3:2006 (table 8); pyscard has the RFU of 1997")
        }
        "valid" if td1.is_some_and(|td1| td1 & 0x0F == 15) => {
            Some("T=15 is no protocol and is invalid in TD1 (clause 8.2.3); pyscard does not look")
        }
        _ => None,
    }
}

/// Our answers in the terms of oracle.py.
fn our_opinion(atr: &Atr<'_>) -> Value {
    let card = atr.parameters();
    let names = |t: u8| atr.groups().filter_map(|group| group.td).any(|td| td & 0x0F == t);
    json!({
        "historical": encode_upper(atr.historical()),
        "interface_bytes": atr.groups().flat_map(|group| group.bytes()).count(),
        "t0": card.offers(0),
        "t1": card.offers(1),
        "t15": names(15),
        "needs_tck": atr.tck() != Tck::Absent,
        "fi": card.fi(),
        "di": card.di(),
        "extra_guard": card.extra_guard(),
    })
}

#[test]
fn every_atr_of_debians_list_is_judged_as_pyscard_does() {
    let atrs = exact_atrs();
    let program = program_says(&atrs);
    let pyscard = pyscard_says(&atrs);

    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut disagreements: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong: Vec<String> = Vec::new();
    let mut asked = 0;
    for ((bytes, program), pyscard) in atrs.iter().zip(&program).zip(&pyscard) {
        let atr = Atr::new(bytes);
        let checked = atr.check();
        let verdict = match checked {
            Ok(_) => "valid",
            Err(AtrError::Truncated { .. }) => "cut off",
            Err(AtrError::TooLong { .. }) => "too long",
            Err(AtrError::TckMissing { .. }) => "TCK missing",
            Err(AtrError::TckWrong { .. }) => "TCK wrong",
            Err(AtrError::T15First) => "T=15 in TD1",
            Err(AtrError::Empty | AtrError::TsUnknown(_) | AtrError::OverLimit { .. })
            | Err(AtrError::TypesOutOfOrder { .. }) => "other",
        };
        *verdicts.entry(verdict).or_default() += 1;

        let mut compare = |what: &str, ours: &Value, theirs: &Value| {
            if ours != theirs {
                match known_disagreement(what, &atr) {
                    Some(reason) => *disagreements.entry(reason).or_default() += 1,
                    None => wrong.push(format!("{}: {what} {ours}, not {theirs}", encode_upper(bytes))),
                }
            }
        };

        // The program says what the library says, and the parts of its answer fit together.
        let valid = json!(checked.is_ok());
        let code = json!(i32::from(checked.is_err()));
        let last_line = match checked {
            Ok(_) => format!("A valid ATR of {} bytes.", bytes.len()),
            Err(error) => format!("Not a valid ATR: {error}."),
        };
        let error = checked.err().map(|error| error.to_string());
        let protocols: Vec<u8> = atr.protocols().collect();
        if let Some(program) = program {
            asked += 1;
            compare("exit code", &json!(program.code), &code);
            compare("exit code for people", &json!(program.code_for_people), &code);
            compare("last line", &json!(program.last_line), &json!(last_line));
            compare("valid of the program", &program.json["valid"], &valid);
            compare("error of the program", &program.json["error"], &json!(error));
            compare("atr of the program", &program.json["atr"], &json!(encode_upper(bytes)));
            compare("protocols of the program", &program.json["protocols"], &json!(protocols));
        }

        // pyscard judges and reads in the same way.
        let theirs_valid = pyscard["readable"] == true
            && pyscard["whole"] == true
            && (pyscard["needs_tck"] == false || pyscard["tck_ok"] == true);
        compare("valid", &valid, &json!(theirs_valid));
        if pyscard["readable"] == true {
            for (field, ours) in our_opinion(&atr).as_object().expect("an object") {
                compare(field, ours, &pyscard[field]);
            }
        } else {
            let cut_off = matches!(checked, Err(AtrError::Truncated { .. }));
            compare("cut off", &json!(cut_off), &json!(true));
        }
    }

    println!("{} exact ATRs in {LIST}, {asked} asked of the program", atrs.len());
    for (verdict, count) in &verdicts {
        println!("{count:6} {verdict}");
    }
    println!("known disagreements with pyscard:");
    for (reason, count) in &disagreements {
        println!("{count:6} {reason}");
    }

    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(verdicts.values().sum::<usize>(), atrs.len());
    assert!(asked > atrs.len() / ASKED, "{asked} asked");
    for verdict in ["valid", "cut off", "too long", "TCK missing", "TCK wrong", "T=15 in TD1"] {
        assert!(verdicts.contains_key(verdict), "no ATR that is {verdict}");
    }
    assert_eq!(disagreements.len(), 2, "a known disagreement that does not show any more");
}
