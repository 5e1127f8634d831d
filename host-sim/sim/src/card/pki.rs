//! The PKI application of a third-generation card: keys and certificates of its holder, and a PIN of its own (docs/card.md
//! §1.12). A secret key never leaves the card: commands only use it.
//!
//! Not here: who signs certificates (the test CA of `qiyong-pki`), and what a driver makes of a signature.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use qiyong_pki::application::{
    APPLICATION, DECIPHER, ENCRYPTION_CERTIFICATE, ENCRYPTION_KEY, ENVIRONMENT, KEY_HEAD, PinKey, SIGN,
    SIGN_CERTIFICATE, SIGN_KEY, USER_PIN,
};
use qiyong_pki::certificate::CERTIFICATE_MAX;
use qiyong_pki::issuer::{Subject, TestCa, Usage};
use qiyong_pki::key::SecretKey;
use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::keys::CardKeys;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::pin::PinState;
use crate::gbk;

/// P1 and P2, and the data's tag of the command by which a card hashes.
const HASH_PARAMETERS: (u8, u8) = (0x01, 0x03);
const HASHED: u8 = 0xC1;

/// What the application keeps without power. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Pki {
    /// The key that signs.
    pub sign_key: SecretKey,
    /// The key that opens envelopes.
    pub encryption_key: SecretKey,
    /// The certificate of the first, in DER.
    pub sign_certificate: Vec<u8>,
    /// The certificate of the second, in DER.
    pub encryption_certificate: Vec<u8>,
    /// The user's PIN; its tries are not those of the card's PIN.
    pub pin: PinState,
}

/// What a reset clears.
#[derive(Default)]
pub(super) struct PkiSession {
    /// `None`: another application is selected.
    selected: Option<Selected>,
    verified: bool,
    /// Holds for the next command only.
    challenge: Option<[u8; 16]>,
}

/// What of the application is selected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selected {
    Environment,
    /// And a file.
    Application(Option<u16>),
}

impl PkiSession {
    /// Whether the last selection was here.
    pub(super) const fn is_selected(&self) -> bool {
        self.selected.is_some()
    }
}

impl Pki {
    /// The application of a new card: its keys follow from the card's keys, its certificates are the test CA's, and its PIN
    /// begins as the card's. `None`: a certificate cannot have the card's days.
    pub fn of(new: &NewCard, keys: &CardKeys) -> Option<Self> {
        let key = |purpose: &str| SecretKey::derive(&[b"Qiyong SM2 ", purpose.as_bytes(), keys.irk.expose()]);
        let (sign_key, encryption_key) = (key("sign"), key("encrypt"));
        let day = |date: Date| (date.year(), date.month(), date.day());
        let (name, ca) = (gbk::name_text(&new.holder), TestCa::default());
        let certificate = |key: &SecretKey, usage| {
            let subject = Subject {
                name: &name,
                card: new.number.as_str(),
                serial: u64::from(new.serial) << 8 | u64::from(usage == Usage::Encrypt) | 0x100_0000_0000,
                days: (day(new.issued), day(new.expires)),
            };
            ca.issue(&subject, &key.public(), usage).ok()
        };
        Some(Self {
            sign_certificate: certificate(&sign_key, Usage::Sign)?,
            encryption_certificate: certificate(&encryption_key, Usage::Encrypt)?,
            sign_key,
            encryption_key,
            pin: PinState { value: new.pin.clone(), tries: new.pin_tries, left: new.pin_tries },
        })
    }

    /// The bytes of a file.
    fn file(&self, fid: u16) -> Option<Vec<u8>> {
        let key = |key: &SecretKey| [&KEY_HEAD[..], &key.public().coordinates()].concat();
        let certificate = |der: &[u8]| {
            let mut bytes = der.to_vec();
            bytes.resize(CERTIFICATE_MAX, 0xFF);
            bytes
        };
        Some(match fid {
            SIGN_KEY => key(&self.sign_key),
            ENCRYPTION_KEY => key(&self.encryption_key),
            SIGN_CERTIFICATE => certificate(&self.sign_certificate),
            ENCRYPTION_CERTIFICATE => certificate(&self.encryption_certificate),
            _ => return None,
        })
    }

    /// Compares the PIN's key with what was made of it; every failure costs a try.
    fn try_pin<T>(&mut self, right: impl FnOnce(&PinKey) -> Option<T>) -> Result<T, StatusWord> {
        if self.pin.left == 0 {
            return Err(StatusWord::BLOCKED);
        }
        match right(&PinKey::new(&self.pin.value)) {
            Some(value) => {
                self.pin.left = self.pin.tries;
                Ok(value)
            }
            None => {
                self.pin.left -= 1;
                Err(StatusWord::tries_left(self.pin.left))
            }
        }
    }
}

/// What a command of the application gives: data, or a status word.
pub(super) type Done = Result<Vec<u8>, StatusWord>;

impl Pki {
    /// What a command gives, if it is for this application: it selects it, or finds it selected. While the card's application
    /// is `blocked`, so is this one.
    pub(super) fn answer(
        &mut self,
        session: &mut PkiSession,
        command: &Command<'_>,
        blocked: bool,
        random: &mut ChaCha8Rng,
    ) -> Option<Done> {
        // A challenge holds only for the command right after it, whatever this command is.
        let challenge = session.challenge.take();
        let Command { cla, ins, p1, p2, data, ne } = *command;
        if (cla, ins) == (0x00, ins::SELECT) {
            let done = self.select(session, p1, data)?;
            return Some(if blocked { Err(StatusWord::SELECTED_INVALIDATED) } else { done });
        }
        let selected = session.selected?;
        if blocked {
            return Some(Err(StatusWord::SELECTED_INVALIDATED));
        }
        Some(match (cla, ins) {
            (0x00, ins::GET_CHALLENGE) => Ok(get_challenge(session, ne, random)),
            (0x80, ins::HASH) if (p1, p2) == HASH_PARAMETERS => hash(data),
            _ if selected == Selected::Environment => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            (0x00, ins::READ_BINARY) => self.read(selected, [p1, p2], ne),
            (0x00, ins::UPDATE_BINARY) => self.update(session, selected, [p1, p2], data),
            (0x00, ins::VERIFY) => self.verify(session, (p1, p2), data, challenge),
            (0x84, ins::CHANGE_PIN) => self.change_pin(session, (p1, p2), data, challenge),
            (0x00, ins::PERFORM) => self.perform(session, (p1, p2), data, random),
            (0x00 | 0x04 | 0x80 | 0x84, _) => Err(StatusWord::UNKNOWN_INS),
            _ => Err(StatusWord::UNKNOWN_CLA),
        })
    }

    /// SELECT by a name of this application, or of a file in it. Everything else is selected elsewhere, and ends the rights
    /// that were gained here.
    fn select(&self, session: &mut PkiSession, p1: u8, data: &[u8]) -> Option<Done> {
        let (to, fci) = match (p1, data, session.selected) {
            (0x04, name, _) if *name == ENVIRONMENT => {
                let head = [0x6F, 0x14, 0x84, 0x0C];
                (Selected::Environment, [&head[..], name, &[0x73, 0x04, 0x92, 0x02, 0x33, 0x30][..]].concat())
            }
            (0x04, name, _) if *name == APPLICATION => {
                (Selected::Application(None), [&[0x6F, 0x0E, 0x84, 0x0C][..], name].concat())
            }
            (0x00 | 0x02, [0x00, low], Some(Selected::Application(_))) => {
                let fid = u16::from(*low);
                if self.file(fid).is_none() {
                    return Some(Err(StatusWord::FILE_NOT_FOUND));
                }
                (Selected::Application(Some(fid)), Vec::new())
            }
            _ => {
                *session = PkiSession::default();
                return None;
            }
        };
        session.selected = Some(to);
        Some(Ok(fci))
    }

    fn verify(&mut self, session: &mut PkiSession, which: (u8, u8), data: &[u8], challenge: Option<[u8; 16]>) -> Done {
        let cryptogram: [u8; 16] = pin_data(which, data)?;
        let challenge = challenge.ok_or(StatusWord::NO_CHALLENGE)?;
        session.verified = false;
        self.try_pin(|key| (key.answer(&challenge) == cryptogram).then_some(()))?;
        session.verified = true;
        Ok(Vec::new())
    }

    fn change_pin(
        &mut self,
        session: &mut PkiSession,
        which: (u8, u8),
        data: &[u8],
        challenge: Option<[u8; 16]>,
    ) -> Done {
        let data: [u8; 20] = pin_data(which, data)?;
        let challenge = challenge.ok_or(StatusWord::NO_CHALLENGE)?;
        session.verified = false;
        self.pin.value = self.try_pin(|key| key.new_pin(&challenge, &data))?;
        Ok(Vec::new())
    }

    fn read(&self, selected: Selected, offset: [u8; 2], ne: usize) -> Done {
        let Selected::Application(Some(fid)) = selected else { return Err(StatusWord::NO_CURRENT_FILE) };
        let bytes = self.file(fid).ok_or(StatusWord::FILE_NOT_FOUND)?;
        match bytes.get(usize::from(u16::from_be_bytes(offset))..) {
            Some(rest) if !rest.is_empty() => Ok(rest.iter().copied().take(ne).collect()),
            _ => Err(StatusWord::WRONG_OFFSET),
        }
    }

    /// UPDATE BINARY of a certificate, by who knows the user's PIN.
    fn update(&mut self, session: &PkiSession, selected: Selected, offset: [u8; 2], data: &[u8]) -> Done {
        let Selected::Application(Some(fid)) = selected else { return Err(StatusWord::NO_CURRENT_FILE) };
        let mut bytes = self.file(fid).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let certificate = match fid {
            SIGN_CERTIFICATE => &mut self.sign_certificate,
            ENCRYPTION_CERTIFICATE => &mut self.encryption_certificate,
            _ => return Err(StatusWord::SECURITY_NOT_SATISFIED),
        };
        if !session.verified {
            return Err(StatusWord::SECURITY_NOT_SATISFIED);
        }
        let offset = usize::from(u16::from_be_bytes(offset));
        let room = bytes.get_mut(offset..offset + data.len()).ok_or(StatusWord::WRONG_OFFSET)?;
        room.copy_from_slice(data);
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0xFF).map_or(0, |last| last + 1));
        *certificate = bytes;
        Ok(Vec::new())
    }

    /// PERFORM SECURITY OPERATION.
    fn perform(&self, session: &PkiSession, what: (u8, u8), data: &[u8], random: &mut ChaCha8Rng) -> Done {
        if what != SIGN && what != DECIPHER {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if !session.verified {
            return Err(StatusWord::SECURITY_NOT_SATISFIED);
        }
        if what == SIGN {
            let digest: &[u8; 32] = data.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
            let signature = self.sign_key.sign(digest, random).map_err(|_| StatusWord::WRONG_DATA)?;
            return Ok(signature.0.to_vec());
        }
        let cryptogram = data.strip_prefix(&[0x00]).ok_or(StatusWord::WRONG_DATA)?;
        let opened = self.encryption_key.open(cryptogram).map_err(|_| StatusWord::WRONG_DATA)?;
        Ok(opened.to_vec())
    }
}

/// 16 bytes, or 8 that zeros fill up.
fn get_challenge(session: &mut PkiSession, ne: usize, random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut challenge = [0; 16];
    let length = if ne == 8 { 8 } else { 16 };
    random.fill_bytes(&mut challenge[..length]);
    session.challenge = Some(challenge);
    challenge[..length].to_vec()
}

/// The data of a command for the user's PIN.
fn pin_data<const N: usize>(which: (u8, u8), data: &[u8]) -> Result<[u8; N], StatusWord> {
    match which {
        USER_PIN => data.try_into().map_err(|_| StatusWord::WRONG_LENGTH),
        // The administrator's PIN: this card has none.
        (0x01, 0x00) => Err(StatusWord::KEY_NOT_FOUND),
        _ => Err(StatusWord::WRONG_P1_P2),
    }
}

/// SM3 over the value of a data object.
fn hash(data: &[u8]) -> Done {
    match data {
        [tag, length, value @ ..] if *tag == HASHED && value.len() == usize::from(*length) => {
            Ok(qiyong_pki::key::hash(value).to_vec())
        }
        _ => Err(StatusWord::WRONG_DATA),
    }
}

#[cfg(test)]
mod tests;
