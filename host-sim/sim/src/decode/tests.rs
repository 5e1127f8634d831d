use super::*;
use std::num::NonZeroU32;

use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Stan, Standing, TerminalId};
use qiyong_protocol::ecr::{
    Command, Ended, Event, Formality, KeyLoad, Place, Reference, Refused, State, TEST_TRANSPORT_KEY,
};
use qiyong_protocol::frame::{encode, encoded_len};
use qiyong_protocol::rules::decision::{Effects, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Reason;

fn frozen() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let text = include_str!("../../../../protocol/src/centre/message/tests/frozen.txt");
    text.lines().map(|line| {
        let (name, hex) = line.rsplit_once(": ").unwrap();
        (name, hex::decode(hex).unwrap())
    })
}

/// The leaves, each with where it ends.
fn leaves(nodes: &[Node], found: &mut Vec<(String, usize, usize)>) {
    for node in nodes {
        if node.parts.is_empty() {
            found.push((node.key.clone(), node.at, node.at + node.length));
        }
        leaves(&node.parts, found);
    }
}

#[test]
fn every_kind_of_message_is_read_to_its_last_byte_and_nothing_is_strange() {
    for (name, bytes) in frozen() {
        let decoded = one_message(&bytes).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(decoded.strange, None, "{name}");
        assert!(!decoded.what.contains("another kind"), "{name}: {}", decoded.what);
        assert_eq!(decoded.what.ends_with("answered"), !name.ends_with("asked"), "{name}: {}", decoded.what);
        let mut found = Vec::new();
        leaves(&decoded.parts, &mut found);
        // Only lengths and tags lie between two leaves: of a field two bytes, of an object up to four.
        let mut at = 0;
        for (key, begin, end) in &found {
            assert!(*begin + 1 >= at && begin - at.min(*begin) <= 6, "{name}: {key} at {begin}, {at} before");
            at = at.max(*end);
        }
        assert_eq!(at, bytes.len(), "{name}");
    }
}

#[test]
fn a_secret_is_hidden_and_its_place_is_not() {
    let mut hidden = 0;
    for (name, bytes) in frozen() {
        let masked = masked_message(&bytes);
        assert_eq!(masked.len(), bytes.len(), "{name}");
        let digits = &b"111111198101011110"[3..16];
        assert!(!masked.windows(digits.len()).any(|window| window == digits), "{name}");
        hidden += masked.iter().zip(&bytes).filter(|(a, b)| a != b).count();
        // What was masked is read as before.
        assert_eq!(one_message(&masked).unwrap().what, one_message(&bytes).unwrap().what);
    }
    assert!(hidden > 100, "{hidden}");
    let load = KeyLoad::seal(
        InstitutionCode::new("P32010000017").unwrap(),
        TerminalId(*b"00000001"),
        &TEST_TRANSPORT_KEY,
        &TEST_TRANSPORT_KEY,
    );
    let bytes = Command::LoadKey(load.clone()).encode();
    let masked = masked_payload(Peer::Till, &bytes);
    assert!(!masked.windows(16).any(|window| window == load.enciphered));
    assert_eq!(masked.iter().filter(|byte| **byte == MASK).count(), 16);
    assert_eq!(masked_payload(Peer::Till, b"?rubbish"), [MASK; 8]);
    assert_eq!(masked_message(&[1, 2, 3]), [MASK; 3]);
}

#[test]
fn nonsense_is_told_with_its_place() {
    let (_, sign_in) = frozen().next().unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = sign_in.clone();
        bytes[at] = byte;
        all(&bytes).map_or_else(|problem| problem.to_string(), |all| all[0].strange.clone().unwrap_or_default())
    };
    for (at, byte, says) in [
        (1, 0x59, "length, at byte 0"),
        (13, 0xA8, "message type, at byte 13"),
        (15, 0x80, "bitmap, at byte 15"),
        (23, 0xA0, "F11 system trace audit number, at byte 23"),
        (31, 0x07, "F41 terminal, at byte 31"),
        (54, 0xA1, "F60 message sort, batch, network code, at byte 54"),
        (62, 0xA0, "F62 keys or objects, at byte 62"),
    ] {
        let told = changed(at, byte);
        assert!(told.starts_with(says), "byte {at}: {told}");
    }
    assert_eq!(all(&[]).unwrap_err().at, 0);
    assert!(all(&sign_in[..40]).unwrap_err().to_string().starts_with("length, at byte 0"));
    let twice = [&sign_in[..], &sign_in[..20]].concat();
    assert_eq!(all(&twice).unwrap_err().at, sign_in.len());
}

#[test]
fn frames_are_told_from_messages() {
    let (_, sign_in) = frozen().next().unwrap();
    let mut buffer = vec![0; encoded_len(sign_in.len())];
    let frame = encode(Peer::Centre, &sign_in, &mut buffer).unwrap().to_vec();
    let decoded = all(&frame).unwrap();
    assert_eq!((decoded.len(), decoded[0].kind, &*decoded[0].what), (1, "frame", "centre: sign in"));
    let status = encode(Peer::Till, &Command::Status.encode(), &mut buffer).unwrap().to_vec();
    let two = all(&[frame, status.clone()].concat()).unwrap();
    assert_eq!(two.len(), 2);
    assert_eq!(two[1].what, "till: status");
    let mut damaged = status;
    damaged[3] ^= 1;
    assert!(all(&damaged).unwrap_err().to_string().contains("check is wrong"));
}

/// The parts of a message of the till's or the terminal's: what each is called, its value, and what that says.
fn parts(bytes: &[u8]) -> Vec<String> {
    fn row(node: &Node, rows: &mut Vec<String>) {
        let words = node.words.as_ref().map(|words| format!(" ({words})")).unwrap_or_default();
        rows.push(format!("{}: {}{words}", node.name, node.value.as_deref().unwrap_or_default()));
        // Flags are told by their words.
        node.parts
            .iter()
            .filter(|part| part.words.is_some() || !part.parts.is_empty())
            .for_each(|part| row(part, rows));
    }
    let decoded = one_of_till(bytes).unwrap();
    let mut rows = vec![decoded.what];
    decoded.parts.iter().skip(1).for_each(|node| row(node, &mut rows));
    rows
}

const TIME: Timestamp = Timestamp { date: Date::new(2026, 7, 3).unwrap(), hour: 9, minute: 12, second: 5 };

#[test]
fn a_command_is_told_as_it_was_said() {
    let (institution, terminal) = (InstitutionCode::new("H32010000017").unwrap(), TerminalId(*b"00000003"));
    let start = |operation| Command::Start { reference: Reference(77), time: TIME, operation };
    let started = ["start", "reference: 77", "time: 2026-07-03 09:12:05"];
    let with = |rows: &[&str]| started.iter().chain(rows).map(ToString::to_string).collect::<Vec<_>>();
    let told = |command: Command| parts(&command.encode());
    assert_eq!(
        told(Command::Setup(Place { institution, terminal, next_stan: Stan(12) })),
        ["set up", "institution: H32010000017", "terminal: 00000003", "least next number: 12"]
    );
    let load = KeyLoad::seal(institution, terminal, &TEST_TRANSPORT_KEY, &TEST_TRANSPORT_KEY);
    let (check, mac) = (hex::encode_upper(load.check), String::from_utf8(load.mac.0.to_vec()).unwrap());
    let rows = told(Command::LoadKey(load));
    assert_eq!(rows[3..5], ["enciphered key: ***".to_string(), format!("check value: {check}")]);
    assert_eq!(rows[5], format!("message authentication code: {mac}"));
    let bill = Bill::new(Fen(15_200), Fen(10_000)).unwrap();
    let money = ["total: 15200 (152.00 yuan)", "paid by the fund: 10000 (100.00 yuan)"];
    assert_eq!(told(start(Operation::Settle(bill))), with(&["operation: 2 (settle)", money[0], money[1]]));
    assert_eq!(told(start(Operation::Purchase(bill))), with(&["operation: 3 (purchase)", money[0], money[1]]));
    assert_eq!(told(start(Operation::Query)), with(&["operation: 4 (query)"]));
    let apply = |document| told(start(Operation::Apply { document }));
    assert_eq!(apply(None), with(&["operation: 1 (apply)", "document: 0 (no)"]));
    let document = |valid_until| Document {
        kind: DocumentKind::IdCard,
        number: DocumentNumber::new(b"111111195506120012").unwrap(),
        name: crate::gbk::name("\u{5F20}\u{4E09}").unwrap(),
        valid_until,
    };
    for (valid_until, last) in [
        (Validity::LongTerm, "document's last day: 0000-00-00 (without end)"),
        (Validity::Until(TIME.date), "document's last day: 2026-07-03"),
    ] {
        let number = format!("document's number: 111{}12", "*".repeat(13));
        let kind = "document's kind: A (id-card)";
        let rows = [
            "operation: 1 (apply)",
            "document: 1 (yes)",
            kind,
            &number,
            "name on the document: \u{5F20}\u{4E09}",
            last,
        ];
        assert_eq!(apply(Some(document(valid_until))), with(&rows));
    }
    for (what, word) in Formality::ALL.into_iter().zip(["0 (sign-off)", "1 (echo)", "2 (settle-batch)"]) {
        let rows = told(Command::Attend { reference: Reference(77), time: TIME, what });
        assert_eq!(rows, ["attend", started[1], started[2], &format!("what: {word}")]);
    }
    assert_eq!(told(Command::Time(TIME)), ["time", started[2]]);
    assert_eq!((told(Command::Cancel), told(Command::Status)), (vec!["cancel".into()], vec!["status".into()]));
}

#[test]
fn an_event_is_told_as_it_was_said() {
    let told = |event: Event| parts(&event.encode());
    let state = State {
        set_up: true,
        reversal_due: false,
        confirmation_due: true,
        parked: 2,
        visit: Some(Reference(77)),
        next_stan: Stan(13),
        starts: 5,
        crashes: 1,
        serial: [0xAB; 12],
        key: Some([1, 2, 3]),
    };
    let rest = ["next number: 13", "starts: 5", "crashes: 1"];
    let serial = format!("serial number: {}", "AB".repeat(12));
    let serial = serial.as_str();
    let first = ["state", "flags: 5 (set up, confirmation due)", "parked: 2"];
    assert_eq!(
        told(Event::State(state)),
        [
            &first[..],
            &["visit under way: 1 (yes)", "reference: 77"],
            &rest,
            &[serial, "master key: 1 (yes)", "check value: 010203"]
        ]
        .concat()
    );
    assert_eq!(
        told(Event::State(State { visit: None, key: None, ..state })),
        [&first[..], &["visit under way: 0 (no)"], &rest, &[serial, "master key: 0 (no)"]].concat()
    );
    let standing = Standing {
        status: CardStatus::Active,
        social: true,
        financial: false,
        pin_is_initial: true,
        initial_is_common: true,
    };
    let ended = Ended {
        reference: Reference(77),
        reason: Some(Reason::CardLost),
        effects: Effects { activates: false, activates_financial: true, charge: Fen(3580) },
        balance: Some(Fen(46_420)),
        stan: Some(Stan(12)),
        standing: Some(standing),
        pin_changed: true,
        pin_unchanged: Some(Reason::PinNotKeyed),
        cause: NonZeroU32::new(9),
    };
    let place = |reason| Reason::ALL.iter().position(|own| *own == reason).unwrap();
    let status = CardStatus::ALL.iter().position(|own| *own == CardStatus::Active).unwrap();
    assert_eq!(
        told(Event::Ended(ended)),
        [
            "ended",
            "reference: 77",
            "effects: 6 (bank account active, PIN changed)",
            "paid by the account: 3580 (35.80 yuan)",
            "not approved: 1 (yes)",
            &format!("reason: {} (card-lost)", place(Reason::CardLost)),
            "balance known: 1 (yes)",
            "balance: 46420 (464.20 yuan)",
            "transaction sent: 1 (yes)",
            "number: 12",
            "standing known: 1 (yes)",
            &format!("card's status: {status} (active)"),
            "card's flags: 13 (social function in use, PIN is the initial one, that PIN is a common one)",
            "PIN stayed: 1 (yes)",
            &format!("why the PIN stayed: {} (pin-not-keyed)", place(Reason::PinNotKeyed)),
            "cause: 9",
        ]
    );
    assert_eq!(told(Event::KeyLoaded([1, 2, 3])), ["key loaded", "check value: 010203"]);
    assert_eq!(told(Event::Refused(Refused::Busy)), ["refused", "why: 2 (busy)"]);
}
