//! The library as programs in C and C++ load it, with 256 bytes of buffer and a page behind it that nobody may touch, and as many
//! threads do (docs/driver.md §A.2). Other languages are in `languages`.

mod support;

use std::process::Command;

use qiyong_protocol::card::files::Generation;
use support::{C, CPP, Desk};

/// docs/card.md §1.9.
#[test]
fn c_and_cpp_read_who_the_holder_is() {
    for compiler in [C, CPP] {
        for (generation, version) in [(Generation::V1, "1.00"), (Generation::V2, "2.00")] {
            let desk = Desk::new(generation);
            let mut caller = desk.caller(compiler);
            for kind in [1, 3, 4] {
                let (result, text) = caller.call(&format!("iReadCardBas i{kind} o"));
                assert_eq!(result, 0, "{text}");
                let fields: Vec<_> = text.split('|').collect();
                let [
                    region,
                    id_number,
                    number,
                    ident,
                    name,
                    history,
                    its_version,
                    issued,
                    expires,
                    terminal,
                    device,
                    "",
                ] = fields[..]
                else {
                    panic!("eleven fields, each closed: {text}")
                };
                assert_eq!((region, id_number, number), ("320100", "111111198101011110", "X00000019"));
                assert_eq!((ident.len(), &ident[..18]), (32, "320100D15600000500"));
                assert_eq!((name, history.len(), its_version), ("张三", 26, version));
                assert_eq!((issued, expires), ("20260101", "20360101"));
                assert_eq!((terminal, device), ("000000000000", "FFFFFFFFFFFFFF"));
            }
        }
    }
}

/// The tests' own caller notices what a library must never do.
#[test]
fn a_library_that_writes_too_much_is_caught() {
    let desk = Desk::new(Generation::V2);
    let library = desk.compile(C, "faulty.c", "faulty.so", &["-shared", "-fPIC"]);
    for (kind, is_caught) in [(0, false), (1, true), (2, true), (3, true)] {
        let mut caller = desk.caller_of(C, &library);
        let call = std::panic::AssertUnwindSafe(|| caller.call(&format!("iReadCardBas i{kind} o")));
        assert_eq!(std::panic::catch_unwind(call).is_err(), is_caught, "iType {kind}");
    }
}

/// Threads take turns, and each gets its own answer.
#[test]
fn many_threads_read_at_once() {
    let desk = Desk::new(Generation::V2);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/threads.py");
    let output = Command::new("python3").arg(script).arg(desk.library()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "400 good\n", "{}", String::from_utf8_lossy(&output.stderr));
}
