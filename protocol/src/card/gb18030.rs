//! Characters of GB 18030 that have two codes, and which of the two stands for both. Names are compared with this, see
//! [`super::codes::Name`].
//!
//! GBK gave some characters a code of two bytes before Unicode had them; in Unicode they stood in the private use area. Since
//! GB 18030-2000, -2005 and -2022 they have code points of their own. So a name that was keyed by the private code point,
//! or by the own one under an older edition, has a code of four bytes in place of the two. Which characters these are:
//! appendix E of GB 18030-2005, and the changes of GB 18030-2022 as Unicode's and libiconv's notes on it list them. This
//! is no character set: nothing here knows what a character looks like.

/// Codes of four bytes and the codes of two bytes of the same characters, so many in a row: the first of four bytes, the
/// first of two bytes, and how many.
const MOVED: [(u32, u16, u16); 32] = [
    (0x8135_F437, 0xA8BC, 1),
    (0x8235_9037, 0xFE59, 1),
    (0x8235_9038, 0xFE61, 1),
    (0x8235_9039, 0xFE66, 2),
    (0x8235_9131, 0xFE6D, 1),
    (0x8235_9132, 0xFE7E, 1),
    (0x8235_9133, 0xFE90, 1),
    (0x8235_9134, 0xFEA0, 1),
    (0x8336_C739, 0xA2E3, 1),
    (0x8336_C830, 0xA8BF, 1),
    (0x8336_C831, 0xA989, 13),
    (0x8336_C934, 0xFE50, 1),
    (0x8336_C935, 0xFE54, 5),
    (0x8336_CA30, 0xFE5A, 7),
    (0x8336_CA37, 0xFE62, 4),
    (0x8336_CB31, 0xFE68, 4),
    (0x8336_CB35, 0xFE6E, 8),
    (0x8336_CC33, 0xFE77, 7),
    (0x8336_CD30, 0xFE80, 16),
    (0x8336_CE36, 0xFE92, 14),
    (0x8431_8236, 0xA6D9, 1),
    (0x8431_8237, 0xA6DB, 1),
    (0x8431_8238, 0xA6DA, 1),
    (0x8431_8239, 0xA6DC, 4),
    (0x8431_8333, 0xA6EC, 2),
    (0x8431_8335, 0xA6F3, 1),
    (0x9532_9031, 0xFE51, 1),
    (0x9532_9033, 0xFE52, 1),
    (0x9532_9730, 0xFE53, 1),
    (0x9536_B937, 0xFE6C, 1),
    (0x9630_BA35, 0xFE76, 1),
    (0x9635_B630, 0xFE91, 1),
];

/// How many bytes the first character of a text has: one, two, or four if a digit follows the lead byte. `None`: the text
/// is empty.
pub(super) const fn character_len(text: &[u8]) -> Option<usize> {
    match *text {
        [] => None,
        [0x81..=0xFE, b'0'..=b'9', ..] => Some(4),
        [0x81..=0xFE, ..] => Some(2),
        _ => Some(1),
    }
}

/// The characters of a text, each as its code; of two codes for one character, the one of two bytes.
pub(super) fn characters(mut text: &[u8]) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let len = character_len(text)?.min(text.len());
        let (first, rest) = text.split_at_checked(len)?;
        text = rest;
        let code = first.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
        Some(if len == 4 { two_bytes(code).unwrap_or(code) } else { code })
    })
}

/// The code of two bytes for a code of four bytes, if the character has both.
fn two_bytes(code: u32) -> Option<u32> {
    let place = place(code)?;
    MOVED.iter().find_map(|&(four, two, count)| {
        let behind = place.checked_sub(self::place(four)?)?;
        (behind < u32::from(count)).then(|| u32::from(two) + behind)
    })
}

/// The place of a code of four bytes in their order: its second and fourth bytes are digits, its third is one of 126.
/// `None`: it is no code.
const fn place(code: u32) -> Option<u32> {
    match code.to_be_bytes() {
        [a @ 0x81..=0xFE, b @ b'0'..=b'9', c @ 0x81..=0xFE, d @ b'0'..=b'9'] => {
            let [a, b, c, d] = [a as u32 - 0x81, b as u32 - 0x30, c as u32 - 0x81, d as u32 - 0x30];
            Some(((a * 10 + b) * 126 + c) * 10 + d)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    fn same(a: &[u8], b: &[u8]) -> bool {
        characters(a).eq(characters(b))
    }

    #[test]
    fn a_moved_character_is_one_in_both_codes() {
        // U+4DAE and U+E863, U+9FB4 or U+E81E, U+20087, U+1E3F or U+E7C7.
        assert!(same(&hex!("FE9F"), &hex!("8336CF39")));
        assert!(same(&hex!("FE59"), &hex!("82359037")));
        assert!(same(&hex!("FE51"), &hex!("95329031")));
        assert!(same(&hex!("A8BC"), &hex!("8135F437")));
        assert!(same(&hex!("CDF5 FE9F 41"), &hex!("CDF5 8336CF39 41")));
        // Neighbours are others.
        assert!(!same(&hex!("FE9F"), &hex!("8336CF38")));
        assert!(!same(&hex!("FEA0"), &hex!("8336D030")));
        assert!(!same(&hex!("FE51"), &hex!("95329032")));
        assert!(!same(&hex!("FE9F FE9F"), &hex!("8336CF39")));
        // No code, though its bytes would count up to one.
        assert!(!same(&hex!("FE9F"), &hex!("8336CE43")));
    }

    /// A run of two-byte codes never crosses 7F, which is none, and no code stands twice.
    #[test]
    fn the_table_is_one_to_one() {
        let mut all = std::vec::Vec::new();
        for (four, two, count) in MOVED {
            for behind in 0..count {
                let code = two + behind;
                assert!(code & 0xFF != 0x7F && code & 0xFF != 0xFF, "{code:04X}");
                all.push((place(four).unwrap() + u32::from(behind), code));
            }
        }
        assert_eq!(all.len(), 106);
        let distinct =
            |key: fn(&(u32, u16)) -> u32| all.iter().map(key).collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!((distinct(|pair| pair.0), distinct(|pair| pair.1.into())), (106, 106));
    }

    #[test]
    fn any_bytes_are_some_characters() {
        for text in [&hex!("FE")[..], &hex!("8336CF"), &hex!("8336"), &hex!("FFFF"), &hex!("00"), &hex!("81 20")] {
            assert!(same(text, text));
            assert!(!same(text, b"A"));
        }
        assert_eq!(characters(&[]).next(), None);
    }
}
