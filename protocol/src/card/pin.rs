//! The holder's PIN: how it is keyed, sent to the card, and sent to the centre.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The fewest digits of a PIN (docs/card.md §1.6).
pub const PIN_MIN: usize = 4;
/// The most digits of a PIN: eight packed bytes.
pub const PIN_MAX: usize = 16;

/// A PIN of 4 to 16 digits. Erased from memory when dropped; prints `***`; compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Pin {
    /// Digits 0 to 9; 0F in the unused places.
    digits: [u8; PIN_MAX],
    len: u8,
}

/// Packed digits on their way to the card or centre. Erased from memory when dropped; prints `***`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PinBlock {
    bytes: [u8; 8],
    len: u8,
}

impl Pin {
    /// From 4 to 16 ASCII digits; `None` for anything else.
    pub fn new(ascii: &[u8]) -> Option<Self> {
        if !(PIN_MIN..=PIN_MAX).contains(&ascii.len()) || !ascii.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut digits = [0x0F; PIN_MAX];
        digits.iter_mut().zip(ascii).for_each(|(to, from)| *to = from - b'0');
        Some(Self { digits, len: ascii.len() as u8 })
    }

    /// Two digits a byte, an odd last digit filled with F: the data of VERIFY (docs/card.md §1.6).
    pub fn card_block(&self) -> PinBlock {
        let mut block = PinBlock { bytes: [0xFF; 8], len: self.len.div_ceil(2) };
        pack(&self.digits, &mut block.bytes);
        block
    }

    /// ISO 9564-1 format 0 (ANSI X9.8), before encryption: length and digits, xored with the rightmost twelve digits of
    /// the account number without its check digit (docs/card.md §5.5). `None` for a PIN over twelve digits or an
    /// account number that is not 13 to 19 ASCII digits.
    pub fn centre_block(&self, account_number: &[u8]) -> Option<PinBlock> {
        let (_check, digits) = account_number.split_last()?;
        let digits = digits.get(digits.len().checked_sub(12)?..)?;
        if self.len > 12 || account_number.len() > 19 || !account_number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut nibbles = [0x0F; 16];
        let [format, length, rest @ ..] = &mut nibbles;
        (*format, *length) = (0, self.len);
        rest.iter_mut().zip(&self.digits).for_each(|(to, from)| *to = *from);
        nibbles.iter_mut().skip(4).zip(digits).for_each(|(nibble, digit)| *nibble ^= digit - b'0');
        let mut block = PinBlock { bytes: [0; 8], len: 8 };
        pack(&nibbles, &mut block.bytes);
        nibbles.zeroize();
        Some(block)
    }

    /// Whether this is one of the initial PINs that regions hand out (docs/card.md §2.2): 123456, 000000, 111111, or
    /// the last six characters of the ID number or card number. A holder may not choose such a PIN (a reader's driver
    /// answers -36).
    pub fn is_commonly_initial(&self, id_number: &[u8], card_number: &[u8]) -> bool {
        let last_six = |text: &[u8]| text.len().saturating_sub(6);
        let id_number = id_number.get(last_six(id_number)..).unwrap_or_default();
        let card_number = card_number.get(last_six(card_number)..).unwrap_or_default();
        let all: [&[u8]; 5] = [b"123456", b"000000", b"111111", id_number, card_number];
        all.into_iter().any(|initial| Self::new(initial).is_some_and(|initial| initial == *self))
    }
}

impl PinBlock {
    /// The packed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

fn pack(nibbles: &[u8; 16], bytes: &mut [u8; 8]) {
    for (byte, pair) in bytes.iter_mut().zip(nibbles.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, nibble| byte << 4 | nibble);
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        (self.digits.ct_eq(&other.digits) & self.len.ct_eq(&other.len)).into()
    }
}

impl Eq for Pin {}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for PinBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use std::format;

    /// docs/card.md §1.6.
    #[test]
    fn verify_data_of_section_1_6() {
        assert_eq!(Pin::new(b"123456").unwrap().card_block().as_bytes(), hex!("123456"));
        assert_eq!(Pin::new(b"12345").unwrap().card_block().as_bytes(), hex!("12345F"));
    }

    /// docs/card.md §5.5.
    #[test]
    fn format_0_block_as_iso_9564_builds_it() {
        // 041234FFFFFFFFFF xor 0000 and the digits 123456789012 of account number 5432 1 123456789012 + check 3.
        let block = Pin::new(b"1234").unwrap().centre_block(b"5432112345678901 23".as_slice());
        assert!(block.is_none(), "a space is no digit");
        let block = Pin::new(b"1234").unwrap().centre_block(b"43219876543210987").unwrap();
        // The twelve digits before the check digit 7 are 987654321098.
        assert_eq!(
            block.as_bytes(),
            hex!("041234FFFFFFFFFF")
                .iter()
                .zip(hex!("0000987654321098"))
                .map(|(a, b)| a ^ b)
                .collect::<std::vec::Vec<_>>()
        );
        assert!(Pin::new(b"1234567890123").unwrap().centre_block(b"43219876543210987").is_none());
        assert!(Pin::new(b"1234").unwrap().centre_block(b"123456789012").is_none());
    }

    #[test]
    fn pins_never_print_and_wrong_ones_are_none() {
        let pin = Pin::new(b"271828").unwrap();
        assert_eq!(format!("{pin:?} {:?}", pin.card_block()), "*** ***");
        for bad in [&b"123"[..], b"12345678901234567", b"12a456", b""] {
            assert!(Pin::new(bad).is_none());
        }
    }

    /// docs/card.md §2.2.
    #[test]
    fn initial_pins_are_recognised() {
        let initial = |pin: &[u8]| Pin::new(pin).unwrap().is_commonly_initial(b"111111198101011110", b"X00000019");
        assert!(initial(b"123456") && initial(b"011110") && initial(b"000019"));
        assert!(!initial(b"271828") && !initial(b"1234567"));
    }
}
