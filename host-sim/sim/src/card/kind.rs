//! Which kind of card an ATR seems to belong to. This is only a guess: the card itself tells when it is asked.

use qiyong_protocol::iso7816::atr::Atr;

/// The kind, in a few words. A social security card is recognised by its 13 historical bytes, which begin with the
/// chip's maker (docs/card.md §3.4).
pub fn of(atr: &[u8]) -> String {
    let atr = Atr::new(atr);
    if atr.check().is_err() {
        return "no valid ATR".into();
    }
    let maker = match *atr.historical() {
        [0x00, maker, _, _, _, _, _, _, _, _, _, _, _] => maker,
        // ISO/IEC 7816-4 clause 12.1.1: category indicator 80 and an application identifier, here the one that PC/SC
        // part 3 gives to contactless storage cards.
        [0x80, 0x4F, _, 0xA0, 0x00, 0x00, 0x03, 0x06, ..] => return "contactless storage card".into(),
        _ => return "another card".into(),
    };
    let name = match maker {
        0x81 => "Huada 华大",
        0x85 => "Huahong 华虹",
        0x87 => "Datang 大唐",
        0x90 => "Fudan 复旦",
        _ => return "another card".into(),
    };
    format!("social security card 社会保障卡, chip by {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex::decode;

    #[test]
    fn the_card_of_section_3_4_is_told_from_others() {
        let kind = |hex: &str| of(&decode(hex).unwrap());
        assert_eq!(kind("3B6D000000814E43238697159900BF7C7A"), "social security card 社会保障卡, chip by Huada 华大");
        // The same bytes with another maker, a contactless storage card, and bytes that are no ATR.
        assert_eq!(kind("3B6D000000824E43238697159900BF7C7A"), "another card");
        assert_eq!(kind("3B8F8001804F0CA000000306030001000000006A"), "contactless storage card");
        assert_eq!(kind("3B6D0000"), "no valid ATR");
    }
}
