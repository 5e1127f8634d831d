//! Whatever listens where a PC/SC service is looked for, nobody waits for it for ever, and nothing it says is believed.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;

use qiyong_tests::programs::Watched;
use qiyong_tests::qiyong;
use tempfile::TempDir;

/// What a thing does with whoever calls it.
type Does = fn(UnixStream) -> Option<UnixStream>;

/// Takes what it is told, and says nothing.
fn silent(caller: UnixStream) -> Option<UnixStream> {
    Some(caller)
}

/// Says bytes that are no answer.
fn rubbish(mut caller: UnixStream) -> Option<UnixStream> {
    let _ = caller.write_all(&[0xFF; 1000]);
    let _ = caller.read(&mut [0; 1000]);
    Some(caller)
}

/// Hangs up.
fn hangs_up(_: UnixStream) -> Option<UnixStream> {
    None
}

#[test]
fn what_listens_and_is_no_service_is_said_to_be_none() {
    let [lists, works, hand]: [&[&str]; 3] = [
        &["readers"],
        &["terminal", "--reader", "any", "--institution", "P32010000017", "--centre", "c.db", "query"],
        &["pcscd", "ctl", "--socket", "socket", "remove"],
    ];
    let cases: [(Does, [&str; 2]); 3] = [
        (silent, ["the PC/SC service at socket does not answer", "what listens at socket does not answer"]),
        (rubbish, ["what listens at socket is no PC/SC service", "what listens at socket is no `qiyong pcscd`"]),
        (hangs_up, ["what listens at socket hangs up", "what listens at socket is no `qiyong pcscd`"]),
    ];
    for (does, [to_programs, to_the_hand]) in cases {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        // It ends with the test's process, and keeps its callers until then.
        thread::spawn(move || {
            let mut callers = Vec::new();
            listener.incoming().for_each(|caller| callers.push(caller.ok().and_then(does)));
        });
        let ask = |arguments: &[&str], words: &str| {
            let mut command = Command::new(qiyong());
            command.current_dir(folder.path()).env("PCSCLITE_CSOCK_NAME", "socket").args(arguments);
            let output = Watched::start(&mut command).output();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            assert!(said.contains(words) && !said.contains("panicked"), "{arguments:?}: {said}");
        };
        thread::scope(|scope| {
            scope.spawn(|| ask(lists, to_programs));
            scope.spawn(|| ask(works, to_programs));
            scope.spawn(|| ask(hand, to_the_hand));
        });
    }
}
