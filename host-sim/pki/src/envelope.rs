//! A digital envelope: a message under a new SM4 key, and that key sealed to the recipient (GB/T 35275, GM/T 0010).
//!
//! Reading one has two halves, since the recipient's key is in a card: [`Envelope::from_der`] gives what the card opens,
//! [`Envelope::open`] takes what it answers.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use der::asn1::{OctetString, SetOfVec};
use der::oid::ObjectIdentifier;
use der::{Any, Decode, Encode, Sequence, ValueOrd};
use sm2::dsa::signature::rand_core::TryCryptoRng;
use sm4::Sm4;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::key::{Refused, cryptogram_from_der, cryptogram_to_der};

/// The content types and algorithms of these standards.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.2.1");
const ENVELOPED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.2.3");
const SM2_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301.3");
const SM4_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.104.2");
/// The same as many write it: SM4 without a mode, with a start value.
const SM4_ALONE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.104");

const VERSION: u8 = 1;

#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: EnvelopedData,
}

#[derive(Sequence)]
struct EnvelopedData {
    version: u8,
    recipients: SetOfVec<Recipient>,
    content: EncryptedContent,
}

#[derive(Clone, Sequence, ValueOrd)]
struct Recipient {
    version: u8,
    certificate: Reference,
    algorithm: AlgorithmIdentifierOwned,
    key: OctetString,
}

#[derive(Clone, Sequence, ValueOrd)]
struct Reference {
    issuer: Name,
    serial: SerialNumber,
}

#[derive(Sequence)]
struct EncryptedContent {
    content_type: ObjectIdentifier,
    algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    bytes: OctetString,
}

/// An envelope that is not open yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The message's key, sealed: 04, x, y, C3, C2. The recipient's card opens it.
    pub key: Vec<u8>,
    start: [u8; 16],
    bytes: Vec<u8>,
}

/// Puts a message into an envelope for the certificate's owner; gives its DER.
///
/// # Errors
/// The generator failed.
pub fn seal(recipient: &Certificate, message: &[u8], random: &mut impl TryCryptoRng) -> Result<Vec<u8>, Refused> {
    let (mut key, mut start) = (Zeroizing::new([0; 16]), [0; 16]);
    random.try_fill_bytes(&mut *key).map_err(|_| Refused)?;
    random.try_fill_bytes(&mut start).map_err(|_| Refused)?;
    let cipher = cbc::Encryptor::<Sm4>::new((&*key).into(), (&start).into());
    let sealed = cryptogram_to_der(&recipient.key().seal(&*key, random)?)?;
    write(recipient, sealed, start, cipher.encrypt_padded_vec::<Pkcs7>(message)).map_err(|_| Refused)
}

fn write(recipient: &Certificate, key: Vec<u8>, start: [u8; 16], bytes: Vec<u8>) -> der::Result<Vec<u8>> {
    let (issuer, serial) = recipient.reference();
    let recipient = Recipient {
        version: VERSION,
        certificate: Reference { issuer: issuer.clone(), serial: serial.clone() },
        algorithm: AlgorithmIdentifierOwned { oid: SM2_ENCRYPTION, parameters: None },
        key: OctetString::new(key)?,
    };
    let parameters = Some(Any::encode_from(&OctetString::new(start)?)?);
    let content = EncryptedContent {
        content_type: DATA,
        algorithm: AlgorithmIdentifierOwned { oid: SM4_CBC, parameters },
        bytes: OctetString::new(bytes)?,
    };
    let recipients = SetOfVec::try_from(vec![recipient])?;
    let content = EnvelopedData { version: VERSION, recipients, content };
    ContentInfo { content_type: ENVELOPED_DATA, content }.to_der()
}

impl Envelope {
    /// Reads an envelope for one recipient.
    ///
    /// # Errors
    /// It is none, is for several, or is of other algorithms.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Refused> {
        let info = ContentInfo::from_der(bytes).map_err(|_| Refused)?;
        let EnvelopedData { version, recipients, content } = info.content;
        let [recipient] = recipients.as_slice() else { return Err(Refused) };
        let known = info.content_type == ENVELOPED_DATA
            && version == VERSION
            && recipient.version == VERSION
            && recipient.algorithm.oid == SM2_ENCRYPTION
            && content.content_type == DATA
            && [SM4_CBC, SM4_ALONE].contains(&content.algorithm.oid);
        if !known {
            return Err(Refused);
        }
        let start = content.algorithm.parameters.ok_or(Refused)?.decode_as::<OctetString>().map_err(|_| Refused)?;
        Ok(Self {
            key: cryptogram_from_der(recipient.key.as_bytes())?,
            start: start.as_bytes().try_into().map_err(|_| Refused)?,
            bytes: content.bytes.into_bytes().into(),
        })
    }

    /// The message, by the key that the recipient's card has opened.
    ///
    /// # Errors
    /// It is another key, or the envelope was changed.
    pub fn open(&self, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let key: &[u8; 16] = key.try_into().map_err(|_| Refused)?;
        let cipher = cbc::Decryptor::<Sm4>::new(key.into(), (&self.start).into());
        cipher.decrypt_padded_vec::<Pkcs7>(&self.bytes).map(Zeroizing::new).map_err(|_| Refused)
    }
}
