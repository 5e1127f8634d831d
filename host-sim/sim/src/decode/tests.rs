use super::*;
use qiyong_protocol::ecr::{Command, KeyLoad, TEST_TRANSPORT_KEY};
use qiyong_protocol::frame::{encode, encoded_len};

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
        qiyong_protocol::rules::institution::InstitutionCode::new("P32010000017").unwrap(),
        qiyong_protocol::centre::TerminalId(*b"00000001"),
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
