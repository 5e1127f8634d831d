//! The centre's security module (HSM): its master keys, and what is derived from them.
//!
//! It has two users. The centre asks it what a genuine card must answer, and what the card must receive. The issuer of
//! virtual cards asks it for a card's own keys and ident code. It only computes: [`super::Centre`] decides who may ask,
//! and the store keeps the keys.

pub mod steps;

use std::convert::Infallible;

use zeroize::Zeroizing;

use qiyong_protocol::card::codes::{IdentCode, Region};
use qiyong_protocol::card::commands::{ins, secure_messaging_mac};
use qiyong_protocol::card::keys::{Algorithm, CardKeys, Cryptogram, Key, Scheme};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::psam::{self, Master, Named, PsamKey};
use qiyong_protocol::centre::Authenticate;
use qiyong_protocol::iso7816::apdu::Command;

use crate::error::CentreError;
use crate::key_name::{EXTERNAL_KEYS, KeyName};

/// The security module: a full set of master keys for each algorithm. `Debug` prints `***` for each key.
#[derive(Clone, Debug)]
pub struct Hsm {
    scheme: Scheme,
    triple_des: MasterKeys,
    sm4: MasterKeys,
}

/// The master keys of one algorithm.
#[derive(Clone, Debug)]
struct MasterKeys {
    irk: Key,
    puk: Key,
    stk: Key,
    /// In the order of [`EXTERNAL_KEYS`].
    external: [Key; EXTERNAL_KEYS.len()],
}

impl Hsm {
    /// A module that uses keys by `scheme`. It calls `key_of` once for each master key; the first error ends this. What
    /// `key_of` returned is wiped.
    pub fn new<E>(
        scheme: Scheme,
        mut key_of: impl FnMut(Algorithm, KeyName) -> Result<Zeroizing<[u8; 16]>, E>,
    ) -> Result<Self, E> {
        let mut keys_of = |algorithm| MasterKeys::new(algorithm, |name| key_of(algorithm, name));
        Ok(Self { scheme, triple_des: keys_of(Algorithm::TripleDes)?, sm4: keys_of(Algorithm::Sm4)? })
    }

    /// A module with keys of its own, drawn at random, and the default scheme.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn random() -> Result<Self, CentreError> {
        Self::new(Scheme::default(), |_, _| {
            let mut key = Zeroizing::new([0; 16]);
            getrandom::fill(key.as_mut_slice()).map_err(|_| CentreError::NoRandom)?;
            Ok(key)
        })
    }

    /// Whether these are the published test keys, which protect nothing.
    pub fn has_test_keys(&self) -> bool {
        let test = Self::with_test_keys(self.scheme);
        let own = self.master_keys().map(|(_, _, key)| key.expose());
        own.eq(test.master_keys().map(|(_, _, key)| key.expose()))
    }

    /// A module with the published test keys and the default scheme: only for virtual cards.
    pub fn test_keys() -> Self {
        Self::with_test_keys(Scheme::default())
    }

    /// [`Hsm::test_keys`], with another choice for what the norms leave open.
    pub fn with_test_keys(scheme: Scheme) -> Self {
        let Ok(hsm) = Self::new::<Infallible>(scheme, |algorithm, name| Ok(test_key(algorithm, name).into()));
        hsm
    }

    /// How it uses keys. A card accepts this module's cryptograms only if the card uses its keys in the same way.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The keys of the card with these historical bytes, issued in `region`.
    pub fn card_keys(&self, algorithm: Algorithm, historical: &[u8], region: Region) -> CardKeys {
        let masters = self.masters(algorithm);
        let card_key = |master| self.scheme.card_key(master, historical, region);
        CardKeys {
            irk: card_key(&masters.irk),
            puk: card_key(&masters.puk),
            stk: card_key(&masters.stk),
            external: EXTERNAL_KEYS.into_iter().zip(masters.external.iter().map(card_key)).collect(),
        }
    }

    /// The ident code of this card; `serial` distinguishes it from the other cards of the region.
    pub fn issue_ident(&self, algorithm: Algorithm, historical: &[u8], region: Region, serial: [u8; 4]) -> IdentCode {
        let irk = self.scheme.card_key(&self.masters(algorithm).irk, historical, region);
        let (first_twelve, _) = IdentCode::from_parts(region, serial, [0; 4]).split();
        IdentCode::from_parts(region, serial, self.scheme.ident_check(&irk, first_twelve))
    }

    /// What a genuine card answers to INTERNAL AUTHENTICATE; and, for a card that protects personal data, what EXTERNAL
    /// AUTHENTICATE with RKSSSE must send to it (docs/card.md §1.9, §2.7: HSM message 9013).
    pub(super) fn authenticate(&self, question: &Authenticate<'_>) -> (Cryptogram, Option<Cryptogram>) {
        let masters = self.masters(question.algorithm);
        let card_key = |master| self.scheme.card_key(master, question.historical, question.ident.region());
        let internal = self.scheme.internal_auth(&card_key(&masters.irk), question.internal);
        let [read_ssse, ..] = &masters.external;
        let external = question
            .external
            .map(|(challenge, terminal)| self.scheme.external_auth(&card_key(read_ssse), challenge, terminal));
        (internal, external)
    }

    /// The command RELOAD PIN that sets the PIN of this card to `pin` and gives all its tries back: what a window's terminal
    /// passes to the card right after the card gave it `challenge` (docs/card.md §1.6). The PIN stands in it in the
    /// clear, and the MAC keeps it from being changed: it is an initial PIN, which the holder must replace.
    ///
    /// Not PIN UNBLOCK, which would leave a forgotten PIN as it is: [`Hsm::pin_data`] makes that one, too.
    pub fn reload_pin(
        &self,
        algorithm: Algorithm,
        historical: &[u8],
        region: Region,
        challenge: [u8; 8],
        pin: &Pin,
    ) -> Zeroizing<Vec<u8>> {
        let puk = self.scheme.card_key(&self.masters(algorithm).puk, historical, region);
        let block = pin.card_block();
        let command = Command::new(0x80, ins::CHANGE_PIN, 0, 0).with_data(block.as_bytes());
        let mac = secure_messaging_mac(&puk, challenge, &command);
        let lc = (block.as_bytes().len() + mac.len()) as u8;
        let header = [command.cla, command.ins, command.p1, command.p2, lc];
        Zeroizing::new([&header, block.as_bytes(), &mac].concat())
    }

    /// The keys that a terminal's security module gets, a copy of the master keys by the numbers that they have there (docs/card.md
    /// §1.7). Whoever has such a module can do to every card what its keys allow.
    pub fn psam_keys(&self, algorithm: Algorithm) -> Vec<PsamKey> {
        let masters = self.masters(algorithm);
        let key = |named: &Named| {
            let key = match named.master {
                Master::Puk => &masters.puk,
                Master::External(id) => masters.external(id)?,
            };
            Some(PsamKey { usage: named.usage, number: named.number, key: key.clone() })
        };
        psam::KEYS.iter().filter_map(key).collect()
    }

    /// Every master key with its name, for the store.
    pub(super) fn master_keys(&self) -> impl Iterator<Item = (Algorithm, KeyName, &Key)> {
        [(Algorithm::TripleDes, &self.triple_des), (Algorithm::Sm4, &self.sm4)].into_iter().flat_map(
            |(algorithm, keys)| {
                let in_order = [&keys.irk, &keys.puk, &keys.stk].into_iter().chain(&keys.external);
                KeyName::all().zip(in_order).map(move |(name, key)| (algorithm, name, key))
            },
        )
    }

    const fn masters(&self, algorithm: Algorithm) -> &MasterKeys {
        match algorithm {
            Algorithm::TripleDes => &self.triple_des,
            Algorithm::Sm4 => &self.sm4,
        }
    }
}

impl MasterKeys {
    fn new<E>(
        algorithm: Algorithm,
        mut bytes_of: impl FnMut(KeyName) -> Result<Zeroizing<[u8; 16]>, E>,
    ) -> Result<Self, E> {
        let mut key = |name| bytes_of(name).map(|bytes| Key::new(algorithm, *bytes));
        let (irk, puk) = (key(KeyName::InternalAuthentication)?, key(KeyName::PinUnblock)?);
        let stk = key(KeyName::Maintenance)?;
        let [a, b, c, d, e, f, g, h] = EXTERNAL_KEYS.map(|id| key(KeyName::External(id)));
        Ok(Self { irk, puk, stk, external: [a?, b?, c?, d?, e?, f?, g?, h?] })
    }

    /// The key that opens this key of a card.
    fn external(&self, id: u8) -> Option<&Key> {
        EXTERNAL_KEYS.iter().zip(&self.external).find(|(own, _)| **own == id).map(|(_, key)| key)
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The test keys. All of them are here; they are readable text and protect nothing.

const TEST_BEGINNING_3DES: [u8; 8] = *b"TEST3DES";
const TEST_BEGINNING_SM4: [u8; 8] = *b"TEST SM4";
const TEST_END_IRK: [u8; 8] = *b" KEY IRK";
const TEST_END_PUK: [u8; 8] = *b" KEY PUK";
const TEST_END_STK: [u8; 8] = *b" KEY STK";
const TEST_END_EXTERNAL: [u8; 6] = *b" EXT. ";

/// A test key: the beginning for its algorithm, and the end for its name.
///
/// The two digits of an external key's identifier are written as even characters, `@` for 0, `B` for 1 and so on: DES
/// ignores the lowest bit of every byte, and the keys must differ.
const fn test_key(algorithm: Algorithm, name: KeyName) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h] = match algorithm {
        Algorithm::TripleDes => TEST_BEGINNING_3DES,
        Algorithm::Sm4 => TEST_BEGINNING_SM4,
    };
    let [i, j, k, l, m, n, o, p] = match name {
        KeyName::InternalAuthentication => TEST_END_IRK,
        KeyName::PinUnblock => TEST_END_PUK,
        KeyName::Maintenance => TEST_END_STK,
        KeyName::External(id) => {
            let [i, j, k, l, m, n] = TEST_END_EXTERNAL;
            [i, j, k, l, m, n, b'@' + 2 * (id >> 4), b'@' + 2 * (id & 0x0F)]
        }
    };
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}
