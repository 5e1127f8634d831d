//! The CRC of ISO/IEC 13239, with which T=1 blocks and the frames of the serial line end.
//!
//! In catalogues it is CRC-16/IBM-SDLC, X-25, or the CRC_B of ISO/IEC 14443-3: polynomial x^16 + x^12 + x^5 + 1, each byte
//! least significant bit first, complemented at the end. How its two bytes are sent is for those that send them. The CRC-32 of
//! stored records is another one, given by their format, and stays with it.

use crc::{CRC_16_IBM_SDLC, Crc, NoTable};

/// No table: half a kilobyte of flash is worth more than the time, at the speed of a serial or a card line.
static CRC: Crc<u16, NoTable> = Crc::<u16, NoTable>::new(&CRC_16_IBM_SDLC);

/// The register before the first byte.
pub(crate) const START: u16 = 0xFFFF;
/// The register after any bytes and their CRC, low byte first: the bytes came without error.
pub(crate) const RESIDUE: u16 = CRC_16_IBM_SDLC.residue;

/// The register after further bytes.
pub(crate) const fn update(register: u16, bytes: &[u8]) -> u16 {
    // The crate takes what to begin with in the order of the polynomial's bits, and works in the order of the line's.
    let mut digest = CRC.digest_with_initial(register.reverse_bits());
    digest.update(bytes);
    value(digest.finalize())
}

/// The CRC that a register stands for, and the other way round.
pub(crate) const fn value(register: u16) -> u16 {
    !register
}

/// The CRC of these bytes.
pub(crate) const fn of(bytes: &[u8]) -> u16 {
    value(update(START, bytes))
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

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
    fn it_grows_with_the_bytes_however_they_come() {
        let bytes = hex!("0A123456 2CF6");
        for cut in 0..=bytes.len() {
            assert_eq!(update(update(START, &bytes[..cut]), &bytes[cut..]), RESIDUE);
        }
    }
}
