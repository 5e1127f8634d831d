//! The record's bytes, in flash as in RAM. Numbers are little-endian; what is not known is zeros.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Original, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use zerocopy::byteorder::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::Crash;
use crate::terminal::{MemoryError, Unanswered};

/// How records of every version begin.
const MAGIC: [u8; 2] = *b"QY";
/// This version.
const VERSION: u8 = 2;
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
    /// The number of the transaction that is unanswered; the next three are known of it.
    unanswered: U32,
    card: [u8; 9],
    /// As BCD.
    time: [u8; 7],
    total: U64,
    token: [u8; 8],
    pub(super) starts: U32,
    pub(super) crashes: U32,
    crash: [U32; Crash::LEN],
}

/// What a record from flash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A record of this version.
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
            (MAGIC, VERSION) => Content::Ours,
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

    /// The transaction that was sent last, if it is unanswered.
    ///
    /// # Errors
    /// When one of its values is invalid: a program of another version wrote them.
    pub(super) fn unanswered(&self) -> Result<Option<Unanswered>, MemoryError> {
        if self.unanswered == U32::ZERO {
            return Ok(None);
        }
        let unanswered = || {
            let ((institution, terminal), batch) = (self.place()?, self.batch()?);
            let (card, time) = (CardNumber::new(&self.card).ok()?, Timestamp::from_bcd(self.time)?);
            let original = Original { card, total: Fen(self.total.get()), time };
            Some(Unanswered { institution, terminal, batch, stan: Stan::new(self.unanswered.get())?, original })
        };
        unanswered().map(Some).ok_or(MemoryError::OtherVersion)
    }

    pub(super) fn set_unanswered(&mut self, unanswered: Option<(Stan, Original)>) {
        self.unanswered = U32::new(unanswered.map_or(0, |(stan, _)| stan.0));
        self.card = unanswered.map_or([0; 9], |(_, original)| *original.card.as_bytes());
        self.time = unanswered.map_or([0; 7], |(_, original)| original.time.to_bcd());
        self.total = U64::new(unanswered.map_or(0, |(_, original)| original.total.0));
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
        record.set_unanswered(Some((Stan(7), original()?)));
        record.starts = U32::new(5);
        record.crashes = U32::new(1);
        record.set_crash(CRASH);
        Ok(record)
    }

    fn original() -> Result<Original, CodeError> {
        let time = Timestamp { hour: 23, minute: 59, second: 8, ..Timestamp::UNSET };
        Ok(Original { card: CardNumber::new(b"X00000019")?, total: Fen(0x0102_0304), time })
    }

    /// The bytes are a promise to the next version.
    #[test]
    fn the_bytes_of_version_2() -> Outcome {
        let bytes: [u8; LEN] = zerocopy::transmute!(record()?);
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
        let due = record.unanswered().map(|due| due.map(|due| (due.batch, due.stan, due.original)));
        assert_eq!(due, Ok(Some((Batch(2), Stan(7), original()?))));
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
            record.unanswered = U32::new(next);
            let nothing = if next == 0 { Ok(None) } else { Err(MemoryError::OtherVersion) };
            assert_eq!(record.unanswered(), nothing, "{next}");
        }
        record.set_next(Stan::LAST.next());
        assert_eq!((record.next(), record.knows_next()), (None, true));
        Ok(())
    }

    #[test]
    fn what_is_not_ours_or_not_of_this_version_is_told_apart() -> Outcome {
        let good: [u8; LEN] = zerocopy::transmute!(record()?);
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
