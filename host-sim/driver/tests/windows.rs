//! `SSCardDriver.dll` as a program for Windows loads it: both are built here, and run in wine (docs/driver.md §A.2). `cargo xtask
//! dll` builds the library; without it these tests fail.

mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::{NameOrOrdinal, Object as _};
use qiyong_protocol::card::files::Generation;
use sscarddriver::boundary::FUNCTIONS;
use support::journey::{self, EXPECTED};
use support::wine::{COMPILER, Windows, make_what_wine_lacks};
use support::{Compiler, Desk};

const LIBRARY: &str = "SSCardDriver.dll";
/// What functions may be declared as.
const CONVENTIONS: [&str; 2] = ["__stdcall", "__cdecl"];
/// What Windows 10 and later bring along.
const SYSTEM: [&str; 8] = [
    "api-ms-win-core-synch-l1-2-0.dll",
    "bcryptprimitives.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "userenv.dll",
    "winscard.dll",
    "ws2_32.dll",
];

/// Where `cargo xtask dll` puts the library.
fn built() -> PathBuf {
    let deps = env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let path = deps.ancestors().nth(2).unwrap().join("windows").join(LIBRARY);
    assert!(path.exists(), "no {}: `cargo xtask dll` builds it", path.display());
    path
}

/// A folder with the library for Windows, and what wine lacks.
fn desk() -> Desk {
    let desk = Desk::new(Generation::V2);
    fs::copy(built(), desk.path(LIBRARY)).unwrap();
    let library = (COMPILER, &["-shared"][..]);
    make_what_wine_lacks(&desk.path(""));
    let pins = format!("-DPINS=\"Z:{}\"", desk.path("pins").display());
    desk.compile(library, "keyboard.c", "TerminalProtocolKeyboard.dll", &[&pins]);
    desk
}

/// A program whose functions have this convention.
fn program(desk: &Desk, convention: &str) -> PathBuf {
    let called = format!("-DCALLED={convention}");
    let c: Compiler = (COMPILER, &["-x", "c", "-std=gnu11"]);
    desk.compile(c, "caller.c", &format!("caller{convention}.exe"), &[&called])
}

/// Runs it with the library `name`, which is beside it.
fn run(windows: &Windows, program: &Path, name: &str) -> Command {
    let mut command = windows.command("wine64");
    command.arg(program).arg(name).current_dir(program.parent().unwrap());
    command
}

#[test]
fn a_program_for_windows_goes_the_same_way_in_both_conventions() {
    let windows = Windows::new();
    let desk = desk();
    for convention in CONVENTIONS {
        let mut caller = desk.start(&mut run(&windows, &program(&desk, convention), LIBRARY));
        assert_eq!(journey::of(&desk, &mut caller), EXPECTED, "{convention}");
    }
}

/// The page behind the buffer is guarded there, too.
#[test]
fn a_library_for_windows_that_writes_too_much_is_caught() {
    let windows = Windows::new();
    let desk = desk();
    desk.compile((COMPILER, &["-shared"]), "faulty.c", "faulty.dll", &[]);
    let program = program(&desk, CONVENTIONS[0]);
    for (kind, is_caught) in [(0, false), (1, true), (2, true), (3, true)] {
        let mut caller = desk.start(run(&windows, &program, "faulty.dll").stderr(Stdio::null()));
        let call = std::panic::AssertUnwindSafe(|| caller.call(&format!("iReadCardBas i{kind} o")));
        assert_eq!(std::panic::catch_unwind(call).is_err(), is_caught, "iType {kind}");
    }
}

/// No name has an @ or a number, and nothing is needed that a Windows lacks.
#[test]
fn the_library_for_windows_exports_the_table_and_needs_the_system_alone() {
    let bytes = fs::read(built()).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let name = |export: object::Export<'_>| match export.name() {
        NameOrOrdinal::Name(name) => String::from_utf8_lossy(name).into_owned(),
        NameOrOrdinal::Ordinal(number) => format!("number {number}"),
    };
    let mut exported: Vec<_> = file.exports().unwrap().map(|export| name(export.unwrap())).collect();
    exported.sort();
    let mut table: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    table.sort_unstable();
    assert_eq!(exported, table);
    let imports: Vec<_> = file.imports().unwrap().map(Result::unwrap).collect();
    assert!(!imports.is_empty());
    for import in imports {
        let library = String::from_utf8_lossy(import.library()).to_lowercase();
        assert!(SYSTEM.contains(&library.as_str()), "{library}: {:?}", import.name());
    }
}
