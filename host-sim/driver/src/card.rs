//! A powered social security card: which one it is, and how its records are read (docs/card.md §1.3 to §1.6).

use qiyong_protocol::card::codes::IdentCode;
use qiyong_protocol::card::commands;
use qiyong_protocol::card::files::{Df, EF05, Generation, RecordSpec, tag};
use qiyong_protocol::card::keys::{Algorithm, Cryptogram};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::card::records::{Record, RecordError};
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::apdu::{Card, OnPad};
use crate::code::Code;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::source;

/// The form in which some cards announce their algorithm: the code follows (docs/driver.md §A.3).
const LONG_ANNOUNCEMENT: [u8; 5] = [0x9F, 0x0C, 0x03, 0x86, 0x01];

/// A card that has power and told which one it is.
pub(crate) struct Powered {
    card: Box<dyn Card>,
    /// What is selected: the environment or an application.
    entered: Df,
    /// The historical bytes of its ATR.
    pub(crate) historical: Vec<u8>,
    /// The algorithm that it announces: 01 3DES, 02 SSF33, 03 SM4.
    pub(crate) algorithm: u8,
    /// Its generation.
    pub(crate) generation: Generation,
    /// Its ident code.
    pub(crate) ident: IdentCode,
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Code::Check.with(error.to_string())
    }
}

impl Powered {
    /// Powers the card that the settings name and selects its environment; EF05 is selected after that.
    ///
    /// # Errors
    /// There is none, it is no social security card, or it was never personalised.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        let mut card = source::open(settings)?;
        let atr = card.power()?;
        let historical = Atr::new(&atr).historical().to_vec();
        let (fci, sw) = card.transmit(&commands::select_environment())?;
        match sw {
            StatusWord::OK => {}
            StatusWord::FILE_NOT_FOUND => return Err(Code::CardType.with("不是社会保障卡")),
            sw => return Err(sw.into()),
        }
        let algorithm = announced(&fci).unwrap_or(Algorithm::TripleDes.code());
        select(&mut *card, EF05)?;
        // These two have the same places in the tables of all generations.
        let mut first = |tag| {
            let (number, spec) = Generation::V1.ssse_record(EF05, tag).ok_or(RecordError::Value { tag })?;
            record(&mut *card, number, spec)
        };
        let version = first(tag::VERSION)?;
        let generation =
            Generation::from_version(&version).ok_or_else(|| Code::CardType.with("规范版本不是1.00、2.00或3.00"))?;
        let ident = first(tag::IDENT_CODE)?;
        let ident = ident.as_slice().try_into().ok().and_then(|bytes| IdentCode::new(bytes).ok());
        let ident = ident.filter(|ident| !ident.is_blank()).ok_or(Code::IdentCode)?;
        Ok(Self { card, entered: Df::Ssse, historical, algorithm, generation, ident })
    }

    /// The 32 hex digits of the ident code.
    pub(crate) fn ident_hex(&self) -> String {
        hex::encode_upper(self.ident.as_bytes())
    }

    pub(crate) fn transmit(&mut self, command: &Command<'_>) -> Result<(Zeroizing<Vec<u8>>, StatusWord), Failure> {
        self.card.transmit(command)
    }

    /// Selects the environment or an application, if it is not.
    pub(crate) fn enter(&mut self, df: Df) -> Result<(), Failure> {
        if df == self.entered {
            return Ok(());
        }
        match df.fid() {
            Some(fid) => self.select(fid)?,
            None => match self.transmit(&commands::select_environment())?.1 {
                StatusWord::OK => {}
                sw => return Err(sw.into()),
            },
        }
        self.entered = df;
        Ok(())
    }

    /// Selects a file or application by its identifier.
    pub(crate) fn select(&mut self, fid: u16) -> Result<(), Failure> {
        select(&mut *self.card, fid)
    }

    /// The value of a record of the environment's file `fid`, which is selected.
    pub(crate) fn value(&mut self, fid: u16, tag: u8) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (number, spec) = self.generation.ssse_record(fid, tag).ok_or(RecordError::Value { tag })?;
        self.record(number, spec)
    }

    /// The value of record `number` of the selected file.
    pub(crate) fn record(&mut self, number: u8, spec: &RecordSpec) -> Result<Zeroizing<Vec<u8>>, Failure> {
        record(&mut *self.card, number, spec)
    }

    /// The eight bytes that the card answers to GET CHALLENGE or INTERNAL AUTHENTICATE.
    pub(crate) fn eight_bytes(&mut self, command: &Command<'_>) -> Result<[u8; 8], Failure> {
        match self.transmit(command)? {
            (data, StatusWord::OK) => data.as_slice().try_into().map_err(|_| Code::Check.into()),
            (_, sw) => Err(sw.into()),
        }
    }

    /// GET CHALLENGE.
    pub(crate) fn challenge(&mut self) -> Result<[u8; 8], Failure> {
        self.eight_bytes(&commands::get_challenge())
    }

    /// EXTERNAL AUTHENTICATE with this key.
    ///
    /// # Errors
    /// The card refused the cryptogram: the text has the tries that are left.
    pub(crate) fn external(&mut self, key_id: u8, cryptogram: Cryptogram, factor: [u8; 8]) -> Result<(), Failure> {
        let data = commands::external_auth_data(cryptogram, factor);
        match self.transmit(&commands::external_authenticate(key_id, &data))?.1 {
            StatusWord::OK => Ok(()),
            sw => Err(match sw.verification_tries() {
                Some(left) => Code::External.with(format!("剩余次数{left}")),
                None => sw.into(),
            }),
        }
    }

    /// A command whose answer has no data.
    pub(crate) fn done(&mut self, command: &Command<'_>) -> Result<(), Failure> {
        match self.transmit(command)?.1 {
            StatusWord::OK => Ok(()),
            sw => Err(sw.into()),
        }
    }

    /// The algorithm of its keys, where this library knows it.
    pub(crate) fn known_algorithm(&self) -> Option<Algorithm> {
        [Algorithm::TripleDes, Algorithm::Sm4].into_iter().find(|algorithm| algorithm.code() == self.algorithm)
    }

    /// VERIFY.
    pub(crate) fn verify(&mut self, pin: &Pin) -> Result<(), Failure> {
        self.pin_command(&commands::verify(pin.card_block().as_bytes()))
    }

    /// A command that costs a try of the PIN.
    pub(crate) fn pin_command(&mut self, command: &Command<'_>) -> Result<(), Failure> {
        of_pin(self.transmit(command)?.1)
    }

    /// The same with a PIN that the holder keys on the reader's own pad, in so many seconds.
    pub(crate) fn pin_on_pad(&mut self, what: OnPad, seconds: u8) -> Result<(), Failure> {
        of_pin(self.card.key_on_pad(what, seconds)?)
    }
}

/// What a card's answer says of the PIN.
fn of_pin(sw: StatusWord) -> Result<(), Failure> {
    match sw {
        StatusWord::OK => Ok(()),
        StatusWord::BLOCKED => Err(Code::PinLocked.into()),
        sw => Err(sw.into()),
    }
}

fn select(card: &mut dyn Card, fid: u16) -> Result<(), Failure> {
    match card.transmit(&commands::select_file(&fid.to_be_bytes()))?.1 {
        StatusWord::OK => Ok(()),
        sw => Err(sw.into()),
    }
}

fn record(card: &mut dyn Card, number: u8, spec: &RecordSpec) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (data, sw) = card.transmit(&commands::read_record(number, spec.len))?;
    if sw != StatusWord::OK {
        return Err(sw.into());
    }
    let mut value = Zeroizing::new(vec![0; spec.len.into()]);
    Record::expect_into(&data, spec.tag, &mut value)?;
    Ok(value)
}

/// The code of the algorithm that an answer to SELECT announces, in either form.
fn announced(fci: &[u8]) -> Option<u8> {
    let long = fci.windows(6).find_map(|bytes| bytes.strip_prefix(&LONG_ANNOUNCEMENT)?.first().copied());
    long.or_else(|| match Algorithm::from_fci(fci) {
        Ok(algorithm) => algorithm.map(Algorithm::code),
        Err(code) => Some(code),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/card.md §1.7, docs/driver.md §A.3.
    #[test]
    fn both_forms_of_the_announcement() {
        let announced = |hex: &str| announced(&hex::decode(hex).unwrap());
        assert_eq!(announced("6F0AA5089F0C0386010355"), Some(3));
        assert_eq!(announced("6F06A5049F0C8603"), Some(3));
        assert_eq!(announced("6F06A5049F0C8602"), Some(2));
        assert_eq!(announced("6F0284006F"), None);
        assert_eq!(announced("9F0C038601"), None);
    }
}
