//! Target for PPS: any answer to any request, and the choice of a rate for any ATR.

use qiyong_protocol::iso7816::atr::{Atr, decode_di, decode_fi};
use qiyong_protocol::iso7816::pps::{Agreed, PPS_MAX, Request, expected_len, fastest};

use crate::input::Input;

/// Input: protocol, PPS1, least clock cycles per etu (two bytes), the counted answer, an ATR.
pub(crate) fn any_answer(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (protocol, pps1) = (input.byte() & 0x0F, input.byte());
    let min_cycles = u16::from_be_bytes([input.byte(), input.byte()]);
    let answer = input.counted();
    let request = Request::new(protocol, pps1);
    let sent = request.bytes();
    assert_eq!(sent.iter().fold(0, |xor, byte| xor ^ byte), 0);
    assert_eq!(expected_len(&sent[..2]), Some(sent.len()));
    assert_eq!(request.judge(sent), Ok(Agreed::AsAsked));

    if let Some(length) = expected_len(answer) {
        assert!((3..=PPS_MAX).contains(&length));
        assert_eq!(expected_len(&answer[..2]), Some(length));
    }
    match request.judge(answer) {
        Ok(Agreed::AsAsked) => assert_eq!(answer, sent),
        Ok(Agreed::DefaultRate) => assert_eq!(answer, [0xFF, protocol, 0xFF ^ protocol]),
        Err(error) => assert!(!error.to_string().is_empty() && answer != sent),
    }

    let atr = Atr::new(input.rest());
    let card = atr.parameters();
    if let Some(pps1) = fastest(&card, min_cycles) {
        let ta1 = atr.groups().next().and_then(|group| group.ta).unwrap();
        let (fi, di) = (decode_fi(pps1).unwrap(), decode_di(pps1).unwrap());
        assert_eq!((Some(fi), pps1 & 0xF0), (card.fi(), ta1 & 0xF0));
        assert!(Some(di) <= card.di());
        assert!(u32::from(fi) >= u32::from(min_cycles) * u32::from(di), "too fast for the terminal");
        assert!(u32::from(fi) < 372 * u32::from(di), "no faster than without");
    }
}
