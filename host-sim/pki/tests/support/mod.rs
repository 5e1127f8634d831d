//! SM2 once more, by the book, with a nonce that the caller chooses: the oracle for what the crate makes, and the maker of what
//! it must refuse. And the program openssl, with which nobody here had to do.

#![allow(unreachable_pub, dead_code, reason = "each test takes what it needs")]

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use hex_literal::hex;
use qiyong_pki::key::{PublicKey, SecretKey, Signature};
use rand_core::{TryCryptoRng, TryRng};
use sm2::elliptic_curve::ops::Reduce;
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::elliptic_curve::{Group, PrimeField};
use sm2::{ProjectivePoint, Scalar};
use tempfile::TempDir;

/// The key, nonce and public key of the standard's examples on the recommended curve (GB/T 32918.5, appendices A and C).
pub const KEY: [u8; 32] = hex!("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8");
pub const NONCE: [u8; 32] = hex!("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21");
pub const PUBLIC: [u8; 64] = hex!(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
);

/// A generator that always gives these bytes for a nonce.
#[derive(Clone, Copy)]
pub struct Gives(pub [u8; 32]);

impl TryRng for Gives {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        assert_eq!(bytes.len(), self.0.len(), "a nonce is asked for");
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

impl TryCryptoRng for Gives {}

pub fn key() -> SecretKey {
    SecretKey::from_bytes(&KEY).unwrap()
}

fn scalar(bytes: &[u8; 32]) -> Scalar {
    Scalar::from_repr((*bytes).into()).unwrap()
}

/// A signature over a digest with this nonce.
pub fn sign_with(key: &SecretKey, nonce: &[u8; 32], digest: &[u8; 32]) -> Signature {
    let (d, k) = (scalar(&key.expose()), scalar(nonce));
    let x = ProjectivePoint::mul_by_generator(&k).to_affine().x();
    let r = <Scalar as Reduce<sm2::FieldBytes>>::reduce(&(*digest).into())
        + <Scalar as Reduce<sm2::FieldBytes>>::reduce(&x);
    let s = (d + Scalar::ONE).invert().unwrap() * (k - r * d);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r.to_repr());
    signature[32..].copy_from_slice(&s.to_repr());
    Signature(signature)
}

/// The key that made two signatures, if both had one nonce.
pub fn key_of_two(one: &Signature, two: &Signature) -> Option<SecretKey> {
    let half = |signature: &Signature, at: usize| scalar(signature.0[at..at + 32].try_into().unwrap());
    let (r1, s1, r2, s2) = (half(one, 0), half(one, 32), half(two, 0), half(two, 32));
    let d = (s2 - s1) * Option::<Scalar>::from((s1 + r1 - s2 - r2).invert())?;
    SecretKey::from_bytes(&d.to_repr().into()).ok()
}

/// A folder for files that openssl reads and writes.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn get(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs openssl here.
    pub fn try_openssl(&self, line: &str) -> Output {
        let mut command = Command::new("openssl");
        command.args(line.split(' ')).current_dir(self.0.path());
        command.output().expect("openssl must be installed: `cargo xtask setup`")
    }

    /// Runs it, and it must succeed.
    pub fn openssl(&self, line: &str) -> String {
        let output = self.try_openssl(line);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "openssl {line}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// Puts a public key into a file, in the form of certificates.
    pub fn put_public(&self, name: &str, key: &PublicKey) {
        let head = hex!("3059301306072A8648CE3D020106082A811CCF5501822D03420004");
        self.put(name, &[&head[..], &key.coordinates()].concat());
    }

    /// Puts a secret key into a file (RFC 5915).
    pub fn put_secret(&self, name: &str, key: &SecretKey) {
        let (head, middle) = (hex!("30770201010420"), hex!("A00A06082A811CCF5501822DA14403420004"));
        self.put(name, &[&head[..], &*key.expose(), &middle, &key.public().coordinates()].concat());
    }
}
