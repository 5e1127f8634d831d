//! Reads X.509 certificates whose key is of SM2. Whom to trust is not decided here: [`Certificate::is_issued_by`] only compares
//! a signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::oid::ObjectIdentifier;
use der::{Decode, Encode};
use sm2::pkcs8::DecodePublicKey;
use x509_cert::Certificate as Inner;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

use crate::key::{PublicKey, Refused, Signature};

/// Signed with SM2 over SM3 (GM/T 0006).
pub const SM2_WITH_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");

/// The most bytes of a certificate that is read: a card's file is no longer.
pub const CERTIFICATE_MAX: usize = 2048;

/// Why bytes are no certificate that this crate uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// They are no certificate in DER, or end too early or too late.
    Form,
    /// Its key is none of SM2.
    Key,
    /// It is not signed with SM2 over SM3.
    Algorithm,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "it is no complete certificate in DER",
            Self::Key => "its public key is none of SM2",
            Self::Algorithm => "it is not signed with SM2 over SM3",
        })
    }
}

impl std::error::Error for CertificateError {}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    inner: Inner,
    key: PublicKey,
}

impl Certificate {
    /// From exactly the bytes of a certificate.
    ///
    /// # Errors
    /// They are none, or of another algorithm.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > CERTIFICATE_MAX {
            return Err(CertificateError::Form);
        }
        let inner = Inner::from_der(bytes).map_err(|_| CertificateError::Form)?;
        let key = inner.tbs_certificate().subject_public_key_info().to_der().map_err(|_| CertificateError::Form)?;
        let key = sm2::PublicKey::from_public_key_der(&key).map_err(|_| CertificateError::Key)?;
        if inner.signature_algorithm().oid != SM2_WITH_SM3 || inner.tbs_certificate().signature().oid != SM2_WITH_SM3 {
            return Err(CertificateError::Algorithm);
        }
        Ok(Self { inner, key: PublicKey(key) })
    }

    /// From base64, with or without the lines of PEM.
    ///
    /// # Errors
    /// Those of [`Certificate::from_der`].
    pub fn from_base64(text: &[u8]) -> Result<Self, CertificateError> {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-----"));
        let digits: Vec<u8> = lines.flatten().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        Self::from_der(&STANDARD.decode(digits).map_err(|_| CertificateError::Form)?)
    }

    /// How many of these bytes are the certificate with which they begin; what follows fills a card's file up.
    ///
    /// # Errors
    /// They begin with none, or it is not complete.
    pub fn length_in(bytes: &[u8]) -> Result<usize, CertificateError> {
        let total = match *bytes {
            // A sequence with a length of one or two bytes of its own.
            [0x30, 0x81, length, ..] => 3 + usize::from(length),
            [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([high, low])),
            _ => return Err(CertificateError::Form),
        };
        if total > bytes.len() { Err(CertificateError::Form) } else { Ok(total) }
    }

    /// The key that it binds to its subject.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the owner of this key signed it.
    ///
    /// # Errors
    /// No.
    pub fn is_issued_by(&self, issuer: &PublicKey) -> Result<(), Refused> {
        let signed = self.inner.tbs_certificate().to_der().map_err(|_| Refused)?;
        let signature = self.inner.signature().as_bytes().ok_or(Refused)?;
        issuer.verify(&signed, &Signature::from_der(signature)?)
    }

    /// Whom it names, by RFC 4514.
    pub fn subject(&self) -> String {
        self.inner.tbs_certificate().subject().to_string()
    }

    /// Who issued it, and its number there: an envelope names its recipient so.
    pub(crate) fn reference(&self) -> (&Name, &SerialNumber) {
        let signed = self.inner.tbs_certificate();
        (signed.issuer(), signed.serial_number())
    }
}
