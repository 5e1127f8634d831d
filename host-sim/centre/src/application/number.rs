//! The number of an application: region 6, day 8, serial 6, check digit 1 (docs/centre.md §6.5.9, §11). No source gives a
//! format, so this one is the project's own.

use iso_7064::MOD11_10;
use jiff::civil::Date;

/// An application's number, 21 digits; the last is the check digit of ISO/IEC 7064 MOD 11,10, which finds every wrong digit
/// and nearly every two that change places.
///
/// `None`: the serial number of the day is over 999 999, or the region is not six digits.
pub fn compose(region: &str, day: Date, serial: i64) -> Option<String> {
    let digits = region.len() == 6 && region.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(1..=999_999).contains(&serial) {
        return None;
    }
    let body = format!("{region}{}{serial:06}", day.strftime("%Y%m%d"));
    let [check] = MOD11_10.compute(&body).ok()?;
    Some(format!("{body}{check}"))
}

/// Whether a text is the number of an application: 21 digits of which the last is right.
pub fn is_number(text: &str) -> bool {
    text.len() == 21 && MOD11_10.verify(text).unwrap_or(false)
}
