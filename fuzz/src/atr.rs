//! Targets for answers to reset: whatever a card sends, and whatever a virtual card is told to send.

use qiyong_protocol::iso7816::atr::{Atr, AtrBuilder, MAX_HISTORICAL, MAX_LEN, SpecificBytes, SpecificMode};
use qiyong_protocol::iso7816::character::Convention;

use crate::input::Input;

/// Any bytes can be read and judged. A terminal that receives them one by one knows where to stop.
pub(crate) fn any_bytes(bytes: &[u8]) {
    let atr = Atr::new(bytes);
    assert_eq!(atr.bytes(), bytes);
    look_at(&atr);
    let verdict = atr.check();
    if let Err(error) = verdict {
        assert!(!error.to_string().is_empty());
    }

    // From some byte on the length is known, and then it stays the same.
    let lengths: Vec<_> = (0..=bytes.len()).map(|count| Atr::expected_len(&bytes[..count])).collect();
    let known = lengths.iter().position(Option::is_some).unwrap_or(lengths.len());
    for (count, length) in lengths.iter().enumerate().skip(known) {
        assert_eq!(*length, lengths[known], "of {count} bytes");
        assert!(length.is_some_and(|length| (2..=MAX_LEN).contains(&length)));
    }
    if verdict.is_ok() {
        assert_eq!(lengths.last(), Some(&Some(bytes.len())));
        assert!((0..bytes.len()).all(|count| Atr::new(&bytes[..count]).check().is_err()), "part of an ATR is one");
        assert_eq!(verdict, Ok(atr.parameters()));
        let protocols: Vec<_> = atr.protocols().collect();
        assert!(protocols.first().copied() == atr.parameters().preferred_protocol());
        assert!(!protocols.is_empty() && protocols.is_sorted_by(|a, b| a < b) && protocols.iter().all(|t| *t < 15));
    }
}

/// Every accessor; each result is one that the standard defines.
fn look_at(atr: &Atr<'_>) {
    let card = atr.parameters();
    let groups: Vec<_> = atr.groups().collect();
    let interface = groups.iter().map(|group| group.bytes().count()).sum::<usize>();
    assert!(interface + atr.historical().len() <= atr.bytes().len());
    assert!(atr.historical().len() <= MAX_HISTORICAL);
    assert!(groups.iter().zip(1..).all(|(group, index)| group.index == index));
    assert!(card.bwi() < 16 && card.cwi() < 16);
    assert!(card.fi().is_none_or(|fi| (372..=2048).contains(&fi)));
    assert!(card.di().is_none_or(|di| (1..=64).contains(&di)));
    let _ = (atr.convention(), atr.tck(), card.extra_guard(), card.wi(), card.ifsc(), card.edc(), card.clock_stop());
    assert!(card.historical(atr.bytes()) == atr.historical() || atr.bytes().len() > 255);
    if let Some(mode) = card.specific_mode() {
        let ta2 = groups[1].ta.unwrap();
        // Bits 6 and 7 are RFU.
        assert_eq!(mode.to_ta2(), ta2 & 0x9F);
    }
    if let Some(classes) = card.classes() {
        assert_eq!(classes.bits() & 7, classes.a() as u8 | (classes.b() as u8) << 1 | (classes.c() as u8) << 2);
    }
}

/// If the builder succeeds, the ATR passes the check and says what the builder was told.
pub(crate) fn any_build(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let [parts, more, protocol] = [input.byte(), input.byte(), input.byte()];
    let mut wants = (0..8).map(|bit| parts >> bit & 1 == 1);
    let mut if_wanted = |wanted: Option<bool>| (wanted == Some(true)).then(|| input.byte());
    let (ta1, tb1, tc1) = (if_wanted(wants.next()), if_wanted(wants.next()), if_wanted(wants.next()));
    let t0 = (parts & 8 != 0).then(|| if_wanted(Some(more & 1 != 0)));
    let mut specific = |bits: u8| SpecificBytes {
        ta: if_wanted(Some(bits & 1 != 0)),
        tb: if_wanted(Some(bits & 2 != 0)),
        tc: if_wanted(Some(bits & 4 != 0)),
    };
    let t1 = (parts & 0x10 != 0).then(|| specific(more >> 1));
    let t15 = (parts & 0x20 != 0).then(|| specific(more >> 4));
    let mode = (parts & 0x40 != 0).then_some(SpecificMode {
        protocol: protocol & 0x0F,
        can_change: protocol & 0x80 != 0,
        implicit: protocol & 0x10 != 0,
    });
    let convention = if parts & 0x80 == 0 { Convention::Direct } else { Convention::Inverse };
    let historical = input.rest();

    let mut builder = AtrBuilder::new(convention).historical(historical);
    if let Some(ta1) = ta1 {
        builder = builder.ta1(ta1);
    }
    if let Some(tb1) = tb1 {
        builder = builder.tb1(tb1);
    }
    if let Some(tc1) = tc1 {
        builder = builder.tc1(tc1);
    }
    if let Some(wi) = t0 {
        builder = builder.t0(wi);
    }
    if let Some(bytes) = t1 {
        builder = builder.t1(bytes);
    }
    if let Some(bytes) = t15 {
        builder = builder.t15(bytes);
    }
    if let Some(mode) = mode {
        builder = builder.specific_mode(mode);
    }
    let Ok(built) = builder.build() else {
        // TS, T0, up to three bytes for each group and a TD before each group except the first, TCK.
        assert!(historical.len() > MAX_HISTORICAL || historical.len() + 2 + 3 * 4 + 3 + 1 > MAX_LEN);
        return;
    };

    let atr = Atr::new(&built);
    assert_eq!(atr.check().err(), None, "{built:02X?}");
    let card = atr.parameters();
    look_at(&atr);
    let first = atr.groups().next().unwrap();
    assert_eq!((first.ta, first.tb, first.tc), (ta1, tb1, tc1));
    assert_eq!((atr.convention(), atr.historical()), (Some(convention), historical));
    assert_eq!((card.specific_mode(), card.wi()), (mode, t0.flatten().unwrap_or(10)));
    let offered = [(t0.is_some() || t1.is_none(), 0), (t1.is_some(), 1)];
    assert!(atr.protocols().eq(offered.into_iter().filter_map(|(offered, t)| offered.then_some(t))));
    let t1 = t1.unwrap_or_default();
    assert_eq!((card.ifsc(), card.bwi() << 4 | card.cwi()), (t1.ta.unwrap_or(32), t1.tb.unwrap_or(0x4D)));
    assert_eq!(card.classes().map(|classes| classes.bits()), t15.unwrap_or_default().ta.map(|ta| ta & 0x3F));
}
