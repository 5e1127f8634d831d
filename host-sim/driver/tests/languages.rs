//! The library as programs in other languages load it: one journey, printed by each as by the others (docs/driver.md §A.2). That
//! of a program for Windows is in `windows`.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong_protocol::card::files::Generation;
use sscarddriver::boundary::{FUNCTIONS, Parameter};
use support::journey::{self, EXPECTED, NO_NAME};
use support::{C, CPP, Desk};

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The journey of the program that `command` starts.
fn goes(desk: &Desk, what: &str, command: &mut Command) {
    assert_eq!(journey::of(desk, &mut desk.start(command)), EXPECTED, "{what}");
}

#[test]
fn c_and_cpp() {
    for compiler in [C, CPP] {
        let desk = Desk::new(Generation::V2);
        assert_eq!(journey::of(&desk, &mut desk.caller(compiler)), EXPECTED, "{}", compiler.0);
    }
}

#[test]
fn python_as_int_long_and_longlong() {
    let desk = Desk::new(Generation::V2);
    for result in ["c_int", "c_long", "c_longlong"] {
        goes(&desk, result, Command::new("python3").arg(beside("caller.py")).arg(desk.library()).arg(result));
    }
}

/// koffi is installed in the folder of the caller.
#[test]
fn node_as_int_and_long_in_both_conventions() {
    let desk = Desk::new(Generation::V2);
    for (result, convention) in [("int", "__stdcall"), ("long", "__cdecl"), ("int64", "__stdcall")] {
        let mut node = Command::new("node");
        node.arg(beside("node/caller.mjs")).arg(desk.library()).args([result, convention]);
        goes(&desk, result, &mut node);
    }
}

/// By Debian's JNA.
#[test]
fn java_as_int_and_long() {
    let desk = Desk::new(Generation::V2);
    let jna = "/usr/share/java/jna.jar";
    run(Command::new("javac").args(["-cp", jna, "-d"]).arg(desk.folder.path()).arg(beside("Caller.java")));
    let classes = format!("{}:{jna}", desk.folder.path().display());
    for result in ["int", "long"] {
        goes(&desk, result, Command::new("java").args(["-cp", &classes, "Caller"]).arg(desk.library()).arg(result));
    }
}

/// By mono, which a file beside the program tells what Linux calls the library.
#[test]
fn c_sharp_as_int_and_long() {
    let desk = Desk::new(Generation::V2);
    let map = format!(
        "<configuration><dllmap dll=\"SSCardDriver.dll\" target=\"{}\"/></configuration>",
        desk.library().display()
    );
    for result in ["int", "long"] {
        let (source, program) = (desk.path("driver.cs"), desk.path(&format!("{result}.exe")));
        fs::write(&source, declarations(result)).unwrap();
        let out = format!("-out:{}", program.display());
        run(Command::new("mcs").arg(out).arg(beside("caller.cs")).arg(source));
        fs::write(desk.path(&format!("{result}.exe.config")), &map).unwrap();
        goes(&desk, result, Command::new("mono").arg(program));
    }
}

/// The table's functions and one that is none, as programs in C# declare them.
fn declarations(result: &str) -> String {
    let mut text = "using System.Runtime.InteropServices;\nstatic class Driver {\n".to_string();
    let mut declare = |name: &str, parameters: &[String]| {
        let parameters = parameters.join(", ");
        let _ = writeln!(text, "[DllImport(\"SSCardDriver.dll\")] public static extern {result} {name}({parameters});");
    };
    for function in FUNCTIONS {
        let before = function.parameters.iter().map(|(name, kind)| match kind {
            Parameter::Number => format!("int {name}"),
            Parameter::Text | Parameter::Field => format!("byte[] {name}"),
        });
        let last = (!function.buffer.is_empty()).then(|| format!("byte[] {}", function.buffer));
        declare(function.name, &before.chain(last).collect::<Vec<_>>());
    }
    declare(NO_NAME, &["int iType".into(), "byte[] pOutInfo".into()]);
    text + "}\n"
}

fn run(command: &mut Command) {
    let status =
        command.status().unwrap_or_else(|error| panic!("{command:?}: {error}: `cargo xtask setup` installs it"));
    assert!(status.success(), "{command:?}");
}
