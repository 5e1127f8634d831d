//! Writes a request as a message, and reads a message as a request.

use super::error::MessageError;
use super::forms::{Form, Kind, day_digits, digits, stan, time_digits};
use super::objects::{self, Objects, array, card_number, ident};
use super::response;
use super::upload;
use crate::card::codes::{CardNumber, IdentCode};
use crate::card::date::Timestamp;
use crate::centre::iso8583::mac::{Mac, MacKey};
use crate::centre::iso8583::{HEADER, Message, TPDU, Writer};
use crate::centre::{Authenticate, Batch, Body, Entry, Original, Request, Stan, TerminalId, Token, Totals, UPLOAD_MAX};
use crate::rules::decision::{Operation, PresentedCard};
use crate::rules::institution::InstitutionCode;
use crate::rules::money::{Bill, Fen};

/// What the sender of a request keeps, to recognise the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub(super) form: &'static Form,
    pub(super) stan: Stan,
    pub(super) batch: Batch,
    pub(super) terminal: TerminalId,
    pub(super) institution: InstitutionCode,
    pub(super) time: Timestamp,
    pub(super) card: About,
    /// Its F64, which its answer's covers.
    pub(super) mac: Mac,
}

impl Sent {
    /// Whether the message is one that is proved by the terminal's master key.
    pub(super) const fn is_under_master_key(&self) -> bool {
        matches!(self.form.kind, Kind::SignIn | Kind::Reverse | Kind::Confirm)
    }

    /// Whether the session is over once this was done.
    pub(super) const fn ends_session(&self) -> bool {
        matches!(self.form.kind, Kind::SignOff)
    }

    /// As which terminal it was sent.
    pub const fn sender(&self) -> (InstitutionCode, TerminalId) {
        (self.institution, self.terminal)
    }
}

/// Which card a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    None,
    /// Its number is not read yet.
    Ident(IdentCode),
    Number(CardNumber),
}

impl About {
    const fn of(body: &Body<'_>) -> Self {
        match body {
            Body::SignIn { .. }
            | Body::SettleBatch { .. }
            | Body::Upload { .. }
            | Body::UploadDone { .. }
            | Body::SignOff
            | Body::Echo
            | Body::Report { card: None, .. } => Self::None,
            Body::Authenticate(Authenticate { ident, .. }) => Self::Ident(*ident),
            Body::Inquire { card, .. } | Body::Transact { card, .. } => Self::Number(card.number),
            Body::Reverse { original: Original { card, .. }, .. }
            | Body::Confirm { original: Original { card, .. }, .. }
            | Body::PinChanged { card, .. }
            | Body::Report { card: Some(card), .. } => Self::Number(*card),
        }
    }

    /// The object in F55 that says so.
    pub(super) fn object(&self) -> Option<(u32, &[u8])> {
        match self {
            Self::None => None,
            Self::Ident(ident) => Some((objects::IDENT, ident.as_bytes())),
            Self::Number(number) => Some((objects::CARD_NUMBER, number.as_bytes())),
        }
    }
}

/// The parts of a request that stand in several fields, put together after reading. [`Request`] borrows them, so it is
/// the same type for writing and for reading.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    card: Option<PresentedCard>,
    operation: Option<Operation>,
    totals: Totals,
    entries: heapless::Vec<Entry, UPLOAD_MAX>,
}

/// F42: an institution's twelve characters and three spaces.
pub(super) fn merchant(institution: InstitutionCode) -> [u8; 15] {
    let mut merchant = [b' '; 15];
    merchant.iter_mut().zip(institution.as_bytes()).for_each(|(to, from)| *to = *from);
    merchant
}

/// Writes a request into `buffer`; returns what identifies its answer, and the bytes.
///
/// `number` goes into F11 of the messages without a transaction number. Each message should have another number, so
/// that a late answer is not taken for the answer to the next message: they begin with [`Stan::of_start`] and go on with
/// [`Stan::next_message`].
///
/// # Errors
/// A number, time or text is out of its field's bounds, or the buffer is too small ([`super::MESSAGE_MAX`] is enough).
pub fn write_request<'b>(
    request: &Request<'_>,
    number: Stan,
    key: &dyn MacKey,
    buffer: &'b mut [u8],
) -> Result<(Sent, &'b [u8]), MessageError> {
    let Request { institution, terminal, batch, time, .. } = *request;
    let (kind, stan, operation) = match &request.body {
        Body::SignIn { .. } => (Kind::SignIn, number, None),
        Body::Authenticate(_) => (Kind::Authenticate, number, None),
        Body::Inquire { operation, .. } => (Kind::Inquire, number, Some(*operation)),
        Body::Transact { stan, operation, .. } => (kind_of(operation), *stan, Some(*operation)),
        Body::Reverse { stan, .. } => (Kind::Reverse, *stan, None),
        Body::Confirm { stan, .. } => (Kind::Confirm, *stan, None),
        Body::PinChanged { .. } => (Kind::PinChanged, number, None),
        Body::Report { operation, .. } => (Kind::Report, number, Some(*operation)),
        Body::SignOff => (Kind::SignOff, number, None),
        Body::Echo => (Kind::Echo, number, None),
        Body::SettleBatch { .. } => (Kind::SettleBatch, number, None),
        Body::Upload { .. } => (Kind::Upload, number, None),
        Body::UploadDone { .. } => (Kind::UploadDone, number, None),
    };
    let form = Form::of(kind);
    let stan = Stan::new(stan.0).ok_or(MessageError::Value { field: 11 })?;
    let stan_digits: [u8; 6] = digits(stan.0.into()).ok_or(MessageError::Value { field: 11 })?;
    if (batch == Batch::NONE) != (kind == Kind::SignIn) {
        return Err(MessageError::Value { field: 60 });
    }
    let f60 = form.f60(batch).ok_or(MessageError::Value { field: 60 })?;
    let mut writer = Writer::new(buffer, TPDU, HEADER, form.mti);
    if let Some(processing) = form.processing {
        writer.digits(3, &processing);
    }
    let total = match &request.body {
        Body::Reverse { original, .. } | Body::Confirm { original, .. } => {
            Some(original.total).filter(|total| *total != Fen(0))
        }
        _ => operation.and_then(Operation::bill).map(Bill::total),
    };
    if let Some(total) = total {
        writer.digits(4, &digits::<12>(total.0).ok_or(MessageError::Value { field: 4 })?);
    }
    writer.digits(11, &stan_digits);
    writer.digits(12, &time_digits(time).ok_or(MessageError::Value { field: 12 })?);
    writer.digits(13, &day_digits(time));
    let (reason, word) = match &request.body {
        Body::Report { reason, .. } => {
            let (code, word) = response::of_reason(*reason);
            (Some(code), word)
        }
        Body::Reverse { .. } => (Some(response::NO_ANSWER), None),
        Body::Confirm { result: Some(reason), .. } => {
            let (code, word) = response::of_reason(*reason);
            (Some(code), word)
        }
        Body::Confirm { result: None, .. } => (Some(response::APPROVED), None),
        _ => (None, None),
    };
    if matches!(kind, Kind::Inquire | Kind::Pay | Kind::Apply | Kind::Query) {
        writer.digits(22, if kind == Kind::Pay { &[0, 5, 1] } else { &[0, 5, 2] });
        writer.digits(25, &[0, 0]);
    }
    if let Some(code) = reason {
        writer.text(39, &code);
    }
    writer.text(41, &terminal.0);
    writer.text(42, &merchant(institution));
    if let Some(word) = word {
        writer.text(44, word.as_bytes());
    }
    let entries = upload::write(&mut writer, &request.body)?;
    if total.is_some() {
        writer.text(49, b"156");
    }
    write_card_data(&mut writer, &request.body);
    writer.digits(60, &f60);
    if let Body::Reverse { original, .. } | Body::Confirm { original, .. } = &request.body {
        time_digits(original.time).ok_or(MessageError::Object { field: 62, tag: objects::ORIGINAL_TIME })?;
        writer.digits(61, &original_digits(f60, stan_digits, original.time));
    }
    objects::write_request(&mut writer, request, operation, entries.as_deref());
    let card = About::of(&request.body);
    let (mac, bytes) = writer.finish_after(key, &[])?;
    Ok((Sent { form, stan, batch, terminal, institution, time, card, mac }, bytes))
}

const fn kind_of(operation: &Operation) -> Kind {
    match operation {
        Operation::Apply { .. } => Kind::Apply,
        Operation::Settle(_) | Operation::Purchase(_) => Kind::Pay,
        Operation::Query => Kind::Query,
    }
}

/// F61: batch, number and day of the original transaction.
const fn original_digits(f60: [u8; 11], stan: [u8; 6], time: Timestamp) -> [u8; 16] {
    let ([_, _, a, b, c, d, e, f, ..], [g, h, i, j, k, l], [m, n, o, p]) = (f60, stan, day_digits(time));
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// F55.
fn write_card_data(writer: &mut Writer<'_>, body: &Body<'_>) {
    use objects::{ALGORITHM, CARD_NUMBER, EXTERNAL, HISTORICAL, IDENT, INTERNAL};
    match body {
        Body::Authenticate(Authenticate { ident, historical, algorithm, internal, external }) => {
            let algorithm = [algorithm.code()];
            let external = external.map(|([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p])| {
                [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
            });
            let objects = [
                Some((IDENT, &ident.as_bytes()[..])),
                Some((HISTORICAL, historical)),
                Some((ALGORITHM, &algorithm)),
                Some((INTERNAL, internal)),
                external.as_ref().map(|bytes| (EXTERNAL, &bytes[..])),
            ];
            writer.objects(55, &objects);
        }
        Body::Inquire { card, .. } | Body::Transact { card, .. } => objects::write_card(writer, card),
        Body::Reverse { original: Original { card, .. }, .. }
        | Body::Confirm { original: Original { card, .. }, .. }
        | Body::Report { card: Some(card), .. } => {
            writer.objects(55, &[Some((CARD_NUMBER, card.as_bytes()))]);
        }
        Body::PinChanged { card, ident } => {
            writer.objects(55, &[Some((CARD_NUMBER, card.as_bytes())), Some((IDENT, ident.as_bytes()))]);
        }
        Body::SignIn { .. }
        | Body::SettleBatch { .. }
        | Body::Upload { .. }
        | Body::UploadDone { .. }
        | Body::SignOff
        | Body::Echo
        | Body::Report { card: None, .. } => {}
    }
}

/// Reads a request. Whatever it borrows goes into `parts` and replaces its old contents.
///
/// # Errors
/// The MAC is wrong (this is checked first), or the message is not one complete request.
pub fn read<'a>(message: &Message<'a>, key: &dyn MacKey, parts: &'a mut Parts) -> Result<Request<'a>, MessageError> {
    if !message.is_authentic(key) {
        return Err(MessageError::Mac);
    }
    read_proved(message, parts)
}

/// The same for whoever has found the key by which the message [is authentic](Message::is_authentic), and need not find it again.
///
/// # Errors
/// The message is not one complete request.
pub fn read_proved<'a>(message: &Message<'a>, parts: &'a mut Parts) -> Result<Request<'a>, MessageError> {
    let (form, batch) = Form::of_message(message)?;
    let (institution, terminal) = sender(message)?;
    let stan = stan(message)?;
    let time = read_time(message)?;
    Ok(Request { institution, terminal, batch, time, body: read_body(message, form.kind, batch, stan, parts)? })
}

/// Which terminal a message names as its sender (F42, F41), before anything proves it: whoever chooses the key by it knows no
/// more until the MAC is right.
///
/// # Errors
/// The message names none.
pub fn sender(message: &Message<'_>) -> Result<(InstitutionCode, TerminalId), MessageError> {
    let bytes = |field| message.field(field).map(|value| value.bytes).ok_or(MessageError::Missing { field });
    let terminal = TerminalId(array(bytes(41)?).ok_or(MessageError::Value { field: 41 })?);
    let institution = bytes(42)?.strip_suffix(b"   ").and_then(|code| InstitutionCode::from_bytes(code).ok());
    Ok((institution.ok_or(MessageError::Value { field: 42 })?, terminal))
}

fn read_time(message: &Message<'_>) -> Result<Timestamp, MessageError> {
    let date = Objects::of(message, 62)?.get(objects::DATE, objects::date)?;
    let digits: [u8; 6] = message
        .field(12)
        .ok_or(MessageError::Missing { field: 12 })?
        .digit_array()
        .ok_or(MessageError::Value { field: 12 })?;
    let [hours, hour, minutes, minute, seconds, second] = digits;
    let time =
        Timestamp { date, hour: hours * 10 + hour, minute: minutes * 10 + minute, second: seconds * 10 + second };
    if time_digits(time) != Some(digits) {
        return Err(MessageError::Value { field: 12 });
    }
    match message.field(13).map(|value| value.digit_array()) {
        None => Err(MessageError::Missing { field: 13 }),
        Some(day) if day == Some(day_digits(time)) => Ok(time),
        Some(_) => Err(MessageError::Value { field: 13 }),
    }
}

fn read_body<'a>(
    message: &Message<'a>,
    kind: Kind,
    batch: Batch,
    stan: Stan,
    parts: &'a mut Parts,
) -> Result<Body<'a>, MessageError> {
    let card_data = Objects::of(message, 55)?;
    Ok(match kind {
        Kind::SignIn => Body::SignIn { token: Token(Objects::of(message, 62)?.get(objects::TOKEN, array)?) },
        Kind::Authenticate => Body::Authenticate(objects::read_authenticate(card_data)?),
        Kind::Inquire => Body::Inquire {
            card: parts.card.insert(objects::read_card(message)?),
            operation: parts.operation.insert(objects::read_operation(message)?),
        },
        Kind::Pay | Kind::Apply | Kind::Query => {
            let operation = objects::read_operation(message)?;
            if kind_of(&operation) != kind {
                return Err(MessageError::Object { field: 62, tag: objects::OPERATION });
            }
            let card = parts.card.insert(objects::read_card(message)?);
            Body::Transact { stan, card, operation: parts.operation.insert(operation) }
        }
        Kind::Reverse => Body::Reverse { stan, original: read_original(message, kind, batch, stan)? },
        Kind::Confirm => {
            let original = read_original(message, kind, batch, stan)?;
            let (code, word) = read_code(message)?;
            let result = match (code, word) {
                (response::APPROVED, None) => None,
                _ => Some(response::reason(code, word).ok_or(MessageError::Value { field: 39 })?),
            };
            Body::Confirm { stan, original, result }
        }
        Kind::PinChanged => Body::PinChanged {
            card: card_data.get(objects::CARD_NUMBER, card_number)?,
            ident: card_data.get(objects::IDENT, ident)?,
        },
        Kind::SignOff => Body::SignOff,
        Kind::Echo => Body::Echo,
        Kind::SettleBatch => {
            parts.totals = upload::read_totals(message)?;
            Body::SettleBatch { totals: &parts.totals }
        }
        Kind::Upload => {
            let (from, entries) = upload::read_entries(message)?;
            parts.entries = entries;
            Body::Upload { from, entries: &parts.entries }
        }
        Kind::UploadDone => Body::UploadDone { count: upload::read_count(message)? },
        Kind::Report => {
            let (code, word) = read_code(message)?;
            let reason = response::reason(code, word);
            Body::Report {
                card: card_data.maybe(objects::CARD_NUMBER, card_number)?,
                operation: parts.operation.insert(objects::read_operation(message)?),
                reason: reason.ok_or(MessageError::Value { field: 39 })?,
            }
        }
    })
}

/// F39 and F44.
fn read_code<'a>(message: &Message<'a>) -> Result<([u8; 2], Option<&'a [u8]>), MessageError> {
    let code = message.field(39).ok_or(MessageError::Missing { field: 39 })?.bytes;
    let code = array(code).ok_or(MessageError::Value { field: 39 })?;
    Ok((code, message.field(44).map(|value| value.bytes)))
}

/// What a message says of the transaction that it is about.
fn read_original(message: &Message<'_>, kind: Kind, batch: Batch, stan: Stan) -> Result<Original, MessageError> {
    let time = Objects::of(message, 62)?.get(objects::ORIGINAL_TIME, |bytes| Timestamp::from_bcd(array(bytes)?))?;
    let f60 = Form::of(kind).f60(batch).ok_or(MessageError::Value { field: 60 })?;
    let stan_digits = digits(stan.0.into()).ok_or(MessageError::Value { field: 11 })?;
    match message.field(61).map(|value| value.digit_array()) {
        None => return Err(MessageError::Missing { field: 61 }),
        Some(digits) if digits == Some(original_digits(f60, stan_digits, time)) => {}
        Some(_) => return Err(MessageError::Value { field: 61 }),
    }
    let total = objects::read_total(message)?;
    if total == Some(Fen(0)) {
        return Err(MessageError::Value { field: 4 });
    }
    let card = Objects::of(message, 55)?.get(objects::CARD_NUMBER, card_number)?;
    Ok(Original { card, total: total.unwrap_or_default(), time })
}
