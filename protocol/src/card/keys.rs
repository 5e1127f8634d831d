//! The card's symmetric keys, and what is computed with them: diversification, authentication, secure-messaging MAC.
//!
//! 3DES for versions 1.00 and 2.00, SM4 for 3.00. Where the norms' texts were not at hand and sources differ, the
//! choice is a field of [`Scheme`], so that a region's real rule can be set in one place (docs/card.md §1.7, §4.5, §8).
//! Where keys are kept is not decided here: virtual cards and the centre hold them, a terminal never does.

use core::fmt;

use cbc_mac::CbcMac;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use heapless::Vec;
use retail_mac::RetailMac;
use retail_mac::digest::Mac;
use sm4::Sm4;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::codes::Region;

/// The algorithm of a card's symmetric keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Algorithm {
    /// Two-key triple DES; blocks of 8 bytes.
    TripleDes,
    /// SM4, GB/T 32907; blocks of 16 bytes.
    Sm4,
}

/// A 16-byte key. Erased from memory when dropped; prints `***`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    bytes: [u8; 16],
    #[zeroize(skip)]
    algorithm: Algorithm,
}

/// A card's own keys. Only the card and its centre's security module have them. `Debug` prints `***` for each.
#[derive(Clone, Debug)]
pub struct CardKeys {
    /// IRK: INTERNAL AUTHENTICATE.
    pub irk: Key,
    /// PUK: PIN UNBLOCK.
    pub puk: Key,
    /// STK: blocking and unblocking application and card.
    pub stk: Key,
    /// The keys for EXTERNAL AUTHENTICATE, with their key identifiers ([`super::files::key::EXTERNAL`]).
    pub external: Vec<(u8, Key), { EXTERNAL_KEYS_MAX }>,
}

/// The most keys for EXTERNAL AUTHENTICATE that a card can have: twice what its file map names.
pub const EXTERNAL_KEYS_MAX: usize = 16;

/// The first factor of key diversification, from the card's historical bytes. Sources disagree about it (docs/card.md
/// §1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SerialFactor {
    /// The last eight historical bytes.
    LastEight,
    /// The last six historical bytes (the card's serial number T8 to TD) and 0000.
    SerialAndZeros,
}

/// How EXTERNAL AUTHENTICATE uses the challenge and the last eight bytes of its data (docs/card.md §1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ExternalAuthRule {
    /// The challenge makes the session key, which encrypts the terminal's eight bytes. The recorded PSAM sequence does
    /// so.
    ChallengeIsFactor,
    /// The terminal's eight bytes make the session key, which encrypts the challenge. The driver interface names them
    /// so.
    TerminalBytesAreFactor,
}

/// The order of the 16 data bytes of INTERNAL AUTHENTICATE (docs/card.md §1.6, recalled).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InternalAuthOrder {
    /// Original data, then the factor of the session key.
    DataThenFactor,
    /// Factor of the session key, then original data.
    FactorThenData,
}

/// Everything that the norms leave open about the use of keys. The default follows the recorded readers, where a record
/// exists, and otherwise the first reading of docs/card.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Scheme {
    /// The first diversification factor.
    pub serial_factor: SerialFactor,
    /// The last two ASCII characters of the second factor, after the region's six digits.
    pub region_suffix: [u8; 2],
    /// How EXTERNAL AUTHENTICATE is computed.
    pub external_auth: ExternalAuthRule,
    /// How INTERNAL AUTHENTICATE is computed.
    pub internal_auth: InternalAuthOrder,
}

impl Default for Scheme {
    fn default() -> Self {
        Self {
            serial_factor: SerialFactor::LastEight,
            region_suffix: *b"sx",
            external_auth: ExternalAuthRule::ChallengeIsFactor,
            internal_auth: InternalAuthOrder::DataThenFactor,
        }
    }
}

/// The result of an authentication, compared in constant time.
#[derive(Clone, Copy)]
pub struct Cryptogram(pub [u8; 8]);

impl PartialEq for Cryptogram {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Cryptogram {}

impl fmt::Debug for Cryptogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl Algorithm {
    /// The code after `9F0C86` in the answer to SELECT (docs/card.md §1.7): 01 3DES, 03 SM4.
    pub const fn code(self) -> u8 {
        match self {
            Self::TripleDes => 1,
            Self::Sm4 => 3,
        }
    }

    /// The algorithm that the answer to SELECT announces. `Ok(None)`: it announces none. `Err`: a code that is not
    /// supported here (02 is SSF33).
    pub fn from_fci(fci: &[u8]) -> Result<Option<Self>, u8> {
        // The formal meaning of 9F0C and 86 is not known; readers search for the three bytes (docs/card.md §1.7). They
        // are no BER-TLV object, since 86 would announce a length of six bytes: a reader of objects gives up here.
        let Some(at) = fci.windows(3).position(|bytes| bytes == [0x9F, 0x0C, 0x86]) else {
            return Ok(None);
        };
        match fci.get(at + 3) {
            Some(1) => Ok(Some(Self::TripleDes)),
            Some(3) => Ok(Some(Self::Sm4)),
            Some(&code) => Err(code),
            None => Ok(None),
        }
    }
}

impl Key {
    /// A key of `algorithm`.
    pub const fn new(algorithm: Algorithm, bytes: [u8; 16]) -> Self {
        Self { bytes, algorithm }
    }

    /// The algorithm that the key is for.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes of the key, for code that stores keys. Never for a log.
    pub const fn expose(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// The key one level below: E(K, f) ‖ E(K, ¬f) with 3DES, the PBOC rule (recalled); SM4(K, f ‖ ¬f) with SM4
    /// (recalled).
    pub fn diversify(&self, factor: [u8; 8]) -> Self {
        let mut double = [0; 16];
        let (left, right) = double.split_at_mut(8);
        left.copy_from_slice(&factor);
        right.copy_from_slice(&factor.map(|byte| !byte));
        match self.algorithm {
            Algorithm::TripleDes => {
                let cipher = TdesEde2::new((&self.bytes).into());
                let (blocks, _) = double.as_chunks_mut::<8>();
                blocks.iter_mut().for_each(|block| cipher.encrypt_block(block.into()));
            }
            Algorithm::Sm4 => Sm4::new((&self.bytes).into()).encrypt_block((&mut double).into()),
        }
        let key = Self::new(self.algorithm, double);
        double.zeroize();
        key
    }

    /// Encrypts eight bytes to eight. For SM4, the 16-byte block is the data, 80 and zeros, and the xor of the result's
    /// halves is taken, as for the card's 32-bit MAC (recalled).
    fn encrypt(&self, data: [u8; 8]) -> Cryptogram {
        match self.algorithm {
            Algorithm::TripleDes => {
                let mut block = data;
                TdesEde2::new((&self.bytes).into()).encrypt_block((&mut block).into());
                Cryptogram(block)
            }
            Algorithm::Sm4 => {
                let [a, b, c, d, e, f, g, h] = data;
                let mut block = [a, b, c, d, e, f, g, h, 0x80, 0, 0, 0, 0, 0, 0, 0];
                Sm4::new((&self.bytes).into()).encrypt_block((&mut block).into());
                Cryptogram(fold::<8>(&block))
            }
        }
    }

    /// The four-byte MAC of secure messaging over `parts`, joined and padded with 80 and zeros.
    ///
    /// 3DES: the first four bytes of the PBOC MAC, ISO/IEC 9797-1 algorithm 3. SM4: the xor of the four words of the
    /// CBC-MAC (docs/card.md §1.7, §4.5). `iv` is the card's challenge, filled with zeros to a block; all zeros if
    /// there is none.
    pub fn mac(&self, iv: [u8; 8], parts: &[&[u8]]) -> [u8; 4] {
        match self.algorithm {
            Algorithm::TripleDes => {
                let mac = cbc(RetailMac::<Des>::new((&self.bytes).into()), 8, iv, parts);
                let [a, b, c, d, ..] = mac.finalize().into_bytes().0;
                [a, b, c, d]
            }
            Algorithm::Sm4 => {
                let mac = cbc(CbcMac::<Sm4>::new((&self.bytes).into()), 16, iv, parts);
                fold::<4>(&mac.finalize().into_bytes().0)
            }
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ***", self.algorithm)
    }
}

impl Scheme {
    /// The card's own key from the centre's master key, by two levels: the card's serial number, then its region
    /// (docs/card.md §1.7).
    ///
    /// `historical` are the historical bytes of the card's ATR. If they are fewer than needed, zeros are put before
    /// them.
    pub fn card_key(&self, master: &Key, historical: &[u8], region: Region) -> Key {
        let [serial, place] = self.factors(historical, region);
        master.diversify(serial).diversify(place)
    }

    /// The factors of the two levels, for a module that diversifies by itself.
    pub fn factors(&self, historical: &[u8], region: Region) -> [[u8; 8]; 2] {
        let serial = match self.serial_factor {
            SerialFactor::LastEight => last_bytes::<8>(historical),
            SerialFactor::SerialAndZeros => {
                let [a, b, c, d, e, f] = last_bytes::<6>(historical);
                [a, b, c, d, e, f, 0, 0]
            }
        };
        let mut place = [0; 8];
        let text = region.as_str().bytes().chain(self.region_suffix);
        place.iter_mut().zip(text).for_each(|(to, from)| *to = from);
        [serial, place]
    }

    /// The cryptogram of EXTERNAL AUTHENTICATE for the card's `challenge`; in the data, `terminal_bytes` follow it.
    pub fn external_auth(&self, key: &Key, challenge: [u8; 8], terminal_bytes: [u8; 8]) -> Cryptogram {
        match self.external_auth {
            ExternalAuthRule::ChallengeIsFactor => key.diversify(challenge).encrypt(terminal_bytes),
            ExternalAuthRule::TerminalBytesAreFactor => key.diversify(terminal_bytes).encrypt(challenge),
        }
    }

    /// The card's answer to INTERNAL AUTHENTICATE with these 16 bytes.
    pub fn internal_auth(&self, irk: &Key, data: [u8; 16]) -> Cryptogram {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = data;
        let (first, second) = ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]);
        match self.internal_auth {
            InternalAuthOrder::DataThenFactor => irk.diversify(second).encrypt(first),
            InternalAuthOrder::FactorThenData => irk.diversify(first).encrypt(second),
        }
    }

    /// The check value in the ident code: the MAC of its first twelve bytes with the card's IRK (recalled).
    pub fn ident_check(&self, irk: &Key, first_twelve: [u8; 12]) -> [u8; 4] {
        irk.mac([0; 8], &[&first_twelve])
    }
}

/// Feeds `parts`, then 80 and zeros up to a whole block, into `mac`, with `iv` xored into the first block. The result
/// is that of a CBC that starts from `iv`, which the MAC crates do not offer.
fn cbc<M: Mac>(mut mac: M, block: usize, iv: [u8; 8], parts: &[&[u8]]) -> M {
    let message = parts.iter().copied().flatten().copied().chain([0x80]);
    let length = parts.iter().map(|part| part.len()).sum::<usize>() + 1;
    let padding = core::iter::repeat_n(0, length.next_multiple_of(block) - length);
    let iv = iv.into_iter().chain(core::iter::repeat(0));
    message.chain(padding).zip(iv).for_each(|(byte, mask)| mac.update(&[byte ^ mask]));
    mac
}

/// The xor of the `N`-byte pieces of a block.
fn fold<const N: usize>(block: &[u8; 16]) -> [u8; N] {
    let mut folded = [0; N];
    for piece in block.chunks_exact(N) {
        folded.iter_mut().zip(piece).for_each(|(to, from)| *to ^= from);
    }
    folded
}

fn last_bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut last = [0; N];
    last.iter_mut().rev().zip(bytes.iter().rev()).for_each(|(to, from)| *to = *from);
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso7816::tlv::{self, TlvError};
    use hex_literal::hex;
    use std::format;

    const KEY: [u8; 16] = hex!("0123456789ABCDEFFEDCBA9876543210");

    /// The published MAC of docs/card.md §4.5.
    #[test]
    fn pboc_mac_vector_of_section_4_5() {
        let key = Key::new(Algorithm::TripleDes, hex!("5775204D69616F6A756E404726444311"));
        let data = hex!(
            "4348454E48414F2D50437C42464542464246463030303330364333"
            "7E39425030504432434E37303136333636493030"
            "34337C32303234303131317C32303235303130317C383139317C30"
        );
        assert_eq!(data.len(), 74);
        assert_eq!(key.mac([0; 8], &[&data]), hex!("4089819D"));
        // The same message in parts, and an initial value that cancels a change in the first block.
        let (head, tail) = data.split_at(3);
        assert_eq!(key.mac([0; 8], &[head, tail]), hex!("4089819D"));
        let mut changed = data;
        changed[..8].iter_mut().for_each(|byte| *byte ^= 0x5A);
        assert_eq!(key.mac([0x5A; 8], &[&changed]), hex!("4089819D"));
    }

    /// docs/card.md §4.5, §5.3.
    #[test]
    fn block_vectors_of_section_4_5_and_5_3() {
        // SM4(K, K) of the standard; diversification with a factor f and ¬f is one block of f ‖ ¬f.
        let sm4 = Key::new(Algorithm::Sm4, KEY);
        let factor = hex!("0123456789ABCDEF");
        assert_eq!(factor.map(|b| !b), hex!("FEDCBA9876543210"));
        assert_eq!(sm4.diversify(factor).expose(), &hex!("681EDF34D206965E86B3E94F536E4246"));
        // KCV: the encryption of zeros; the left half of a key diversified by zeros is just that.
        let tdes = Key::new(Algorithm::TripleDes, KEY);
        assert_eq!(tdes.diversify([0; 8]).expose()[..4], hex!("08D7B4FB"));
    }

    #[test]
    fn a_cryptogram_depends_on_challenge_terminal_bytes_and_key() {
        for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
            let key = Key::new(algorithm, KEY);
            for rule in [ExternalAuthRule::ChallengeIsFactor, ExternalAuthRule::TerminalBytesAreFactor] {
                let scheme = Scheme { external_auth: rule, ..Scheme::default() };
                let good = scheme.external_auth(&key, [1; 8], [2; 8]);
                assert_eq!(good, scheme.external_auth(&key, [1; 8], [2; 8]));
                assert_ne!(good, scheme.external_auth(&key, [3; 8], [2; 8]));
                assert_ne!(good, scheme.external_auth(&key, [1; 8], [3; 8]));
                // DES ignores the lowest bit of each key byte, so a higher one is changed.
                let other = Key::new(algorithm, KEY.map(|byte| byte ^ 0x10));
                assert_ne!(good, scheme.external_auth(&other, [1; 8], [2; 8]));
            }
        }
    }

    /// docs/card.md §1.7.
    #[test]
    fn card_keys_differ_by_card_and_region_and_never_print() {
        let master = Key::new(Algorithm::Sm4, KEY);
        let (nanjing, suzhou) = (Region::new("320100").unwrap(), Region::new("320500").unwrap());
        let scheme = Scheme::default();
        let key = |hist: &[u8], region| *scheme.card_key(&master, hist, region).expose();
        assert_ne!(key(&[1; 13], nanjing), key(&[2; 13], nanjing));
        assert_ne!(key(&[1; 13], nanjing), key(&[1; 13], suzhou));
        assert_eq!(format!("{master:?}"), "Sm4 ***");
    }

    /// docs/card.md §1.7.
    #[test]
    fn algorithm_is_found_in_the_answer_to_select() {
        assert_eq!(Algorithm::from_fci(&hex!("6F06 9F0C8603")), Ok(Some(Algorithm::Sm4)));
        assert_eq!(Algorithm::from_fci(&hex!("9F0C8602")), Err(2));
        assert_eq!(Algorithm::from_fci(&hex!("9F0C86")), Ok(None));
        assert_eq!(Algorithm::from_fci(&[]), Ok(None));
    }

    #[test]
    fn a_reader_of_ber_tlv_would_not_find_the_algorithm() {
        let fci = hex!("6F17 840F7378312E73682EC9E7BBE1B1A3D5CF A504 9F0C8603");
        assert_eq!(tlv::find(&fci, &[0x6F, 0xA5, 0x9F0C]), Err(TlvError::Length(0x86)));
        assert_eq!(Algorithm::from_fci(&fci), Ok(Some(Algorithm::Sm4)));
    }
}
