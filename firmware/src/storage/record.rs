//! The record's bytes, in flash as in RAM. Numbers are little-endian; what is not known is zeros.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Original, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use zerocopy::byteorder::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::Crash;
use crate::journal::Leased;
use crate::terminal::{MemoryError, Transaction};

/// How records of every version begin.
const MAGIC: [u8; 2] = *b"QY";
/// This version.
const VERSION: u8 = 3;
/// That before the journal, which kept the one transaction without an answer in the record.
const BEFORE_JOURNAL: u8 = 2;
/// How many bytes it takes, in every version; a multiple of the flash's double word.
pub(super) const LEN: usize = 104;

/// All that is kept.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Record {
    magic: [u8; 2],
    version: u8,
    reserved: u8,
    /// How many records were written, this one included: the highest is the newest. Two million wear out the flash.
    pub(super) number: U32,
    institution: [u8; 12],
    terminal: [u8; 8],
    /// The batch that the centre has leased to this place and name.
    batch: U32,
    /// The number after the one given last; 1 000 000 when none is left.
    next: U32,
    /// In version 2 the transaction without an answer.
    unanswered: Unanswered,
    token: [u8; 8],
    pub(super) starts: U32,
    pub(super) crashes: U32,
    crash: [U32; Crash::LEN],
}

/// The number of a transaction without an answer, 0 if there is none, and what else is known of it.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Unanswered {
    stan: U32,
    card: [u8; 9],
    /// As BCD.
    time: [u8; 7],
    total: U64,
}

/// What a record from flash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A record of this version or the one before.
    Ours,
    /// A record of ours that this version cannot read.
    OtherVersion,
    /// Something else.
    Foreign,
}

impl Record {
    /// That of a terminal that keeps nothing yet.
    pub(super) fn fresh() -> Self {
        Self { magic: MAGIC, version: VERSION, ..Self::new_zeroed() }
    }

    /// What this is, which came from flash.
    pub(super) const fn content(&self) -> Content {
        match (self.magic, self.version) {
            (MAGIC, VERSION | BEFORE_JOURNAL) => Content::Ours,
            (MAGIC, _) => Content::OtherVersion,
            _ => Content::Foreign,
        }
    }

    pub(super) fn place(&self) -> Option<(InstitutionCode, TerminalId)> {
        Some((InstitutionCode::from_bytes(&self.institution).ok()?, TerminalId(self.terminal)))
    }

    pub(super) fn set_place(&mut self, institution: InstitutionCode, terminal: TerminalId) {
        // A lease is for one name, and numbers are those of a lease.
        if self.place() != Some((institution, terminal)) {
            (self.batch, self.next) = (U32::ZERO, U32::ZERO);
        }
        self.institution = *institution.as_bytes();
        self.terminal = terminal.0;
    }

    /// The batch that is leased, if one is.
    pub(super) fn batch(&self) -> Option<Batch> {
        Some(Batch(self.batch.get())).filter(|batch| *batch != Batch::NONE)
    }

    pub(super) fn set_batch(&mut self, batch: Batch) {
        self.batch = U32::new(batch.0);
    }

    /// The terminal's token; `None` until it was made.
    pub(super) fn token(&self) -> Option<Token> {
        Some(Token(self.token)).filter(|token| *token != Token([0; 8]))
    }

    pub(super) const fn set_token(&mut self, token: Token) {
        self.token = token.0;
    }

    /// The number of the next transaction; `None` until one is known, and when none is left.
    pub(super) fn next(&self) -> Option<Stan> {
        Stan::new(self.next.get())
    }

    /// Whether the number of the next transaction is known, if only that there is none.
    pub(super) fn knows_next(&self) -> bool {
        self.next != U32::ZERO
    }

    /// `None`: none is left.
    pub(super) fn set_next(&mut self, next: Option<Stan>) {
        self.next = U32::new(next.map_or(Stan::LAST.0 + 1, |next| next.0));
    }

    /// The batch is settled: the next sign-in brings another one.
    pub(super) fn end_lease(&mut self) {
        (self.batch, self.next) = (U32::ZERO, U32::ZERO);
    }

    /// The batch of the name, if one is leased.
    pub(super) fn leased(&self) -> Option<Leased> {
        let ((institution, terminal), batch) = (self.place()?, self.batch()?);
        Some((institution, terminal, batch))
    }

    /// In a record of the version before: the transaction without an answer, which belongs into the journal. What it does is
    /// not known; who pays nothing applies for something.
    ///
    /// # Errors
    /// When one of its values is invalid: a program of another version wrote them.
    pub(super) fn unanswered(&self) -> Result<Option<(Transaction, Deal)>, MemoryError> {
        let Unanswered { stan, card, time, total } = self.unanswered;
        if self.version != BEFORE_JOURNAL || stan == U32::ZERO {
            return Ok(None);
        }
        let unanswered = || {
            let (institution, terminal, batch) = self.leased()?;
            let (card, time) = (CardNumber::new(&card).ok()?, Timestamp::from_bcd(time)?);
            let original = Original { card, total: Fen(total.get()), time };
            Some(Transaction { institution, terminal, batch, stan: Stan::new(stan.get())?, original })
        };
        let transaction = unanswered().ok_or(MemoryError::OtherVersion)?;
        let kind = if transaction.original.total == Fen(0) { Deal::Apply } else { Deal::Purchase };
        Ok(Some((transaction, kind)))
    }

    /// Makes it one of this version. What the journal has belongs into no record.
    pub(super) fn renew(&mut self) {
        (self.version, self.unanswered) = (VERSION, Unanswered::new_zeroed());
    }

    /// The number of the next transaction is above this one.
    pub(super) fn raise_next(&mut self, last: u32) {
        if last >= self.next.get() && last != 0 {
            self.next = U32::new(last.saturating_add(1));
        }
    }

    pub(super) fn crash(&self) -> Option<Crash> {
        Crash::from_words(self.crash.map(U32::get))
    }

    pub(super) fn set_crash(&mut self, crash: Crash) {
        self.crash = crash.words().map(U32::new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qiyong_protocol::card::codes::CodeError;

    type Outcome = Result<(), CodeError>;

    const CRASH: Crash = Crash::fault(0x82, 0x2000_1F00, 0x0800_1234);

    fn record() -> Result<Record, CodeError> {
        let mut record = Record::fresh();
        record.number = U32::new(0x0102_0304);
        let institution = InstitutionCode::new("P32010000017")?;
        record.set_place(institution, TerminalId(*b"00000001"));
        record.set_batch(Batch(2));
        record.set_next(Some(Stan(999_999)));
        record.set_token(Token(*b"a token!"));
        record.starts = U32::new(5);
        record.crashes = U32::new(1);
        record.set_crash(CRASH);
        Ok(record)
    }

    /// The same in version 2, with a transaction without an answer.
    fn record_2() -> Result<(Record, Original), CodeError> {
        let time = Timestamp { hour: 23, minute: 59, second: 8, ..Timestamp::UNSET };
        let original = Original { card: CardNumber::new(b"X00000019")?, total: Fen(0x0102_0304), time };
        let (card, total) = (*original.card.as_bytes(), U64::new(original.total.0));
        let unanswered = Unanswered { stan: U32::new(7), card, time: time.to_bcd(), total };
        Ok((Record { version: BEFORE_JOURNAL, unanswered, ..record()? }, original))
    }

    /// The bytes are a promise to the next version.
    #[test]
    fn the_bytes_of_version_3() -> Outcome {
        let bytes: [u8; LEN] = zerocopy::transmute!(record()?);
        let text = b"QY\x03\0\x04\x03\x02\x01P3201000001700000001\x02\0\0\0\x3F\x42\x0F\0\
              \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a token!\x05\0\0\0\x01\0\0\0";
        assert_eq!(bytes.split_at(text.len()), (&text[..], CRASH.words().map(U32::new).as_bytes()));
        Ok(())
    }

    /// And they kept it.
    #[test]
    fn the_bytes_of_version_2() -> Outcome {
        let bytes: [u8; LEN] = zerocopy::transmute!(record_2()?.0);
        let text =
            b"QY\x02\0\x04\x03\x02\x01P3201000001700000001\x02\0\0\0\x3F\x42\x0F\0\x07\0\0\0X00000019\x20\x26\x01\x01\x23\x59\x08\
              \x04\x03\x02\x01\0\0\0\0a token!\x05\0\0\0\x01\0\0\0";
        assert_eq!(bytes.split_at(text.len()), (&text[..], CRASH.words().map(U32::new).as_bytes()));
        Ok(())
    }

    #[test]
    fn what_was_set_comes_back() -> Outcome {
        let record = record()?;
        assert_eq!(record.place().map(|(_, terminal)| terminal), Some(TerminalId(*b"00000001")));
        assert_eq!(record.next(), Some(Stan(999_999)));
        assert_eq!(record.unanswered(), Ok(None));
        let (mut before, original) = record_2()?;
        let due = before.unanswered().map(|due| due.map(|(due, kind)| (due.batch, due.stan, due.original, kind)));
        assert_eq!(due, Ok(Some((Batch(2), Stan(7), original, Deal::Purchase))));
        before.renew();
        assert_eq!(before.as_bytes(), record.as_bytes());
        assert_eq!((record.batch(), record.token()), (Some(Batch(2)), Some(Token(*b"a token!"))));
        assert_eq!(record.crash(), Some(CRASH));
        let fresh = Record::fresh();
        assert_eq!((fresh.place(), fresh.next(), fresh.unanswered(), fresh.crash()), (None, None, Ok(None), None));
        assert_eq!((fresh.batch(), fresh.token(), fresh.knows_next()), (None, None, false));
        Ok(())
    }

    #[test]
    fn a_number_that_no_transaction_can_have_is_none() -> Outcome {
        let mut record = record()?;
        for next in [0, 1_000_000, 4_000_000_000, u32::MAX] {
            record.next = U32::new(next);
            assert_eq!((record.next(), record.knows_next()), (None, next != 0));
            let (mut before, _) = record_2()?;
            before.unanswered.stan = U32::new(next);
            let nothing = if next == 0 { Ok(None) } else { Err(MemoryError::OtherVersion) };
            assert_eq!(before.unanswered(), nothing, "{next}");
        }
        record.set_next(Stan::LAST.next());
        assert_eq!((record.next(), record.knows_next()), (None, true));
        record.set_next(Some(Stan(5)));
        for (last, next) in [(0, Some(Stan(5))), (4, Some(Stan(5))), (5, Some(Stan(6))), (999_999, None)] {
            record.raise_next(last);
            assert_eq!(record.next(), next, "{last}");
        }
        Ok(())
    }

    #[test]
    fn what_is_not_ours_or_not_of_this_version_is_told_apart() -> Outcome {
        let good: [u8; LEN] = zerocopy::transmute!(record_2()?.0);
        let changed = |at: usize, byte: u8| -> Record {
            let mut bytes = good;
            bytes.iter_mut().skip(at).take(1).for_each(|to| *to = byte);
            zerocopy::transmute!(bytes)
        };
        assert_eq!(changed(0, b'Q').content(), Content::Ours);
        assert_eq!(changed(0, b'q').content(), Content::Foreign);
        assert_eq!(changed(2, 1).content(), Content::OtherVersion);
        // A card number that is none is noticed when it is needed.
        let record = changed(40, b'?');
        assert_eq!(record.unanswered(), Err(MemoryError::OtherVersion));
        Ok(())
    }
}
