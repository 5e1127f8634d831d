//! The virtual PSAM: a terminal's security module, APDU in, APDU out (docs/card.md §1.7, docs/driver.md §D). It has master keys and
//! gives none: it makes the key of a card or of a session inside, and enciphers or signs with it.
//!
//! [`file`](mod@file) keeps it in a TOML file. Which keys there are and what they open is `qiyong_protocol::card::psam`'s; a
//! session key is made from its factor as the card makes it.

pub mod file;

use std::fmt;

use zeroize::Zeroizing;

use qiyong_protocol::card::commands::ins::{READ_BINARY, SELECT};
use qiyong_protocol::card::keys::{Algorithm, Key};
use qiyong_protocol::card::psam::{APPLICATION_SM4, NAME_3DES, NAME_SM4, PsamKey, TERMINAL, Use, ins, levels};
use qiyong_protocol::card::sealed::encipher;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;

/// Historical bytes of the ATR tell nothing here: T=0, no rate of its own.
const ATR: [u8; 2] = [0x3B, 0x00];

/// A virtual PSAM. `Debug` shows no key.
pub struct VirtualPsam {
    /// The terminal's number: 12 packed digits.
    pub terminal: [u8; TERMINAL],
    /// Its 3DES keys; `None`: it has no such application.
    pub triple_des: Option<Vec<PsamKey>>,
    /// Its SM4 keys; the same.
    pub sm4: Option<Vec<PsamKey>>,
    session: Session,
}

/// What a reset clears.
#[derive(Default)]
struct Session {
    place: Place,
    /// The key that the last command has made.
    key: Option<(Use, Key)>,
}

/// What is selected.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nothing,
    /// SM4's application lies in it.
    Environment,
    Application(Algorithm),
}

type Reply = (Zeroizing<Vec<u8>>, StatusWord);

fn only(sw: StatusWord) -> Reply {
    (Zeroizing::default(), sw)
}

impl fmt::Debug for VirtualPsam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualPsam").finish_non_exhaustive()
    }
}

impl VirtualPsam {
    /// With these keys.
    pub fn new(terminal: [u8; TERMINAL], triple_des: Option<Vec<PsamKey>>, sm4: Option<Vec<PsamKey>>) -> Self {
        Self { terminal, triple_des, sm4, session: Session::default() }
    }

    /// A reset; gives the ATR.
    pub fn reset(&mut self) -> Vec<u8> {
        self.session = Session::default();
        ATR.to_vec()
    }

    /// Carries out one command.
    pub fn process(&mut self, command: &Command<'_>) -> Reply {
        match (command.cla, command.ins) {
            (0x00, SELECT) => only(self.select(command)),
            (0x00, READ_BINARY) => self.read(command),
            (0xBF, ins::DIVERSIFY) => only(self.diversify(command)),
            (0x80, ins::CRYPT) => self.crypt(command),
            (0x00 | 0x80 | 0xBF, _) => only(StatusWord::UNKNOWN_INS),
            _ => only(StatusWord::UNKNOWN_CLA),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> StatusWord {
        let place = match (command.p1, command.data, self.session.place) {
            (0x04, name, _) if name == NAME_3DES => Place::Application(Algorithm::TripleDes),
            (0x04, name, _) if name == NAME_SM4 => Place::Environment,
            (0x00, fid, Place::Environment) if fid == APPLICATION_SM4 => Place::Application(Algorithm::Sm4),
            _ => return StatusWord::FILE_NOT_FOUND,
        };
        let is_there = match place {
            Place::Nothing => false,
            Place::Environment => self.sm4.is_some(),
            Place::Application(algorithm) => self.keys(algorithm).is_some(),
        };
        if !is_there {
            return StatusWord::FILE_NOT_FOUND;
        }
        self.session = Session { place, key: None };
        StatusWord::OK
    }

    /// The terminal's number: the file with short identifier 16.
    fn read(&self, command: &Command<'_>) -> Reply {
        match (command.p1, command.p2) {
            (0x96, 0) => (Zeroizing::new(self.terminal.iter().copied().take(command.ne).collect()), StatusWord::OK),
            _ => only(StatusWord::FILE_NOT_FOUND),
        }
    }

    /// Eight bytes of data for each level of the key; what is left makes the key of a session from that of a card.
    fn diversify(&mut self, command: &Command<'_>) -> StatusWord {
        self.session.key = None;
        let Place::Application(algorithm) = self.session.place else {
            return StatusWord::CONDITIONS_NOT_SATISFIED;
        };
        let own = self.keys(algorithm).and_then(|keys| keys.iter().find(|key| key.number == command.p2));
        let Some(own) = own else {
            return StatusWord::KEY_NOT_FOUND;
        };
        // Another use, or another level, than the key's own.
        let Some(use_of) = Use::of(own.usage).filter(|_| own.usage == command.p1) else {
            return StatusWord::CONDITIONS_NOT_SATISFIED;
        };
        let (factors, rest) = command.data.as_chunks::<8>();
        let levels = levels(own.usage);
        // A session's factor has a block, of which the first eight bytes count.
        let session = match factors.len().checked_sub(levels).map(|more| more * 8) {
            Some(0) if rest.is_empty() => None,
            Some(more) if rest.is_empty() && (more == 8 || more == algorithm.block()) => factors.get(levels),
            _ => return StatusWord::WRONG_LENGTH,
        };
        let key =
            factors.iter().take(levels).chain(session).fold(own.key.clone(), |key, factor| key.diversify(*factor));
        self.session.key = Some((use_of, key));
        StatusWord::OK
    }

    fn crypt(&self, command: &Command<'_>) -> Reply {
        let Some((use_of, key)) = &self.session.key else {
            return only(StatusWord::CONDITIONS_NOT_SATISFIED);
        };
        match command.p1 {
            0x00 if !use_of.enciphers() => only(StatusWord::CONDITIONS_NOT_SATISFIED),
            0x05 if !use_of.macs() => only(StatusWord::CONDITIONS_NOT_SATISFIED),
            0x00 => {
                let mut block = Zeroizing::new(command.data.to_vec());
                if encipher(key, &mut block) { (block, StatusWord::OK) } else { only(StatusWord::WRONG_LENGTH) }
            }
            0x05 => match command.data.split_at_checked(key.algorithm().block()) {
                // Of a start value of 16 bytes the second half is zero.
                Some((start, message)) => {
                    let start = start.first_chunk().copied().unwrap_or_default();
                    (Zeroizing::new(key.mac(start, &[message]).to_vec()), StatusWord::OK)
                }
                None => only(StatusWord::WRONG_LENGTH),
            },
            _ => only(StatusWord::WRONG_P1_P2),
        }
    }

    const fn keys(&self, algorithm: Algorithm) -> Option<&Vec<PsamKey>> {
        match algorithm {
            Algorithm::TripleDes => self.triple_des.as_ref(),
            Algorithm::Sm4 => self.sm4.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests;
