//! Names between UTF-8, which people edit, and GBK, which cards store (docs/card.md §1.2).

use encoding_rs::GB18030;
use thiserror::Error;

use qiyong_protocol::card::codes::Name;
use qiyong_protocol::card::files::Generation;

/// The GBK (GB18030) bytes of `text`; `None` if GBK lacks a character.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, unmappable) = GB18030.encode(text);
    (!unmappable).then(|| bytes.into_owned())
}

/// The text of GBK bytes; `None` if they are not GBK.
pub fn decode(bytes: &[u8]) -> Option<String> {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

/// A name in the bytes that cards store. `None`: GBK lacks a character, a character is a control character, or there
/// are more than 50 bytes.
pub fn name(text: &str) -> Option<Name> {
    if text.chars().any(char::is_control) {
        return None;
    }
    Name::new(&encode(text)?)
}

/// A name as people read it; empty if its bytes are no text.
pub fn name_text(name: &Name) -> String {
    decode(name.as_bytes()).unwrap_or_default()
}

/// A holder's name that a card cannot store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the name {0:?} cannot be stored: it must have 1 to 30 bytes in GBK, or up to 50 on cards with a name extension (v2, v3)"
)]
pub struct HolderError(pub String);

/// A name that fits into the records of a card of this generation.
///
/// # Errors
/// The name has characters outside GBK, or too many.
pub fn holder(text: &str, generation: Generation) -> Result<Name, HolderError> {
    name(text)
        .filter(|name| name.to_records(generation.has_name_extension()).is_some())
        .ok_or_else(|| HolderError(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The private code points of GBK days and the own ones since GB 18030-2000 (䶮), -2005 (ḿ) and -2022 (龴, ︐), the
    /// second of those that have four bytes only (𠂇), and neighbours that never moved.
    #[test]
    fn a_moved_character_makes_no_other_name() {
        for (private, own) in [
            ('\u{E863}', '䶮'),
            ('\u{E815}', '\u{2E81}'),
            ('\u{E862}', '䴙'),
            ('\u{E7C7}', 'ḿ'),
            ('\u{E7C8}', 'ǹ'),
            ('\u{E81E}', '\u{9FB4}'),
            ('\u{E864}', '\u{9FBB}'),
            ('\u{E78D}', '\u{FE10}'),
            ('\u{E78F}', '\u{FE11}'),
            ('\u{E816}', '\u{20087}'),
            ('\u{E855}', '\u{241FE}'),
        ] {
            let name_with = |character| name(&format!("王{character}")).unwrap();
            assert_eq!(name_with(private), name_with(own), "{:04X}", private as u32);
            assert_ne!(name_with(private), name("王").unwrap());
        }
        for (one, other) in [('䶮', '䴙'), ('\u{E863}', '\u{E862}'), ('\u{E000}', '\u{E001}'), ('张', '章')] {
            assert_ne!(name(&one.to_string()), name(&other.to_string()), "{one} {other}");
        }
    }
}
