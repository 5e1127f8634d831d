//! How the connection to a PostgreSQL server is encrypted: what `sslmode` and `sslrootcert` in its address say, in libpq's words, and
//! what is asked of the server's certificate then (docs/operating.md §2). The encryption itself is rustls's.
//!
//! Not here: certificates of clients, and the words that a refused certificate gets (`failure`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Why what an address says of encryption cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// It asks for an encryption that there is not.
    #[error(
        "sslmode={0} is not known here: write disable; require, which encrypts; or verify-full, which looks at the server's certificate, too"
    )]
    Mode(String),
    /// A certificate is to be looked at, and nothing says who may have signed it.
    #[error(
        "sslmode=verify-full looks at the server's certificate: name the one of whoever signed it with sslrootcert=FILE"
    )]
    NoRoots,
    /// It is said who may have signed a certificate, and none is asked for.
    #[error("sslrootcert does nothing without encryption: write sslmode=verify-full beside it")]
    RootsForNothing,
    /// The certificates of whoever may have signed the server's are none.
    #[error("the certificates in {} cannot be used: {why}; name a PEM file with that of whoever signed the server's", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// This program has no protocol for it, which is a fault of its own.
    #[error("there is no protocol to encrypt with: {0}; report it to whoever maintains the program")]
    Protocol(String),
}

/// What an address asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: it is a socket, or a network of the centre's own.
    Plain,
    /// Who listens hears nothing. The certificate is looked at if there are roots: whoever signed it, for whatever name.
    Encrypted { roots: Option<PathBuf> },
    /// The certificate is signed by one of the roots, for the name in the address.
    Verified { roots: PathBuf },
}

/// An address without what it says of encryption, and that.
///
/// # Errors
/// It says what cannot be done.
pub(super) fn of_address(address: &str) -> Result<(String, Wanted), EncryptionError> {
    let Some((before, query)) = address.split_once('?') else { return Ok((address.to_owned(), Wanted::Plain)) };
    let (mut mode, mut roots, mut others) = (None, None, Vec::new());
    for pair in query.split('&') {
        let value = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        match pair.split_once('=') {
            Some(("sslmode", text)) => mode = Some(value(text)),
            Some(("sslrootcert", text)) => roots = Some(PathBuf::from(value(text))),
            _ => others.push(pair),
        }
    }
    let wanted = match (mode.as_deref(), roots) {
        (None | Some("disable"), None) => Wanted::Plain,
        (Some("require"), roots) => Wanted::Encrypted { roots },
        (Some("verify-full"), Some(roots)) => Wanted::Verified { roots },
        (Some("verify-full"), None) => return Err(EncryptionError::NoRoots),
        (None | Some("disable"), Some(_)) => return Err(EncryptionError::RootsForNothing),
        (Some(other), _) => return Err(EncryptionError::Mode(other.to_owned())),
    };
    let others = others.join("&");
    Ok((if others.is_empty() { before.to_owned() } else { format!("{before}?{others}") }, wanted))
}

impl Wanted {
    /// What does it; `None`: nothing does. Files that it names without their folder lie in `folder`.
    ///
    /// # Errors
    /// The roots cannot be read.
    pub(super) fn connector(self, folder: &Path) -> Result<Option<MakeRustlsConnect>, EncryptionError> {
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Plain => return Ok(None),
            Self::Verified { roots } => verifier(&folder.join(roots), &provider)?,
            Self::Encrypted { roots } => {
                let chain = roots.map(|roots| verifier(&folder.join(roots), &provider)).transpose()?;
                Arc::new(AnyName { chain, algorithms })
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| EncryptionError::Protocol(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Some(MakeRustlsConnect::new(config)))
    }
}

fn verifier(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, EncryptionError> {
    let fault = |why: String| EncryptionError::Roots { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fault("there is none in it".into()));
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    builder.build().map_err(|error| fault(error.to_string()))
}

/// Takes a certificate for whatever name, and whoever signed it if there is no chain to follow. That the server has the
/// certificate's key is always asked for.
#[derive(Debug)]
struct AnyName {
    chain: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end, others, name, ocsp, now) {
            // The name is looked at last.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_and_keeps_the_rest() {
        let of = |query: &str| of_address(&format!("postgres://a@b/c{query}"));
        let plain = |rest: &str| Ok((format!("postgres://a@b/c{rest}"), Wanted::Plain));
        assert_eq!(of(""), plain(""));
        assert_eq!(of("?sslmode=disable"), plain(""));
        assert_eq!(of("?port=5433&sslmode=disable&user=x"), plain("?port=5433&user=x"));
        let encrypted = |roots: Option<&str>| Wanted::Encrypted { roots: roots.map(PathBuf::from) };
        assert_eq!(of("?sslmode=require").unwrap().1, encrypted(None));
        assert_eq!(of("?sslrootcert=%2Fa%20b&sslmode=require").unwrap().1, encrypted(Some("/a b")));
        let verified = Wanted::Verified { roots: "ca.pem".into() };
        assert_eq!(of("?sslmode=verify-full&sslrootcert=ca.pem").unwrap().1, verified);
        for (query, fault) in [
            ("?sslmode=prefer", EncryptionError::Mode("prefer".into())),
            ("?sslmode=verify-full", EncryptionError::NoRoots),
            ("?sslrootcert=ca.pem", EncryptionError::RootsForNothing),
            ("?sslmode=disable&sslrootcert=ca.pem", EncryptionError::RootsForNothing),
        ] {
            assert_eq!(of(query), Err(fault), "{query}");
        }
    }

    #[test]
    fn roots_that_are_none_are_refused_with_their_file() {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::write(folder.path().join("empty.pem"), "").unwrap();
        std::fs::write(
            folder.path().join("none.pem"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .unwrap();
        for name in ["missing.pem", "empty.pem", "none.pem"] {
            let made = Wanted::Verified { roots: name.into() }.connector(folder.path());
            let Err(EncryptionError::Roots { path, .. }) = made else { panic!("{name}") };
            assert_eq!(path, folder.path().join(name));
        }
    }
}
