//! Names in the code of cards: GB 18030, of which GBK is a part.

use encoding_rs::GB18030;

/// The bytes of a text; `None` if it has a character that the code lacks.
pub(crate) fn gb18030(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, unknown) = GB18030.encode(text);
    (!unknown).then(|| bytes.into_owned())
}

/// The text of bytes; what is none becomes U+FFFD.
pub(crate) fn from_gb18030(bytes: &[u8]) -> String {
    GB18030.decode_without_bom_handling(bytes).0.into_owned()
}
