//! The functions of chapter 7 of LD/T 6001.5, and ours beside them: signatures, envelopes, certificates (docs/driver.md §D).
//!
//! Secret keys stay in the card. What needs none, verifying and sealing, is done here, and needs no card if the caller brings a
//! certificate. Texts are base64, but for what is signed or sealed: that is taken as it comes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use qiyong_pki::application::{
    self, APPLICATION, ENCRYPTION_CERTIFICATE, ENVIRONMENT, KEY_HEAD, PinKey, SIGN_CERTIFICATE, SIGN_KEY,
};
use qiyong_pki::certificate::{CERTIFICATE_MAX, Certificate};
use qiyong_pki::envelope::{self, Envelope};
use qiyong_pki::key::{PublicKey, Signature};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::apdu::Card;
use crate::code::Code;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::source;

/// What a caller asks for. Texts are as the caller gave them, without the NUL.
#[derive(Clone, Copy)]
pub(crate) enum Request<'a> {
    /// PKI_SignData.
    Sign { pin: &'a [u8], data: &'a [u8], form: i32 },
    /// PKI_VerifySign.
    Verify { certificate: &'a [u8], data: &'a [u8], signature: &'a [u8], form: i32 },
    /// PKI_SealEnvelope.
    Seal { certificate: &'a [u8], data: &'a [u8] },
    /// PKI_OpenEnvelope.
    Open { pin: &'a [u8], envelope: &'a [u8] },
    /// PKI_ReadCert.
    ReadCertificate { which: i32 },
    /// PKI_ChangePIN.
    ChangePin { old: &'a [u8], new: &'a [u8] },
}

/// How a signature is written, which iType says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// 1: r and s, 64 bytes.
    Plain,
    /// 2: ASN.1 (GM/T 0009).
    Asn1,
}

/// A text for the caller; it may be what an envelope contained.
type Text = Zeroizing<Vec<u8>>;

/// Does what a caller asks for.
pub(crate) fn answer(request: Request<'_>, settings: &Settings) -> Result<Text, Failure> {
    carry_out(request, &|| source::open(settings))
}

/// The same with a card from anywhere; it is only taken where it is needed.
fn carry_out(request: Request<'_>, open: &dyn Fn() -> Result<Box<dyn Card>, Failure>) -> Result<Text, Failure> {
    match request {
        Request::Sign { pin, data, form } => sign(open, pin, data, Form::of(form)?),
        Request::Verify { certificate, data, signature, form } => {
            let signature = Form::of(form)?.read(signature)?;
            verify(open, certificate, data, &signature)
        }
        Request::Seal { certificate, data } => {
            let recipient = certificate_or(open, certificate, ENCRYPTION_CERTIFICATE)?;
            let envelope = envelope::seal(&recipient, data, &mut SysRng);
            Ok(base64(&envelope.map_err(|_| Code::Unknown.with("没有随机数"))?))
        }
        Request::Open { pin, envelope } => open_envelope(open, pin, envelope),
        Request::ReadCertificate { which } => {
            let file = match which {
                1 => SIGN_CERTIFICATE,
                2 => ENCRYPTION_CERTIFICATE,
                _ => return Err(Code::Parameter.with("iType应为1或2")),
            };
            let bytes = Application::enter(open)?.certificate(file)?;
            own_certificate(&bytes)?;
            Ok(base64(&bytes))
        }
        Request::ChangePin { old, new } => change_pin(open, old, new),
    }
}

fn sign(
    open: &dyn Fn() -> Result<Box<dyn Card>, Failure>,
    pin: &[u8],
    data: &[u8],
    form: Form,
) -> Result<Text, Failure> {
    let pin = usable(pin)?;
    let mut card = Application::enter(open)?;
    let key = card.sign_key()?;
    card.verify(&pin)?;
    let signature = card.exchange(&application::sign(&key.digest(data)))?;
    let signature = Signature(signature.as_slice().try_into().map_err(|_| Code::Check)?);
    // A card that was disturbed while it signed may give away its key by what comes out: that never leaves here.
    key.verify(data, &signature).map_err(|_| Code::Check.with("卡片签名不正确"))?;
    form.write(&signature)
}

/// The text is empty if the owner of the certificate signed the data.
fn verify(
    open: &dyn Fn() -> Result<Box<dyn Card>, Failure>,
    certificate: &[u8],
    data: &[u8],
    signature: &Signature,
) -> Result<Text, Failure> {
    let certificate = certificate_or(open, certificate, SIGN_CERTIFICATE)?;
    certificate.key().verify(data, signature).map_err(|_| Code::Signature)?;
    Ok(Text::default())
}

fn open_envelope(open: &dyn Fn() -> Result<Box<dyn Card>, Failure>, pin: &[u8], text: &[u8]) -> Result<Text, Failure> {
    let pin = usable(pin)?;
    let envelope = Envelope::from_der(&decoded(text)?).map_err(|_| Code::Envelope)?;
    let mut card = Application::enter(open)?;
    card.verify(&pin)?;
    let data = [&[0x00], envelope.key.as_slice()].concat();
    let (key, sw) = card.0.transmit(&application::decipher(&data))?;
    match sw {
        StatusWord::OK => {}
        StatusWord::WRONG_DATA => return Err(Code::Envelope.into()),
        sw => return Err(sw.into()),
    }
    let message = envelope.open(&key).map_err(|_| Code::Envelope)?;
    if message.contains(&0) {
        return Err(Code::Check.with("内容含NUL,不是文本"));
    }
    Ok(message)
}

fn change_pin(open: &dyn Fn() -> Result<Box<dyn Card>, Failure>, old: &[u8], new: &[u8]) -> Result<Text, Failure> {
    let (old, new) = (read_pin(old)?, read_pin(new)?);
    if is_initial(&new) {
        return Err(Code::ToInitialPin.into());
    }
    let mut card = Application::enter(open)?;
    let challenge = card.challenge()?;
    card.pin_command(&application::change_pin(&PinKey::new(&old).change(&challenge, &new)))?;
    Ok(Text::default())
}

/// The caller's certificate, or the card's if the caller has none.
fn certificate_or(
    open: &dyn Fn() -> Result<Box<dyn Card>, Failure>,
    text: &[u8],
    file: u16,
) -> Result<Certificate, Failure> {
    if !text.is_empty() {
        return Certificate::from_base64(text).map_err(|error| Code::Certificate.with(error.to_string()));
    }
    own_certificate(&Application::enter(open)?.certificate(file)?)
}

/// A certificate that came from the card.
fn own_certificate(bytes: &[u8]) -> Result<Certificate, Failure> {
    Certificate::from_der(bytes).map_err(|error| Code::Check.with(error.to_string()))
}

fn read_pin(text: &[u8]) -> Result<Pin, Failure> {
    Pin::new(text).ok_or_else(|| Code::PinLength.into())
}

/// A PIN that may be used: not one that everybody knows. It costs no try.
fn usable(text: &[u8]) -> Result<Pin, Failure> {
    let pin = read_pin(text)?;
    if is_initial(&pin) { Err(Code::InitialPin.into()) } else { Ok(pin) }
}

/// A card of version 3.00 does not show the numbers of which some regions make initial PINs.
fn is_initial(pin: &Pin) -> bool {
    pin.is_commonly_initial(&[], &[])
}

fn base64(bytes: &[u8]) -> Text {
    Zeroizing::new(STANDARD.encode(bytes).into_bytes())
}

fn decoded(text: &[u8]) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).map_err(|_| Code::BadData.with("不是base64"))
}

impl Form {
    fn of(kind: i32) -> Result<Self, Failure> {
        match kind {
            1 => Ok(Self::Plain),
            2 => Ok(Self::Asn1),
            _ => Err(Code::Parameter.with("iType应为1或2")),
        }
    }

    fn write(self, signature: &Signature) -> Result<Text, Failure> {
        match self {
            Self::Plain => Ok(base64(&signature.0)),
            Self::Asn1 => Ok(base64(&signature.to_der().map_err(|_| Code::Check)?)),
        }
    }

    fn read(self, text: &[u8]) -> Result<Signature, Failure> {
        let bytes = decoded(text)?;
        let signature = match self {
            Self::Plain => bytes.as_slice().try_into().map(Signature).ok(),
            Self::Asn1 => Signature::from_der(&bytes).ok(),
        };
        signature.ok_or_else(|| Code::BadData.with("签名格式错误"))
    }
}

/// A card whose PKI application is selected. It loses its power when this is dropped.
struct Application(Box<dyn Card>);

impl Application {
    /// # Errors
    /// There is no card, or it has no such application.
    fn enter(open: &dyn Fn() -> Result<Box<dyn Card>, Failure>) -> Result<Self, Failure> {
        let mut card = Self(open()?);
        card.0.power()?;
        for name in [&ENVIRONMENT, &APPLICATION] {
            match card.0.transmit(&application::select(name))?.1 {
                StatusWord::OK => {}
                StatusWord::FILE_NOT_FOUND => return Err(Code::NoPki.into()),
                sw => return Err(sw.into()),
            }
        }
        Ok(card)
    }

    fn exchange(&mut self, command: &Command<'_>) -> Result<Text, Failure> {
        match self.0.transmit(command)? {
            (data, StatusWord::OK) => Ok(data),
            (_, sw) => Err(sw.into()),
        }
    }

    /// The card's public key for signing.
    fn sign_key(&mut self) -> Result<PublicKey, Failure> {
        self.exchange(&commands::select_file(&SIGN_KEY.to_be_bytes()))?;
        let bytes = self.exchange(&application::read_binary(0).expecting(KEY_HEAD.len() + 64))?;
        let coordinates = bytes.strip_prefix(&KEY_HEAD).and_then(|rest| rest.try_into().ok());
        let key = coordinates.and_then(|coordinates| PublicKey::from_coordinates(coordinates).ok());
        key.ok_or_else(|| Code::Check.with("卡内公钥不正确"))
    }

    /// The bytes of a certificate, without those that fill its file up.
    fn certificate(&mut self, file: u16) -> Result<Vec<u8>, Failure> {
        self.exchange(&commands::select_file(&file.to_be_bytes()))?;
        let mut bytes = Vec::new();
        while bytes.len() < CERTIFICATE_MAX {
            let part = self.exchange(&application::read_binary(bytes.len() as u16))?;
            if part.is_empty() {
                break;
            }
            bytes.extend_from_slice(&part);
            if let Ok(length) = Certificate::length_in(&bytes) {
                bytes.truncate(length);
                return Ok(bytes);
            }
        }
        Err(Code::Check.with("卡内证书不完整"))
    }

    fn challenge(&mut self) -> Result<[u8; 16], Failure> {
        let bytes = self.exchange(&application::get_challenge())?;
        bytes.as_slice().try_into().map_err(|_| Code::Check.into())
    }

    /// Proves that the caller knows the PIN.
    fn verify(&mut self, pin: &Pin) -> Result<(), Failure> {
        let challenge = self.challenge()?;
        self.pin_command(&application::verify(&PinKey::new(pin).answer(&challenge)))
    }

    /// A command that may cost a try.
    fn pin_command(&mut self, command: &Command<'_>) -> Result<(), Failure> {
        match self.0.transmit(command)?.1 {
            StatusWord::OK => Ok(()),
            StatusWord::BLOCKED => Err(Code::PinLocked.into()),
            sw => Err(sw.into()),
        }
    }
}

#[cfg(all(test, feature = "card-file"))]
mod tests;
