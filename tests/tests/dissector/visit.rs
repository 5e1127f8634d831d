//! Whole visits, as `qiyong scenario run --capture` writes them: every packet against the events of the same scenario.

use std::path::Path;
use std::process::Command;

use qiyong::in_process::play;
use qiyong_protocol::card::commands::ins;
use qiyong_protocol::frame::Peer;
use qiyong_sim::decode::{Node, one_message, one_of_till};
use qiyong_sim::scenario::file::Scenario;
use qiyong_sim::world::event::{Apdu, Event, Frame};
use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::qiyong;

use super::pdml::{self, Packet};
use super::{root, script};

/// All channels, generations and both protocols of the card line; refusals, lost and damaged messages, a settlement.
const FILES: [&str; 12] = [
    "rule-pharmacy-first-purchase",
    "rule-hospital-first-settlement",
    "rule-bank-application",
    "rule-card-v1-over-t1",
    "rule-card-v2-inverse-convention",
    "rule-query",
    "rule-holder-long-name",
    "rule-initial-pin-changed-in-the-same-visit",
    "refused-pin-wrong-then-right",
    "refused-no-answer-answer-lost",
    "refused-no-answer-damaged-frames",
    "refused-document-mismatch-name",
];

/// Fields by name, and their values.
type Fields = Vec<(String, String)>;

/// The fields of a tree, in order.
fn flat(nodes: &[Node], fields: &mut Fields) {
    for node in nodes {
        fields.push((node.key.clone(), node.value.clone().unwrap_or_default()));
        flat(&node.parts, fields);
    }
}

/// Whether tshark's value and ours say the same: it writes bytes with colons, flags in hex, truth as a word.
fn is_same(found: &str, own: &str) -> bool {
    let bytes = |text: &str| text.replace(':', "").to_lowercase();
    let number = found.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let hidden = own == "***" && found.split(':').all(|byte| byte == "2a");
    found == own
        || bytes(found) == own.to_lowercase()
        || number.is_some_and(|number| number.to_string() == own)
        || matches!((found, own), ("True", "1") | ("False", "0"))
        || hidden
}

fn compare(what: &str, found: &[(String, String)], expected: &[(String, String)]) {
    let differs = found.iter().zip(expected).find(|(found, own)| found.0 != own.0 || !is_same(&found.1, &own.1));
    assert_eq!(differs, None, "{what}");
    assert_eq!(found.len(), expected.len(), "{what}: {found:?} {expected:?}");
}

fn message(what: &str, packet: &Packet, bytes: &[u8]) {
    let mut fields = Fields::new();
    flat(&one_message(bytes).expect("a message").parts, &mut fields);
    compare(what, &packet.values("qiyong.centre."), &fields);
    // Between two parts there are tags and lengths alone.
    let [begin, end] = [0, bytes.len()].map(|at| packet.begin_of("qiyong.centre") + at);
    let mut at = begin;
    for field in packet.fields.iter().filter(|field| field.name.starts_with("qiyong.centre.") && !field.has_parts) {
        assert!(field.at <= at + 6, "{what}: nothing from {at} to {}", field.at);
        at = at.max(field.at + field.size);
    }
    assert_eq!(at, end, "{what}: the last bytes have no field");
}

fn frame(what: &str, packet: &Packet, frame: &Frame) {
    let Frame { peer, payload, .. } = frame;
    let own = packet.values("qiyong.till.");
    let [(_, _stuffed), (_, _check), peer_field, length, rest @ ..] = &own[..] else { panic!("{what}: {own:?}") };
    assert_eq!((&*peer_field.1, &*length.1), (&*peer.code().to_string(), &*payload.len().to_string()), "{what}");
    let mut fields = Fields::new();
    match peer {
        Peer::Centre => {
            flat(&one_message(payload).expect("a message").parts, &mut fields);
            compare(what, &packet.values("qiyong.centre."), &fields);
            assert_eq!(rest.len(), 0, "{what}");
        }
        Peer::Till => {
            flat(&one_of_till(payload).expect("a message of the till's").parts, &mut fields);
            compare(what, rest, &fields);
        }
    }
}

/// A command and its answer, in one packet or in two.
fn apdu(what: &str, packets: &[&Packet], apdu: &Apdu) {
    let what = format!("{what}: {}", apdu.name);
    let value = |name: &str| packets.iter().find_map(|packet| packet.value(&format!("qiyong.card.{name}")));
    for (name, byte) in ["cla", "ins", "p1", "p2"].into_iter().zip(apdu.header) {
        assert_eq!(value(name), Some(&*format!("0x{byte:02x}")), "{what}: {name}");
    }
    assert_eq!(value("sw"), Some(&*format!("0x{:04x}", apdu.sw.0)), "{what}");
    assert_eq!(value("meaning"), Some(apdu.sw.meaning()), "{what}");
    let starred = |hex: &str| hex.replace("**", "2a").to_lowercase();
    for (name, hex) in [("data", &apdu.data), ("response", &apdu.response)] {
        let found = value(name).unwrap_or_default().replace(':', "");
        assert_eq!(found, starred(hex), "{what}: {name}");
    }
    // What the terminal's trace calls it, with file, record and value.
    let command = value("command").expect("a name");
    let more = match (apdu.header[1], value("file"), value("record")) {
        (ins::SELECT, Some(file), _) if apdu.data.len() == 4 => {
            assert!(file.starts_with(apdu.data.as_str()), "{what}: {file}");
            String::new()
        }
        (ins::READ_RECORD, _, Some(record)) => {
            let quoted = apdu.name.split_once('"').map(|(_, value)| value.trim_end_matches('"'));
            if let Some(quoted) = quoted {
                assert_eq!(value("value"), Some(quoted), "{what}");
            }
            format!(" {record}")
        }
        _ => String::new(),
    };
    assert!(apdu.name.starts_with(&format!("{command}{more}")), "{what}: {command}{more}");
    assert_ne!(command, "unknown command", "{what}");
}

/// The numbers of APDUs, frames and messages.
fn check(name: &str, folder: &Path, script: &Path) -> [usize; 3] {
    let scenario = Scenario::load(&root(&format!("host-sim/scenarios/{name}.toml"))).expect("a scenario");
    let played = play(&scenario).expect("it can be played");
    let packets = pdml::read(&folder.join(format!("{name}.pcapng")), script).unwrap_or_else(|said| panic!("{said}"));
    let faults: Vec<String> = packets.iter().flat_map(Packet::faults).collect();
    assert_eq!(faults, [""; 0], "{name}");
    let of = |interface: &str| {
        let is_of = |packet: &&Packet| packet.value("frame.interface_name") == Some(interface);
        packets.iter().filter(is_of).collect::<Vec<_>>()
    };
    let [joined, apdus, frames, messages] = ["gsmtap", "apdu", "till", "centre"].map(of);
    let joined: Vec<_> = joined.into_iter().filter(|packet| packet.value("qiyong.card.sw").is_some()).collect();
    let (mut card, mut till, mut centre) = (0, 0, 0);
    for (_, event) in played.steps.iter().flat_map(|step| &step.events) {
        match event {
            Event::Apdu(exchanged) => {
                apdu(&format!("{name}, joined"), &[joined[card]], exchanged);
                apdu(name, &[apdus[2 * card], apdus[2 * card + 1]], exchanged);
                card += 1;
            }
            Event::Frame(crosses) => {
                frame(name, frames[till], crosses);
                till += 1;
            }
            Event::Message { bytes, .. } => {
                for bytes in bytes.iter().flatten() {
                    message(name, messages[centre], bytes);
                    centre += 1;
                }
            }
            _ => {}
        }
    }
    assert_eq!((joined.len(), apdus.len(), frames.len(), messages.len()), (card, 2 * card, till, centre), "{name}");
    assert_eq!(of("atr").iter().filter(|packet| packet.value("iso7816.atr.init_char").is_none()).count(), 0, "{name}");
    [card, till, centre]
}

#[test]
fn whole_visits_have_no_malformed_packet_and_no_unnamed_field() {
    let (folder, script) = script();
    let captures = folder.path().join("captures");
    let mut command = Command::new(qiyong());
    command.args(["scenario", "run", "--capture"]).arg(&captures);
    let output = command.args(FILES.map(|name| root(&format!("host-sim/scenarios/{name}.toml")))).output();
    let output = output.expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("&& wireshark -X lua_script:qiyong.lua ") && said.contains(".pcapng\n"), "{said}");
    let counts = in_parallel(&FILES, |name| check(name, &captures, &script));
    let [card, till, centre] = [0, 1, 2].map(|at| counts.iter().map(|count| count[at]).sum::<usize>());
    assert!(card > 300 && till > 100 && centre > 60, "{card} {till} {centre}");
    closing_line(&format!("dissector: {} visits, {card} APDUs, {till} frames, {centre} messages", FILES.len()));
}
