//! A card on a reader without contacts (docs/card.md §4.2): the four PC/SC clients, what the reader answers itself, and what it
//! refuses.

use std::io::BufRead;

use serde_json::Value;

use qiyong_tests::pcsc::raw::{ANY, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::qiyong;

const SELECT_ENVIRONMENT: &str = "00:A4:04:00:0F:73:78:31:2E:73:68:2E:C9:E7:BB:E1:B1:A3:D5:CF:00";
/// The historical bytes of the sample card of the third generation, on both sides.
const HISTORY: &str = "00905431008660260101000001";

/// A server with a card of version 3.00 in a slot, one of them on an antenna, and an empty reader without contacts.
fn server() -> PrivateServer {
    let folder = tempfile::TempDir::new().unwrap();
    for (name, serial) in [("0.toml", "1"), ("air.toml", "1")] {
        let file = folder.path().join(name);
        let new = ["card", "new", "--profile", "v3", "--serial", serial, "--out", file.to_str().unwrap()];
        assert!(Watched::start(std::process::Command::new(qiyong()).args(new)).output().status.success());
    }
    PrivateServer::in_folder(folder, 1, &["--contactless", "air.toml", "--empty-contactless", "1"])
}

/// The ATR that PC/SC part 3 clause 3.1.3.2.3.1 makes of [`HISTORY`], with a check byte that is computed here.
fn expected_atr() -> Vec<u8> {
    let mut atr = hex::decode(format!("3B8D8001{HISTORY}")).unwrap();
    atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
    atr
}

fn separated(bytes: &[u8], by: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(by)
}

#[test]
fn pcsc_scan_names_the_reader_and_the_atr_made_of_the_ats() {
    let server = server();
    assert_eq!(
        server.readers,
        [
            "Qiyong Virtual Reader 00 00",
            "Qiyong Virtual Contactless Reader 01 00",
            "Qiyong Virtual Contactless Reader 02 00"
        ]
    );
    let atr = format!("ATR: {}", separated(&expected_atr(), " "));
    let mut scan = Watched::start(server.command("pcsc_scan").arg("-n"));
    let mut seen = String::new();
    for line in scan.lines().lines() {
        seen += &line.unwrap();
        if seen.contains(&atr) {
            assert!(seen.contains(&server.readers[1]), "{seen}");
            return;
        }
    }
    panic!("{atr} is missing: {seen}");
}

#[test]
fn opensc_tool_reads_what_is_free_and_gets_uid_and_historical_bytes_of_the_reader() {
    let server = server();
    let atr = server.run("opensc-tool", &["--reader", "1", "--atr"]);
    assert_eq!(atr.trim(), separated(&expected_atr(), ":").to_lowercase());
    let send = |apdus: &[&str]| {
        let mut arguments = vec!["--reader", "1"];
        apdus.iter().for_each(|apdu| arguments.extend(["--send-apdu", apdu]));
        server.run("opensc-tool", &arguments)
    };
    // Tag 03, the norm's version, is free; the card number and the name are not (docs/card.md §1.5).
    let records = send(&[
        SELECT_ENVIRONMENT,
        "00:A4:00:00:02:EF:05",
        "00:B2:03:04:06",
        "00:B2:07:04:0B",
        "00:A4:00:00:02:EF:06",
        "00:B2:02:04:20",
    ]);
    assert!(records.contains("03 04 33 2E 30 30"), "{records}");
    assert_eq!(records.matches("SW1=0x69, SW2=0x82").count(), 2, "{records}");
    let reader = send(&["FF:CA:00:00:00", "FF:CA:01:00:00", "FF:CA:02:00:00", "FF:B0:00:00:10"]);
    assert!(reader.contains("10 00 00 01"), "{reader}");
    assert!(reader.contains(&separated(&hex::decode(HISTORY).unwrap(), " ")), "{reader}");
    assert_eq!(reader.matches("SW1=0x6A, SW2=0x81").count(), 2, "{reader}");
}

#[test]
fn pyscard_reads_uid_and_the_free_records_over_t1() {
    let server = server();
    let output = Watched::start(&mut server.python("contactless.py")).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = String::from_utf8(output.stdout).unwrap();
    let expected = [
        format!("atr {}", hex::encode_upper(expected_atr())),
        "protocol T=1".to_string(),
        "FFCA000000 10000001 9000".into(),
        format!("FFCA010000 {HISTORY} 9000"),
        "FFCA00000A 10000001 6282".into(),
        "EF05 3 0304332E3030 9000".into(),
        "EF05 7  6982".into(),
        "EF06 1  6982".into(),
    ];
    assert_eq!(read.lines().collect::<Vec<_>>(), expected);
}

/// Our own client: `qiyong readers` and `qiyong terminal` speak through the crate `pcsc`.
#[test]
fn our_own_client_names_the_card_and_a_holder_pays_over_the_air() {
    let server = server();
    let program = qiyong();
    let program = program.to_str().unwrap();
    let listed: Value = serde_json::from_str(&server.run(program, &["readers", "--json"])).unwrap();
    assert_eq!(listed[1]["state"], "card");
    assert_eq!(listed[1]["atr"], Value::from(hex::encode_upper(expected_atr())));
    assert!(listed[1]["kind"].as_str().unwrap().contains("social security card"), "{listed}");
    assert_eq!(listed[2]["state"], "empty");

    let centre = server.folder.path().join("centre.db");
    let centre = centre.to_str().unwrap();
    let add = ["centre", "add", "--test-keys", "--account", "50000", "--db", centre];
    server.run(program, &[&add[..], &["--institution", "P32010000017", "--card", "0.toml"]].concat());
    let mut terminal = server.command(program);
    terminal.args(["terminal", "--json", "--institution", "P32010000017", "--centre", centre]);
    let mut terminal = Watched::start(terminal.args(["--reader", "Contactless Reader 01", "purchase", "35.80"]));
    terminal.feed("123456\n271828\n271828\n");
    let output = terminal.output();
    let seen = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {seen}"));
    assert_eq!((&report["outcome"], &report["activated"]), (&"approved".into(), &true.into()), "{report} {seen}");
}

#[test]
fn a_card_is_put_in_only_where_it_has_an_interface() {
    let server = server();
    let new = |name: &str, profile: &str| {
        server.run(qiyong().to_str().unwrap(), &["card", "new", "--profile", profile, "--out", name]);
        server.folder.path().join(name).to_str().unwrap().to_string()
    };
    let with_contacts = new("v2.toml", "v2");
    let (status, text) = server.ctl(&["insert", "2", "--card", &with_contacts]);
    assert!(status == 1 && text.contains("the card has no antenna"), "{text}");
    let both = new("v3.toml", "v3");
    assert_eq!(server.ctl(&["insert", "2", "--card", &both]).0, 0);
    let mut raw = Raw::new(&server.socket(), 4);
    let (card, protocol) = raw.connect(&server.readers[2], SHARED, ANY).unwrap();
    assert_eq!(protocol, 2, "T=1");
    assert_eq!(raw.transmit(card, 2, &[0xFF, 0xCA, 0, 0, 0]), Ok(vec![0x10, 0, 0, 1, 0x90, 0]));
    // T=0 is not to be had there.
    assert_eq!(raw.connect(&server.readers[1], SHARED, 1).map(drop), Err(0x8010_000F));
    // The card is one card: a PIN that is wrong over the air is wrong.
    assert_eq!(raw.transmit(card, 2, &[0, 0x20, 0, 0, 3, 0x99, 0x99, 0x99]), Ok(vec![0x63, 0xC2]));
    assert_eq!(server.ctl(&["remove", "2"]).0, 0);
    assert_eq!(server.ctl(&["swap", "0", "--card", &both]).0, 0);
    let (card, protocol) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
    assert_eq!(raw.transmit(card, protocol, &[0, 0x20, 0, 0, 3, 0x99, 0x99, 0x99]), Ok(vec![0x63, 0xC1]));
    // At the start, too.
    for (option, file, words) in
        [("--contactless", &with_contacts, "has no antenna"), ("--card", &contactless_only(&server), "has no contacts")]
    {
        let mut command = server.command(qiyong().to_str().unwrap());
        let output = Watched::start(command.args(["pcscd", "--socket", "other", option, file])).output();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && complaint.contains(words), "{complaint}");
    }
}

/// A card file without contacts.
fn contactless_only(server: &PrivateServer) -> String {
    let file = server.folder.path().join("only.toml");
    server.run(qiyong().to_str().unwrap(), &["card", "new", "--interfaces", "contactless", "--out", "only.toml"]);
    let shown = server.run(qiyong().to_str().unwrap(), &["card", "show", "only.toml"]);
    assert!(shown.contains("UID      10000001") && !shown.contains("ATR "), "{shown}");
    file.to_str().unwrap().to_string()
}
