//! F64: the message authentication codes of docs/card.md §5.4, over everything from the MTI to the field before F64.
//!
//! | Rule | How | Marks |
//! |---|---|---|
//! | ECB with DES or 3DES | blocks of 8 are xored; the 16 hex digits of that are encrypted in two steps | confirmed, UnionPay |
//! | ECB with SM4 | the same with blocks of 16 | confirmed for one bank |
//! | ANSI X9.19 | CBC-MAC with DES, the last block with 3DES (ISO/IEC 9797-1 algorithm 3) | confirmed |
//!
//! Each rule pads with zeros and sends the first four bytes of its result as eight hex digits. The xor makes ECB weak:
//! the same change in two bytes one block apart is not detected. So our own messages use X9.19
//! ([`super::super::message`]).
//!
//! What a MAC covers may begin with bytes that the message does not have: the F64 of the request, in an answer, which then
//! belongs to no other request.

use core::fmt;

use des::cipher::{BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use sm4::Sm4;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A key for F64, with its rule. A program has the code of only those rules for which it makes keys.
pub trait MacKey: fmt::Debug {
    /// The MAC of a message; `authenticated` are its bytes from the MTI to the end of the last field before F64.
    fn mac(&self, authenticated: &[u8]) -> Mac {
        self.mac_after(&[], authenticated)
    }

    /// The same of a message that belongs to what is `before` it: the MAC of both, one after the other.
    fn mac_after(&self, before: &[u8], authenticated: &[u8]) -> Mac;
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($size:literal) = $mac:expr;)*) => { $(
        $(#[$doc])*
        ///
        /// Erased from memory when dropped; prints `***`.
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; $size]);

        impl $name {
            /// A key for this rule.
            pub const fn new(key: [u8; $size]) -> Self {
                Self(key)
            }

            /// The bytes of the key, to pass them on.
            pub const fn expose(&self) -> &[u8; $size] {
                &self.0
            }
        }

        impl MacKey for $name {
            fn mac_after(&self, before: &[u8], authenticated: &[u8]) -> Mac {
                let mac: fn(&[u8; $size], [&[u8]; 2]) -> [u8; 8] = $mac;
                Mac(mac(&self.0, [before, authenticated]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("***")
            }
        }
    )* };
}

keys! {
    /// ECB with single DES.
    EcbDes(8) = |key, message| ecb::<8>(message, |block| Des::new(key.into()).encrypt_block(block.into()));
    /// ECB with two-key triple DES.
    EcbTripleDes(16) = |key, message| ecb::<8>(message, |block| TdesEde2::new(key.into()).encrypt_block(block.into()));
    /// ECB with SM4.
    EcbSm4(16) = |key, message| ecb::<16>(message, |block| Sm4::new(key.into()).encrypt_block(block.into()));
    /// ANSI X9.19.
    X919(16) = |key, message| first_hex(&x919(key, message));
}

/// Keys under this key: two-key triple DES in ECB (docs/card.md §5.3). A terminal's key enciphers those that it works with.
impl X919 {
    /// Its check value, by which two ends see that they have the same key: the first three bytes of eight zeros enciphered.
    pub fn check_value(&self) -> [u8; 3] {
        let [a, b, c, ..] = self.triple([0; 8], true);
        [a, b, c]
    }

    /// Another key, enciphered under this one.
    pub fn encipher(&self, key: &Self) -> [u8; 16] {
        self.both_halves(&key.0, true)
    }

    /// The key that [`X919::encipher`] has enciphered under this one. Whether it is the right one only its check value shows.
    pub fn decipher(&self, enciphered: &[u8; 16]) -> Self {
        Self(self.both_halves(enciphered, false))
    }

    /// The same key with an odd number of ones in each byte. DES does not use the bits that differ.
    #[must_use]
    pub fn with_odd_parity(&self) -> Self {
        Self(self.0.map(|byte| byte ^ u8::from(byte.count_ones().is_multiple_of(2))))
    }

    /// Whether each byte has an odd number of ones.
    pub fn has_odd_parity(&self) -> bool {
        self.0.iter().all(|byte| !byte.count_ones().is_multiple_of(2))
    }

    fn both_halves(&self, halves: &[u8; 16], encrypt: bool) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, right @ ..] = *halves;
        let [a, b, c, d, e, f, g, h] = self.triple([a, b, c, d, e, f, g, h], encrypt);
        let [i, j, k, l, m, n, o, p] = self.triple(right, encrypt);
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }

    /// One block of 3DES. From single DES, which a terminal has for F64 anyway.
    fn triple(&self, mut block: [u8; 8], encrypt: bool) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, right @ ..] = self.0;
        let (left, right) = (Single::new(&[a, b, c, d, e, f, g, h]), Single::new(&right));
        if encrypt {
            left.encrypt(&mut block);
            right.decrypt(&mut block);
            left.encrypt(&mut block);
        } else {
            left.decrypt(&mut block);
            right.encrypt(&mut block);
            left.decrypt(&mut block);
        }
        block
    }
}

/// Single DES of the crate for it, in the form of the one by tables.
#[cfg(not(feature = "des-tables"))]
struct Single(Des);

#[cfg(feature = "des-tables")]
use super::des_by_tables::Des as Single;

#[cfg(not(feature = "des-tables"))]
impl Single {
    fn new(key: &[u8; 8]) -> Self {
        Self(Des::new(key.into()))
    }

    fn encrypt(&self, block: &mut [u8; 8]) {
        self.0.encrypt_block(block.into());
    }

    fn decrypt(&self, block: &mut [u8; 8]) {
        use des::cipher::BlockCipherDecrypt;
        self.0.decrypt_block(block.into());
    }
}

/// The eight bytes of F64, compared in constant time.
#[derive(Clone, Copy, Debug)]
pub struct Mac(pub [u8; 8]);

impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Mac {}

/// The xor of all blocks, as hex digits, which are encrypted by CBC in two blocks.
fn ecb<const N: usize>(message: [&[u8]; 2], encrypt: impl Fn(&mut [u8; N])) -> [u8; 8] {
    let mut folded = [0; N];
    each_block(message, |block: &[u8; N]| folded.iter_mut().zip(block).for_each(|(to, from)| *to ^= from));
    let mut state = [0; N];
    for half in folded.chunks(N / 2) {
        let digits = half.iter().flat_map(|byte| hex(*byte));
        state.iter_mut().zip(digits).for_each(|(to, digit)| *to ^= digit);
        encrypt(&mut state);
    }
    first_hex(&state)
}

/// Written here, because the crate for it buffers with checks that may panic; the tests compare with that crate.
fn x919(key: &[u8; 16], message: [&[u8]; 2]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, right @ ..] = *key;
    let left = Single::new(&[a, b, c, d, e, f, g, h]);
    let mut state = [0; 8];
    each_block(message, |block: &[u8; 8]| {
        state.iter_mut().zip(block).for_each(|(to, from)| *to ^= from);
        left.encrypt(&mut state);
    });
    Single::new(&right).decrypt(&mut state);
    left.encrypt(&mut state);
    state
}

/// Both parts, one after the other, in blocks; the last one is filled with zeros.
fn each_block<const N: usize>(parts: [&[u8]; 2], mut take: impl FnMut(&[u8; N])) {
    let (mut block, mut filled) = ([0; N], 0);
    for byte in parts.into_iter().flatten() {
        block.iter_mut().skip(filled).take(1).for_each(|to| *to = *byte);
        filled += 1;
        if filled == N {
            take(&block);
            (block, filled) = ([0; N], 0);
        }
    }
    if filled > 0 {
        take(&block);
    }
}

/// The first four bytes as upper-case hex digits.
fn first_hex(bytes: &[u8]) -> [u8; 8] {
    let mut digits = [0; 8];
    let hex = bytes.iter().flat_map(|byte| hex(*byte));
    digits.iter_mut().zip(hex).for_each(|(to, digit)| *to = digit);
    digits
}

const fn hex(byte: u8) -> [u8; 2] {
    const fn digit(half: u8) -> u8 {
        if half < 10 { b'0' + half } else { b'A' - 10 + half }
    }
    [digit(byte >> 4), digit(byte & 0x0F)]
}
