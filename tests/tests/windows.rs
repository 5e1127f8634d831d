//! `qiyong.exe` in wine: what it prints is what the program for Linux prints, byte for byte, line ends included; and what needs Unix says
//! so. `cargo xtask dll` builds it.

#[path = "../../host-sim/driver/tests/support/wine.rs"]
mod wine;

use std::fs;
use std::process::{Command, Output};

use qiyong_tests::programs::{PATIENCE, Watched};
use qiyong_tests::qiyong;
use qiyong_tests::scenarios::root;
use tempfile::TempDir;

use wine::{Windows, make_what_wine_lacks};

/// A Windows with the program in a folder, which is the current one; and the same folder for Linux.
struct Both {
    windows: Windows,
    program: TempDir,
    there: TempDir,
    here: TempDir,
}

impl Both {
    fn new() -> Self {
        let program = tempfile::tempdir().expect("a folder");
        let built = root().join("target/windows/qiyong.exe");
        fs::copy(&built, program.path().join("qiyong.exe"))
            .unwrap_or_else(|error| panic!("{}: {error}: `cargo xtask dll` builds it", built.display()));
        make_what_wine_lacks(program.path());
        let folder = || tempfile::tempdir().expect("a folder");
        Self { windows: Windows::new(), program, there: folder(), here: folder() }
    }

    /// What the program for Windows says.
    fn there(&self, arguments: &[&str]) -> Output {
        let mut wine = self.windows.command("wine64");
        wine.arg(self.program.path().join("qiyong.exe")).args(arguments).current_dir(self.there.path());
        // The program is not optimised, and all scenarios are many.
        Watched::start_for(3 * PATIENCE, wine.env("QIYONG_LANG", "en")).output()
    }

    /// What the one for Linux says.
    fn here(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(qiyong());
        Watched::start(command.args(arguments).current_dir(self.here.path()).env("QIYONG_LANG", "en")).output()
    }

    /// A file for both.
    fn put(&self, name: &str, content: &[u8]) {
        for folder in [&self.there, &self.here] {
            fs::write(folder.path().join(name), content).expect("a file");
        }
    }

    /// Both say the same; returns it.
    fn agree(&self, arguments: &[&str], code: i32) -> String {
        let (there, here) = (self.there(arguments), self.here(arguments));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(here.status.code(), Some(code), "{arguments:?}: {}", text(&here.stderr));
        assert_eq!(there.status.code(), Some(code), "{arguments:?}: {}", text(&there.stderr));
        assert!(!here.stdout.is_empty() || !here.stderr.is_empty(), "{arguments:?}");
        // A path that the program puts together has the other stroke there, and stands in quotes where a shell would read it.
        let as_here = text(&there.stderr).replace('\\', "/").replace('\'', "");
        assert_eq!(as_here, text(&here.stderr).replace('\'', ""), "{arguments:?}");
        // Bytes: a line ends by 0A alone there, too.
        assert!(there.stdout == here.stdout, "{arguments:?}:\n{}\n{}", text(&there.stdout), text(&here.stdout));
        text(&here.stdout)
    }

    /// Both have written the same file.
    fn same_file(&self, name: &str) {
        let [there, here] = [&self.there, &self.here].map(|folder| fs::read(folder.path().join(name)).expect("a file"));
        assert!(!here.is_empty() && there == here, "{name}");
    }
}

#[test]
fn demo_decoders_and_a_card_in_a_file_are_the_same_on_windows() {
    let both = Both::new();
    assert!(both.agree(&["demo"], 0).contains("支付成功，卡已启用"));
    both.agree(&["demo", "--json"], 0);
    assert!(both.agree(&["--lang", "zh", "atr", "3B"], 1).contains("无效的 ATR"), "in Chinese, too");
    both.agree(&["atr", "3B6D000000814E43238697159900BF7C7A"], 0);
    both.agree(&["atr", "--json", "3F6D0000008154310086602603023779BA"], 0);
    both.agree(&["atr", "3B"], 1);
    both.agree(&["dissector"], 0);
    // A new card's keys are drawn, so that there is one for both.
    let new = ["card", "new", "--profile", "v3", "--out", "card.toml"];
    assert_eq!(both.there(&new).status.code(), Some(0));
    both.put("card.toml", &fs::read(both.there.path().join("card.toml")).expect("the card"));
    both.agree(&["card", "show", "card.toml"], 0);
    assert!(both.agree(&["card", "send", "card.toml", "0020000003000000"], 0).contains("63C2"));
    both.same_file("card.toml");
    // The system's own words differ.
    for output in [both.there(&["card", "show", "none.toml"]), both.here(&["card", "show", "none.toml"])] {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot read the card file none.toml: "), "{said}");
    }
}

/// The whole folder, with what its steps write.
#[test]
fn scenarios_end_the_same_on_windows_with_the_same_captures() {
    let both = Both::new();
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("host-sim/scenarios")).expect("the scenarios") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if name.ends_with(".toml") {
            both.put(&name, &fs::read(&path).expect("a scenario"));
            names.push(name);
        }
    }
    names.sort();
    let all: Vec<&str> = ["scenario", "run"].into_iter().chain(names.iter().map(String::as_str)).collect();
    assert!(both.agree(&all, 0).contains(&names[0]));
    let first = "rule-pharmacy-first-purchase.toml";
    both.agree(&["scenario", "run", "--json", "--capture", ".", first], 0);
    let captured: Vec<_> = fs::read_dir(both.here.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.ends_with(".pcapng") || name.ends_with(".vcd"))
        .collect();
    assert!(captured.len() >= 2, "{captured:?}");
    captured.iter().for_each(|name| both.same_file(name));
}

#[test]
fn what_needs_unix_says_why_and_what_to_use_instead() {
    let both = Both::new();
    both.put(
        "s.toml",
        &fs::read(root().join("host-sim/scenarios/rule-pharmacy-first-purchase.toml")).expect("a scenario"),
    );
    for (arguments, why, instead) in [
        (&["pcscd", "--socket", "s", "--card", "card.toml"][..], "Unix sockets", "SSCardDriver.ini"),
        (&["pcscd", "ctl", "--socket", "s", "insert"], "Unix sockets", "SSCardDriver.ini"),
        (&["vicc", "--card", "card.toml"], "Unix", "qiyong terminal --card FILE"),
        (&["emulate", "--card", "card.toml"], "Unix sockets", "qiyong till --port COM3"),
        (&["scenario", "run", "--bench", "emulated", "s.toml"], "Unix sockets", "WSL"),
    ] {
        let output = both.there(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why) && said.contains(instead), "{arguments:?}: {said}");
    }
    let help = String::from_utf8(both.there(&["--help"]).stdout).expect("UTF-8");
    assert!(["pcscd", "vicc", "emulate"].iter().all(|verb| help.contains(verb)), "{help}");
}

/// A centre there, and a till here: what is served over TCP is.
#[test]
fn a_centre_serves_on_windows() {
    let both = Both::new();
    let init = ["centre", "init", "--db", "centre.db", "--test-keys"];
    let made = both.there(&init);
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let mut wine = both.windows.command("wine64");
    wine.arg(both.program.path().join("qiyong.exe"))
        .args(["centre", "serve", "--db", "centre.db", "--test-keys", "--http", "127.0.0.1:0"])
        .current_dir(both.there.path());
    let mut serving = Watched::start(&mut wine);
    let address = std::io::BufRead::lines(serving.lines())
        .map(|line| line.expect("UTF-8"))
        .find_map(|line| line.split_once("http://").map(|(_, rest)| rest.trim_end_matches('/').to_owned()))
        .expect("it says where it listens");
    let page = Command::new("curl").args(["-s", "-i", &format!("http://{address}/")]).output().expect("curl");
    assert!(String::from_utf8_lossy(&page.stdout).starts_with("HTTP/1.1 "), "{page:?}");
}
