//! Targets for the one serial line that till and centre share: its frames, and the commands and events in them.

use core::num::NonZeroU32;

use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Command, Ended, Event, Formality, KeyLoad, Place, Reference, Refused, TEST_TRANSPORT_KEY};
use qiyong_protocol::frame::{Decoder, Peer, encode, encoded_len};
use qiyong_protocol::rules::decision::{Effects, Operation};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Reason;

/// Room of the decoder: so small that an input fills it.
const ROOM: usize = 128;

/// Any bytes can be searched for frames. One whole frame after them is always found. A frame that was read is written
/// as it came.
pub(crate) fn any_line(bytes: &[u8]) {
    let mut decoder = Decoder::<ROOM>::new();
    for byte in bytes {
        match decoder.push(*byte) {
            Some(Ok(frame)) => {
                let mut buffer = [0; encoded_len(ROOM)];
                let again = encode(frame.peer, frame.payload, &mut buffer).expect("what was read can be written");
                let mut other = Decoder::<ROOM>::new();
                let found = again.iter().filter_map(|byte| other.push(*byte).map(|frame| frame.is_ok())).count();
                assert_eq!(found, 1, "what was written can be read");
                as_message(frame.payload);
            }
            Some(Err(error)) => assert!(!error.to_string().is_empty()),
            None => {}
        }
    }
    let mut buffer = [0; 64];
    let last = encode(Peer::Till, b"the last one", &mut buffer).expect("it fits");
    let found = last.iter().filter_map(|byte| {
        decoder.push(*byte).and_then(|frame| frame.ok().filter(|frame| frame.payload == b"the last one")).map(drop)
    });
    assert_eq!(found.count(), 1);
    as_message(bytes);
}

/// As a command and as an event.
fn as_message(payload: &[u8]) {
    if let Some(command) = Command::decode(payload) {
        assert_eq!(&command.encode()[..], payload);
    }
    if let Some(event) = Event::decode(payload) {
        assert_eq!(&event.encode()[..], payload);
    }
}

/// Each command and event, first in frames one after the other, then each alone without a frame.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let time = Timestamp { date: Date::new(2026, 11, 25).expect("a day"), hour: 9, minute: 30, second: 0 };
    let institution = InstitutionCode::new("P32010000017").expect("a code");
    let terminal = TerminalId(*b"00000001");
    let bill = Bill::new(Fen(3580), Fen(0)).expect("a bill");
    let start = |operation| Command::Start { reference: Reference(1), time, operation };
    let commands = [
        Command::Setup(Place { institution, terminal, next_stan: Stan(1) }),
        Command::LoadKey(KeyLoad::seal(institution, terminal, &X919::new([7; 16]), &TEST_TRANSPORT_KEY)),
        start(Operation::Purchase(bill)),
        start(Operation::Apply { document: None }),
        Command::Attend { reference: Reference(2), time, what: Formality::SignOff },
        Command::Attend { reference: Reference(3), time, what: Formality::Echo },
        Command::Attend { reference: Reference(4), time, what: Formality::SettleBatch },
        Command::Cancel,
        Command::Status,
        Command::Time(time),
    ];
    let ended = Ended {
        reference: Reference(1),
        reason: Some(Reason::CardUnreadable),
        effects: Effects::default(),
        balance: None,
        stan: None,
        standing: None,
        pin_changed: false,
        pin_unchanged: None,
        cause: NonZeroU32::new(0xB26A_8201),
    };
    let events = [Event::Refused(Refused::Busy), Event::KeyLoaded([1, 2, 3]), Event::Ended(ended)];
    let messages: Vec<Vec<u8>> = commands
        .iter()
        .map(|command| command.encode().to_vec())
        .chain(events.map(|event| event.encode().to_vec()))
        .collect();
    let mut line = Vec::new();
    for message in &messages {
        let mut buffer = [0; encoded_len(ROOM)];
        line.extend_from_slice(encode(Peer::Till, message, &mut buffer).expect("it fits"));
    }
    messages.into_iter().chain([line]).collect()
}
