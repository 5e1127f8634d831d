//! Writes an answer as a message, and reads a message as an answer.

use super::error::MessageError;
use super::forms::{Form, Kind, digits, number, stan};
use super::objects::{self, EXTERNAL, INTERNAL, Objects, array};
use super::request::{Sent, merchant};
use super::response;
use crate::card::keys::Cryptogram;
use crate::centre::iso8583::mac::MacKey;
use crate::centre::iso8583::{Message, WriteError, Writer, swapped};
use crate::centre::{Answer, Receipt};
use crate::rules::money::Fen;

/// F54 before the amount: account and kind of balance, currency, sign (recalled).
const BALANCE_START: [u8; 8] = *b"0002156C";

/// Writes the answer to a request into `buffer`.
///
/// # Errors
/// The answer does not belong to such a request, an amount has more than twelve digits, or the buffer is too small
/// ([`super::MESSAGE_MAX`] is enough).
pub fn write_answer<'b>(
    answer: &Answer,
    request: &Message<'_>,
    key: &dyn MacKey,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], MessageError> {
    let kind = Form::of_message(request)?.kind;
    let (code, word) = match answer {
        Answer::Refused(reason) => response::of_reason(*reason),
        _ => (response::APPROVED, None),
    };
    let mut writer = begin(request, code, buffer);
    if let Some(word) = word {
        writer.text(44, word.as_bytes());
    }
    match (answer, Fit::of(kind)) {
        (Answer::Authenticated { internal, external }, Fit::Authenticated) => {
            let external = external.as_ref().map(|cryptogram| (EXTERNAL, &cryptogram.0[..]));
            let objects = [Some((INTERNAL, &internal.0[..])), external];
            writer.objects(55, &objects);
            repeat(&mut writer, request, 60);
        }
        (Answer::Standing(standing), Fit::Standing) => {
            repeat(&mut writer, request, 60);
            objects::write_standing(&mut writer, standing);
        }
        (Answer::Approved(receipt), Fit::Approved) => {
            let amount: [u8; 12] = digits(receipt.balance.0).ok_or(WriteError::Length { field: 54 })?;
            let mut balance = [0; 20];
            let text = BALANCE_START.into_iter().chain(amount.map(|digit| b'0' + digit));
            balance.iter_mut().zip(text).for_each(|(to, from)| *to = from);
            writer.text(54, &balance);
            repeat(&mut writer, request, 60);
            objects::write_effects(&mut writer, &receipt.effects)?;
        }
        (Answer::Done, Fit::Done) | (Answer::Refused(_), _) => repeat(&mut writer, request, 60),
        _ => return Err(MessageError::Unfit),
    }
    Ok(writer.finish_with_mac(key)?)
}

/// Writes the answer to a message on which the centre could not act, with `code` in F39: [`response::FORMAT`] or
/// [`response::MAC`].
///
/// # Errors
/// The buffer is too small ([`super::MESSAGE_MAX`] is enough).
pub fn write_rejection<'b>(
    code: [u8; 2],
    request: &Message<'_>,
    key: &dyn MacKey,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], MessageError> {
    let mut writer = begin(request, code, buffer);
    repeat(&mut writer, request, 60);
    Ok(writer.finish_with_mac(key)?)
}

/// All fields up to F42.
fn begin<'b>(request: &Message<'_>, code: [u8; 2], buffer: &'b mut [u8]) -> Writer<'b> {
    let mut writer = Writer::new(buffer, swapped(request.tpdu()), request.header(), request.mti().answer());
    [3, 11, 12, 13].into_iter().for_each(|field| repeat(&mut writer, request, field));
    writer.text(39, &code);
    [41, 42].into_iter().for_each(|field| repeat(&mut writer, request, field));
    writer
}

fn repeat(writer: &mut Writer<'_>, request: &Message<'_>, field: u8) {
    if let Some(value) = request.field(field) {
        writer.copy(value);
    }
}

/// The kind of answer that belongs to a kind of request, unless the request is refused.
enum Fit {
    Authenticated,
    Standing,
    Approved,
    Done,
}

impl Fit {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Authenticate => Self::Authenticated,
            Kind::Inquire => Self::Standing,
            Kind::Pay | Kind::Apply | Kind::Query => Self::Approved,
            Kind::Reverse | Kind::PinChanged | Kind::Report => Self::Done,
        }
    }
}

/// Reads the answer to what was sent.
///
/// # Errors
/// The bytes are no message, the MAC is wrong, or the message answers another request or is not one complete answer.
pub fn read_answer(bytes: &[u8], sent: &Sent, key: &dyn MacKey) -> Result<Answer, MessageError> {
    let message = Message::read(bytes)?;
    if !message.is_authentic(key) {
        return Err(MessageError::Mac);
    }
    let Sent { form, terminal, institution, .. } = sent;
    let is = |field: u8, bytes: &[u8]| message.field(field).is_some_and(|value| value.bytes == bytes);
    let same_form = message.mti() == form.mti.answer()
        && message.field(60).and_then(|value| value.digit_array()) == Some(form.f60());
    let same_place = is(41, &terminal.0) && is(42, &merchant(*institution));
    if !(same_form && same_place && stan(&message).is_ok_and(|stan| stan == sent.stan)) {
        return Err(MessageError::NotTheAnswer);
    }
    let code = message.field(39).ok_or(MessageError::Missing { field: 39 })?.bytes;
    let code = array(code).ok_or(MessageError::Value { field: 39 })?;
    if code != response::APPROVED {
        let word = message.field(44).map(|value| value.bytes);
        return match response::reason(code, word) {
            Some(reason) => Ok(Answer::Refused(reason)),
            None => Err(MessageError::Rejected(code)),
        };
    }
    Ok(match Fit::of(form.kind) {
        Fit::Authenticated => {
            let objects = Objects::of(&message, 55)?;
            let cryptogram = |bytes: &[u8]| array(bytes).map(Cryptogram);
            let internal = objects.get(INTERNAL, cryptogram)?;
            Answer::Authenticated { internal, external: objects.maybe(EXTERNAL, cryptogram)? }
        }
        Fit::Standing => Answer::Standing(objects::read_standing(&message)?),
        Fit::Approved => {
            let balance = message.field(54).ok_or(MessageError::Missing { field: 54 })?.bytes;
            let balance = read_balance(balance).ok_or(MessageError::Value { field: 54 })?;
            Answer::Approved(Receipt { effects: objects::read_effects(&message)?, balance })
        }
        Fit::Done => Answer::Done,
    })
}

fn read_balance(text: &[u8]) -> Option<Fen> {
    let (start, digits) = text.split_first_chunk()?;
    let digits: [u8; 12] = array(digits).filter(|_| *start == BALANCE_START)?;
    let digits = digits.map(|digit| digit.wrapping_sub(b'0'));
    digits.iter().all(|digit| *digit <= 9).then(|| Fen(number(&digits)))
}
