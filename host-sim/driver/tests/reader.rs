//! Cards in PC/SC readers: the library's libpcsclite speaks to this house's own server, in this process.
#![cfg(feature = "pcsc")]

mod support;

use std::process::Command;

use qiyong_pcsc::server::{NewReader, Server};
use qiyong_pcsc::slot::{OnLine, Slot, Straight};
use qiyong_protocol::card::files::Generation;
use qiyong_sim::card::desk::DeskCard;
use support::{C, Desk, card, security_module};

/// A server with a card of version 2.00, one of 3.00, one over the card line, and a reader without a card.
fn serve(desk: &Desk) -> Server {
    let put = |name: &str, generation| {
        card(generation).save(&desk.path(name)).unwrap();
        Some(DeskCard::open(&desk.path(name), |_| {}).unwrap())
    };
    let straight = || Box::<Straight>::default() as Box<dyn Slot>;
    let readers = vec![
        NewReader { slot: straight(), card: put("0.toml", Generation::V2) },
        NewReader { slot: straight(), card: put("1.toml", Generation::V3) },
        NewReader { slot: Box::new(OnLine::new(0).unwrap()), card: put("2.toml", Generation::V1) },
        NewReader { slot: straight(), card: None },
    ];
    Server::start(&desk.path("s"), readers, false, |_| {}).unwrap()
}

#[test]
fn cards_in_readers_are_read_as_those_in_files() {
    let desk = Desk::new(Generation::V2);
    // The caller is compiled first: a server that makes its socket lets nobody execute a new file.
    let mut caller = desk.caller(C);
    let server = serve(&desk);
    for (reader, result, words) in [
        ("any", 0, "320100|111111198101011110|X00000019|320100D15600000500"),
        ("00 00", 0, "320100|111111198101011110|"),
        ("01 00", -2201, "无PSAM卡"),
        ("02 00", 0, "320100|111111198101011110|"),
        ("03 00", -2, "无卡"),
        ("04 00", -11, "读卡器连接错误:no reader is called 04 00"),
    ] {
        desk.settings(&format!("source = reader {reader}\n"));
        let (there, text) = caller.call("iReadCardBas i1 o");
        assert_eq!(there, result, "{reader}: {text}");
        assert!(text.starts_with(words), "{reader}: {text}");
    }
    desk.settings("source = reader 01 00\n");
    let (_, text) = caller.call("iReadCardBas_HSM_Step1 i1 o");
    let [internal, external] = security_module(&text);
    let (result, text) = caller.call(&format!("iReadCardBas_HSM_Step2 \"{internal}|{external}|\" o"));
    assert_eq!(result, 0, "{text}");
    // The service ends between two steps.
    let (_, text) = caller.call("iReadCardBas_HSM_Step1 i1 o");
    let [internal, external] = security_module(&text);
    drop(server);
    let (result, text) = caller.call(&format!("iReadCardBas_HSM_Step2 \"{internal}|{external}|\" o"));
    assert_eq!(result, -12, "{text}");
    let (result, text) = caller.call("iReadCardBas i1 o");
    assert_eq!(result, -11, "{text}");
}

/// The connection to the service stays between two calls: another service, another card and no card are noticed all the same.
#[test]
fn what_changes_between_two_calls_is_noticed() {
    let desk = Desk::new(Generation::V2);
    let mut caller = desk.caller(C);
    desk.settings("source = reader 02 00\n");
    let mut read = || caller.call("iReadCardBas i1 o");
    for _ in 0..2 {
        let server = serve(&desk);
        assert_eq!(read().0, 0);
        let (_, text) = read();
        assert_eq!(text.split('|').nth(6), Some("1.00"), "{text}");
        desk.settings("source = reader 00 00\n");
        let (_, text) = read();
        assert_eq!(text.split('|').nth(6), Some("2.00"), "{text}");
        desk.settings("source = reader 02 00\n");
        drop(server);
        assert_eq!(read().0, -11);
    }
}

/// Connections are neither left behind nor shared by two processes.
#[test]
fn a_program_unloads_the_library_and_forks() {
    let desk = Desk::new(Generation::V2);
    desk.settings("source = reader any\n");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connections.py");
    let _server = serve(&desk);
    let mut program = desk.start(Command::new("python3").arg(script).arg(desk.library()));
    assert_eq!(program.line("begin"), "{0} 1 0 0");
}
