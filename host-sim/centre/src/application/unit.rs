//! The code of an employer: 统一社会信用代码 of GB 32100, 18 characters of which the last is a check character.

/// The characters in the order of their values: digits and capital letters without I, O, S, V, Z.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Whether a text is a code of GB 32100: its characters, and its check character.
pub fn is_code(text: &str) -> bool {
    let Some((body, check)) = text.split_at_checked(17) else { return false };
    check_character(body).is_some_and(|right| check.as_bytes() == [right])
}

/// The check character after 17 characters: weights are the powers of 3 modulo 31. `None`: not seventeen of the
/// characters.
pub fn check_character(body: &str) -> Option<u8> {
    if body.len() != 17 {
        return None;
    }
    let mut weight = 1;
    let mut sum = 0;
    for byte in body.bytes() {
        sum += CHARACTERS.iter().position(|known| *known == byte)? * weight;
        weight = weight * 3 % 31;
    }
    CHARACTERS.get((31 - sum % 31) % 31).copied()
}
