//! Bytes in hex, as people type or paste them.

/// What a text of hex digits may contain, for the text of an error.
pub const ALLOWED: &str =
    "allowed are pairs of hex digits, and between them spaces, line breaks, ':', '-', ',' and '0x'";

/// Why a text is not bytes. Positions count characters, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// A byte has only one digit.
    #[error("the digit '{digit}' at position {position} stands alone: a byte has two hex digits; {ALLOWED}")]
    Alone {
        /// The digit.
        digit: char,
        /// Where it stands.
        position: usize,
    },
    /// A character is neither digit nor separator.
    #[error("the character {character:?} at position {position} is no hex digit; {ALLOWED}")]
    NotHex {
        /// The character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// There is not one byte.
    #[error("there are no bytes in the input; {ALLOWED}")]
    Empty,
}

impl HexError {
    /// The same error without a character of the text, because the text may contain a secret.
    #[must_use]
    pub fn without_text(self) -> String {
        match self {
            Self::Alone { position, .. } => format!("the digit at position {position} stands alone; {ALLOWED}"),
            Self::NotHex { position, .. } => format!("the character at position {position} is no hex digit; {ALLOWED}"),
            Self::Empty => self.to_string(),
        }
    }
}

/// The bytes of a text that people type or paste: pairs of hex digits, upper or lower case. Between bytes there may be
/// white space, `:`, `-`, `,` and `0x`.
///
/// # Errors
/// At the first wrong character, or if there is no byte.
pub fn parse_hex(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::new();
    let mut first_digit: Option<(usize, char)> = None;
    for (position, character) in (1..).zip(text.chars()) {
        match (character.to_digit(16), first_digit) {
            (Some(low), Some((_, high))) => {
                let high = high.to_digit(16).unwrap_or_default();
                bytes.push((high << 4 | low) as u8);
                first_digit = None;
            }
            (Some(_), None) => first_digit = Some((position, character)),
            // The 0 of "0x" was taken for the first digit of a byte.
            (None, Some((_, '0'))) if matches!(character, 'x' | 'X') => first_digit = None,
            (None, Some((position, digit))) if is_separator(character) => {
                return Err(HexError::Alone { digit, position });
            }
            (None, None) if is_separator(character) => {}
            (None, _) => return Err(HexError::NotHex { character, position }),
        }
    }
    match first_digit {
        Some((position, digit)) => Err(HexError::Alone { digit, position }),
        None if bytes.is_empty() => Err(HexError::Empty),
        None => Ok(bytes),
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ':' | '-' | ',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_paste_is_read() {
        for paste in [
            "3B6D0000",
            "3b 6d 00 00",
            " 3B:6D:00:00\n",
            "3b-6d-00-00",
            "0x3B, 0x6D, 0x00, 0x00",
            "0x3B6D0000",
            "3B 6D\r\n\t00 00\n",
            "0X3B0X6D0x000x00",
        ] {
            assert_eq!(parse_hex(paste), Ok(vec![0x3B, 0x6D, 0, 0]), "{paste:?}");
        }
    }

    #[test]
    fn what_is_no_hex_is_named_with_its_position() {
        for (paste, says) in [
            ("3B 6G", "'G' at position 5"),
            ("3B;6D", "';' at position 3"),
            ("3B x6D", "'x' at position 4"),
            ("３B", "'３' at position 1"),
            ("3B 6", "'6' at position 4 stands alone"),
            ("3B 6 D0", "'6' at position 4 stands alone"),
            ("3B6", "'6' at position 3 stands alone"),
            ("", "no bytes"),
            (" 0x \n", "no bytes"),
        ] {
            let error = parse_hex(paste).unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("allowed are"), "{paste:?}: {error}");
        }
    }
}
