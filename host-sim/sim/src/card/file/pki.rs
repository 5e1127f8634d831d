//! The PKI application in a card's file: the table `pki`. A card's file without it is a card without the application.
//!
//! A certificate may be any bytes: who wants a card with a broken one changes it here.

use std::fmt::Write as _;

use serde::Deserialize;
use zeroize::Zeroizing;

use qiyong_pki::certificate::CERTIFICATE_MAX;
use qiyong_pki::key::SecretKey;

use super::pin::{self, PinTable};
use super::problem::ValueProblem;
use crate::card::pki::Pki;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PkiTable {
    sign_key: String,
    encryption_key: String,
    sign_certificate: String,
    encryption_certificate: String,
    pin: PinTable,
}

impl PkiTable {
    pub(super) fn check(self) -> Result<Pki, (String, ValueProblem)> {
        let key = |name: &str, text: &str| {
            let mut bytes = Zeroizing::new([0; 32]);
            let read = hex::decode_to_slice(text, &mut *bytes).ok().and_then(|()| SecretKey::from_bytes(&bytes).ok());
            read.ok_or_else(|| (format!("pki.{name}"), ValueProblem::SecretKey))
        };
        let certificate = |name: &str, text: &str| {
            let wrong = |problem| (format!("pki.{name}"), problem);
            let bytes = hex::decode(text).map_err(|error| wrong(ValueProblem::NotHex(error)))?;
            match bytes.len() {
                length if length > CERTIFICATE_MAX => Err(wrong(ValueProblem::CertificateLength(length))),
                _ => Ok(bytes),
            }
        };
        Ok(Pki {
            sign_key: key("sign_key", &self.sign_key)?,
            encryption_key: key("encryption_key", &self.encryption_key)?,
            sign_certificate: certificate("sign_certificate", &self.sign_certificate)?,
            encryption_certificate: certificate("encryption_certificate", &self.encryption_certificate)?,
            pin: self.pin.check().map_err(|(key, problem)| (format!("pki.pin.{key}"), problem))?,
        })
    }
}

pub(super) fn write(out: &mut String, pki: &Pki) -> std::fmt::Result {
    writeln!(out, "\n[pki]  # the holder's keys for signatures and envelopes, SM2; certificates by a test CA, in DER")?;
    for (name, key) in [("sign_key", &pki.sign_key), ("encryption_key", &pki.encryption_key)] {
        writeln!(out, "{name} = \"{}\"", hex::encode_upper(*key.expose()))?;
    }
    let certificates =
        [("sign_certificate", &pki.sign_certificate), ("encryption_certificate", &pki.encryption_certificate)];
    for (name, certificate) in certificates {
        writeln!(out, "{name} = \"{}\"", hex::encode_upper(certificate))?;
    }
    writeln!(out, "\n[pki.pin]")?;
    pin::write(out, &pki.pin)
}
