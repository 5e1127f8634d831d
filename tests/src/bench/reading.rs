//! Measures what is read as a whole: answers to reset, and the answer to SELECT.

use std::hint::black_box;

use iso7816_tlv::ber::Tlv;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::tlv::Objects;

use super::{Effort, Row, time};

/// A social security card of the third generation: T=0.
const CARD: [u8; 18] = [0x3B, 0x7D, 0x96, 0, 0, 0, 0x90, 0x54, 0x31, 0, 0x86, 0x60, 0x26, 0x03, 0x02, 0x37, 0x79, 0xBC];
/// A UICC: T=0, T=1, T=15 and TCK; an example of ETSI TS 102 221.
const UICC: [u8; 17] =
    [0x3B, 0x97, 0x95, 0x80, 0xB1, 0xFE, 0x00, 0x1F, 0x42, 0x80, 0x31, 0xA0, 0x73, 0xBE, 0x21, 0x17, 0x7A];
/// An answer to SELECT of 38 bytes: two templates, DF name, SFI, language, issuer's data.
const FCI: [u8; 38] = [
    0x6F, 0x24, 0x84, 0x0F, 0x73, 0x78, 0x31, 0x2E, 0x73, 0x68, 0x2E, 0xC9, 0xE7, 0xBB, 0xE1, 0xB1, 0xA3, 0xD5, 0xCF,
    0xA5, 0x11, 0x88, 0x01, 0x05, 0x5F, 0x2D, 0x04, 0x7A, 0x68, 0x65, 0x6E, 0x9F, 0x0C, 0x04, 0x01, 0x02, 0x03, 0x04,
];

/// The result of [`walk`] for [`FCI`].
const SUM: u32 = 0x6F + 0x84 + 0xA5 + 0x88 + 0x5F2D + 0x9F0C + 36 + 15 + 17 + 1 + 4 + 4;

pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let theirs = "FCI of 38 bytes, iso7816-tlv";
    vec![
        Row::ns("ATR of a social security card", atr(effort, &CARD)).at_most(40.0),
        Row::ns("ATR of a UICC with T=0, T=1 and T=15", atr(effort, &UICC)).at_most(40.0),
        Row::ns("FCI of 38 bytes", time::ns(effort, || assert_eq!(walk(black_box(&FCI)), SUM)))
            .at_most(42.0)
            .compared_with(theirs),
        Row::ns(theirs, time::ns(effort, || drop(black_box(their_tree())))),
    ]
}

/// The check, and everything that a terminal needs to know before it sends: protocol, rate, waiting and guard time.
fn atr(effort: Effort, bytes: &[u8]) -> f64 {
    time::ns(effort, || {
        let atr = Atr::new(black_box(bytes));
        let card = atr.check().expect("an ATR");
        black_box((
            card.preferred_protocol(),
            card.specific_mode(),
            card.fi(),
            card.di(),
            card.wi(),
            card.extra_guard(),
        ));
    })
}

/// Visits every object and adds up tags and lengths.
fn walk(bytes: &[u8]) -> u32 {
    let objects = Objects::new(bytes).map(|object| object.expect("the FCI is in order"));
    objects
        .map(|object| {
            object.tag + object.value.len() as u32 + if object.is_constructed() { walk(object.value) } else { 0 }
        })
        .sum()
}

fn their_tree() -> Tlv {
    Tlv::from_bytes(black_box(&FCI)).expect("the FCI is in order")
}
