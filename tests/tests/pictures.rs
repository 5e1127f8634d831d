//! The picture of a run on the first page: what the command prints, drawn by the command; read here by another program's XML reader.
//! That of the board's screen is compared in `emulate`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong_tests::closing::closing_line;
use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;
use tempfile::TempDir;

/// The visit of the pictures.
const SCENARIO: &str = "host-sim/scenarios/rule-pharmacy-first-purchase.toml";
/// Each page, its picture and the language.
const PICTURES: [(&str, &str, &str); 2] =
    [("README.md", "docs/first-purchase.svg", "en"), ("README.zh.md", "docs/first-purchase.zh.svg", "zh")];

/// The texts of an SVG, a row for each that begins a line of the terminal.
const ROWS: &str = "
import sys, xml.etree.ElementTree as tree
name = '{http://www.w3.org/2000/svg}'
for row in tree.parse(sys.argv[1]).getroot().find(name + 'text').findall(name + 'tspan'):
    print(''.join(row.itertext()).rstrip('\\n'))
";

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(command: &mut Command) -> String {
    let output = Watched::start(command).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_pictures_of_the_first_pages_are_what_the_program_prints() {
    let folder = TempDir::new().unwrap();
    for (page, picture, lang) in PICTURES {
        let drawn = folder.path().join("drawn.svg");
        let command = ["--lang", lang, "scenario", "run", "--story", SCENARIO, "--svg"];
        let printed = run(Command::new(qiyong()).current_dir(house()).args(command).arg(&drawn));
        let drawn = fs::read_to_string(drawn).unwrap();
        let shown = fs::read_to_string(house().join(picture)).unwrap_or_default();
        assert!(
            drawn == shown,
            "{picture} is out of date: `qiyong {} {picture}` in the project's folder draws it anew",
            command.join(" ")
        );
        assert!(fs::read_to_string(house().join(page)).unwrap().contains(&format!("]({picture})")), "{page}");
        let read = run(Command::new("python3").args(["-c", ROWS]).arg(house().join(picture)));
        let rows = |text: &str| text.trim_end().lines().map(|row| row.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(rows(&read), rows(&printed), "{picture}");
        assert!(printed.contains("支付成功，卡已启用") && printed.lines().count() > 40, "{printed}");
    }
    closing_line("pictures: two of a first purchase, row by row what is printed");
}

#[test]
fn a_picture_that_cannot_be_written_is_told() {
    let mut command = Command::new(qiyong());
    command.current_dir(house()).args(["scenario", "run", SCENARIO, "--svg", "none/of/these.svg"]);
    let output = Watched::start(&mut command).output();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("none/of/these.svg: the picture cannot be written"), "{told}");
}
