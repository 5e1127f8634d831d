//! The kinds of message, what distinguishes them, and how numbers become the digits in them.

use super::error::MessageError;
use crate::card::date::{Timestamp, from_bcd};
use crate::centre::iso8583::{Message, Mti};
use crate::centre::{Batch, Stan};
use crate::rules::money::Fen;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SignIn,
    Authenticate,
    Inquire,
    Pay,
    Apply,
    Query,
    Reverse,
    Confirm,
    PinChanged,
    Report,
    SignOff,
    Echo,
    SettleBatch,
    Upload,
    UploadDone,
}

impl Kind {
    /// What it asks, in a few words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::SignIn => "sign in",
            Self::Authenticate => "authenticate",
            Self::Inquire => "inquire",
            Self::Pay => "pay",
            Self::Apply => "apply",
            Self::Query => "query",
            Self::Reverse => "reverse",
            Self::Confirm => "confirm",
            Self::PinChanged => "PIN changed",
            Self::Report => "report",
            Self::SignOff => "sign off",
            Self::Echo => "echo",
            Self::SettleBatch => "settle a batch",
            Self::Upload => "upload",
            Self::UploadDone => "upload done",
        }
    }
}

/// By which fields a kind of request is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) kind: Kind,
    pub(super) mti: Mti,
    /// F3.
    pub(super) processing: Option<[u8; 6]>,
    /// F60.1.
    pub(super) sort: [u8; 2],
    /// F60.3.
    pub(super) network: [u8; 3],
}

const fn form(kind: Kind, mti: u16, processing: Option<[u8; 6]>, sort: [u8; 2], network: [u8; 3]) -> Form {
    Form { kind, mti: Mti(mti), processing, sort, network }
}

/// The table in the documentation of [`super`].
pub(super) const FORMS: [Form; 15] = [
    form(Kind::SignIn, 0x0800, None, [0, 0], [0, 0, 3]),
    form(Kind::Authenticate, 0x0800, None, [0, 0], [9, 0, 1]),
    form(Kind::Inquire, 0x0200, Some([3, 1, 0, 0, 0, 0]), [0, 1], [0; 3]),
    form(Kind::Pay, 0x0200, Some([0; 6]), [2, 2], [0; 3]),
    form(Kind::Apply, 0x0200, Some([9, 0, 0, 0, 0, 0]), [9, 0], [0; 3]),
    form(Kind::Query, 0x0200, Some([9, 1, 0, 0, 0, 0]), [9, 1], [0; 3]),
    form(Kind::Reverse, 0x0400, None, [2, 2], [0; 3]),
    form(Kind::Confirm, 0x0220, None, [2, 2], [0; 3]),
    form(Kind::PinChanged, 0x0620, None, [0, 0], [9, 1, 1]),
    form(Kind::Report, 0x0620, None, [0, 0], [9, 1, 2]),
    form(Kind::SignOff, 0x0820, None, [0, 0], [0, 0, 2]),
    form(Kind::Echo, 0x0820, None, [0, 0], [3, 0, 1]),
    form(Kind::SettleBatch, 0x0500, None, [0, 0], [2, 0, 1]),
    form(Kind::Upload, 0x0320, None, [0, 0], [2, 0, 1]),
    form(Kind::UploadDone, 0x0320, None, [0, 0], [2, 0, 2]),
];

impl Form {
    pub(super) fn of(kind: Kind) -> &'static Self {
        // A test shows that every kind is in the table.
        FORMS.iter().find(|form| form.kind == kind).unwrap_or(&FORMS[0])
    }

    /// The form of a request, and its batch.
    pub(super) fn of_message(message: &Message<'_>) -> Result<(&'static Self, Batch), MessageError> {
        let (sort, batch, network) = f60(message)?;
        let form = FORMS.iter().find(|form| (form.mti, form.sort, form.network) == (message.mti(), sort, network));
        let form = form.ok_or(MessageError::Unknown)?;
        // Only a sign-in is in no batch.
        if (batch == Batch::NONE) != (form.kind == Kind::SignIn) {
            return Err(MessageError::Value { field: 60 });
        }
        match message.field(3).map(|value| value.digit_array()) {
            None if form.processing.is_some() => Err(MessageError::Missing { field: 3 }),
            Some(digits) if digits != form.processing => Err(MessageError::Value { field: 3 }),
            _ => Ok((form, batch)),
        }
    }

    /// The digits of F60; `None`: the batch has more than six digits.
    pub(super) fn f60(&self, batch: Batch) -> Option<[u8; 11]> {
        let ([a, b], [c, d, e, f, g, h], [i, j, k]) = (self.sort, digits(batch.0.into())?, self.network);
        Some([a, b, c, d, e, f, g, h, i, j, k])
    }
}

/// F60: sort, batch, network code.
pub(super) fn f60(message: &Message<'_>) -> Result<([u8; 2], Batch, [u8; 3]), MessageError> {
    let f60 = message.field(60).ok_or(MessageError::Missing { field: 60 })?;
    let [a, b, batch @ .., i, j, k]: [u8; 11] = f60.digit_array().ok_or(MessageError::Value { field: 60 })?;
    Ok(([a, b], Batch(number(&batch) as u32), [i, j, k]))
}

/// The digits of a number; `None`: it has more digits.
pub(super) fn digits<const N: usize>(mut number: u64) -> Option<[u8; N]> {
    let mut digits = [0; N];
    for digit in digits.iter_mut().rev() {
        *digit = (number % 10) as u8;
        number /= 10;
    }
    (number == 0).then_some(digits)
}

/// The number with these digits, at most 19.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add((*digit).into()))
}

/// Six digits as BCD.
pub(super) const fn stan_bcd(digits: [u8; 6]) -> [u8; 3] {
    let [a, b, c, d, e, f] = digits;
    [a << 4 | b, c << 4 | d, e << 4 | f]
}

/// The number in three BCD bytes.
pub(super) fn stan_of(bytes: &[u8]) -> Option<Stan> {
    let bytes: [u8; 3] = bytes.try_into().ok()?;
    bytes.into_iter().try_fold(0, |sum, byte| Some(sum * 100 + u32::from(from_bcd(byte)?))).and_then(Stan::new)
}

/// Digits as BCD.
pub(super) const fn amount_bcd(digits: [u8; 12]) -> [u8; 6] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = digits;
    [a << 4 | b, c << 4 | d, e << 4 | f, g << 4 | h, i << 4 | j, k << 4 | l]
}

/// The amount in six BCD bytes.
pub(super) fn amount_of(bytes: &[u8]) -> Option<Fen> {
    let bytes: [u8; 6] = bytes.try_into().ok()?;
    bytes.into_iter().try_fold(0, |sum, byte| Some(sum * 100 + u64::from(from_bcd(byte)?))).map(Fen)
}

/// F11.
pub(super) fn stan(message: &Message<'_>) -> Result<Stan, MessageError> {
    let value = message.field(11).ok_or(MessageError::Missing { field: 11 })?;
    let digits: [u8; 6] = value.digit_array().ok_or(MessageError::Value { field: 11 })?;
    Stan::new(number(&digits) as u32).ok_or(MessageError::Value { field: 11 })
}

/// F12.
pub(super) fn time_digits(time: Timestamp) -> Option<[u8; 6]> {
    let Timestamp { hour, minute, second, .. } = time;
    let number = u64::from(hour) * 10_000 + u64::from(minute) * 100 + u64::from(second);
    if hour < 24 && minute < 60 && second < 60 { digits(number) } else { None }
}

/// F13.
pub(super) const fn day_digits(time: Timestamp) -> [u8; 4] {
    let [_, _, month, day] = time.date.to_bcd();
    [month >> 4, month & 0x0F, day >> 4, day & 0x0F]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_form_of_its_own() {
        for kind in FORMS.map(|form| form.kind) {
            assert_eq!(Form::of(kind).kind, kind);
            let f60 = |form: &Form| form.f60(Batch(1));
            let same = |form: &&Form| form.mti == Form::of(kind).mti && f60(form) == f60(Form::of(kind));
            assert_eq!(FORMS.iter().filter(same).count(), 1);
        }
    }
}
