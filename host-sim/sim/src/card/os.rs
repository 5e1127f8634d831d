//! The card's operating system: APDU in, APDU out, under access conditions (docs/card.md §1.5, §1.6, §1.8).
//!
//! It is simpler than a real card in one way, where docs/card.md has no facts: a key identifier names the same key in every
//! application.

mod debit;
mod secure_pin;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use iso7816_tlv::ber::{Tag, Tlv, Value};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use qiyong_protocol::card::commands::{application_aid, ins, join};
use qiyong_protocol::card::debit::{Begun, Debit};
use qiyong_protocol::card::files::{Access, Content, Df, FileSpec, Format, Generation, MF, RID, SSSE_NAME};
use qiyong_protocol::card::keys::{CardKeys, Key, Scheme};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::records::Record;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

use super::antenna::Antenna;
use super::contact::Habits;
pub use super::pin::PinState;
use super::pki::{Pki, PkiSession};
use super::recorded::{Place, Recorded, accepted};

/// How often in a row authentication with any key may fail before keys are blocked; docs/card.md does not say.
pub const KEY_TRIES: u8 = 15;

/// What APPLICATION BLOCK or CARD BLOCK has blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// Nothing.
    No,
    /// The application, until APPLICATION UNBLOCK.
    Application,
    /// The application, for good.
    ApplicationForGood,
    /// The card, for good.
    Card,
}

/// The bytes of an elementary file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// The values of TLV records, in the order of the file's table.
    Records(Vec<Vec<u8>>),
    /// Records of a cyclic file, newest first.
    Cyclic(Vec<Vec<u8>>),
    /// A transparent file.
    Transparent(Vec<u8>),
}

/// A virtual card: what it keeps without power, and the state of the session. `Debug` shows no contents.
pub struct VirtualCard {
    /// Its generation.
    pub generation: Generation,
    /// Its ATR, TS first; empty for a card without contacts.
    pub atr: Vec<u8>,
    /// What it has for readers without contacts; access conditions are the same there.
    pub antenna: Option<Antenna>,
    /// Its own keys.
    pub keys: CardKeys,
    /// How many more authentications in a row may fail.
    pub key_tries_left: u8,
    /// Its PIN.
    pub pin: PinState,
    /// What is blocked.
    pub blocked: Blocked,
    /// How its keys are used where the norms leave this open.
    pub scheme: Scheme,
    /// What it answers as the real card did from which it was recorded.
    pub recorded: Recorded,
    /// What it does on the line in its own way.
    pub habits: Habits,
    /// Its application for signatures, if it has one.
    pub pki: Option<Box<Pki>>,
    files: BTreeMap<(Option<u16>, u16), Bytes>,
    random: ChaCha8Rng,
    session: Session,
    /// Keeps what changes, for a card that was taken from somewhere.
    memory: Option<Box<dyn Memory>>,
}

/// Where a card is kept beyond this program.
pub trait Memory: Send {
    /// Keeps the card as it is now.
    ///
    /// # Errors
    /// It cannot. The card that is kept instead, if there is one, is as it was when it was last kept.
    fn keep(&mut self, card: &VirtualCard) -> Result<(), Option<Box<VirtualCard>>>;

    /// Why the last command that should have changed the card did not, if it could not be kept.
    fn trouble(&self) -> Option<&str>;
}

/// The state that a reset clears.
#[derive(Default)]
struct Session {
    df: Option<Df>,
    ef: Option<u16>,
    pin_verified: bool,
    authenticated: BTreeSet<u8>,
    /// Holds for the next command only.
    challenge: Option<[u8; 8]>,
    /// The same of what INITIALIZE DEBIT has begun.
    debit: Option<(Debit, Begun)>,
    /// The last command was CHANGE PIN, and was carried out.
    took_new_pin: bool,
    /// What is selected, for the answers of a recorded card.
    place: Place,
    pki: PkiSession,
}

/// The answer to a command.
pub type Reply = (Vec<u8>, StatusWord);

impl fmt::Debug for VirtualCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualCard").field("generation", &self.generation).finish_non_exhaustive()
    }
}

fn only(sw: StatusWord) -> Reply {
    (Vec::new(), sw)
}

impl VirtualCard {
    /// A card with blank files; `seed` starts its random number generator.
    pub fn blank(
        generation: Generation,
        atr: Vec<u8>,
        keys: CardKeys,
        pin: PinState,
        scheme: Scheme,
        seed: u64,
    ) -> Self {
        let files = generation.files().map(|spec| ((spec.df.fid(), spec.fid), blank(spec))).collect();
        Self {
            generation,
            atr,
            antenna: None,
            keys,
            key_tries_left: KEY_TRIES,
            pin,
            blocked: Blocked::No,
            scheme,
            recorded: Recorded::default(),
            habits: Habits::default(),
            pki: None,
            files,
            random: ChaCha8Rng::seed_from_u64(seed),
            session: Session::default(),
            memory: None,
        }
    }

    /// The bytes of a file in this generation's file map.
    pub fn file(&self, spec: &FileSpec) -> Option<&Bytes> {
        self.files.get(&(spec.df.fid(), spec.fid))
    }

    /// The same bytes, for a personaliser to change.
    pub fn file_mut(&mut self, spec: &FileSpec) -> Option<&mut Bytes> {
        self.files.get_mut(&(spec.df.fid(), spec.fid))
    }

    /// The value of an environment record.
    pub fn ssse_value(&self, fid: u16, tag: u8) -> Option<&[u8]> {
        let (number, _) = self.generation.ssse_record(fid, tag)?;
        match self.files.get(&(None, fid))? {
            Bytes::Records(values) => values.get(usize::from(number) - 1).map(Vec::as_slice),
            Bytes::Cyclic(_) | Bytes::Transparent(_) => None,
        }
    }

    /// A reset: it clears the session and keeps what is stored.
    pub fn reset(&mut self) {
        self.session = Session::default();
    }

    /// From now on, what changes is kept by `memory`.
    pub fn set_memory(&mut self, memory: Box<dyn Memory>) {
        self.memory = Some(memory);
    }

    /// Why the last command that should have changed the card did not, if it could not be kept.
    pub fn trouble(&self) -> Option<&str> {
        self.memory.as_ref()?.trouble()
    }

    /// Whether the last command since the reset was CHANGE PIN, and was carried out.
    pub const fn took_new_pin(&self) -> bool {
        self.session.took_new_pin
    }

    /// Takes over what another card has stored, and forgets the session.
    fn take_back(&mut self, stored: Self) {
        let Self { key_tries_left, pin, blocked, files, pki, .. } = stored;
        (self.key_tries_left, self.pin, self.blocked, self.files) = (key_tries_left, pin, blocked, files);
        self.pki = pki;
        self.reset();
    }

    /// Carries out one command. What it changes is kept before this returns, if the card has a memory; or it has changed
    /// nothing, and the answer says that the memory failed.
    pub fn process(&mut self, command: &Command<'_>) -> Reply {
        // Most commands change nothing, so the card need not be compared with what is kept.
        const READS: [u8; 6] = [
            ins::SELECT,
            ins::READ_BINARY,
            ins::READ_RECORD,
            ins::GET_CHALLENGE,
            ins::INTERNAL_AUTHENTICATE,
            ins::PERFORM,
        ];
        let reply = self.replay(command).unwrap_or_else(|| self.carry_out(command));
        if !self.recorded.exchanges.is_empty() {
            self.session.place.follow(command, reply.1);
        }
        let social = !self.session.pki.is_selected();
        self.session.took_new_pin = social && command.ins == ins::CHANGE_PIN && reply.1 == StatusWord::OK;
        let Some(mut memory) = self.memory.take_if(|_| !READS.contains(&command.ins)) else { return reply };
        let kept = memory.keep(self);
        self.memory = Some(memory);
        match kept {
            Ok(()) => reply,
            Err(stored) => {
                stored.into_iter().for_each(|stored| self.take_back(*stored));
                only(StatusWord::MEMORY_FAILURE)
            }
        }
    }

    /// What a recorded card answers as the real one did. That was asked without any right, so whoever has one gets the answer
    /// of this card; a card that was blocked since answers as one.
    fn replay(&mut self, command: &Command<'_>) -> Option<Reply> {
        let selects = command.ins == ins::SELECT;
        let has_rights = self.session.pin_verified || !self.session.authenticated.is_empty();
        let recorded = !self.recorded.exchanges.is_empty();
        if !recorded || self.blocked != Blocked::No || has_rights && !selects {
            return None;
        }
        let (data, sw) = self.recorded.answer(&self.session.place, command)?;
        if selects && accepted(sw) {
            self.carry_out(command);
        }
        (self.session.challenge, self.session.debit) = (None, None);
        Some((data, sw))
    }

    fn carry_out(&mut self, command: &Command<'_>) -> Reply {
        // A challenge holds only for the command right after it, whatever this command is.
        let challenge = self.session.challenge.take();
        let debit = self.session.debit.take();
        if self.blocked == Blocked::Card {
            return only(StatusWord::NOT_SUPPORTED);
        }
        if let Some(pki) = &mut self.pki {
            let blocked = self.blocked != Blocked::No;
            let done = pki.answer(&mut self.session.pki, command, blocked, &mut self.random);
            // What was gained elsewhere ends when that application is selected.
            if self.session.pki.is_selected() {
                self.session = Session { pki: std::mem::take(&mut self.session.pki), ..Session::default() };
            }
            if let Some(done) = done {
                return done.map_or_else(only, |data| (data, StatusWord::OK));
            }
        }
        match (command.cla, command.ins) {
            (0x00, ins::SELECT) => self.select(command),
            (0x84, ins::APPLICATION_UNBLOCK) => self.application_unblock(command, challenge),
            (0x00, ins::GET_CHALLENGE) => self.get_challenge(command),
            _ if self.blocked == Blocked::ApplicationForGood => only(StatusWord::BLOCKED_FOR_GOOD),
            _ if self.blocked == Blocked::Application => only(StatusWord::SELECTED_INVALIDATED),
            (0x00, ins::READ_RECORD) => self.read_record(command),
            (0x00 | 0x04, ins::UPDATE_RECORD) => self.update_record(command, challenge),
            (0x00, ins::READ_BINARY) => self.read_binary(command),
            (0x00, ins::UPDATE_BINARY) => self.update_binary(command),
            (0x00, ins::VERIFY) => only(self.verify(command)),
            (0x80, ins::CHANGE_PIN) => only(self.change_pin(command, challenge)),
            (0x84, ins::CHANGE_PIN) => only(self.reload_sealed(command, challenge)),
            (0x84, ins::PIN_UNBLOCK) => only(self.unblock_pin(command, challenge)),
            (0x80, ins::INITIALIZE_DEBIT) => self.initialize_debit(command),
            (0x80, ins::DEBIT) => self.debit(command, debit),
            (0x00, ins::INTERNAL_AUTHENTICATE) => self.internal_authenticate(command),
            (0x00, ins::EXTERNAL_AUTHENTICATE) => only(self.external_authenticate(command, challenge)),
            (0x84, ins::APPLICATION_BLOCK) => self.application_block(command, challenge),
            (0x84, ins::CARD_BLOCK) => self.card_block(command, challenge),
            (0x00 | 0x04 | 0x80 | 0x84, _) => only(StatusWord::UNKNOWN_INS),
            _ => only(StatusWord::UNKNOWN_CLA),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Reply {
        let (df, name) = match (command.p1, command.data) {
            (0x04, name) if name == SSSE_NAME => (Some(Df::Ssse), name.to_vec()),
            (0x04, [rid @ .., number]) if rid == RID => {
                (Some(Df::App(number.wrapping_add(1))), application_aid(*number).to_vec())
            }
            (0x04, _) => return only(StatusWord::FILE_NOT_FOUND),
            (0x00 | 0x02, [high, low]) => match u16::from_be_bytes([*high, *low]) {
                MF => (None, Vec::new()),
                fid if fid & 0xFF00 == 0xDF00 => {
                    let number = *low;
                    (Some(Df::App(number)), application_aid(number.wrapping_sub(1)).to_vec())
                }
                fid => return only(self.select_ef(fid)),
            },
            (0x00 | 0x02, _) => return only(StatusWord::WRONG_DATA),
            _ => return only(StatusWord::WRONG_P1_P2),
        };
        if df.is_some_and(|df| !self.generation.files().any(|file| file.df == df)) {
            return only(StatusWord::FILE_NOT_FOUND);
        }
        // Rights gained by keys belong to the application in which they were gained; the PIN is one for all
        // applications.
        self.session.authenticated.clear();
        (self.session.df, self.session.ef) = (df, None);
        let sw = match self.blocked {
            Blocked::No => StatusWord::OK,
            _ => StatusWord::SELECTED_INVALIDATED,
        };
        if df.is_none() { only(sw) } else { (self.file_control_information(&name), sw) }
    }

    fn select_ef(&mut self, fid: u16) -> StatusWord {
        let Some(df) = self.session.df else {
            return StatusWord::FILE_NOT_FOUND;
        };
        if self.generation.file(df, fid).is_none() {
            return StatusWord::FILE_NOT_FOUND;
        }
        self.session.ef = Some(fid);
        StatusWord::OK
    }

    /// 6F { 84 name, A5 {} }. Version 3.00 announces its algorithm in A5, in the form for which readers search and
    /// which is no data object (docs/card.md §1.7). So A5 and 6F are composed here, and not by the crate for objects.
    fn file_control_information(&self, name: &[u8]) -> Vec<u8> {
        let proprietary = match self.generation {
            Generation::V1 | Generation::V2 => vec![],
            Generation::V3 => vec![0x9F, 0x0C, 0x86, self.generation.algorithm().code()],
        };
        // 84 is the tag of a primitive object, so that this always succeeds.
        let name = Tag::try_from(0x84_u8).and_then(|tag| Tlv::new(tag, Value::Primitive(name.to_vec())));
        let mut body = name.map(|object| object.to_vec()).unwrap_or_default();
        body.extend([0xA5, proprietary.len() as u8]);
        body.extend(proprietary);
        let mut fci = vec![0x6F, body.len() as u8];
        fci.extend(body);
        fci
    }

    /// The file that a record or binary command addresses: by SFI if it gives one, and that file becomes the current
    /// one; otherwise the current file.
    fn addressed(&mut self, sfi: u8) -> Result<&'static FileSpec, StatusWord> {
        let df = self.session.df.ok_or(StatusWord::NO_CURRENT_FILE)?;
        let by_sfi = |spec: &&FileSpec| spec.df == df && spec.sfi() == sfi;
        let spec = if sfi == 0 {
            let fid = self.session.ef.ok_or(StatusWord::NO_CURRENT_FILE)?;
            self.generation.file(df, fid)
        } else {
            self.generation.files().find(by_sfi)
        };
        let spec = spec.ok_or(StatusWord::FILE_NOT_FOUND)?;
        self.session.ef = Some(spec.fid);
        Ok(spec)
    }

    fn may(&self, access: Access) -> Result<(), StatusWord> {
        let key = |id| self.session.authenticated.contains(&id);
        let allowed = match access {
            Access::Free => true,
            Access::PinOrKey(id) => self.session.pin_verified || key(id),
            Access::PinAndKey(id) => self.session.pin_verified && key(id),
            Access::Key(id) => key(id),
            Access::Never => false,
        };
        if allowed { Ok(()) } else { Err(StatusWord::SECURITY_NOT_SATISFIED) }
    }

    fn read_record(&mut self, command: &Command<'_>) -> Reply {
        match self.find_record(command.p1, command.p2) {
            Ok((spec, at)) => match self.file(spec) {
                Some(Bytes::Records(values)) => {
                    let (Some(record), Some(value)) = (spec.records().get(at), values.get(at)) else {
                        return only(StatusWord::RECORD_NOT_FOUND);
                    };
                    if let Err(sw) = self.may(spec.read_access(record.tag)) {
                        return only(sw);
                    }
                    let bytes = Record { tag: record.tag, value }.encode().map(|bytes| bytes.to_vec());
                    (bytes.unwrap_or_default(), StatusWord::OK)
                }
                Some(Bytes::Cyclic(records)) => match (self.may(spec.read), records.get(at)) {
                    (Err(sw), _) => only(sw),
                    (Ok(()), Some(record)) => (record.clone(), StatusWord::OK),
                    (Ok(()), None) => only(StatusWord::RECORD_NOT_FOUND),
                },
                Some(Bytes::Transparent(_)) | None => only(StatusWord::WRONG_FILE_KIND),
            },
            Err(sw) => only(sw),
        }
    }

    /// P2 contains SFI and mode. Mode 4: P1 is the record's number. Mode 0: P1 is the record's tag (docs/card.md §1.6).
    fn find_record(&mut self, p1: u8, p2: u8) -> Result<(&'static FileSpec, usize), StatusWord> {
        let spec = self.addressed(p2 >> 3)?;
        let at = match p2 & 0x07 {
            4 => usize::from(p1).checked_sub(1),
            0 => spec.records().iter().position(|record| record.tag == p1),
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        Ok((spec, at.ok_or(StatusWord::RECORD_NOT_FOUND)?))
    }

    fn update_record(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> Reply {
        only(match self.checked_update(command, challenge) {
            Ok(()) => StatusWord::OK,
            Err(sw) => sw,
        })
    }

    fn checked_update(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> Result<(), StatusWord> {
        let (spec, at) = self.find_record(command.p1, command.p2)?;
        self.may(spec.update)?;
        let mut data = command.data;
        // Class 04: the last four bytes are a MAC by the key that the file requires (docs/card.md §1.6).
        if command.cla == 0x04 {
            let (Access::Key(id) | Access::PinOrKey(id) | Access::PinAndKey(id)) = spec.update else {
                return Err(StatusWord(0x9406));
            };
            let key = self.external_key(id).ok_or(StatusWord::KEY_NOT_FOUND)?;
            data = check_mac(key, command, challenge)?;
        }
        let record = spec.records().get(at).ok_or(StatusWord::RECORD_NOT_FOUND)?;
        let given = Record::decode(data).map_err(|_| StatusWord::WRONG_DATA)?;
        if given.tag != record.tag || given.value.len() != usize::from(record.len) {
            return Err(StatusWord::WRONG_DATA);
        }
        match self.file_mut(spec) {
            Some(Bytes::Records(values)) => {
                let value = values.get_mut(at).ok_or(StatusWord::RECORD_NOT_FOUND)?;
                *value = given.value.to_vec();
                Ok(())
            }
            _ => Err(StatusWord::WRONG_FILE_KIND),
        }
    }

    /// P1 and P2 are an offset, or an SFI (bit 8 of P1) and a short offset.
    fn binary(&mut self, command: &Command<'_>) -> Result<(&'static FileSpec, usize), StatusWord> {
        if command.p1 & 0x80 == 0 {
            return Ok((self.addressed(0)?, usize::from(u16::from_be_bytes([command.p1, command.p2]))));
        }
        Ok((self.addressed(command.p1 & 0x1F)?, usize::from(command.p2)))
    }

    fn read_binary(&mut self, command: &Command<'_>) -> Reply {
        let (spec, offset) = match self.binary(command) {
            Ok(found) => found,
            Err(sw) => return only(sw),
        };
        let Some(Bytes::Transparent(bytes)) = self.file(spec) else {
            return only(StatusWord::WRONG_FILE_KIND);
        };
        if let Err(sw) = self.may(spec.read) {
            return only(sw);
        }
        match bytes.get(offset..) {
            Some(rest) if !rest.is_empty() => (rest.iter().copied().take(command.ne).collect(), StatusWord::OK),
            _ => only(StatusWord::WRONG_OFFSET),
        }
    }

    fn update_binary(&mut self, command: &Command<'_>) -> Reply {
        let (spec, offset) = match self.binary(command) {
            Ok(found) => found,
            Err(sw) => return only(sw),
        };
        if let Err(sw) = self.may(spec.update) {
            return only(sw);
        }
        let Some(Bytes::Transparent(bytes)) = self.file_mut(spec) else {
            return only(StatusWord::WRONG_FILE_KIND);
        };
        match bytes.get_mut(offset..offset + command.data.len()) {
            Some(room) => {
                room.copy_from_slice(command.data);
                only(StatusWord::OK)
            }
            None => only(StatusWord::WRONG_OFFSET),
        }
    }

    fn verify(&mut self, command: &Command<'_>) -> StatusWord {
        if (command.p1, command.p2) != (0, 0) {
            return StatusWord::WRONG_P1_P2;
        }
        if command.data.is_empty() {
            return StatusWord::WRONG_LENGTH;
        }
        self.compare_pin(command.data)
    }

    fn compare_pin(&mut self, block: &[u8]) -> StatusWord {
        if self.pin.left == 0 {
            return StatusWord::BLOCKED;
        }
        if self.pin.value.card_block().as_bytes() == block {
            self.pin.left = self.pin.tries;
            self.session.pin_verified = true;
            return StatusWord::OK;
        }
        self.session.pin_verified = false;
        self.pin.left -= 1;
        StatusWord::tries_left(self.pin.left)
    }

    /// P1 = 01: old PIN, FF, new PIN. P1 = 00, reload: new PIN and a MAC by PUK.
    fn change_pin(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> StatusWord {
        match command.p1 {
            0x01 => {
                let mut parts = command.data.splitn(2, |byte| *byte == 0xFF);
                let (Some(old), Some(new)) = (parts.next(), parts.next()) else {
                    return StatusWord::WRONG_DATA;
                };
                let Some(new) = Pin::from_card_block(new) else {
                    return StatusWord::WRONG_DATA;
                };
                match self.compare_pin(old) {
                    StatusWord::OK => self.set_pin(new),
                    sw => sw,
                }
            }
            0x00 => match check_mac(&self.keys.puk, command, challenge).map(Pin::from_card_block) {
                Ok(Some(new)) => self.set_pin(new),
                Ok(None) => StatusWord::WRONG_DATA,
                Err(sw) => sw,
            },
            _ => StatusWord::WRONG_P1_P2,
        }
    }

    fn set_pin(&mut self, pin: Pin) -> StatusWord {
        self.pin.value = pin;
        self.pin.left = self.pin.tries;
        StatusWord::OK
    }

    fn get_challenge(&mut self, command: &Command<'_>) -> Reply {
        let mut challenge = [0; 8];
        // Four bytes by the PBOC rule, filled up with zeros where eight are used; otherwise eight.
        let len = if command.ne == 4 { 4 } else { 8 };
        self.random.fill_bytes(&mut challenge[..len]);
        self.session.challenge = Some(challenge);
        (challenge[..len].to_vec(), StatusWord::OK)
    }

    fn internal_authenticate(&mut self, command: &Command<'_>) -> Reply {
        match command.data.try_into() {
            Ok(data) => (self.scheme.internal_auth(&self.keys.irk, data).0.to_vec(), StatusWord::OK),
            Err(_) => only(StatusWord::WRONG_LENGTH),
        }
    }

    fn external_authenticate(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> StatusWord {
        let Some(key) = self.external_key(command.p2) else {
            return StatusWord::KEY_NOT_FOUND;
        };
        let Some((&cryptogram, rest)) = command.data.split_first_chunk::<8>() else {
            return StatusWord::WRONG_LENGTH;
        };
        let Ok(terminal_bytes) = rest.try_into() else {
            return StatusWord::WRONG_LENGTH;
        };
        let Some(challenge) = challenge else {
            return StatusWord::NO_CHALLENGE;
        };
        if self.key_tries_left == 0 {
            return StatusWord::BLOCKED;
        }
        let expected = self.scheme.external_auth(key, challenge, terminal_bytes);
        if expected.0 == cryptogram {
            self.key_tries_left = KEY_TRIES;
            self.session.authenticated.insert(command.p2);
            return StatusWord::OK;
        }
        self.key_tries_left -= 1;
        StatusWord::tries_left(self.key_tries_left)
    }

    fn external_key(&self, id: u8) -> Option<&Key> {
        self.keys.external.iter().find(|(own, _)| *own == id).map(|(_, key)| key)
    }

    fn application_block(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> Reply {
        let blocked = match command.p2 {
            0 => Blocked::Application,
            1 => Blocked::ApplicationForGood,
            _ => return only(StatusWord::WRONG_P1_P2),
        };
        self.maintain(command, challenge, blocked)
    }

    fn application_unblock(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> Reply {
        match self.blocked {
            Blocked::ApplicationForGood => only(StatusWord::BLOCKED_FOR_GOOD),
            _ => self.maintain(command, challenge, Blocked::No),
        }
    }

    fn card_block(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>) -> Reply {
        self.maintain(command, challenge, Blocked::Card)
    }

    /// A command that consists only of a MAC by STK, the maintenance key.
    fn maintain(&mut self, command: &Command<'_>, challenge: Option<[u8; 8]>, blocked: Blocked) -> Reply {
        match check_mac(&self.keys.stk, command, challenge) {
            Ok([]) => {
                self.blocked = blocked;
                only(StatusWord::OK)
            }
            Ok(_) => only(StatusWord::WRONG_LENGTH),
            Err(sw) => only(sw),
        }
    }
}

/// The command's data without its MAC, if the MAC is right.
fn check_mac<'c>(key: &Key, command: &Command<'c>, challenge: Option<[u8; 8]>) -> Result<&'c [u8], StatusWord> {
    let (data, mac) = command.data.split_last_chunk::<4>().ok_or(StatusWord::WRONG_LENGTH)?;
    let challenge = challenge.ok_or(StatusWord::NO_CHALLENGE)?;
    let header = [command.cla, command.ins, command.p1, command.p2, command.data.len() as u8];
    if key.mac(challenge, &[&header, data]) == *mac { Ok(data) } else { Err(StatusWord::MAC_WRONG) }
}

/// What a file contains before anything was written: 00 in text, F in digits, FF in bytes.
pub fn blank(spec: &FileSpec) -> Bytes {
    match spec.content {
        Content::Records(records) => Bytes::Records(
            records.iter().map(|record| vec![blank_byte(record.format); usize::from(record.len)]).collect(),
        ),
        Content::Cyclic { records, fields } => {
            let record: Vec<u8> =
                fields.iter().flat_map(|(format, len)| vec![blank_byte(*format); usize::from(*len)]).collect();
            Bytes::Cyclic(vec![record; usize::from(records)])
        }
        Content::Transparent { size } => Bytes::Transparent(vec![0xFF; usize::from(size)]),
    }
}

/// The byte that fills an unwritten value of this format.
pub const fn blank_byte(format: Format) -> u8 {
    match format {
        Format::Text | Format::Number | Format::Nested => 0x00,
        Format::Digits | Format::Binary => 0xFF,
    }
}

/// The data of EXTERNAL AUTHENTICATE that gives the right of `key_id` on this card, for personalisers and tests.
pub fn external_auth_for(
    card: &VirtualCard,
    key_id: u8,
    challenge: [u8; 8],
    terminal_bytes: [u8; 8],
) -> Option<[u8; 16]> {
    let key = card.external_key(key_id)?;
    Some(join(card.scheme.external_auth(key, challenge, terminal_bytes).0, terminal_bytes))
}
