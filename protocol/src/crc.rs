//! The CRC of ISO/IEC 13239, with which T=1 blocks and the frames of the serial line end.
//!
//! Catalogues call it CRC-16/IBM-SDLC, X-25, or the CRC_B of ISO/IEC 14443-3: polynomial x^16 + x^12 + x^5 + 1, each
//! byte least significant bit first, complemented at the end. The senders decide how its two bytes are sent. The CRC-32
//! of stored records is another one: the record format demands it and keeps it.
//!
//! The `crc` crate is used only by the tests, for comparison. Without a table, its step takes three times as long for a
//! block of T=1 (18,700 instructions instead of 6,100 for 254 bytes) and 40 bytes more on the target. Its size also
//! changes how the rest is compiled: a block with an LRC then takes 6 % longer, character by character.

/// The register before the first byte.
pub(crate) const START: u16 = 0xFFFF;
/// The register after any bytes and their CRC, low byte first, if all came without error.
pub(crate) const RESIDUE: u16 = 0xF0B8;

/// The register after one more byte.
pub(crate) const fn step(register: u16, byte: u8) -> u16 {
    // The eight shifts of the register at once, for this polynomial.
    let low = byte ^ register as u8;
    let low = (low ^ low << 4) as u16;
    register >> 8 ^ low << 8 ^ low << 3 ^ low >> 4
}

/// The CRC that a register stands for; the same function turns a CRC into the register.
pub(crate) const fn value(register: u16) -> u16 {
    !register
}

/// The CRC of these bytes.
pub(crate) fn of(bytes: &[u8]) -> u16 {
    value(bytes.iter().fold(START, |register, byte| step(register, *byte)))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use hex_literal::hex;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_that_of_published_examples() {
        // The catalogue's check value, and the examples of ISO/IEC 14443-3 annex B.
        assert_eq!(of(b"123456789"), 0x906E);
        assert_eq!(of(&hex!("000000")).to_le_bytes(), hex!("CCC6"));
        assert_eq!(of(&hex!("0FAAFF")).to_le_bytes(), hex!("FCD1"));
        assert_eq!(of(&hex!("0A123456")).to_le_bytes(), hex!("2CF6"));
    }

    #[test]
    fn bytes_and_their_crc_leave_the_residue() {
        assert_eq!(!of(&hex!("0A123456 2CF6")), RESIDUE);
        assert_eq!(RESIDUE, crc::CRC_16_IBM_SDLC.residue);
    }

    proptest! {
        #[test]
        fn it_is_that_of_the_crate(bytes: Vec<u8>) {
            prop_assert_eq!(of(&bytes), crc::Crc::<u16>::new(&crc::CRC_16_IBM_SDLC).checksum(&bytes));
        }
    }
}
