//! SM2 keys on the recommended curve, what they sign and what they open (GB/T 32918, GM/T 0003 and 0009).
//!
//! Who signs does it over a digest that [`PublicKey::digest`] makes: SM3 over ZA and the message. ZA binds user identifier,
//! curve and public key. Verifying takes the message itself, and the digest that the crate `sm2` makes.

use std::fmt;

use der::{Decode, Encode};
use sm2::SecretKey as Scalar;
use sm2::dsa::signature::Verifier;
use sm2::dsa::signature::hazmat::RandomizedPrehashSigner;
use sm2::dsa::signature::rand_core::TryCryptoRng;
use sm2::dsa::{SigningKey, VerifyingKey};
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pke::{Cipher, DecryptingKey, EncryptingKey, Mode};
use sm3::{Digest as _, Sm3};
use zeroize::Zeroizing;

/// The user identifier where nothing else is agreed (GM/T 0009).
pub const USER_ID: &str = "1234567812345678";

/// The mark of an uncompressed point.
const UNCOMPRESSED: u8 = 0x04;

/// The curve's coefficients a and b, and its generator's x and y, in words: they are part of ZA.
const CURVE: [[u32; 8]; 4] = [
    [0xFFFF_FFFE, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0x0000_0000, 0xFFFF_FFFF, 0xFFFF_FFFC],
    [0x28E9_FA9E, 0x9D9F_5E34, 0x4D5A_9E4B, 0xCF65_09A7, 0xF397_89F5, 0x15AB_8F92, 0xDDBC_BD41, 0x4D94_0E93],
    [0x32C4_AE2C, 0x1F19_8119, 0x5F99_0446, 0x6A39_C994, 0x8FE3_0BBF, 0xF266_0BE1, 0x715A_4589, 0x334C_74C7],
    [0xBC37_36A2, 0xF4F6_779C, 0x59BD_CEE3, 0x6B69_2153, 0xD0A9_877C, 0xC62A_4740, 0x02DF_32E5, 0x2139_F0A0],
];

/// What SM2 cannot do. It never says why: a reason would help who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key, signature or cryptogram is not accepted")
    }
}

impl std::error::Error for Refused {}

/// A secret key. Erased when it is dropped; prints `***`; compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Scalar);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// A public key: a point of the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(pub(crate) sm2::PublicKey);

/// A signature: r and s, 32 bytes each, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl SecretKey {
    /// From 32 bytes, big-endian.
    ///
    /// # Errors
    /// It is 0, or not below the curve's order less one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Refused> {
        let key = Scalar::from_slice(bytes).map_err(|_| Refused)?;
        // With d = n - 1 nothing can be signed: 1 + d has no inverse.
        let highest = sm2::NonZeroScalar::from(&key);
        if bool::from((*highest + sm2::Scalar::ONE).is_zero()) { Err(Refused) } else { Ok(Self(key)) }
    }

    /// The key that belongs to a seed: the same parts give the same key.
    pub fn derive(seed: &[&[u8]]) -> Self {
        for round in 0_u32.. {
            let mut hash = Sm3::new();
            seed.iter().for_each(|part| hash.update(part));
            hash.update(round.to_be_bytes());
            let bytes = Zeroizing::new(<[u8; 32]>::from(hash.finalize()));
            if let Ok(key) = Self::from_bytes(&bytes) {
                return key;
            }
        }
        unreachable!("one of two to the 32 hashes is below the curve's order");
    }

    /// The 32 bytes, for the memory of a card.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// For this crate's issuer.
    #[cfg(feature = "issue")]
    pub(crate) fn scalar(&self) -> &Scalar {
        &self.0
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    /// Signs a digest that [`PublicKey::digest`] of the same key made.
    ///
    /// The nonce is of RFC 6979 with `random` added: a generator that repeats itself does not give the key away.
    ///
    /// # Errors
    /// The generator failed; or the nonce fits the digest badly, which happens to nobody.
    pub fn sign(&self, digest: &[u8; 32], random: &mut impl TryCryptoRng) -> Result<Signature, Refused> {
        let key = SigningKey::new(USER_ID, &self.0).map_err(|_| Refused)?;
        let signature = key.sign_prehash_with_rng(random, digest).map_err(|_| Refused)?;
        Ok(Signature(signature.to_bytes().into()))
    }

    /// Opens what [`PublicKey::seal`] made: 04, x, y, C3, C2.
    ///
    /// # Errors
    /// It was made for another key, in another order of its parts, or was changed.
    pub fn open(&self, cryptogram: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        // Other forms of a point are shorter: what follows would be taken for something else.
        if cryptogram.first() != Some(&UNCOMPRESSED) {
            return Err(Refused);
        }
        DecryptingKey::new(self.0.clone()).decrypt(cryptogram).map(Zeroizing::new).map_err(|_| Refused)
    }
}

impl PublicKey {
    /// From its coordinates x and y, 32 bytes each.
    ///
    /// # Errors
    /// The curve has no such point.
    pub fn from_coordinates(coordinates: &[u8; 64]) -> Result<Self, Refused> {
        let mut point = vec![UNCOMPRESSED];
        point.extend_from_slice(coordinates);
        Self::from_point(&point)
    }

    /// From a point as certificates have it: 04, x, y.
    ///
    /// # Errors
    /// It is compressed, or no point of the curve.
    pub fn from_point(point: &[u8]) -> Result<Self, Refused> {
        if point.len() != 65 {
            return Err(Refused);
        }
        sm2::PublicKey::from_sec1_bytes(point).map(Self).map_err(|_| Refused)
    }

    /// Its coordinates x and y.
    pub fn coordinates(&self) -> [u8; 64] {
        let point = self.0.to_sec1_point(false);
        let mut coordinates = [0; 64];
        coordinates.iter_mut().zip(point.as_bytes().iter().skip(1)).for_each(|(to, from)| *to = *from);
        coordinates
    }

    /// ZA: SM3 over the identifier's length in bits, the identifier, the curve and this key.
    ///
    /// # Panics
    /// An identifier has at most 8,191 bytes.
    pub fn identity(&self, user: &str) -> [u8; 32] {
        let bits = u16::try_from(user.len() * 8).expect("a user identifier is short");
        let mut hash = Sm3::new_with_prefix(bits.to_be_bytes());
        hash.update(user);
        CURVE.as_flattened().iter().for_each(|word| hash.update(word.to_be_bytes()));
        hash.update(self.coordinates());
        hash.finalize().into()
    }

    /// What this key's owner signs for a message.
    pub fn digest(&self, message: &[u8]) -> [u8; 32] {
        let mut hash = Sm3::new_with_prefix(self.identity(USER_ID));
        hash.update(message);
        hash.finalize().into()
    }

    /// Whether this key's owner signed the message.
    ///
    /// # Errors
    /// No.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), Refused> {
        let key = VerifyingKey::new(USER_ID, self.0).map_err(|_| Refused)?;
        let signature = sm2::dsa::Signature::from_slice(&signature.0).map_err(|_| Refused)?;
        key.verify(message, &signature).map_err(|_| Refused)
    }

    /// Seals a message of 1 byte or more so that only this key's owner opens it: 04, x, y, C3, C2.
    ///
    /// # Errors
    /// The message is empty, or the generator failed.
    pub fn seal(&self, message: &[u8], random: &mut impl TryCryptoRng) -> Result<Vec<u8>, Refused> {
        EncryptingKey::new(self.0).encrypt(random, message).map_err(|_| Refused)
    }
}

impl Signature {
    /// From the ASN.1 form of GM/T 0009: a sequence of r and s.
    ///
    /// # Errors
    /// It is none, or longer than the curve allows.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Refused> {
        let signature = sm2::dsa::Signature::from_der(bytes).map_err(|_| Refused)?;
        Ok(Self(signature.to_bytes().into()))
    }

    /// The same in ASN.1, at most 72 bytes.
    ///
    /// # Errors
    /// r or s is 0, or not below the curve's order: it is no signature.
    pub fn to_der(&self) -> Result<Vec<u8>, Refused> {
        let signature = sm2::dsa::Signature::from_slice(&self.0).map_err(|_| Refused)?;
        Ok(signature.to_der().to_vec())
    }
}

/// SM3 (GB/T 32905).
pub fn hash(message: &[u8]) -> [u8; 32] {
    Sm3::digest(message).into()
}

/// A cryptogram's ASN.1 form (GM/T 0009): x, y, C3, C2.
///
/// # Errors
/// It is no cryptogram.
pub fn cryptogram_to_der(cryptogram: &[u8]) -> Result<Vec<u8>, Refused> {
    let cipher: Cipher<'_> = Cipher::from_slice(cryptogram, Mode::C1C3C2).map_err(|_| Refused)?;
    cipher.to_der().map_err(|_| Refused)
}

/// A cryptogram from its ASN.1 form.
///
/// # Errors
/// It is none.
pub fn cryptogram_from_der(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let cipher: Cipher<'_> = Cipher::from_der(bytes).map_err(|_| Refused)?;
    cipher.to_vec(Mode::C1C3C2, false).map_err(|_| Refused)
}
