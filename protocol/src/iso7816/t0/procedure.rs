//! Bytes that have a meaning of their own in T=0.

use crate::iso7816::apdu::SHORT_NE_MAX;

/// INS of GET RESPONSE (ISO/IEC 7816-4), which T=0 uses to fetch the response data of a case 4 command.
pub const GET_RESPONSE: u8 = 0xC0;

/// INS of ENVELOPE (ISO/IEC 7816-4), in which T=0 carries APDUs with extended lengths.
pub const ENVELOPE: u8 = 0xC2;

/// The NULL procedure byte: "wait, I am still working" (clause 10.3.3).
pub const NULL: u8 = 0x60;

/// Whether `byte` is the first of a status word: 6x except NULL, or 9x (clause 10.3.3). Such a value is no valid INS
/// either.
pub(super) const fn is_sw1(byte: u8) -> bool {
    matches!(byte & 0xF0, 0x60 | 0x90) && byte != NULL
}

/// Le and the second byte of 61xx and 6Cxx: 00 stands for 256 (clause 12.2.2).
pub(super) const fn length_of(byte: u8) -> usize {
    if byte == 0 { SHORT_NE_MAX } else { byte as usize }
}
