//! Frozen bytes: if one of these fails, the code is wrong, never the bytes. By CCID 1.1 tables 5.1-1 and section 6.

use hex_literal::hex;

use super::host::{World, message};
use crate::ccid::descriptor::{Rates, descriptor};
use crate::ccid::message::{Failure, Message, Request};

#[test]
fn the_descriptor_says_what_the_reader_does() {
    let rates = Rates { clk_hz: 3_906_250, min_cycles_per_etu: 16 };
    let expected = hex!(
        "1001 00 03 03000000 420F0000 420F0000 00 04290000 ACB90300 00 FE000000 00000000 00000000 7A040400 0F010000 FF FF
         0000 03 01"
    );
    assert_eq!(descriptor(rates), expected);
}

/// What the reader says to a message, with or without a powered card.
fn says(powered: bool, said: &[u8]) -> std::vec::Vec<u8> {
    let mut world = World::new(3);
    if powered {
        while !world.powered {
            world.set_card(true).unwrap();
            world.say(&message(0x62, 0, 1, [0; 3], &[])).unwrap();
            world.work().unwrap();
            world.hear().unwrap();
        }
    }
    world.response = hex!("9000").to_vec();
    world.say(said).unwrap();
    while world.in_hand.is_some() {
        world.work().unwrap();
    }
    world.engine.packet_out().map(<[u8]>::to_vec).unwrap_or_default()
}

#[test]
fn messages_and_their_answers() {
    for (powered, said, answer) in [
        // GetSlotStatus: no card, CLK stopped; a card with power, CLK running.
        (false, &hex!("65 00000000 00 07 000000")[..], &hex!("81 00000000 00 07 02 00 01")[..]),
        (true, &hex!("65 00000000 00 08 000000"), &hex!("81 00000000 00 08 00 00 00")),
        // IccPowerOn without a card; with a voltage that is not one of the slot's.
        (false, &hex!("62 00000000 00 01 000000"), &hex!("80 00000000 00 01 42 FE 00")),
        (true, &hex!("62 00000000 00 01 030000"), &hex!("80 00000000 00 01 40 07 00")),
        // XfrBlock: the card's answer; without a card; a piece that nothing came before.
        (true, &hex!("6F 05000000 00 02 000000 00A4000000"), &hex!("80 02000000 00 02 00 00 00 9000")),
        (false, &hex!("6F 01000000 00 02 000000 00"), &hex!("80 00000000 00 02 42 FE 00")),
        (true, &hex!("6F 01000000 00 02 000200 00"), &hex!("80 00000000 00 02 40 08 00")),
        (true, &hex!("6F 01000000 00 03 000100 00"), &hex!("80 00000000 00 03 00 00 10")),
        // GetParameters: T=1. SetParameters: the same protocol, another one.
        (true, &hex!("6C 00000000 00 04 000000"), &hex!("82 07000000 00 04 00 00 01 11100045 00FE00")),
        (true, &hex!("61 07000000 00 04 010000 11100045 00FE00"), &hex!("82 07000000 00 04 00 00 01 11100045 00FE00")),
        (true, &hex!("61 05000000 00 04 000000 1100000A00"), &hex!("82 00000000 00 04 40 07 00")),
        // What the reader does not do, each with its own answer; and what nobody does.
        (true, &hex!("6B 01000000 00 05 000000 00"), &hex!("83 00000000 00 05 40 00 00")),
        (true, &hex!("73 08000000 00 05 000000 0000000000000000"), &hex!("84 00000000 00 05 40 00 00")),
        (true, &hex!("6E 00000000 00 05 000000"), &hex!("81 00000000 00 05 40 00 00")),
        (true, &hex!("99 00000000 00 05 000000"), &hex!("81 00000000 00 05 40 00 00")),
        // Another slot; another length than it says.
        (true, &hex!("65 00000000 01 06 000000"), &hex!("81 00000000 01 06 40 05 00")),
        (true, &hex!("65 01000000 00 06 000000"), &hex!("81 00000000 00 06 40 01 00")),
    ] {
        assert_eq!(says(powered, said), answer, "{said:02X?}");
    }
}

#[test]
fn every_request_has_its_number_and_no_other_byte_is_one() {
    let known: std::vec::Vec<u8> = (0..=255).filter(|code| Request::of(*code).is_some()).collect();
    assert_eq!(known, hex!("61 62 63 65 69 6A 6B 6C 6D 6E 6F 71 72 73"));
    assert!(Message::read(&hex!("65 00000000 00 07 0000")).is_none());
    assert_eq!(Failure::ABORTED, Failure(0xFF));
}
