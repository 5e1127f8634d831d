//! Names between UTF-8, which people edit, and GBK, which cards store (docs/card.md §1.2).

use encoding_rs::GB18030;

/// The GBK (GB18030) bytes of `text`, or `None` when a character has none.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, unmappable) = GB18030.encode(text);
    (!unmappable).then(|| bytes.into_owned())
}

/// The text of GBK bytes, or `None` when they are not GBK.
pub fn decode(bytes: &[u8]) -> Option<String> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}
