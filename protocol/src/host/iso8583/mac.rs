//! F64: the message authentication codes of domain.md §5.4, over everything from the MTI to the field before F64.
//!
//! | Rule | How | Marks |
//! |---|---|---|
//! | ECB with DES or 3DES | blocks of 8 are xored; the 16 hex digits of that are encrypted in two steps | confirmed, UnionPay |
//! | ECB with SM4 | the same with blocks of 16 | confirmed for one bank |
//! | ANSI X9.19 | CBC-MAC with DES, the last block with 3DES (ISO/IEC 9797-1 algorithm 3) | confirmed |
//!
//! Each pads with zeros and sends the first four bytes of its result as eight hex digits. The xor makes ECB weak: the same
//! change in two bytes a block apart goes unseen. So our own messages use X9.19 ([`super::super::message`]).

use core::fmt;

use des::cipher::{BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use retail_mac::RetailMac;
use retail_mac::digest::Mac as _;
use sm4::Sm4;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A key for F64 and the rule it is used by. Erased from memory when dropped; prints `***`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MacKey {
    bytes: [u8; 16],
    #[zeroize(skip)]
    rule: Rule,
}

#[derive(Clone, Copy)]
enum Rule {
    /// Of the key only its left half.
    EcbDes,
    EcbTripleDes,
    EcbSm4,
    X919,
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

impl MacKey {
    /// ECB with single DES.
    pub const fn ecb_des(key: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = key;
        Self { bytes: [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0], rule: Rule::EcbDes }
    }

    /// ECB with two-key triple DES.
    pub const fn ecb_triple_des(key: [u8; 16]) -> Self {
        Self { bytes: key, rule: Rule::EcbTripleDes }
    }

    /// ECB with SM4.
    pub const fn ecb_sm4(key: [u8; 16]) -> Self {
        Self { bytes: key, rule: Rule::EcbSm4 }
    }

    /// ANSI X9.19.
    pub const fn x919(key: [u8; 16]) -> Self {
        Self { bytes: key, rule: Rule::X919 }
    }

    /// The MAC of a message, `authenticated` being its bytes from the MTI to the end of the last field before F64.
    pub fn mac(&self, authenticated: &[u8]) -> Mac {
        let [left, _] = self.halves();
        let key = (&self.bytes).into();
        Mac(match self.rule {
            Rule::EcbDes => {
                ecb(&Des::new((&left).into()), authenticated, |c, b: &mut [u8; 8]| c.encrypt_block(b.into()))
            }
            Rule::EcbTripleDes => {
                ecb(&TdesEde2::new(key), authenticated, |c, b: &mut [u8; 8]| c.encrypt_block(b.into()))
            }
            Rule::EcbSm4 => ecb(&Sm4::new(key), authenticated, |c, b: &mut [u8; 16]| c.encrypt_block(b.into())),
            Rule::X919 => first_hex(&x919(key, authenticated)),
        })
    }

    fn halves(&self) -> [[u8; 8]; 2] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.bytes;
        [[a, b, c, d, e, f, g, h], rest]
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The xor of all blocks as hex digits, encrypted by CBC in two blocks of digits.
fn ecb<C, const N: usize>(cipher: &C, message: &[u8], encrypt: impl Fn(&C, &mut [u8; N])) -> [u8; 8] {
    let mut folded = [0; N];
    for block in message.chunks(N) {
        folded.iter_mut().zip(block).for_each(|(to, from)| *to ^= from);
    }
    let mut state = [0; N];
    for half in folded.chunks(N / 2) {
        let digits = half.iter().flat_map(|byte| hex(*byte));
        state.iter_mut().zip(digits).for_each(|(to, digit)| *to ^= digit);
        encrypt(cipher, &mut state);
    }
    first_hex(&state)
}

fn x919(key: &retail_mac::digest::Key<RetailMac<Des>>, message: &[u8]) -> [u8; 8] {
    let mut mac = RetailMac::<Des>::new(key);
    mac.update(message);
    let padding = message.len().next_multiple_of(8) - message.len();
    (0..padding).for_each(|_| mac.update(&[0]));
    mac.finalize().into_bytes().0
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
