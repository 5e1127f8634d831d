//! Settings as a user meets them: `qiyong.toml` here, above, and one's own; the environment; and what is none.

use std::fs;
use std::path::Path;
use std::process::Command;

use qiyong_tests::closing::closing_line;
use qiyong_tests::qiyong;
use qiyong_tests::scenarios::{FOLDER, root};

/// Runs the program in a folder, with these variables and no others that say where settings are; exit status and both outputs.
fn run(folder: &Path, variables: &[(&str, &str)], words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(qiyong());
    command.current_dir(folder).args(words).env_remove("QIYONG_SETTINGS").env("HOME", folder.join("home"));
    // Nor what the language is.
    for name in ["XDG_CONFIG_HOME", "QIYONG_LANG", "LC_ALL", "LC_MESSAGES"] {
        command.env_remove(name);
    }
    command.env("LANG", "C").envs(variables.iter().copied());
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit status"), text(output.stdout), text(output.stderr))
}

/// How many worlds are played.
fn worlds(folder: &Path, variables: &[(&str, &str)], words: &[&str]) -> String {
    let (status, told, said) = run(folder, variables, &[&["chaos", "--steps", "1"], words].concat());
    assert_eq!((status, said.as_str()), (0, ""), "{told}");
    told.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_nearest_counts_and_the_command_line_counts_most() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("work/deep")).unwrap();
    fs::create_dir_all(at("home/.config/qiyong")).unwrap();
    let home = at("home");
    let home = [("HOME", home.to_str().unwrap())];
    fs::write(at("home/.config/qiyong/qiyong.toml"), "[chaos]\nworlds = 5\n").unwrap();
    assert_eq!(worlds(&at("work/deep"), &home, &[]), "5");
    fs::write(at("work/qiyong.toml"), "\u{feff}[chaos]\nworlds = 3\n").unwrap();
    assert_eq!(worlds(&at("work/deep"), &home, &[]), "3");
    fs::write(at("work/deep/qiyong.toml"), "[chaos]\nworlds = \"2\"\n").unwrap();
    assert_eq!(worlds(&at("work/deep"), &home, &[]), "2");
    let variables = [home[0], ("QIYONG_CHAOS_WORLDS", "4")];
    assert_eq!(worlds(&at("work/deep"), &variables, &[]), "4");
    assert_eq!(worlds(&at("work/deep"), &variables, &["--worlds", "1"]), "1");
    let named = at("work/qiyong.toml");
    assert_eq!(worlds(&at("work/deep"), &[home[0], ("QIYONG_SETTINGS", named.to_str().unwrap())], &[]), "3");
    // A default is in nobody's way: this flag and that one exclude each other.
    let kept = run(&at("work"), &home, &["chaos", "--replay", "none"]);
    assert!(kept.0 == 2 && kept.2.contains("cannot read none"), "{}", kept.2);
    let help = run(&at("work/deep"), &home, &["chaos", "--help"]).1;
    assert!(help.contains("qiyong.toml, line 2") && help.contains("[default: 2]"), "{help}");

    // The verb below a verb, and the language, which is in force before anything is said.
    fs::write(at("work/deep/qiyong.toml"), "lang = \"zh\"\n[scenario.run]\njunit = \"by-settings.xml\"\n").unwrap();
    let file = root().join(FOLDER).join("rule-query.toml");
    let (status, told, said) = run(&at("work/deep"), &home, &["scenario", "run", file.to_str().unwrap()]);
    assert_eq!((status, said.as_str()), (0, ""), "{told}");
    assert!(at("work/deep/by-settings.xml").exists());
    assert!(run(&at("work/deep"), &home, &["--help"]).1.contains("用法"));
    assert!(run(&at("work/deep"), &home, &["--lang", "en", "--help"]).1.contains("Usage"));
}

#[test]
fn what_is_no_setting_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("qiyong.toml");
    let gbk = qiyong_sim::gbk::encode("[till]\nport = \"串口\"\n").unwrap();
    let faults: [(&str, &[u8], &str); 8] = [
        ("no TOML", b"[till", "line 1, column "),
        ("no verb", b"\n[tills]\nport = 1", "line 2, column 2: there is no verb `tills`"),
        ("no flag", b"[till]\n  prot = \"a\"", "line 2, column 3: there is no flag --prot of `till`; there are port"),
        ("a switch", b"[till]\njson = true", "line 2, column 1: --json takes no value"),
        ("no value of it", b"[chaos]\nworlds = 0", "line 2, column 10: invalid value '0' for '--worlds'"),
        ("a PIN", b"[card.new]\npin = \"314159\"", "line 2, column 7: --pin holds a secret"),
        (
            "what an act is asked",
            b"[centre.life.show]\ncard = \"X00000019\"",
            "line 2, column 1: --card is what the centre is asked",
        ),
        ("GBK", &gbk, "it seems to be GBK (line 2"),
    ];
    for (name, text, words) in &faults {
        fs::write(&file, text).unwrap();
        // Whatever the verb is.
        let (status, told, said) = run(folder.path(), &[], &["atr", "3B00"]);
        assert_eq!((status, told.as_str()), (2, ""), "{name}: {said}");
        assert!(said.contains("qiyong.toml: ") && said.contains(words) && !said.contains("314159"), "{name}: {said}");
        assert_eq!(said.lines().count(), 1, "{name}: {said}");
    }
    fs::remove_file(&file).unwrap();
    let (status, _, said) = run(folder.path(), &[("QIYONG_CARD_NEW_PIN", "314159")], &["atr", "3B00"]);
    assert!(
        status == 2 && said.contains("QIYONG_CARD_NEW_PIN: --pin holds a secret") && !said.contains("314159"),
        "{said}"
    );
    let (status, _, said) = run(folder.path(), &[("QIYONG_SETTINGS", "none.toml")], &["atr", "3B00"]);
    assert!(status == 2 && said.contains("QIYONG_SETTINGS: there is no file none.toml"), "{said}");
    assert_eq!(run(folder.path(), &[("QIYONG_SETTINGS", "")], &["atr", "3B00"]).0, 0);
    closing_line(&format!("wrong settings told with their place: {0} of {0}", faults.len()));
}
