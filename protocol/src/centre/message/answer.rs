//! Writes an answer as a message, and reads a message as an answer.

use super::error::MessageError;
use super::forms::{Form, Kind, day_digits, digits, f60, number, stan, stan_bcd, stan_of, time_digits};
use super::objects::{self, EXTERNAL, INTERNAL, NEXT, Objects, array};
use super::request::{Sent, merchant};
use super::response;
use super::upload;
use crate::card::keys::Cryptogram;
use crate::centre::iso8583::mac::MacKey;
use crate::centre::iso8583::{Message, WriteError, Writer, swapped};
use crate::centre::{Answer, Batch, Lease, Receipt};
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
    let (form, _) = Form::of_message(request)?;
    let (code, word) = match answer {
        Answer::Refused(reason) => response::of_reason(*reason),
        _ => (response::APPROVED, None),
    };
    let mut writer = begin(request, code, buffer);
    if let Some(word) = word {
        writer.text(44, word.as_bytes());
    }
    let card = objects::card_of(request);
    match (answer, Fit::of(form.kind)) {
        (Answer::SignedIn { lease: Lease { batch, next }, session }, Fit::SignedIn) => {
            let next = digits(next.0.into()).ok_or(MessageError::Object { field: 62, tag: NEXT })?;
            writer.digits(60, &form.f60(*batch).ok_or(MessageError::Value { field: 60 })?);
            objects::write_session(&mut writer, stan_bcd(next), session);
        }
        (Answer::Authenticated { internal, external }, Fit::Authenticated) => {
            let external = external.as_ref().map(|cryptogram| (EXTERNAL, &cryptogram.0[..]));
            let objects = [card, Some((INTERNAL, &internal.0[..])), external];
            writer.objects(55, &objects);
            repeat(&mut writer, request, 60);
        }
        (Answer::Standing(standing), Fit::Standing) => {
            write_card(&mut writer, card);
            repeat(&mut writer, request, 60);
            objects::write_standing(&mut writer, standing);
        }
        (Answer::Approved(receipt), Fit::Approved) => {
            let amount: [u8; 12] = digits(receipt.balance.0).ok_or(WriteError::Length { field: 54 })?;
            let mut balance = [0; 20];
            let text = BALANCE_START.into_iter().chain(amount.map(|digit| b'0' + digit));
            balance.iter_mut().zip(text).for_each(|(to, from)| *to = from);
            writer.text(54, &balance);
            write_card(&mut writer, card);
            repeat(&mut writer, request, 60);
            objects::write_effects(&mut writer, &receipt.effects)?;
        }
        (Answer::Batch(state), Fit::Batch) => {
            writer.digits(48, &upload::state_digits(*state));
            repeat(&mut writer, request, 60);
        }
        (Answer::Done, Fit::Done) | (Answer::Refused(_), _) => {
            write_card(&mut writer, card);
            repeat(&mut writer, request, 60);
        }
        _ => return Err(MessageError::Unfit),
    }
    finish(writer, request, key)
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
    finish(rejection(code, request, buffer), request, key)
}

/// The same without F64, to a terminal with which the centre shares no key. No terminal takes it for an answer, since anyone
/// could have written it; whoever looks at the line sees why nothing else comes.
///
/// # Errors
/// The buffer is too small ([`super::MESSAGE_MAX`] is enough).
pub fn write_open_rejection<'b>(
    code: [u8; 2],
    request: &Message<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], MessageError> {
    Ok(rejection(code, request, buffer).finish()?)
}

/// All of a rejection but F64.
fn rejection<'b>(code: [u8; 2], request: &Message<'_>, buffer: &'b mut [u8]) -> Writer<'b> {
    let mut writer = begin(request, code, buffer);
    write_card(&mut writer, objects::card_of(request));
    repeat(&mut writer, request, 60);
    writer
}

/// Puts F64, which covers the request's F64 as it came, and then the answer: so no answer belongs to two requests.
fn finish<'b>(writer: Writer<'b>, request: &Message<'_>, key: &dyn MacKey) -> Result<&'b [u8], MessageError> {
    let asked = request.mac();
    let (_, bytes) = writer.finish_after(key, asked.as_ref().map_or(&[], |mac| &mac.0))?;
    Ok(bytes)
}

/// All fields up to F42.
fn begin<'b>(request: &Message<'_>, code: [u8; 2], buffer: &'b mut [u8]) -> Writer<'b> {
    let mut writer = Writer::new(buffer, swapped(request.tpdu()), request.header(), request.mti().answer());
    [3, 11, 12, 13].into_iter().for_each(|field| repeat(&mut writer, request, field));
    writer.text(39, &code);
    [41, 42].into_iter().for_each(|field| repeat(&mut writer, request, field));
    writer
}

/// F55 of an answer that has nothing else in it.
fn write_card(writer: &mut Writer<'_>, card: Option<(u32, &[u8])>) {
    if card.is_some() {
        writer.objects(55, &[card]);
    }
}

fn repeat(writer: &mut Writer<'_>, request: &Message<'_>, field: u8) {
    if let Some(value) = request.field(field) {
        writer.copy(value);
    }
}

/// The kind of answer that belongs to a kind of request, unless the request is refused.
enum Fit {
    SignedIn,
    Authenticated,
    Standing,
    Approved,
    Batch,
    Done,
}

impl Fit {
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::SignIn => Self::SignedIn,
            Kind::Authenticate => Self::Authenticated,
            Kind::Inquire => Self::Standing,
            Kind::Pay | Kind::Apply | Kind::Query => Self::Approved,
            Kind::SettleBatch | Kind::Upload | Kind::UploadDone => Self::Batch,
            Kind::Reverse | Kind::Confirm | Kind::PinChanged | Kind::Report | Kind::SignOff | Kind::Echo => Self::Done,
        }
    }
}

/// Reads the answer to what was sent.
///
/// # Errors
/// The bytes are no message; the MAC is wrong, as that of every answer to another request is; or the message is not one
/// complete answer.
pub fn read_answer(bytes: &[u8], sent: &Sent, key: &dyn MacKey) -> Result<Answer, MessageError> {
    let message = Message::read(bytes)?;
    if !message.is_authentic_after(key, &sent.mac.0) {
        return Err(MessageError::Mac);
    }
    if !is_answer(&message, sent, &Compared::ALL) {
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
    Ok(match Fit::of(sent.form.kind) {
        Fit::SignedIn => {
            let (_, batch, _) = f60(&message)?;
            if batch == Batch::NONE {
                return Err(MessageError::Value { field: 60 });
            }
            let objects = Objects::of(&message, 62)?;
            let lease = Lease { batch, next: objects.get(NEXT, stan_of)? };
            Answer::SignedIn { lease, session: objects::read_session(objects)? }
        }
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
        Fit::Batch => Answer::Batch(upload::read_state(&message)?),
        Fit::Done => Answer::Done,
    })
}

/// Whether a message answers what was sent, as far as these show.
pub(super) fn is_answer(message: &Message<'_>, sent: &Sent, compared: &[Compared]) -> bool {
    compared.iter().all(|compared| compared.agrees(message, sent))
}

/// What an answer has in common with its request. The MAC binds the two already; but it has 32 bits, and a centre that
/// makes mistakes may know the key. Late answers come after a restart too, when a terminal has forgotten what it asked before:
/// no one of these is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// MTI, and F60 without its batch.
    Form,
    /// F60.2; a sign-in is answered with the new one.
    Batch,
    /// F11.
    Number,
    /// F12.
    Time,
    /// F13.
    Day,
    /// F41.
    Terminal,
    /// F42.
    Institution,
    /// The card in F55.
    Card,
}

impl Compared {
    pub(super) const ALL: [Self; 8] =
        [Self::Form, Self::Batch, Self::Number, Self::Time, Self::Day, Self::Terminal, Self::Institution, Self::Card];

    /// Whether the answer and what was sent agree in this.
    fn agrees(self, answer: &Message<'_>, sent: &Sent) -> bool {
        let is = |field: u8, bytes: &[u8]| answer.field(field).is_some_and(|value| value.bytes == bytes);
        let form = sent.form;
        match self {
            Self::Form => {
                let (sort, network) = (form.sort, form.network);
                answer.mti() == form.mti.answer() && f60(answer).is_ok_and(|(a, _, b)| (a, b) == (sort, network))
            }
            Self::Batch => form.kind == Kind::SignIn || f60(answer).is_ok_and(|(_, batch, _)| batch == sent.batch),
            Self::Number => stan(answer).is_ok_and(|stan| stan == sent.stan),
            Self::Time => answer.field(12).and_then(|value| value.digit_array()) == time_digits(sent.time),
            Self::Day => answer.field(13).and_then(|value| value.digit_array()) == Some(day_digits(sent.time)),
            Self::Terminal => is(41, &sent.terminal.0),
            Self::Institution => is(42, &merchant(sent.institution)),
            Self::Card => objects::card_of(answer) == sent.card.object(),
        }
    }
}

fn read_balance(text: &[u8]) -> Option<Fen> {
    let (start, digits) = text.split_first_chunk()?;
    let digits: [u8; 12] = array(digits).filter(|_| *start == BALANCE_START)?;
    let digits = digits.map(|digit| digit.wrapping_sub(b'0'));
    digits.iter().all(|digit| *digit <= 9).then(|| Fen(number(&digits)))
}
