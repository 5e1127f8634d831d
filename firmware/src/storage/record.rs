//! The record's bytes, in flash as in RAM. Numbers are little-endian; what is not known is zeros. Keys are as plain as the flash is
//! (docs/limits.md); in RAM every copy of one is wiped when it is dropped.

use core::fmt;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Batch, Deal, Original, Policy, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use zerocopy::byteorder::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Crash;
use crate::journal::Leased;
use crate::keyring::{Name, Stand};
use crate::terminal::{MemoryError, Transaction};

/// How records of every version begin.
const MAGIC: [u8; 2] = *b"QY";
/// This version.
const VERSION: u8 = 4;
/// That before the keys, which were in RAM alone.
const BEFORE_KEYS: u8 = 3;
/// That before the journal, which kept the one transaction without an answer in the record.
const BEFORE_JOURNAL: u8 = 2;
/// How many bytes it takes; a multiple of the flash's double word.
pub(super) const LEN: usize = 160;
/// How many it took before the keys, with the same meaning.
pub(super) const OLD_LEN: usize = 104;

/// A master key as it is kept; zeros: none.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned, Zeroize, ZeroizeOnDrop)]
#[repr(C)]
struct Kept([u8; 16]);

impl Kept {
    /// A copy of it, if there is one.
    fn key(&self) -> Option<X919> {
        (self.0 != [0; 16]).then(|| X919::new(self.0))
    }

    const fn set(&mut self, key: &X919) {
        self.0 = *key.expose();
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// All that is kept.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
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
    /// The master key of this place and name.
    key: Kept,
    /// The place and name before, under which something is owed, and their master key.
    former: Former,
    /// How often and how long to try, as the centre said last; zeros: as by default.
    policy: [u8; 4],
}

/// A name, and its master key.
#[derive(Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Former {
    institution: [u8; 12],
    terminal: [u8; 8],
    key: Kept,
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

/// As bytes, which takes less of an image than one part after the other.
impl Clone for Record {
    fn clone(&self) -> Self {
        let mut copy = Self::new_zeroed();
        copy.clone_from(self);
        copy
    }

    // Inlined, where the compiler forgets that the two are apart, it would bring a `memmove` into the image.
    #[inline(never)]
    fn clone_from(&mut self, other: &Self) {
        self.as_mut_bytes().copy_from_slice(other.as_bytes());
    }
}

/// What a record from flash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A record of this version or one of those before.
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

    /// What this is, which came from flash and had so many bytes there.
    pub(super) const fn content(&self, len: usize) -> Content {
        match (self.magic, self.version, len) {
            (MAGIC, VERSION, LEN) | (MAGIC, BEFORE_KEYS | BEFORE_JOURNAL, OLD_LEN) => Content::Ours,
            (MAGIC, ..) => Content::OtherVersion,
            _ => Content::Foreign,
        }
    }

    pub(super) fn place(&self) -> Option<(InstitutionCode, TerminalId)> {
        Some((InstitutionCode::from_bytes(&self.institution).ok()?, TerminalId(self.terminal)))
    }

    pub(super) fn set_place(&mut self, institution: InstitutionCode, terminal: TerminalId) {
        // A lease is for one name, numbers are those of a lease, and a key is one name's.
        if self.place() != Some((institution, terminal)) {
            (self.batch, self.next) = (U32::ZERO, U32::ZERO);
            self.key.zeroize();
        }
        self.institution = *institution.as_bytes();
        self.terminal = terminal.0;
    }

    /// The master key of this place and name.
    pub(super) fn key(&self) -> Option<X919> {
        self.key.key()
    }

    pub(super) const fn set_key(&mut self, key: &X919) {
        self.key.set(key);
    }

    /// The place and name before, if something may be owed under them.
    pub(super) fn former_name(&self) -> Option<Name> {
        let Former { institution, terminal, .. } = &self.former;
        Some((InstitutionCode::from_bytes(institution).ok()?, TerminalId(*terminal)))
    }

    /// The same with its master key.
    pub(super) fn former(&self) -> Option<Stand> {
        Some((self.former_name()?, self.former.key.key()?))
    }

    /// The present place and name, and their key, are the ones before from now on.
    pub(super) fn keep_former(&mut self) {
        (self.former.institution, self.former.terminal) = (self.institution, self.terminal);
        self.former.key.0 = self.key.0;
    }

    pub(super) fn forget_former(&mut self) {
        self.former.key.zeroize();
        self.former.zero();
    }

    pub(super) fn policy(&self) -> Policy {
        if self.policy == [0; 4] { Policy::DEFAULT } else { Policy::from_bytes(self.policy) }
    }

    pub(super) fn set_policy(&mut self, policy: Policy) {
        self.policy = if policy == Policy::DEFAULT { [0; 4] } else { policy.to_bytes() };
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
mod tests;
