//! Another program with the same card: the library waits for its transaction as long as the settings say, and no longer; and what it
//! waits for when nobody asks any more, it gives back (docs/driver.md §D, `busy_seconds`).
#![cfg(feature = "pcsc")]

mod support;

use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use qiyong_pcsc::server::{NewReader, Server};
use qiyong_pcsc::slot::{Slot, SlotFailure, Straight};
use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::desk::DeskCard;
use support::{C, Caller, Desk, card};

/// Debian's, which has pyscard.
const PYTHON: &str = "/usr/bin/python3";
/// How the library begins its text.
const BUSY: &str = "读卡器忙:another program has the card to itself";
/// Longer than any test takes.
const LONG: &str = "source = reader any\nbusy_seconds = 255\n";
/// All that begins with a card, but for single fields.
const CALLS: [&str; 12] = [
    "iReadCardBas i3 o",
    "iReadCardBas_HSM_Step1 i1 o",
    "iReadCard i1 i2 \"\" \"SSSEEF05|07|$\" o",
    "iReadCard_HSM_Step1 i1 \"\" \"SSSEEF05|07|$\" o",
    "iVerifyPIN i1 o",
    "iChangePIN i1 o",
    "iWriteCard_HSM_Step1 i1 \"\" \"SSSEEF06|0A|$\" o",
    "iReloadPIN_HSM_Step1 i1 \"\" o",
    "iUnblockPIN_HSM_Step1 i1 \"\" o",
    "iDoDebit_HSM_Step1 i1 \"\" \"0.1|0.2|20260302090000|\" o",
    "iReadDebitRecord i1 o",
    "PKI_ReadCert i1 i4096 b",
];
/// The library asks at once, and goes.
const AT_ONCE: &str = "source = reader any\nbusy_seconds = 0\n";

fn serve(desk: &Desk, slot: Box<dyn Slot>) -> Server {
    card(Generation::V2).save(&desk.path("0.toml")).unwrap();
    let inside = Some(DeskCard::open(&desk.path("0.toml"), |_| {}).unwrap());
    Server::start(&desk.path("s"), vec![NewReader { slot, card: inside }], false, |_| {}).unwrap()
}

/// The other program, which does what it is told.
struct Other(Caller);

impl Other {
    fn start(desk: &Desk) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/other_program.py");
        Self(desk.start(Command::new(PYTHON).arg(script).arg("0")))
    }

    fn does(&mut self, what: &str) {
        assert_eq!(self.0.line(what), "done", "{what}");
    }
}

#[test]
fn another_programs_transaction_is_waited_for_no_longer_than_the_settings_say() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let _server = serve(&desk, Box::<Straight>::default());
    let mut other = Other::start(&desk);
    other.does("connect shared");
    // The first time no connection is kept, the second time one is.
    for round in ["first", "second"] {
        other.does("begin");
        desk.settings(AT_ONCE);
        for call in CALLS {
            let (result, text) = caller.call(call);
            assert_eq!(result, -103, "{round} {call}: {text}");
            assert!(text.starts_with(BUSY), "{round} {call}: {text}");
        }
        assert!(caller.threads() <= 2, "{round}: {} threads for one reader", caller.threads());
        // It resets the card and lets it go: the next call, which waits, has it.
        other.does("end reset");
        desk.settings(LONG);
        let (result, text) = caller.call("iReadCardBas i1 o");
        assert_eq!(result, 0, "{round}: {text}");
        other.does("look");
    }
    // What came when nobody asked any more was given back, each time.
    for disposition in ["leave", "reset", "unpower"] {
        other.does("begin");
        desk.settings(AT_ONCE);
        assert_eq!(caller.call("iReadCardBas i1 o").0, -103);
        other.does(&format!("end {disposition}"));
        other.does("look");
    }
    other.does("begin");
    other.does("end leave");
    desk.settings(LONG);
    assert_eq!(caller.call("iReadCardBas i1 o").0, 0);
    assert_eq!(caller.threads(), 1, "nothing waits any more");
}

#[test]
fn a_card_that_another_program_has_exclusively_is_busy_at_once() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let _server = serve(&desk, Box::<Straight>::default());
    let mut other = Other::start(&desk);
    desk.settings(LONG);
    assert_eq!(caller.call("iReadCardBas i1 o").0, 0);
    other.does("connect exclusive");
    for _ in 0..2 {
        let (result, text) = caller.call("iReadCardBas i1 o");
        assert_eq!(result, -103, "{text}");
    }
    other.does("disconnect");
    assert_eq!(caller.call("iReadCardBas i1 o").0, 0);
}

/// A PSAM in the reader of the card: the library would wait for itself.
#[test]
fn card_and_psam_are_not_in_one_reader() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let _server = serve(&desk, Box::<Straight>::default());
    desk.settings("source = reader any\npsam = reader any\nbusy_seconds = 0\n");
    let (result, text) = caller.call("iWriteCard i1 \"\" \"SSSEEF06|0A|\" \"1|\" o");
    assert_eq!(result, -103, "{text}");
    desk.settings(LONG);
    assert_eq!(caller.call("iReadCardBas i1 o").0, 0);
}

/// A slot whose card takes its time to answer a reset.
struct Slow(Straight, Receiver<()>);

impl Slot for Slow {
    fn insert(&mut self, card: DeskCard) {
        self.0.insert(card);
    }

    fn remove(&mut self) {
        self.0.remove();
    }

    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure> {
        // Nobody sends.
        let _ = self.1.recv_timeout(Duration::from_millis(350));
        self.0.reset()
    }

    fn power_down(&mut self) {
        self.0.power_down();
    }

    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure> {
        self.0.transmit(command, response)
    }
}

#[test]
fn a_slow_card_is_not_another_program() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    let (_sender, never) = channel();
    let _server = serve(&desk, Box::new(Slow(Straight::default(), never)));
    desk.settings(AT_ONCE);
    for _ in 0..2 {
        let (result, text) = caller.call("iReadCardBas i1 o");
        assert_eq!(result, 0, "{text}");
    }
}
