//! A test CA, which makes the certificates of virtual cards. Its key is made of a text that everybody can read here: a test key.

use std::str::FromStr;

use der::{DateTime, Encode};
use sm2::dsa::signature::{Error as SignatureError, Keypair, Signer};
use sm2::dsa::{DerSignature, SigningKey, VerifyingKey};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Error, Result as Built};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::time::Validity;

use crate::certificate::SM2_WITH_SM3;
use crate::key::{PublicKey, SecretKey, USER_ID};

/// The text of which the test CA's key is made.
const SEED: &[u8] = b"Qiyong test CA: never trust what it signs";
/// What it calls itself.
const ISSUER: &str = "CN=Qiyong test CA,O=Qiyong,C=CN";

/// What a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Signatures that cannot be denied.
    Sign,
    /// Envelopes.
    Encrypt,
    /// Certificates of others.
    Certify,
}

/// A day: year, month, day.
pub type Day = (u16, u8, u8);

/// Whom a certificate is for, and when it is valid.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The holder's name.
    pub name: &'a str,
    /// The number of the holder's card.
    pub card: &'a str,
    /// The certificate's number at its issuer.
    pub serial: u64,
    /// The first and the last day on which it is valid; the year 1970 is the first that can be written.
    pub days: (Day, Day),
}

/// The test CA.
pub struct TestCa(SigningKey);

impl Default for TestCa {
    fn default() -> Self {
        Self(SigningKey::new(USER_ID, SecretKey::derive(&[SEED]).scalar()).expect("the seed's key can sign"))
    }
}

impl TestCa {
    /// The key that proves its certificates.
    pub fn key(&self) -> PublicKey {
        PublicKey(sm2::PublicKey::from(self.0.verifying_key()))
    }

    /// Its own certificate, in DER.
    ///
    /// # Errors
    /// None that is known.
    pub fn certificate(&self) -> Result<Vec<u8>, Error> {
        self.sign(ISSUER, 1, ((2020, 1, 1), (2049, 12, 31)), &self.key(), Usage::Certify)
    }

    /// A certificate for somebody's key, in DER.
    ///
    /// # Errors
    /// A day does not exist or cannot be written.
    pub fn issue(&self, subject: &Subject<'_>, key: &PublicKey, usage: Usage) -> Result<Vec<u8>, Error> {
        let Subject { name, card, serial, days } = *subject;
        let name = format!("CN={},serialNumber={},O=Qiyong test cards,C=CN", quoted(name), quoted(card));
        self.sign(&name, serial, days, key, usage)
    }

    fn sign(&self, name: &str, serial: u64, days: (Day, Day), key: &PublicKey, usage: Usage) -> Result<Vec<u8>, Error> {
        let at = |(year, month, day): Day, hour, minute, second| DateTime::new(year, month, day, hour, minute, second);
        let validity = Validity::new(at(days.0, 0, 0, 0)?.into(), at(days.1, 23, 59, 59)?.into());
        let profile = Profile { subject: Name::from_str(name)?, usage };
        let key = SubjectPublicKeyInfoOwned::from_key(&key.0)?;
        let builder = CertificateBuilder::new(profile, SerialNumber::new(&serial.to_be_bytes())?, validity, key)?;
        Ok(builder.build::<_, DerSignature>(self)?.to_der()?)
    }
}

/// A value with every character that RFC 4514 reserves escaped.
fn quoted(value: &str) -> String {
    let reserved = |character| " \"#+,;<=>\\".contains(character);
    value.chars().flat_map(|character| reserved(character).then_some('\\').into_iter().chain([character])).collect()
}

impl Keypair for TestCa {
    type VerifyingKey = VerifyingKey;

    fn verifying_key(&self) -> VerifyingKey {
        self.0.verifying_key().clone()
    }
}

impl DynSignatureAlgorithmIdentifier for TestCa {
    fn signature_algorithm_identifier(&self) -> x509_cert::spki::Result<AlgorithmIdentifierOwned> {
        Ok(AlgorithmIdentifierOwned { oid: SM2_WITH_SM3, parameters: None })
    }
}

/// Certificates have signatures in ASN.1.
impl Signer<DerSignature> for TestCa {
    fn try_sign(&self, message: &[u8]) -> Result<DerSignature, SignatureError> {
        let signature: sm2::dsa::Signature = self.0.try_sign(message)?;
        Ok(signature.to_der())
    }
}

/// What stands in a certificate besides key and days.
struct Profile {
    subject: Name,
    usage: Usage,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _: &Name) -> Name {
        Name::from_str(ISSUER).unwrap_or_default()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        issuer: SubjectPublicKeyInfoRef<'_>,
        signed: &TbsCertificate,
    ) -> Built<Vec<Extension>> {
        let usage = match self.usage {
            Usage::Sign => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            Usage::Encrypt => KeyUsages::KeyEncipherment | KeyUsages::DataEncipherment,
            Usage::Certify => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
        };
        let mut all: Vec<Extension> = Vec::new();
        let subject = signed.subject();
        all.push(AuthorityKeyIdentifier::try_from(issuer)?.to_extension(subject, &all)?);
        all.push(SubjectKeyIdentifier::try_from(key)?.to_extension(subject, &all)?);
        all.push(KeyUsage(usage).to_extension(subject, &all)?);
        if self.usage == Usage::Certify {
            let constraints = BasicConstraints { ca: true, path_len_constraint: Some(0) };
            all.push(constraints.to_extension(subject, &all)?);
        }
        Ok(all)
    }
}
