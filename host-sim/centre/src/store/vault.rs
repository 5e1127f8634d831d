//! The keys under which personal data and keys lie in the database, and which are not in it.
//!
//! Sealed: AES-256-GCM with a random nonce; look-up of what is sealed by HMAC-SHA-256. Both keys and those of
//! the audit's and the ledger's chain are derived from one secret of 32 bytes, which lies beside the database in a file of its own, for its owner
//! alone. A copy of the database alone tells nothing about a person. Random numbers for keys and nonces come from here, too, so that a
//! centre in memory repeats itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{place, private};
use crate::error::{CentreError, Damage};

/// The first byte of what is sealed: how it is sealed.
const FORM: u8 = 1;
const NONCE: usize = 12;

/// The keys, and where random numbers come from. Prints as `***`.
pub struct Vault {
    random: Random,
    seal: Zeroizing<[u8; 32]>,
    look_up: Zeroizing<[u8; 32]>,
    audit: Zeroizing<[u8; 32]>,
    ledger: Zeroizing<[u8; 32]>,
}

/// Where random numbers come from.
enum Random {
    /// The system.
    System,
    /// A published secret and how often it was asked: the same numbers in each run.
    Repeatable {
        secret: Zeroizing<[u8; 32]>,
        asked: AtomicU64,
        /// How often it was at [`Vault::mark`].
        mark: u64,
    },
}

impl Vault {
    /// Where the secret of the database in `path` lies: the same name with `.key`.
    pub fn path(path: &Path) -> PathBuf {
        place::keys_beside(path)
    }

    /// New keys, which are kept nowhere.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn new() -> Result<Self, CentreError> {
        let secret = secret()?;
        Ok(Self::from_secret(&secret))
    }

    /// Published keys and repeatable random numbers, for a database that is gone with its process: what a simulated world
    /// does must not depend on chance. They protect nothing.
    pub(super) fn published() -> Self {
        let secret = [0; 32];
        let random = Random::Repeatable {
            secret: Zeroizing::new(mac(&secret, &[b"qiyong centre random 1"])),
            asked: AtomicU64::new(0),
            mark: 0,
        };
        Self { random, ..Self::from_secret(&secret) }
    }

    /// Repeatable numbers are drawn again from here on after [`Vault::draw_again`]. The system's are not.
    pub(super) fn mark(&mut self) {
        if let Random::Repeatable { asked, mark, .. } = &mut self.random {
            *mark = *asked.get_mut();
        }
    }

    /// What is drawn next is what was drawn after [`Vault::mark`].
    pub(super) fn draw_again(&mut self) {
        if let Random::Repeatable { asked, mark, .. } = &mut self.random {
            *asked.get_mut() = *mark;
        }
    }

    /// The keys of the database in `path`; made if the file is missing or empty and `may_make`. They are on the disk
    /// before anything is sealed under them.
    ///
    /// # Errors
    /// The file is missing, or others may read it, or it is not what this program writes.
    pub(super) fn of(path: &Path, may_make: bool) -> Result<Self, CentreError> {
        Self::in_file(&Self::path(path), may_make)
    }

    /// The same, of a database whose secret is in this file.
    ///
    /// # Errors
    /// Those of [`Vault::of`].
    pub(super) fn in_file(file: &Path, may_make: bool) -> Result<Self, CentreError> {
        let failed = |source| CentreError::KeyFile { path: file.to_owned(), source };
        if may_make && !std::fs::metadata(file).is_ok_and(|about| about.len() > 0) {
            private::make(file)?;
            let text = Zeroizing::new(hex::encode(*secret()?));
            private::keep(file, text.as_bytes()).map_err(failed)?;
        }
        private::check(file).map_err(|error| match error {
            CentreError::Missing { .. } => failed(std::io::ErrorKind::NotFound.into()),
            other => other,
        })?;
        let text = Zeroizing::new(std::fs::read_to_string(file).map_err(failed)?);
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice())
            .map_err(|_| CentreError::Damaged(Damage::KeyFile(file.to_owned())))?;
        Ok(Self::from_secret(&bytes))
    }

    fn from_secret(secret: &[u8; 32]) -> Self {
        let key = |use_for: &str| Zeroizing::new(mac(secret, &[use_for.as_bytes()]));
        Self {
            random: Random::System,
            seal: key("qiyong centre seal 1"),
            look_up: key("qiyong centre look-up 1"),
            audit: key("qiyong centre audit 1"),
            ledger: key("qiyong centre ledger 1"),
        }
    }

    /// Random bytes for a key or a nonce.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn random<const N: usize>(&self) -> Result<Zeroizing<[u8; N]>, CentreError> {
        let mut bytes = Zeroizing::new([0; N]);
        match &self.random {
            Random::System => getrandom::fill(bytes.as_mut_slice()).map_err(|_| CentreError::NoRandom)?,
            Random::Repeatable { secret, asked, .. } => {
                for piece in bytes.chunks_mut(32) {
                    let number = asked.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                    piece.iter_mut().zip(mac(secret, &[&number])).for_each(|(to, from)| *to = from);
                }
            }
        }
        Ok(bytes)
    }

    /// Seals some bytes; 29 bytes longer than they are. The same bytes are never sealed twice to the same.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, CentreError> {
        let nonce = *self.random::<NONCE>()?;
        let cipher = Aes256Gcm::new((&*self.seal).into());
        // It fails only for gigabytes.
        let sealed = cipher.encrypt(&Nonce::from(nonce), plain).map_err(|_| CentreError::NoRandom)?;
        Ok([&[FORM][..], &nonce, &sealed].concat())
    }

    /// What [`Vault::seal`] sealed.
    ///
    /// # Errors
    /// These bytes are not what this vault sealed.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CentreError> {
        let open = || {
            let (nonce, sealed) = sealed.strip_prefix(&[FORM])?.split_first_chunk::<NONCE>()?;
            let cipher = Aes256Gcm::new((&*self.seal).into());
            cipher.decrypt(&Nonce::from(*nonce), sealed).ok()
        };
        open().map(Zeroizing::new).ok_or(CentreError::Damaged(Damage::Sealed))
    }

    /// By what some bytes are looked up: always the same for the same bytes and `kind`, and useless without the vault.
    pub fn hash(&self, kind: &str, plain: &[u8]) -> [u8; 32] {
        mac(&self.look_up, &[kind.as_bytes(), plain])
    }

    /// The check value of an audit record over its parts.
    pub(super) fn audit(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.audit, parts)
    }

    /// The check value of a posting over its parts.
    pub(super) fn posting(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.ledger, parts)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn secret() -> Result<Zeroizing<[u8; 32]>, CentreError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| CentreError::NoRandom)?;
    Ok(bytes)
}

/// HMAC-SHA-256 over parts, each with its length before it.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // The block of SHA-256 is 64 bytes; a shorter key is filled with zeros (RFC 2104).
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_its_vault_alone() {
        let (one, other) = (Vault::new().unwrap(), Vault::new().unwrap());
        let sealed = one.seal(b"111111198101011110").unwrap();
        assert_eq!(one.unseal(&sealed).unwrap().as_slice(), b"111111198101011110");
        assert_ne!(sealed, one.seal(b"111111198101011110").unwrap());
        assert!(other.unseal(&sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.unseal(&changed).is_err(), "byte {at}");
        }
        assert!(one.unseal(&[]).is_err());
    }

    #[test]
    fn a_published_vault_draws_the_same_numbers_in_each_run_and_never_the_same_twice() {
        let (one, other) = (Vault::published(), Vault::published());
        let drawn: Vec<[u8; 40]> = (0..3).map(|_| *one.random().unwrap()).collect();
        let again: Vec<[u8; 40]> = (0..3).map(|_| *other.random().unwrap()).collect();
        assert_eq!(drawn, again);
        assert!(drawn.iter().enumerate().all(|(at, bytes)| !drawn[..at].contains(bytes)));
        assert_ne!(*Vault::new().unwrap().random::<16>().unwrap(), *Vault::new().unwrap().random::<16>().unwrap());
    }

    #[test]
    fn a_published_vault_draws_again_what_it_drew_after_its_mark_and_one_of_its_own_does_not() {
        let drawn = |mut vault: Vault| {
            let before = *vault.random::<16>().unwrap();
            vault.mark();
            let after = *vault.random::<16>().unwrap();
            vault.draw_again();
            (before, after, *vault.random::<16>().unwrap())
        };
        let (before, after, again) = drawn(Vault::published());
        assert!(before != after && after == again);
        let (_, after, again) = drawn(Vault::new().unwrap());
        assert_ne!(after, again);
    }

    #[test]
    fn a_hash_depends_on_vault_kind_and_bytes() {
        let (one, other) = (Vault::new().unwrap(), Vault::new().unwrap());
        assert_eq!(one.hash("document", b"1"), one.hash("document", b"1"));
        assert_ne!(one.hash("document", b"1"), one.hash("token", b"1"));
        assert_ne!(one.hash("document", b"1"), one.hash("document", b"2"));
        assert_ne!(one.hash("document", b"1"), other.hash("document", b"1"));
        assert_eq!(format!("{one:?}"), "***");
    }
}
