//! What the log contains of secrets and personal data, byte by byte: nothing that it should not.

use std::string::ToString;
use std::vec::Vec;

use defmt::export::fetch_bytes;
use proptest::prelude::*;

use super::*;
use crate::advice::Advice;
use crate::card::date::{Date, Timestamp};
use crate::card::files::{Df, Generation};
use crate::card::keys::{Algorithm, ExternalAuthRule, InternalAuthOrder, Scheme, SerialFactor};
use crate::centre::{Answer, LinkError, Receipt, Stan, Standing};
use crate::ecr::{Command, Ended, Event, KeyLoad, Place, Reference, Refused, State, TEST_TRANSPORT_KEY};
use crate::iso7816::{apdu, atr, character, pps, t0, t1, tlv};
use crate::rules::decision::{Effects, Operation, PresentedCard};
use crate::rules::document::{Document, Validity};
use crate::rules::institution::Channel;
use crate::rules::money::{Bill, Fen};
use crate::{card, centre, frame};

/// What a value writes into the log: its bytes, and the numbers of texts, which are not on the chip. Two zeros end a
/// value that implements `Format` itself.
fn logged(value: &impl Format) -> Vec<u8> {
    let _ = fetch_bytes();
    value._format_data();
    fetch_bytes()
}

/// Whether a value writes `***` and nothing else, after the number of a text and a length of four bytes.
fn is_hidden(value: &impl Format) -> bool {
    matches!(logged(value).as_slice(), [_, _, 3, 0, 0, 0, b'*', b'*', b'*', 0, 0])
}

fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

proptest! {
    #[test]
    fn secrets_are_three_stars_whatever_they_are(
        pin in "[0-9]{4,16}",
        key: [u8; 16],
        half: [u8; 8],
        text in "[A-Z0-9]{1,20}",
    ) {
        let pin = Pin::new(pin.as_bytes()).unwrap();
        prop_assert!(is_hidden(&pin) && is_hidden(&pin.card_block()));
        prop_assert!(is_hidden(&Key::new(Algorithm::Sm4, key)) && is_hidden(&X919::new(key)));
        prop_assert!(is_hidden(&EcbDes::new(half)) && is_hidden(&EcbTripleDes::new(key)) && is_hidden(&EcbSm4::new(key)));
        prop_assert!(is_hidden(&Cryptogram(half)) && is_hidden(&Mac(half)));
        prop_assert!(is_hidden(&Name::new(text.as_bytes()).unwrap()));
        prop_assert!(is_hidden(&DocumentNumber::new(text.as_bytes()).unwrap()));
    }
}

const ID_NUMBER: &[u8; 18] = b"34052419800101001X";
const NAME: &[u8; 4] = b"\xD5\xC5\xC8\xFD";
const KEY: [u8; 16] = *b"TEST key, logged";

#[test]
fn of_an_id_number_there_is_what_its_display_shows() {
    let id_number = IdNumber::new(ID_NUMBER).unwrap();
    // The log has four bytes for each character.
    let bytes = logged(&id_number);
    let characters: Vec<u8> = bytes[2..bytes.len() - 2].iter().copied().step_by(4).collect();
    let shown = id_number.to_string();
    assert_eq!(characters, shown.bytes().filter(|byte| *byte != b'*').collect::<Vec<_>>());
}

#[test]
fn what_has_secrets_inside_hides_them() {
    let institution = InstitutionCode::new("P32010000017").unwrap();
    let load = KeyLoad::seal(institution, TerminalId(*b"00000001"), &X919::new(KEY), &TEST_TRANSPORT_KEY);
    let enciphered = load.enciphered;
    let load = logged(&Command::LoadKey(load));
    assert!(contains(&load, b"P32010000017") && !contains(&load, &KEY[..2]) && !contains(&load, &enciphered[..2]));
    assert!(!contains(&logged(&X919::new(KEY)), &KEY[..2]));

    let answer = Answer::Authenticated { internal: Cryptogram([0xA5; 8]), external: Some(Cryptogram([0x5A; 8])) };
    assert!(!logged(&answer).iter().any(|byte| matches!(byte, 0xA5 | 0x5A)));

    let id_number = IdNumber::new(ID_NUMBER).unwrap();
    let name = Name::new(NAME).unwrap();
    let ident = IdentCode::from_parts(Region::new("320100").unwrap(), [1; 4], [2; 4]);
    let number = CardNumber::new(b"X00000019").unwrap();
    let card = logged(&PresentedCard { number, ident, id_number, name: name.clone() });
    assert!(contains(&card, b"X00000019") && !contains(&card, &NAME[..2]));
    // Neither as bytes nor as characters of four bytes each.
    let wide = |at: usize| [ID_NUMBER[at], 0, 0, 0, ID_NUMBER[at + 1], 0, 0, 0, ID_NUMBER[at + 2]];
    assert!((3..13).all(|at| !contains(&card, &ID_NUMBER[at..at + 4]) && !contains(&card, &wide(at))));

    let document =
        Document { kind: DocumentKind::IdCard, number: id_number.into(), name, valid_until: Validity::LongTerm };
    let operation = logged(&Operation::Apply { document: Some(document) });
    assert!(contains(&operation, b"id-card") && !contains(&operation, &NAME[..2]));
    assert!((0..15).all(|at| !contains(&operation, &ID_NUMBER[at..at + 4])));
}

#[test]
fn words_and_numbers_are_those_on_paper() {
    for reason in Reason::ALL {
        assert!(contains(&logged(reason), reason.as_str().as_bytes()), "{reason}");
    }
    for status in CardStatus::ALL {
        assert!(contains(&logged(&status), status.as_str().as_bytes()));
    }
    assert!(contains(&logged(&Outcome::Failed), b"failed"));
    assert!(contains(&logged(&StatusWord(0x6A82)), &0x6A82_u16.to_le_bytes()));
}

/// Every error can be logged, and every small type that says how something went or what was agreed.
#[test]
fn all_that_may_be_worth_a_line_can_be_logged() {
    fn each<T: Format>() {}
    macro_rules! all {
        ($($type:ty)*) => { $(each::<$type>();)* };
    }
    all! {
        Advice Outcome Reason CardStatus Refused LinkError Channel Stan Fen Date Timestamp Effects Bill Standing Receipt
        Operation Document DocumentKind Validity Answer Reference Place KeyLoad Command State Ended Event PresentedCard
        Generation Df Algorithm SerialFactor ExternalAuthRule InternalAuthOrder Scheme
        card::codes::CodeError card::records::RecordError frame::FrameError frame::Peer
        centre::message::MessageError centre::iso8583::FormatError centre::iso8583::WriteError Mti
        apdu::ApduError apdu::Case atr::AtrError atr::AtrDoesNotFit atr::Tck atr::SpecificMode atr::Edc atr::ClockStop
        atr::Classes character::Convention character::Received pps::PpsError pps::Agreed tlv::TlvError StatusWord
        t0::T0Error t0::T0Response t0::Limits t0::AckStyle
        t1::T1Error t1::Fault t1::Trouble t1::Budget t1::Pcb t1::Complaint t1::Supervisory t1::IfsAnswer
    }
}
