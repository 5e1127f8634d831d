//! Bytes that have a meaning of their own in T=0.

use crate::iso7816::apdu::SHORT_NE_MAX;

/// INS of GET RESPONSE (ISO/IEC 7816-4), which T=0 uses to fetch the response data of a case 4 command.
pub const GET_RESPONSE: u8 = 0xC0;

/// INS of ENVELOPE (ISO/IEC 7816-4), in which T=0 carries APDUs with extended lengths.
pub const ENVELOPE: u8 = 0xC2;

/// The NULL procedure byte: "wait, I am still working" (clause 10.3.3).
pub const NULL: u8 = 0x60;

/// The class in which GET RESPONSE and ENVELOPE serve a command of class `cla`: the command's own, on its logical
/// channel, without secure messaging and chaining (ISO/IEC 7816-4 clauses 5.4.1 and 7.6.1).
pub(super) const fn serving_class(cla: u8) -> u8 {
    match cla >> 4 {
        // First interindustry class: channels 0 to 3. Class 8X has the same bits; EMV and PBOC serve it in class 0X.
        0x0 | 0x1 | 0x8 => cla & 0x03,
        // Further interindustry class: channels 4 to 19.
        0x4..=0x7 => cla & 0x4F,
        // Reserved and proprietary: only the card knows what the bits mean.
        _ => cla,
    }
}

/// Whether `byte` is the first of a status word: 6x except NULL, or 9x (clause 10.3.3). Such a value is no valid INS
/// either.
pub(super) const fn is_sw1(byte: u8) -> bool {
    is_6x_or_9x(byte) && byte != NULL
}

/// Whether `byte` is 6x or 9x.
#[inline]
pub(super) const fn is_6x_or_9x(byte: u8) -> bool {
    // 6x becomes 1x, 9x becomes 0x, and every other byte becomes 2x or more.
    (byte ^ 0x60).wrapping_add(0x10) & 0xE0 == 0
}

/// Le and the second byte of 61xx and 6Cxx: 00 stands for 256 (clause 12.2.2).
pub(super) const fn length_of(byte: u8) -> usize {
    if byte == 0 { SHORT_NE_MAX } else { byte as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_6x_and_9x_are_told_from_other_bytes() {
        assert!((0..=255).all(|byte| is_6x_or_9x(byte) == matches!(byte & 0xF0, 0x60 | 0x90)));
    }
}
