//! `qiyong doctor` as a user meets it: captures of the program itself, a logic analyser's, logs, and nonsense.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong_tests::qiyong;
use serde_json::Value;
use tempfile::TempDir;

/// Exit status, standard output, standard error.
fn doctor(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(qiyong()).arg("doctor").args(arguments).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (out, error) = (text(output.stdout), text(output.stderr));
    assert!(!error.contains("panicked"), "{error}");
    (output.status.code().expect("an exit status"), out, error)
}

/// Plays all scenarios, and returns the folder of their captures.
fn captures() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-sim/scenarios");
    let names = ["rule-pharmacy-first-purchase", "rule-hospital-first-settlement", "rule-card-v2-inverse-convention"];
    let files = names.map(|name| scenarios.join(format!("{name}.toml")));
    let mut command = Command::new(qiyong());
    let run =
        command.args(["scenario", "run", "--capture"]).arg(folder.path()).args(files).output().expect("it starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    folder
}

fn files(folder: &TempDir) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn of_a_good_run_nothing_is_said_neither_of_its_waveform_nor_of_its_packets() {
    let folder = captures();
    for file in files(&folder) {
        let (code, out, error) = doctor(&[file.to_str().unwrap()]);
        assert_eq!(code, 0, "{}: {out}{error}", file.display());
        assert!(out.contains("ATR 3B") || out.contains("ATR 3F"), "{out}");
    }
}

/// A waveform with a PIN in it whose end is bent in every way: nothing of the PIN is printed.
#[test]
fn a_bent_waveform_is_named_and_tells_no_secret() {
    let folder = captures();
    let file = folder.path().join("rule-pharmacy-first-purchase.vcd");
    let text = fs::read_to_string(&file).unwrap();
    let bent = folder.path().join("bent.vcd");
    // The RST wire is broken, the channels are called as an analyser calls them.
    let id = text.split("$var wire 1 ").find(|part| part.contains(" RST ")).unwrap().split(' ').next().unwrap();
    let broken: String =
        text.lines().filter(|line| *line != format!("1{id}")).map(|line| format!("{line}\n")).collect();
    fs::write(&bent, broken.replace(" VCC ", " D0 ").replace(" IO ", " D3 ")).unwrap();
    let path = bent.to_str().unwrap();
    let (code, _, error) = doctor(&[path]);
    assert_eq!(code, 2);
    assert!(error.contains("--pin VCC=NAME") && error.contains("D0"), "{error}");
    let (code, out, _) = doctor(&[path, "--pin", "VCC=D0", "--pin", "io=D3", "--json"]);
    assert_eq!(code, 1);
    let json: Value = serde_json::from_str(&out).unwrap();
    let first = &json["findings"][0];
    assert_eq!(
        (&first["name"], &first["pin"], &first["party"]),
        (&"rst-stuck-low".into(), &"RST".into(), &"board".into())
    );
    for field in ["clause", "what", "cause", "remedy"] {
        assert!(first[field].as_str().is_some_and(|text| !text.is_empty()), "{first}");
    }
    // An inverted level shifter in VCC.
    let (code, out, _) = doctor(&[path, "--pin", "VCC=!D0", "--pin", "I/O=D3"]);
    assert_eq!(code, 1, "{out}");
    for secret in ["123456", "271828"] {
        assert!(!out.contains(secret), "{out}");
    }
}

#[test]
fn nonsense_is_refused_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let empty = file("empty.vcd", b"");
    let text = file("text", b"hello");
    let half = file("half.pcapng", &[0x0A, 0x0D, 0x0D, 0x0A, 0, 1]);
    let zeros = file("zeros", &[0; 100]);
    let folder_itself = folder.path().to_str().unwrap().to_owned();
    for (arguments, says) in [
        (vec![], "required"),
        (vec!["/nowhere"], "cannot be read"),
        (vec![&*folder_itself], "cannot be read"),
        (vec![&empty], "it is empty"),
        (vec![&text], "this is no VCD"),
        (vec![&zeros], "this is no VCD"),
        (vec![&half], "damaged"),
        (vec![&text, "--pin", "X=1"], "VCC, RST, CLK, CLK_ON, I/O, CD"),
        (vec![&text, "--pin", "VCC"], "NAME=CHANNEL"),
        (vec![&text, "--clock", "0"], "--clock"),
        (vec!["--log", &zeros], "--elf"),
        (vec!["--log", &text, "--elf", &text], "is no ELF file"),
        (vec!["--log", "/nowhere"], "cannot be read"),
    ] {
        let (code, out, error) = doctor(&arguments);
        assert_eq!(code, 2, "{arguments:?}: {out}{error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    let (code, out, _) = doctor(&["--log", &text]);
    assert_eq!((code, out.contains("Nothing is wrong")), (0, true), "{out}");
}

/// What an emulated board says of a card that is mute is what the doctor makes pin and remedy of.
#[test]
fn a_log_of_the_boards_is_translated() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    fs::write(&log, "log     INFO  serving: purchase\nlog     WARN  card-unreadable, cause 00000015\n").unwrap();
    let (code, out, _) = doctor(&["--log", log.to_str().unwrap()]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("I/O  mute") && out.contains("clause 6.2.2") && out.contains("capture VCC"), "{out}");
}
