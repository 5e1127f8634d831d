//! `qiyong emulate --board pico --waveform`, and what `qiyong doctor` says of the file: nothing of a good run, and of a broken wire its pin,
//! the time, the rule and what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::programs::Watched;
use qiyong_tests::{pico_image, qiyong, sample_card};

/// What `qiyong doctor --json` says of a file, and its exit status.
pub(super) fn doctor(file: &Path) -> (i32, Value) {
    let output = Watched::start(Command::new(qiyong()).arg("doctor").arg(file).arg("--json")).output();
    let told = serde_json::from_slice(&output.stdout);
    let told = told.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().expect("an exit status"), told)
}

/// Plays a visit with these options; returns its exit status and the waveform.
fn emulate(folder: &TempDir, new: &NewCard, options: &[&str], keyed: &str) -> (i32, PathBuf) {
    let (card, file) = (folder.path().join("card.toml"), folder.path().join("run.vcd"));
    make_card(new, &Hsm::test_keys()).unwrap().save(&card).unwrap();
    let mut command = Command::new(qiyong());
    command.args(["emulate", "--json", "--board", "pico", "--elf"]).arg(pico_image(false)).arg("--card").arg(&card);
    command.arg("--waveform").arg(&file).args(options);
    let mut process = Watched::start(&mut command);
    process.feed(keyed);
    let output = process.output();
    assert!(file.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().expect("an exit status"), file)
}

/// Each protocol and convention, with a PIN that is replaced.
#[test]
fn of_a_good_run_on_the_pico_the_doctor_says_nothing() {
    let cards = [
        (Generation::V1, 0, Convention::Direct),
        (Generation::V2, 0, Convention::Inverse),
        (Generation::V3, 0, Convention::Direct),
        (Generation::V3, 1, Convention::Direct),
    ];
    let characters = in_parallel(&cards, |(generation, protocol, convention)| {
        let folder = TempDir::new().unwrap();
        let new = NewCard { protocol: *protocol, convention: *convention, ..sample_card(*generation) };
        let (status, file) = emulate(&folder, &new, &["purchase", "1.00"], "123456\n271828\n271828\n");
        assert_eq!(status, 0);
        let (status, told) = doctor(&file);
        assert_eq!((status, told["findings"].as_array().map(Vec::len)), (0, Some(0)), "{told}");
        assert_eq!(told["atrs"].as_array().map(Vec::len), Some(1), "{told}");
        // Bits of secret characters are not there: of a PIN three times, and of the number of an ID card.
        let text = fs::read_to_string(&file).unwrap();
        let io = text.split("$var wire 1 ").find(|part| part.contains(" IO ")).unwrap().split(' ').next().unwrap();
        let hidden = text.lines().filter(|line| *line == format!("x{io}")).count();
        assert!(hidden >= 9 + 13, "{hidden} characters are hidden");
        told["characters"].as_u64().expect("a number")
    });
    closing_line(&format!("doctor: no alarm at {characters:?} characters of the Pico's image"));
}

#[test]
fn a_broken_wire_of_the_pico_is_named() {
    let wires = [
        ("vcc", "VCC", "vcc-never"),
        ("rst", "RST", "rst-stuck-low"),
        ("clk", "CLK", "clk-stuck-low"),
        ("io", "I/O", "mute"),
    ];
    in_parallel(&wires, |(wire, pin, name)| {
        let folder = TempDir::new().unwrap();
        let new = NewCard { protocol: 0, ..sample_card(Generation::V3) };
        let (status, file) = emulate(&folder, &new, &["--broken", wire, "query"], "");
        assert_eq!(status, 1);
        let (status, told) = doctor(&file);
        let first = &told["findings"][0];
        assert_eq!((status, &first["name"], &first["pin"]), (1, &(*name).into(), &(*pin).into()), "{told}");
        for field in ["clause", "what", "cause", "remedy"] {
            assert!(first[field].as_str().is_some_and(|text| !text.is_empty()), "{first}");
        }
        assert!(first["at_ns"].is_u64() && first["party"] == "board", "{first}");
    });
}

#[test]
fn a_board_without_levels_says_that_it_has_none() {
    for option in [&["--waveform", "run.vcd"][..], &["--broken", "clk"]] {
        let mut command = Command::new(qiyong());
        command.args(["emulate", "--card", "none.toml"]).args(option).arg("query");
        let output = Watched::start(&mut command).output();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("carries whole bytes") && said.contains("--board pico"), "{said}");
    }
}
