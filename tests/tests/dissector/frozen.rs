//! The frozen bytes of every message version, with a commentary of the codec's: request, answer and rejection of each kind.

use std::fs;
use std::path::Path;

use hex_literal::hex;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_protocol::centre::Stan;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::Parts;
use qiyong_sim::capture::LiveCapture;
use qiyong_sim::decode::masked_message;
use qiyong_sim::serial::ears::Ears;

use super::codec::{self, Fields};
use super::pdml;

/// The file that the protocol's tests hold the codec to.
const FROZEN: &str = include_str!("../../../protocol/src/centre/message/tests/frozen.txt");

/// The names and bytes of the frozen messages.
pub(super) fn frozen() -> Vec<(String, Vec<u8>)> {
    let row = |line: &str| {
        let (name, digits) = line.rsplit_once(": ").expect("a name and bytes");
        (name.to_string(), hex::decode(digits).expect("hex"))
    };
    FROZEN.lines().map(row).collect()
}

/// Writes all of them to a capture.
pub(super) fn write(path: &Path) {
    let capture = LiveCapture::create(path).expect("a capture");
    for (name, bytes) in frozen() {
        capture.message_here(name.ends_with("asked"), &bytes).expect("room on the disk");
    }
}

/// Copies the capture, and changes a byte or two of each message, other ones for each seed; returns how many there are.
pub(super) fn damage(capture: &Path, to: &Path, seed: u64) -> usize {
    let mut bytes = fs::read(capture).expect("the capture");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let messages = frozen();
    for (name, message) in &messages {
        let message = masked_message(message);
        let place = bytes.windows(message.len()).position(|window| window == message);
        // One that was damaged may have been the same as another one.
        let Some(place) = place else { continue };
        for _ in 0..=random.next_u32() % 2 {
            let at = place + random.next_u32() as usize % message.len();
            assert!(at < bytes.len(), "{name}");
            bytes[at] ^= 1 << (random.next_u32() % 8);
        }
    }
    fs::write(to, bytes).expect("room on the disk");
    messages.len()
}

/// What the codec says of each, in the order of the file.
pub(super) fn expected() -> Vec<(String, Fields)> {
    let key = X919::new(hex!("0123456789ABCDEFFEDCBA9876543210"));
    let mut all = Vec::new();
    let mut asked = Vec::new();
    for (name, bytes) in frozen() {
        if name.ends_with(", asked") {
            asked.clone_from(&bytes);
        }
        let (mut ears, mut parts) = (Ears::default(), Parts::default());
        let request = ears.request(&asked, &key, &mut parts).unwrap_or_else(|error| panic!("{name}: {error}"));
        let number = Message::read(&asked).expect("a message").field(11).expect("F11");
        let number = Stan(number.digits().fold(0, |number, digit| 10 * number + u32::from(digit)));
        let answer = name.ends_with("answered").then(|| ears.answer(&bytes, &asked, &request, &key));
        let answer = answer.map(|said| said.unwrap_or_else(|error| panic!("{name}: {error}")));
        let what = match (&answer, name.ends_with("rejected")) {
            (Some(answer), _) => Some(Some(answer)),
            (None, true) => Some(None),
            (None, false) => None,
        };
        all.push((name, codec::fields(&bytes, &request, number, what)));
    }
    all
}

/// In what tshark, with this script, differs from the codec.
pub(super) fn differences(capture: &Path, script: &Path, expected: &[(String, Fields)]) -> Vec<String> {
    let packets = match pdml::read(capture, script) {
        Ok(packets) => packets,
        Err(said) => return vec![said],
    };
    let mut wrong = Vec::new();
    if packets.len() != expected.len() {
        wrong.push(format!("{} packets of {}", packets.len(), expected.len()));
    }
    for (packet, (name, expected)) in packets.iter().zip(expected) {
        wrong.extend(packet.faults().into_iter().map(|fault| format!("{name}: {fault}")));
        let found = packet.values("qiyong.centre.");
        if let Some((found, expected)) = found.iter().zip(expected).find(|(found, expected)| !is_same(found, expected))
        {
            wrong.push(format!("{name}: {found:?}, and the codec says {expected:?}"));
        }
        if found.len() != expected.len() {
            wrong.push(format!("{name}: {} fields, and the codec has {}", found.len(), expected.len()));
        }
    }
    wrong
}

/// Truth is written in two ways.
fn is_same(found: &(String, String), expected: &(String, String)) -> bool {
    let plain = |value: &str| value.replace("True", "1").replace("False", "0");
    found.0 == expected.0 && (found.1 == expected.1 || plain(&found.1) == expected.1)
}
