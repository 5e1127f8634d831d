//! The ATR, read and written, whole and in pieces.

use super::*;
use crate::iso7816::character::Convention;
use hex_literal::hex;
use proptest::prelude::*;
use std::{string::ToString, vec::Vec as StdVec};

/// A second generation social security card (docs/card.md §3.4).
const SOCIAL_SECURITY: [u8; 17] = hex!("3B6D0000 00814E43238697159900BF7C7A");
/// A UICC with T=0, T=1 and T=15: an example of ETSI TS 102 221, its TCK worked out.
const UICC: [u8; 17] = hex!("3B97 95 80 B1 FE00 1F 42 8031A073BE2117 7A");

fn protocols(atr: &[u8]) -> StdVec<u8> {
    Atr::new(atr).protocols().collect()
}

#[test]
fn social_security_card() {
    let atr = Atr::new(&SOCIAL_SECURITY);
    let card = atr.check().unwrap();
    assert_eq!(atr.convention(), Some(Convention::Direct));
    assert_eq!(atr.historical(), hex!("00814E43238697159900BF7C7A"));
    assert_eq!(atr.tck(), Tck::Absent);
    assert_eq!(protocols(&SOCIAL_SECURITY), [0]);
    assert_eq!((card.fi(), card.di(), card.extra_guard(), card.wi()), (Some(372), Some(1), 0, 10));
    assert_eq!(card.specific_mode(), None);
    let groups: StdVec<Group> = atr.groups().collect();
    assert_eq!(groups.len(), 1);
    assert!(groups[0].bytes().eq([('B', 0), ('C', 0)]));
}

#[test]
fn every_interface_byte_of_a_uicc() {
    let atr = Atr::new(&UICC);
    let card = atr.check().unwrap();
    assert_eq!(protocols(&UICC), [0, 1]);
    assert_eq!((card.fi(), card.di()), (Some(512), Some(16)));
    assert_eq!((card.ifsc(), card.bwi(), card.cwi(), card.edc()), (0xFE, 0, 0, Edc::Lrc));
    assert_eq!(card.clock_stop(), ClockStop::Low);
    let classes = card.classes().unwrap();
    assert!(!classes.a() && classes.b() && !classes.c());
    let named: StdVec<_> = atr.groups().map(|g| (g.index, g.protocol, g.bytes().collect::<StdVec<_>>())).collect();
    assert_eq!(
        named,
        [
            (1, None, std::vec![('A', 0x95), ('D', 0x80)]),
            (2, Some(0), std::vec![('D', 0xB1)]),
            (3, Some(1), std::vec![('A', 0xFE), ('B', 0x00), ('D', 0x1F)]),
            (4, Some(15), std::vec![('A', 0x42)]),
        ]
    );
}

/// Clause 8.3.
#[test]
fn n_counts_at_the_rate_in_force_or_with_t_15_at_that_of_ta1() {
    let at = |atr: &[u8], fi, di| Atr::new(atr).parameters().guard_time(fi, di);
    assert_eq!(
        (at(&hex!("3B00"), 372, 1), at(&hex!("3B509620"), 372, 1), at(&hex!("3B509620"), 512, 32)),
        (12, 44, 44)
    );
    assert_eq!(at(&hex!("3B5096FF"), 372, 1), 12);
    // T=15 is named: 254 etu of 16 cycles are 4064 cycles, 10.9 etu of 372.
    assert_eq!(at(&hex!("3BD096FE801F03"), 372, 1), 12 + 11);
    assert_eq!(at(&hex!("3BD096FE801F03"), 512, 32), 12 + 254);
    // 31: 744 cycles.
    assert_eq!(at(&hex!("3BD03120801F03"), 372, 1), 12 + 64);
    // The code 7 of Fi is reserved: nothing is known but the rate in force.
    assert_eq!(at(&hex!("3BD07120801F03"), 372, 1), 12 + 32);
}

/// Clauses 8.3, 10.2, 11.4.2, 11.4.3 and 11.4.4.
#[test]
fn defaults_of_the_standard() {
    let atr = Atr::new(&hex!("3B00"));
    let card = atr.check().unwrap();
    assert_eq!((card.ifsc(), card.bwi(), card.cwi(), card.edc()), (32, 4, 13, Edc::Lrc));
    assert_eq!((card.wi(), card.clock_stop(), card.classes()), (10, ClockStop::NotSupported, None));
    assert!(atr.historical().is_empty());
}

/// Clause 8.2.3.
#[test]
fn group_2_is_not_specific_to_t1() {
    // TD1 = 71 names T=1, but TA2 is the specific mode, TB2 the programming voltage and TC2 WI.
    let card = Atr::new(&hex!("3B80 71 91 FF 20 FF")).parameters();
    assert_eq!((card.ifsc(), card.bwi(), card.cwi(), card.edc()), (32, 4, 13, Edc::Lrc));
    assert_eq!(card.wi(), 0x20);
    assert_eq!(card.specific_mode(), Some(SpecificMode { protocol: 1, can_change: false, implicit: true }));
}

#[test]
fn rfu_codes_are_no_error() {
    let atr = Atr::new(&hex!("3B10 7A"));
    let card = atr.check().unwrap();
    assert_eq!((card.fi(), decode_f_max(0x7A), card.di()), (None, None, None));
    assert_eq!((decode_fi(0x97), decode_f_max(0x97), decode_di(0x97)), (Some(512), Some(5_000), Some(64)));
}

#[test]
fn each_error_with_what_was_expected() {
    let cases: &[(&[u8], AtrError, &str)] = &[
        (&[], AtrError::Empty, "3B or 3F"),
        (&hex!("0300"), AtrError::TsUnknown(0x03), "inverse convention"),
        (&hex!("FF00"), AtrError::TsUnknown(0xFF), "TS is FF"),
        (&hex!("3B"), AtrError::Truncated { need: 2, have: 1 }, "at least 2 bytes, there are 1"),
        (&hex!("3B6D0000"), AtrError::Truncated { need: 17, have: 4 }, "at least 17"),
        // TD1 is missing, so nobody knows yet that more bytes follow.
        (&hex!("3B81"), AtrError::Truncated { need: 4, have: 2 }, "at least 4"),
        (&hex!("3BFF FFFFFFFF FFFFFFFF FFFFFFFF"), AtrError::OverLimit { announced: 34 }, "at most 33"),
        (&hex!("3B02 1450 11"), AtrError::TooLong { expected: 4, have: 5 }, "announce 4 bytes, there are 5"),
        // A TCK that fits the other bytes is still wrong if only T=0 is offered.
        (&hex!("3B02 1450 46"), AtrError::TooLong { expected: 4, have: 5 }, "behind the end"),
        (&hex!("3B8101 55"), AtrError::TckMissing { expected: 0xD5 }, "D5 must end"),
        (&hex!("3B8101 55 D4"), AtrError::TckWrong { expected: 0xD5, found: 0xD4 }, "is D4, expected D5"),
        // T=0 with T=15 has a TCK (clause 8.2.5).
        (&hex!("3B80 80 1F C7"), AtrError::TckMissing { expected: 0xD8 }, "D8"),
        (&hex!("3B81 1F 00 CC 52"), AtrError::T15First, "T=15"),
        (&hex!("3B80 81 00 01"), AtrError::TypesOutOfOrder { before: 1, after: 0 }, "ascending"),
    ];
    for (bytes, error, says) in cases {
        assert_eq!(Atr::new(bytes).check(), Err(*error), "{bytes:02X?}");
        assert!(error.to_string().contains(says), "{error} does not say {says:?}");
    }
}

#[test]
fn tck_of_incomplete_and_overlong_atrs() {
    assert_eq!(Atr::new(&hex!("3B8101 55 D5 00")).tck(), Tck::Ok);
    assert_eq!(Atr::new(&hex!("3B8101 55 D4 00")).tck(), Tck::Wrong);
    assert_eq!(Atr::new(&hex!("3B8101")).tck(), Tck::Missing);
    assert_eq!(Atr::new(&[]).tck(), Tck::Absent);
}

#[test]
fn a_chain_of_tds_without_end_is_cut_at_33_bytes() {
    let endless = [0x80; 300];
    assert_eq!(Atr::expected_len(&[0x3B, 0xFF]), None);
    assert_eq!(Atr::expected_len(&endless[..31]), None);
    assert_eq!(Atr::expected_len(&endless[..32]), Some(33));
    assert_eq!(Atr::new(&endless).groups().count(), 300 - 1);
}

/// Clauses 8.1 and 8.2.2.
#[test]
fn the_longest_atr_has_33_bytes() {
    let mut atr = hex!("3BFF 110000F0 10000AF1 200045 7F 010000 000102030405060708090A0B0C0D0E 00").to_vec();
    atr[32] = crate::iso7816::xor::xor(&atr[1..32]);
    assert_eq!((atr.len(), Atr::new(&atr).check().err()), (MAX_LEN, None));
    assert_eq!((Atr::expected_len(&atr[..13]), Atr::expected_len(&atr[..14])), (None, Some(MAX_LEN)));
}

#[test]
fn f_max_is_in_step_with_fi() {
    // Except for code 1, which raises the default from 4 to 5 MHz, both halves of table 7 keep one bit rate.
    for code in (0x00..=0xFF).step_by(16).filter(|&code| code != 0x10) {
        let (rate_fi, rate_khz) = if code < 0x80 { (372, 4_000) } else { (512, 5_000) };
        let in_step = decode_fi(code).map(|fi| u32::from(fi) * rate_khz / rate_fi);
        assert_eq!(decode_f_max(code).map(u32::from), in_step, "code {code:02X}");
    }
}

#[test]
fn builder_refuses_what_does_not_fit() {
    let builder = AtrBuilder::new(Convention::Direct);
    assert_eq!(builder.historical(&[0; 16]).build(), Err(AtrDoesNotFit));
    assert_eq!(builder.build().unwrap(), hex!("3B00"));
}

#[test]
fn builder_writes_a_social_security_card() {
    let built = AtrBuilder::new(Convention::Direct).tb1(0).tc1(0).historical(&SOCIAL_SECURITY[4..]).build();
    assert_eq!(built.unwrap(), SOCIAL_SECURITY);
}

#[test]
fn builder_writes_the_fullest_atr() {
    let all = SpecificBytes { ta: Some(1), tb: Some(2), tc: Some(3) };
    let mode = SpecificMode { protocol: 0, can_change: true, implicit: false };
    let builder = AtrBuilder::new(Convention::Inverse).ta1(0x11).tb1(0).tc1(255).specific_mode(mode);
    let built = builder.t0(Some(10)).t1(all).t15(all).historical(&[0x55; 15]).build().unwrap();
    assert_eq!(built[..15], hex!("3FFF 1100FF D0 000A F1 010203 7F 0102"));
    assert_eq!((built.len(), Atr::new(&built).check().err()), (32, None));
}

fn specific_bytes() -> impl Strategy<Value = SpecificBytes> {
    any::<(Option<u8>, Option<u8>, Option<u8>)>().prop_map(|(ta, tb, tc)| SpecificBytes { ta, tb, tc })
}

proptest! {
    #[test]
    fn what_is_built_is_read_back(
        inverse: bool,
        group_1 in specific_bytes(),
        mode in proptest::option::of((0u8..15, any::<bool>(), any::<bool>())),
        t0: Option<Option<u8>>,
        t1 in proptest::option::of(specific_bytes()),
        t15 in proptest::option::of(specific_bytes()),
        historical in proptest::collection::vec(any::<u8>(), 0..=MAX_HISTORICAL),
    ) {
        let convention = if inverse { Convention::Inverse } else { Convention::Direct };
        let mode = mode.map(|(protocol, can_change, implicit)| SpecificMode { protocol, can_change, implicit });
        let mut builder = AtrBuilder::new(convention).historical(&historical);
        if let Some(ta1) = group_1.ta { builder = builder.ta1(ta1); }
        if let Some(tb1) = group_1.tb { builder = builder.tb1(tb1); }
        if let Some(tc1) = group_1.tc { builder = builder.tc1(tc1); }
        if let Some(mode) = mode { builder = builder.specific_mode(mode); }
        if let Some(wi) = t0 { builder = builder.t0(wi); }
        if let Some(bytes) = t1 { builder = builder.t1(bytes); }
        if let Some(bytes) = t15 { builder = builder.t15(bytes); }

        let bytes = builder.build().unwrap();
        let atr = Atr::new(&bytes);
        let card = atr.check();
        prop_assert!(card.is_ok());
        let card = card.unwrap();
        prop_assert_eq!(atr.convention(), Some(convention));
        prop_assert_eq!(atr.historical(), &historical);
        prop_assert_eq!(atr.tck(), if t1.is_some() || t15.is_some() { Tck::Ok } else { Tck::Absent });
        let offered: &[u8] = match (t0, t1) {
            (_, None) => &[0],
            (None, Some(_)) => &[1],
            (Some(_), Some(_)) => &[0, 1],
        };
        prop_assert!(atr.protocols().eq(offered.iter().copied()));
        prop_assert_eq!(card.fi(), group_1.ta.map_or(Some(372), decode_fi));
        prop_assert_eq!(card.di(), group_1.ta.map_or(Some(1), decode_di));
        prop_assert_eq!(card.extra_guard(), group_1.tc.unwrap_or(0));
        prop_assert_eq!(card.specific_mode(), mode);
        prop_assert_eq!(card.wi(), t0.flatten().unwrap_or(10));
        let t1 = t1.unwrap_or_default();
        prop_assert_eq!(card.ifsc(), t1.ta.unwrap_or(32));
        prop_assert_eq!(card.bwi() << 4 | card.cwi(), t1.tb.unwrap_or(0x4D));
        prop_assert_eq!(card.edc() == Edc::Crc, t1.tc.unwrap_or(0) & 1 == 1);
        prop_assert_eq!(card.classes().map(Classes::bits), t15.and_then(|b| b.ta).map(|ta| ta & 0x3F));

        // The groups have every interface byte: with TS, T0, historical bytes and TCK they are the whole ATR.
        let interface = atr.groups().flat_map(|g| g.bytes()).count();
        let tck = usize::from(atr.tck() == Tck::Ok);
        prop_assert_eq!(2 + interface + historical.len() + tck, bytes.len());

        // A terminal that receives it byte by byte stops at the last byte.
        for received in 0..bytes.len() {
            let expected = Atr::expected_len(&bytes[..received]);
            prop_assert!(expected.is_none_or(|len| len == bytes.len()), "{:?} after {}", expected, received);
            prop_assert!(Atr::new(&bytes[..received]).check().is_err());
        }
        prop_assert_eq!(Atr::expected_len(&bytes), Some(bytes.len()));
    }

    #[test]
    fn any_bytes_give_consistent_answers(
        // Half of the cases begin as an ATR does, so that they get past TS.
        ts in prop_oneof![Just(0x3B), Just(0x3F), any::<u8>()],
        rest in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut bytes = std::vec![ts];
        bytes.extend(rest);
        let atr = Atr::new(&bytes);
        let interface: StdVec<u8> = atr.groups().flat_map(|g| g.bytes()).map(|(_, byte)| byte).collect();
        let after_t0 = bytes.get(2..).unwrap_or_default();
        prop_assert!(after_t0.starts_with(&interface));
        prop_assert!(after_t0[interface.len()..].starts_with(atr.historical()));
        let groups: StdVec<Group> = atr.groups().collect();
        for (i, group) in groups.iter().enumerate() {
            prop_assert_eq!(group.index, i + 1);
            prop_assert_eq!(group.protocol, (i > 0).then(|| groups[i - 1].td.unwrap() & 0x0F));
        }
        prop_assert!(atr.protocols().all(|t| t < 15));

        let expected = Atr::expected_len(&bytes);
        prop_assert!(expected.is_none_or(|len| (2..=MAX_LEN).contains(&len)));
        for received in 0..bytes.len() {
            if let Some(len) = Atr::expected_len(&bytes[..received]) {
                prop_assert_eq!(expected, Some(len), "after {} bytes", received);
            }
        }
        match atr.check() {
            Ok(card) => {
                prop_assert_eq!(card, atr.parameters());
                prop_assert_eq!(card.historical(&bytes), atr.historical());
                prop_assert_eq!(expected, Some(bytes.len()));
                prop_assert!(matches!(atr.tck(), Tck::Ok | Tck::Absent));
                prop_assert_eq!(card.preferred_protocol(), atr.protocols().next());
                prop_assert!((0..=15).all(|t| card.offers(t) == atr.protocols().any(|offered| offered == t)));
                prop_assert!(card.preferred_protocol().is_some());
            }
            Err(AtrError::Truncated { need, have }) => {
                prop_assert_eq!(have, bytes.len());
                prop_assert!(have < need && need <= MAX_LEN);
                prop_assert!(expected.is_none_or(|len| len == need));
            }
            Err(AtrError::TckMissing { expected: tck } | AtrError::TckWrong { expected: tck, .. }) => {
                let last_but_tck = expected.unwrap() - 1;
                let mended = [&bytes[..last_but_tck], &[tck]].concat();
                let still_wrong = Atr::new(&mended).check().err();
                prop_assert!(
                    matches!(still_wrong, None | Some(AtrError::T15First | AtrError::TypesOutOfOrder { .. })),
                    "{:?}", still_wrong
                );
            }
            Err(AtrError::TooLong { expected: len, .. }) => prop_assert_eq!(expected, Some(len)),
            Err(AtrError::OverLimit { .. }) => prop_assert_eq!(expected, Some(MAX_LEN)),
            Err(_) => {}
        }
    }
}

/// ISO/IEC 7816-4 clauses 8.1.1 and 8.1.1.2.7.
#[test]
fn extended_lengths_are_in_the_third_capability_byte() {
    let says = |historical: &[u8]| {
        let atr = AtrBuilder::new(Convention::Direct).historical(historical).build().unwrap();
        Atr::new(&atr).parameters().extended_lengths()
    };
    assert!(says(&hex!("80 73C00140")));
    assert!(says(&hex!("00 31C1 73C02140 009000")));
    assert!(!says(&hex!("80 73C00180")));
    assert!(!says(&hex!("80 72C001")), "two capability bytes say nothing of it");
    assert!(!says(&hex!("80 73C001")), "cut short");
    assert!(!says(&hex!("81 73C00140")), "another category");
    assert!(!says(&[]));
}
