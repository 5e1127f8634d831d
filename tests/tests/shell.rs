//! What `qiyong` gives to a shell: completions, which bash and zsh load, and pages of the manual, which groff sets.

use std::fs;
use std::io::{Seek, Write};
use std::path::Path;
use std::process::{Command, Output};

use qiyong_tests::qiyong;
use tempfile::TempDir;

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(qiyong()).args(arguments).output().expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A program of Debian's with `input` on its standard input, from a file: no pipe fills while nobody reads the other one.
fn run(program: &str, arguments: &[&str], input: &str) -> Output {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(input.as_bytes()).expect("it is written");
    file.rewind().expect("it is read from its beginning");
    let output = Command::new(program).args(arguments).stdin(file).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask setup` installs it"))
}

/// What bash offers after `qiyong till --po`, with a script of completions.
fn bash_offers(script: &str) -> Option<String> {
    let asked =
        "COMP_WORDS=(qiyong till --po); COMP_CWORD=2\n_qiyong qiyong --po till\necho \"offered: ${COMPREPLY[*]}\"\n";
    let output = run("bash", &["--norc", "--noprofile", "-e"], &format!("{script}\ncomplete -p qiyong\n{asked}"));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let offered = said.lines().find_map(|line| line.strip_prefix("offered: ")).map(str::to_owned);
    offered.filter(|_| output.status.success() && said.contains("-F _qiyong qiyong"))
}

#[test]
fn bash_completes_a_flag_of_a_verb() {
    let script = printed(&["completions", "bash"]);
    assert_eq!(bash_offers(&script).as_deref(), Some("--port"));
    // Half a script, and one for a shell of another kind, are noticed.
    let half: String = script.lines().take(script.lines().count() / 2).map(|line| format!("{line}\n")).collect();
    assert_eq!(bash_offers(&half), None);
    assert_eq!(bash_offers(&printed(&["completions", "fish"])), None);
}

#[test]
fn zsh_loads_its_completions() {
    let script = printed(&["completions", "zsh"]);
    let loaded = |script: &str| {
        let asked = format!(
            "autoload -U compinit; compinit -D -u\n{script}\nprint -r -- \"completes: $_comps[qiyong]\"\nwhence -w _qiyong\n"
        );
        let output = run("zsh", &["-f", "-e"], &asked);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success() && said.contains("completes: _qiyong\n") && said.contains("_qiyong: function\n")
    };
    assert!(loaded(&script));
    let half: String = script.lines().take(script.lines().count() / 2).map(|line| format!("{line}\n")).collect();
    assert!(!loaded(&half), "half a script");
}

/// What groff complains of in a page; and the page as a terminal shows it.
fn set(page: &str) -> (String, String) {
    let output = run("groff", &["-Kutf8", "-man", "-Tutf8", "-P-cbou", "-ww"], page);
    (String::from_utf8(output.stderr).expect("UTF-8"), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn groff_sets_every_page_of_the_manual_without_complaint() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("man1");
    let listed = printed(&["manual", "--out", out.to_str().expect("UTF-8")]);
    let mut all = String::new();
    for file in listed.lines() {
        let page = fs::read_to_string(file).expect("a page");
        let title = Path::new(file).file_stem().expect("a name").to_str().expect("UTF-8");
        assert!(page.contains(&format!(".TH {title} 1")), "{file}");
        all.push_str(&page);
    }
    let (complaints, text) = set(&all);
    assert_eq!(complaints, "");
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    for words in ["qiyong-centre-serve - Serve a centre", "qiyong till", "启用", "--port"] {
        assert!(text.contains(words), "{words} is on no page");
    }
    assert_eq!(listed.lines().count(), all.matches("\n.TH ").count());
    assert_eq!(printed(&["manual", "centre", "serve"]), fs::read_to_string(out.join("qiyong-centre-serve.1")).unwrap());
    // A page with a request that nobody knows.
    assert_ne!(set(&all.replacen(".SH", ".SHH", 1)).0, "");
}

#[test]
fn a_page_that_is_not_there_and_a_shell_that_nobody_knows() {
    for (arguments, cause) in [
        (&["manual", "centre", "sereve"][..], "`qiyong centre` has no verb `sereve`"),
        (&["manual", "--out", "/dev/null/man"], "cannot write /dev/null/man"),
        (&["completions", "cmd.exe"], "invalid value 'cmd.exe'"),
    ] {
        let output = Command::new(qiyong()).args(arguments).output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(cause), "{said}");
    }
}

/// `qiyong --version` names the commit of a clone, and in a tree that is no clone the version alone.
#[test]
fn the_version_names_the_commit() {
    let said = printed(&["--version"]);
    let git =
        Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let commit = git.ok().filter(|git| git.status.success()).map(|git| String::from_utf8(git.stdout).expect("UTF-8"));
    let commit = commit.map_or(String::new(), |commit| format!(" ({})", commit.trim()));
    assert_eq!(said.trim(), format!("qiyong {}{commit}", env!("CARGO_PKG_VERSION")));
}
