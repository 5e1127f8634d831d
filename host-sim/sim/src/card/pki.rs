//! The PKI application of a third-generation card: keys and certificates of its holder, and a PIN of its own (docs/card.md
//! §1.12). A secret key never leaves the card: commands only use it.
//!
//! Not here: who signs certificates (the test CA of `qiyong-pki`), and what a driver makes of a signature.

use rand_core::Rng;

use qiyong_pki::application::{
    APPLICATION, DECIPHER, ENCRYPTION_CERTIFICATE, ENCRYPTION_KEY, ENVIRONMENT, KEY_HEAD, PERFORM, PinKey, SIGN,
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

use super::os::{Blocked, PinState, Reply, VirtualCard, only};
use crate::gbk;

/// INS, P1 and P2, and the data's tag of the command by which a card hashes.
const HASH: u8 = 0xC4;
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
type Done = Result<Vec<u8>, StatusWord>;

impl VirtualCard {
    /// The answer, if the command is for this application: it selects it, or finds it selected.
    pub(super) fn pki_reply(&mut self, command: &Command<'_>) -> Option<Reply> {
        // A challenge holds only for the command right after it, whatever this command is.
        let challenge = self.session.pki.challenge.take();
        let mut pki = self.pki.take()?;
        let done = self.pki_command(&mut pki, command, challenge);
        self.pki = Some(pki);
        done.map(|done| done.map_or_else(only, |data| (data, StatusWord::OK)))
    }

    fn pki_command(&mut self, pki: &mut Pki, command: &Command<'_>, challenge: Option<[u8; 16]>) -> Option<Done> {
        let Command { cla, ins, p1, p2, data, .. } = *command;
        if (cla, ins) == (0x00, ins::SELECT) {
            return self.pki_select(pki, p1, data);
        }
        let selected = self.session.pki.selected?;
        if self.blocked != Blocked::No {
            return Some(Err(StatusWord::SELECTED_INVALIDATED));
        }
        Some(match (cla, ins) {
            (0x00, ins::GET_CHALLENGE) => Ok(self.pki_challenge(command.ne)),
            (0x80, HASH) if (p1, p2) == HASH_PARAMETERS => hash(data),
            _ if !matches!(selected, Selected::Application(_)) => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            (0x00, ins::READ_BINARY) => read(pki, selected, [p1, p2], command.ne),
            (0x00, ins::UPDATE_BINARY) => self.pki_update(pki, selected, [p1, p2], data),
            (0x00, ins::VERIFY) => self.pki_verify(pki, (p1, p2), data, challenge),
            (0x84, ins::CHANGE_PIN) => self.pki_change_pin(pki, (p1, p2), data, challenge),
            (0x00, PERFORM) => self.perform(pki, (p1, p2), data),
            (0x00 | 0x04 | 0x80 | 0x84, _) => Err(StatusWord::UNKNOWN_INS),
            _ => Err(StatusWord::UNKNOWN_CLA),
        })
    }

    /// SELECT by a name of this application, or of a file in it. Everything else is selected elsewhere, and ends the rights
    /// that were gained here.
    fn pki_select(&mut self, pki: &Pki, p1: u8, data: &[u8]) -> Option<Done> {
        let session = &mut self.session.pki;
        let (to, fci) = match (p1, data, session.selected) {
            (0x04, name, _) if *name == ENVIRONMENT => (
                Selected::Environment,
                [&[0x6F, 0x14, 0x84, 0x0C], name, &[0x73, 0x04, 0x92, 0x02, 0x33, 0x30][..]].concat(),
            ),
            (0x04, name, _) if *name == APPLICATION => {
                (Selected::Application(None), [&[0x6F, 0x0E, 0x84, 0x0C][..], name].concat())
            }
            (0x00 | 0x02, [high, low], Some(Selected::Application(_))) if *high == 0x00 => {
                let fid = u16::from_be_bytes([*high, *low]);
                let found = pki.file(fid).is_some();
                if found {
                    session.selected = Some(Selected::Application(Some(fid)));
                }
                return Some(if found { Ok(Vec::new()) } else { Err(StatusWord::FILE_NOT_FOUND) });
            }
            _ => {
                *session = PkiSession::default();
                return None;
            }
        };
        // Between the two the user's right stays; it ends when anything else is selected.
        let verified = session.verified;
        self.session = super::os::Session::default();
        self.session.pki = PkiSession { selected: Some(to), verified, challenge: None };
        Some(if self.blocked == Blocked::No { Ok(fci) } else { Err(StatusWord::SELECTED_INVALIDATED) })
    }

    /// 16 bytes, or 8 that zeros fill up.
    fn pki_challenge(&mut self, ne: usize) -> Vec<u8> {
        let mut challenge = [0; 16];
        let length = if ne == 8 { 8 } else { 16 };
        self.random.fill_bytes(&mut challenge[..length]);
        self.session.pki.challenge = Some(challenge);
        challenge[..length].to_vec()
    }

    fn pki_verify(&mut self, pki: &mut Pki, which: (u8, u8), data: &[u8], challenge: Option<[u8; 16]>) -> Done {
        let cryptogram: [u8; 16] = pin_data(which, data)?;
        let challenge = challenge.ok_or(StatusWord::NO_CHALLENGE)?;
        self.session.pki.verified = false;
        pki.try_pin(|key| (key.answer(&challenge) == cryptogram).then_some(()))?;
        self.session.pki.verified = true;
        Ok(Vec::new())
    }

    fn pki_change_pin(&mut self, pki: &mut Pki, which: (u8, u8), data: &[u8], challenge: Option<[u8; 16]>) -> Done {
        let data: [u8; 20] = pin_data(which, data)?;
        let challenge = challenge.ok_or(StatusWord::NO_CHALLENGE)?;
        self.session.pki.verified = false;
        pki.pin.value = pki.try_pin(|key| key.new_pin(&challenge, &data))?;
        Ok(Vec::new())
    }

    /// UPDATE BINARY of a certificate, by who knows the user's PIN.
    fn pki_update(&mut self, pki: &mut Pki, selected: Selected, offset: [u8; 2], data: &[u8]) -> Done {
        let Selected::Application(Some(fid)) = selected else { return Err(StatusWord::NO_CURRENT_FILE) };
        let mut bytes = pki.file(fid).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let certificate = match fid {
            SIGN_CERTIFICATE => &mut pki.sign_certificate,
            ENCRYPTION_CERTIFICATE => &mut pki.encryption_certificate,
            _ => return Err(StatusWord::SECURITY_NOT_SATISFIED),
        };
        if !self.session.pki.verified {
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
    fn perform(&mut self, pki: &Pki, what: (u8, u8), data: &[u8]) -> Done {
        if what != SIGN && what != DECIPHER {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if !self.session.pki.verified {
            return Err(StatusWord::SECURITY_NOT_SATISFIED);
        }
        if what == SIGN {
            let digest: &[u8; 32] = data.try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
            let signature = pki.sign_key.sign(digest, &mut self.random).map_err(|_| StatusWord::WRONG_DATA)?;
            return Ok(signature.0.to_vec());
        }
        let cryptogram = data.strip_prefix(&[0x00]).ok_or(StatusWord::WRONG_DATA)?;
        let opened = pki.encryption_key.open(cryptogram).map_err(|_| StatusWord::WRONG_DATA)?;
        Ok(opened.to_vec())
    }
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

fn read(pki: &Pki, selected: Selected, offset: [u8; 2], ne: usize) -> Done {
    let Selected::Application(Some(fid)) = selected else { return Err(StatusWord::NO_CURRENT_FILE) };
    let bytes = pki.file(fid).ok_or(StatusWord::FILE_NOT_FOUND)?;
    match bytes.get(usize::from(u16::from_be_bytes(offset))..) {
        Some(rest) if !rest.is_empty() => Ok(rest.iter().copied().take(ne).collect()),
        _ => Err(StatusWord::WRONG_OFFSET),
    }
}

#[cfg(test)]
mod tests;
