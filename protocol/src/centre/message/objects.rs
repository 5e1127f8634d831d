//! The data objects in F55 and F62: BER-TLV with tags of our own (private class). A reader ignores objects that it does
//! not know.

use super::error::MessageError;
use super::forms::{amount_bcd, amount_of, digits, number};
use crate::card::codes::{CardNumber, IdNumber, IdentCode, Name};
use crate::card::date::{Date, Timestamp};
use crate::card::keys::Algorithm;
use crate::card::status::CardStatus;
use crate::centre::iso8583::{Message, Writer};
use crate::centre::{Authenticate, Body, Policy, Request, Session, Standing, WorkingKey};
use crate::iso7816::tlv;
use crate::rules::decision::{Effects, Operation, PresentedCard};
use crate::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use crate::rules::money::{Bill, Fen};

/// F55: the card's number, nine characters.
pub const CARD_NUMBER: u32 = 0xDF01;
/// F55: the card's ident code, 16 bytes.
pub const IDENT: u32 = 0xDF02;
/// F55: the holder's ID number, 18 characters.
pub const ID_NUMBER: u32 = 0xDF03;
/// F55: the holder's name, GBK.
pub const NAME: u32 = 0xDF04;
/// F55: the historical bytes of the card's ATR.
pub const HISTORICAL: u32 = 0xDF05;
/// F55: the algorithm of the card's keys, one byte as in the answer to SELECT (docs/card.md §1.7).
pub const ALGORITHM: u32 = 0xDF06;
/// F55: the 16 bytes of INTERNAL AUTHENTICATE; in the answer, the card's eight bytes.
pub const INTERNAL: u32 = 0xDF07;
/// F55: the card's challenge and the terminal's bytes, eight each; in the answer, the cryptogram.
pub const EXTERNAL: u32 = 0xDF08;
/// F62: the whole date, four BCD bytes.
pub const DATE: u32 = 0xDF10;
/// F62: the operation, one byte: 01 apply, 02 settle, 03 purchase, 04 query.
pub const OPERATION: u32 = 0xDF11;
/// F62: the fund's part of a bill, six BCD bytes.
pub const FUND: u32 = 0xDF12;
/// F62: the kind of a document shown, one character.
pub const DOCUMENT_KIND: u32 = 0xDF13;
/// F62: the number of this document.
pub const DOCUMENT_NUMBER: u32 = 0xDF14;
/// F62: the name on this document, GBK.
pub const DOCUMENT_NAME: u32 = 0xDF15;
/// F62: the last day of this document's validity, four BCD bytes; empty if it is valid without end.
pub const DOCUMENT_VALIDITY: u32 = 0xDF16;
/// F62: the terminal's token, eight bytes.
pub const TOKEN: u32 = 0xDF17;
/// F62: when the transaction to be undone or confirmed was sent: four BCD bytes of the date, three of the time.
pub const ORIGINAL_TIME: u32 = 0xDF18;
/// F62: the card's status, its AAZ502 code; empty for a card not yet in use (docs/card.md §2.3).
pub const STATUS: u32 = 0xDF20;
/// F62: one byte of flags: 01 the social function is in use, 02 the bank account is, 04 the PIN is the initial one, 08 that PIN is a common one.
pub const FLAGS: u32 = 0xDF21;
/// F62: one byte of effects: 01 the card becomes active, 02 the bank account becomes active.
pub const EFFECTS: u32 = 0xDF22;
/// F62: what the personal account paid, six BCD bytes.
pub const CHARGE: u32 = 0xDF23;
/// F62: the next number of the batch, three BCD bytes.
pub const NEXT: u32 = 0xDF24;

/// F62: a working key, 19 bytes: 16 of the key enciphered under the terminal's master key, three of its check value.
pub const WORKING_KEY: u32 = 0xDF25;
/// F62: the centre's time: four BCD bytes of the date, three of the time.
pub const TIME: u32 = 0xDF26;

/// F62: how often and how long the terminal is to try, four bytes in the order of [`Policy`]; absent: as by default.
pub const POLICY: u32 = 0xDF28;

/// F62: entries of a batch, 33 bytes each ([`super::upload`]).
pub const ENTRIES: u32 = 0xDF27;

/// The characters for kinds of document: those of docs/card.md §2.6, and R and O of our own.
pub(crate) const DOCUMENT_KINDS: [(DocumentKind, u8); 8] = [
    (DocumentKind::IdCard, b'A'),
    (DocumentKind::Passport, b'C'),
    (DocumentKind::ForeignerResidence, b'D'),
    (DocumentKind::HongKongMacauPermit, b'J'),
    (DocumentKind::TaiwanPermit, b'K'),
    (DocumentKind::ResidencePermit, b'M'),
    (DocumentKind::HouseholdRegister, b'R'),
    (DocumentKind::OfficerId, b'O'),
];

/// The objects in one field of a message.
#[derive(Clone, Copy)]
pub(super) struct Objects<'a> {
    field: u8,
    bytes: &'a [u8],
}

impl<'a> Objects<'a> {
    /// The objects of a field; none if the field is missing. The whole field must consist of objects, even of unknown
    /// ones.
    pub(super) fn of(message: &Message<'a>, field: u8) -> Result<Self, MessageError> {
        let bytes = message.field(field).map(|value| value.bytes).unwrap_or_default();
        let mut objects = tlv::Objects::new(bytes);
        match objects.find_map(Result::err) {
            Some(error) => Err(MessageError::Objects { field, error }),
            None => Ok(Self { field, bytes }),
        }
    }

    pub(super) fn find(self, tag: u32) -> Option<&'a [u8]> {
        tlv::Objects::new(self.bytes).find_map(|object| object.ok().filter(|object| object.tag == tag)).map(|o| o.value)
    }

    /// A required object, read by `read`.
    pub(super) fn get<T>(self, tag: u32, read: impl FnOnce(&'a [u8]) -> Option<T>) -> Result<T, MessageError> {
        self.maybe(tag, read)?.ok_or(MessageError::MissingObject { field: self.field, tag })
    }

    /// An optional object, read by `read`.
    pub(super) fn maybe<T>(
        self,
        tag: u32,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Result<Option<T>, MessageError> {
        let Some(value) = self.find(tag) else { return Ok(None) };
        read(value).map(Some).ok_or(MessageError::Object { field: self.field, tag })
    }
}

pub(super) fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

pub(super) fn date(bytes: &[u8]) -> Option<Date> {
    Date::from_bcd(array(bytes)?)
}

pub(super) fn card_number(bytes: &[u8]) -> Option<CardNumber> {
    CardNumber::new(bytes).ok()
}

pub(super) fn ident(bytes: &[u8]) -> Option<IdentCode> {
    IdentCode::new(array(bytes)?).ok()
}

fn text_of(bytes: &[u8]) -> Option<Name> {
    // A name with padding after it would be read as another name than the one sent.
    Name::new(bytes).filter(|name| name.as_bytes() == bytes)
}

/// Writes F55 of a message about a card that was read.
pub(super) fn write_card(writer: &mut Writer<'_>, card: &PresentedCard) {
    let PresentedCard { number, ident, id_number, name } = card;
    let objects = [
        Some((CARD_NUMBER, &number.as_bytes()[..])),
        Some((IDENT, ident.as_bytes())),
        Some((ID_NUMBER, id_number.as_bytes())),
        Some((NAME, name.as_bytes())),
    ];
    writer.objects(55, &objects);
}

pub(super) fn read_card(message: &Message<'_>) -> Result<PresentedCard, MessageError> {
    let objects = Objects::of(message, 55)?;
    Ok(PresentedCard {
        number: objects.get(CARD_NUMBER, card_number)?,
        ident: objects.get(IDENT, ident)?,
        id_number: objects.get(ID_NUMBER, |bytes| IdNumber::new(bytes).ok())?,
        name: objects.get(NAME, text_of)?,
    })
}

pub(super) fn read_authenticate(objects: Objects<'_>) -> Result<Authenticate<'_>, MessageError> {
    let algorithm = |bytes: &[u8]| {
        let all = [Algorithm::TripleDes, Algorithm::Sm4];
        all.into_iter().find(|algorithm| bytes == [algorithm.code()])
    };
    let external = |bytes: &[u8]| {
        let (challenge, ours) = bytes.split_first_chunk()?;
        Some((*challenge, array(ours)?))
    };
    Ok(Authenticate {
        ident: objects.get(IDENT, ident)?,
        historical: objects.get(HISTORICAL, Some)?,
        algorithm: objects.get(ALGORITHM, algorithm)?,
        internal: objects.get(INTERNAL, array)?,
        external: objects.maybe(EXTERNAL, external)?,
    })
}

pub(crate) const fn operation_code(operation: &Operation) -> u8 {
    match operation {
        Operation::Apply { .. } => 1,
        Operation::Settle(_) => 2,
        Operation::Purchase(_) => 3,
        Operation::Query => 4,
    }
}

/// Writes F62 of a request: the date; the operation if the request has one; what a sign-in, a reversal, a confirmation and an
/// upload have.
pub(super) fn write_request(
    writer: &mut Writer<'_>,
    request: &Request<'_>,
    operation: Option<&Operation>,
    entries: Option<&[u8]>,
) {
    let day = request.time.date.to_bcd();
    let (token, original) = match &request.body {
        Body::SignIn { token } => (Some(token.0), None),
        Body::Reverse { original, .. } | Body::Confirm { original, .. } => (None, Some(original.time.to_bcd())),
        _ => (None, None),
    };
    let code = operation.map(|operation| [operation_code(operation)]);
    // The fund pays at most the total, so this has at most twelve digits.
    let fund = operation.and_then(Operation::bill).and_then(|bill| digits(bill.fund().0)).map(amount_bcd);
    let document = match operation {
        Some(Operation::Apply { document: Some(document) }) => Some(document),
        _ => None,
    };
    let kind = document.and_then(|document| DOCUMENT_KINDS.iter().find(|(kind, _)| *kind == document.kind));
    let kind = kind.map(|(_, code)| [*code]);
    let valid = document.map(|document| match document.valid_until {
        Validity::Until(last_day) => Some(last_day.to_bcd()),
        Validity::LongTerm => None,
    });
    let objects = [
        Some((DATE, &day[..])),
        code.as_ref().map(|code| (OPERATION, &code[..])),
        fund.as_ref().map(|fund| (FUND, &fund[..])),
        kind.as_ref().map(|kind| (DOCUMENT_KIND, &kind[..])),
        document.map(|document| (DOCUMENT_NUMBER, document.number.as_bytes())),
        document.map(|document| (DOCUMENT_NAME, document.name.as_bytes())),
        valid.as_ref().map(|day| (DOCUMENT_VALIDITY, day.as_ref().map_or(&[][..], |day| &day[..]))),
        token.as_ref().map(|token| (TOKEN, &token[..])),
        original.as_ref().map(|time| (ORIGINAL_TIME, &time[..])),
        entries.map(|entries| (ENTRIES, entries)),
    ];
    writer.objects(62, &objects);
}

pub(super) fn read_operation(message: &Message<'_>) -> Result<Operation, MessageError> {
    let objects = Objects::of(message, 62)?;
    let bill = || {
        let total = read_total(message)?.ok_or(MessageError::Missing { field: 4 })?;
        let fund = objects.get(FUND, amount_of)?;
        Bill::new(total, fund).ok_or(MessageError::Value { field: 4 })
    };
    match objects.get(OPERATION, array)? {
        [1] => Ok(Operation::Apply { document: read_document(objects)? }),
        [2] => bill().map(Operation::Settle),
        [3] => bill().map(Operation::Purchase),
        [4] => Ok(Operation::Query),
        [_] => Err(MessageError::Object { field: 62, tag: OPERATION }),
    }
}

/// F4, and F49 with it.
pub(super) fn read_total(message: &Message<'_>) -> Result<Option<Fen>, MessageError> {
    let Some(total) = message.field(4) else { return Ok(None) };
    let total: [u8; 12] = total.digit_array().ok_or(MessageError::Value { field: 4 })?;
    if message.field(49).is_none_or(|value| value.bytes != b"156") {
        return Err(MessageError::Value { field: 49 });
    }
    Ok(Some(Fen(number(&total))))
}

/// The object of a request's F55 that says which card it is about, to be repeated in the answer: the card's number, or
/// before that is known the ident code.
pub(super) fn card_of<'a>(message: &Message<'a>) -> Option<(u32, &'a [u8])> {
    let objects = Objects::of(message, 55).ok()?;
    let find = |tag, length| objects.find(tag).filter(|value| value.len() == length).map(|value| (tag, value));
    find(CARD_NUMBER, 9).or_else(|| find(IDENT, 16))
}

fn read_document(objects: Objects<'_>) -> Result<Option<Document>, MessageError> {
    let kind = |bytes: &[u8]| DOCUMENT_KINDS.iter().find(|(_, code)| bytes == [*code]).map(|(kind, _)| *kind);
    let Some(kind) = objects.maybe(DOCUMENT_KIND, kind)? else { return Ok(None) };
    let number = |bytes: &[u8]| DocumentNumber::new(bytes).filter(|number| number.as_bytes() == bytes);
    let validity = |bytes: &[u8]| match bytes {
        [] => Some(Validity::LongTerm),
        day => date(day).map(Validity::Until),
    };
    Ok(Some(Document {
        kind,
        number: objects.get(DOCUMENT_NUMBER, number)?,
        name: objects.get(DOCUMENT_NAME, text_of)?,
        valid_until: objects.get(DOCUMENT_VALIDITY, validity)?,
    }))
}

/// Writes F62 of the answer to a sign-in; `next` is the next number as BCD.
pub(super) fn write_session(writer: &mut Writer<'_>, next: [u8; 3], session: &Session) {
    let Session { key: WorkingKey { enciphered, check: [x, y, z] }, time, policy } = *session;
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = enciphered;
    let key = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, x, y, z];
    let policy = policy.map(Policy::to_bytes);
    let policy = policy.as_ref().map(|policy| (POLICY, &policy[..]));
    writer.objects(62, &[Some((NEXT, &next)), Some((WORKING_KEY, &key)), Some((TIME, &time.to_bcd())), policy]);
}

pub(super) fn read_session(objects: Objects<'_>) -> Result<Session, MessageError> {
    let key = |bytes: &[u8]| {
        let (enciphered, check) = bytes.split_first_chunk()?;
        Some(WorkingKey { enciphered: *enciphered, check: array(check)? })
    };
    let time = |bytes: &[u8]| Timestamp::from_bcd(array(bytes)?);
    let policy = |bytes: &[u8]| array(bytes).map(Policy::from_bytes);
    let policy = objects.maybe(POLICY, policy)?;
    Ok(Session { key: objects.get(WORKING_KEY, key)?, time: objects.get(TIME, time)?, policy })
}

/// Writes F62 of the answer to an inquiry.
pub(super) fn write_standing(writer: &mut Writer<'_>, standing: &Standing) {
    let status = standing.status.code();
    let Standing { social, financial, pin_is_initial, initial_is_common, .. } = *standing;
    let flags = [flags([social, financial, pin_is_initial, initial_is_common])];
    writer.objects(62, &[Some((STATUS, status.as_slice())), Some((FLAGS, &flags))]);
}

pub(super) fn read_standing(message: &Message<'_>) -> Result<Standing, MessageError> {
    let objects = Objects::of(message, 62)?;
    let status = |bytes: &[u8]| match bytes {
        [] => CardStatus::from_code(None),
        [code] => CardStatus::from_code(Some(*code)),
        _ => None,
    };
    let status = objects.get(STATUS, status)?;
    let [social, financial, pin_is_initial, initial_is_common] = objects.get(FLAGS, unflags)?;
    Ok(Standing { status, social, financial, pin_is_initial, initial_is_common })
}

/// Writes F62 of an approval.
pub(super) fn write_effects(writer: &mut Writer<'_>, effects: &Effects) -> Result<(), MessageError> {
    let flags = [flags([effects.activates, effects.activates_financial])];
    let charge = amount_bcd(digits(effects.charge.0).ok_or(MessageError::Object { field: 62, tag: CHARGE })?);
    writer.objects(62, &[Some((EFFECTS, &flags)), Some((CHARGE, &charge))]);
    Ok(())
}

pub(super) fn read_effects(message: &Message<'_>) -> Result<Effects, MessageError> {
    let objects = Objects::of(message, 62)?;
    let [activates, activates_financial] = objects.get(EFFECTS, unflags)?;
    Ok(Effects { activates, activates_financial, charge: objects.get(CHARGE, amount_of)? })
}

/// A byte of flags, the first in its lowest bit.
fn flags<const N: usize>(set: [bool; N]) -> u8 {
    set.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag))
}

fn unflags<const N: usize>(bytes: &[u8]) -> Option<[bool; N]> {
    let [byte] = array(bytes)?;
    let mut rest = byte;
    let flags = [(); N].map(|()| {
        let flag = rest & 1 == 1;
        rest >>= 1;
        flag
    });
    (rest == 0).then_some(flags)
}
