//! The PSAM as the library uses it: it proves the caller to a card, signs what is written, and enciphers a new PIN (docs/card.md
//! §1.7, docs/driver.md §D). Its keys never leave it. Where it is plugged in is `source`'s.

use qiyong_protocol::card::commands::join;
use qiyong_protocol::card::keys::{Algorithm, Cryptogram, Scheme};
use qiyong_protocol::card::psam::{self, Named, READ_SSSE, TERMINAL};
use qiyong_protocol::card::sealed::Block;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::apdu::Card;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::source;

/// A PSAM that has power; an application of it is selected.
pub(crate) struct Psam {
    card: Box<dyn Card>,
    algorithm: Algorithm,
    filling: u8,
    /// The terminal's number, if the PSAM gives one.
    terminal: Option<String>,
}

/// Eight random bytes, or four.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Code::Unknown.with("没有随机数"))?;
    Ok(bytes)
}

impl Psam {
    /// The PSAM that is set, for this card.
    ///
    /// # Errors
    /// There is none (-2201), or it has not the card's algorithm (-2202).
    pub(crate) fn open(settings: &Settings, card: &Powered) -> Result<Self, Failure> {
        let (mut psam, terminal) = powered(settings)?;
        let algorithm = card.known_algorithm().ok_or(Code::PsamAlgorithm)?;
        select(&mut *psam, &psam::select(algorithm))?;
        if algorithm == Algorithm::Sm4 {
            select(&mut *psam, &psam::select_sm4())?;
        }
        Ok(Self { card: psam, algorithm, filling: settings.psam_filling, terminal })
    }

    /// The settings with the PSAM's number for the terminal's.
    pub(crate) fn named(&self, settings: &Settings) -> Settings {
        named(settings, self.terminal.clone())
    }

    /// Proves the caller to the card with this key; the card is in the application whose rights are wanted.
    ///
    /// # Errors
    /// The PSAM lacks the key (-2203, -24), or the card refused (-25).
    pub(crate) fn authenticate(&mut self, card: &mut Powered, key: Named, key_id: u8) -> Result<(), Failure> {
        let own = random::<8>()?;
        let challenge = card.challenge()?;
        let mut factors = card_factors(card);
        factors.extend_from_slice(&challenge);
        if self.algorithm == Algorithm::Sm4 {
            factors.extend_from_slice(&[0; 8]);
        }
        self.diversify(key, &factors)?;
        let mut block = own.to_vec();
        if self.algorithm == Algorithm::Sm4 {
            block.push(self.filling);
            block.resize(self.algorithm.block(), 0);
        }
        let made = self.ask(&psam::encipher(&block))?;
        let mut cryptogram = [0; 8];
        for half in made.as_chunks::<8>().0 {
            cryptogram.iter_mut().zip(half).for_each(|(sum, byte)| *sum ^= byte);
        }
        card.external(key_id, Cryptogram(cryptogram), own)
    }

    /// The MAC by the card's own key of this name, over a command to it after this challenge.
    pub(crate) fn secure(
        &mut self,
        card: &Powered,
        key: Named,
        challenge: [u8; 8],
        command: &Command<'_>,
    ) -> Result<[u8; 4], Failure> {
        self.diversify(key, &card_factors(card))?;
        let lc = (command.data.len() + 4) as u8;
        let header = [command.cla, command.ins, command.p1, command.p2, lc];
        self.sign(challenge, &[&header, command.data])
    }

    /// A PIN's block, enciphered by the card's own key of this name.
    pub(crate) fn seal(&mut self, card: &Powered, key: Named, block: &Block) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.diversify(key, &card_factors(card))?;
        self.ask(&psam::encipher(block))
    }

    /// MACs of a debit by a session key with this factor.
    pub(crate) fn debit_macs(
        &mut self,
        card: &Powered,
        factor: [u8; 8],
        parts: [&[u8]; 2],
    ) -> Result<[[u8; 4]; 2], Failure> {
        self.diversify(psam::DEBIT, &[card_factors(card), factor.to_vec()].concat())?;
        Ok([self.sign([0; 8], &[parts[0]])?, self.sign([0; 8], &[parts[1]])?])
    }

    fn sign(&mut self, start: [u8; 8], parts: &[&[u8]]) -> Result<[u8; 4], Failure> {
        let start = join(start, [0; 8]);
        let start = start.get(..self.algorithm.block()).unwrap_or(&start);
        let mut data = Zeroizing::new(start.to_vec());
        parts.iter().for_each(|part| data.extend_from_slice(part));
        self.ask(&psam::mac(&data))?.as_slice().try_into().map_err(|_| wrong_answer())
    }

    fn diversify(&mut self, key: Named, factors: &[u8]) -> Result<(), Failure> {
        match self.card.transmit(&psam::diversify(key.usage, key.number, factors))?.1 {
            StatusWord::OK => Ok(()),
            StatusWord::KEY_NOT_FOUND if key == READ_SSSE => Err(Code::PsamKey.into()),
            sw @ (StatusWord::KEY_NOT_FOUND | StatusWord::CONDITIONS_NOT_SATISFIED) => {
                Err(Code::PsamLevel.with(format!("PSAM密钥{:02X},SW={sw}", key.number)))
            }
            sw => Err(of_psam(sw)),
        }
    }

    fn ask(&mut self, command: &Command<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match self.card.transmit(command)? {
            (data, StatusWord::OK) => Ok(data),
            (_, sw) => Err(of_psam(sw)),
        }
    }
}

/// The settings for a card that needs no PSAM: with the number of the one that is there, if there is one.
pub(crate) fn with_terminal(settings: &Settings) -> Settings {
    match settings.psam.as_ref().map(|_| powered(settings)) {
        Some(Ok((_, terminal))) => named(settings, terminal),
        Some(Err(_)) | None => settings.clone(),
    }
}

fn named(settings: &Settings, terminal: Option<String>) -> Settings {
    Settings { terminal: terminal.unwrap_or_else(|| settings.terminal.clone()), ..settings.clone() }
}

/// Twelve digits, packed.
pub(crate) fn packed_terminal(digits: &str) -> [u8; TERMINAL] {
    let mut packed = [0; TERMINAL];
    // The settings allow digits only.
    let _ = hex::decode_to_slice(digits, &mut packed);
    packed
}

/// The PSAM with power, and the terminal's number.
fn powered(settings: &Settings) -> Result<(Box<dyn Card>, Option<String>), Failure> {
    let mut psam = source::open_psam(settings)?;
    psam.power()?;
    let terminal = match psam.transmit(&psam::terminal_number())? {
        (digits, StatusWord::OK) if digits.len() == TERMINAL => {
            Some(hex::encode(&*digits)).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        }
        _ => None,
    };
    Ok((psam, terminal))
}

fn select(psam: &mut dyn Card, command: &Command<'_>) -> Result<(), Failure> {
    match psam.transmit(command)?.1 {
        StatusWord::OK => Ok(()),
        StatusWord::FILE_NOT_FOUND => Err(Code::PsamAlgorithm.into()),
        sw => Err(of_psam(sw)),
    }
}

/// The factors of the card's own keys: two levels.
fn card_factors(card: &Powered) -> Vec<u8> {
    Scheme::default().factors(&card.historical, card.ident.region()).concat()
}

fn of_psam(sw: StatusWord) -> Failure {
    Code::Unknown.with(format!("PSAM,SW={sw}"))
}

fn wrong_answer() -> Failure {
    Code::Unknown.with("PSAM应答长度错误")
}
