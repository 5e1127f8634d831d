//! The record's bytes, in flash as in RAM. Numbers are little-endian; what is not known is zeros.

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use zerocopy::byteorder::little_endian::U32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::Crash;
use crate::terminal::{MemoryError, Unanswered};

/// How records of every version begin.
const MAGIC: [u8; 2] = *b"QY";
/// This version.
const VERSION: u8 = 1;
/// How many bytes it takes, in every version; a multiple of the flash's double word.
pub(super) const LEN: usize = 80;

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
    next: U32,
    unanswered: U32,
    card: [u8; 9],
    reserved_too: [u8; 3],
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

    pub(super) const fn set_place(&mut self, institution: InstitutionCode, terminal: TerminalId) {
        self.institution = *institution.as_bytes();
        self.terminal = terminal.0;
    }

    /// The number of the next transaction; `None` until one was given.
    pub(super) fn next(&self) -> Option<Stan> {
        Some(Stan(self.next.get())).filter(|next| next.0 != 0)
    }

    pub(super) fn set_next(&mut self, next: Stan) {
        self.next = U32::new(next.0);
    }

    /// The transaction that was sent last, if it is unanswered.
    ///
    /// # Errors
    /// When card number or place are invalid: a program of another version wrote them.
    pub(super) fn unanswered(&self) -> Result<Option<Unanswered>, MemoryError> {
        let stan = Stan(self.unanswered.get());
        if stan.0 == 0 {
            return Ok(None);
        }
        match (self.place(), CardNumber::new(&self.card)) {
            (Some((institution, terminal)), Ok(card)) => Ok(Some(Unanswered { institution, terminal, stan, card })),
            _ => Err(MemoryError::OtherVersion),
        }
    }

    pub(super) fn set_unanswered(&mut self, unanswered: Option<(Stan, CardNumber)>) {
        self.unanswered = U32::new(unanswered.map_or(0, |(stan, _)| stan.0));
        self.card = unanswered.map_or([0; 9], |(_, card)| *card.as_bytes());
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
        record.set_next(Stan(999_999));
        record.set_unanswered(Some((Stan(7), CardNumber::new(b"X00000019")?)));
        record.starts = U32::new(5);
        record.crashes = U32::new(1);
        record.set_crash(CRASH);
        Ok(record)
    }

    /// The bytes are a promise to the next version.
    #[test]
    fn the_bytes_of_version_1() -> Outcome {
        let bytes: [u8; LEN] = zerocopy::transmute!(record()?);
        let text =
            b"QY\x01\0\x04\x03\x02\x01P3201000001700000001\x3F\x42\x0F\0\x07\0\0\0X00000019\0\0\0\x05\0\0\0\x01\0\0\0";
        assert_eq!(bytes.split_at(text.len()), (&text[..], CRASH.words().map(U32::new).as_bytes()));
        Ok(())
    }

    #[test]
    fn what_was_set_comes_back() -> Outcome {
        let record = record()?;
        assert_eq!(record.place().map(|(_, terminal)| terminal), Some(TerminalId(*b"00000001")));
        assert_eq!(record.next(), Some(Stan(999_999)));
        assert_eq!(record.unanswered().map(|due| due.map(|due| due.stan)), Ok(Some(Stan(7))));
        assert_eq!(record.crash(), Some(CRASH));
        let fresh = Record::fresh();
        assert_eq!((fresh.place(), fresh.next(), fresh.unanswered(), fresh.crash()), (None, None, Ok(None), None));
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
        assert_eq!(changed(2, 2).content(), Content::OtherVersion);
        // A card number that is none is noticed when it is needed.
        let record = changed(36, b'?');
        assert_eq!(record.unanswered(), Err(MemoryError::OtherVersion));
        Ok(())
    }
}
