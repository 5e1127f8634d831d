//! Random numbers out of the bits of a noise source: CTR_DRBG of NIST SP 800-90A (revision 1, section 10.2.1) with its derivation
//! function (10.3.2), by which bits that have only a part of their entropy each become a key. The block cipher is SM4, which that standard
//! does not list; it is the one of 128 bits that the image has a crate for, and the terminal's own country's.
//!
//! Where the bits come from, and whether they are fit, is for [`entropy`](crate::entropy).

use core::marker::PhantomData;

use sm4::Sm4;
use sm4::cipher::{BlockCipherEncrypt, KeyInit};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of a block, and of a key.
const BLOCK: usize = 16;
/// What a state is made of: a key and a block.
const SEED: usize = 2 * BLOCK;
/// The most bytes that are given out under one key (10.2.1, table 3).
const REQUEST_MAX: usize = 1 << 16;

/// Bytes of a source for a new generator: 128 bits of entropy and 64 for a nonce (8.6.7), and some more.
pub const BEGINS: usize = 256 / 8 * crate::entropy::BITS_EACH;
/// Bytes of a source for a generator that goes on: 128 bits of entropy.
pub const GOES_ON: usize = 128 / 8 * crate::entropy::BITS_EACH;

/// A block cipher with keys and blocks of 128 bits.
pub trait Cipher {
    /// With this key.
    fn new(key: &[u8; BLOCK]) -> Self;

    /// Enciphers a block.
    fn encipher(&self, block: &mut [u8; BLOCK]);
}

impl Cipher for Sm4 {
    fn new(key: &[u8; BLOCK]) -> Self {
        KeyInit::new(key.into())
    }

    fn encipher(&self, block: &mut [u8; BLOCK]) {
        self.encrypt_block(block.into());
    }
}

/// A generator. It is wiped when it is dropped.
#[allow(missing_debug_implementations, reason = "all of it is secret")]
pub struct Drbg<C = Sm4> {
    key: [u8; BLOCK],
    value: u128,
    cipher: PhantomData<C>,
}

impl<C> Drop for Drbg<C> {
    fn drop(&mut self) {
        self.key.zeroize();
        self.value.zeroize();
    }
}

impl<C> ZeroizeOnDrop for Drbg<C> {}

impl<C: Cipher> Drbg<C> {
    /// A generator that begins with these bits of a source.
    pub fn new(bits: &[u8]) -> Self {
        let mut generator = Self { key: [0; BLOCK], value: 0, cipher: PhantomData };
        generator.take(bits);
        generator
    }

    /// Takes fresh bits of a source: whoever knew the state before does not know the next one.
    pub fn take(&mut self, bits: &[u8]) {
        let seed = derived::<C>(bits);
        self.change(&seed);
    }

    /// Gives random bytes. Whoever learns the state afterwards does not know them.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for request in bytes.chunks_mut(REQUEST_MAX) {
            let cipher = C::new(&self.key);
            for chunk in request.chunks_mut(BLOCK) {
                let block = self.next(&cipher);
                chunk.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
            }
            self.change(&[0; SEED]);
        }
    }

    fn next(&mut self, cipher: &C) -> Zeroizing<[u8; BLOCK]> {
        self.value = self.value.wrapping_add(1);
        let mut block = Zeroizing::new(self.value.to_be_bytes());
        cipher.encipher(&mut block);
        block
    }

    /// 10.2.1.2.
    fn change(&mut self, seed: &[u8; SEED]) {
        let cipher = C::new(&self.key);
        let (mut key, mut value) = (self.next(&cipher), self.next(&cipher));
        let places = key.iter_mut().chain(value.iter_mut());
        places.zip(seed).for_each(|(place, byte)| *place ^= byte);
        (self.key, self.value) = (*key, u128::from_be_bytes(*value));
    }
}

/// 10.3.2: the bits pressed into those of a state. Their number is part of it.
fn derived<C: Cipher>(bits: &[u8]) -> Zeroizing<[u8; SEED]> {
    let cipher = C::new(&core::array::from_fn(|at| at as u8));
    let chained = |number: u32| {
        let mut chain = Zeroizing::new([0; BLOCK]);
        let counts = [number, 0, 0, 0, bits.len() as u32, SEED as u32];
        let all = counts.iter().flat_map(|count| count.to_be_bytes()).chain(bits.iter().copied()).chain([0x80]);
        let mut filled = 0;
        for byte in all {
            if let Some(place) = chain.get_mut(filled) {
                *place ^= byte;
            }
            filled += 1;
            if filled == BLOCK {
                cipher.encipher(&mut chain);
                filled = 0;
            }
        }
        if filled > 0 {
            cipher.encipher(&mut chain);
        }
        chain
    };
    let (key, mut block) = (chained(0), chained(1));
    let cipher = C::new(&key);
    let mut seed = Zeroizing::new([0; SEED]);
    for half in seed.chunks_mut(BLOCK) {
        cipher.encipher(&mut block);
        half.copy_from_slice(&*block);
    }
    seed
}

#[cfg(test)]
mod tests;
