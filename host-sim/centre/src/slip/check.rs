//! The characters by which a slip, its number and its payment code are checked (docs/centre.md §6.5.11). The published
//! layouts give their lengths and no algorithm, so the algorithms are **this project's own** (docs/centre.md §11):
//!
//! | what | how | what it finds |
//! |---|---|---|
//! | number check, 5 digits | the number modulo 99,991, a prime | every wrong digit, and every exchange of two digits, wherever they stand; of all other errors, all but one in 99,991 |
//! | whole-slip check, 5 digits | the centre's keyed hash over all fields, modulo 100,000 | any change, all but one in 100,000; only the centre can make it |
//! | payment code, its last character | ISO/IEC 7064 MOD 37-2, in lower case | every wrong character, and every exchange of two that differ |
//!
//! The number check guards against errors of people who key the number in, and is no secret. The whole-slip check guards
//! against a slip that somebody has altered or drawn.

use iso_7064::MOD37_2;

use qiyong_protocol::card::codes::Region;

/// The largest prime of five digits.
const NUMBER_MODULUS: u64 = 99_991;
const WHOLE_MODULUS: u64 = 100_000;

/// The most slips of an area in a year.
pub const SERIAL_MAX: u64 = 99_999_999;

/// The number of a slip: the area's 6 digits, the year's 4, and 8 of a serial number from 1 in this year. `None`: the year or the
/// serial number has more digits.
pub fn number(area: Region, year: i16, serial: u64) -> Option<String> {
    let in_range = (2000..=9999).contains(&year) && (1..=SERIAL_MAX).contains(&serial);
    in_range.then(|| format!("{area}{year:04}{serial:08}"))
}

/// The number check of a slip's number; `None`: it is not 18 digits.
pub fn number_check(number: &str) -> Option<String> {
    let digits = number.len() == 18 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| digits)?;
    Some(format!("{:05}", number % NUMBER_MODULUS))
}

/// The whole-slip check, from the centre's keyed hash over [`super::Slip::canonical`].
pub fn whole_check(keyed_hash: &[u8; 32]) -> String {
    let [a, b, c, d, e, f, g, h, ..] = *keyed_hash;
    format!("{:05}", u64::from_be_bytes([a, b, c, d, e, f, g, h]) % WHOLE_MODULUS)
}

/// The payment code: area 6, year 2, serial number 10, a character that is `0` or `1`, and the check character. `None`: the serial
/// number has more digits.
///
/// MOD 37-2 has 37 check characters, and the code has 36: where `*` would be due, the character before it is `1`.
pub fn payment_code(area: Region, year: i16, serial: u64) -> Option<String> {
    let year = year.rem_euclid(100);
    let stem = (serial <= 9_999_999_999).then(|| format!("{area}{year:02}{serial:010}"))?;
    ["0", "1"].into_iter().find_map(|variant| {
        let body = format!("{stem}{variant}");
        let [check] = MOD37_2.compute(&body).ok()?;
        (check != '*').then(|| format!("{body}{}", check.to_ascii_lowercase()))
    })
}

/// Whether this can be a payment code: 20 characters 0-9 a-z, the last of which is the check character.
pub fn is_payment_code(code: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    code.len() == 20 && code.bytes().all(allowed) && MOD37_2.verify(&code.to_ascii_uppercase()).unwrap_or(false)
}
