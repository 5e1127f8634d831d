//! The vectors of docs/card.md §5, each kind of damage, and any fields written and read.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use des::TdesEde2;
use des::cipher::{BlockCipherDecrypt, KeyInit};
use hex_literal::hex;
use proptest::prelude::*;

use super::field::{Content, FIELDS, Size};
use super::mac::{EcbDes, EcbSm4, EcbTripleDes, Mac, MacKey, X919};
use super::*;

const KEY: [u8; 16] = hex!("0123456789ABCDEFFEDCBA9876543210");
const LEFT: [u8; 8] = hex!("0123456789ABCDEF");

/// The sign-in message of docs/card.md §5.4, from its MTI to F63. The vectors there cover exactly these bytes, in which
/// bit 64 is not set.
const SIGN_IN: [u8; 49] =
    hex!("08000020000000C00012000001313233343536373831323334353637383930313233343500110000000100300003303031");

/// docs/card.md §5.4.
#[test]
fn ecb_vectors_of_section_5_4() {
    // The xor of a message of one block is that block.
    let key = EcbTripleDes::new(hex!("55036372B17543ECB173730768B8D6C4"));
    assert_eq!(key.mac(&hex!("1212B04E1227809C")), Mac(*b"5FE058DB"));
    assert_eq!(key.mac(&[hex!("1212B04E1227809C"), [0x5A; 8], [0x5A; 8]].concat()), Mac(*b"5FE058DB"));
    assert_eq!(EcbDes::new(LEFT).mac(&SIGN_IN), Mac(*b"F3C54B94"));
    assert_eq!(EcbTripleDes::new(KEY).mac(&SIGN_IN), Mac(*b"C80F82DC"));
    assert_eq!(EcbSm4::new(KEY).mac(&SIGN_IN), Mac(*b"75124526"));
}

#[test]
fn a_single_des_key_under_its_terminal_master_key() {
    let message = hex!(
        "0200302004C020C0981100000000000000005100183402100006324392260009942820D131210112008439313636383830"
        "3134303030303030303030303030303031313536ACF46E73838A82F92600000000000000000822000001"
    );
    let mut key = hex!("96D605EA176B7E9E");
    TdesEde2::new(&hex!("70F2A84CCBC2AE8625CBB0F2C22AB923").into()).decrypt_block((&mut key).into());
    assert_eq!(key, hex!("C24A8FB57AA20123"));
    let key = EcbDes::new(key);
    assert_eq!(key.mac(&message), Mac(*b"8A9E91B8"));
    assert_eq!(key.mac(&hex!("4D08F434464FE7BF")), Mac(*b"8A9E91B8"), "the xor of its blocks");
    // This is the message of a real terminal: a sale by a chip card with PIN.
    let framed = framed(&[&message[..], &key.mac(&message).0].concat());
    let sale = Message::read(&framed).unwrap();
    assert_eq!(format!("{sale:?}"), "0200 F3 F4 F11 F22 F25 F26 F35 F41 F42 F49 F52 F53 F60 F64");
    assert_eq!(sale.field(4).unwrap().digit_array(), Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1]));
}

/// docs/card.md §5.4.
#[test]
fn x919_vector_of_section_5_4() {
    assert_eq!(X919::new(KEY).mac(&SIGN_IN), Mac(*b"D10D59EE"));
}

proptest! {
    #[test]
    fn x919_is_the_retail_mac_of_the_crate_for_it(key: [u8; 16], message in prop::collection::vec(any::<u8>(), 1..400)) {
        use retail_mac::digest::{KeyInit, Mac as _};
        let mut padded = message.clone();
        padded.resize(message.len().next_multiple_of(8), 0);
        let mac = retail_mac::RetailMac::<des::Des>::new(&key.into()).chain_update(&padded).finalize().into_bytes();
        let digits: String = mac.iter().take(4).map(|byte| format!("{byte:02X}")).collect();
        prop_assert_eq!(&X919::new(key).mac(&message).0[..], digits.as_bytes());
        // Whatever is before it is covered as if it stood in it.
        let (before, rest) = message.split_at(message.len() / 3);
        prop_assert_eq!(X919::new(key).mac_after(before, rest), X919::new(key).mac(&message));
        prop_assert_eq!(EcbSm4::new(key).mac_after(before, rest), EcbSm4::new(key).mac(&message));
    }
}

#[test]
fn ecb_does_not_see_the_same_change_twice_and_x919_does() {
    let mut changed = SIGN_IN;
    (changed[20], changed[28]) = (changed[20] ^ 1, changed[28] ^ 1);
    for key in [&EcbDes::new(LEFT) as &dyn MacKey, &EcbTripleDes::new(KEY)] {
        assert_eq!(key.mac(&changed), key.mac(&SIGN_IN));
    }
    assert_ne!(X919::new(KEY).mac(&changed), X919::new(KEY).mac(&SIGN_IN));
    assert_eq!(format!("{:?} {:?}", X919::new(KEY), EcbDes::new(LEFT)), "*** ***");
}

/// Puts length, TPDU and header before the authenticated bytes.
fn framed(rest: &[u8]) -> Vec<u8> {
    let length = (11 + rest.len()) as u16;
    [&length.to_be_bytes()[..], &TPDU, &HEADER, rest].concat()
}

fn error(rest: &[u8]) -> FormatError {
    Message::read(&framed(rest)).unwrap_err()
}

/// The sign-in of docs/card.md §5.3, and its fields §5.2.
#[test]
fn the_sign_in_message_of_section_5_4_is_read_and_written() {
    let key = X919::new(KEY);
    let mut with_mac = SIGN_IN;
    with_mac[9] |= 1;
    let bytes = framed(&[&with_mac[..], &key.mac(&with_mac).0].concat());
    let message = Message::read(&bytes).unwrap();
    assert_eq!(format!("{message:?}"), "0800 F11 F41 F42 F60 F63 F64");
    assert_eq!(message.field(42).unwrap().bytes, b"123456789012345");
    assert_eq!(message.field(60).unwrap().digit_array(), Some([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 3]));
    assert_eq!(message.field(63).unwrap().bytes, b"001");
    assert!(message.field(39).is_none() && message.is_authentic(&key));
    assert!(!message.is_authentic(&EcbTripleDes::new(KEY)));

    let mut buffer = [0; 100];
    let mut writer = Writer::new(&mut buffer, TPDU, HEADER, Mti(0x0800));
    writer.digits(11, &[0, 0, 0, 0, 0, 1]);
    writer.text(41, b"12345678");
    writer.text(42, b"123456789012345");
    writer.digits(60, &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 3]);
    writer.text(63, b"001");
    assert_eq!(writer.finish_with_mac(&key), Ok(&bytes[..]));
}

#[test]
fn every_damage_has_its_name() {
    assert_eq!(Message::read(&[]), Err(FormatError::Short));
    assert_eq!(Message::read(&[0, 2, 1]), Err(FormatError::Length { announced: 2, follow: 1 }));
    assert_eq!(Message::read(&[0, 1, 1]), Err(FormatError::Short));
    assert_eq!(error(&hex!("0200 00000000000000")), FormatError::Short);
    assert_eq!(error(&hex!("02A0 0000000000000000")), FormatError::Mti(0x02A0));
    assert_eq!(error(&hex!("0200 8000000000000000")), FormatError::SecondBitmap);
    assert_eq!(error(&hex!("0200 0000000000000001 00000000000000")), FormatError::Truncated { field: 64 });
    assert_eq!(error(&hex!("0200 2000000000000000 0000")), FormatError::Truncated { field: 3 });
    assert_eq!(error(&hex!("0200 4000000000000000")), FormatError::Truncated { field: 2 });
    assert_eq!(error(&hex!("0200 4000000000000000 1A")), FormatError::FieldLength { field: 2 });
    assert_eq!(error(&hex!("0200 4000000000000000 20")), FormatError::TooLong { field: 2 });
    assert_eq!(error(&hex!("0200 4000000000000000 03 12A0")), FormatError::Content { field: 2 });
    assert_eq!(error(&hex!("0200 0000000000000200 00")), FormatError::Truncated { field: 55 });
    assert_eq!(error(&hex!("0200 0000000000000200 00A1")), FormatError::FieldLength { field: 55 });
    assert_eq!(error(&hex!("0200 0000000000000200 1000")), FormatError::TooLong { field: 55 });
    assert_eq!(error(&hex!("0200 0000000002000000 0A30")), FormatError::Content { field: 39 });
    assert_eq!(error(&hex!("0200 0000000000000000 00")), FormatError::Trailing(1));
}

#[test]
fn lengths_of_digits_count_digits_and_the_last_half_byte_means_nothing() {
    let bytes = framed(&hex!("0200 4000000020000010 03 123F 03 12D4 0005 123450"));
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.field(2).unwrap().digits().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(message.field(35).unwrap().digits().collect::<Vec<_>>(), [1, 2, 0xD]);
    assert_eq!(message.field(60).unwrap().digits().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn what_is_behind_a_field_of_unknown_length_is_kept() {
    // F3, F43 and F49; F43 is in no table.
    let rest = [&hex!("0200 2000000000208001 000000 41424344 313536")[..], &[0; 8]].concat();
    let bytes = framed(&rest);
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.unread(), Some((43, &hex!("41424344 313536")[..])));
    assert!(message.field(3).is_some() && message.field(43).is_none() && message.field(49).is_none());
    assert_eq!(message.fields().count(), 1);
    let key = X919::new(KEY);
    let mac = key.mac(&rest[..rest.len() - 8]);
    let bytes = framed(&[&rest[..rest.len() - 8], &mac.0].concat());
    assert!(Message::read(&bytes).unwrap().is_authentic(&key), "the MAC does not depend on the table");
}

#[test]
fn a_writer_names_the_first_thing_that_goes_wrong() {
    let written = |size: usize, put: &dyn Fn(&mut Writer<'_>)| {
        let mut buffer = vec![0; size];
        let mut writer = Writer::new(&mut buffer, TPDU, HEADER, Mti(0x0200));
        put(&mut writer);
        writer.finish().map(<[u8]>::len)
    };
    assert_eq!(written(START, &|_| ()), Ok(START));
    assert_eq!(written(0, &|_| ()), Err(WriteError::Full { field: 0 }));
    assert_eq!(written(START - 1, &|_| ()), Err(WriteError::Full { field: 0 }));
    assert_eq!(written(START + 2, &|w| w.digits(3, &[0; 6])), Err(WriteError::Full { field: 3 }));
    assert_eq!(written(100, &|w| w.digits(3, &[0; 5])), Err(WriteError::Length { field: 3 }));
    assert_eq!(written(100, &|w| w.digits(3, &[10; 6])), Err(WriteError::Content { field: 3 }));
    assert_eq!(written(100, &|w| w.digits(3, &[0x10; 6])), Err(WriteError::Content { field: 3 }));
    assert_eq!(written(100, &|w| w.text(44, &[b'a'; 26])), Err(WriteError::Length { field: 44 }));
    assert_eq!(written(100, &|w| w.text(44, b"\xD5\xC5")), Err(WriteError::Content { field: 44 }));
    assert_eq!(written(100, &|w| w.text(55, b"a")), Err(WriteError::Field { field: 55 }));
    assert_eq!(written(100, &|w| w.text(43, b"a")), Err(WriteError::Field { field: 43 }));
    assert_eq!(written(100, &|w| w.objects(55, &[Some((0x84, &[0; 90]))])), Err(WriteError::Full { field: 55 }));
    let twice = |w: &mut Writer<'_>| {
        w.digits(13, &[0; 4]);
        w.digits(12, &[0; 6]);
        w.digits(3, &[0; 1]);
    };
    assert_eq!(written(100, &twice), Err(WriteError::Order { field: 12 }));
}

#[test]
fn the_table_is_in_order_and_within_what_lengths_can_say() {
    assert!(FIELDS.is_sorted_by(|a, b| a.number < b.number));
    for field in FIELDS {
        assert!((2..64).contains(&field.number));
        assert!(matches!(field.size, Size::Fixed(1..=99) | Size::Ll(1..=99) | Size::Lll(1..=999)), "{field:?}");
    }
}

/// Some fields of the table, with allowed contents.
fn any_fields() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let fields = FIELDS.map(|field| {
        let count = match field.size {
            Size::Fixed(count) => count..=count,
            Size::Ll(most) | Size::Lll(most) => 0..=most.min(120),
        };
        let element = match field.content {
            Content::Digits => (0..10u8).boxed(),
            Content::Track => prop_oneof![9 => 0..10u8, 1 => Just(0xD)].boxed(),
            Content::Text => (0x20..0x7Fu8).boxed(),
            Content::Binary => any::<u8>().boxed(),
        };
        let value = prop::collection::vec(element, count).prop_map(move |value| (field.number, value));
        prop::option::of(value)
    });
    fields.to_vec().prop_map(|fields| fields.into_iter().flatten().collect())
}

fn write<'b>(fields: &[(u8, Vec<u8>)], key: Option<&dyn MacKey>, buffer: &'b mut [u8]) -> &'b [u8] {
    let mut writer = Writer::new(buffer, TPDU, HEADER, Mti(0x0210));
    for (number, value) in fields {
        match field::find(*number).unwrap().content {
            Content::Digits | Content::Track => writer.digits(*number, value),
            Content::Text => writer.text(*number, value),
            Content::Binary => {
                writer.copy(Value { field: field::find(*number).unwrap(), count: value.len(), bytes: value })
            }
        }
    }
    match key {
        Some(key) => writer.finish_with_mac(key).unwrap(),
        None => writer.finish().unwrap(),
    }
}

proptest! {
    #[test]
    fn any_fields_are_read_as_they_were_written(fields in any_fields(), with_mac: bool) {
        let key = X919::new(KEY);
        let mut buffer = [0; 4000];
        let bytes = write(&fields, with_mac.then_some(&key), &mut buffer);
        let message = Message::read(bytes).unwrap();
        let read: Vec<_> = message.fields().map(|value| {
            let digits = matches!(value.field.content, Content::Digits | Content::Track);
            (value.field.number, if digits { value.digits().collect() } else { value.bytes.to_vec() })
        }).collect();
        prop_assert_eq!(&read, &fields);
        prop_assert_eq!((message.tpdu(), message.header(), message.mti()), (TPDU, HEADER, Mti(0x0210)));
        prop_assert_eq!(message.is_authentic(&key), with_mac);
        // And written again as they were read.
        let mut again = [0; 4000];
        let mut writer = Writer::new(&mut again, TPDU, HEADER, message.mti());
        message.fields().for_each(|value| writer.copy(value));
        if !with_mac {
            // Except the half bytes without meaning, which are zeros here.
            prop_assert_eq!(writer.finish(), Ok(bytes));
        }
    }

    #[test]
    fn a_message_cut_short_or_followed_by_more_is_none(fields in any_fields(), at in any::<prop::sample::Index>()) {
        let mut buffer = [0; 4000];
        let bytes = write(&fields, None, &mut buffer);
        let cut = &bytes[2 + 11..2 + 11 + at.index(bytes.len() - 13)];
        prop_assert!(Message::read(&framed(cut)).is_err());
        prop_assert_eq!(error(&[&bytes[13..], &[0]].concat()), FormatError::Trailing(1));
    }
}
