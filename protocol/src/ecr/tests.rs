//! Any command and any event is read as it was written; bytes that are cut off, too long or without meaning are
//! refused.

use std::format;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::card::codes::Name;
use crate::card::date::Date;
use crate::centre::iso8583::mac::Mac;
use crate::centre::message::tests::{any_date, any_operation};
use crate::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use crate::rules::money::Bill;

fn any_time() -> impl Strategy<Value = Timestamp> {
    (any_date(), 0..24u8, 0..60u8, 0..60u8).prop_map(|(date, hour, minute, second)| Timestamp {
        date,
        hour,
        minute,
        second,
    })
}

fn any_stan() -> impl Strategy<Value = Stan> {
    (1..=999_999u32).prop_map(Stan)
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = || {
        ("[BHP]320100[0-9]{5}", any::<[u8; 8]>())
            .prop_map(|(institution, terminal)| (InstitutionCode::new(&institution).unwrap(), TerminalId(terminal)))
    };
    let setup = (name(), any_stan())
        .prop_map(|((institution, terminal), next_stan)| Command::Setup(Place { institution, terminal, next_stan }));
    let load = (name(), any::<[u8; 16]>(), any::<[u8; 3]>(), any::<[u8; 8]>());
    let load = load.prop_map(|((institution, terminal), enciphered, check, mac)| {
        Command::LoadKey(KeyLoad { institution, terminal, enciphered, check, mac: Mac(mac) })
    });
    let start = (any::<u32>(), any_time(), any_operation());
    let start =
        start.prop_map(|(number, time, operation)| Command::Start { reference: Reference(number), time, operation });
    let attend = (any::<u32>(), any_time(), select(&Formality::ALL[..]));
    let attend = attend.prop_map(|(number, time, what)| Command::Attend { reference: Reference(number), time, what });
    prop_oneof![
        setup,
        load,
        start,
        attend,
        Just(Command::Cancel),
        Just(Command::Status),
        any_time().prop_map(Command::Time)
    ]
}

fn any_reason() -> impl Strategy<Value = Reason> {
    select(Reason::ALL)
}

fn any_event() -> impl Strategy<Value = Event> {
    let visit = prop::option::of(any::<u32>().prop_map(Reference));
    let state = (any::<([bool; 3], u8)>(), visit, any_stan(), any::<[u32; 2]>(), any::<([u8; 12], Option<[u8; 3]>)>());
    let state = state.prop_map(|((flags, parked), visit, next_stan, [starts, crashes], (serial, key))| {
        let [set_up, reversal_due, confirmation_due] = flags;
        Event::State(State {
            set_up,
            reversal_due,
            confirmation_due,
            parked,
            visit,
            next_stan,
            starts,
            crashes,
            serial,
            key,
        })
    });
    let standing = (select(&CardStatus::ALL[..]), any::<[bool; 4]>()).prop_map(
        |(status, [social, financial, pin_is_initial, initial_is_common])| Standing {
            status,
            social,
            financial,
            pin_is_initial,
            initial_is_common,
        },
    );
    let done = (any::<[bool; 3]>(), any::<u64>(), prop::option::of(any::<u64>()), prop::option::of(any_stan()));
    let cause = any::<u32>().prop_map(NonZeroU32::new);
    let cause = prop_oneof![Just(None), cause];
    let why = (prop::option::of(any_reason()), prop::option::of(any_reason()), prop::option::of(standing), cause);
    let ended = (any::<u32>(), done, why).prop_map(
        |(reference, ([activates, activates_financial, pin_changed], charge, balance, stan), why)| {
            let (reason, pin_unchanged, standing, cause) = why;
            let effects = Effects { activates, activates_financial, charge: Fen(charge) };
            let (reference, balance) = (Reference(reference), balance.map(Fen));
            let ended =
                Ended { reference, reason, effects, balance, stan, standing, pin_changed, pin_unchanged, cause };
            Event::Ended(ended)
        },
    );
    prop_oneof![
        state,
        ended,
        any::<[u8; 3]>().prop_map(Event::KeyLoaded),
        select(&Refused::ALL[..]).prop_map(Event::Refused)
    ]
}

proptest! {
    #[test]
    fn a_command_survives_both_ways_and_no_part_of_it_is_one(command in any_command(), more in any::<u8>()) {
        let bytes = command.encode();
        let read = Command::decode(&bytes).unwrap();
        // Commands have no `==`: the two are compared as text.
        prop_assert_eq!(format!("{read:?}"), format!("{command:?}"));
        prop_assert_eq!(read.encode(), bytes.clone());
        for end in 0..bytes.len() {
            prop_assert!(Command::decode(&bytes[..end]).is_none(), "{}", end);
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([more]).collect();
        prop_assert!(Command::decode(&longer).is_none());
    }

    #[test]
    fn an_event_survives_both_ways_and_no_part_of_it_is_one(event in any_event(), more in any::<u8>()) {
        let bytes = event.encode();
        prop_assert_eq!(Event::decode(&bytes), Some(event));
        for end in 0..bytes.len() {
            prop_assert!(Event::decode(&bytes[..end]).is_none(), "{}", end);
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([more]).collect();
        prop_assert!(Event::decode(&longer).is_none());
    }

    #[test]
    fn what_is_read_from_any_bytes_is_written_as_them(bytes in prop::collection::vec(any::<u8>(), 0..=ECR_MAX)) {
        if let Some(command) = Command::decode(&bytes) {
            prop_assert_eq!(&command.encode()[..], &bytes[..]);
        }
        if let Some(event) = Event::decode(&bytes) {
            prop_assert_eq!(&event.encode()[..], &bytes[..]);
        }
    }
}

/// What is personal in a command does not outlive its bytes: this compiles only if they are erased when they are dropped.
#[test]
fn the_bytes_of_a_command_are_erased() {
    fn erased_when_dropped(_: &impl zeroize::ZeroizeOnDrop) {}
    let mut bytes = Command::Cancel.encode();
    erased_when_dropped(&bytes);
    zeroize::Zeroize::zeroize(&mut bytes);
    assert!(bytes.is_empty());
}

#[test]
fn the_longest_fits_to_the_byte() {
    let document = Document {
        kind: DocumentKind::Passport,
        number: DocumentNumber::new(&[b'1'; 20]).unwrap(),
        name: Name::new(&[0xB0; 50]).unwrap(),
        valid_until: Validity::LongTerm,
    };
    let time = Timestamp { date: Date::new(2026, 1, 2).unwrap(), hour: 3, minute: 4, second: 5 };
    let operation = Operation::Apply { document: Some(document) };
    let bytes = Command::Start { reference: Reference(1), time, operation }.encode();
    // Letter, reference, time, operation, flag, kind, number and name with their lengths, last day.
    assert_eq!(bytes.len(), 1 + 4 + 7 + 1 + 1 + 1 + 21 + 51 + 4);
    assert!(bytes.len() < ECR_MAX);
}

#[test]
fn the_bytes_are_those_of_the_table() {
    let time = Timestamp { date: Date::new(2026, 11, 25).unwrap(), hour: 9, minute: 30, second: 0 };
    let operation = Operation::Settle(Bill::new(Fen(15_200), Fen(10_000)).unwrap());
    let start = Command::Start { reference: Reference(7), time, operation }.encode();
    let expected = hex_literal::hex!("56 00000007 20261125 091E00 02 0000000000003B60 0000000000002710");
    assert_eq!(start[..], expected);

    let effects = Effects { activates: true, activates_financial: false, charge: Fen(5200) };
    let ended = Ended {
        reference: Reference(7),
        reason: None,
        effects,
        balance: Some(Fen(4800)),
        stan: Some(Stan(3)),
        standing: None,
        pin_changed: true,
        pin_unchanged: None,
        cause: None,
    };
    let expected =
        hex_literal::hex!("65 00000007 05 0000000000001450 00 01 00000000000012C0 01 00000003 00 00 00000000");
    assert_eq!(Event::Ended(ended).encode()[..], expected);

    let (effects, cause) = (Effects::default(), NonZeroU32::new(0x1234_5678));
    let reason = Some(Reason::CardUnreadable);
    let ended = Ended { reason, effects, balance: None, stan: None, pin_changed: false, cause, ..ended };
    let place = Reason::ALL.iter().position(|other| *other == Reason::CardUnreadable).unwrap() as u8;
    let mut expected = hex_literal::hex!("65 00000007 00 0000000000000000 01 FF 00 00 00 00 12345678");
    expected[15] = place;
    assert_eq!(Event::Ended(ended).encode()[..], expected);
}
