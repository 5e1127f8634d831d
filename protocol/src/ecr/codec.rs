//! The pieces of which the messages between till and terminal are made. This file does not know which piece stands
//! where.

use heapless::Vec;
use zeroize::Zeroizing;

use crate::card::codes::Name;
use crate::card::date::{Date, Timestamp};
use crate::centre::Stan;
use crate::centre::message::objects::{DOCUMENT_KINDS, operation_code};
use crate::rules::decision::Operation;
use crate::rules::document::{Document, DocumentNumber, Validity};
use crate::rules::money::{Bill, Fen};
use crate::rules::reason::Reason;

/// The most bytes of such a message: a start with the longest document has 91.
pub const ECR_MAX: usize = 96;

/// Such a message as bytes. They may hold a key, and are erased when dropped.
pub type Bytes = Zeroizing<Vec<u8, ECR_MAX>>;

/// Writes a message into its bytes, where they are: no copy of a key stays behind. Whatever does not fit is left out; a
/// test shows that every message fits.
pub(super) struct Writer<'b>(&'b mut Bytes);

impl<'b> Writer<'b> {
    pub(super) fn new(bytes: &'b mut Bytes, letter: u8) -> Self {
        Self(bytes).bytes(&[letter])
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let _ = self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn number(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(super) fn fen(self, fen: Fen) -> Self {
        self.bytes(&fen.0.to_be_bytes())
    }

    pub(super) fn flags<const N: usize>(self, set: [bool; N]) -> Self {
        self.bytes(&[set.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag))])
    }

    /// The place of `one` in `all`, as a byte.
    pub(super) fn place<T: PartialEq>(self, all: &[T], one: T) -> Self {
        self.bytes(&[all.iter().take_while(|other| **other != one).count() as u8])
    }

    pub(super) fn reason(self, reason: Reason) -> Self {
        self.place(Reason::ALL, reason)
    }

    pub(super) fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => write(self.bytes(&[1]), value),
            None => self.bytes(&[0]),
        }
    }

    pub(super) fn time(self, time: Timestamp) -> Self {
        let Timestamp { date, hour, minute, second } = time;
        self.bytes(&date.to_bcd()).bytes(&[hour, minute, second])
    }

    fn text(self, text: &[u8]) -> Self {
        // Names have at most 50 bytes, numbers 20.
        self.bytes(&[text.len() as u8]).bytes(text)
    }

    pub(super) fn operation(self, operation: &Operation) -> Self {
        let writer = self.bytes(&[operation_code(operation)]);
        match operation {
            Operation::Apply { document } => writer.option(document.as_ref(), Self::document),
            Operation::Settle(bill) | Operation::Purchase(bill) => writer.fen(bill.total()).fen(bill.fund()),
            Operation::Query => writer,
        }
    }

    fn document(self, document: &Document) -> Self {
        let Document { kind, number, name, valid_until } = document;
        let code = DOCUMENT_KINDS.iter().find(|(known, _)| known == kind).map_or(0, |(_, code)| *code);
        let last_day = match valid_until {
            Validity::Until(day) => day.to_bcd(),
            Validity::LongTerm => [0; 4],
        };
        self.bytes(&[code]).text(number.as_bytes()).text(name.as_bytes()).bytes(&last_day)
    }
}

/// Reads a message. `None`: the message ends too early, or a value in it is impossible.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn stan(&mut self) -> Option<Stan> {
        self.number().filter(|number| (1..=999_999).contains(number)).map(Stan)
    }

    pub(super) fn fen(&mut self) -> Option<Fen> {
        self.array().map(|bytes| Fen(u64::from_be_bytes(bytes)))
    }

    pub(super) fn flags<const N: usize>(&mut self) -> Option<[bool; N]> {
        let mut rest = self.byte()?;
        let flags = [(); N].map(|()| {
            let flag = rest & 1 == 1;
            rest >>= 1;
            flag
        });
        (rest == 0).then_some(flags)
    }

    pub(super) fn place<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.byte()?)).copied()
    }

    pub(super) fn reason(&mut self) -> Option<Reason> {
        self.place(Reason::ALL)
    }

    pub(super) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    pub(super) fn time(&mut self) -> Option<Timestamp> {
        let date = Date::from_bcd(self.array()?)?;
        let [hour, minute, second] = self.array()?;
        (hour < 24 && minute < 60 && second < 60).then_some(Timestamp { date, hour, minute, second })
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let len = self.byte()?;
        self.slice(len.into())
    }

    pub(super) fn operation(&mut self) -> Option<Operation> {
        Some(match self.byte()? {
            1 => Operation::Apply { document: self.option(Self::document)? },
            2 => Operation::Settle(self.bill()?),
            3 => Operation::Purchase(self.bill()?),
            4 => Operation::Query,
            _ => return None,
        })
    }

    fn bill(&mut self) -> Option<Bill> {
        Bill::new(self.fen()?, self.fen()?)
    }

    fn document(&mut self) -> Option<Document> {
        let code = self.byte()?;
        let (kind, _) = DOCUMENT_KINDS.iter().find(|(_, known)| *known == code)?;
        Some(Document {
            kind: *kind,
            number: DocumentNumber::new(self.text()?)?,
            name: Name::new(self.text()?)?,
            valid_until: match self.array()? {
                [0, 0, 0, 0] => Validity::LongTerm,
                day => Validity::Until(Date::from_bcd(day)?),
            },
        })
    }

    /// `value`, if nothing is left over.
    pub(super) fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
