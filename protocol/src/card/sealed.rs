//! A PIN enciphered for a card: RELOAD PIN and PIN UNBLOCK under secure messaging (docs/card.md §1.6, docs/driver.md §D). Keys and
//! MACs are those of [`super::keys`].
//!
//! One block under the card's own key PUK: the number of packed bytes, the packed digits, 80, and zeros (the rule of PBOC cards,
//! recalled). So a block of 3DES has room for a PIN of 12 digits, and the interfaces that use it for 8.

use des::TdesEde2;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use heapless::Vec;
use sm4::Sm4;
use zeroize::{Zeroize, Zeroizing};

use super::keys::{Algorithm, Key};
use super::pin::Pin;

/// The most digits of a PIN that is sent so: callers' security modules take no more (docs/driver.md §A.3).
pub const DIGITS_MAX: usize = 8;

/// A block: 8 bytes for 3DES, 16 for SM4.
pub type Block = Zeroizing<Vec<u8, 16>>;

impl Algorithm {
    /// Bytes of a block.
    pub const fn block(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Sm4 => 16,
        }
    }
}

/// Enciphers one block in place; `false`: it is no block of this key's algorithm.
pub fn encipher(key: &Key, block: &mut [u8]) -> bool {
    match key.algorithm() {
        Algorithm::TripleDes => {
            let Ok(block) = <&mut [u8; 8]>::try_from(block) else { return false };
            TdesEde2::new(key.expose().into()).encrypt_block(block.into());
        }
        Algorithm::Sm4 => {
            let Ok(block) = <&mut [u8; 16]>::try_from(block) else { return false };
            Sm4::new(key.expose().into()).encrypt_block(block.into());
        }
    }
    true
}

/// Deciphers one block in place; `false`: it is no block of this key's algorithm.
pub fn decipher(key: &Key, block: &mut [u8]) -> bool {
    match key.algorithm() {
        Algorithm::TripleDes => {
            let Ok(block) = <&mut [u8; 8]>::try_from(block) else { return false };
            TdesEde2::new(key.expose().into()).decrypt_block(block.into());
        }
        Algorithm::Sm4 => {
            let Ok(block) = <&mut [u8; 16]>::try_from(block) else { return false };
            Sm4::new(key.expose().into()).decrypt_block(block.into());
        }
    }
    true
}

/// The block of a PIN before it is enciphered; `None`: the PIN has more than [`DIGITS_MAX`] digits.
pub fn pin_block(algorithm: Algorithm, pin: &Pin) -> Option<Block> {
    let packed = pin.card_block();
    let packed = Some(packed.as_bytes()).filter(|packed| packed.len() <= DIGITS_MAX / 2)?;
    let mut block = Zeroizing::new(Vec::new());
    block.push(packed.len() as u8).ok()?;
    block.extend_from_slice(packed).ok()?;
    block.push(0x80).ok()?;
    block.resize(algorithm.block(), 0).ok()?;
    Some(block)
}

/// The PIN in a block that the card has got; `None`: the key was another, or it is none.
pub fn open_pin(puk: &Key, sealed: &[u8]) -> Option<Pin> {
    let mut block: Block = Zeroizing::new(Vec::from_slice(sealed).ok()?);
    if !decipher(puk, &mut block) {
        return None;
    }
    let (length, rest) = block.split_first()?;
    let packed = rest.get(..usize::from(*length)).filter(|packed| packed.len() <= DIGITS_MAX / 2)?;
    let (end, zeros) = rest.get(packed.len()..)?.split_first()?;
    if *end != 0x80 || zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    Pin::from_card_block(packed)
}

impl Pin {
    /// From packed digits, as [`Pin::card_block`] makes them.
    pub fn from_card_block(packed: &[u8]) -> Option<Self> {
        let mut digits: Vec<u8, 16> = Vec::new();
        for byte in packed {
            digits.push((byte >> 4) + b'0').ok()?;
            digits.push((byte & 0x0F) + b'0').ok()?;
        }
        // Only the last one may be the filler.
        if digits.last() == Some(&(0x0F + b'0')) {
            digits.pop();
        }
        let pin = Self::new(&digits);
        digits.zeroize();
        pin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    const KEY: [u8; 16] = hex!("0123456789ABCDEFFEDCBA9876543210");

    /// docs/card.md §4.5.
    #[test]
    fn blocks_come_back_and_the_published_one_is_right() {
        let mut block = KEY;
        assert!(encipher(&Key::new(Algorithm::Sm4, KEY), &mut block));
        assert_eq!(block, hex!("681EDF34D206965E86B3E94F536E4246"));
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
            let key = Key::new(algorithm, KEY);
            let mut bytes = [7; 16];
            let block = &mut bytes[..algorithm.block()];
            assert!(encipher(&key, block) && block != &[7; 16][..algorithm.block()]);
            assert!(decipher(&key, block));
            assert_eq!(block, &[7; 16][..algorithm.block()]);
            assert!(!encipher(&key, &mut [0; 9]) && !decipher(&key, &mut [0; 9]));
        }
    }

    /// docs/card.md §1.6.
    #[test]
    fn a_pin_comes_back_and_a_block_of_another_form_is_none() {
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
            let key = Key::new(algorithm, KEY);
            for digits in [&b"1234"[..], b"271828", b"3141592", b"31415926"] {
                let pin = Pin::new(digits).unwrap();
                let mut block = pin_block(algorithm, &pin).unwrap();
                assert!(encipher(&key, &mut block));
                assert!(open_pin(&key, &block) == Some(pin));
                assert!(open_pin(&Key::new(algorithm, [9; 16]), &block).is_none());
            }
            assert!(pin_block(algorithm, &Pin::new(b"123456789").unwrap()).is_none());
            for bad in [
                [0; 16],
                [0xFF; 16],
                hex!("03123456800000010000000000000000"),
                hex!("0312345A800000000000000000000000"),
            ] {
                let mut block = bad;
                let block = &mut block[..algorithm.block()];
                assert!(encipher(&key, block) && open_pin(&key, block).is_none());
            }
        }
    }
}
