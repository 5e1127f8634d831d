//! The maker's transport key, under which a terminal is given its first master key (docs/centre.md §18). Whoever builds an image to
//! sell sets `QIYONG_TRANSPORT_KEY` to 32 hex digits for the build; without it the image has the published test key.

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::ecr::TEST_TRANSPORT_KEY;

static OWN: Option<X919> = match option_env!("QIYONG_TRANSPORT_KEY") {
    Some(digits) => Some(X919::new(bytes(digits.as_bytes()))),
    None => None,
};

/// The key of this image.
pub fn key() -> &'static X919 {
    OWN.as_ref().unwrap_or(&TEST_TRANSPORT_KEY)
}

/// For the compiler alone, which stops where these are no 32 digits.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn bytes(digits: &[u8]) -> [u8; 16] {
    assert!(digits.len() == 32, "QIYONG_TRANSPORT_KEY must have 32 hex digits");
    let (mut key, mut at) = ([0; 16], 0);
    while at < 32 {
        key[at / 2] = key[at / 2] << 4 | digit(digits[at]);
        at += 1;
    }
    key
}

#[allow(clippy::panic, reason = "evaluated by the compiler")]
const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'A'..=b'F' => character - b'A' + 10,
        b'a'..=b'f' => character - b'a' + 10,
        _ => panic!("QIYONG_TRANSPORT_KEY must have hex digits alone"),
    }
}
